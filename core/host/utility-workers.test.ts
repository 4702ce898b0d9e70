import { EventEmitter } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import { type ComputePool, createComputePool } from '../compute/pool.ts'
import type { FixtureTasks } from '../compute/pool.fixture.ts'
import type { Client } from '../contract/client.ts'
import { createWireClient } from '../contract/wire-client.ts'
import { silentLog } from '../shared/log.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { forkPlayed, type PlayedProcess } from './testing/fork-played.ts'
import { startUtilityChild } from './testing/start-utility-child.ts'
import { type BrokeredProcess, brokerWorkers } from './utility-broker.ts'
import { utilityWorkers, type WorkerParentPort } from './utility-workers.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const started: PlayedProcess[] = []
afterEach(() => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL')
})

describe('a pool of workers that the main process starts', () => {
  test('does tasks, and carries typed arrays both ways', async () => {
    await using pool = openPool()
    const inputs = Array.from({ length: 10 }, (_, index) => ({ index, bytes: new Uint8Array([index, 255]) }))
    expect(await Promise.all(inputs.map((input) => pool.run('echo', input)))).toEqual(inputs)
    expect((await pool.run('vectors', { length: 1000 })).vectors).toEqual(new Float32Array(1000).fill(0.5))
    expect(started.length).toBeLessThanOrEqual(2)
  })

  test('refuses what is not plain data, before and after the worker has its port', async () => {
    await using pool = openPool(1)
    await expect(pool.run('echo', () => {})).rejects.toMatchObject({ code: 'internal' })
    expect(await pool.run('echo', 'first')).toBe('first')
    await expect(pool.run('echo', () => {})).rejects.toMatchObject({ code: 'internal' })
    expect(await pool.run('echo', 'second')).toBe('second')
  })

  test.each([
    ['loop', 'time-exceeded'],
    ['hoard', 'memory-exceeded'],
    ['split', 'memory-exceeded'],
    ['buffers', 'memory-exceeded'],
    ['crash', 'internal'],
  ] as const)('survives a task that does %s: only that task fails, with %s', async (name, code) => {
    await using pool = openPool(1)
    const failing = pool.run(name, null, { timeoutMs: name === 'loop' ? 1000 : 30_000 })
    const waiting = pool.run('echo', 'next')
    await expect(failing).rejects.toMatchObject({ code })
    expect(await waiting).toBe('next')
  })
})

test('what is sent before the port comes arrives in order, as it was when it was sent', async () => {
  const worker = openMain().startWorker('compute', { memoryMb: 64 })
  const results: unknown[] = []
  worker.onMessage((message) => {
    if (message.type === 'done') results.push(message.result)
  })
  const input = { value: 'as sent' }
  for (let id = 1; id <= 20; id += 1) {
    void worker.send({ type: 'run', id, name: 'echo', input: id === 20 ? input : id, longTexts: [] })
  }
  input.value = 'changed'
  await expect.poll(() => results.length, { timeout: 10_000 }).toBe(20)
  expect(results).toEqual([...Array.from({ length: 19 }, (_, index) => index + 1), { value: 'as sent' }])
  await worker.kill()
})

test('a rejection that nobody waits for ends the worker, as in Node', async () => {
  using folder = temporaryFolder()
  const entry = join(folder.path, 'careless.mjs')
  const imported = (name: string): string => JSON.stringify(new URL(`../compute/${name}.ts`, import.meta.url))
  writeFileSync(
    entry,
    `import { connectToHost } from ${imported('host-port')}
    import { serveTasks } from ${imported('serve-tasks')}
    const careless = async () => {
      void Promise.reject(new Error('Out of nowhere.'))
      await new Promise(() => {})
    }
    serveTasks(connectToHost(), { careless })`,
  )
  const { startWorker } = openMain(entry)
  const worker = startWorker('compute', { memoryMb: 64 })
  const exited = new Promise((resolve) => worker.onExit(resolve))
  await worker.send({ type: 'run', id: 1, name: 'careless', input: null, longTexts: [] })
  expect(await exited).toMatchObject({ code: 1 })
})

test('when the host is gone its workers are ended', async () => {
  const { host, startWorker } = openMain()
  const ready = Promise.withResolvers<void>()
  startWorker('compute', { memoryMb: 64 }).onMessage(() => ready.resolve())
  await ready.promise
  const [worker] = started
  const exited = new Promise((resolve) => worker?.child.on('exit', resolve))
  host.emit('exit', 139)
  await exited
})

test('a worker ends by itself when its port closes', async () => {
  const worker = forkPlayed(fixture, ['0'], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe'], serviceName: 'test' })
  started.push(worker)
  const { port1, port2 } = new MessageChannel()
  worker.postMessage({ type: 'host-port' }, [port2])
  await new Promise((resolve) => port1.once('message', resolve))
  const exited = new Promise((resolve) => worker.child.on('exit', resolve))
  port1.close()
  expect(await exited).toBe(0)
})

test('the host of the desktop app takes in a file with workers of the main process, and finds it', async () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'harbour.md')
  writeFileSync(file, '# Harbour\n\nThe green boat is kept at pier seven in winter.\n')
  const utility = startUtilityChild(join(root, 'core/host/utility-main.ts'))
  try {
    const environment = {
      dataFolder: join(folder.path, 'workspace'),
      modelFolders: [join(root, 'models')],
      demoFolder: join(root, 'resources/demo'),
    }
    utility.tell({ type: 'start', environment })
    expect(await utility.hear()).toEqual({ type: 'ready' })
    const client = createWireClient<Client>(utility.connect())
    const { id: collectionId } = await client.collections.create({ name: 'Boats' })
    const { jobId } = await client.ingest.start({ collectionId, paths: [file] })
    for await (const _event of await client.jobs.watch({ jobId })) continue
    expect((await client.jobs.get({ jobId })).progress).toMatchObject({ ready: 1, failed: 0 })
    const { results } = await client.search.run({ collectionId, query: 'where is the boat', mode: 'vector' })
    expect(results[0]).toMatchObject({ text: expect.stringContaining('pier seven') as string })
    const children = utility.workers.map(({ child }) => child)
    expect(children.length).toBeGreaterThan(0)
    utility.tell({ type: 'stop' })
    expect(await utility.hear()).toEqual({ type: 'stopped' })
    expect(children.every((child) => child.exitCode !== null || child.signalCode !== null)).toBe(true)
  } finally {
    started.push(...utility.workers)
    utility.child.kill('SIGKILL')
  }
})

const fixture = fileURLToPath(new URL('../compute/pool.fixture.ts', import.meta.url))

/** The host in this process, with the real part of the main process beside it; workers are processes. */
function openMain(entry = fixture) {
  const host = new EventEmitter()
  const toHost = new EventEmitter()
  const asMain: BrokeredProcess<MessagePort> = Object.assign(host, {
    postMessage: (data: unknown, ports: MessagePort[] = []) => {
      setImmediate(() => toHost.emit('message', { data, ports }))
    },
    kill: () => true,
    stderr: null,
  })
  const parentPort: WorkerParentPort = {
    on: (type, listener) => toHost.on(type, listener),
    postMessage: (message) => void setImmediate(() => host.emit('message', message)),
  }
  brokerWorkers({
    host: asMain,
    fork: (...given) => {
      const worker = forkPlayed(...given)
      started.push(worker)
      return worker
    },
    createChannel: () => new MessageChannel(),
    entries: { compute: entry },
    log: silentLog,
  })
  return { host, startWorker: utilityWorkers(parentPort) }
}

function openPool(size = 2): ComputePool<FixtureTasks> {
  const { startWorker } = openMain()
  return createComputePool<FixtureTasks>({
    start: (limits) => startWorker('compute', limits),
    size,
    timeoutMs: 30_000,
    memoryMb: 64,
    log: silentLog,
  })
}
