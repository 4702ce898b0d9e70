import { Button as AriaButton } from 'react-aria-components'
import type { Citation } from '../../../core/contract/ask.ts'
import { useInspector, type PassageLink } from '../../state/inspector.ts'
import { Tip } from '../../ui/button.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { groupByDocument, parseAnswer, placeOf, type AnswerPart } from './markers.ts'
import type { Turn } from './ask-store.ts'

/** The answer as it stands, its markers as buttons. Answer text is data: React text nodes only. */
export function Answer({ turn }: { turn: Turn }) {
  const known = new Map(turn.citations.map((citation) => [citation.marker, citation]))
  const streaming = turn.state === 'asking'
  const blocks = parseAnswer(turn.answer, new Set(known.keys()), streaming)
  const show = (parts: AnswerPart[]) =>
    parts.map((part, index) => {
      if (part.type === 'text') return <span key={index}>{part.text}</span>
      const citation = known.get(part.marker)
      return citation ? <Marker key={index} turn={turn} citation={citation} /> : null
    })
  return (
    <div className="answer reading" aria-busy={streaming}>
      {blocks.map((block, index) =>
        block.type === 'paragraph' ? (
          <p key={index}>{show(block.parts)}</p>
        ) : (
          <ul key={index}>
            {block.items.map((item, itemIndex) => (
              <li key={itemIndex}>{show(item)}</li>
            ))}
          </ul>
        ),
      )}
    </div>
  )
}

/** What the answer was made from, where that is not passages as usual, and what was taken out of it. */
export function PassageModeNote({ turn: { passageMode, note, invented } }: { turn: Turn }) {
  const mode = passageMode === 'whole-document' ? 'Answered from the whole document.' : note
  const taken = invented === 0 ? null : `${formatNumberOf(invented, 'made-up citation')} taken out.`
  const text = [mode, taken].filter((part) => part !== null).join(' ')
  return text === '' ? null : <p className="passage-mode soft">{text}</p>
}

/** The documents that the answer rests on, each with its markers. */
export function Sources({ turn }: { turn: Turn }) {
  const groups = groupByDocument(turn.citations)
  if (groups.length === 0) return null
  return (
    <section className="sources" aria-label="Sources">
      <h3>Sources</h3>
      <ul>
        {groups.map((group) => {
          const [first] = group
          if (!first) return null
          return (
            <li key={first.documentId} className="source">
              <span className="source-name" title={first.path}>
                {first.document}
              </span>
              {group.map((citation) => (
                <Marker key={citation.marker} turn={turn} citation={citation} withPage />
              ))}
            </li>
          )
        })}
      </ul>
    </section>
  )
}

function Marker({ turn, citation, withPage = false }: { turn: Turn; citation: Citation; withPage?: boolean }) {
  const shown = useInspector((state) => {
    const item = state.items[state.index]
    return (
      item?.documentId === citation.documentId && item.span?.start === citation.start && item.span.end === citation.end
    )
  })
  const place = [citation.document, placeOf(citation), citation.headings.at(-1)].filter(Boolean).join(' · ')
  const page = citation.place ? `· ${citation.place}` : citation.page === null ? '' : `p. ${citation.page}`
  return (
    <Tip
      className="tip-passage"
      delayMs={150}
      text={
        <>
          <span className="tip-place">{place}</span>
          <span className="tip-text">{excerpt(citation.text)}</span>
        </>
      }
    >
      <AriaButton
        className="marker number"
        data-shown={shown || undefined}
        aria-label={`Citation ${citation.marker}: ${place}`}
        onPress={() => openCitation(turn, citation.marker)}
      >
        {citation.marker}
        {withPage && page !== '' ? ` ${page}` : ''}
      </AriaButton>
    </Tip>
  )
}

function openCitation(turn: Turn, marker: number): void {
  const ordered = turn.citations.toSorted((a, b) => a.marker - b.marker)
  const links = ordered.map((citation): PassageLink => ({
    label: `Citation ${citation.marker}`,
    collectionId: turn.collectionId,
    documentId: citation.documentId,
    name: citation.document,
    span: { start: citation.start, end: citation.end },
  }))
  useInspector.getState().open(
    links,
    ordered.findIndex((citation) => citation.marker === marker),
  )
}

const excerptLength = 420

function excerpt(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim()
  return flat.length <= excerptLength ? flat : `${flat.slice(0, excerptLength).trimEnd()} …`
}
