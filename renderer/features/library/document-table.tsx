import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react'
import { ArrowDown, ArrowUp, Paperclip } from 'lucide-react'
import type { Document } from '../../../core/contract/documents.ts'
import type { DocumentId } from '../../../core/shared/ids.ts'
import { StatusCell } from './status-cell.tsx'
import { fitColumns, leastWidthRem, type DocumentColumn } from './document-columns.ts'
import { TagList } from './tags.tsx'
import { rowsInRange } from '../../ui/rows-in-range.ts'
import { useWidthRem } from '../../ui/use-width.ts'

const rowHeightPx = 36

interface Props {
  rows: Document[]
  columns: readonly DocumentColumn[]
  sort: { column: string; descending: boolean }
  onSort(column: string): void
  selected: ReadonlySet<string>
  onSelect(selected: ReadonlySet<string>): void
  openId: DocumentId | null
  onOpen(document: Document): void
  onRemove(documents: Document[]): void
  onReview(document: Document, approve: boolean): void
}

/**
 * The documents as a grid whose rows take the focus (WAI-ARIA APG, Grid pattern with row focus as in Treegrid:
 * https://www.w3.org/WAI/ARIA/apg/patterns/grid/ and …/treegrid/): one row is in the tab order; arrows, Page, Home and
 * End move; Space selects, Shift with an arrow extends, Control-A selects all; Enter opens; Delete removes.
 * Only rows near the viewport exist; the active row always does, so that focus is never lost by scrolling.
 */
export function DocumentTable({
  rows,
  columns: wanted,
  sort,
  onSort,
  selected,
  onSelect,
  openId,
  onOpen,
  onRemove,
  onReview,
}: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const widthRem = useWidthRem(scroller)
  const columns = useMemo(() => fitColumns(wanted, widthRem), [wanted, widthRem])
  const [active, setActive] = useState(0)
  const anchor = useRef(0)
  /** The row that is to take the focus as soon as it is there. */
  const focusWanted = useRef<number | null>(null)
  const activeIndex = Math.min(active, Math.max(0, rows.length - 1))

  // Its functions change with each scroll and are used here only, never handed to a memoised part.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeightPx,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 6,
    // The sticky header covers this much of the scroller.
    scrollPaddingEnd: rowHeightPx,
    useFlushSync: false,
    rangeExtractor: (range) => rowsInRange(range, activeIndex),
  })
  const items = virtualizer.getVirtualItems()

  // In the commit itself: with quick keys a later effect would come after the next key and focus the row before.
  useLayoutEffect(() => {
    if (focusWanted.current === null) return
    const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${focusWanted.current}"]`)
    // Not there yet: the next render of the rows tries again.
    if (!row) return
    focusWanted.current = null
    row.focus({ preventScroll: true })
  }, [activeIndex, items])

  const moveTo = (index: number, extend: boolean): void => {
    const next = Math.min(Math.max(index, 0), rows.length - 1)
    focusWanted.current = next
    setActive(next)
    virtualizer.scrollToIndex(next)
    if (extend) selectRange(next)
    else anchor.current = next
  }
  const selectRange = (to: number): void => {
    const [from, until] = anchor.current < to ? [anchor.current, to] : [to, anchor.current]
    onSelect(new Set([...selected, ...rows.slice(from, until + 1).map((row) => row.id)]))
  }
  const toggle = (index: number): void => {
    const row = rows[index]
    if (!row) return
    const next = new Set(selected)
    if (!next.delete(row.id)) next.add(row.id)
    anchor.current = index
    onSelect(next)
  }
  const pageRows = (): number => Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / rowHeightPx) - 2)

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target instanceof HTMLElement && event.target.closest('[role=columnheader]')) return
    // Space and Enter are the button's own where a row has one.
    if (event.target instanceof HTMLButtonElement && (event.key === ' ' || event.key === 'Enter')) return
    const row = rows[activeIndex]
    const act = (): boolean => {
      if (event.key === 'ArrowDown') moveTo(activeIndex + 1, event.shiftKey)
      else if (event.key === 'ArrowUp') moveTo(activeIndex - 1, event.shiftKey)
      else if (event.key === 'PageDown') moveTo(activeIndex + pageRows(), event.shiftKey)
      else if (event.key === 'PageUp') moveTo(activeIndex - pageRows(), event.shiftKey)
      else if (event.key === 'Home') moveTo(0, event.shiftKey)
      else if (event.key === 'End') moveTo(rows.length - 1, event.shiftKey)
      else if (event.key === ' ') toggle(activeIndex)
      else if (event.key === 'Enter' && row) onOpen(row)
      else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) onSelect(new Set(rows.map(({ id }) => id)))
      else if ((event.key === 'Delete' || event.key === 'Backspace') && row) {
        onRemove(selected.size > 0 ? rows.filter(({ id }) => selected.has(id)) : [row])
      } else if (event.key === 'Escape' && selected.size > 0) {
        event.stopPropagation()
        onSelect(new Set())
      } else return false
      return true
    }
    if (act()) event.preventDefault()
  }

  const onRowClick = (event: MouseEvent, index: number): void => {
    const row = rows[index]
    if (!row) return
    focusWanted.current = index
    setActive(index)
    const onBox = event.target instanceof Element && event.target.closest('.row-check') !== null
    if (event.shiftKey) selectRange(index)
    else if (onBox || event.ctrlKey || event.metaKey) toggle(index)
    else {
      anchor.current = index
      onOpen(row)
    }
  }
  // Rows are memoised; one stable function serves them all, whatever has changed since.
  const latest = useRef({ onRowClick, onReview })
  useEffect(() => {
    latest.current = { onRowClick, onReview }
  })
  const stableClick = useMemo(() => (event: MouseEvent, index: number) => latest.current.onRowClick(event, index), [])
  const stableReview = useMemo(
    () => (document: Document, approve: boolean) => latest.current.onReview(document, approve),
    [],
  )

  const allSelected = rows.length > 0 && rows.every((row) => selected.has(row.id))
  const tracks = columns.map(({ leastRem, share }) =>
    share > 0 ? `minmax(${leastRem}rem, ${share}fr)` : `${leastRem}rem`,
  )
  const layout = {
    '--table-template': `2.25rem ${tracks.join(' ')}`,
    '--table-least': `${leastWidthRem(columns)}rem`,
  }

  return (
    <div
      ref={scroller}
      className="table"
      role="grid"
      aria-label="Documents"
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length + 1}
      aria-multiselectable="true"
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
          <div role="columnheader" aria-colindex={1} className="table-cell">
            <button
              type="button"
              className="row-check"
              role="checkbox"
              aria-checked={allSelected ? true : selected.size > 0 ? 'mixed' : false}
              aria-label="Select all shown"
              onClick={() => onSelect(allSelected ? new Set() : new Set(rows.map((row) => row.id)))}
            >
              <span
                className="check-box"
                data-checked={allSelected || undefined}
                data-mixed={selected.size > 0 || undefined}
              />
            </button>
          </div>
          {columns.map((column, index) => {
            const sorted = sort.column === column.id
            return (
              <div
                key={column.id}
                role="columnheader"
                aria-colindex={index + 2}
                aria-sort={sorted ? (sort.descending ? 'descending' : 'ascending') : 'none'}
                className={`table-cell${column.numeric ? ' table-numeric' : ''}`}
              >
                <button type="button" className="table-sort" onClick={() => onSort(column.id)}>
                  {column.label}
                  {sorted ? (
                    sort.descending ? (
                      <ArrowDown size={13} aria-hidden />
                    ) : (
                      <ArrowUp size={13} aria-hidden />
                    )
                  ) : null}
                </button>
              </div>
            )
          })}
        </div>
      </div>
      <div role="rowgroup" className="table-body" style={{ height: virtualizer.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index]
          return row ? (
            <Row
              key={item.key}
              document={row}
              index={item.index}
              top={item.start}
              columns={columns}
              isActive={item.index === activeIndex}
              isSelected={selected.has(row.id)}
              isOpen={row.id === openId}
              onClick={stableClick}
              onReview={stableReview}
            />
          ) : null
        })}
      </div>
    </div>
  )
}

interface RowProps {
  document: Document
  index: number
  top: number
  columns: readonly DocumentColumn[]
  isActive: boolean
  isSelected: boolean
  isOpen: boolean
  onClick(event: MouseEvent, index: number): void
  onReview(document: Document, approve: boolean): void
}

const Row = memo(function Row({
  document,
  index,
  top,
  columns,
  isActive,
  isSelected,
  isOpen,
  onClick,
  onReview,
}: RowProps) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      data-index={index}
      data-open={isOpen || undefined}
      tabIndex={isActive ? 0 : -1}
      className="table-row"
      style={{ transform: `translateY(${top}px)` }}
      onClick={(event) => onClick(event, index)}
    >
      <div role="gridcell" aria-colindex={1} className="table-cell">
        <span className="row-check">
          <span className="check-box" data-checked={isSelected || undefined} />
        </span>
      </div>
      {columns.map((column, columnIndex) => (
        <div
          key={column.id}
          role="gridcell"
          aria-colindex={columnIndex + 2}
          className={`table-cell table-${column.id}${column.numeric ? ' table-numeric' : ''}`}
          title={column.id === 'name' ? [document.path, ...document.otherPaths].join('\n') : undefined}
        >
          {column.id === 'status' ? (
            <StatusCell document={document} isActive={isActive} onReview={onReview} />
          ) : column.id === 'name' ? (
            <NameCell document={document} />
          ) : column.id === 'tags' ? (
            <TagList tags={document.tags} />
          ) : (
            column.text(document)
          )}
        </div>
      ))}
    </div>
  )
})

/** The name; that it hangs on a message (whose path is its folder); where else the same content is. */
function NameCell({ document }: { document: Document }) {
  const [other, ...more] = document.otherPaths
  return (
    <>
      {document.parentId ? <Paperclip size={12} aria-label="Attached to a document: " className="name-icon" /> : null}
      {document.name}
      {other === undefined ? null : (
        <span className="name-also">
          also at {other}
          {more.length > 0 ? ` and ${more.length} more` : ''}
        </span>
      )}
    </>
  )
}
