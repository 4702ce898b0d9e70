import { Fragment, useMemo, type ReactNode } from 'react'
import { TriangleAlert } from 'lucide-react'
import type { AnswerSpan, Citation, PassageMode } from '../../core/contract/ask.ts'
import type { CollectionId } from '../../core/shared/ids.ts'
import { useInspector, type PassageLink } from '../state/inspector.ts'
import { groupByDocument, parseAnswer, placeOf, type AnswerBlock, type AnswerInline } from './answer-text.ts'
import { ExternalLink } from './external-link.tsx'
import { formatNumberOf } from './format.ts'
import { passageTip } from './passage-tip.tsx'

/** An answer and what it rests on. */
export interface ShownAnswer {
  text: string
  citations: Citation[]
  /** Sentences of the answer that the sources do not say. */
  unsupported: AnswerSpan[]
  isStreaming: boolean
  /** Of the documents that are cited, where they are all of one; null: each document says it itself. */
  collectionId: CollectionId | null
}

/** The answer as it stands, its markers as buttons. Answer text is data: React text nodes only. */
export function AnswerView({ answer }: { answer: ShownAnswer }) {
  const { text, citations, unsupported, isStreaming } = answer
  const blocks = useMemo(
    () => parseAnswer(text, new Set(citations.map(({ marker }) => marker)), unsupported, isStreaming),
    [text, citations, unsupported, isStreaming],
  )
  return (
    <div className="answer reading" aria-busy={isStreaming}>
      <Blocks blocks={blocks} answer={answer} />
    </div>
  )
}

function Blocks({ blocks, answer }: { blocks: AnswerBlock[]; answer: ShownAnswer }) {
  return blocks.map((block, index) => <Block key={index} block={block} answer={answer} />)
}

function Block({ block, answer }: { block: AnswerBlock; answer: ShownAnswer }) {
  switch (block.type) {
    case 'paragraph':
      return (
        <p>
          <Inlines parts={block.children} answer={answer} />
        </p>
      )
    case 'heading':
      // The page's own headings are the questions.
      return (
        <p className="answer-heading">
          <Inlines parts={block.children} answer={answer} />
        </p>
      )
    case 'list': {
      const items = block.items.map((item, index) => {
        // A line of its own needs no paragraph around it.
        const [only] = item
        return (
          <li key={index}>
            {item.length === 1 && only?.type === 'paragraph' ? (
              <Inlines parts={only.children} answer={answer} />
            ) : (
              <Blocks blocks={item} answer={answer} />
            )}
          </li>
        )
      })
      return block.first === null ? <ul>{items}</ul> : <ol start={block.first}>{items}</ol>
    }
    case 'quote':
      return (
        <blockquote>
          <Blocks blocks={block.children} answer={answer} />
        </blockquote>
      )
    case 'code':
      return (
        <pre tabIndex={0} role="region" aria-label="Code">
          <code>{block.text}</code>
        </pre>
      )
    case 'table':
      return <AnswerTable rows={block.rows} answer={answer} />
    case 'rule':
      return <hr />
  }
}

function AnswerTable({ rows: [head = [], ...rows], answer }: { rows: AnswerInline[][][]; answer: ShownAnswer }) {
  return (
    <div className="answer-table" role="region" aria-label="Table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head.map((cell, index) => (
              <th key={index} scope="col">
                <Inlines parts={cell} answer={answer} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, rowIndex) => (
            <tr key={rowIndex}>
              {row.map((cell, index) => (
                <td key={index}>
                  <Inlines parts={cell} answer={answer} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Inlines({ parts, answer }: { parts: AnswerInline[]; answer: ShownAnswer }): ReactNode {
  return parts.map((part, index) => {
    switch (part.type) {
      case 'text': {
        const look = part.isUnsupported ? 'answer-unsupported' : undefined
        const markers = markersFrom(parts, index + 1)
        if (markers.length === 0) return <TextRun key={index} text={part.text} look={look} />
        const { before, last } = lastWordOf(part.text)
        return (
          <Fragment key={index}>
            {before === '' ? null : <TextRun text={before} look={look} />}
            <span className="with-markers">
              <TextRun text={last} look={look} />
              <Markers markers={markers} answer={answer} />
            </span>
          </Fragment>
        )
      }
      case 'marker':
        // The first of its row shows them all, unless the text before does.
        return isMarkerOrText(parts[index - 1]) ? null : (
          <Markers key={index} markers={markersFrom(parts, index)} answer={answer} />
        )
      case 'strong':
        return (
          <strong key={index}>
            <Inlines parts={part.children} answer={answer} />
          </strong>
        )
      case 'emphasis':
        return (
          <em key={index}>
            <Inlines parts={part.children} answer={answer} />
          </em>
        )
      case 'struck':
        return (
          <s key={index}>
            <Inlines parts={part.children} answer={answer} />
          </s>
        )
      case 'code':
        return <code key={index}>{part.text}</code>
      case 'link':
        return (
          // The words may say anything: the address stands beside them, and it is what is opened.
          <span key={index}>
            <Inlines parts={part.children} answer={answer} /> (<ExternalLink href={part.href}>{part.href}</ExternalLink>
            )
          </span>
        )
      case 'break':
        return <br key={index} />
    }
  })
}

function TextRun({ text, look }: { text: string; look: string | undefined }) {
  return <span className={look}>{text}</span>
}

function Markers({ markers, answer }: { markers: readonly number[]; answer: ShownAnswer }): ReactNode {
  return markers.map((marker, index) => {
    const citation = answer.citations.find((each) => each.marker === marker)
    return citation ? <Marker key={index} answer={answer} citation={citation} /> : null
  })
}

/** The markers that stand in a row from here. */
function markersFrom(parts: readonly AnswerInline[], start: number): number[] {
  const markers: number[] = []
  for (const part of parts.slice(start)) {
    if (part.type !== 'marker') break
    markers.push(part.marker)
  }
  return markers
}

function isMarkerOrText(part: AnswerInline | undefined): boolean {
  return part?.type === 'marker' || part?.type === 'text'
}

/** A longer word, or a text without spaces, may be broken after all. */
const longestKept = 24

/** A marker does not begin a line: it stays with the word before it. */
function lastWordOf(text: string): { before: string; last: string } {
  const last = /\S*\s*$/u.exec(text.slice(-longestKept))?.[0] ?? ''
  return { before: text.slice(0, text.length - last.length), last }
}

/** What the answer was made from, where that is not passages as usual, and what was taken out of it. */
export function AnswerNotes({
  passageMode,
  note,
  invented,
}: {
  passageMode: PassageMode
  note: string | null
  invented: number
}) {
  const mode = passageMode === 'whole-document' ? 'Answered from the whole document.' : null
  const taken = invented === 0 ? null : `${formatNumberOf(invented, 'made-up citation')} taken out.`
  const text = [mode, note, taken].filter((part) => part !== null && part !== '').join(' ')
  return text === '' ? null : <p className="passage-mode soft">{text}</p>
}

/** What the model wrote and the sources do not say, in its words, so that nobody takes it on trust. */
export function UnsupportedNote({ answer: { text, unsupported } }: { answer: ShownAnswer }) {
  if (unsupported.length === 0) return null
  return (
    <section className="unsupported" aria-label="Not supported by the sources">
      <p>
        <TriangleAlert size={13} aria-hidden /> Not supported by the sources:
      </p>
      <ul>
        {unsupported.map(({ start, end }) => (
          <li key={start}>{text.slice(start, end)}</li>
        ))}
      </ul>
    </section>
  )
}

/** The documents that the answer rests on, each with its markers. */
export function Sources({ answer }: { answer: ShownAnswer }) {
  const groups = groupByDocument(answer.citations)
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
                <Marker key={citation.marker} answer={answer} citation={citation} withPage />
              ))}
            </li>
          )
        })}
      </ul>
    </section>
  )
}

function Marker({
  answer,
  citation,
  withPage = false,
}: {
  answer: ShownAnswer
  citation: Citation
  withPage?: boolean
}) {
  const shown = useInspector((state) => {
    const item = state.items[state.index]
    return (
      item?.documentId === citation.documentId && item.span?.start === citation.start && item.span.end === citation.end
    )
  })
  const place = [citation.document, placeOf(citation), citation.headings.at(-1)].filter(Boolean).join(' · ')
  const page = citation.place ? `· ${citation.place}` : citation.page === null ? '' : `· p. ${citation.page}`
  return (
    <button
      type="button"
      className="marker number"
      data-shown={shown || undefined}
      aria-label={`Citation ${citation.marker}: ${place}`}
      {...passageTip(() => ({ place, text: excerpt(citation.text) }))}
      onClick={() => openCitation(answer, citation.marker)}
    >
      {citation.marker}
      {withPage && page !== '' ? ` ${page}` : ''}
    </button>
  )
}

function openCitation({ citations, collectionId }: ShownAnswer, marker: number): void {
  const ordered = citations.toSorted((a, b) => a.marker - b.marker)
  const links = ordered.map((citation): PassageLink => ({
    label: `Citation ${citation.marker}`,
    collectionId,
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
