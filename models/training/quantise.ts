/** A table of vectors with a byte a number: value ≈ number × the scale of its row. */
export interface QuantisedTable {
  rows: number
  columns: number
  /** Row-major, −127 to 127. */
  values: Int8Array
  scales: Float32Array
}

/** Each row by its own largest number, so that short rows keep as many steps as long ones. A row of zeros stays one. */
export function quantise(table: Float32Array, columns: number): QuantisedTable {
  const rows = table.length / columns
  const values = new Int8Array(table.length)
  const scales = new Float32Array(rows)
  for (let row = 0; row < rows; row++) {
    const from = row * columns
    let largest = 0
    for (let column = 0; column < columns; column++) largest = Math.max(largest, Math.abs(table[from + column]!))
    if (largest === 0) continue
    scales[row] = largest / 127
    for (let column = 0; column < columns; column++) {
      values[from + column] = Math.round((table[from + column]! / largest) * 127)
    }
  }
  return { rows, columns, values, scales }
}

/** The table that the numbers stand for. */
export function restore({ rows, columns, values, scales }: QuantisedTable): Float32Array {
  const table = new Float32Array(rows * columns)
  for (let index = 0; index < table.length; index++) {
    table[index] = values[index]! * scales[Math.floor(index / columns)]!
  }
  return table
}
