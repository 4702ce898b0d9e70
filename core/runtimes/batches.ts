/**
 * Cuts rows into calls of a model: rows of one length share a call, so that little of it is padding. `maxTokens` bounds
 * a call's tokens, padding included; a longer row has a call of its own.
 */
export function* batchesByLength<Row extends { ids: ArrayLike<number> }>(
  rows: readonly Row[],
  { maxTokens, maxRows = Infinity }: { maxTokens: number; maxRows?: number },
): Generator<Row[]> {
  let batch: Row[] = []
  for (const row of rows.toSorted((a, b) => a.ids.length - b.ids.length)) {
    if (batch.length > 0 && (batch.length >= maxRows || (batch.length + 1) * row.ids.length > maxTokens)) {
      yield batch
      batch = []
    }
    batch.push(row)
  }
  if (batch.length > 0) yield batch
}
