import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ComputePool, createComputePool } from '../compute/pool.ts'
import { nodeWorkers } from '../compute/worker-process.ts'
import type { ModelManifest } from '../contract/models.ts'
import { migrate } from '../database/migrate.ts'
import { migrations } from '../database/migrations/list.ts'
import { openSqlite } from '../database/sqlite.ts'
import { createEmbeddingCache } from '../library/embedding-cache.ts'
import { createModelSpeedLibrary } from '../library/model-speeds.ts'
import { createModelLocator } from '../model-files/locator.ts'
import { writeManifest } from '../model-files/manifest.ts'
import { silentLog } from '../shared/log.ts'
import type { Progress } from '../shared/progress.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { writeTinyGenerator, writeTinyGgufRanker } from '../testing/tiny-models/gguf-models.ts'
import { writeTinyCrossEncoder, writeTinyEncoder } from '../testing/tiny-models/onnx-models.ts'
import { createModelSpeeds } from './model-speeds.ts'

const temporary = temporaryFolder()
const database = openSqlite(':memory:')
const start = nodeWorkers({ compute: new URL('../compute/worker.ts', import.meta.url) })
const opened: ComputePool[] = []
migrate(database, migrations, () => {})
const speeds = createModelSpeeds({
  library: createModelSpeedLibrary(database),
  locateModel: createModelLocator([temporary.path]),
  cache: createEmbeddingCache(database),
  openWorker() {
    const pool = createComputePool({
      start: (limits) => start('compute', limits),
      size: 1,
      timeoutMs: 60_000,
      memoryMb: 1000,
      tasksPerWorker: 0,
      retireAboveMb: 0,
      log: silentLog,
    })
    opened.push(pool)
    return pool
  },
  threads: { inference: 1, generation: 1 },
  now: () => 42,
  measuredMs: 200,
})

const writers = {
  'onnx embedder': (folder: string) => writeTinyEncoder(folder),
  'onnx reranker': (folder: string) => writeTinyCrossEncoder(folder),
  'gguf reranker': (folder: string) => writeTinyGgufRanker(folder),
  'gguf generator': (folder: string) => writeTinyGenerator(folder, { contextTokens: 1024 }),
}

function manifestOf(name: keyof typeof writers): ModelManifest {
  const [format, kind] = name.split(' ') as [ModelManifest['format'], ModelManifest['kind']]
  const paths =
    format === 'gguf' ? ['model.gguf'] : ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx/model.onnx']
  return {
    ...{ id: name.replace(' ', '-'), kind, format, label: name, licence: { id: 'MIT' }, languages: ['en'] },
    ...{ files: paths.map((path) => ({ path })), use: 'Tests.', sources: [] },
  }
}

beforeAll(async () => {
  for (const name of Object.keys(writers) as (keyof typeof writers)[]) {
    const manifest = manifestOf(name)
    await writers[name](join(temporary.path, manifest.id))
    await writeManifest(join(temporary.path, manifest.id), manifest)
  }
})
afterAll(() => {
  database.close()
  temporary[Symbol.dispose]()
})

function watch(signal = new AbortController().signal) {
  const seen: Progress[] = []
  return { seen, watch: { signal, onProgress: (progress: Progress) => void seen.push(progress) } }
}

describe('the self-test of a model', () => {
  it.each([
    ['onnx embedder', 'texts'],
    ['onnx reranker', 'pairs'],
    ['gguf reranker', 'pairs'],
    ['gguf generator', 'tokens'],
  ] as const)('%s: counts %s a second, and is remembered', async (name, unit) => {
    const manifest = manifestOf(name)
    expect(speeds.of(manifest)).toBeNull()
    const { seen, watch: watching } = watch()
    const speed = await speeds.measure(manifest, watching)
    expect(speed).toMatchObject({ unit, measuredAt: 42, machine: expect.stringMatching(/threads/) as string })
    expect(speed.perSecond).toBeGreaterThan(1)
    expect(speed.loadMs).toBeGreaterThan(0)
    expect(speed.memoryMb).toBeGreaterThan(10)
    expect(speed.promptTokens === null).toBe(unit !== 'tokens')
    expect(speed.firstTokenMs === null).toBe(unit !== 'tokens')
    expect(seen.at(-1)).toMatchObject({ done: 0.2, total: 0.2, unit: 'seconds' })
    expect(speeds.of(manifest)).toEqual(speed)
    // Another model of that name was not measured.
    expect(speeds.of({ ...manifest, files: [{ path: 'model.gguf', bytes: 7 }] })).toBeNull()
  })

  it('is one at a time, and ends its worker', async () => {
    const manifest = manifestOf('gguf generator')
    await Promise.all([speeds.measure(manifest, watch().watch), speeds.measure(manifest, watch().watch)])
    expect(opened.map(({ residentMb }) => residentMb)).toEqual(opened.map(() => null))
  })

  it('stops when nobody waits for it, and leaves what was known', async () => {
    const manifest = manifestOf('gguf generator')
    const before = speeds.of(manifest)
    const stop = new AbortController()
    const measuring = speeds.measure(manifest, watch(stop.signal).watch)
    setTimeout(() => stop.abort(), 50)
    await expect(measuring).rejects.toMatchObject({ code: 'cancelled' })
    expect(speeds.of(manifest)).toEqual(before)
    await expect(speeds.measure(manifest, watch(AbortSignal.abort()).watch)).rejects.toMatchObject({
      code: 'cancelled',
    })
  })

  it('says what is wrong', async () => {
    const manifest = manifestOf('gguf generator')
    await expect(speeds.measure({ ...manifest, id: 'nowhere' }, watch().watch)).rejects.toMatchObject({
      code: 'model-missing',
    })
    await expect(speeds.measure({ ...manifest, format: 'onnx' }, watch().watch)).rejects.toMatchObject({
      code: 'model-invalid',
    })
    await expect(
      speeds.measure({ ...manifestOf('gguf reranker'), kind: 'generator' }, watch().watch),
    ).rejects.toMatchObject({ code: 'model-invalid' })
  })
})
