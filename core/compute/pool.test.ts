import { afterEach, describe, expect, it } from 'vitest'
import { AppError } from '../contract/errors.ts'
import { silentLog } from '../shared/log.ts'
import { type ComputePool, type ComputePoolOptions, createComputePool } from './pool.ts'
import type { FixtureTasks } from './pool.fixture.ts'
import { nodeWorkers } from './worker-process.ts'

const pools: ComputePool<FixtureTasks>[] = []

function open(options: Partial<ComputePoolOptions> = {}): ComputePool<FixtureTasks> {
  const start = nodeWorkers({ compute: new URL('./pool.fixture.ts', import.meta.url) })
  const pool = createComputePool<FixtureTasks>({
    start: (limits) => start('compute', limits),
    size: 2,
    timeoutMs: 30_000,
    memoryMb: 64,
    log: silentLog,
    ...options,
  })
  pools.push(pool)
  return pool
}

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.dispose(0)
})

describe('createComputePool', () => {
  it('gives back what a task returns, in the order of each caller', async () => {
    const pool = open()
    const inputs = Array.from({ length: 20 }, (_, index) => ({ index, text: `ä${index}` }))
    expect(await Promise.all(inputs.map((input) => pool.run('echo', input)))).toEqual(inputs)
    expect(pool.pending).toBe(0)
  })

  it('carries typed arrays and long texts', async () => {
    const pool = open({ memoryMb: 256 })
    expect((await pool.run('vectors', { length: 1000 })).vectors).toEqual(new Float32Array(1000).fill(0.5))
    const text = 'ä€𝄞'.repeat(2_000_000)
    expect((await pool.run('echo', text)) === text).toBe(true)
  })

  it('passes progress on', async () => {
    const seen: number[] = []
    await open().run('steps', { count: 3 }, { onProgress: (progress) => seen.push(progress.done) })
    expect(seen).toEqual([1, 2, 3])
  })

  it('answers what tasks ask of the host, errors too, and whose task it is', async () => {
    const asked: unknown[] = []
    const pool = open({
      answer: async (question) => {
        asked.push(question)
        await new Promise((resolve) => setTimeout(resolve, 20))
        if (question === 'refused') throw new AppError('model-missing', 'There is no model.')
        return { vectors: Float32Array.of(Number(question)) }
      },
    })
    const both = await Promise.all([
      pool.run('ask', { questions: [1, 2] }),
      pool.run('ask', { questions: [3] }),
      pool.run('ask', { questions: ['refused'] }).catch((error: unknown) => error),
    ])
    expect(both).toMatchObject([
      [{ vectors: Float32Array.of(1) }, { vectors: Float32Array.of(2) }],
      [{ vectors: Float32Array.of(3) }],
      { name: 'AppError', code: 'model-missing', message: 'There is no model.' },
    ])
    expect(asked).toHaveLength(4)
    await expect(open().run('ask', { questions: [1] })).rejects.toMatchObject({ code: 'internal' })
  })

  it('does not take a task for silent while the host works for it', async () => {
    const answer = (): Promise<string> => new Promise((resolve) => setTimeout(() => resolve('late'), 1500))
    const pool = open({ timeoutMs: 600, answer })
    // Starting the worker is not part of what is looked at here.
    await pool.run('echo', 1, { timeoutMs: 30_000 })
    expect(await pool.run('ask', { questions: [1] })).toEqual(['late'])
  })

  it('ends a task that waits for the host when it is cancelled', async () => {
    const leave = new AbortController()
    const pool = open({
      answer: () => {
        leave.abort()
        return new Promise((resolve) => setTimeout(resolve, 50))
      },
    })
    await expect(pool.run('ask', { questions: [1] }, { signal: leave.signal })).rejects.toMatchObject({
      code: 'cancelled',
    })
    expect(await pool.run('echo', 'next')).toBe('next')
  })

  it('carries the errors of tasks across', async () => {
    await expect(open().run('refuse', null)).rejects.toMatchObject({
      name: 'AppError',
      code: 'file-corrupt',
      details: { page: 3 },
    })
  })

  it.each([
    ['loop', 'time-exceeded'],
    ['hoard', 'memory-exceeded'],
    ['split', 'memory-exceeded'],
    ['buffers', 'memory-exceeded'],
    ['crash', 'internal'],
  ] as const)('survives a task that does %s: only that task fails, with %s', async (name, code) => {
    const pool = open({ size: 1 })
    const failing = pool.run(name, null, { timeoutMs: name === 'loop' ? 1000 : 30_000 })
    const waiting = pool.run('echo', 'next')
    await expect(failing).rejects.toMatchObject({ code })
    expect(await waiting).toBe('next')
  })

  it('counts the time from the last sign of life, up to the most that a task may take', async () => {
    const pool = open({ size: 1, timeoutMs: 2000 })
    expect(await pool.run('steps', { count: 6, pauseMs: 450 })).toBe('done')
    const endless = pool.run('steps', { count: 1000, pauseMs: 100 }, { maximumMs: 1000 })
    await expect(endless).rejects.toMatchObject({ code: 'time-exceeded', details: { timeoutMs: 1000 } })
  })

  it('reports an unknown task and an input that cannot be sent', async () => {
    const pool = open()
    await expect(pool.run('nothing', null)).rejects.toMatchObject({ code: 'internal' })
    await expect(pool.run('echo', () => {})).rejects.toMatchObject({ code: 'internal' })
    expect(await pool.run('echo', 1)).toBe(1)
  })

  it('fails a task whose worker cannot start', async () => {
    const start = nodeWorkers({ compute: new URL('./no-such-worker.ts', import.meta.url) })
    const pool = open({ start: (limits) => start('compute', limits) })
    await expect(pool.run('echo', 1)).rejects.toMatchObject({ code: 'internal' })
  })

  it('cancels what waits and what runs', async () => {
    const pool = open({ size: 1 })
    const running = new AbortController()
    const waiting = new AbortController()
    const first = pool.run('loop', null, { signal: running.signal })
    const second = pool.run('echo', 2, { signal: waiting.signal })
    const third = pool.run('echo', 3)
    waiting.abort()
    await expect(second).rejects.toMatchObject({ code: 'cancelled' })
    running.abort()
    await expect(first).rejects.toMatchObject({ code: 'cancelled' })
    expect(await third).toBe(3)
    await expect(pool.run('echo', 4, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
  })

  it('passes parts on in order, before the end', async () => {
    const seen: unknown[] = []
    const end = open().run('count', { upTo: 5 }, { onPart: (part) => seen.push(part.number) })
    expect(await end.then((result) => [...seen, result])).toEqual([1, 2, 3, 4, 5, 'counted'])
  })

  it('keeps the worker of a task that stops when it is asked to, not that of one that does not', async () => {
    const pool = open({ size: 1 })
    const before = await pool.run('process', null)
    const cancelled = async (input: { deaf?: boolean }, softCancelMs: number): Promise<number> => {
      const controller = new AbortController()
      let last = 0
      const counting = pool.run('count', input, {
        signal: controller.signal,
        softCancelMs,
        onPart({ number }) {
          last = number
          if (number === 3) controller.abort()
        },
      })
      await expect(counting).rejects.toMatchObject({ code: 'cancelled' })
      return last
    }
    expect(await cancelled({}, 20_000)).toBe(3)
    expect(await pool.run('process', null)).toBe(before)
    expect(await cancelled({ deaf: true }, 100)).toBe(3)
    expect(await pool.run('process', null)).not.toBe(before)
  })

  it('ends a worker that has nothing to do, and starts another when there is work', async () => {
    const ends: unknown[] = []
    const start = nodeWorkers({ compute: new URL('./pool.fixture.ts', import.meta.url) })
    const gone = Promise.withResolvers<void>()
    const pool = open({
      size: 1,
      idleMs: 100,
      start(limits) {
        const worker = start('compute', limits)
        worker.onExit((end) => {
          ends.push(end)
          gone.resolve()
        })
        return worker
      },
    })
    const before = await pool.run('process', null)
    await gone.promise
    expect(ends).toHaveLength(1)
    expect(await pool.run('process', null)).not.toBe(before)
  })

  it('replaces a worker after its share of tasks', async () => {
    const pool = open({ size: 1, tasksPerWorker: 2 })
    const processes: number[] = []
    for (let count = 0; count < 5; count++) processes.push(await pool.run('process', null))
    expect(processes[0]).toBe(processes[1])
    expect(new Set(processes).size).toBe(3)
  })

  it('lets running work end when it is disposed, drops what waits, refuses more', async () => {
    const pool = open({ size: 1 })
    const running = pool.run('wait', { ms: 200 })
    const waiting = pool.run('echo', 1)
    waiting.catch(() => {})
    const disposing = pool.dispose(20_000)
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
    expect(await running).toBe('waited')
    await disposing
    await expect(pool.run('echo', 1)).rejects.toMatchObject({ code: 'cancelled' })
  })

  it('ends running work that does not end by itself', async () => {
    const pool = open({ size: 1 })
    const running = pool.run('loop', null)
    const refused = expect(running).rejects.toMatchObject({ code: 'cancelled' })
    await pool.dispose(100)
    await refused
  })
})
