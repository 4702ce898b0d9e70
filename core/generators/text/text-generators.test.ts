import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '../../contract/errors.ts'
import { temporaryFolder } from '../../shared/temporary-folder.ts'
import { writeTinyGenerator, writeTinyGgufEmbedder } from '../../testing/tiny-models/gguf-models.ts'
import type { TextGenerator } from '../text-generator.ts'
import { textGeneratorDefinitions } from './list.ts'
import { llamaTextGenerator } from './llama.ts'
import { createPartQueue } from './part-queue.ts'
import { describeTextGenerator } from './text-generators.suite.ts'

const temporary = temporaryFolder()
const folder = temporary.path
beforeAll(async () => {
  await writeTinyGenerator(join(folder, 'tiny'), { contextTokens: 1024 })
})
afterAll(() => temporary[Symbol.dispose]())

function open(options: Record<string, unknown> = {}): Promise<TextGenerator> {
  return llamaTextGenerator.create(llamaTextGenerator.options.parse({ model: 'tiny', ...options }), {
    async locateModel(name) {
      if (name === 'nowhere') throw new AppError('model-missing', 'Not here.')
      return join(folder, name)
    },
    threads: 1,
    gpu: false,
  })
}

describeTextGenerator('llama', () => open())

describe('the list of text generators', () => {
  it('names every implementation in the folder', () => {
    const files = readdirSync(new URL('.', import.meta.url), { withFileTypes: true })
      .filter((entry) => entry.isFile() && !/^(?:part-queue|list)\.ts$|\.(?:test|suite)\.ts$/.test(entry.name))
      .map((entry) => entry.name)
    expect(textGeneratorDefinitions.map(({ id }) => `${id}.ts`).sort()).toEqual(files.sort())
  })

  it.each(textGeneratorDefinitions)('$id has defaults for all its options', (definition) => {
    expect(definition.options.parse({})).toBeTypeOf('object')
  })
})

describe('llama', () => {
  it('has the context that is asked for, as far as the model goes', async () => {
    const [small, large] = [await open({ contextTokens: 256 }), await open({ contextTokens: 100_000 })]
    expect(small.contextTokens).toBe(256)
    expect(large.contextTokens).toBe(1024)
    await Promise.all([small.dispose(), large.dispose()])
  })

  it('takes only language models that are there and whole', async () => {
    await writeTinyGgufEmbedder(join(folder, 'embedder'))
    await writeTinyGenerator(join(folder, 'damaged'))
    await writeFile(join(folder, 'damaged/model.gguf'), 'GGUF and nothing else')
    await expect(open({ model: '' })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(open({ model: 'nowhere' })).rejects.toMatchObject({ code: 'model-missing' })
    await expect(open({ model: 'damaged' })).rejects.toMatchObject({ code: 'model-invalid' })
    await expect(open({ model: 'embedder' })).rejects.toMatchObject({ code: 'model-invalid' })
  })
})

describe('createPartQueue', () => {
  it('gives what was pushed before and while it is read, then the end or the error', async () => {
    const queue = createPartQueue<number>()
    queue.push(1)
    setImmediate(() => {
      queue.push(2)
      queue.push(3)
      queue.end()
      queue.fail(new Error('Too late.'))
    })
    expect(await Array.fromAsync(queue)).toEqual([1, 2, 3])
    const failing = createPartQueue<number>()
    failing.push(1)
    failing.fail(new Error('No more.'))
    const seen: number[] = []
    const reading = (async () => {
      for await (const part of failing) seen.push(part)
    })()
    await expect(reading).rejects.toThrow('No more.')
    expect(seen).toEqual([1])
  })
})
