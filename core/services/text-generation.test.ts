import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createComputePool } from '../compute/pool.ts'
import { nodeWorkers, type WorkerEnd } from '../compute/worker-process.ts'
import { collect, describeTextGenerator, messages } from '../generators/text/text-generators.suite.ts'
import type { TextGenerator } from '../generators/text-generator.ts'
import { createModelLocator } from '../model-files/locator.ts'
import { writeManifest } from '../model-files/manifest.ts'
import { silentLog } from '../shared/log.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { writeTinyGenerator } from '../testing/tiny-models/gguf-models.ts'
import { openTextGenerator } from './text-generation.ts'

const temporary = temporaryFolder()
const start = nodeWorkers({ compute: new URL('../compute/worker.ts', import.meta.url) })
const ends: WorkerEnd[] = []
/** Of the one worker there is. */
let workerPids: number[] = []
const compute = createComputePool({
  start(limits) {
    const others = new Set(children())
    const worker = start('compute', limits)
    workerPids = children().filter((pid) => !others.has(pid))
    worker.onExit((end) => ends.push(end))
    return worker
  },
  size: 1,
  timeoutMs: 60_000,
  memoryMb: 1000,
  tasksPerWorker: 0,
  retireAboveMb: 0,
  log: silentLog,
})

beforeAll(async () => {
  for (const id of ['tiny', 'other']) {
    const seed = id === 'tiny' ? 1 : 2
    await writeTinyGenerator(join(temporary.path, id), { contextTokens: 1024, seed })
    await writeManifest(join(temporary.path, id), {
      id,
      kind: 'generator',
      format: 'gguf',
      label: id,
      licence: { id: 'MIT' },
      files: [{ path: 'model.gguf' }],
      languages: ['en'],
      use: 'Tests.',
      sources: [],
    })
  }
})
afterAll(async () => {
  await compute.dispose(0)
  temporary[Symbol.dispose]()
})

function open(model = 'tiny'): Promise<TextGenerator> {
  const locateModel = createModelLocator([temporary.path])
  return openTextGenerator({ id: 'llama', options: { model } }, { locateModel, compute, threads: 1, gpu: false })
}

describeTextGenerator('a language model in a worker', () => open())

describe('a language model in a worker', () => {
  it('stays loaded when it is asked to stop', async () => {
    const generator = await open()
    const before = ends.length
    for await (const _part of generator.stream(messages, { maxTokens: 500 })) break
    expect((await collect(generator, { maxTokens: 3 })).at(-1)?.type).toBe('end')
    expect(ends).toHaveLength(before)
  })

  it('makes room for another one, and comes back', async () => {
    const [first, second] = [await open('tiny'), await open('other')]
    const texts = []
    for (const generator of [first, second, first]) {
      texts.push(JSON.stringify(await collect(generator, { maxTokens: 10 })))
    }
    expect(texts[0]).toBe(texts[2])
    expect(texts[0]).not.toBe(texts[1])
    expect(first.modelId).not.toBe(second.modelId)
  })

  it.skipIf(process.platform !== 'linux')('that crashes is an error, and is loaded again', async () => {
    const generator = await open()
    let parts = 0
    const reading = (async () => {
      for await (const _part of generator.stream(messages, { maxTokens: 800 })) {
        if (++parts === 2) workerPids.forEach((pid) => process.kill(pid, 'SIGSEGV'))
      }
    })()
    await expect(reading).rejects.toMatchObject({
      code: 'internal',
      retryable: true,
      message: expect.stringContaining('The language model stopped unexpectedly (SIGSEGV)') as string,
    })
    expect((await collect(generator, { maxTokens: 3 })).at(-1)?.type).toBe('end')
  })

  it('that is not there, or is none, is named', async () => {
    await expect(open('nowhere')).rejects.toMatchObject({ code: 'model-missing' })
    const locateModel = async (): Promise<string> => temporary.path
    const parts = { locateModel, compute, threads: 1, gpu: false }
    await expect(openTextGenerator({ id: 'llama', options: { model: 'x' } }, parts)).rejects.toMatchObject({
      code: 'model-invalid',
    })
    await expect(openTextGenerator({ id: 'oracle', options: { model: 'x' } }, parts)).rejects.toMatchObject({
      code: 'implementation-unknown',
    })
  })
})

function children(): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc/self/task').flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
}
