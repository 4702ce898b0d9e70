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
import { ArrowDown, ArrowUp, CircleAlert } from 'lucide-react'
import { type caseSorts, noSplit, type TestCase } from '../../../core/contract/datasets.ts'
import { formatNumberOf } from '../../ui/format.ts'
import { rowsInRange } from '../../ui/rows-in-range.ts'
import { fitColumns, leastWidthRem, type ColumnRoom } from '../../ui/table-columns.ts'
import { useWidthRem } from '../../ui/use-width.ts'
import type { CasePages } from './use-case-pages.ts'

interface CaseColumn extends ColumnRoom {
  id: string
  label: string
  /** Absent: it is not sorted by. */
  sort?: CaseSort['by']
  cell(testCase: TestCase): ReactNode
}

export interface CaseSort {
  by: (typeof caseSorts)[number]
  descending: boolean
}

const columns: readonly CaseColumn[] = [
  { id: 'question', label: 'Question', leastRem: 16, leaves: 0, sort: 'question', cell: ({ question }) => question },
  {
    id: 'state',
    label: 'State',
    leastRem: 8,
    leaves: 1,
    sort: 'state',
    cell: (testCase) => <StateCell testCase={testCase} />,
  },
  { id: 'expected', label: 'Expects', leastRem: 12, leaves: 2, cell: expectationOf },
  { id: 'tags', label: 'Tags', leastRem: 10, leaves: 3, cell: ({ tags }) => tags.join(', ') },
  {
    id: 'split',
    label: 'Split',
    leastRem: 5,
    leaves: 4,
    sort: 'split',
    cell: ({ split }) => (split === noSplit ? '' : split),
  },
]

/**
 * The cases as a grid whose rows take the focus, as the table of documents is: arrows, Page, Home and End move, Enter
 * opens; where many can be selected, Space selects, Shift with an arrow extends, Control-A selects all. Only rows near the
 * viewport exist.
 */
export function CaseTable({
  pages,
  openId,
  onOpen,
  handle,
  sorting,
  selection,
}: {
  pages: CasePages
  openId: string | null
  onOpen(testCase: TestCase): void
  sorting?: { sort: CaseSort; onSort(sort: CaseSort): void }
  selection?: {
    selected: ReadonlySet<string>
    onSelect(selected: ReadonlySet<string>): void
    /** All that pass the filter, those that were not read, too. */
    onAll(): void
    onRemove(): void
  }
  /** Is given the function that puts the focus on the active row. */
  handle(focus: () => void): void
}) {
  const total = pages.total ?? 0
  const scroller = useRef<HTMLDivElement>(null)
  const focusWanted = useRef<number | null>(null)
  const anchor = useRef(0)
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
    useFlushSync: false,
    rangeExtractor: (range) => rowsInRange(range, activeIndex),
  })
  const items = virtualizer.getVirtualItems()
  const { startIndex, endIndex } = virtualizer.range ?? { startIndex: 0, endIndex: 0 }
  const { want } = pages
  const latestWant = useRef(want)
  useEffect(() => {
    latestWant.current = want
  })
  useEffect(() => latestWant.current(startIndex, endIndex), [startIndex, endIndex])
  // Opened by its address or by a step of the panel: brought into view, without taking the focus.
  const openIndex = openId === null ? -1 : pages.indexOf(openId)
  const scrollTo = useRef((_index: number) => {})
  useEffect(() => {
    scrollTo.current = (index) => {
      virtualizer.scrollToIndex(index, { align: 'auto' })
      setActive(index)
    }
  })
  useEffect(() => {
    if (openIndex >= 0) scrollTo.current(openIndex)
  }, [openIndex])
  useLayoutEffect(() => {
    if (focusWanted.current === null) return
    const row = scroller.current?.querySelector<HTMLElement>(`[role=row][data-index="${focusWanted.current}"]`)
    if (!row) return
    focusWanted.current = null
    row.focus({ preventScroll: true })
  }, [activeIndex, items])
  useEffect(() => {
    handle(() => scroller.current?.querySelector<HTMLElement>('[role=row][tabindex="0"]')?.focus())
  }, [handle])

  const moveTo = (index: number, extend: boolean): void => {
    const next = Math.min(Math.max(index, 0), total - 1)
    focusWanted.current = next
    virtualizer.scrollToIndex(next)
    setActive(next)
    if (extend) selectTo(next)
    else anchor.current = next
  }
  const selectTo = (to: number): void => {
    if (!selection) return
    const [from, until] = anchor.current < to ? [anchor.current, to] : [to, anchor.current]
    const between = Array.from({ length: until - from + 1 }, (_, offset) => pages.at(from + offset)?.id)
    selection.onSelect(new Set([...selection.selected, ...between.filter((id) => id !== undefined)]))
  }
  const toggle = (index: number): void => {
    const testCase = pages.at(index)
    if (!selection || !testCase) return
    const next = new Set(selection.selected)
    if (!next.delete(testCase.id)) next.add(testCase.id)
    anchor.current = index
    selection.onSelect(next)
  }
  const open = (index: number): void => {
    const testCase = pages.at(index)
    setActive(index)
    if (testCase) onOpen(testCase)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target instanceof HTMLElement && event.target.closest('[role=columnheader]')) return
    if (event.altKey) return
    if (event.ctrlKey || event.metaKey) {
      if (event.key !== 'a' || !selection) return
      selection.onAll()
      event.preventDefault()
      return
    }
    const pageOfRows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeightPx) - 2)
    const to = {
      ArrowDown: activeIndex + 1,
      ArrowUp: activeIndex - 1,
      PageDown: activeIndex + pageOfRows,
      PageUp: activeIndex - pageOfRows,
      Home: 0,
      End: total - 1,
    }[event.key]
    if (to !== undefined) moveTo(to, event.shiftKey && selection !== undefined)
    else if (event.key === 'Enter') open(activeIndex)
    else if (event.key === ' ' && selection) toggle(activeIndex)
    else if (event.key === 'Delete' && selection && selection.selected.size > 0) selection.onRemove()
    else if (event.key === 'Escape' && selection && selection.selected.size > 0) {
      event.stopPropagation()
      selection.onSelect(new Set())
    } else return
    event.preventDefault()
  }
  const onRowClick = (event: MouseEvent, index: number): void => {
    const onBox = event.target instanceof Element && event.target.closest('.row-check') !== null
    if (selection && event.shiftKey) {
      setActive(index)
      selectTo(index)
    } else if (selection && (onBox || event.ctrlKey || event.metaKey)) {
      setActive(index)
      toggle(index)
    } else {
      anchor.current = index
      open(index)
    }
  }
  const selectedCount = selection?.selected.size ?? 0
  const areAll = total > 0 && selectedCount >= total
  const first = selection ? 1 : 0
  const layout = {
    '--table-template':
      (selection ? '2.25rem ' : '') +
      shown.map(({ id, leastRem }) => (id === 'question' ? `minmax(${leastRem}rem, 1fr)` : `${leastRem}rem`)).join(' '),
    '--table-least': `${leastWidthRem(shown)}rem`,
  }
  return (
    <div
      ref={scroller}
      className="table"
      role="grid"
      aria-label="Test cases"
      aria-rowcount={total + 1}
      aria-colcount={shown.length + first}
      aria-multiselectable={selection ? true : undefined}
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
          {selection ? (
            <div role="columnheader" aria-colindex={1} className="table-cell">
              <button
                type="button"
                className="row-check"
                role="checkbox"
                aria-checked={areAll ? true : selectedCount > 0 ? 'mixed' : false}
                aria-label="Select all that are shown"
                onClick={() => (areAll ? selection.onSelect(new Set()) : selection.onAll())}
              >
                <span
                  className="check-box"
                  data-checked={areAll || undefined}
                  data-mixed={selectedCount > 0 || undefined}
                />
              </button>
            </div>
          ) : null}
          {shown.map((column, index) => (
            <Head key={column.id} column={column} place={index + 1 + first} sorting={sorting} />
          ))}
        </div>
      </div>
      <div role="rowgroup" className="table-body" style={{ height: virtualizer.getTotalSize() }}>
        {items.map(({ index, start }) => {
          const testCase = pages.at(index)
          const isOpen = testCase !== undefined && testCase.id === openId
          const isSelected = testCase !== undefined && (selection?.selected.has(testCase.id) ?? false)
          return (
            <div
              key={index}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={selection ? isSelected : isOpen}
              data-index={index}
              data-open={isOpen || undefined}
              data-rejected={testCase?.state === 'rejected' || undefined}
              className="table-row"
              tabIndex={index === activeIndex ? 0 : -1}
              style={{ transform: `translateY(${start}px)` }}
              onClick={(event) => onRowClick(event, index)}
            >
              {selection ? (
                <div role="gridcell" aria-colindex={1} className="table-cell">
                  <span className="row-check">
                    <span className="check-box" data-checked={isSelected || undefined} />
                  </span>
                </div>
              ) : null}
              {shown.map((column, place) => (
                <div
                  key={column.id}
                  role="gridcell"
                  aria-colindex={place + 1 + first}
                  className={`table-cell${column.id === 'question' ? ' table-name case-question-cell' : ''}`}
                >
                  {testCase ? column.cell(testCase) : place === 0 ? '…' : ''}
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

function Head({
  column: { id, label, sort: by },
  place,
  sorting,
}: {
  column: CaseColumn
  place: number
  sorting: { sort: CaseSort; onSort(sort: CaseSort): void } | undefined
}) {
  const sorted = sorting && by !== undefined && sorting.sort.by === by ? sorting.sort : null
  const Arrow = sorted?.descending ? ArrowDown : ArrowUp
  // Up, down, and then as the dataset has them.
  const next: CaseSort = !sorted
    ? { by: by ?? 'order', descending: false }
    : sorted.descending
      ? { by: 'order', descending: false }
      : { by: sorted.by, descending: true }
  return (
    <div
      role="columnheader"
      aria-colindex={place}
      className={`table-cell${id === 'question' ? ' table-name' : ''}`}
      aria-sort={sorted ? (sorted.descending ? 'descending' : 'ascending') : undefined}
    >
      {sorting && by ? (
        <button type="button" className="table-sort" onClick={() => sorting.onSort(next)}>
          {label}
          {sorted ? <Arrow size={13} aria-hidden /> : null}
        </button>
      ) : (
        label
      )}
    </div>
  )
}

function StateCell({ testCase: { state, stale } }: { testCase: TestCase }) {
  return (
    <span className="case-state" data-state={state} title={stale ?? undefined}>
      {state}
      {stale === null ? null : (
        <span className="case-stale">
          <CircleAlert size={13} aria-hidden /> stale
        </span>
      )}
    </span>
  )
}

/** 'refusal', 'boats.md', '3 passages'. */
export function expectationOf({ answerable, expected, relevant, answer }: TestCase): string {
  if (!answerable) return 'a refusal'
  const [only] = expected
  if (only && expected.length === 1) return only.path.split('/').at(-1) ?? only.path
  if (expected.length > 0) return formatNumberOf(expected.length, 'passage')
  if (relevant.length > 0) return formatNumberOf(relevant.length, 'document')
  return answer === null ? 'nothing' : 'an answer'
}
