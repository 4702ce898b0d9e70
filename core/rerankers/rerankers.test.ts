import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { AutoModelForSequenceClassification, AutoTokenizer, env } from '@xenova/transformers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '../contract/errors.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { writeTinyGgufEmbedder, writeTinyGgufRanker } from '../testing/tiny-models/gguf-models.ts'
import { writeTinyCrossEncoder, writeTinyEncoder } from '../testing/tiny-models/onnx-models.ts'
import { crossEncoder } from './cross-encoder.ts'
import { rerankerDefinitions } from './list.ts'
import { llamaReranker } from './llama.ts'
import { shareRoom } from './parts/options.ts'
import type { Reranker, RerankerDefinition } from './reranker.ts'
import { describeReranker } from './rerankers.suite.ts'

const temporary = temporaryFolder()
const folder = temporary.path

beforeAll(async () => {
  await writeTinyCrossEncoder(join(folder, 'cross'), { precisions: ['fp32', 'q8'], maxTokens: 256 })
  await writeTinyEncoder(join(folder, 'encoder'))
  await writeTinyGgufRanker(join(folder, 'ranker'))
  await writeTinyGgufEmbedder(join(folder, 'embedder'))
})
afterAll(() => temporary[Symbol.dispose]())

const opener =
  (definition: RerankerDefinition, model: string) =>
  (options: Record<string, unknown> = {}): Promise<Reranker> =>
    definition.create(definition.options.parse({ model, ...options }), {
      async locateModel(name) {
        if (name === 'nowhere') throw new AppError('model-missing', 'Not here.')
        return join(folder, name)
      },
      threads: 1,
      gpu: false,
    })
const openCross = opener(crossEncoder, 'cross')
const openRanker = opener(llamaReranker, 'ranker')

describeReranker('cross-encoder', openCross)
describeReranker('llama', openRanker)

describe('the list of rerankers', () => {
  it('names every implementation in the folder', () => {
    const files = readdirSync(new URL('.', import.meta.url), { withFileTypes: true })
      .filter((entry) => entry.isFile() && !/^(?:reranker|list)\.ts$|\.(?:test|suite)\.ts$/.test(entry.name))
      .map((entry) => entry.name)
    expect(rerankerDefinitions.map(({ id }) => `${id}.ts`).sort()).toEqual(files.sort())
  })

  it.each(rerankerDefinitions)('$id has defaults for all its options', (definition) => {
    expect(definition.options.parse({}).candidates).toBe(50)
  })
})

describe('cross-encoder', () => {
  it('has the scores of the library itself, question first, with token types', async () => {
    const [question, passages] = ['wave height limit', ['the limit of the wave height is 9', 'oil and water']]
    const reranker = await openCross({ batchSize: 1 })
    const scores = await reranker.score(question, passages)
    env.localModelPath = folder
    const tokenizer = await AutoTokenizer.from_pretrained('cross', { local_files_only: true })
    const model = await AutoModelForSequenceClassification.from_pretrained('cross', { dtype: 'fp32' })
    const inputs = tokenizer([question, question], { text_pair: passages, padding: true }) as object
    const { logits } = (await model(inputs)) as { logits: { data: Float32Array } }
    logits.data.forEach((expected, index) => expect(scores[index]).toBeCloseTo(expected, 4))
    await Promise.all([reranker.dispose(), model.dispose()])
  })

  it('runs quantised weights', async () => {
    const [exact, rounded] = [await openCross(), await openCross({ precision: 'q8' })]
    const [first, second] = [await exact.score('wave', ['height']), await rounded.score('wave', ['height'])]
    expect(second[0]).not.toBe(first[0])
    expect(Math.abs(second[0]! - first[0]!)).toBeLessThan(0.5)
    await Promise.all([exact.dispose(), rounded.dispose()])
  })

  it('takes no embedding model', async () => {
    const wrong = await openCross({ model: 'encoder' })
    await expect(wrong.score('a', ['b'])).rejects.toMatchObject({ code: 'model-invalid' })
  })
})

describe('llama', () => {
  it('has the scores of the library itself', async () => {
    const [question, passages] = ['wave height limit', ['the limit of the wave height is 9', 'oil and water']]
    const { getLlama } = await import('node-llama-cpp')
    const llama = await getLlama({ build: 'never', gpu: false, maxThreads: 1, progressLogs: false })
    const model = await llama.loadModel({ modelPath: join(folder, 'ranker/model.gguf') })
    const context = await model.createRankingContext({ contextSize: 512, threads: 1 })
    const expected = await context.rankAll(question, passages)
    const reranker = await openRanker()
    const scores = await reranker.score(question, passages)
    expected.forEach((value, index) => expect(scores[index]).toBeCloseTo(value, 5))
    await Promise.all([reranker.dispose(), llama.dispose()])
  })

  it('takes no embedding model', async () => {
    await expect(openRanker({ model: 'embedder' })).rejects.toMatchObject({ code: 'model-invalid' })
  })
})

it('shares room so that the question is whole and a passage always has a quarter', () => {
  expect(shareRoom(100, 10)).toEqual({ question: 10, passage: 90 })
  expect(shareRoom(100, 75)).toEqual({ question: 75, passage: 25 })
  expect(shareRoom(100, 5000)).toEqual({ question: 75, passage: 25 })
})
