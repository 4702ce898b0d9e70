import { useMemo, useRef, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { type ColumnRoom, fitColumns } from './table-columns.ts'
import { useWidthRem } from './use-width.ts'

/** One column: what is shown of a row and how rows are sorted by it. */
export interface RowColumn<Row> extends ColumnRoom {
  id: string
  label: string
  numeric: boolean
  text(row: Row): string
  /** Instead of the text. */
  cell?(row: Row): ReactNode
  /** Absent: it is not sorted by. */
  compare?(a: Row, b: Row): number
}

export interface RowSort {
  column: string
  descending: boolean
}

/**
 * A table of some dozens to some thousands of rows whose first column takes what room is left. Where rows lead
 * somewhere, the first cell is a link (`href`); arrows go from link to link.
 */
export function RowTable<Row>({
  label,
  columns: wanted,
  rows,
  keyOf,
  href,
  openKey,
  sort,
  onSort,
}: {
  label: string
  columns: readonly RowColumn<Row>[]
  rows: readonly Row[]
  keyOf(row: Row): string
  href?: (row: Row) => string
  openKey?: string | null
  sort?: RowSort
  onSort?: (column: string) => void
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const widthRem = useWidthRem(scroller)
  const columns = useMemo(() => fitColumns(wanted, widthRem - aroundRem), [wanted, widthRem])
  const onKeyDown = (event: KeyboardEvent): void => {
    const links = [...(scroller.current?.querySelectorAll<HTMLElement>('[data-row-link]') ?? [])]
    const at = links.findIndex((link) => link === event.target)
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key]
    if (at < 0 || next === undefined) return
    event.preventDefault()
    links[Math.min(Math.max(next, 0), links.length - 1)]?.focus()
  }
  const onRowClick = (event: MouseEvent<HTMLElement>): void => {
    // A click on a link, a button or words being selected is theirs.
    if (event.target instanceof Element && event.target.closest('a, button')) return
    if (window.getSelection()?.toString()) return
    const link = event.currentTarget.querySelector<HTMLElement>('[data-row-link]')
    link?.focus()
    link?.click()
  }
  return (
    // It scrolls, so it takes the focus where there is nothing inside that does.
    <div ref={scroller} className="row-table" role="region" aria-label={label} tabIndex={href ? undefined : 0}>
      <table className="plain-table" onKeyDown={onKeyDown}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const key = keyOf(row)
            return (
              <tr
                key={key}
                data-open={key === openKey || undefined}
                data-links={href ? true : undefined}
                onClick={href ? onRowClick : undefined}
              >
                {columns.map((column, index) => (
                  <td key={column.id} className={cellClass(column, index)}>
                    {index === 0 && href ? (
                      <a
                        href={href(row)}
                        data-row-link
                        id={`row-${key}`}
                        aria-current={key === openKey ? 'true' : undefined}
                      >
                        {column.text(row)}
                      </a>
                    ) : column.cell ? (
                      column.cell(row)
                    ) : (
                      column.text(row)
                    )}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

/** Padding at both ends and room for a scroll bar. */
const aroundRem = 2

function Head<Row>({
  column,
  sort,
  onSort,
}: {
  column: RowColumn<Row>
  sort: RowSort | undefined
  onSort: ((column: string) => void) | undefined
}) {
  const sorted = sort?.column === column.id
  const Arrow = sort?.descending ? ArrowDown : ArrowUp
  return (
    <th
      scope="col"
      className={column.numeric ? 'table-numeric' : undefined}
      aria-sort={sorted ? (sort.descending ? 'descending' : 'ascending') : undefined}
    >
      {column.compare && onSort ? (
        <button type="button" className="table-sort" onClick={() => onSort(column.id)}>
          {column.label}
          {sorted ? <Arrow size={13} aria-hidden /> : null}
        </button>
      ) : (
        column.label
      )}
    </th>
  )
}

function cellClass<Row>(column: RowColumn<Row>, index: number): string {
  return [index === 0 ? 'row-first' : '', column.numeric ? 'table-numeric number' : ''].filter(Boolean).join(' ')
}

/** The rows in order; equal ones keep the order in which they came. */
export function sortRows<Row>(rows: readonly Row[], columns: readonly RowColumn<Row>[], sort: RowSort): Row[] {
  const compare = columns.find(({ id }) => id === sort.column)?.compare
  if (!compare) return [...rows]
  return rows.toSorted(sort.descending ? (a, b) => compare(b, a) : compare)
}

/** A press on a column: sorted by it, and the other way round when it already was. */
export function sortedBy(sort: RowSort, column: string): RowSort {
  return { column, descending: sort.column === column && !sort.descending }
}
