import { cp, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AutoTokenizer, env, pipeline } from '@xenova/transformers'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '../contract/errors.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { writeTinyEncoder } from '../testing/tiny-models/onnx-models.ts'
import type { Embedder } from './embedder.ts'
import { cosine, describeEmbedder } from './embedders.suite.ts'
import { transformersEmbedder } from './transformers.ts'

const temporary = temporaryFolder()
const folder = temporary.path
const bundled = fileURLToPath(new URL('../../models/', import.meta.url))

async function locateModel(name: string): Promise<string> {
  if (name === 'nowhere') throw new AppError('model-missing', 'Not here.')
  return join(name === 'static-256' ? bundled : folder, name)
}

function open(options: Record<string, unknown> = {}): Promise<Embedder> {
  const parsed = transformersEmbedder.options.parse({ model: 'tiny', ...options })
  return transformersEmbedder.create(parsed, { locateModel, threads: 1 })
}

beforeAll(async () => {
  await writeTinyEncoder(join(folder, 'tiny'), { precisions: ['fp32', 'fp16', 'q8'] })
})
afterAll(() => temporary[Symbol.dispose]())

describeEmbedder('transformers, static', {
  dimensions: 256,
  open: (options) => open({ model: 'static-256', ...options }),
})
describeEmbedder('transformers, contextual', { dimensions: 32, open })

describe('the bundled model', () => {
  it('has the vectors of the library’s own pipeline', async () => {
    const embedder = await open({ model: 'static-256' })
    env.localModelPath = bundled
    const library = await pipeline('feature-extraction', 'static-256', { dtype: 'fp32', local_files_only: true })
    const texts = ['What similarity laws must be obeyed?', 'Ünïcode, ﬁnally: 42 % of it!', 'x']
    const expected = (await library(texts, { pooling: 'mean', normalize: true })).data as Float32Array
    const actual = await embedder.embed(texts, 'query')
    expect(Math.max(...actual.map((value, index) => Math.abs(value - expected[index]!)))).toBeLessThan(1e-5)
    await Promise.all([library.dispose(), embedder.dispose()])
  })

  it('knows related from unrelated', async () => {
    const embedder = await open({ model: 'static-256' })
    const texts = ['heart attack symptoms', 'signs of myocardial infarction', 'how to compile a kernel']
    const [question, near, far] = await Promise.all(texts.map((text) => embedder.embed([text], 'passage')))
    expect(cosine(question!, near!)).toBeGreaterThan(cosine(question!, far!) + 0.1)
    await embedder.dispose()
  })
})

describe('a model.json that weighs repeated tokens', () => {
  const facts = { repeats: 'logarithm' }

  it('makes a token that is there n times count ln(1 + n)', async () => {
    await cp(join(bundled, 'static-256'), join(folder, 'weighing'), { recursive: true })
    await writeFile(join(folder, 'weighing/model.json'), JSON.stringify(manifest('weighing', facts)))
    const [plain, weighing] = [await open({ model: 'static-256' }), await open({ model: 'weighing' })]
    expect(weighing.modelId).not.toBe(plain.modelId.replace('static-256', 'weighing'))
    const text = 'boat and boat and boat'
    const { ids } = plain.tokenizer.encode(text)
    expect(ids).toHaveLength(5)
    const session = await InferenceSession.create(join(bundled, 'static-256/onnx/model.onnx'))
    const input = new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, 5])
    const states = (await session.run({ input_ids: input })).last_hidden_state?.data as Float32Array
    for (const [embedder, boat, and] of [
      [plain, 3, 2],
      [weighing, Math.log(4), Math.log(3)],
    ] as const) {
      const sum = states.slice(0, 256).map((value, column) => boat * value + and * states[256 + column]!)
      const expected = sum.map((value) => value / Math.hypot(...sum))
      expect(1 - cosine(await embedder.embed([text], 'passage'), expected)).toBeLessThan(1e-6)
    }
    const [few, many] = [await weighing.embed(['boat'], 'query'), await weighing.embed(['boat boat'], 'query')]
    expect(1 - cosine(few, many)).toBeLessThan(1e-6)
    await Promise.all([plain.dispose(), weighing.dispose()])
  })

  it('is refused where vectors are no means of the tokens’ own', async () => {
    await writeTinyEncoder(join(folder, 'with-layers'), { manifest: manifest('with-layers', facts) })
    await expect(open({ model: 'with-layers' })).rejects.toMatchObject({ code: 'model-invalid' })
    await expect(open({ model: 'weighing', pooling: 'cls' })).rejects.toMatchObject({ code: 'model-invalid' })
  })
})

describe('a contextual model', () => {
  it.each(['mean', 'cls', 'last'] as const)('has the vectors of a plain computation: %s', async (pooling) => {
    const text = 'the boat of wax'
    const expected = await plainVector(join(folder, 'tiny'), text, pooling)
    const embedder = await open({ pooling })
    expect(1 - cosine(await embedder.embed([text], 'passage'), expected)).toBeLessThan(1e-5)
    await embedder.dispose()
  })

  it('has the vectors of the library’s own pipeline', async () => {
    const embedder = await open()
    env.localModelPath = folder
    const library = await pipeline('feature-extraction', 'tiny', { dtype: 'fp32', local_files_only: true })
    const texts = ['The wave height limit for boats is 1.5 m.', 'x']
    const expected = (await library(texts, { pooling: 'mean', normalize: true })).data as Float32Array
    const actual = await embedder.embed(texts, 'query')
    expect(Math.max(...actual.map((value, index) => Math.abs(value - expected[index]!)))).toBeLessThan(1e-5)
    await Promise.all([library.dispose(), embedder.dispose()])
  })

  it.each([
    ['fp16', 0.999],
    ['q8', 0.95],
  ] as const)('runs in %s: nearly the same vectors, another identity', async (precision, atLeast) => {
    const [exact, rounded] = [await open(), await open({ precision })]
    const text = 'the wave height limit of the boat'
    const alike = cosine(await exact.embed([text], 'passage'), await rounded.embed([text], 'passage'))
    expect(alike).toBeGreaterThan(atLeast)
    expect(alike).toBeLessThan(1)
    expect(rounded.modelId).not.toBe(exact.modelId)
    await Promise.all([exact.dispose(), rounded.dispose()])
  })

  it('says which weights there are', async () => {
    await writeTinyEncoder(join(folder, 'half'), { precisions: ['q8'] })
    await expect(open({ model: 'half', precision: 'fp32' })).rejects.toMatchObject({
      code: 'model-invalid',
      message: 'The model "half" has no weights in fp32; choose q8, or get that file.',
    })
    expect((await open({ model: 'half' })).dimensions).toBe(32)
  })
})

/** Pooling and prefixes as their publishers have them, of the families in the catalogue. */
describe.each([
  ['e5', { pooling: 'mean', prefixes: { query: 'query: ', passage: 'passage: ' } }],
  ['bge', { pooling: 'cls', prefixes: { query: 'Represent this sentence: ', passage: '' } }],
  ['minilm', { pooling: 'mean' }],
  ['nomic', { pooling: 'mean', prefixes: { query: 'search_query: ', passage: 'search_document: ' } }],
  ['qwen', { pooling: 'last', prefixes: { query: 'Query: ', passage: '' }, maxTokens: 64 }],
] as const)('a model.json like that of %s', (name, facts) => {
  it('is applied to questions and passages', async () => {
    await writeTinyEncoder(join(folder, name), { manifest: manifest(name, facts) })
    const embedder = await open({ model: name })
    const prefixes = 'prefixes' in facts ? facts.prefixes : { query: '', passage: '' }
    for (const purpose of ['query', 'passage'] as const) {
      const expected = await plainVector(join(folder, name), `${prefixes[purpose]}wave height`, facts.pooling)
      expect(1 - cosine(await embedder.embed(['wave height'], purpose), expected)).toBeLessThan(1e-5)
    }
    expect(embedder.maxTokens).toBe('maxTokens' in facts ? facts.maxTokens : 128)
    await embedder.dispose()
  })
})

it('names a model that is broken', async () => {
  await cp(join(folder, 'tiny'), join(folder, 'broken'), { recursive: true })
  await rm(join(folder, 'broken/onnx'), { recursive: true })
  await expect(open({ model: 'broken' })).rejects.toMatchObject({ code: 'model-invalid' })
  await cp(join(bundled, 'static-256'), join(folder, 'damaged'), { recursive: true })
  await writeFile(join(folder, 'damaged/onnx/model.onnx'), 'not a model')
  await expect(open({ model: 'damaged' })).rejects.toMatchObject({ code: 'model-invalid' })
})

function manifest(id: string, facts: Record<string, unknown>): Record<string, unknown> {
  const licence = { id: 'MIT' }
  const files = [{ path: 'onnx/model.onnx' }]
  const rest = { languages: ['en'], use: 'Tests.', sources: [] }
  return { id, kind: 'embedder', format: 'onnx', label: id, licence, files, ...rest, ...facts }
}

/** Tokens by the library's tokenizer, states by ONNX Runtime itself, pooling by hand. */
async function plainVector(model: string, text: string, pooling: 'mean' | 'cls' | 'last'): Promise<Float32Array> {
  env.localModelPath = folder
  const tokenizer = await AutoTokenizer.from_pretrained(basename(model), { local_files_only: true })
  const ids = tokenizer.encode(text)
  const session = await InferenceSession.create(join(model, 'onnx/model.onnx'))
  const tensor = (values: number[]): Tensor => new Tensor('int64', BigInt64Array.from(values, BigInt), [1, ids.length])
  const output = await session.run({
    input_ids: tensor(ids),
    attention_mask: tensor(ids.map(() => 1)),
    token_type_ids: tensor(ids.map(() => 0)),
  })
  const states = [...(output.last_hidden_state?.data as Float32Array)]
  const width = states.length / ids.length
  const rows = ids.map((_, index) => states.slice(index * width, (index + 1) * width))
  const chosen = { mean: rows, cls: rows.slice(0, 1), last: rows.slice(-1) }[pooling]
  const sum = chosen[0]!.map((_, column) => chosen.reduce((total, row) => total + row[column]!, 0))
  return Float32Array.from(sum, (value) => value / Math.hypot(...sum))
}
