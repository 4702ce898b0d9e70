import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '../contract/errors.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { writeTinyGenerator, writeTinyGgufEmbedder, writeTinyGgufRanker } from '../testing/tiny-models/gguf-models.ts'
import type { Embedder } from './embedder.ts'
import { cosine, describeEmbedder } from './embedders.suite.ts'
import { llamaEmbedder } from './llama.ts'

const temporary = temporaryFolder()
const folder = temporary.path

async function locateModel(name: string): Promise<string> {
  if (name === 'nowhere') throw new AppError('model-missing', 'Not here.')
  return join(folder, name)
}

function open(options: Record<string, unknown> = {}): Promise<Embedder> {
  const parsed = llamaEmbedder.options.parse({ model: 'mean', ...options })
  return llamaEmbedder.create(parsed, { locateModel, threads: 1, gpu: false })
}

beforeAll(async () => {
  await writeTinyGgufEmbedder(join(folder, 'mean'))
  await writeTinyGgufEmbedder(join(folder, 'cls'), { pooling: 'cls' })
})
afterAll(() => temporary[Symbol.dispose]())

describeEmbedder('llama', { dimensions: 64, open, closeness: 1e-4 })

describe('a GGUF embedding model', () => {
  it('has the vectors of the library itself, scaled to length 1', async () => {
    const { getLlama } = await import('node-llama-cpp')
    const llama = await getLlama({ build: 'never', gpu: false, maxThreads: 1, progressLogs: false })
    const model = await llama.loadModel({ modelPath: join(folder, 'mean/model.gguf') })
    const context = await model.createEmbeddingContext({ contextSize: 512, threads: 1 })
    const { vector } = await context.getEmbeddingFor('the wave height limit')
    const expected = Float32Array.from(vector, (value) => value / Math.hypot(...vector))
    const embedder = await open()
    expect(1 - cosine(await embedder.embed(['the wave height limit'], 'passage'), expected)).toBeLessThan(1e-4)
    await Promise.all([embedder.dispose(), llama.dispose()])
  })

  it('pools as its file says', async () => {
    const [mean, cls] = [await open(), await open({ model: 'cls' })]
    const [first, second] = [await mean.embed(['the boat'], 'passage'), await cls.embed(['the boat'], 'passage')]
    expect(cosine(first, second)).toBeLessThan(0.99)
    expect(mean.modelId.slice(-16)).not.toBe(cls.modelId.slice(-16))
    await Promise.all([mean.dispose(), cls.dispose()])
  })

  it('counts the tokens that llama.cpp counts', async () => {
    const { getLlama } = await import('node-llama-cpp')
    const llama = await getLlama({ build: 'never', gpu: false, maxThreads: 1, progressLogs: false })
    const model = await llama.loadModel({ modelPath: join(folder, 'mean/model.gguf'), vocabOnly: true })
    const embedder = await open()
    for (const text of ['The boats, xylophone!', 'Ünder 42 waves (fuel)', 'a-b_c: "d"', '']) {
      expect([...embedder.tokenizer.encode(text).ids]).toEqual([...model.tokenize(text)])
    }
    await Promise.all([embedder.dispose(), llama.dispose()])
  })

  it('takes no other kind of model', async () => {
    await writeTinyGenerator(join(folder, 'generator'))
    await writeFile(join(folder, 'mean/second.gguf'), '')
    await expect(open()).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('several models') as string,
    })
    await writeTinyGgufRanker(join(folder, 'ranker'))
    await writeFile(join(folder, 'ranker/model.gguf'), 'GGUF, and then nothing of the kind')
    for (const model of ['generator', 'ranker', 'empty']) {
      await expect(open({ model })).rejects.toMatchObject({ code: 'model-invalid' })
    }
    await expect(open({ model: '' })).rejects.toMatchObject({ code: 'input-invalid' })
  })
})
