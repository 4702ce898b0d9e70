import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AskEvent } from './contract/ask.ts'
import type { Collection } from './contract/collections.ts'
import { copyDemoCorpus, openTestApp, projectRoot, type TestApp } from './testing/test-app.ts'

interface DemoCase {
  id: string
  question: string
  answerable: boolean
  expected: { path: string; quote: string }[]
}
const { cases } = JSON.parse(readFileSync(join(projectRoot, 'resources/demo/questions.json'), 'utf8')) as {
  cases: DemoCase[]
}

const squeeze = (text: string): string => text.replaceAll(/[\s|*_`]+/g, '').replaceAll('\u00ad', '')

/** The main job on the real demo documents, through the contract, with the real model, workers and database. */
describe('the main job', () => {
  let test: TestApp
  let collection: Collection

  beforeAll(async () => {
    test = await openTestApp()
    collection = await test.client.collections.create({ name: 'Station' })
    const job = await test.ingest(collection.id, copyDemoCorpus(test.folder))
    expect(job).toMatchObject({ status: 'done', progress: { failed: 0 } })
    expect(job.progress.ready).toBeGreaterThanOrEqual(30)
  })
  afterAll(() => test[Symbol.asyncDispose]())

  it('shows every document as ready with type, chunks and, for PDF, pages', async () => {
    const { documents, byStatus } = await test.client.documents.list({ collectionId: collection.id })
    expect(byStatus).toEqual({ ready: documents.length })
    expect(new Set(documents.map((document) => document.type))).toEqual(
      new Set(['markdown', 'html', 'pdf', 'docx', 'csv', 'tsv', 'text']),
    )
    for (const document of documents) {
      expect(document.chunks, document.path).toBeGreaterThan(0)
      expect(document.path).toMatch(/^corpus\//)
      if (document.type === 'pdf') expect(document.pages, document.path).toBeGreaterThan(1)
    }
  })

  it('keeps exact offsets: every chunk found is a slice of its document', async () => {
    for (const { question } of cases.slice(0, 8)) {
      const { results } = await test.client.search.run({ collectionId: collection.id, query: question })
      expect(results.length).toBeGreaterThan(0)
      for (const passage of results) {
        const { documentId, start, end } = passage
        const window = await test.client.documents.text({ documentId, start, end, around: 0 })
        expect(window.text.slice(start - window.textStart, end - window.textStart)).toBe(passage.text)
      }
    }
  })

  it('finds the expected document among the first ten for nearly every question', async () => {
    let found = 0
    const answerable = cases.filter((entry) => entry.answerable)
    for (const { question, expected } of answerable) {
      const { results } = await test.client.search.run({ collectionId: collection.id, query: question })
      if (expected.some(({ path }) => results.some((passage) => passage.path === `corpus/${path}`))) found += 1
    }
    expect(found).toBeGreaterThanOrEqual(Math.ceil(answerable.length * 0.9))
  })

  it('answers with citations that are spans of the documents, mostly the expected ones', async () => {
    let supported = 0
    const answerable = cases.filter((entry) => entry.answerable)
    for (const { question, expected } of answerable) {
      const end = await ask(test, collection, question)
      for (const citation of end.citations) {
        expect(end.answer).toContain(`[${citation.marker}]`)
        const { documentId, start, end: to } = citation
        const window = await test.client.documents.text({ documentId, start, end: to, around: 0 })
        expect(window.text.slice(start - window.textStart, to - window.textStart)).toBe(citation.text)
      }
      if (!end.refused) expect(end.citations.length).toBeGreaterThan(0)
      const hit = expected.some(({ path, quote }) =>
        end.citations.some(
          (citation) =>
            citation.path === `corpus/${path}` &&
            (squeeze(citation.text).includes(squeeze(quote)) || squeeze(quote).includes(squeeze(citation.text))),
        ),
      )
      if (hit) supported += 1
    }
    // 14 of 25 with static-512; it was 16 with static-256, with which the weights of sentences were fitted (decision 0009).
    expect(answerable).toHaveLength(25)
    expect(supported).toBeGreaterThanOrEqual(14)
  })

  it('says so when nothing relevant is there', async () => {
    const end = await ask(test, collection, 'Who composed the opera Tosca and in which theatre was its premiere?')
    expect(end).toMatchObject({ refused: true, citations: [] })
    expect(end.answer.length).toBeGreaterThan(20)
  })

  it('stores a trace of every question', async () => {
    const end = await ask(test, collection, cases[0]?.question ?? '')
    const trace = await test.client.traces.get({ traceId: end.traceId })
    expect(trace.answer).toBe(end.answer)
    const [root] = trace.spans
    expect(root).toMatchObject({ name: 'question', parentId: null, attributes: { 'quarry.trace.id': trace.id } })
    const below = (id: string | undefined) => trace.spans.flatMap((span) => (span.parentId === id ? [span.name] : []))
    expect(below(root?.id)).toEqual(['retrieve', 'fit', 'relevance', 'generate'])
    const legs = trace.spans.find((span) => span.name === 'retrieve')
    expect(below(legs?.id)).toEqual(['search words', 'embed', 'search vectors', 'search phrases'])
    expect(trace.spans.find((span) => span.name === 'embed')?.attributes).toMatchObject({
      'gen_ai.operation.name': 'embeddings',
      'openinference.span.kind': 'EMBEDDING',
      'gen_ai.embeddings.dimension.count': expect.any(Number) as number,
    })
    expect(trace.passages.length).toBeGreaterThan(0)
    const { traces } = await test.client.traces.list({ limit: 5 })
    expect(traces[0]?.id).toBe(end.traceId)
  })

  it.each(['hybrid', 'text', 'vector'] as const)('searches by %s and says how each passage was found', async (mode) => {
    const query = 'wave height limit of the boats'
    const { results } = await test.client.search.run({ collectionId: collection.id, query, mode })
    expect(results.length).toBeGreaterThan(0)
    for (const { foundBy, scoreKind } of results) {
      if (mode === 'hybrid') expect(scoreKind).toBe('fusion')
      else expect(foundBy).toBe(mode)
    }
    const scores = results.map((passage) => passage.score)
    expect(scores).toEqual([...scores].sort((a, b) => b - a))
  })

  it.each([
    '',
    '   ',
    '"',
    'a AND (b OR',
    "'; DROP TABLE documents; --",
    'NEAR(a b, 5) * ^x {col}: -y',
    '🚢🌊🧪',
    '\u0000\ud800',
    'Fulmar '.repeat(15_000),
  ])('takes any query as text: %#', async (query) => {
    const { results } = await test.client.search.run({ collectionId: collection.id, query })
    expect(Array.isArray(results)).toBe(true)
  })

  it('does not read again what has not changed, and reads again what has', async () => {
    const copy = join(test.folder, 'corpus')
    const again = await test.ingest(collection.id, copy)
    expect(again.progress).toMatchObject({ ready: 0, failed: 0 })
    expect(again.progress.unchanged).toBe(again.progress.done)

    const file = join(copy, 'operations/boats.md')
    writeFileSync(file, `${readFileSync(file, 'utf8')}\nThe third boat is called Zanzibarium.\n`)
    const changed = await test.ingest(collection.id, copy)
    expect(changed.progress).toMatchObject({ ready: 1, failed: 0 })
    const { results } = await test.client.search.run({
      collectionId: collection.id,
      query: 'Zanzibarium',
      mode: 'text',
    })
    expect(results[0]?.path).toBe('corpus/operations/boats.md')
  })

  it('takes a document out of every search when it is removed', async () => {
    const { documents } = await test.client.documents.list({ collectionId: collection.id })
    const boats = documents.find((document) => document.path.endsWith('boats.md'))
    expect(await test.client.documents.remove({ documentIds: boats ? [boats.id] : [] })).toEqual({ removed: 1 })
    for (const mode of ['text', 'vector', 'hybrid'] as const) {
      const { results } = await test.client.search.run({
        collectionId: collection.id,
        query: 'Zanzibarium boats',
        mode,
        k: 100,
      })
      expect(results.filter((passage) => passage.documentId === boats?.id)).toEqual([])
    }
  })

  it('removes a collection with everything in it and leaves the files alone', async () => {
    const other = await test.client.collections.create({ name: 'Other' })
    const file = join(test.folder, 'note.txt')
    writeFileSync(file, 'A note about kelp.')
    await test.ingest(other.id, file)
    expect(await test.client.collections.remove({ collectionId: other.id })).toEqual({ removed: true })
    await expect(test.client.documents.list({ collectionId: other.id })).rejects.toMatchObject({ code: 'item-missing' })
    expect(readFileSync(file, 'utf8')).toContain('kelp')
    const tables = test.app.services.workspace.database
      .prepare<[], string>(`SELECT count(*) FROM indexes WHERE collection_id = '${other.id}'`)
      .pluck()
      .get()
    expect(tables).toBe(0)
  })
})

describe('text in any script', () => {
  let test: TestApp
  beforeAll(async () => {
    test = await openTestApp()
  })
  afterAll(() => test[Symbol.asyncDispose]())

  it.each([
    [
      'German',
      'Die Fähre fährt täglich um acht Uhr vom Hafen ab. Im Winter ruht der Verkehr.',
      'Wann fährt die Fähre?',
    ],
    ['Chinese', '渡轮每天早上八点从港口出发。冬季停运。', '渡轮什么时候出发？'],
    ['Japanese', 'フェリーは毎朝八時に港を出発します。冬は運休です。', 'フェリーは何時に出発しますか'],
    ['Thai', 'เรือข้ามฟากออกจากท่าเรือทุกวันเวลาแปดโมงเช้า', 'เรือข้ามฟากออกกี่โมง'],
    ['Arabic', 'تغادر العبارة الميناء كل يوم في الساعة الثامنة صباحا', 'متى تغادر العبارة'],
    ['Greek', 'Το πλοίο αναχωρεί κάθε μέρα στις οκτώ από το λιμάνι.', 'Πότε αναχωρεί το πλοίο;'],
    ['Korean', '여객선은 매일 아침 여덟 시에 항구를 떠납니다.', '여객선은 언제 떠납니까'],
  ])('finds %s', async (name, text, question) => {
    const { id } = await test.client.collections.create({ name })
    const folder = join(test.folder, name)
    mkdirSync(folder)
    writeFileSync(join(folder, 'a.txt'), text)
    writeFileSync(join(folder, 'b.txt'), 'Something else altogether, about lighthouses and gulls.')
    await test.ingest(id, folder)
    const { results } = await test.client.search.run({ collectionId: id, query: question })
    expect(results[0]?.document).toBe('a.txt')
  })
})

describe('a workspace over time', () => {
  it('has everything after it was closed and opened again', async () => {
    await using first = await openTestApp()
    const { id } = await first.client.collections.create({ name: 'c' })
    writeFileSync(join(first.folder, 'a.txt'), 'The kelp survey takes place in June.')
    await first.ingest(id, first.folder)
    await first.app[Symbol.asyncDispose]()
    await using second = await openTestApp({ dataFolder: first.workspace })
    const { results } = await second.client.search.run({ collectionId: id, query: 'kelp survey' })
    expect(results[0]?.text).toContain('June')
  })

  it('takes uploads in pieces and keeps folder structure', async () => {
    await using test = await openTestApp()
    const { client } = test
    const { id } = await client.collections.create({ name: 'c' })
    const bytes = new TextEncoder().encode('# Kelp\n\nThe kelp survey takes place in June.\n'.repeat(50))
    const half = 700
    const first = await client.ingest.upload({
      path: 'folder/deep/a.md',
      data: new Blob([bytes.slice(0, half)]),
      last: false,
    })
    await expect(
      client.ingest.upload({
        uploadId: first.uploadId,
        path: 'folder/deep/a.md',
        offset: 5,
        data: new Blob([]),
        last: true,
      }),
    ).rejects.toMatchObject({ code: 'input-invalid' })
    const rest = {
      uploadId: first.uploadId,
      path: 'folder/deep/a.md',
      offset: half,
      data: new Blob([bytes.slice(half)]),
      last: true,
    }
    expect(await client.ingest.upload(rest)).toMatchObject({ received: bytes.length })
    const hostile = await client.ingest.upload({ path: '../../etc/passwd', data: new Blob(['plain text']), last: true })
    const { jobId } = await client.ingest.start({ collectionId: id, uploadIds: [first.uploadId, hostile.uploadId] })
    expect(await test.finished(jobId)).toMatchObject({ progress: { ready: 2 } })
    const { documents } = await client.documents.list({ collectionId: id })
    expect(documents.map((document) => document.path)).toEqual(['etc/passwd', 'folder/deep/a.md'])

    // The same path again is the same document.
    const again = await client.ingest.upload({
      path: 'folder/deep/a.md',
      data: new Blob(['# Kelp\n\nNow in July.']),
      last: true,
    })
    const { jobId: secondJob } = await client.ingest.start({ collectionId: id, uploadIds: [again.uploadId] })
    await test.finished(secondJob)
    const { documents: after, total } = await client.documents.list({ collectionId: id })
    expect(total).toBe(2)
    expect(after[1]).toMatchObject({ version: 2, status: 'ready' })
  })

  it('keeps an indexed document searchable when its file is gone, says why it failed, and retries', async () => {
    await using test = await openTestApp()
    const { id } = await test.client.collections.create({ name: 'c' })
    const file = join(test.folder, 'a.txt')
    writeFileSync(file, 'The kelp survey takes place in June.')
    await test.ingest(id, file)
    rmSync(file)
    const { jobId } = await test.client.documents.retry({ collectionId: id, documentIds: await ids(test, id) })
    expect(await test.finished(jobId)).toMatchObject({ progress: { failed: 1 } })
    const { documents } = await test.client.documents.list({ collectionId: id })
    expect(documents[0]).toMatchObject({ status: 'failed', reason: { code: 'file-missing' } })
    expect((await test.client.search.run({ collectionId: id, query: 'kelp' })).results).toHaveLength(1)
    writeFileSync(file, 'The kelp survey takes place in July.')
    const { jobId: retry } = await test.client.documents.retry({ collectionId: id })
    expect(await test.finished(retry)).toMatchObject({ progress: { ready: 1 } })
    expect((await test.client.search.run({ collectionId: id, query: 'kelp' })).results[0]?.text).toContain('July')
  })
})

async function ids(test: TestApp, collectionId: Collection['id']) {
  const { documents } = await test.client.documents.list({ collectionId })
  return documents.map((document) => document.id)
}

async function ask(
  test: TestApp,
  collection: Collection,
  question: string,
): Promise<Extract<AskEvent, { type: 'ask-end' }>> {
  for await (const event of await test.client.ask.run({ collectionIds: [collection.id], question })) {
    if (event.type === 'ask-end') return event
  }
  throw new Error('The answer never ended.')
}
