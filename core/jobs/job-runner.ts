import { setTimeout as delay } from 'node:timers/promises'
import type { DocumentStatus } from '../contract/documents.ts'
import { isCancellation, toAppError, toErrorData } from '../contract/errors.ts'
import type { Job, JobEvent } from '../contract/jobs.ts'
import type { CountChange, JobLibrary, JobRow, NewJobEvent } from '../library/jobs.ts'
import { Changes } from '../shared/changes.ts'
import type { DocumentId, JobId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'

/** What running work tells about itself. */
export interface JobReporter {
  readonly signal: AbortSignal
  /** Every item of the job is known and stored. */
  listed(total: number): void
  /** More items have turned up on the way. */
  moreItems(count: number): void
  /** What a person reads as "now". */
  label(text: string): void
  documentStage(id: DocumentId, status: DocumentStatus): void
  /** An event about the whole job, such as a source that was looked through. */
  event(event: NewJobEvent): void
  /** One item came to an end: the event and the counts go in together. */
  documentEnd(event: Omit<Extract<NewJobEvent, { type: 'document-end' }>, 'type'>, change: CountChange): void
  /** One item came to an end that has no event of its own, because there are very many and they are kept elsewhere. */
  itemEnd(change: CountChange): void
}

export interface JobWork {
  run(job: JobRow, reporter: JobReporter): Promise<void>
  /** Called when it is done. In the transaction that stores the end. */
  done?(job: JobRow): void
  /** Called when a person cancelled: puts back what was not finished. In the same transaction. */
  cancelled(job: JobRow): void
  /** Called when the job could not go on: names the reason on what was not finished. In the same transaction too. */
  failed(job: JobRow, error: ReturnType<typeof toErrorData>): void
}

/** Kinds of jobs and what they do. */
export interface JobKinds {
  kinds: readonly Job['kind'][]
  /** What these jobs count, in the plural. */
  unit: string
  work: JobWork
}

/** Jobs that wait for one another. Those of different lines run side by side: adding a file need not wait for an hour of tuning. */
export type JobLine = readonly JobKinds[]

/** Durable jobs, one at a time in each line: a job is a row; what it did are numbered events; it goes on after a restart. */
export interface JobRunner extends AsyncDisposable {
  /** Puts a stored job in line. */
  enqueue(id: JobId): void
  /** Puts every unfinished job of an earlier process in line. */
  resume(): void
  get(id: JobId): Job
  /** Newest first. */
  list(limit: number): Job[]
  /** Queued or running, oldest first. */
  active(): Job[]
  /** Stores the ends that the disk had no room for, if it has now; happens by itself, too. */
  storeEnds(): void
  cancel(id: JobId): Promise<Job>
  watch(id: JobId, after: number, signal?: AbortSignal): AsyncGenerator<JobEvent>
  watchActive(signal?: AbortSignal): AsyncGenerator<{ jobs: Job[] }>
}

const minimumGapMs = 200
/** How often the end of a job is tried again that a full disk had no room for. */
const storeAgainMs = 2000
const rateWindowMs = 10_000

export function createJobRunner(jobs: JobLibrary, lines: readonly JobLine[], log: Log): JobRunner {
  const changes = new Changes()
  const live = new Map<JobId, LiveJob>()
  const closing = new AbortController()
  const queues = lines.map((line): Queue => ({ line, waiting: [], draining: Promise.resolve() }))
  const doerOf = (kind: Job['kind']): JobKinds & { queue: Queue } => {
    for (const queue of queues) {
      const found = queue.line.find(({ kinds }) => kinds.includes(kind))
      if (found) return { ...found, queue }
    }
    throw new Error(`Nobody does jobs of the kind "${kind}".`)
  }
  /** Ends that a full disk had no room for: true for everyone who asks, and stored once there is room. */
  const unstored = new Map<JobId, End>()
  let storeAgain: NodeJS.Timeout | undefined

  /** Never throws: a job that goes wrong must not keep the next one from starting. */
  async function runOne(id: JobId): Promise<void> {
    const cancel = new AbortController()
    const state: LiveJob = { cancel, label: '', stages: new Map(), history: [] }
    live.set(id, state)
    const signal = AbortSignal.any([cancel.signal, closing.signal])
    try {
      jobs.setRunning(id)
      const row = jobs.get(id)
      if (jobs.lastNumber(id) === 0) jobs.append(id, { type: 'job-start', job: snapshot(row, state) })
      changes.notify()
      await doerOf(row.kind).work.run(row, reporterFor(id, state, signal))
      end(id, { status: 'done', error: null })
    } catch (thrown) {
      const error = toAppError(thrown)
      if (cancel.signal.aborted) {
        end(id, { status: 'cancelled', error: null })
      } else if (closing.signal.aborted || isCancellation(error)) {
        // The host is going away: the row stays 'running', so the next process goes on with it.
      } else {
        log.error('A job could not go on.', { job: id, code: error.code, message: error.message })
        end(id, { status: 'failed', error: toErrorData(error) })
      }
    } finally {
      live.delete(id)
      changes.notify()
    }
  }

  function reporterFor(id: JobId, state: LiveJob, signal: AbortSignal): JobReporter {
    return {
      signal,
      listed(total) {
        jobs.setListed(id, total)
        changes.notify()
      },
      moreItems(count) {
        const { total } = jobs.get(id)
        if (count > 0 && total !== null) jobs.setListed(id, total + count)
      },
      label(text) {
        state.label = text
        changes.notify()
      },
      documentStage(documentId, status) {
        state.stages.set(documentId, status)
        changes.notify()
      },
      event(event) {
        jobs.append(id, event)
        changes.notify()
      },
      documentEnd(event, change) {
        jobs.count(id, change)
        jobs.append(id, { type: 'document-end', ...event })
        if (event.documentId && event.outcome !== 'removed')
          state.stages.set(event.documentId, event.outcome === 'failed' ? 'failed' : 'ready')
        note(id, state)
      },
      itemEnd(change) {
        jobs.count(id, change)
        note(id, state)
      },
    }
  }

  function note(id: JobId, { history }: LiveJob): void {
    history.push({ atMs: Date.now(), done: doneOf(jobs.get(id)) })
    while (history.length > 2 && (history[0]?.atMs ?? 0) < Date.now() - rateWindowMs) history.shift()
    changes.notify()
  }

  /** Stores how a job ended, now or, where the disk has no room for that either, later. Never throws. */
  function end(id: JobId, how: End): void {
    try {
      store(id, how)
      unstored.delete(id)
    } catch (thrown) {
      const error = toAppError(thrown)
      log.error('The end of a job could not be stored yet.', { job: id, code: error.code, message: error.message })
      // What was done but cannot be written down is not done.
      unstored.set(id, how.status === 'done' ? { status: 'failed', error: toErrorData(error) } : how)
      storeAgain ??= setTimeout(storeEnds, storeAgainMs).unref()
    }
    changes.notify()
  }

  function store(id: JobId, { status, error }: End): void {
    jobs.together(() => {
      const row = jobs.get(id)
      const { work } = doerOf(row.kind)
      if (status === 'done') work.done?.(row)
      if (status === 'cancelled') work.cancelled(row)
      if (status === 'failed' && error) work.failed(row, error)
      jobs.end(id, status, error)
      jobs.append(id, { type: 'job-end', job: snapshot(jobs.get(id), undefined) })
    })
  }

  function storeEnds(): void {
    clearTimeout(storeAgain)
    storeAgain = undefined
    for (const [id, how] of unstored) end(id, how)
  }

  function present(row: JobRow): Job {
    const how = unstored.get(row.id)
    return snapshot(how ? { ...row, ...how } : row, live.get(row.id))
  }

  function snapshot(row: JobRow, state: LiveJob | undefined): Job {
    return toJob(row, state, doerOf(row.kind).unit)
  }

  function drain(queue: Queue): void {
    queue.draining = queue.draining.then(async () => {
      while (!closing.signal.aborted) {
        const id = queue.waiting.shift()
        if (id === undefined) return
        await runOne(id)
      }
    })
  }

  const runner: JobRunner = {
    enqueue(id) {
      const { queue } = doerOf(jobs.get(id).kind)
      queue.waiting.push(id)
      changes.notify()
      drain(queue)
    },
    resume() {
      for (const row of jobs.active()) doerOf(row.kind).queue.waiting.push(row.id)
      queues.forEach(drain)
    },
    get: (id) => present(jobs.get(id)),
    list: (limit) => jobs.list(limit).map(present),
    active: () =>
      jobs
        .active()
        .filter((row) => !unstored.has(row.id))
        .map(present),
    storeEnds,
    async cancel(id) {
      const row = jobs.get(id)
      const running = live.get(id)
      if (running) {
        running.cancel.abort()
        while (live.has(id)) await changes.after(changes.version)
      } else if (!isEnded(row) && !unstored.has(id)) {
        const { waiting } = doerOf(row.kind).queue
        const place = waiting.indexOf(id)
        if (place >= 0) waiting.splice(place, 1)
        end(id, { status: 'cancelled', error: null })
      }
      return runner.get(id)
    },
    async *watch(id, after, signal) {
      jobs.get(id)
      let last = after
      for (;;) {
        const seen = changes.version
        // An end that is not stored has no event; who watches asks for the job.
        const ended = isEnded(jobs.get(id)) || unstored.has(id)
        const events = jobs.events(id, last, 1000)
        for (const event of events) {
          last = event.number
          yield event
        }
        if (events.length === 1000) continue
        if (ended) return
        const state = live.get(id)
        const documents = [...(state?.stages ?? [])].map(([documentId, status]) => ({ id: documentId, status }))
        yield { type: 'progress', number: last, job: runner.get(id), documents: documents.slice(-500) }
        await changes.after(seen, signal)
        await delay(minimumGapMs, undefined, signal ? { signal } : {})
      }
    },
    async *watchActive(signal) {
      for (;;) {
        const seen = changes.version
        yield { jobs: runner.active() }
        await changes.after(seen, signal)
        await delay(minimumGapMs, undefined, signal ? { signal } : {})
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      await Promise.all(queues.map(({ draining }) => draining))
      storeEnds()
      clearTimeout(storeAgain)
    },
  }
  return runner
}

/** A line with the jobs that wait in it. */
interface Queue {
  line: JobLine
  waiting: JobId[]
  draining: Promise<void>
}

/** How a job ended. */
interface End {
  status: 'done' | 'failed' | 'cancelled'
  error: JobRow['error']
}

/** What only a running job knows. */
interface LiveJob {
  cancel: AbortController
  label: string
  /** Last known stage by document, in the order in which they changed first. */
  stages: Map<DocumentId, DocumentStatus>
  history: { atMs: number; done: number }[]
}

function toJob(row: JobRow, state: LiveJob | undefined, unit: string): Job {
  const done = doneOf(row)
  const rate = state ? rateOf(state.history) : 0
  const left = row.total === null ? undefined : row.total - done
  return {
    id: row.id,
    kind: row.kind,
    label: row.label,
    collectionId: row.collectionId,
    status: row.status,
    error: row.error,
    progress: {
      done,
      ...(row.total === null ? {} : { total: row.total }),
      unit,
      label: state?.label ?? '',
      ready: row.ready,
      failed: row.failed,
      unchanged: row.unchanged,
      added: row.added,
      changed: row.changed,
      removed: row.removed,
      chunks: row.chunks,
      bytes: row.bytes,
      rate,
      ...(rate > 0 && left !== undefined ? { remainingMs: (left / rate) * 1000 } : {}),
    },
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
  }
}

function doneOf(row: JobRow): number {
  return row.ready + row.failed + row.unchanged
}

/** Items a second over the window. */
function rateOf(history: LiveJob['history']): number {
  const first = history[0]
  const last = history.at(-1)
  if (!first || !last || last.atMs <= first.atMs) return 0
  return ((last.done - first.done) / (last.atMs - first.atMs)) * 1000
}

function isEnded(row: JobRow): boolean {
  return row.status === 'done' || row.status === 'failed' || row.status === 'cancelled'
}
