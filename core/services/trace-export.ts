import { AppError, type ErrorData, isCancellation, toAppError, toErrorData } from '../contract/errors.ts'
import type { Trace, TraceExportState } from '../contract/traces.ts'
import { beginTrace } from '../flows/open-trace.ts'
import type { TraceExports, WaitingTrace } from '../library/trace-exports.ts'
import type { TraceSettingsLibrary } from '../library/trace-settings.ts'
import type { TraceLibrary } from '../library/traces.ts'
import type { NetworkDoor } from '../network/door.ts'
import { keyVariable, type SecretStore } from '../secrets/secret-store.ts'
import { createId, type TraceId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import type { Collector } from '../telemetry/collector.ts'
import { checkHeaders, readHeaders, writeHeaders } from '../telemetry/headers.ts'

/** Traces on their way to a collector: off by default, in the background, through the network door. */
export interface TraceExporter extends AsyncDisposable {
  /** Whether a trace that is stored now is to be sent. */
  readonly isOn: boolean
  /** Something waits. */
  wake(): void
  /** Somebody said what they think of an answer: where its trace was sent, that goes there, too. */
  rated(id: TraceId): void
  state(): Promise<TraceExportState>
  /** Errors: input-invalid, keys-unavailable, disk-full. */
  configure(change: TraceExportChange): Promise<TraceExportState>
  /** See the contract. */
  test(signal?: AbortSignal): Promise<{ note: string | null; durationMs: number }>
  /** See the contract. */
  send(ids: readonly TraceId[]): Promise<TraceExportState>
}

export interface TraceExportChange {
  enabled?: boolean | undefined
  endpoint?: string | undefined
  content?: 'redacted' | 'full' | undefined
  headers?: Record<string, string> | undefined
}

export interface TraceExporterParts {
  traces: Pick<TraceLibrary, 'get'>
  exports: TraceExports
  settings: TraceSettingsLibrary
  secrets: SecretStore
  door: NetworkDoor
  version: string
  now(): number
  log: Log
  times?: Partial<ExportTimes>
}

export interface ExportTimes {
  /** What is stored shortly after one another is sent together. */
  gatherMs: number
  /** Before the second try, then twice as long each time. */
  firstWaitMs: number
  longestWaitMs: number
}

/** Of the headers, in the secret store; no provider can have this name. */
const secretName = 'trace_export'
const tracesAtATime = 20
const bytesAtATime = 4_000_000
/** Of a trace that the collector says it cannot take. It may be that it only is not asked as it wants. */
const mostAttempts = 5
const usualTimes: ExportTimes = { gatherMs: 2000, firstWaitMs: 5000, longestWaitMs: 15 * 60_000 }

export function createTraceExporter(parts: TraceExporterParts): TraceExporter {
  const { traces, exports, settings, secrets, door, version, now, log } = parts
  const times = { ...usualTimes, ...parts.times }
  const fetch = door.fetchFor('trace-export')
  const closing = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let working: Promise<void> | undefined
  let failures = 0
  let atATime = tracesAtATime
  let error: ErrorData | null = null
  let note: string | null = null
  let nextTryAt: number | null = null

  const plan = (delayMs: number): void => {
    clearTimeout(timer)
    if (closing.signal.aborted) return
    nextTryAt = now() + delayMs
    timer = setTimeout(() => void work(), delayMs)
    // Nobody's program stays open for this: what waits is in the database.
    timer.unref()
  }

  const open = async (): Promise<{ collector: Collector; telemetry: typeof import('../telemetry/trace-spans.ts') }> => {
    const { endpoint } = settings.read().export
    if (endpoint === '') throw new AppError('input-invalid', 'There is no collector to send to. Give its address.')
    // Loaded when something is sent: most people never do.
    const [{ createCollector }, telemetry] = await Promise.all([
      import('../telemetry/collector.ts'),
      import('../telemetry/trace-spans.ts'),
    ])
    const headers = readHeaders((await secrets.read(secretName)) ?? '')
    return { collector: createCollector({ endpoint, headers, fetch }), telemetry }
  }

  const sendBatch = async (waiting: readonly WaitingTrace[], signal: AbortSignal): Promise<void> => {
    const { collector, telemetry } = await open()
    const { content } = settings.read().export
    const spans = []
    const sent = []
    for (const { id, what } of waiting) {
      const trace = find(id)
      if (trace) spans.push(...telemetry.toFinishedSpans(trace, { content, version, what }))
      sent.push({ id, ratedAt: trace?.feedback?.at ?? null })
      // One at a time: an answer that is being written goes first.
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (spans.length > 0) note = (await collector.send(spans, signal)).note
    exports.sent(sent)
  }
  const find = (id: TraceId): Trace | undefined => {
    try {
      return traces.get(id)
    } catch {
      // Removed meanwhile.
      return undefined
    }
  }

  const work = (): Promise<void> => (working ??= workThrough().finally(() => (working = undefined)))

  /** Until nothing waits, or a try fails. Never throws. */
  const workThrough = async (): Promise<void> => {
    clearTimeout(timer)
    nextTryAt = null
    const { signal } = closing
    while (settings.read().export.enabled && !signal.aborted) {
      const waiting = exports.next(atATime, bytesAtATime)
      if (waiting.length === 0) {
        atATime = tracesAtATime
        return
      }
      try {
        await sendBatch(waiting, signal)
        failures = 0
        error = null
      } catch (thrown) {
        if (isCancellation(thrown)) return
        const failed = toAppError(thrown)
        error = toErrorData(failed)
        if (isAboutContent(failed)) {
          // It may be one of them alone: each by itself then, and those that cannot be taken behind the others.
          if (waiting.length > 1) {
            atATime = 1
            continue
          }
          for (const { id } of waiting) {
            if (exports.postpone(id, mostAttempts) === 'dropped') {
              log.warn('The collector cannot take a trace; it is not sent again.', { trace: id })
            }
          }
        }
        failures += 1
        log.warn('Traces could not be sent; they wait.', { code: failed.code, failures })
        plan(waitMs(failed, failures, times))
        return
      }
    }
  }

  const refusal = (endpoint: string): string | null => {
    if (endpoint === '') return null
    try {
      door.check(endpoint, 'trace-export')
      return null
    } catch (thrown) {
      return toAppError(thrown).message
    }
  }

  const exporter: TraceExporter = {
    get isOn() {
      return settings.read().export.enabled
    },
    wake() {
      // After a failure its own time holds.
      if (exporter.isOn && failures === 0 && !working) plan(times.gatherMs)
    },
    rated(id) {
      if (exporter.isOn && exports.addRating(id)) exporter.wake()
    },
    async state() {
      const chosen = settings.read().export
      return {
        ...chosen,
        headersFrom: await secrets.origin(secretName),
        variable: keyVariable(secretName),
        refusal: refusal(chosen.endpoint),
        waiting: exports.waiting(),
        ...exports.done(),
        error,
        nextTryAt,
        note,
      }
    },
    async configure({ headers, ...change }) {
      const before = settings.read().export
      const { collectorAddress } = await import('../telemetry/collector.ts')
      const after = {
        ...before,
        endpoint: change.endpoint ?? before.endpoint,
        content: change.content ?? before.content,
        enabled: change.enabled ?? before.enabled,
        ...(headers ? { headerNames: Object.keys(checkHeaders(headers)) } : {}),
      }
      if (after.endpoint !== '' || after.enabled) collectorAddress(after.endpoint)
      const elsewhere = originOf(after.endpoint) !== originOf(before.endpoint)
      if (headers) {
        if (Object.keys(headers).length === 0) await secrets.remove(secretName)
        else await secrets.write(secretName, writeHeaders(headers))
      } else if (elsewhere && before.headerNames.length > 0) {
        // Another server does not get the key of this one.
        await secrets.remove(secretName)
        after.headerNames = []
      }
      settings.write({ export: after })
      if (!after.enabled) exports.clear()
      failures = 0
      error = null
      note = null
      if (after.enabled && exports.waiting() > 0) plan(0)
      return exporter.state()
    },
    async test(signal) {
      const startedMs = performance.now()
      const { collector, telemetry } = await open()
      const { content } = settings.read().export
      const trace = beginTrace(
        { traceId: createId('trace'), collectionIds: [], text: 'A test of the way to the collector' },
        now,
      )
      await trace.root.step('retrieve', 'retriever', {}, () => Promise.resolve([null, {}]))
      const { note } = await collector.send(telemetry.toFinishedSpans(trace.finish(null), { content, version }), signal)
      return { note, durationMs: performance.now() - startedMs }
    },
    async send(ids) {
      if (!exporter.isOn) throw new AppError('input-invalid', 'Sending traces is off. Turn it on first.')
      exports.add(ids)
      await working
      await work()
      return exporter.state()
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      clearTimeout(timer)
      await working
    },
  }
  if (exporter.isOn && exports.waiting() > 0) plan(times.gatherMs)
  return exporter
}

/** The collector understood who asks, and does not want this. */
function isAboutContent({ code, details }: AppError): boolean {
  return code === 'request-refused' && [400, 413, 422].includes(Number(details.status))
}

function waitMs({ details }: AppError, failures: number, { firstWaitMs, longestWaitMs }: ExportTimes): number {
  const asked = typeof details.retryAfterMs === 'number' ? details.retryAfterMs : 0
  const doubled = Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1))
  // Not all at the same moment, where many wait for one collector.
  return Math.max(asked, doubled * (0.75 + Math.random() / 2))
}

function originOf(endpoint: string): string {
  return URL.parse(endpoint)?.origin ?? ''
}
