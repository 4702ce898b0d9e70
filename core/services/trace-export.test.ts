import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from 'better-sqlite3'
import { AppError } from '../contract/errors.ts'
import type { Trace } from '../contract/traces.ts'
import { openSqlite } from '../database/sqlite.ts'
import { migrate } from '../database/migrate.ts'
import { migrations } from '../database/migrations/list.ts'
import { beginTrace } from '../flows/open-trace.ts'
import { createNetworkAttempts } from '../library/network-attempts.ts'
import { createNetworkSettingsLibrary } from '../library/network-settings.ts'
import { createTraceExports } from '../library/trace-exports.ts'
import { createTraceSettingsLibrary } from '../library/trace-settings.ts'
import { createTraceLibrary } from '../library/traces.ts'
import { createNetworkDoor } from '../network/door.ts'
import { createNetworkPolicy } from '../network/policy.ts'
import { passphraseSealer } from '../secrets/passphrase-sealer.ts'
import { createSecretStore } from '../secrets/secret-store.ts'
import type { CollectionId, TraceId } from '../shared/ids.ts'
import { silentLog } from '../shared/log.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { type LocalCollector, openLocalCollector } from '../telemetry/testing/local-collector.ts'
import { encodePartialSuccess } from '../telemetry/testing/otlp-messages.ts'
import { createTraceExporter, type TraceExporter } from './trace-export.ts'

let cleanup: AsyncDisposableStack
let database: Database
let collector: LocalCollector
let policy: ReturnType<typeof createNetworkPolicy>
let traces: ReturnType<typeof createTraceLibrary>
let openExporter: (variables?: Record<string, string>) => TraceExporter
let keysFile: string

beforeEach(async () => {
  cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(temporaryFolder()).path
  keysFile = join(folder, 'keys.json')
  database = openSqlite(':memory:')
  cleanup.defer(() => void database.close())
  migrate(database, migrations, () => {})
  collector = cleanup.use(await openLocalCollector())
  traces = createTraceLibrary(database)
  policy = createNetworkPolicy({
    settings: createNetworkSettingsLibrary(database),
    administrator: () => undefined,
  })
  policy.allow(collector.host, ['trace-export'])
  openExporter = (variables = {}) =>
    cleanup.use(
      createTraceExporter({
        traces,
        exports: createTraceExports(database, Date.now),
        settings: createTraceSettingsLibrary(database),
        secrets: createSecretStore({ path: keysFile, sealers: [passphraseSealer('long enough a phrase')], variables }),
        door: createNetworkDoor({ policy, attempts: createNetworkAttempts(database, silentLog) }),
        version: '0.0.1',
        now: Date.now,
        log: silentLog,
        times: { gatherMs: 5, firstWaitMs: 10, longestWaitMs: 40 },
      }),
    )
})
afterEach(() => cleanup.disposeAsync())

function make(id: string): Trace {
  return beginTrace(
    { traceId: id as TraceId, collectionIds: ['col_1' as CollectionId], text: `Question ${id}` },
    Date.now,
  ).finish(null)
}
function ask(exporter: TraceExporter, ...ids: string[]): void {
  for (const id of ids) traces.save(make(id), { forExport: exporter.isOn })
  exporter.wake()
}
const sent = (): string[] =>
  collector.requests.flatMap(({ spans }) => spans.map(({ attributes }) => String(attributes['quarry.trace.id'])))
const until = (check: () => Promise<unknown>) => expect.poll(check, { timeout: 10_000, interval: 5 })

describe('traces on their way to a collector', () => {
  it('do not go anywhere until somebody turns it on, and not any more when it is turned off', async () => {
    const exporter = openExporter()
    expect(await exporter.state()).toMatchObject({ enabled: false, endpoint: '', content: 'redacted', waiting: 0 })
    ask(exporter, 'trc_1')
    await exporter.configure({ endpoint: collector.endpoint })
    ask(exporter, 'trc_2')
    await expect(exporter.send(['trc_1' as TraceId])).rejects.toMatchObject({ code: 'input-invalid' })
    await exporter.configure({ enabled: true })
    ask(exporter, 'trc_3')
    await until(async () => (await exporter.state()).waiting).toBe(0)
    collector.answerWith({ status: 503 })
    ask(exporter, 'trc_4')
    await until(async () => (await exporter.state()).error?.code).toBe('request-refused')
    await exporter.configure({ enabled: false })
    expect((await exporter.state()).waiting).toBe(0)
    ask(exporter, 'trc_5')
    await new Promise((resolve) => setTimeout(resolve, 100))
    // The fourth was tried before.
    expect(sent()).toEqual(['trc_3', 'trc_4'])
  })

  it('go together, zipped, with the headers that were given', async () => {
    const exporter = openExporter()
    const headers = { 'x-mlflow-experiment-id': '7', authorization: 'Basic a,b=c %' }
    await exporter.configure({ enabled: true, endpoint: `${collector.endpoint}/v1/traces/`, headers })
    ask(exporter, 'trc_1', 'trc_2')
    await until(async () => (await exporter.state()).sent).toBe(2)
    const [request] = collector.requests
    expect(collector.requests).toHaveLength(1)
    expect(request).toMatchObject({ method: 'POST', path: '/v1/traces' })
    expect(request?.headers).toMatchObject({
      ...{ 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
      ...headers,
    })
    expect(await exporter.state()).toMatchObject({
      headerNames: Object.keys(headers),
      headersFrom: 'stored',
      error: null,
    })
    expect(JSON.stringify(database.prepare('SELECT * FROM settings').all())).not.toContain('Basic')
    // Another server does not get them.
    await exporter.configure({ endpoint: 'https://collector.example' })
    expect(await exporter.state()).toMatchObject({ headerNames: [], headersFrom: 'none' })
  })

  it('are tried again, later and later, while the collector is busy or gone, and lose nothing', async () => {
    const exporter = openExporter()
    await exporter.configure({ enabled: true, endpoint: collector.endpoint })
    collector.answerWith({ status: 503 }, { status: 429, headers: { 'retry-after': '0' } }, { status: 502 })
    ask(exporter, 'trc_1')
    await until(async () => (await exporter.state()).sent).toBe(1)
    expect(collector.requests).toHaveLength(4)
    expect(await exporter.state()).toMatchObject({ error: null, waiting: 0, nextTryAt: null })

    collector.answerWith({ status: 401, body: 'no such key' })
    ask(exporter, 'trc_2')
    await until(async () => (await exporter.state()).error?.message).toContain('refused (401)')
    await until(async () => (await exporter.state()).sent).toBe(2)
  })

  it('are followed by what people think of the answers, in their words only where words may go', async () => {
    const exporter = openExporter()
    const rate = (id: string, rating: 'up' | 'down' | null, comment: string): void => {
      traces.rate(id as TraceId, { rating, comment }, Date.now())
      exporter.rated(id as TraceId)
    }
    ask(exporter, 'trc_before')
    await exporter.configure({ enabled: true, endpoint: collector.endpoint })
    ask(exporter, 'trc_1')
    await until(async () => (await exporter.state()).sent).toBe(1)
    const [question] = collector.requests[0]!.spans
    rate('trc_before', 'up', '')
    rate('trc_1', 'down', 'Wrong year')
    await until(() => Promise.resolve(collector.requests.length)).toBe(2)
    const [feedback, ...more] = collector.requests[1]!.spans
    expect(more).toEqual([])
    expect(feedback).toMatchObject({ traceId: question?.traceId, parentSpanId: question?.spanId, name: 'feedback' })
    expect(feedback?.attributes).toEqual({
      'openinference.span.kind': 'EVALUATOR',
      'quarry.trace.id': 'trc_1',
      'gen_ai.evaluation.name': 'user_feedback',
      'gen_ai.evaluation.score.label': 'down',
      'gen_ai.evaluation.score.value': 0,
    })
    expect(collector.requests[1]?.bytes.includes('Wrong')).toBe(false)

    await exporter.configure({ content: 'full' })
    await until(async () => (await exporter.state()).waiting).toBe(0)
    rate('trc_1', 'up', 'The year is right now')
    await until(() => Promise.resolve(collector.requests.length)).toBe(3)
    expect(collector.requests[2]?.spans.map(({ attributes }) => attributes)).toMatchObject([
      { 'gen_ai.evaluation.score.label': 'up', 'gen_ai.evaluation.explanation': 'The year is right now' },
    ])
    expect(collector.requests[2]?.spans[0]?.spanId).not.toBe(feedback?.spanId)
    await until(async () => (await exporter.state()).waiting).toBe(0)
    rate('trc_1', null, '')
    await until(() => Promise.resolve(collector.requests.length)).toBe(4)
    expect(collector.requests[3]?.spans[0]?.attributes['gen_ai.evaluation.score.label']).toBe('none')
    await until(async () => (await exporter.state()).waiting).toBe(0)

    // All of a trace that is sent once more.
    await exporter.send(['trc_1' as TraceId])
    expect(collector.requests[4]?.spans.map(({ name }) => name)).toEqual(['question', 'feedback'])
    await exporter.configure({ enabled: false })
    rate('trc_1', 'up', '')
    expect((await exporter.state()).waiting).toBe(0)
  })

  it('wait in the database for the next program, too', async () => {
    const first = openExporter()
    // Nothing listens there.
    const nowhere = 'http://127.0.0.1:1'
    policy.allow('127.0.0.1:1', ['trace-export'])
    await first.configure({ enabled: true, endpoint: nowhere })
    ask(first, 'trc_1', 'trc_2')
    await until(async () => (await first.state()).error?.code).toBe('connection-lost')
    await first[Symbol.asyncDispose]()
    createTraceSettingsLibrary(database).write({
      export: { enabled: true, endpoint: collector.endpoint, content: 'redacted', headerNames: [] },
    })
    const second = openExporter()
    expect((await second.state()).waiting).toBe(2)
    await until(async () => (await second.state()).sent).toBe(2)
    expect(sent().sort()).toEqual(['trc_1', 'trc_2'])
  })

  it('that were taken in part are not sent again, and what the collector says of it is shown', async () => {
    const exporter = openExporter()
    await exporter.configure({ enabled: true, endpoint: collector.endpoint })
    collector.answerWith({ status: 200, body: encodePartialSuccess(3, 'span too old') })
    ask(exporter, 'trc_1')
    await until(async () => (await exporter.state()).sent).toBe(1)
    expect((await exporter.state()).note).toBe('The collector did not take 3 spans: span too old')
    expect(collector.requests).toHaveLength(1)
  })

  it('that the collector cannot take hold up no others', async () => {
    const exporter = openExporter()
    await exporter.configure({ enabled: true, endpoint: collector.endpoint })
    collector.decide(({ bytes }) =>
      bytes.includes('trc_bad')
        ? { status: 400, headers: { 'content-type': 'text/plain' }, body: 'bad data' }
        : undefined,
    )
    ask(exporter, 'trc_1', 'trc_bad', 'trc_2')
    await until(async () => (await exporter.state()).sent).toBe(2)
    await until(async () => (await exporter.state()).waiting).toBe(0)
    expect(await exporter.state()).toMatchObject({
      sent: 2,
      error: { message: expect.stringContaining('bad data') as string },
    })
    const alone = collector.requests.filter(({ spans }) => spans.length === 1)
    expect(alone.filter(({ bytes }) => bytes.includes('trc_bad'))).toHaveLength(5)
  })

  it('do not leave while the network does not let them, and say why', async () => {
    policy.disallow(collector.host, ['trace-export'])
    const exporter = openExporter()
    const state = await exporter.configure({ enabled: true, endpoint: collector.endpoint })
    expect(state.refusal).toContain('quarry network allow')
    ask(exporter, 'trc_1')
    await until(async () => (await exporter.state()).error?.code).toBe('network-refused')
    await expect(exporter.test()).rejects.toMatchObject({ code: 'network-refused' })
    await exporter.configure({ endpoint: 'https://collector.example' })
    await expect(exporter.test()).rejects.toMatchObject({ code: 'network-refused', details: { reason: 'offline' } })
    expect(collector.requests).toEqual([])
    expect((await exporter.state()).waiting).toBe(1)
    policy.allow(collector.host, ['trace-export'])
    await exporter.configure({ endpoint: collector.endpoint })
    await until(async () => (await exporter.state()).sent).toBe(1)
  })

  it('follow no server to another', async () => {
    const exporter = openExporter()
    await exporter.configure({ enabled: true, endpoint: collector.endpoint })
    collector.answerWith({ status: 307, headers: { location: '/elsewhere' } })
    await expect(exporter.test()).rejects.toBeInstanceOf(AppError)
    expect(collector.requests.map(({ path }) => path)).toEqual(['/v1/traces'])
  })

  it('are tested with one that says nothing, on or off', async () => {
    const exporter = openExporter({ QUARRY_KEY_TRACE_EXPORT: 'x-key=from%20there, x-other=1' })
    await expect(exporter.test()).rejects.toMatchObject({ code: 'input-invalid' })
    await exporter.configure({ endpoint: collector.endpoint })
    expect(await exporter.state()).toMatchObject({ headersFrom: 'environment', variable: 'QUARRY_KEY_TRACE_EXPORT' })
    expect((await exporter.test()).durationMs).toBeGreaterThan(0)
    expect(collector.requests[0]?.headers).toMatchObject({ 'x-key': 'from there', 'x-other': '1' })
    expect(collector.requests[0]?.spans.map(({ name }) => name)).toEqual(['question', 'retrieve'])
    expect((await exporter.state()).sent).toBe(0)
  })

  it.each([
    [{ enabled: true }],
    [{ endpoint: 'collector' }],
    [{ endpoint: 'ftp://collector' }],
    [{ endpoint: 'http://user:secret@collector' }],
    [{ headers: { 'content-type': 'text/plain' } }],
    [{ headers: { 'two words': 'x' } }],
    [{ headers: { key: 'line\nend' } }],
  ])('take no settings such as %j', async (change) => {
    const exporter = openExporter()
    await expect(exporter.configure(change)).rejects.toMatchObject({ code: 'input-invalid' })
    expect(await exporter.state()).toMatchObject({ enabled: false, endpoint: '', headerNames: [] })
  })
})
