import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Trace } from './contract/traces.ts'
import type { CollectionId, TraceId } from './shared/ids.ts'
import { type LocalCollector, openLocalCollector } from './telemetry/testing/local-collector.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'

let test: TestApp
let collectionId: CollectionId
let cleanup: AsyncDisposableStack

const words = ['Skuas', 'breed', 'moorland', 'skuas.md', 'Birds']

beforeAll(async () => {
  cleanup = new AsyncDisposableStack()
  test = cleanup.use(await openTestApp())
  const path = join(test.folder, 'skuas.md')
  // Each long enough to be a chunk of its own.
  const sections = Array.from({ length: 30 }, (_, index) => {
    const lines = Array.from({ length: 12 }, (_, line) => `Skuas were counted on plot ${index}, line ${line}, in June.`)
    return `## Note ${index}\n\n${lines.join(' ')}\n`
  })
  await writeFile(path, `# Skuas\n\nSkuas breed on open moorland near the coast.\n\n${sections.join('\n')}`)
  const other = join(test.folder, 'gulls.md')
  await writeFile(other, '# Gulls\n\nGulls were counted on roofs.\n')
  collectionId = (await test.client.collections.create({ name: 'Birds' })).id
  await test.ingest(collectionId, path, other)
}, 120_000)
afterAll(() => cleanup.disposeAsync())

async function ask(question: string): Promise<Trace> {
  let id: TraceId | undefined
  for await (const event of await test.client.ask.run({ collectionIds: [collectionId], question })) {
    if (event.type === 'ask-end') id = event.traceId
  }
  return test.client.traces.get({ traceId: id ?? '' })
}

describe('traces', () => {
  it('say what was found and not used, and why', async () => {
    const trace = await ask('How many skuas were counted on the plots?')
    expect(trace.rejected.length).toBeGreaterThan(5)
    expect(trace.rejected.length).toBeLessThanOrEqual(50)
    const used = new Set(trace.passages.map(({ chunkId }) => chunkId))
    expect(trace.rejected.filter(({ chunkId }) => used.has(chunkId))).toEqual([])
    expect(trace.rejected.every(({ score, text, reason }) => Number.isFinite(score) && text && reason)).toBe(true)
    expect(new Set(trace.rejected.map(({ reason }) => reason))).toEqual(new Set(['rank']))
  })

  it('are listed, found, counted and removed', async () => {
    const { id } = await ask('Where do skuas breed?')
    await ask('zzz qqq xxyy?')
    const { traces, total } = await test.client.traces.list({ query: 'skuas breed', limit: 10 })
    expect(traces.map((trace) => trace.id)).toContain(id)
    expect(total).toBe(traces.length)
    const found = traces.find((trace) => trace.id === id)
    expect(found).toMatchObject({ collectionIds: [collectionId], outcome: 'answered', exported: false, replayOf: null })
    expect(found?.passages).toBeGreaterThan(0)
    const page = await test.client.traces.list({ limit: 1, offset: 1 })
    expect(page.traces).toHaveLength(1)
    expect(page.total).toBeGreaterThan(2)
    const { total: counts, buckets } = await test.client.traces.stats({ collectionId })
    expect(counts.questions).toBe(page.total)
    expect(counts.answered + counts.refused).toBe(page.total)
    expect(counts.p95Ms).toBeGreaterThan(0)
    expect(buckets.reduce((sum, { questions }) => sum + questions, 0)).toBe(page.total)
    expect(await test.client.traces.remove({ traceIds: [id] })).toEqual({ removed: 1 })
    await expect(test.client.traces.get({ traceId: id })).rejects.toMatchObject({ code: 'item-missing' })
    await expect(test.client.traces.remove({})).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(test.client.traces.remove({ traceIds: [id], before: 5 })).rejects.toMatchObject({
      code: 'input-invalid',
    })
  })

  it('are kept as long as somebody wants', async () => {
    const { id } = await ask('Where do skuas breed?')
    const old = await ask('Where do old skuas breed?')
    const { database } = test.app.services.workspace
    const threeDays = 3 * 24 * 60 * 60 * 1000
    database.prepare('UPDATE traces SET started_at = started_at - ? WHERE id = ?').run(threeDays, old.id)
    expect(await test.client.traces.keeping()).toMatchObject({ retentionDays: 0 })
    expect(await test.client.traces.keep({ retentionDays: 4 })).toMatchObject({ removed: 0 })
    expect(await test.client.traces.keep({ retentionDays: 2 })).toMatchObject({ removed: 1, retentionDays: 2 })
    await expect(test.client.traces.get({ traceId: old.id })).rejects.toMatchObject({ code: 'item-missing' })
    await test.client.traces.get({ traceId: id })
    await expect(test.client.traces.keep({ retentionDays: -1 })).rejects.toMatchObject({ code: 'input-invalid' })
    await test.client.traces.keep({ retentionDays: 0 })
  })

  it('that are old go when the workspace is opened', async () => {
    await using second = new AsyncDisposableStack()
    const folder = join(test.folder, 'kept')
    const first = await openTestApp({ dataFolder: folder })
    const { database } = first.app.services.workspace
    database
      .prepare(
        `INSERT INTO traces (id, number, question, refused, started_at, duration_ms, data)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
         SELECT 'trc_' || i, i, 'Old?', 0, i, 1, '{}' FROM n`,
      )
      .run()
    await first.client.traces.keep({ retentionDays: 0 })
    database
      .prepare(`INSERT OR REPLACE INTO settings VALUES ('traces', ?)`)
      .run(JSON.stringify({ retentionDays: 30, export: {} }))
    await first[Symbol.asyncDispose]()
    const again = second.use(await openTestApp({ dataFolder: folder }))
    await expect.poll(async () => (await again.client.traces.keeping()).traces, { timeout: 10_000 }).toBe(0)
  })
})

describe('traces sent to a collector', () => {
  let collector: LocalCollector
  beforeAll(async () => {
    collector = cleanup.use(await openLocalCollector())
    await test.client.network.allow({ host: collector.host, purposes: ['trace-export'] })
  })

  const sendOf = async (
    content: 'redacted' | 'full',
  ): Promise<{ trace: Trace; request: LocalCollector['requests'][0] }> => {
    collector.requests.length = 0
    await test.client.traces.setExport({ enabled: true, endpoint: collector.endpoint, content })
    const trace = await ask('Where do skuas breed?')
    await expect.poll(() => collector.requests.length, { timeout: 20_000 }).toBe(1)
    await expect.poll(async () => (await test.client.traces.exporting()).waiting).toBe(0)
    return { trace, request: collector.requests[0]! }
  }

  it('have the ids, parents, times and attributes that were stored, and nothing that somebody wrote', async () => {
    const { trace, request } = await sendOf('redacted')
    const { spans, bytes } = request
    expect(spans.map(({ spanId, parentSpanId }) => [spanId, parentSpanId])).toEqual(
      trace.spans.map(({ id, parentId }) => [id, parentId ?? '']),
    )
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
    expect(spans[0]?.traceId).toMatch(/^[0-9a-f]{32}$/)
    trace.spans.forEach((span, index) => {
      const { startTimeUnixNano: start, endTimeUnixNano: end } = spans[index]!
      expect(Math.abs(Number(start) / 1e6 - (trace.startedAt + span.startMs))).toBeLessThan(0.01)
      expect(Math.abs(Number(end - start) / 1e6 - span.durationMs)).toBeLessThan(0.01)
    })
    for (const [index, { attributes }] of trace.spans.entries()) expect(spans[index]?.attributes).toEqual(attributes)
    expect(spans[0]).toMatchObject({
      name: 'question',
      kind: 'SPAN_KIND_INTERNAL',
      status: { code: 'STATUS_CODE_OK' },
      attributes: {
        'openinference.span.kind': 'CHAIN',
        'quarry.trace.id': trace.id,
        'quarry.collection.ids': [collectionId],
      },
      resource: { 'service.name': 'quarry', 'quarry.conventions.gen_ai': '0.1.0' },
      scope: { name: 'quarry' },
    })
    const retrieve = spans.find(({ name }) => name === 'retrieve')
    expect(retrieve?.attributes).toMatchObject({
      'gen_ai.operation.name': 'retrieval',
      'gen_ai.retrieval.top_k': 8,
      'gen_ai.data_source.id': collectionId,
      'retrieval.documents.0.document.id': String(trace.passages[0]?.chunkId),
    })
    expect(retrieve?.attributes['retrieval.documents.0.document.score']).toBeCloseTo(trace.passages[0]!.score, 9)
    expect(spans.find(({ name }) => name.startsWith('embeddings '))?.attributes).toMatchObject({
      'openinference.span.kind': 'EMBEDDING',
    })
    for (const word of words) expect(bytes.includes(word)).toBe(false)
    expect((await test.client.traces.list({ limit: 1 })).traces[0]).toMatchObject({ id: trace.id, exported: true })
  })

  it('have questions, answers and passages where somebody asked for that', async () => {
    const { trace, request } = await sendOf('full')
    const [root] = request.spans
    expect(root?.attributes).toMatchObject({ 'input.value': trace.question, 'output.value': trace.answer })
    const retrieve = request.spans.find(({ name }) => name === 'retrieve')
    expect(retrieve?.attributes).toMatchObject({
      'gen_ai.retrieval.query.text': trace.question,
      'retrieval.documents.0.document.content': trace.passages[0]?.text,
    })
    for (const word of words.slice(0, 3)) expect(request.bytes.includes(word)).toBe(true)
  })

  it('go nowhere once it is off', async () => {
    collector.requests.length = 0
    await test.client.traces.setExport({ enabled: false })
    await ask('Where do skuas breed?')
    expect(await test.client.traces.exporting()).toMatchObject({ waiting: 0, nextTryAt: null })
    expect(collector.requests).toEqual([])
  })
})

describe('a replay', () => {
  const replay = async (traceId: TraceId, choice?: Parameters<typeof test.client.traces.replay>[0]['with']) => {
    const events = await Array.fromAsync(
      await test.client.traces.replay({ traceId, ...(choice ? { with: choice } : {}) }),
    )
    const end = events.find((event) => event.type === 'ask-end')
    if (end?.type !== 'ask-end') throw new Error('The answer has no end.')
    return { events, trace: await test.client.traces.get({ traceId: end.traceId }) }
  }

  it('asks the same question of the same documents again, and is a trace of its own', async () => {
    const before = await ask('Where do skuas breed?')
    const { trace } = await replay(before.id)
    expect(trace.id).not.toBe(before.id)
    expect(trace).toMatchObject({ replayOf: before.id, question: before.question, answer: before.answer, origin: null })
    expect(trace.passages.map(({ chunkId }) => chunkId)).toEqual(before.passages.map(({ chunkId }) => chunkId))
    expect(trace.spans[0]?.attributes['quarry.replay_of']).toBe(before.id)
    const { traces } = await test.client.traces.list({ replayOf: before.id })
    expect(traces.map(({ id }) => id)).toEqual([trace.id])
  })

  it('keeps to what was asked: filters, documents, mode', async () => {
    let id: TraceId | undefined
    const only = { question: 'Where do skuas breed?', filter: 'name=nothing.md', mode: 'text' as const }
    for await (const event of await test.client.ask.run({ collectionIds: [collectionId], ...only })) {
      if (event.type === 'ask-end') id = event.traceId
    }
    const { trace } = await replay(id!)
    expect(trace).toMatchObject({ passages: [], request: { filter: 'name=nothing.md', mode: 'text' } })
  })

  it('with another pipeline searches an index beside the others, which it builds where there is none', async () => {
    const before = await ask('Where do skuas breed?')
    const pipeline = before.pipeline!
    const retriever = { id: 'hybrid', options: { perDocument: 1 } }
    const other = { ...pipeline, passages: 2, retriever, chunker: { id: 'fixed', options: { maxTokens: 64 } } }
    const first = await replay(before.id, { kind: 'pipeline', pipeline: other })
    expect(first.events.some((event) => event.type === 'progress')).toBe(true)
    expect(first.trace.pipeline).toMatchObject({ passages: 2, chunker: { id: 'fixed' } })
    expect(first.trace.passages.length).toBeLessThanOrEqual(2)
    const chunks = new Set(before.passages.map(({ chunkId }) => chunkId))
    expect(first.trace.passages.some(({ chunkId }) => chunks.has(chunkId))).toBe(false)
    expect(first.trace.citations.length).toBeGreaterThan(0)
    expect(new Set(first.trace.rejected.map(({ reason }) => reason))).toContain('document-limit')
    // The second time it is there.
    const second = await replay(before.id, { kind: 'pipeline', pipeline: other })
    expect(second.events.some((event) => event.type === 'progress')).toBe(false)
    // Who asks the collection is answered as before.
    expect((await ask('Where do skuas breed?')).passages[0]?.chunkId).toBe(before.passages[0]?.chunkId)
  })

  it('is refused where it cannot be', async () => {
    const before = await ask('Where do skuas breed?')
    const pipeline = before.pipeline!
    const refused = async (change: object, code: string): Promise<void> => {
      const choice = { kind: 'pipeline', pipeline: { ...pipeline, ...change } } as const
      await expect(replay(before.id, choice)).rejects.toMatchObject({ code })
    }
    await refused({ chunker: { id: 'oracle', options: {} } }, 'implementation-unknown')
    await refused({ retriever: { id: 'hybrid', options: { candidates: -1 } } }, 'input-invalid')
    await refused({ cleaning: [{ id: 'urls', options: {} }] }, 'pipeline-mismatch')
    await expect(replay('trc_none' as TraceId)).rejects.toMatchObject({ code: 'item-missing' })
    const release = { kind: 'release', releaseId: 'rel_none' } as const
    await expect(replay(before.id, release)).rejects.toMatchObject({ code: 'item-missing' })
  })

  it('stops when it is left', async () => {
    const before = await ask('Where do skuas breed?')
    for await (const event of await test.client.traces.replay({ traceId: before.id })) {
      if (event.type === 'ask-start') break
    }
    await expect
      .poll(async () => (await test.client.traces.list({ replayOf: before.id })).traces.map(({ outcome }) => outcome))
      .toEqual(['stopped'])
  })
})
