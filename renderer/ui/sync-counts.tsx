import { formatCount } from './format.ts'

export interface SyncCountsValue {
  added: number
  changed: number
  removed: number
  unchanged: number
  failed: number
  waiting?: number
}

/** What a sync found: '+3 added ~1 changed -2 removed =120 unchanged !1 failed'. Signs, words and numbers; no colour alone. */
export function SyncCounts({ counts }: { counts: SyncCountsValue }) {
  return (
    <span className="sync-counts number">
      {parts.map(([key, sign, word, always]) => {
        const value = counts[key] ?? 0
        if (value === 0 && !always) return null
        return (
          <span key={key} className="sync-count" data-kind={key} data-none={value === 0 || undefined}>
            {sign}
            {formatCount(value)} {word}
          </span>
        )
      })}
    </span>
  )
}

/** The first three are what a sync is about, and are shown as zero too. */
const parts: [key: keyof SyncCountsValue, sign: string, word: string, always: boolean][] = [
  ['added', '+', 'added', true],
  ['changed', '~', 'changed', true],
  ['removed', '−', 'removed', true],
  ['unchanged', '=', 'unchanged', false],
  ['failed', '!', 'failed', false],
  ['waiting', '?', 'waiting', false],
]
