/** What a column of a table needs and how soon it goes where there is no room. */
export interface ColumnRoom {
  /** The least width at which it can be read, in rem. */
  leastRem: number
  /** Where there is no room, columns of the highest number leave first; 0 never leaves. */
  leaves: number
}

/** The columns that fit into a width, in their order: those that matter least leave first. */
export function fitColumns<Column extends ColumnRoom>(columns: readonly Column[], widthRem: number): Column[] {
  const kept = [...columns]
  while (leastWidthRem(kept) > widthRem) {
    const last = kept.reduce<Column | undefined>(
      (found, column) => (column.leaves > (found?.leaves ?? 0) ? column : found),
      undefined,
    )
    if (!last) break
    kept.splice(kept.indexOf(last), 1)
  }
  return kept
}

export function leastWidthRem(columns: readonly ColumnRoom[]): number {
  return columns.reduce((sum, { leastRem }) => sum + leastRem, 0)
}
