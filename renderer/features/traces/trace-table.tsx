import { useVirtualizer } from '@tanstack/react-virtual'
import {
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
} from 'react'
import { ArrowDown, ArrowUp, MessageSquareMore, ThumbsDown, ThumbsUp } from 'lucide-react'
import type { TraceOrder, TraceSummary } from '../../../core/contract/traces.ts'
import { hrefOf } from '../../state/route.ts'
import type { Pages } from '../../state/use-pages.ts'
import { formatCount, formatDuration, formatWhen } from '../../ui/format.ts'
import { rowsInRange } from '../../ui/rows-in-range.ts'
import { fitColumns, leastWidthRem, type ColumnRoom } from '../../ui/table-columns.ts'
import { useWidthRem } from '../../ui/use-width.ts'
import { outcomeLabels, ratingLabels } from './trace-words.ts'

interface TraceColumn extends ColumnRoom {
  id: string
  label: string
  numeric?: boolean
  /** First and second press on its head. */
  orders?: readonly [TraceOrder, TraceOrder]
  cell(trace: TraceSummary, where: string): ReactNode
}

const columns: readonly TraceColumn[] = [
  {
    id: 'question',
    label: 'Question',
    leastRem: 16,
    leaves: 0,
    // The row has the focus and opens; the link is for a new window and for its address.
    cell: ({ id, question }) => (
      <a href={hrefOf({ page: 'traces', traceId: id })} tabIndex={-1}>
        {question}
      </a>
    ),
  },
  { id: 'outcome', label: 'Outcome', leastRem: 10, leaves: 1, cell: (trace) => <Outcome trace={trace} /> },
  { id: 'where', label: 'Asked of', leastRem: 11, leaves: 4, cell: (_, where) => where },
  {
    id: 'release',
    label: 'Release',
    leastRem: 8,
    leaves: 6,
    cell: ({ release }) => (release ? `${release.line} ${release.number ?? 'draft'}` : ''),
  },
  {
    id: 'passages',
    label: 'Passages',
    leastRem: 5,
    leaves: 7,
    numeric: true,
    cell: ({ passages }) => formatCount(passages),
  },
  {
    id: 'tokens',
    label: 'Tokens',
    leastRem: 5.5,
    leaves: 5,
    numeric: true,
    orders: ['most-tokens', 'newest'],
    cell: ({ inputTokens, outputTokens }) =>
      inputTokens === null && outputTokens === null ? '' : formatCount((inputTokens ?? 0) + (outputTokens ?? 0)),
  },
  {
    id: 'time',
    label: 'Time',
    leastRem: 5.5,
    leaves: 2,
    numeric: true,
    orders: ['slowest', 'fastest'],
    cell: ({ durationMs }) => formatDuration(durationMs),
  },
  {
    id: 'asked',
    label: 'Asked',
    leastRem: 10,
    leaves: 3,
    numeric: true,
    orders: ['newest', 'oldest'],
    cell: ({ startedAt }) => formatWhen(startedAt),
  },
]

/**
 * Questions as a grid whose rows take the focus, as the table of documents is: arrows, Page, Home and End move, Enter
 * opens. Only rows near the viewport exist.
 */
export function TraceTable({
  pages,
  order,
  onOrder,
  whereOf,
  onOpen,
}: {
  pages: Pages<TraceSummary>
  order: TraceOrder
  onOrder(order: TraceOrder): void
  /** Names of the collections or of the bot. */
  whereOf(trace: TraceSummary): string
  onOpen(trace: TraceSummary): void
}) {
  const total = pages.total ?? 0
  const scroller = useRef<HTMLDivElement>(null)
  const focusWanted = useRef<number | null>(null)
  const [active, setActive] = useState(0)
  const activeIndex = Math.min(active, Math.max(0, total - 1))
  const widthRem = useWidthRem(scroller)
  const shown = useMemo(() => fitColumns(columns, widthRem - 2), [widthRem])
  // Its functions change with each scroll and are used here only, never handed to a memoised part.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtualizer = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeightPx,
    overscan: 12,
    scrollPaddingEnd: rowHeightPx,
    useFlushSync: false,
    rangeExtractor: (range) => rowsInRange(range, activeIndex),
  })
  const items = virtualizer.getVirtualItems()
  const { startIndex, endIndex } = virtualizer.range ?? { startIndex: 0, endIndex: 0 }
  const latestWant = useRef(pages.want)
  useEffect(() => {
    latestWant.current = pages.want
  })
  useEffect(() => latestWant.current(startIndex, endIndex), [startIndex, endIndex])
  useLayoutEffect(() => {
    if (focusWanted.current === null) return
    const row = scroller.current?.querySelector<HTMLElement>(`[role=row][data-index="${focusWanted.current}"]`)
    if (!row) return
    focusWanted.current = null
    row.focus({ preventScroll: true })
  }, [activeIndex, items])

  const moveTo = (index: number): void => {
    const next = Math.min(Math.max(index, 0), total - 1)
    focusWanted.current = next
    virtualizer.scrollToIndex(next)
    setActive(next)
  }
  const open = (index: number): void => {
    const trace = pages.at(index)
    setActive(index)
    if (trace) onOpen(trace)
  }
  const onRowClick = (event: MouseEvent, index: number): void => {
    // A new window is the link's own business.
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    open(index)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.target instanceof HTMLButtonElement) return
    const pageOfRows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeightPx) - 2)
    const to = {
      ArrowDown: activeIndex + 1,
      ArrowUp: activeIndex - 1,
      PageDown: activeIndex + pageOfRows,
      PageUp: activeIndex - pageOfRows,
      Home: 0,
      End: total - 1,
    }[event.key]
    if (to !== undefined) moveTo(to)
    else if (event.key === 'Enter') open(activeIndex)
    else return
    event.preventDefault()
  }
  const layout = {
    '--table-template': shown
      .map(({ id, leastRem }) => (id === 'question' ? `minmax(${leastRem}rem, 1fr)` : `${leastRem}rem`))
      .join(' '),
    '--table-least': `${leastWidthRem(shown)}rem`,
  }
  const cellClass = ({ id, numeric }: TraceColumn): string =>
    ['table-cell', id === 'question' ? 'table-name trace-question' : '', numeric ? 'table-numeric number' : '']
      .filter(Boolean)
      .join(' ')
  return (
    <div
      ref={scroller}
      className="table"
      role="grid"
      aria-label="Questions"
      aria-rowcount={total + 1}
      aria-colcount={shown.length}
      onKeyDown={onKeyDown}
      onFocus={(event) => {
        // Assistive technology moves the focus by itself: keys then act on the row that has it.
        const row = event.target.closest<HTMLElement>('[data-index]')
        if (row) setActive(Number(row.dataset.index))
      }}
      style={layout as React.CSSProperties}
    >
      <div role="rowgroup" className="table-head">
        <div role="row" aria-rowindex={1} className="table-row table-header">
          {shown.map((column, index) => (
            <div
              key={column.id}
              role="columnheader"
              aria-colindex={index + 1}
              aria-sort={sortOf(column, order)}
              className={cellClass(column).replace(' table-name trace-question', '')}
            >
              <Head column={column} order={order} onOrder={onOrder} />
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className="table-body" style={{ height: virtualizer.getTotalSize() }}>
        {items.map(({ index, start }) => {
          const trace = pages.at(index)
          return (
            <div
              key={index}
              role="row"
              aria-rowindex={index + 2}
              data-index={index}
              className="table-row"
              tabIndex={index === activeIndex ? 0 : -1}
              style={{ transform: `translateY(${start}px)` }}
              onClick={(event) => onRowClick(event, index)}
            >
              {shown.map((column, place) => (
                <div key={column.id} role="gridcell" aria-colindex={place + 1} className={cellClass(column)}>
                  {trace ? column.cell(trace, whereOf(trace)) : place === 0 ? '…' : ''}
                </div>
              ))}
            </div>
          )
        })}
      </div>
    </div>
  )
}

const rowHeightPx = 36

function sortOf({ orders }: TraceColumn, order: TraceOrder): 'ascending' | 'descending' | undefined {
  if (!orders?.includes(order) || (order === 'newest' && orders[1] === 'newest')) return undefined
  return order === 'oldest' || order === 'fastest' ? 'ascending' : 'descending'
}

function Head({
  column,
  order,
  onOrder,
}: {
  column: TraceColumn
  order: TraceOrder
  onOrder(order: TraceOrder): void
}) {
  const { label, orders } = column
  if (!orders) return label
  const sorted = sortOf(column, order)
  const Arrow = sorted === 'ascending' ? ArrowUp : ArrowDown
  return (
    <button type="button" className="table-sort" onClick={() => onOrder(order === orders[0] ? orders[1] : orders[0])}>
      {label}
      {sorted ? <Arrow size={13} aria-hidden /> : null}
    </button>
  )
}

function Outcome({ trace: { outcome, lowRelevance, replayOf, rating, commented } }: { trace: TraceSummary }) {
  const Thumb = rating === 'up' ? ThumbsUp : ThumbsDown
  return (
    <>
      <span className="trace-outcome" data-outcome={outcome}>
        {outcomeLabels[outcome]}
      </span>
      {rating ? <Thumb className="trace-rating" size={13} role="img" aria-label={ratingLabels[rating]} /> : null}
      {commented ? <MessageSquareMore className="trace-rating" size={13} role="img" aria-label="commented on" /> : null}
      {lowRelevance ? <span className="tag tag-warning">weak</span> : null}
      {replayOf ? <span className="tag">replay</span> : null}
    </>
  )
}
