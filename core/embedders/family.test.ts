import { mkdtemp, rm, writeFile, cp } from 'node:fs/promises'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pipeline } from '@xenova/transformers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createModelLocator } from '../model-files/locator.ts'
import type { Embedder } from './embedder.ts'
import { embedderDefinitions } from './list.ts'

const models = fileURLToPath(new URL('../../models/', import.meta.url))
const dependencies = { locateModel: createModelLocator([models]), threads: 1 }

describe('the list', () => {
  it('names every implementation in the folder', () => {
    const files = readdirSync(new URL('.', import.meta.url)).filter((file) => !/test|list|embedder\.ts/.test(file))
    expect(embedderDefinitions.map(({ id }) => `${id}.ts`).sort()).toEqual(files.sort())
  })
})

describe.each(embedderDefinitions)('$id', (definition) => {
  const open = (options: Record<string, unknown> = {}): Promise<Embedder> =>
    definition.create(definition.options.parse(options), dependencies)
  let embedder: Embedder
  beforeAll(async () => {
    embedder = await open()
  })
  afterAll(() => embedder.dispose())
  const one = async (text: string): Promise<Float32Array> => embedder.embed([text], 'passage')

  it('says what it is', () => {
    expect(embedder.modelId).toMatch(/^static-256-[0-9a-f]{16}$/)
    expect(embedder.dimensions).toBe(256)
    expect(embedder.tokenizer.count('two words')).toBeGreaterThan(1)
  })

  it('gives unit vectors: a text’s own, in any company and order', async () => {
    const texts = ['a short one', 'wing '.repeat(700), '', 'the wing of an aircraft in a slipstream', 'a short one']
    const vectors = await embedder.embed(texts, 'passage')
    expect(vectors).toHaveLength(texts.length * 256)
    for (const [row, text] of texts.entries()) {
      const vector = vectors.slice(row * 256, (row + 1) * 256)
      expect(Math.hypot(...vector)).toBeCloseTo(text === '' ? 0 : 1, 5)
      expect(cosine(vector, await one(text))).toBeCloseTo(text === '' ? 0 : 1, 5)
    }
  })

  it('gives the vectors of the library’s own pipeline', async () => {
    const library = await pipeline('feature-extraction', 'static-256', { dtype: 'fp32', local_files_only: true })
    const texts = ['What similarity laws must be obeyed?', 'Ünïcode, ﬁnally: 42 % of it!', 'x']
    const expected = (await library(texts, { pooling: 'mean', normalize: true })).data as Float32Array
    const actual = await embedder.embed(texts, 'query')
    expect(Math.max(...actual.map((value, index) => Math.abs(value - expected[index]!)))).toBeLessThan(1e-5)
    await library.dispose()
  })

  it('knows related from unrelated', async () => {
    const [question, near, far] = await Promise.all(
      ['heart attack symptoms', 'signs of myocardial infarction', 'how to compile a kernel'].map(one),
    )
    expect(cosine(question!, near!)).toBeGreaterThan(cosine(question!, far!) + 0.1)
  })

  it('gives zeros, never NaN, for texts without a token it knows', async () => {
    const vectors = await embedder.embed(['', ' \n ', '\u0000', '🙂🙃', '\ud800', 'ok'], 'passage')
    expect([...vectors].every(Number.isFinite)).toBe(true)
    expect([...vectors.slice(0, 3 * 256)].every((value) => value === 0)).toBe(true)
    expect(Math.hypot(...vectors.slice(5 * 256))).toBeCloseTo(1, 5)
  })

  it('takes no texts at all', async () => {
    expect(await embedder.embed([], 'passage')).toEqual(new Float32Array(0))
  })

  it('cuts texts at the limit', async () => {
    const limited = await open({ maxTokens: 8 })
    expect(limited.maxTokens).toBe(8)
    const [long] = [await limited.embed([`${'wing '.repeat(8)}${'kernel '.repeat(100)}`], 'passage')]
    expect(cosine(long, await one('wing'))).toBeCloseTo(1, 5)
    await limited.dispose()
  })

  it('stops when it is cancelled, and after it was closed', async () => {
    await expect(embedder.embed(['x'], 'query', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    })
    const closed = await open()
    await closed.dispose()
    await closed.dispose()
    await expect(closed.embed(['x'], 'query')).rejects.toMatchObject({ code: 'internal' })
  })

  it('names a model that is not there, and one that is broken', async () => {
    await expect(open({ model: 'nowhere' })).rejects.toMatchObject({ code: 'model-missing' })
    const folder = await mkdtemp(join(tmpdir(), 'quarry-broken-'))
    await cp(join(models, 'static-256'), join(folder, 'broken'), { recursive: true })
    await writeFile(join(folder, 'broken/onnx/model.onnx'), 'not a model')
    const locateModel = createModelLocator([folder])
    const broken = definition.create(definition.options.parse({ model: 'broken' }), { locateModel, threads: 1 })
    await expect(broken).rejects.toMatchObject({ code: 'model-invalid' })
    await rm(folder, { recursive: true })
  })
})

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0)
}
