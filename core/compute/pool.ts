import { AppError, fromErrorData, toErrorData } from '../contract/errors.ts'
import { cancelled } from '../shared/abort.ts'
import type { Log } from '../shared/log.ts'
import type { Progress } from '../shared/progress.ts'
import { createTextCollector, detachTexts, type TextCollector, textPieces } from './long-texts.ts'
import type { FromWorker } from './messages.ts'
import type { TaskName, Tasks } from './tasks.ts'
import type { WorkerEnd, WorkerLimits, WorkerProcess } from './worker-process.ts'

export interface ComputePoolOptions {
  start(limits: WorkerLimits): WorkerProcess
  /** Workers at most; each starts when there is work for it. */
  size: number
  /** How long a task may run without a sign of life (its progress) before its worker is ended. */
  timeoutMs: number
  /** How long a task may run at all, however often it reports. Default 4 hours. */
  maximumMs?: number
  /** JavaScript heap of one worker in MiB; its process may hold twice as much of the system's memory. */
  memoryMb: number
  log: Log
  /** A worker is replaced after this many tasks, which bounds what libraries leak. 0: never. Default 500. */
  tasksPerWorker?: number
  /**
   * A worker that holds more of the system's memory than this after a task is replaced, in MiB: V8 gives memory back
   * late, and one large file would be paid for until the end. 0: never. Default: what a gigabyte is for each of them, 300
   * at least.
   */
  retireAboveMb?: number
  /** Answers what tasks ask of the host while they run. Absent: every question is an error. */
  answer?: (question: unknown) => Promise<unknown>
  /** A worker that has had nothing to do for this long is ended, which gives back the memory of what it keeps. */
  idleMs?: number
}

export interface RunOptions<Part = unknown> {
  signal?: AbortSignal
  /**
   * With this, a task that is cancelled is asked to stop; its worker is ended only if it has not stopped after this
   * long. For tasks that look at their signal, in workers that are costly to start. Else the worker is ended at once.
   */
  softCancelMs?: number
  /** Instead of the pool's own: without a sign of life, and at all. */
  timeoutMs?: number
  maximumMs?: number
  onProgress?: (progress: Progress) => void
  /** What the task gives before it is done, in order. */
  onPart?: (part: Part) => void
  /** Goes before everything that waits and is not urgent: a person is waiting for it. */
  urgent?: boolean
}

/** The tasks of a pool: name -> input and output, and the parts that it streams, if any; all plain data. */
export type TaskMap = Record<string, { input: unknown; output: unknown; part?: unknown }>

type PartOf<Task> = Task extends { part: infer Part } ? Part : never

/**
 * Runs heavy pure work in processes, so that whatever a file does (an endless loop, all the memory, a crash) happens to
 * that one task. Errors: time-exceeded, memory-exceeded, cancelled, internal (the worker crashed), and whatever the
 * task itself throws.
 */
export interface ComputePool<Map extends { [Name in keyof Map]: { input: unknown; output: unknown } } = Tasks> {
  run<Name extends keyof Map & string>(
    name: Name,
    input: Map[Name]['input'],
    options?: RunOptions<PartOf<Map[Name]>>,
  ): Promise<Map[Name]['output']>
  /** Starts the workers that there is room for, so that tasks that are soon to come need not wait for that. */
  prepare(): void
  /** Tasks that wait or run. */
  readonly pending: number
  /** What its workers held of the system's memory after their last tasks, in MiB; null where there are none. */
  readonly residentMb: number | null
  /** Refuses new work, drops what waits, lets running tasks end for up to `graceMs` (default 2000), then ends them. */
  dispose(graceMs?: number): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export type { TaskName }

interface Job {
  id: number
  name: string
  input: unknown
  options: RunOptions
  timeoutMs: number
  maximumMs: number
  resolve(result: unknown): void
  reject(error: AppError): void
  /** Removes the listener for cancellation. */
  release(): void
}

interface Seat {
  worker: WorkerProcess
  job: Job | undefined
  /** Long texts of the output, as far as they have come. */
  texts: TextCollector
  tasksDone: number
  /** After its last task. */
  residentMb: number
  /** Fires when the job has said nothing for too long. */
  timer: NodeJS.Timeout | undefined
  /** Fires when the job has taken too long in all, or to stop. */
  lastTimer: NodeJS.Timeout | undefined
  /** Fires when there has been no job for too long. */
  idleTimer: NodeJS.Timeout | undefined
  /** Set when the pool itself ends the worker, so that its exit is no crash. */
  ended: boolean
}

export function createComputePool<Map extends { [Name in keyof Map]: { input: unknown; output: unknown } } = Tasks>(
  pool: ComputePoolOptions,
): ComputePool<Map> {
  const { size, memoryMb, log, tasksPerWorker = 500, retireAboveMb = Math.max(300, 1000 / size) } = pool
  const seats = new Set<Seat>()
  const queue: Job[] = []
  let nextId = 1
  let closing: Promise<void> | undefined
  let wake: (() => void) | undefined

  const settle = (job: Job, finish: () => void): void => {
    job.release()
    finish()
    wake?.()
  }

  /** Ends a worker; its job, if any, fails with `error`. */
  const end = async (seat: Seat, error?: AppError): Promise<void> => {
    seat.ended = true
    seats.delete(seat)
    stopTimers(seat)
    const job = seat.job
    seat.job = undefined
    if (job && error) settle(job, () => job.reject(error))
    await seat.worker.kill()
  }

  const open = (): Seat => {
    const worker = pool.start({ memoryMb })
    const seat: Seat = {
      worker,
      job: undefined,
      texts: createTextCollector(),
      tasksDone: 0,
      residentMb: 0,
      timer: undefined,
      lastTimer: undefined,
      idleTimer: undefined,
      ended: false,
    }
    seats.add(seat)
    worker.onMessage((message) => receive(seat, message))
    worker.onExit((how) => fail(seat, crashError(how, memoryMb)))
    rest(seat)
    return seat
  }

  /** Without a job a worker keeps nothing alive, and only for so long itself. */
  const rest = (seat: Seat): void => {
    seat.worker.unref()
    if (pool.idleMs !== undefined) seat.idleTimer = setTimeout(() => void end(seat), pool.idleMs).unref()
  }

  const fail = (seat: Seat, error: AppError): void => {
    if (seat.ended) return
    log.warn('compute worker ended', { code: error.code, task: seat.job?.name })
    void end(seat, error).finally(schedule)
  }

  const receive = (seat: Seat, message: FromWorker): void => {
    if (message.type === 'log') {
      log[message.level](message.message, message.details)
      return
    }
    if (message.type === 'crashed') {
      fail(seat, fromErrorData(message.error))
      return
    }
    const job = seat.job
    if (message.type === 'ready' || !job || message.id !== job.id) return
    if (message.type === 'progress') {
      seat.timer?.refresh()
      job.options.onProgress?.(message.progress)
      return
    }
    if (message.type === 'part') {
      seat.timer?.refresh()
      if (!job.options.signal?.aborted) job.options.onPart?.(message.part)
      return
    }
    if (message.type === 'question') {
      void answer(seat, job, message)
      return
    }
    if (message.type === 'text') {
      seat.timer?.refresh()
      seat.texts.take(message)
      return
    }
    seat.job = undefined
    seat.tasksDone++
    seat.residentMb = message.residentMb
    stopTimers(seat)
    rest(seat)
    const deliver = (): void =>
      settle(job, () => {
        if (job.options.signal?.aborted) job.reject(cancelled())
        else if (message.type === 'done') job.resolve(seat.texts.attach(message.result, message.longTexts))
        else job.reject(fromErrorData(message.error))
      })
    const worn = tasksPerWorker > 0 && seat.tasksDone >= tasksPerWorker
    const handedOver = message.type === 'done' && message.longTexts.length > 0
    // A long text is about to be put together here: what its worker keeps of it weighs twice.
    const swollen = retireAboveMb > 0 && message.residentMb > (handedOver ? retireAboveMb / 2 : retireAboveMb)
    // A long text is put together when the memory of the one that made it is free again.
    if (worn || swollen) void end(seat).finally(deliver).finally(schedule)
    else deliver()
    schedule()
  }

  /** While the host works on it the task is not silent. */
  const answer = async (seat: Seat, job: Job, { number, question }: Extract<FromWorker, { type: 'question' }>) => {
    const refresh = (): void => void (seat.job === job && seat.timer?.refresh())
    const waiting = setInterval(refresh, Math.min(job.timeoutMs / 2, 60_000)).unref()
    const { id } = job
    try {
      const value = await (pool.answer ?? refuseQuestion)(question)
      if (seat.job === job) await seat.worker.send({ type: 'answer', id, number, value })
    } catch (thrown) {
      if (seat.job === job) await seat.worker.send({ type: 'answer', id, number, error: toErrorData(thrown) })
    } finally {
      clearInterval(waiting)
      refresh()
    }
  }

  const start = (seat: Seat, job: Job): void => {
    seat.job = job
    send(seat, job).catch((error: unknown) => {
      if (seat.job === job) seat.job = undefined
      stopTimers(seat)
      if (!seat.ended) rest(seat)
      settle(job, () => job.reject(new AppError('internal', 'A task cannot be sent to its worker.', { cause: error })))
      schedule()
    })
    clearTimeout(seat.idleTimer)
    seat.worker.ref()
    const { timeoutMs, maximumMs } = job
    seat.timer = setTimeout(() => fail(seat, timeError(timeoutMs)), timeoutMs)
    seat.lastTimer = setTimeout(() => fail(seat, timeError(maximumMs)), maximumMs)
  }

  const send = async (seat: Seat, { id, name, input }: Job): Promise<void> => {
    const { value, paths, texts } = detachTexts(input)
    for (const piece of textPieces(id, texts)) if (!seat.ended) await seat.worker.send(piece)
    if (!seat.ended) await seat.worker.send({ type: 'run', id, name, input: value, longTexts: paths })
  }

  const schedule = (): void => {
    while (queue.length > 0) {
      let free = [...seats].find((seat) => seat.job === undefined)
      if (!free && seats.size < size) free = open()
      const job = free ? queue.shift() : undefined
      if (!free || !job) return
      start(free, job)
    }
  }

  const cancel = (job: Job): void => {
    const waiting = queue.indexOf(job)
    if (waiting >= 0) {
      queue.splice(waiting, 1)
      settle(job, () => job.reject(cancelled()))
      return
    }
    const seat = [...seats].find((candidate) => candidate.job === job)
    if (!seat) return
    const kill = (): void => void end(seat, cancelled()).finally(schedule)
    const { softCancelMs } = job.options
    // Parsing does not stop for a message while it computes, so the process goes.
    if (softCancelMs === undefined) return kill()
    stopTimers(seat)
    seat.lastTimer = setTimeout(kill, softCancelMs)
    void seat.worker.send({ type: 'cancel', id: job.id })
  }

  const dispose = async (graceMs: number): Promise<void> => {
    for (const job of queue.splice(0)) settle(job, () => job.reject(cancelled()))
    const deadline = Date.now() + graceMs
    while ([...seats].some((seat) => seat.job) && Date.now() < deadline) {
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      const timer = setTimeout(resolve, Math.max(0, deadline - Date.now()))
      await promise
      clearTimeout(timer)
    }
    await Promise.all([...seats].map((seat) => end(seat, cancelled())))
  }

  return {
    prepare() {
      while (!closing && seats.size < size) open()
    },
    get pending() {
      return queue.length + [...seats].filter((seat) => seat.job).length
    },
    get residentMb() {
      const used = [...seats].filter((seat) => seat.tasksDone > 0)
      return used.length === 0 ? null : used.reduce((sum, seat) => sum + seat.residentMb, 0)
    },
    run(name, input, options = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      if (closing || options.signal?.aborted) {
        reject(cancelled())
      } else {
        const onAbort = (): void => cancel(job)
        const job: Job = {
          id: nextId++,
          name,
          input,
          // The parts are those of the task that was asked for.
          options: options as RunOptions,
          timeoutMs: options.timeoutMs ?? pool.timeoutMs,
          maximumMs: options.maximumMs ?? pool.maximumMs ?? defaultMaximumMs,
          resolve,
          reject,
          release: () => options.signal?.removeEventListener('abort', onAbort),
        }
        options.signal?.addEventListener('abort', onAbort, { once: true })
        const place = options.urgent ? queue.findIndex((other) => !other.options.urgent) : -1
        if (place < 0) queue.push(job)
        else queue.splice(place, 0, job)
        schedule()
      }
      // The worker answers with the output of the task it was asked for.
      return promise
    },
    dispose(graceMs = 2000) {
      closing ??= dispose(graceMs)
      return closing
    },
    [Symbol.asyncDispose]() {
      closing ??= dispose(2000)
      return closing
    },
  }
}

const defaultMaximumMs = 4 * 60 * 60 * 1000

const refuseQuestion = (): Promise<never> =>
  Promise.reject(new AppError('internal', 'A task asked the host for something that nobody gives here.'))

function stopTimers(seat: Seat): void {
  clearTimeout(seat.timer)
  clearTimeout(seat.lastTimer)
  clearTimeout(seat.idleTimer)
}

function timeError(timeoutMs: number): AppError {
  const seconds = Math.round(timeoutMs / 1000)
  return new AppError(
    'time-exceeded',
    `This took longer than ${seconds} ${seconds === 1 ? 'second' : 'seconds'} and was stopped. Split the file into parts, then add those.`,
    { retryable: true, details: { timeoutMs } },
  )
}

function crashError({ code, signal, lastWords }: WorkerEnd, memoryMb: number): AppError {
  // Killed, and not by the pool: so does the system when memory runs short.
  if (signal === 'SIGKILL' || /out of memory|invalid size error|memory limit/i.test(lastWords)) {
    return new AppError(
      'memory-exceeded',
      `This needs more than ${memoryMb} MB of memory and was stopped. Split the file into parts, then add those.`,
      { details: { memoryMb } },
    )
  }
  const how = signal ?? `code ${code ?? 'unknown'}`
  return new AppError('internal', `A worker stopped unexpectedly (${how}).`, { details: { workerEnd: how } })
}
