import { memo } from 'react'
import { ArrowLeft, ArrowRight, Check, CopyPlus, Ellipsis, PackageCheck, RotateCcw, Trash2, X } from 'lucide-react'
import { Button as AriaButton } from 'react-aria-components'
import type { Implementation } from '../../../core/contract/catalogue.ts'
import type { CutText, LabFault, LabHit, LabText, LabVerdict } from '../../../core/contract/lab.ts'
import type { Choice } from '../../../core/contract/pipeline.ts'
import { IconButton } from '../../ui/button.tsx'
import { formatCount, formatDuration, formatNumberOf } from '../../ui/format.ts'
import { Histogram } from '../../ui/histogram.tsx'
import { Menu } from '../../ui/menu.tsx'
import { SchemaForm } from '../../ui/schema-form.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import type { Span } from '../../ui/text-blocks.ts'
import { mostColumns } from './address.ts'
import { columnLetters, faultOrder, faultWords, overviewOf } from './column-model.ts'
import type { Shown } from './latest-runs.ts'
import { newColumn, type Answer, type Column } from './use-lab.ts'

/** What a head can do, the same for all of them and for ever, so that heads are drawn again only when they change. */
export interface HeadActions {
  change(act: (columns: Column[]) => Column[]): void
  use(chunker: Choice): void
  goTo(index: number, ordinal: number): void
  goToFault(index: number, kind: LabFault['kind']): void
}

interface Props {
  column: Column
  shownCut: Shown<CutText> | null
  shownAnswer: Shown<Answer> | null
  /** Null while there is no question, or none of this cut has been answered. */
  hits: LabHit[] | null
  index: number
  /** Of columns. */
  count: number
  chunkers: Implementation[]
  text: LabText
  /** The largest chunk of all columns: their histograms are drawn alike. */
  upTo: number
  asked: boolean
  expected: Span | null
  optionsShown: boolean
  /** What of the text is in view. */
  shownStart: number
  shownEnd: number
  /** The chunk that is chosen in this column; -1 for none. */
  chosen: number
  actions: HeadActions
}

/** What cuts a column and what came of it: options, figures, faults, what the question finds, the text as a whole. */
export const ColumnHead = memo(function ColumnHead(props: Props) {
  const { column, shownCut, shownAnswer, hits, index, count, chunkers, text, upTo, asked, expected, optionsShown } =
    props
  const { change: onColumns, use: onUse, goTo, goToFault } = props.actions
  const { chunker } = column
  const cut = shownCut?.value ?? null
  const letter = columnLetters[index] ?? '?'
  const definition = chunkers.find(({ id }) => id === chunker.id)
  const failures = failuresOf(shownCut?.failure ?? null)
  const change = (next: Choice): void =>
    onColumns((columns) => columns.map((each) => (each.id === column.id ? { ...each, chunker: next } : each)))
  const move = (step: number): void =>
    onColumns((columns) => {
      const from = columns.findIndex(({ id }) => id === column.id)
      const moved = columns[from]
      return moved ? columns.toSpliced(from, 1).toSpliced(from + step, 0, moved) : columns
    })
  const isUsual = Object.keys(chunker.options).length === 0
  return (
    <section className="lab-head" aria-label={`Column ${letter}`}>
      <div className="lab-head-top">
        <span className="lab-letter" aria-hidden>
          {letter}
        </span>
        <SelectField
          label={`Chunker of column ${letter}`}
          value={chunker.id}
          entries={chunkers.map(({ id, label, summary }) => ({ id, label, hint: summary }))}
          onChange={(id) => change({ id, options: {} })}
        />
        <IconButton
          label="Use in a pipeline …"
          icon={<PackageCheck size={15} aria-hidden />}
          onPress={() => onUse(chunker)}
        />
        <Menu
          label={`Column ${letter}`}
          trigger={
            <AriaButton className="icon-button" aria-label={`More of column ${letter}`}>
              <Ellipsis size={15} aria-hidden />
            </AriaButton>
          }
          entries={[
            {
              id: 'use',
              label: 'Use in a pipeline …',
              icon: <PackageCheck size={14} />,
              onAction: () => onUse(chunker),
            },
            ...(isUsual
              ? []
              : [
                  {
                    id: 'reset',
                    label: 'Usual options',
                    icon: <RotateCcw size={14} />,
                    onAction: () => change({ id: chunker.id, options: {} }),
                  },
                ]),
            ...(count < mostColumns
              ? [
                  {
                    id: 'copy',
                    label: 'Duplicate',
                    icon: <CopyPlus size={14} />,
                    onAction: () => onColumns((columns) => columns.toSpliced(index + 1, 0, newColumn(chunker))),
                  },
                ]
              : []),
            ...(index > 0
              ? [{ id: 'left', label: 'Move left', icon: <ArrowLeft size={14} />, onAction: () => move(-1) }]
              : []),
            ...(index < count - 1
              ? [{ id: 'right', label: 'Move right', icon: <ArrowRight size={14} />, onAction: () => move(1) }]
              : []),
            ...(count > 1
              ? [
                  null,
                  {
                    id: 'remove',
                    label: 'Remove column',
                    icon: <Trash2 size={14} />,
                    tone: 'danger' as const,
                    onAction: () => onColumns((columns) => columns.filter(({ id }) => id !== column.id)),
                  },
                ]
              : []),
          ]}
        />
      </div>
      {optionsShown ? (
        <div className="lab-options">
          {definition ? (
            <SchemaForm
              schema={definition.options}
              value={chunker.options}
              onChange={(options) => change({ ...chunker, options })}
              failures={failures}
              compact
            />
          ) : null}
        </div>
      ) : null}
      {shownCut?.failure ? (
        <p className="lab-failure" role="alert">
          {shownCut.failure.message}
        </p>
      ) : null}
      {cut ? (
        <>
          <Figures cut={cut} upTo={upTo} isStale={shownCut?.busy ?? false} />
          <Faults cut={cut} onFault={(kind) => goToFault(index, kind)} />
        </>
      ) : (
        <p className="lab-figures soft">{shownCut?.failure ? 'No chunks' : 'Cutting …'}</p>
      )}
      {asked ? (
        <Findings
          hits={hits}
          shownAnswer={shownAnswer}
          expected={expected}
          onGoTo={(ordinal) => goTo(index, ordinal)}
        />
      ) : null}
      {cut ? <Overview {...props} cut={cut} textLength={text.textLength} /> : null}
    </section>
  )
})

/** The core names the option in its details or in its sentence; without a name the sentence stands below the form. */
function failuresOf(failure: { message: string } | null): Record<string, string> {
  const [, name] = /^Option "([A-Za-z0-9.]+)"/.exec(failure?.message ?? '') ?? []
  return name !== undefined ? { [name]: '' } : {}
}

function Figures({ cut, upTo, isStale }: { cut: CutText; upTo: number; isStale: boolean }) {
  const { statistics, starts, ends, tokens, chunkMs } = cut
  const unit = statistics.tokens > 0 ? 'token' : 'character'
  const sizes = unit === 'token' ? tokens : starts.map((start, ordinal) => (ends[ordinal] ?? start) - start)
  const { leastTokens, medianTokens, mostTokens, overlap } = statistics
  return (
    <div
      className="lab-figures"
      data-stale={isStale || undefined}
      title={`${formatCount(statistics.tokens)} tokens in all, cut in ${formatDuration(chunkMs)}`}
    >
      <p className="number">
        <strong>{formatNumberOf(statistics.chunks, 'chunk')}</strong>
        {unit === 'token' ? (
          <span className="soft">
            {' '}
            of {leastTokens === mostTokens ? mostTokens : `${leastTokens}–${formatCount(mostTokens)}`} tokens
          </span>
        ) : null}
        <br />
        <span className="soft">
          {unit === 'token' ? `median ${formatCount(medianTokens)} · ` : ''}
          {overlap > 0 ? `overlap ${Math.max(1, Math.round(overlap * 100))} %` : 'no overlap'}
        </span>
      </p>
      <Histogram sizes={sizes} unit={unit} mostBins={12} upTo={upTo} />
    </div>
  )
}

function Faults({ cut, onFault }: { cut: CutText; onFault(kind: LabFault['kind']): void }) {
  const { faults } = cut.statistics
  const some = faultOrder.filter((kind) => faults[kind] > 0)
  if (some.length === 0) {
    return (
      <p className="lab-faults lab-faults-none">
        <Check size={13} aria-hidden /> Nothing is cut apart
      </p>
    )
  }
  return (
    <ul className="lab-faults" aria-label="Cut apart">
      {some.map((kind) => {
        const count = faults[kind]
        const words = `${formatCount(count)} ${count === 1 ? faultWords[kind].one : faultWords[kind].many}`
        return (
          <li key={kind}>
            <button type="button" className="lab-fault" title="Go to the next one" onClick={() => onFault(kind)}>
              {words}
            </button>
          </li>
        )
      })}
    </ul>
  )
}

const mostRanks = 5

/** What the question finds here, best first, and whether that is what it should find. */
function Findings({
  hits,
  shownAnswer,
  expected,
  onGoTo,
}: {
  hits: LabHit[] | null
  shownAnswer: Shown<Answer> | null
  expected: Span | null
  onGoTo(ordinal: number): void
}) {
  if (shownAnswer?.failure) {
    return (
      <p className="lab-failure" role="alert">
        {shownAnswer.failure.message}
      </p>
    )
  }
  if (!hits) return <p className="lab-findings soft">Searching …</p>
  const verdict = expected ? (shownAnswer?.value?.verdict ?? null) : null
  return (
    <div className="lab-findings">
      {verdict ? <Verdict verdict={verdict} /> : null}
      <span className="soft">{hits.length === 0 ? 'Found nothing' : 'Found'}</span>
      <ol className="lab-ranks" aria-label="Found, best first">
        {hits.slice(0, mostRanks).map((hit) => (
          <li key={hit.ordinal}>
            <button
              type="button"
              className="lab-rank number"
              title={`Rank ${hit.rank}: chunk ${hit.ordinal + 1}`}
              onClick={() => onGoTo(hit.ordinal)}
            >
              <span className="visually-hidden">Rank {hit.rank}: chunk </span>
              {hit.ordinal + 1}
            </button>
          </li>
        ))}
        {hits.length > mostRanks ? <li className="soft number">+{hits.length - mostRanks}</li> : null}
      </ol>
    </div>
  )
}

function Verdict({ verdict: { passed, recall, iou } }: { verdict: LabVerdict }) {
  const percent = (share: number): string => `${Math.round(share * 100)} %`
  return (
    <p className="lab-verdict number" data-passed={passed}>
      <strong>
        {passed ? <Check size={13} aria-hidden /> : <X size={13} aria-hidden />}
        {passed ? 'Pass' : 'Fail'}
      </strong>
      <span title="The share of the expected passage that was found">recall {percent(recall)}</span>
      <span title="What is in both as a share of what is in either: the closer to 100 %, the less else was found">
        IoU {percent(iou)}
      </span>
    </p>
  )
}

/** Units of the drawing; it is stretched to the column's width. */
const width = 240

/** The whole text at a glance: chunks, what is cut, what was found, what was expected, what is in view. */
function Overview({
  hits,
  cut,
  textLength,
  expected,
  shownStart,
  shownEnd,
  chosen,
  index,
  actions,
}: Props & { cut: CutText; textLength: number }) {
  const scale = textLength === 0 ? 0 : width / textLength
  const at = (place: number): number => place * scale
  return (
    <svg
      className="lab-overview"
      viewBox={`0 0 ${width} 22`}
      preserveAspectRatio="none"
      aria-hidden
      onClick={(event) => {
        const { left, width: widthPx } = event.currentTarget.getBoundingClientRect()
        const place = ((event.clientX - left) / widthPx) * textLength
        actions.goTo(
          index,
          Math.max(
            0,
            cut.starts.findLastIndex((start) => start <= place),
          ),
        )
      }}
    >
      <Bars cut={cut} hits={hits} textLength={textLength} />
      {chosen >= 0 ? (
        <rect
          x={at(cut.starts[chosen] ?? 0)}
          y={1}
          width={Math.max(1.5, at((cut.ends[chosen] ?? 0) - (cut.starts[chosen] ?? 0)))}
          height={18}
          className="lab-overview-chosen"
        />
      ) : null}
      {expected ? (
        <rect
          x={at(expected.start)}
          y={17}
          width={Math.max(2, at(expected.end - expected.start))}
          height={3}
          className="lab-overview-expected"
        />
      ) : null}
      <rect
        x={at(shownStart)}
        y={20.5}
        width={Math.max(3, at(shownEnd - shownStart))}
        height={1.5}
        className="lab-overview-view"
      />
    </svg>
  )
}

/** The part that does not follow the hand. */
const Bars = memo(function Bars({
  cut,
  hits,
  textLength,
}: {
  cut: CutText
  hits: LabHit[] | null
  textLength: number
}) {
  const { chunks, hits: found, faults } = overviewOf(cut, hits, textLength, width)
  return (
    <>
      {chunks.map(({ from, to, tone }) => (
        <rect key={from} x={from} y={4} width={Math.max(0.5, to - from - 0.4)} height={12} data-tone={tone} />
      ))}
      {found.map(({ from, to, tone }) => (
        <rect key={tone} x={from} y={3} width={to - from} height={14} className="lab-overview-hit" />
      ))}
      {faults.map((place) => (
        <rect key={place} x={place} y={0} width={1} height={4} className="lab-overview-fault" />
      ))}
    </>
  )
})
