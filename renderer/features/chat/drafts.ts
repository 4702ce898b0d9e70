import { create } from 'zustand'
import type { MessageScope } from '../../../core/contract/conversations.ts'

/** What is typed and not yet sent, with what it is to be asked of. */
export interface Draft {
  text: string
  scope: MessageScope
}

interface DraftStore {
  /** By conversation, or 'new BOT' for one that has not begun. */
  drafts: Record<string, Draft>
  set(key: string, change: Partial<Draft>): void
  forget(key: string): void
}

export const emptyScope: MessageScope = { documents: [], tags: [], reading: 'auto' }
export const emptyDraft: Draft = { text: '', scope: emptyScope }

// Above the store: they are used while this module is evaluated.
const storageKey = 'quarry.chat-drafts'
const mostKept = 50
/** Characters: a draft above this lives only as long as the page. */
const mostText = 20_000

/** Drafts outlive the page, as a letter left on the desk does. */
export const useDrafts = create<DraftStore>((set) => ({
  drafts: load(),
  set: (key, change) => {
    set(({ drafts }) => {
      const { [key]: before = emptyDraft, ...others } = drafts
      // The last one changed comes last: the first ones go when there are too many.
      return { drafts: { ...others, [key]: { ...before, ...change } } }
    })
    save()
  },
  forget: (key) => {
    set(({ drafts: { [key]: _, ...others } }) => ({ drafts: others }))
    save()
  },
}))

/** What could not be sent, before whatever was typed since. */
export function putBack(key: string, { text, scope }: Draft): void {
  const typed = useDrafts.getState().drafts[key]
  const isFree = !typed || typed.text.trim() === ''
  useDrafts.getState().set(key, isFree ? { text, scope } : { text: `${text}\n${typed.text}` })
}

function load(): Record<string, Draft> {
  try {
    const stored: unknown = JSON.parse(globalThis.localStorage?.getItem(storageKey) ?? '{}')
    if (typeof stored !== 'object' || stored === null) return {}
    const drafts = Object.entries(stored as Record<string, Partial<Draft>>).map(([key, draft]) => [
      key,
      {
        text: typeof draft?.text === 'string' ? draft.text : '',
        scope: { ...emptyScope, ...(typeof draft?.scope === 'object' ? draft.scope : {}) },
      },
    ])
    return Object.fromEntries(drafts) as Record<string, Draft>
  } catch {
    // Storage may be full, damaged or forbidden: drafts then live as long as the page.
    return {}
  }
}

let timer: ReturnType<typeof setTimeout> | undefined

/** Not at every key, and before the page goes. */
function save(): void {
  clearTimeout(timer)
  timer = setTimeout(saveNow, 300)
}

globalThis.window?.addEventListener('pagehide', () => timer !== undefined && saveNow())

function saveNow(): void {
  clearTimeout(timer)
  timer = undefined
  const worth = Object.entries(useDrafts.getState().drafts).filter(
    ([, { text, scope }]) =>
      text.length <= mostText && (text.trim() !== '' || scope.documents.length + scope.tags.length > 0),
  )
  try {
    globalThis.localStorage?.setItem(storageKey, JSON.stringify(Object.fromEntries(worth.slice(-mostKept))))
  } catch {
    // See load.
  }
}
