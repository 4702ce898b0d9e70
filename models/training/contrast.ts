import type { Kernels } from './kernels.ts'
import type { ContrastOptions } from './loss.ts'

/**
 * The loss of `loss.ts` and its gradient, fast and shared between threads. Work is cut into chunks of 64 rows whatever
 * the number of threads, and partial sums are added chunk by chunk: the bits do not depend on how many there are.
 */
export interface Contrast {
  readonly chunks: number
  readonly chunkRows: number
  /** Byte address of a text's vector: query i is text i, passage i is text batch + i. */
  vectorAt(text: number): number
  /** The same for the gradient of the loss by that vector, there after `passageGradients`. */
  gradientAt(text: number): number
  /** First: when the vectors of this chunk's queries and passages are written. All threads wait after each step. */
  prepare(chunk: number): void
  /** Second. `masks`: for each query the passages that are no negatives, besides its own. */
  compare(chunk: number, masks: ReadonlyMap<number, readonly number[]>): void
  /** Third, each thread before its chunks. */
  sumColumns(): void
  queryGradients(chunk: number): void
  /** Fourth. */
  passageGradients(chunk: number): void
  /** The loss of the last prefix, alone and without its weight; from the third step on. */
  loss(): number
}

export interface ContrastMemory {
  kernels: Kernels
  floats: Float32Array
  /** Byte address of as many floats, zeros: shared by all threads, in the same order of calls. */
  allocate(floats: number): number
  /** The same for this thread alone. */
  allocateOwn(floats: number): number
}

export function createContrast(options: ContrastOptions, memory: ContrastMemory): Contrast {
  const { batch, dimensions, prefixes, temperature } = options
  const { kernels, floats, allocate, allocateOwn } = memory
  const chunkRows = Math.min(64, batch)
  const chunks = batch / chunkRows
  const count = prefixes.length
  const square = batch * batch
  const blocks = prefixes.map(({ size }, index) => ({ from: prefixes[index - 1]?.size ?? 0, to: size }))

  const vectors = allocate(2 * batch * dimensions)
  const vectorGradients = allocate(2 * batch * dimensions)
  /** 1 / length of each text's prefix: [prefix][text]. */
  const inverses = allocate(count * 2 * batch)
  /** Passages as [panel of 8][dimension][8]; passages and queries as [panel of 8 dimensions][text][8]. */
  const passagePanels = allocate(batch * dimensions)
  const passageColumns = allocate(batch * dimensions)
  const queryColumns = allocate(batch * dimensions)
  /** [prefix][query][passage]: dot products; then e^x, replaced by the factors of the gradient. */
  const dots = allocate(count * square)
  const factors = allocate(count * square)
  const rowSums = allocate(count * batch)
  const rowDots = allocate(count * batch)
  const columnSums = allocate(chunks * count * batch)
  const columnDots = allocate(chunks * count * batch)
  const columnTotals = allocateOwn(count * batch)
  const columnWeights = allocateOwn(count * batch)
  const packed = allocateOwn(chunkRows * Math.max(batch, dimensions))

  const at = (address: number): number => address >> 2
  const vectorAt = (text: number): number => vectors + text * dimensions * 4
  const gradientAt = (text: number): number => vectorGradients + text * dimensions * 4
  const gradientScale = (prefix: number): number => prefixes[prefix]!.weight / (2 * batch)
  const inverse = (prefix: number, text: number): number => floats[at(inverses) + prefix * 2 * batch + text]!

  /** Writes `rows` × `depth` numbers as [rows / 4][depth][4], as `tile` reads its left side. */
  function pack(source: number, rowStride: number, depthStride: number, depth: number): void {
    const target = at(packed)
    // Four neighbouring rows share cache lines where their numbers lie side by side.
    for (let row = 0; row < chunkRows; row += 4) {
      let from = at(source) + row * rowStride
      let to = target + row * depth
      for (let k = 0; k < depth; k++) {
        floats[to++] = floats[from]!
        floats[to++] = floats[from + rowStride]!
        floats[to++] = floats[from + 2 * rowStride]!
        floats[to++] = floats[from + 3 * rowStride]!
        from += depthStride
      }
    }
  }

  /** `gradients[texts] = packed · columns` for the dimensions of one block. */
  function multiply(firstText: number, columns: number, { from, to }: { from: number; to: number }): void {
    for (let panel = from / 8; panel < to / 8; panel++) {
      for (let row = 0; row < chunkRows; row += 4) {
        const target = gradientAt(firstText + row) + panel * 32
        kernels.tile(target, 0, dimensions * 4, packed + row * batch * 4, columns + panel * batch * 32, batch)
      }
    }
  }

  /** Takes the part along the vector out of its gradient: lengths do not matter to cosines. */
  function project(text: number, dotOf: (prefix: number) => number): void {
    let share = 0
    for (let block = count - 1; block >= 0; block--) {
      share += dotOf(block) * inverse(block, text) ** 2
      const { from, to } = blocks[block]!
      kernels.addScaled(gradientAt(text) + from * 4, vectorAt(text) + from * 4, -share, to - from)
    }
  }

  function scatterColumns(columns: number, text: number, index: number): void {
    const from = at(vectorAt(text))
    for (let d = 0; d < dimensions; d++) {
      floats[at(columns) + (d >> 3) * batch * 8 + index * 8 + (d & 7)] = floats[from + d]!
    }
  }

  function measure(text: number): void {
    let sum = 0
    blocks.forEach(({ from, to }, prefix) => {
      sum += kernels.squares(vectorAt(text) + from * 4, to - from)
      floats[at(inverses) + prefix * 2 * batch + text] = sum > 0 ? 1 / Math.sqrt(sum) : 0
    })
  }

  return {
    chunks,
    chunkRows,
    vectorAt,
    gradientAt,

    prepare(chunk) {
      for (let row = chunk * chunkRows; row < (chunk + 1) * chunkRows; row++) {
        measure(row)
        measure(batch + row)
        scatterColumns(queryColumns, row, row)
        scatterColumns(passageColumns, batch + row, row)
        const from = at(vectorAt(batch + row))
        const to = at(passagePanels) + (row >> 3) * dimensions * 8 + (row & 7)
        for (let d = 0; d < dimensions; d++) floats[to + d * 8] = floats[from + d]!
      }
    },

    compare(chunk, masks) {
      const first = chunk * chunkRows
      blocks.forEach(({ from, to }, prefix) => {
        pack(vectorAt(first) + from * 4, dimensions, 1, to - from)
        const target = dots + prefix * square * 4
        for (let panel = 0; panel < batch / 8; panel++) {
          const right = passagePanels + (panel * dimensions + from) * 32
          for (let row = 0; row < chunkRows; row += 4) {
            const place = ((first + row) * batch + panel * 8) * 4
            const start = prefix === 0 ? 0 : target - square * 4 + place
            kernels.tile(target + place, start, batch * 4, packed + row * (to - from) * 4, right, to - from)
          }
        }
        if (prefix > 0) return
        for (let row = first; row < first + chunkRows; row++) {
          // Longer prefixes add to this, which changes nothing at that size.
          for (const passage of masks.get(row) ?? []) floats[at(dots) + row * batch + passage] = -1e30
        }
      })
      for (let prefix = 0; prefix < count; prefix++) {
        const sums = columnSums + (chunk * count + prefix) * batch * 4
        floats.fill(0, at(sums), at(sums) + batch)
        for (let row = first; row < first + chunkRows; row++) {
          const place = (prefix * square + row * batch) * 4
          floats[at(rowSums) + prefix * batch + row] = kernels.exponentials(
            factors + place,
            dots + place,
            inverse(prefix, row) / temperature,
            inverses + (prefix * 2 * batch + batch) * 4,
            sums,
            batch,
          )
        }
      }
    },

    sumColumns() {
      floats.fill(0, at(columnTotals), at(columnTotals) + count * batch)
      for (let chunk = 0; chunk < chunks; chunk++) {
        kernels.addScaled(columnTotals, columnSums + chunk * count * batch * 4, 1, count * batch)
      }
      for (let prefix = 0; prefix < count; prefix++) {
        for (let column = 0; column < batch; column++) {
          const index = prefix * batch + column
          floats[at(columnWeights) + index] = gradientScale(prefix) / floats[at(columnTotals) + index]!
        }
      }
    },

    queryGradients(chunk) {
      const first = chunk * chunkRows
      for (let prefix = count - 1; prefix >= 0; prefix--) {
        const sums = columnDots + (chunk * count + prefix) * batch * 4
        floats.fill(0, at(sums), at(sums) + batch)
        for (let row = first; row < first + chunkRows; row++) {
          const place = (prefix * square + row * batch) * 4
          const rowScale = inverse(prefix, row) / temperature
          const dot = kernels.gradients(
            factors + place,
            prefix === count - 1 ? 0 : factors + place + square * 4,
            dots + place,
            rowScale,
            inverses + (prefix * 2 * batch + batch) * 4,
            gradientScale(prefix) / floats[at(rowSums) + prefix * batch + row]!,
            columnWeights + prefix * batch * 4,
            sums,
            batch,
          )
          // The pair itself: both halves of the loss pull it together.
          const scale = rowScale * inverse(prefix, batch + row)
          const pull = -2 * gradientScale(prefix)
          const own = pull * floats[at(dots + place) + row]! * scale
          floats[at(factors + place) + row]! += pull * scale
          floats[at(sums) + row]! += own
          floats[at(rowDots) + prefix * batch + row] = dot + own
        }
      }
      blocks.forEach((block, prefix) => {
        pack(factors + (prefix * square + first * batch) * 4, batch, 1, batch)
        multiply(first, passageColumns, block)
      })
      for (let row = first; row < first + chunkRows; row++) {
        project(row, (prefix) => floats[at(rowDots) + prefix * batch + row]!)
      }
    },

    passageGradients(chunk) {
      const first = chunk * chunkRows
      blocks.forEach((block, prefix) => {
        pack(factors + (prefix * square + first) * 4, 1, batch, batch)
        multiply(batch + first, queryColumns, block)
      })
      for (let row = first; row < first + chunkRows; row++) {
        project(batch + row, (prefix) => {
          let dot = 0
          for (let part = 0; part < chunks; part++) {
            dot += floats[at(columnDots) + (part * count + prefix) * batch + row]!
          }
          return dot
        })
      }
    },

    loss() {
      const last = count - 1
      let sum = 0
      for (let row = 0; row < batch; row++) {
        const scale = (inverse(last, row) / temperature) * inverse(last, batch + row)
        const own = floats[at(dots) + last * square + row * batch + row]! * scale
        const index = last * batch + row
        sum += Math.log(floats[at(rowSums) + index]!) + Math.log(floats[at(columnTotals) + index]!) - 2 * own
      }
      return sum / (2 * batch)
    },
  }
}
