import { useState } from 'react'
import { ChevronRight } from 'lucide-react'
import type { RetrievedPassage } from '../../core/contract/search.ts'
import type { CollectionId } from '../../core/shared/ids.ts'
import { useInspector, type PassageLink } from '../state/inspector.ts'
import { Button } from './button.tsx'
import { CopyButton } from './copy-button.tsx'
import { formatNumberOf, formatScore } from './format.ts'
import { placeOf } from './answer-text.ts'

/** What the search found, best first: how well, by what, where; each opens to its text. */
export function Passages({
  passages,
  collectionId,
  belowThreshold,
  openAtFirst,
}: {
  passages: RetrievedPassage[]
  collectionId: CollectionId | null
  belowThreshold: boolean
  openAtFirst: boolean
}) {
  const [open, setOpen] = useState(openAtFirst)
  if (passages.length === 0) return null
  const isWhole = passages[0]?.foundBy === 'document'
  const best = Math.max(...passages.map((passage) => passage.score), Number.EPSILON)
  return (
    <section className="passages" aria-label="Retrieved passages">
      <h3>
        <button type="button" className="disclosure" aria-expanded={open} onClick={() => setOpen(!open)}>
          <ChevronRight size={14} aria-hidden />
          {isWhole
            ? `Read ${formatNumberOf(passages.length, 'part')} of the document, all of it`
            : belowThreshold
              ? `Closest passages, below the threshold (${passages.length})`
              : `Retrieved ${formatNumberOf(passages.length, 'passage')}`}
        </button>
      </h3>
      {open ? (
        <ol className="passage-list">
          {passages.map((passage, index) => (
            <Passage
              key={`${passage.chunkId}-${passage.start}`}
              passage={passage}
              rank={index + 1}
              share={Math.max(0, passage.score / best)}
              onOpen={() => useInspector.getState().open(linksTo(passages, collectionId), index)}
            />
          ))}
        </ol>
      ) : null}
    </section>
  )
}

function Passage({
  passage,
  rank,
  share,
  onOpen,
}: {
  passage: RetrievedPassage
  rank: number
  share: number
  onOpen(): void
}) {
  const [open, setOpen] = useState(false)
  // The title is often the first heading too: the ones below say more in the same room.
  const headings = passage.headings.filter((heading, index) => index > 0 || heading !== passage.title)
  const place = [...headings, placeOf(passage, passage.pageLast)].filter(Boolean).join(' › ')
  return (
    <li className="passage" data-open={open || undefined}>
      <button type="button" className="passage-line" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className="passage-rank number">{rank}</span>
        <span className="passage-where">
          <span className="passage-name">{passage.document}</span>
          {place ? <span className="passage-place soft">{place}</span> : null}
          {passage.edited ? (
            <span className="passage-edited" title="A person changed the text of this chunk">
              edited
            </span>
          ) : null}
        </span>
        <span className="passage-found">{foundByLabels[passage.foundBy]}</span>
        {passage.scoreKind === 'none' ? null : (
          <span className="passage-score number">
            <span className="score-bar" aria-hidden>
              <span style={{ width: `${share * 100}%` }} />
            </span>
            <span className="score-kind">{scoreKindLabels[passage.scoreKind]}</span> {formatScore(passage.score)}
          </span>
        )}
      </button>
      {open ? (
        <div className="passage-detail">
          {passage.context ? <p className="passage-context soft">{passage.context}</p> : null}
          <p className="passage-text">
            <PassageText passage={passage} />
          </p>
          <div className="passage-foot">
            <Button small onPress={onOpen}>
              Open in document
            </Button>
            <CopyButton text={() => passage.text} label="Copy the passage" words="Copy" />
            <span className="soft number">{foundSentence(passage)}</span>
          </div>
        </div>
      ) : null}
    </li>
  )
}

/** Of a passage that is larger than what was found in it, what was found is marked. */
function PassageText({ passage: { text, start, hits } }: { passage: RetrievedPassage }) {
  if (hits.length === 0) return text
  let from = 0
  const parts = hits.flatMap((hit) => {
    const [before, end] = [Math.max(from, hit.start - start), hit.end - start]
    const pieces = [text.slice(from, before), <mark key={hit.start}>{text.slice(before, end)}</mark>]
    from = Math.max(from, end)
    return pieces
  })
  return [...parts, text.slice(from)]
}

const foundByLabels = { text: 'text', vector: 'vector', both: 'text + vector', document: '' }
const scoreKindLabels = { bm25: 'BM25', cosine: 'cosine', fusion: 'fusion', none: '' }

/** 'text rank 1 (BM25 12.3) · vector rank 4 (cosine 0.512)': two kinds of score, never mixed. */
function foundSentence(passage: RetrievedPassage): string {
  if (passage.foundBy === 'document') return 'read with the whole document'
  const text =
    passage.textRank === null
      ? 'not found by text'
      : `text rank ${passage.textRank}${passage.textScore === null ? '' : ` (BM25 ${formatScore(passage.textScore)})`}`
  const vector =
    passage.vectorRank === null
      ? 'not found by vector'
      : `vector rank ${passage.vectorRank}${passage.vectorScore === null ? '' : ` (cosine ${formatScore(passage.vectorScore)})`}`
  return `${text} · ${vector}`
}

function linksTo(passages: RetrievedPassage[], collectionId: CollectionId | null): PassageLink[] {
  return passages.map((passage, index) => ({
    label: `Passage ${index + 1}`,
    collectionId,
    documentId: passage.documentId,
    name: passage.document,
    span: { start: passage.start, end: passage.end },
  }))
}
