import { useVirtualizer } from '@tanstack/react-virtual'
import {
  memo,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  type ReactNode,
} from 'react'
import { Target } from 'lucide-react'
import type { Implementation } from '../../../core/contract/catalogue.ts'
import type { CutText, LabFault, LabHit } from '../../../core/contract/lab.ts'
import type { Choice } from '../../../core/contract/pipeline.ts'
import { BlockView, isFlowing } from '../../ui/block-view.tsx'
import { Button } from '../../ui/button.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { selectedSpan } from '../../ui/selected-span.ts'
import { spansIn, toBlocks, type NamedSpan, type Span, type TextWindow } from '../../ui/text-blocks.ts'
import { ColumnHead, type HeadActions } from './column-head.tsx'
import { chunkFor, columnLetters, nextFault, nextHit, spansOf } from './column-model.ts'
import type { Shown } from './latest-runs.ts'
import { Readout } from './readout.tsx'
import { useWindow, type Answer, type Column, type OpenedText } from './use-lab.ts'

interface Props {
  opened: OpenedText
  columns: Column[]
  chunkers: Implementation[]
  cutOf(id: number): Shown<CutText> | null
  answerOf(id: number): Shown<Answer> | null
  expected: Span | null
  /** There is a question. */
  asked: boolean
  optionsShown: boolean
  onExpected(expected: Span | null): void
  onColumns(act: (columns: Column[]) => Column[]): void
  onUse(chunker: Choice): void
}

/** A column with all that is known of it now. */
export interface ColumnView {
  column: Column
  cut: CutText | null
  /** Null while there is no question, or none of this cut has been answered. */
  hits: LabHit[] | null
  shownCut: Shown<CutText> | null
  shownAnswer: Shown<Answer> | null
}

/** A place that is looked at: a chunk of one column, and through it one of each other. */
interface Place {
  column: number
  ordinal: number
  start: number
}

const nowhere: Place = { column: 0, ordinal: -1, start: 0 }

/**
 * The columns: what cuts, what came of it, and the text. All columns scroll as one, because they are one: each row is a
 * stretch of the text, once a column. Only the rows near the viewport exist.
 */
export function LabBench({
  opened,
  columns,
  chunkers,
  cutOf,
  answerOf,
  expected,
  asked,
  optionsShown,
  onExpected,
  onColumns,
  onUse,
}: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const stage = useRef<HTMLDivElement>(null)
  const { text } = opened
  const [kept] = useState(() => new Map<number, TextWindow>())
  const [active, setActive] = useState<Place>(nowhere)
  const [pointed, setPointed] = useState<Place | null>(null)
  const [selection, setSelection] = useState<{ span: Span; left: number; top: number } | null>(null)
  const [said, setSaid] = useState('')
  const selecting = useRef(0)
  const pending = useRef<Place | null>(null)

  const views = columns.map((column): ColumnView => {
    const shownCut = cutOf(column.id)
    const shownAnswer = asked ? answerOf(column.id) : null
    const isOfCut = shownAnswer?.value?.cutKey === shownCut?.key
    return {
      column,
      cut: shownCut?.value ?? null,
      hits: isOfCut ? (shownAnswer?.value?.hits ?? null) : null,
      shownCut,
      shownAnswer,
    }
  })
  const spans = useSpans(views)
  const upTo = Math.max(0, ...views.map(({ cut }) => largest(cut)))
  const here = pointed ?? active
  const column = Math.min(here.column, views.length - 1)
  // What each column has at the place that is looked at.
  const lit = views.map(({ cut, hits }, index) => {
    if (!cut || here.ordinal < 0) return null
    return index === column && here.ordinal < cut.starts.length && cut.starts[here.ordinal] === here.start
      ? here.ordinal
      : chunkFor(cut, hits, here.start)
  })

  const stretches = useMemo<Span[]>(
    () =>
      text.stretches.map((start, index) => ({
        start,
        end: text.stretches[index + 1] ?? Math.max(start, text.textLength),
      })),
    [text],
  )
  // Its functions change with each scroll and are used here only, never handed to a memoised part.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtualizer = useVirtualizer({
    count: stretches.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => Math.max(60, lengthOf(stretches[index]) * (0.16 + 0.17 * columns.length)),
    getItemKey: (index) => stretches[index]?.start ?? index,
    overscan: 2,
    useFlushSync: false,
  })

  // What is to be seen is brought into view as soon as it is drawn.
  const settle = (): void => {
    const wanted = pending.current
    const box = scroller.current
    if (!wanted || !box) return
    const found = box.querySelector<HTMLElement>(`[data-column="${wanted.column}"] [data-spans~="${wanted.ordinal}"]`)
    if (!found) {
      const index = stretches.findLastIndex(({ start }) => start <= wanted.start)
      virtualizer.scrollToIndex(Math.max(0, index), { align: 'start' })
      return
    }
    pending.current = null
    const { top, bottom } = found.getBoundingClientRect()
    const view = box.getBoundingClientRect()
    if (top < view.top + 8 || bottom > view.bottom - 8) box.scrollTop += top - view.top - box.clientHeight * 0.2
  }
  // Lighting chunks up touches a few elements; drawing the text again for each hover would not keep up with the hand.
  const light = (): void => {
    const box = scroller.current
    if (!box) return
    for (const element of box.querySelectorAll<HTMLElement>('[data-lit]')) delete element.dataset.lit
    for (const [index, ordinal] of lit.entries()) {
      if (ordinal === null) continue
      const held = `[data-column="${index}"] [data-spans~="${ordinal}"]`
      for (const element of box.querySelectorAll<HTMLElement>(held)) {
        element.dataset.lit = pointed || index !== column ? 'pointed' : 'chosen'
      }
    }
  }
  useLayoutEffect(light)
  const [stable] = useState(() => ({ drawn: () => {} }))
  useEffect(() => {
    stable.drawn = () => {
      light()
      settle()
    }
  })
  const onDrawn = useMemo(() => () => stable.drawn(), [stable])

  const show = (place: Place): void => {
    setActive(place)
    setPointed(null)
    pending.current = place
    settle()
  }
  const say = (place: Place): void => {
    const { cut, hits } = views[place.column] ?? {}
    if (!cut) return
    const hit = hits?.find(({ ordinal }) => ordinal === place.ordinal)
    const path = cut.paths[cut.pathOf[place.ordinal] ?? 0]?.join(', ')
    setSaid(
      [
        `Column ${columnLetters[place.column]}, chunk ${place.ordinal + 1} of ${cut.starts.length}`,
        `${cut.tokens[place.ordinal]} tokens`,
        ...(path ? [path] : []),
        ...(hit ? [`rank ${hit.rank}`] : []),
      ].join(', '),
    )
  }
  const goTo = (index: number, ordinal: number): void => {
    const { cut } = views[index] ?? {}
    const start = cut?.starts[ordinal]
    if (start === undefined) return
    const place = { column: index, ordinal, start }
    show(place)
    say(place)
  }
  // The text may not be cut yet: the key is not lost, it waits for the last chunk to be there.
  const endWanted = useRef<number | null>(null)
  const goToEnd = (index: number): void => {
    const { cut } = views[index] ?? {}
    endWanted.current = cut ? null : index
    if (cut) goTo(index, cut.starts.length - 1)
  }
  useEffect(() => {
    if (endWanted.current !== null) goToEnd(endWanted.current)
  })
  const goToFault = (index: number, kind: LabFault['kind'] | null, step: 1 | -1): void => {
    const { cut } = views[index] ?? {}
    const from = index === active.column ? active.ordinal : -1
    const fault = cut && nextFault(cut, from, step, kind)
    if (fault) goTo(index, fault.ordinal)
  }

  const latest = useRef({ onColumns, onUse, goTo, goToFault })
  useEffect(() => {
    latest.current = { onColumns, onUse, goTo, goToFault }
  })
  const actions = useMemo<HeadActions>(
    () => ({
      change: (act) => latest.current.onColumns(act),
      use: (chunker) => latest.current.onUse(chunker),
      goTo: (index, ordinal) => latest.current.goTo(index, ordinal),
      goToFault: (index, kind) => latest.current.goToFault(index, kind, 1),
    }),
    [],
  )

  useEffect(() => {
    const follow = (): void => {
      const box = scroller.current
      const around = stage.current?.getBoundingClientRect()
      const span = box && selectedSpan(box, `[data-column="${selecting.current}"]`)
      const range = span && window.getSelection()?.getRangeAt(0).getBoundingClientRect()
      if (!span || !range || !around) return setSelection(null)
      setSelection({
        span,
        left: Math.min(Math.max(8, range.left - around.left), Math.max(8, around.width - 190)),
        top: Math.min(Math.max(8, range.bottom - around.top + 6), around.height - 44),
      })
    }
    document.addEventListener('selectionchange', follow)
    return () => document.removeEventListener('selectionchange', follow)
  }, [])
  const mark = (): void => {
    const own = lit[active.column]
    const { cut } = views[active.column] ?? {}
    const start = own === null || own === undefined ? undefined : cut?.starts[own]
    const end = own === null || own === undefined ? undefined : cut?.ends[own]
    const span = selection?.span ?? (start === undefined || end === undefined ? null : { start, end })
    if (!span) return
    onExpected(span)
    setSaid('Marked as the expected passage.')
    window.getSelection()?.removeAllRanges()
  }

  const onPointerMove = (event: PointerEvent): void => {
    const found = placeUnder(event.target)
    if (!found || event.buttons !== 0) return
    if (found.column === pointed?.column && found.ordinal === pointed.ordinal && found.start === pointed.start) return
    setPointed(found)
  }
  const onClick = (event: MouseEvent): void => {
    if (window.getSelection()?.isCollapsed === false) return
    const found = placeUnder(event.target)
    if (!found) return
    const cutStart = views[found.column]?.cut?.starts[found.ordinal] ?? found.start
    setActive({ ...found, start: cutStart })
  }
  const onPointerDown = (event: PointerEvent): void => {
    const cell = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-column]') : null
    selecting.current = Number(cell?.dataset.column ?? 0)
    if (scroller.current) scroller.current.dataset.selecting = String(selecting.current)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const index = Math.min(active.column, views.length - 1)
    const own = lit[index] ?? -1
    const { hits } = views[index] ?? {}
    const sideways = (step: number): void => {
      const next = Math.min(Math.max(0, index + step), views.length - 1)
      const { cut, hits: found } = views[next] ?? {}
      const ordinal = cut ? chunkFor(cut, found ?? null, active.start) : null
      if (ordinal !== null) goTo(next, ordinal)
    }
    const act = (): boolean => {
      switch (event.key) {
        case 'ArrowDown':
          goTo(index, own + 1)
          return true
        case 'ArrowUp':
          goTo(index, Math.max(0, own - 1))
          return true
        case 'ArrowRight':
          sideways(1)
          return true
        case 'ArrowLeft':
          sideways(-1)
          return true
        case 'Home':
          goTo(index, 0)
          return true
        case 'End':
          goToEnd(index)
          return true
        case 'f':
        case 'F':
          goToFault(index, null, event.key === 'f' ? 1 : -1)
          return true
        case 'r':
        case 'R': {
          const hit = nextHit(hits ?? [], own, event.key === 'r' ? 1 : -1)
          if (hit) goTo(index, hit.ordinal)
          return true
        }
        case 'm':
          mark()
          return true
        default:
          return false
      }
    }
    if (act()) event.preventDefault()
  }

  const range = virtualizer.range
  const firstShown = stretches[range?.startIndex ?? 0]?.start ?? 0
  const lastShown = stretches[range?.endIndex ?? 0]?.end ?? text.textLength
  return (
    <div className="lab-bench" style={{ '--columns': columns.length } as CSSProperties}>
      <div className="lab-inner">
        <div className="lab-heads">
          {views.map((view, index) => (
            <ColumnHead
              key={view.column.id}
              column={view.column}
              shownCut={view.shownCut}
              shownAnswer={view.shownAnswer}
              hits={view.hits}
              index={index}
              count={views.length}
              chunkers={chunkers}
              text={text}
              upTo={upTo}
              asked={asked}
              expected={expected}
              optionsShown={optionsShown}
              shownStart={firstShown}
              shownEnd={lastShown}
              chosen={active.column === index ? (lit[index] ?? -1) : -1}
              actions={actions}
            />
          ))}
        </div>
        <div className="lab-stage" ref={stage}>
          <div
            ref={scroller}
            className={`lab-scroller reading${isFlowing(text.type) ? '' : ' reader-preserve'}${asked ? ' lab-asked' : ''}`}
            role="region"
            aria-label={`${text.name} in ${columns.length === 1 ? 'one column' : `${columns.length} columns`}`}
            aria-describedby="lab-keys"
            tabIndex={0}
            onKeyDown={onKeyDown}
            onPointerMove={onPointerMove}
            onPointerLeave={() => setPointed(null)}
            onPointerDown={onPointerDown}
            onClick={onClick}
          >
            <div className="lab-length" style={{ height: virtualizer.getTotalSize() }}>
              {virtualizer.getVirtualItems().map((item) => {
                const stretch = stretches[item.index]
                return stretch ? (
                  <div
                    key={item.key}
                    ref={virtualizer.measureElement}
                    data-index={item.index}
                    className="lab-row"
                    style={{ transform: `translateY(${item.start}px)` }}
                  >
                    <Row
                      opened={opened}
                      stretch={stretch}
                      spans={spans}
                      expected={touching(expected, stretch)}
                      kept={kept}
                      estimatePx={item.size}
                      onDrawn={onDrawn}
                    />
                  </div>
                ) : null
              })}
            </div>
          </div>
          {selection ? (
            <div className="lab-mark" style={{ left: selection.left, top: selection.top }}>
              <Button look="primary" small icon={<Target size={14} aria-hidden />} preventFocusOnPress onPress={mark}>
                Should be found
              </Button>
            </div>
          ) : null}
        </div>
        <div className="lab-readouts">
          {views.map((view, index) => (
            <Readout key={view.column.id} view={view} ordinal={lit[index] ?? null} />
          ))}
        </div>
      </div>
      <p id="lab-keys" className="visually-hidden">
        Arrow keys move from chunk to chunk and from column to column; f goes to the next thing that is cut apart, r to
        the next chunk that the question finds, m marks the chunk or the selected text as the expected passage.
      </p>
      <p className="visually-hidden" role="status">
        {said}
      </p>
    </div>
  )
}

function largest(cut: CutText | null): number {
  if (!cut) return 0
  if (cut.statistics.mostTokens > 0) return cut.statistics.mostTokens
  return cut.starts.reduce((most, start, ordinal) => Math.max(most, (cut.ends[ordinal] ?? start) - start), 0)
}

function lengthOf(stretch: Span | undefined): number {
  return stretch ? stretch.end - stretch.start : 0
}

/** The expected passage where a stretch shows some of it: others need not be drawn again when it changes. */
function touching(expected: Span | null, { start, end }: Span): Span | null {
  return expected && expected.start < end && expected.end > start ? expected : null
}

function placeUnder(target: EventTarget): Place | null {
  const piece = target instanceof Element ? target.closest<HTMLElement>('[data-spans]') : null
  const column = piece?.closest<HTMLElement>('[data-column]')?.dataset.column
  const ordinal = piece?.dataset.spans?.split(' ')[0]
  if (!piece || column === undefined || ordinal === undefined) return null
  return { column: Number(column), ordinal: Number(ordinal), start: Number(piece.dataset.start) }
}

/** The spans of each column, the same array until that column has changed. */
function useSpans(views: ColumnView[]): NamedSpan[][] {
  const [made] = useState(() => new WeakMap<CutText, { hits: LabHit[] | null; spans: NamedSpan[] }>())
  const spansOfView = ({ cut, hits }: ColumnView): NamedSpan[] => {
    if (!cut) return none
    const known = made.get(cut)
    if (known?.hits === hits) return known.spans
    const spans = spansOf(cut, hits)
    made.set(cut, { hits, spans })
    return spans
  }
  const all = views.map(spansOfView)
  const [last, setLast] = useState(all)
  const isSame = last.length === all.length && last.every((spans, index) => spans === all[index])
  if (!isSame) setLast(all)
  return isSame ? last : all
}

const none: NamedSpan[] = []

const Row = memo(function Row({
  opened,
  stretch,
  spans,
  expected,
  kept,
  estimatePx,
  onDrawn,
}: {
  opened: OpenedText
  stretch: Span
  spans: NamedSpan[][]
  expected: Span | null
  kept: Map<number, TextWindow>
  estimatePx: number
  onDrawn(): void
}): ReactNode {
  const { window, failure, again } = useWindow(opened, stretch, kept)
  if (failure) return <FailureNote failure={failure} onRetry={again} />
  if (!window) return <div className="lab-waiting" style={{ height: estimatePx }} />
  return spans.map((own, index) => (
    <Cell
      key={index}
      index={index}
      window={window}
      stretch={stretch}
      spans={own}
      expected={expected}
      onDrawn={onDrawn}
    />
  ))
})

const Cell = memo(function Cell({
  index,
  window,
  stretch,
  spans,
  expected,
  onDrawn,
}: {
  index: number
  window: TextWindow
  stretch: Span
  spans: NamedSpan[]
  expected: Span | null
  onDrawn(): void
}) {
  const blocks = useMemo(() => toBlocks(window, expected, spansIn(spans, stretch)), [window, expected, spans, stretch])
  const drawn = useCallback(() => onDrawn(), [onDrawn])
  useLayoutEffect(drawn, [blocks, drawn])
  return (
    <div className="lab-cell" data-column={index}>
      {blocks.map((block, position) => (
        <BlockView key={`${block.start}-${position}`} block={block} wraps />
      ))}
    </div>
  )
})
