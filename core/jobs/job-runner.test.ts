import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { AppError } from '../contract/errors.ts'
import type { JobEvent } from '../contract/jobs.ts'
import { openWorkspace, type Workspace } from '../database/open-workspace.ts'
import { createCollectionLibrary } from '../library/collections.ts'
import { createJobLibrary, type JobRow } from '../library/jobs.ts'
import { defaultPipeline } from '../services/default-pipeline.ts'
import { silentLog } from '../shared/log.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { createJobRunner, type JobReporter, type JobWork } from './job-runner.ts'

function setUp(workspace: Workspace, work: Partial<JobWork> & Pick<JobWork, 'run'>) {
  const jobs = createJobLibrary(workspace.database)
  const collections = createCollectionLibrary(workspace.database)
  const collection = collections.findByName('c') ?? collections.create('c', '', defaultPipeline)
  const documents = { cancelled: () => {}, failed: () => {}, ...work }
  const measuring = { run: () => Promise.resolve(), cancelled: () => {}, failed: () => {} }
  const lines = [
    [{ kinds: ['ingest', 'sync', 'reindex'] as const, unit: 'files', work: documents }],
    [{ kinds: ['evaluate', 'tune'] as const, unit: 'questions', work: measuring }],
  ]
  const runner = createJobRunner(jobs, lines, silentLog)
  const start = () => {
    const { id } = jobs.create('ingest', 'job', collection.id, {})
    runner.enqueue(id)
    return id
  }
  return { jobs, runner, start }
}

function endOne(reporter: JobReporter, path: string): void {
  reporter.documentEnd(
    { documentId: null, path, outcome: 'ready', reason: null, pages: null, chunks: 2 },
    { ready: 1, chunks: 2 },
  )
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await delay(5)
  signal.throwIfAborted()
}

describe('job runner', () => {
  it('does not let a job of one line wait for those of another', async () => {
    using folder = temporaryFolder()
    using workspace = openWorkspace(folder.path, 'test')
    const { jobs, runner, start } = setUp(workspace, { run: (_job, { signal }) => untilAborted(signal) })
    const long = start()
    const { id } = jobs.create('evaluate', 'measuring', jobs.get(long).collectionId, {})
    runner.enqueue(id)
    await Array.fromAsync(runner.watch(id, 0))
    expect(runner.get(id)).toMatchObject({ status: 'done', progress: { unit: 'questions' } })
    expect(runner.get(long)).toMatchObject({ status: 'running', progress: { unit: 'files' } })
    await runner.cancel(long)
    await runner[Symbol.asyncDispose]()
  })

  it('runs a job, counts, and numbers its events without gaps', async () => {
    using folder = temporaryFolder()
    using workspace = openWorkspace(folder.path, 'test')
    const { runner, start } = setUp(workspace, {
      run: async (_job, reporter) => {
        reporter.listed(3)
        for (const path of ['a', 'b', 'c']) endOne(reporter, path)
      },
    })
    const events = await Array.fromAsync(runner.watch(start(), 0))
    const stored = events.filter((event) => event.type !== 'progress')
    expect(stored.map((event) => event.type)).toEqual([
      'job-start',
      'document-end',
      'document-end',
      'document-end',
      'job-end',
    ])
    expect(stored.map((event) => event.number)).toEqual([1, 2, 3, 4, 5])
    const end = stored.at(-1) as Extract<JobEvent, { type: 'job-end' }>
    expect(end.job).toMatchObject({ status: 'done', progress: { done: 3, total: 3, ready: 3, chunks: 6 } })
    await runner[Symbol.asyncDispose]()
  })

  it('lets a watcher leave and come back by number, while and after the job runs', async () => {
    using folder = temporaryFolder()
    using workspace = openWorkspace(folder.path, 'test')
    const go = Promise.withResolvers<void>()
    const { runner, start } = setUp(workspace, {
      run: async (_job, reporter) => {
        endOne(reporter, 'a')
        await go.promise
        endOne(reporter, 'b')
      },
    })
    const id = start()
    let last = 0
    for await (const event of runner.watch(id, 0)) {
      last = event.number
      if (event.type === 'document-end') break
    }
    go.resolve()
    const rest = (await Array.fromAsync(runner.watch(id, last))).filter((event) => event.type !== 'progress')
    expect(rest.map((event) => event.number)).toEqual([3, 4])
    expect(await Array.fromAsync(runner.watch(id, 4))).toEqual([])
    await runner[Symbol.asyncDispose]()
  })

  it('cancels a running job and one in line, and tells the work', async () => {
    using folder = temporaryFolder()
    using workspace = openWorkspace(folder.path, 'test')
    const cancelled: string[] = []
    const { runner, start } = setUp(workspace, {
      run: (_job, reporter) => untilAborted(reporter.signal),
      cancelled: (job) => void cancelled.push(job.id),
    })
    const [first, second] = [start(), start()]
    await delay(10)
    expect((await runner.cancel(second)).status).toBe('cancelled')
    expect((await runner.cancel(first)).status).toBe('cancelled')
    expect(cancelled.sort()).toEqual([first, second].sort())
    expect((await runner.cancel(first)).status).toBe('cancelled')
    await runner[Symbol.asyncDispose]()
  })

  it('leaves a job unfinished when the host goes away, and goes on with it in the next one', async () => {
    using folder = temporaryFolder()
    using workspace = openWorkspace(folder.path, 'test')
    const before = setUp(workspace, {
      run: async (_job, reporter) => {
        endOne(reporter, 'a')
        await untilAborted(reporter.signal)
      },
    })
    const id = before.start()
    await delay(10)
    await before.runner[Symbol.asyncDispose]()
    expect(before.jobs.get(id).status).toBe('running')

    const seen: JobRow[] = []
    const after = setUp(workspace, {
      run: async (job, reporter) => {
        seen.push(job)
        endOne(reporter, 'b')
      },
    })
    after.runner.resume()
    const events = (await Array.fromAsync(after.runner.watch(id, 0))).filter((event) => event.type !== 'progress')
    expect(events.map((event) => event.type)).toEqual(['job-start', 'document-end', 'document-end', 'job-end'])
    expect(seen[0]?.ready).toBe(1)
    expect(after.runner.get(id)).toMatchObject({ status: 'done', progress: { ready: 2 } })
    await after.runner[Symbol.asyncDispose]()
  })

  it('ends a job that cannot go on as failed, with the reason, and runs the next one', async () => {
    using folder = temporaryFolder()
    using workspace = openWorkspace(folder.path, 'test')
    const failed: string[] = []
    let runs = 0
    const { runner, start } = setUp(workspace, {
      run: async () => {
        runs += 1
        if (runs === 1) throw new AppError('disk-full', 'The disk is full.')
      },
      failed: (_job, error) => void failed.push(error.code),
    })
    const [first, second] = [start(), start()]
    await Array.fromAsync(runner.watch(second, 0))
    expect(runner.get(first)).toMatchObject({ status: 'failed', error: { code: 'disk-full' } })
    expect(runner.get(second).status).toBe('done')
    expect(failed).toEqual(['disk-full'])
    await runner[Symbol.asyncDispose]()
  })

  it('says how a job ended also where there is no room to store it, goes on, and stores it later', async () => {
    using folder = temporaryFolder()
    using workspace = openWorkspace(folder.path, 'test')
    let isFull = true
    let runs = 0
    const { runner, start, jobs } = setUp(workspace, {
      run: async () => {
        if (++runs === 1) throw new AppError('disk-full', 'The disk is full.')
      },
      failed: () => {
        if (isFull) throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
      },
    })
    const [first, second] = [start(), start()]
    await Array.fromAsync(runner.watch(first, 0))
    expect(runner.get(first)).toMatchObject({ status: 'failed', error: { code: 'disk-full' } })
    expect(runner.active().map(({ id }) => id)).not.toContain(first)
    // Another process would go on with it.
    expect(jobs.get(first).status).toBe('running')
    await Array.fromAsync(runner.watch(second, 0))
    expect(runner.get(second).status).toBe('done')

    isFull = false
    runner.storeEnds()
    expect(jobs.get(first)).toMatchObject({ status: 'failed', error: { code: 'disk-full' } })
    await runner[Symbol.asyncDispose]()
  })

  it('tells watchers of all jobs which ones are active', async () => {
    using folder = temporaryFolder()
    using workspace = openWorkspace(folder.path, 'test')
    const go = Promise.withResolvers<void>()
    const { runner, start } = setUp(workspace, { run: () => go.promise })
    const id = start()
    const counts: number[] = []
    for await (const { jobs } of runner.watchActive()) {
      counts.push(jobs.length)
      if (jobs.length === 1) {
        expect(jobs[0]?.id).toBe(id)
        go.resolve()
      } else break
    }
    expect(counts.at(-1)).toBe(0)
    await runner[Symbol.asyncDispose]()
  })
})
