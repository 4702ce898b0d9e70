import { describe, expect, it } from 'vitest'
import { createContrast } from './contrast.ts'
import { createMemory, loadKernels } from './kernels.ts'
import { contrastLoss } from './loss.ts'
import type { ContrastOptions } from './loss.ts'
import { createRandom } from './random.ts'

describe('contrastLoss', () => {
  it('is the value worked out by hand', () => {
    // Cosines 1 on the diagonal and 0 beside it: each of the four sums is e^2 + 1.
    const unit = [1, 0, 0, 1]
    const options = { batch: 2, dimensions: 2, prefixes: [{ size: 2, weight: 1 }], temperature: 0.5 }
    expect(contrastLoss(unit, unit, options)).toBeCloseTo(Math.log(Math.exp(2) + 1) - 2, 12)
    // Nothing but the pairs themselves is left to compare with.
    expect(contrastLoss(unit, unit, options, (i, j) => i !== j)).toBeCloseTo(0, 12)
  })

  it('adds the prefixes by their weights', () => {
    const [queries, passages] = [
      [3, 4, 1, 0],
      [3, -4, 1, 2],
    ]
    const part = (size: number): number =>
      contrastLoss(queries, passages, { batch: 2, dimensions: 2, prefixes: [{ size, weight: 1 }], temperature: 1 })
    const prefixes = [
      { size: 1, weight: 0.25 },
      { size: 2, weight: 3 },
    ]
    const both = contrastLoss(queries, passages, { batch: 2, dimensions: 2, prefixes, temperature: 1 })
    expect(both).toBeCloseTo(0.25 * part(1) + 3 * part(2), 12)
  })
})

describe('createContrast', () => {
  const options: ContrastOptions = {
    batch: 128,
    dimensions: 32,
    prefixes: [
      { size: 8, weight: 0.5 },
      { size: 32, weight: 1 },
    ],
    temperature: 0.1,
  }
  const masks = new Map([
    [3, [5, 100]],
    [5, [3]],
    [127, [0]],
  ])
  const masked = (i: number, j: number): boolean => masks.get(i)?.includes(j) ?? false

  it('gives the loss of the last prefix', () => {
    const { loss, queries, passages } = compute(options, masks)
    const last = { ...options, prefixes: [{ size: 32, weight: 1 }] }
    expect(loss).toBeCloseTo(contrastLoss(queries, passages, last, masked), 4)
  })

  it('gives the gradient that numeric differentiation gives', () => {
    const { queries, passages, gradient } = compute(options, masks)
    const texts = Float64Array.from([...queries, ...passages])
    const lossOf = (): number => contrastLoss(texts.subarray(0, 4096), texts.subarray(4096), options, masked)
    const step = 1e-4
    // Both sides, first and last rows, masked ones, both blocks of dimensions.
    for (const index of [
      0,
      3 * 32 + 1,
      5 * 32 + 20,
      127 * 32 + 31,
      4096,
      4096 + 5 * 32 + 7,
      4096 + 100 * 32 + 8,
      8191,
    ]) {
      const before = texts[index]!
      texts[index] = before + step
      const higher = lossOf()
      texts[index] = before - step
      const numeric = (higher - lossOf()) / (2 * step)
      texts[index] = before
      expect(gradient[index], `number ${index}`).toBeCloseTo(numeric, 6)
    }
    expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(1e-3)
  })

  it('moves no vector along itself', () => {
    const { queries, gradient } = compute(options, masks)
    for (const row of [0, 64, 127]) {
      let dot = 0
      for (let d = 0; d < 32; d++) dot += queries[row * 32 + d]! * gradient[row * 32 + d]!
      expect(dot).toBeCloseTo(0, 6)
    }
  })
})

function compute(
  options: ContrastOptions,
  masks: ReadonlyMap<number, readonly number[]>,
): { loss: number; queries: Float32Array; passages: Float32Array; gradient: Float32Array } {
  const memory = createMemory(8 << 20)
  const floats = new Float32Array(memory.buffer)
  let used = 64
  const allocate = (count: number): number => (used += count * 4) - count * 4
  const contrast = createContrast(options, { kernels: loadKernels(memory), floats, allocate, allocateOwn: allocate })
  const { batch, dimensions } = options
  const numbers = batch * dimensions
  const random = createRandom(7)
  const from = contrast.vectorAt(0) / 4
  for (let index = 0; index < numbers; index++) {
    floats[from + index] = random() - 0.4
    // Passages are like their queries, so that the loss is no noise.
    floats[from + numbers + index] = floats[from + index]! + (random() - 0.5) * 0.8
  }
  const every = (step: (chunk: number) => void): void => {
    for (let chunk = 0; chunk < contrast.chunks; chunk++) step(chunk)
  }
  every(contrast.prepare)
  every((chunk) => contrast.compare(chunk, masks))
  contrast.sumColumns()
  every(contrast.queryGradients)
  every(contrast.passageGradients)
  return {
    loss: contrast.loss(),
    queries: floats.slice(from, from + numbers),
    passages: floats.slice(from + numbers, from + 2 * numbers),
    gradient: floats.slice(contrast.gradientAt(0) / 4, contrast.gradientAt(0) / 4 + 2 * numbers),
  }
}
