import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadOnnxModel } from '../runtimes/onnx.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { writeTinyEncoder } from '../testing/tiny-models/onnx-models.ts'
import { endId, startId } from '../testing/tiny-models/vocabulary.ts'
import type { Embedder } from './embedder.ts'
import { cosine } from './embedders.suite.ts'
import { windowsOf } from './parts/late-chunking.ts'
import { transformersEmbedder } from './transformers.ts'

const temporary = temporaryFolder()
const folder = join(temporary.path, 'tiny')
const bundled = fileURLToPath(new URL('../../models/', import.meta.url))

function open(options: Record<string, unknown> = {}): Promise<Embedder> {
  const parsed = transformersEmbedder.options.parse({ model: 'tiny', lateChunking: true, ...options })
  const locateModel = async (name: string) => (name === 'tiny' ? folder : join(bundled, name))
  return transformersEmbedder.create(parsed, { locateModel, threads: 1 })
}

beforeAll(async () => {
  await writeTinyEncoder(folder, { maxTokens: 64 })
})
afterAll(() => temporary[Symbol.dispose]())

const text = 'the heart is a pump. the pump moves blood through the body. it never rests.'
const spanOf = (part: string, from = 0): { start: number; end: number } => {
  const start = text.indexOf(part, from)
  return { start, end: start + part.length }
}

/** The mean of some tokens' states in one pass over given tokens, by the model itself. */
async function meanOfStates(ids: Int32Array, first: number, end: number): Promise<number[]> {
  const model = await loadOnnxModel(folder, 'states', { precision: 'fp32', threads: 1 })
  const { data, dimensions } = await model.run([{ ids: [startId, ...ids, endId] }], ['last_hidden_state'])
  await model.dispose()
  const width = dimensions[2]!
  const sum = Array.from({ length: width }, (_, column) => {
    let total = 0
    for (let token = first; token < end; token++) total += data[(token + 1) * width + column]!
    return total
  })
  const length = Math.hypot(...sum)
  return sum.map((value) => value / length)
}
const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, index) => Math.abs(value - b[index]!)))

describe('late chunking', () => {
  it('gives the mean of a span’s tokens as they are read in the whole text', async () => {
    const embedder = await open()
    const span = spanOf('the pump moves blood')
    const vector = await embedder.embedSpans!(text, [span])
    const { ids, starts } = embedder.tokenizer.encode(text)
    const inside = [...starts].flatMap((start, token) => (start >= span.start && start < span.end ? [token] : []))
    expect(inside.length).toBeGreaterThan(3)
    expect(difference(vector, await meanOfStates(ids, inside[0]!, inside.at(-1)! + 1))).toBeLessThan(1e-4)
    await embedder.dispose()
  })

  it('makes other vectors of the same words in another place, and says so by its model id', async () => {
    const [late, plain] = await Promise.all([open(), open({ lateChunking: false })])
    const [one, two] = [spanOf('pump'), spanOf('pump', 20)]
    const vectors = await late.embedSpans!(text, [one, two])
    const alone = await plain.embed(['pump'], 'passage')
    const [a, b] = [vectors.subarray(0, 32), vectors.subarray(32)]
    expect(cosine(a, b)).toBeLessThan(0.9999)
    expect(cosine(a, alone)).toBeLessThan(0.9999)
    expect(late.modelId).toBe(`${plain.modelId}-late`)
    expect(plain.embedSpans).toBeUndefined()
    await Promise.all([late.dispose(), plain.dispose()])
  })

  it('reads long texts in windows, each token where it stands further from an edge; spans do not matter for that', async () => {
    const embedder = await open()
    const long = Array.from({ length: 12 }, () => text).join(' ')
    const { ids, starts, ends } = embedder.tokenizer.encode(long)
    expect(ids.length).toBeGreaterThan(150)
    const words = [0, 20, 47, 90, ids.length - 1].map((token) => ({ start: starts[token]!, end: ends[token]! }))
    const together = await embedder.embedSpans!(long, words)
    for (const [row, span] of words.entries()) {
      expect(
        difference(await embedder.embedSpans!(long, [span]), together.subarray(row * 32, row * 32 + 32)),
      ).toBeLessThan(1e-4)
    }
    // 62 tokens a window, 15 of them in the next one, too: token 47 is the first of the second window, and the first's to give.
    expect(difference(together.subarray(64, 96), await meanOfStates(ids.subarray(0, 62), 47, 48))).toBeLessThan(1e-4)
    expect(difference(together.subarray(96, 128), await meanOfStates(ids.subarray(47, 109), 43, 44))).toBeLessThan(1e-4)
    const [whole] = [await embedder.embedSpans!(long, [{ start: 0, end: long.length }])]
    expect(Math.hypot(...whole)).toBeCloseTo(1, 4)
    await embedder.dispose()
  })

  it('gives zeros where the model knows nothing, and nothing for no span', async () => {
    const embedder = await open()
    expect(
      [...(await embedder.embedSpans!('the \u4e2d\u6587 pump', [{ start: 4, end: 6 }]))].every((value) => value === 0),
    ).toBe(true)
    expect(await embedder.embedSpans!('', [])).toHaveLength(0)
    expect(await embedder.embedSpans!(text, [{ start: 5, end: 6 }])).toHaveLength(32)
    const aborted = embedder.embedSpans!(text, [spanOf('pump')], { signal: AbortSignal.abort() })
    await expect(aborted).rejects.toMatchObject({ code: 'cancelled' })
    await embedder.dispose()
  })

  it('is refused for models that are not of means, and changes nothing with the bundled one', async () => {
    await expect(open({ pooling: 'cls' })).rejects.toMatchObject({ code: 'input-invalid' })
    const [late, plain] = await Promise.all([
      open({ model: 'static-256' }),
      open({ model: 'static-256', lateChunking: false }),
    ])
    expect(late.embedSpans).toBeUndefined()
    expect(late.modelId).toBe(plain.modelId)
    await Promise.all([late.dispose(), plain.dispose()])
  })
})

describe('windows', () => {
  it('give each token once, with half of the overlap around it', () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 2, max: 200 }))
    fc.assert(
      fc.property(sizes, ([count, room]) => {
        const overlap = Math.floor(room / 4)
        const windows = windowsOf(count, room, room - overlap, overlap)
        let next = 0
        for (const { first, end, own } of windows) {
          expect(own.first).toBe(next)
          expect(end - first).toBeLessThanOrEqual(room)
          expect(own.first - first).toBeGreaterThanOrEqual(first === 0 ? 0 : Math.floor(overlap / 2))
          expect(end - own.end).toBeGreaterThanOrEqual(end === count ? 0 : Math.floor(overlap / 2))
          next = own.end
        }
        expect(next).toBe(count)
      }),
    )
  })
})
