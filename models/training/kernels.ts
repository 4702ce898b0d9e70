import { advance, countDown, encodeWasmModule, f32, f32x4, get, i32, i32x4, set, v128, when } from './wasm-writer.ts'
import type { Code, WasmFunction } from './wasm-writer.ts'

/**
 * The inner loops of training as WebAssembly SIMD over one shared memory. Addresses are bytes; matrices are float32.
 * Sums are taken in an order that depends on the shapes alone, so the bits are the same on every machine.
 */
export interface Kernels {
  /**
   * One tile of a matrix product: out[4 × 8] = start[4 × 8] + a · b, where `a` is packed [depth][4] and `b` [depth][8].
   * `start` 0 means zeros. `stride`: bytes from row to row of `out` and `start`. `depth`: a multiple of 4.
   */
  tile(out: number, start: number, stride: number, a: number, b: number, depth: number): void
  /** target[0…length) += scale × source. `length`: a multiple of 8, as everywhere below. */
  addScaled(target: number, source: number, scale: number, length: number): void
  /** Σ values². */
  squares(values: number, length: number): number
  /**
   * e[j] = exp(x[j]) with x[j] = max(-80, dots[j] × rowScale × columnScales[j]); columnSums[j] += e[j].
   * Returns Σ e. Relative error below 2e-7.
   */
  exponentials(
    e: number,
    dots: number,
    rowScale: number,
    columnScales: number,
    columnSums: number,
    length: number,
  ): number
  /**
   * One row of the loss's gradient. With x as above and g[j] = e[j] × (rowWeight + columnWeights[j]):
   * e[j] := next[j] + g[j] × rowScale × columnScales[j]; columnDots[j] += g[j] × x[j]. Returns Σ g x. `next` 0: zeros.
   */
  gradients(
    e: number,
    next: number,
    dots: number,
    rowScale: number,
    columnScales: number,
    rowWeight: number,
    columnWeights: number,
    columnDots: number,
    length: number,
  ): number
  /**
   * Adam (Kingma and Ba 2014, arXiv:1412.6980) on one row: `rate` holds the step size with the correction of the first
   * moment, `correction` the square root of that of the second.
   */
  adam(
    values: number,
    first: number,
    second: number,
    gradient: number,
    length: number,
    rate: number,
    correction: number,
  ): void
}

/** Decay of Adam's moments. */
export const adamDecay = { first: 0.9, second: 0.999 } as const

export const maxMemoryPages = 32_768

/** The kernels over a memory made by `createMemory`. */
export function loadKernels(memory: WebAssembly.Memory): Kernels {
  const module = new WebAssembly.Module(encodeWasmModule(functions, maxMemoryPages))
  return new WebAssembly.Instance(module, { environment: { memory } }).exports as unknown as Kernels
}

/** Room for `bytes`, shared between threads, filled with zeros. At most 2 GiB. */
export function createMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / 65_536)
  return new WebAssembly.Memory({ initial: pages, maximum: maxMemoryPages, shared: true })
}

const vector = 16

const expPolynomial = [
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
]

const tile: WasmFunction = (() => {
  const [out, start, stride, a, b, depth] = [0, 1, 2, 3, 4, 5]
  const [left, right, value, pointer, sums] = [6, 7, 8, 9, 10]
  const rows = [0, 1, 2, 3]
  const sum = (row: number, half: number): number => sums + row * 2 + half
  const step = (index: number): Code => [
    set(left, v128.load(get(b), index * 2 * vector)),
    set(right, v128.load(get(b), (index * 2 + 1) * vector)),
    rows.map((row) => [
      set(value, v128.loadSplat(get(a), index * vector + row * 4)),
      set(sum(row, 0), f32x4.add(get(sum(row, 0)), f32x4.multiply(get(value), get(left)))),
      set(sum(row, 1), f32x4.add(get(sum(row, 1)), f32x4.multiply(get(value), get(right)))),
    ]),
  ]
  const nextRow = set(pointer, i32.add(get(pointer), get(stride)))
  return {
    name: 'tile',
    parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    locals: ['v128', 'v128', 'v128', 'i32', ...Array.from({ length: 8 }, () => 'v128' as const)],
    body: [
      when(
        get(start),
        [
          set(pointer, get(start)),
          rows.map((row) => [
            set(sum(row, 0), v128.load(get(pointer))),
            set(sum(row, 1), v128.load(get(pointer), vector)),
            nextRow,
          ]),
        ],
        [],
      ),
      countDown(depth, 4, [[0, 1, 2, 3].map(step), advance(a, 4 * vector), advance(b, 8 * vector)]),
      set(pointer, get(out)),
      rows.map((row) => [
        v128.store(get(pointer), 0, get(sum(row, 0))),
        v128.store(get(pointer), vector, get(sum(row, 1))),
        nextRow,
      ]),
    ],
  }
})()

const addScaled: WasmFunction = (() => {
  const [target, source, scale, length, scales] = [0, 1, 2, 3, 4]
  const step = (offset: number): Code =>
    v128.store(
      get(target),
      offset,
      f32x4.add(v128.load(get(target), offset), f32x4.multiply(v128.load(get(source), offset), get(scales))),
    )
  return {
    name: 'addScaled',
    parameters: ['i32', 'i32', 'f32', 'i32'],
    locals: ['v128'],
    body: [
      set(scales, f32x4.splat(get(scale))),
      countDown(length, 8, [step(0), step(vector), advance(target, 2 * vector), advance(source, 2 * vector)]),
    ],
  }
})()

const squares: WasmFunction = (() => {
  const [values, length, sum, value] = [0, 1, 2, 3]
  const step = (offset: number): Code => [
    set(value, v128.load(get(values), offset)),
    set(sum, f32x4.add(get(sum), f32x4.multiply(get(value), get(value)))),
  ]
  return {
    name: 'squares',
    parameters: ['i32', 'i32'],
    result: 'f32',
    locals: ['v128', 'v128'],
    body: [countDown(length, 8, [step(0), step(vector), advance(values, 2 * vector)]), total(sum)],
  }
})()

const exponentials: WasmFunction = (() => {
  const [e, dots, rowScale, columnScales, columnSums, length] = [0, 1, 2, 3, 4, 5]
  const [scales, sum, x, whole, power] = [6, 7, 8, 9, 10]
  return {
    name: 'exponentials',
    parameters: ['i32', 'i32', 'f32', 'i32', 'i32', 'i32'],
    result: 'f32',
    locals: ['v128', 'v128', 'v128', 'v128', 'v128'],
    body: [
      set(scales, f32x4.splat(get(rowScale))),
      countDown(length, 4, [
        set(x, scaledDots(dots, scales, columnScales)),
        // Cephes' expf: e^x = 2^n e^r, r in ±ln(2)/2, by a polynomial.
        set(whole, f32x4.nearest(f32x4.multiply(get(x), f32x4.constant(Math.LOG2E)))),
        set(x, f32x4.subtract(get(x), f32x4.multiply(get(whole), f32x4.constant(0.693359375)))),
        set(x, f32x4.subtract(get(x), f32x4.multiply(get(whole), f32x4.constant(-2.1219444e-4)))),
        set(power, f32x4.constant(expPolynomial[0]!)),
        expPolynomial
          .slice(1)
          .map((factor) => set(power, f32x4.add(f32x4.multiply(get(power), get(x)), f32x4.constant(factor)))),
        set(power, f32x4.add(f32x4.multiply(get(power), f32x4.multiply(get(x), get(x))), get(x))),
        set(power, f32x4.add(get(power), f32x4.constant(1))),
        // The bits of 2^n.
        set(whole, i32x4.shiftLeft(i32x4.add(i32x4.truncate(get(whole)), i32x4.constant(127)), 23)),
        set(power, f32x4.multiply(get(power), get(whole))),
        v128.store(get(e), 0, get(power)),
        set(sum, f32x4.add(get(sum), get(power))),
        v128.store(get(columnSums), 0, f32x4.add(v128.load(get(columnSums)), get(power))),
        [e, dots, columnScales, columnSums].map((pointer) => advance(pointer, vector)),
      ]),
      total(sum),
    ],
  }
})()

const gradients: WasmFunction = (() => {
  const [e, next, dots, rowScale, columnScales, rowWeight, columnWeights, columnDots, length] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8,
  ]
  const [scales, weights, sum, g, value] = [9, 10, 11, 12, 13]
  const scaled = f32x4.multiply(get(g), f32x4.multiply(get(scales), v128.load(get(columnScales))))
  return {
    name: 'gradients',
    parameters: ['i32', 'i32', 'i32', 'f32', 'i32', 'f32', 'i32', 'i32', 'i32'],
    result: 'f32',
    locals: ['v128', 'v128', 'v128', 'v128', 'v128'],
    body: [
      set(scales, f32x4.splat(get(rowScale))),
      set(weights, f32x4.splat(get(rowWeight))),
      countDown(length, 4, [
        set(g, f32x4.multiply(v128.load(get(e)), f32x4.add(get(weights), v128.load(get(columnWeights))))),
        set(value, f32x4.multiply(get(g), scaledDots(dots, scales, columnScales))),
        set(sum, f32x4.add(get(sum), get(value))),
        v128.store(get(columnDots), 0, f32x4.add(v128.load(get(columnDots)), get(value))),
        when(
          get(next),
          [v128.store(get(e), 0, f32x4.add(v128.load(get(next)), scaled)), advance(next, vector)],
          v128.store(get(e), 0, scaled),
        ),
        [e, dots, columnScales, columnWeights, columnDots].map((pointer) => advance(pointer, vector)),
      ]),
      total(sum),
    ],
  }
})()

const adam: WasmFunction = (() => {
  const [values, first, second, gradient, length, rate, correction] = [0, 1, 2, 3, 4, 5, 6]
  const [rates, corrections, g, m, v] = [7, 8, 9, 10, 11]
  const decayed = (old: Code, decay: number, fresh: Code): Code =>
    f32x4.add(f32x4.multiply(old, f32x4.constant(decay)), f32x4.multiply(fresh, f32x4.constant(1 - decay)))
  return {
    name: 'adam',
    parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'f32', 'f32'],
    locals: ['v128', 'v128', 'v128', 'v128', 'v128'],
    body: [
      set(rates, f32x4.splat(get(rate))),
      set(corrections, f32x4.splat(get(correction))),
      countDown(length, 4, [
        set(g, v128.load(get(gradient))),
        set(m, decayed(v128.load(get(first)), adamDecay.first, get(g))),
        set(v, decayed(v128.load(get(second)), adamDecay.second, f32x4.multiply(get(g), get(g)))),
        v128.store(get(first), 0, get(m)),
        v128.store(get(second), 0, get(v)),
        v128.store(
          get(values),
          0,
          f32x4.subtract(
            v128.load(get(values)),
            f32x4.divide(
              f32x4.multiply(get(rates), get(m)),
              f32x4.add(f32x4.divide(f32x4.sqrt(get(v)), get(corrections)), f32x4.constant(1e-8)),
            ),
          ),
        ),
        [values, first, second, gradient].map((pointer) => advance(pointer, vector)),
      ]),
    ],
  }
})()

const functions = [tile, addScaled, squares, exponentials, gradients, adam]

function scaledDots(dots: number, scales: number, columnScales: number): Code {
  const x = f32x4.multiply(f32x4.multiply(v128.load(get(dots)), get(scales)), v128.load(get(columnScales)))
  return f32x4.max(x, f32x4.constant(-80))
}

/** The sum of the four lanes, in order. */
function total(local: number): Code {
  return [0, 1, 2, 3].map((lane) => f32x4.lane(get(local), lane)).reduce((sum, lane) => f32.add(sum, lane))
}
