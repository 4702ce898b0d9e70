import { diffWordsWithSpace } from 'diff'
import { useMemo } from 'react'
import type { PromptTexts } from './prompt-words.ts'

/** What was taken out and what was put in, word by word, in both texts. */
export function PromptDiff({ before, after }: { before: PromptTexts; after: PromptTexts }) {
  return (
    <div className="prompt-diff">
      {(['system', 'user'] as const).map((place) => (
        <section key={place} aria-label={placeLabels[place]}>
          <h3>{placeLabels[place]}</h3>
          <Difference before={before[place]} after={after[place]} />
        </section>
      ))}
    </div>
  )
}

export const placeLabels = { system: 'Instructions', user: 'Message' } as const

function Difference({ before, after }: { before: string; after: string }) {
  const parts = useMemo(() => diffWordsWithSpace(before, after), [before, after])
  if (before === after) return <p className="soft">The same words.</p>
  return (
    <p className="prompt-text mono">
      {parts.map((part, index) =>
        part.added ? (
          <ins key={index}>{part.value}</ins>
        ) : part.removed ? (
          <del key={index}>{part.value}</del>
        ) : (
          <span key={index}>{part.value}</span>
        ),
      )}
    </p>
  )
}
