import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CollectionId, DatasetId, DocumentId } from './shared/ids.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'

/** Test cases through the contract, on real documents that change under them. */
let app: TestApp
let collectionId: CollectionId

const boats = `# Boats

Fulmar stays in harbour above a wave height of 1.5 m.

Petrel is towed to the slip in May. The tide must be above 2.8 m for that.
`

beforeAll(async () => {
  app = await openTestApp()
})
afterAll(() => app[Symbol.asyncDispose]())

const write = (name: string, text: string): string => {
  const path = join(app.folder, name)
  writeFileSync(path, text)
  return path
}

async function collectionWith(name: string, ...files: string[]): Promise<CollectionId> {
  const { id } = await app.client.collections.create({ name })
  await app.ingest(id, ...files)
  return id
}

async function documentCalled(collection: CollectionId, path: string): Promise<DocumentId> {
  const { documents } = await app.client.documents.list({ collectionId: collection })
  return documents.find((document) => document.path === path)!.id
}

const slip = 'towed to the slip in May'

describe('passages follow their documents', () => {
  let datasetId: DatasetId
  let documentId: DocumentId

  beforeAll(async () => {
    collectionId = await collectionWith('Station', write('boats.md', boats))
    documentId = await documentCalled(collectionId, 'boats.md')
    datasetId = (await app.client.datasets.create({ name: 'Boats', collectionId })).id
    const { text } = await app.client.documents.text({ documentId })
    const start = text.indexOf(slip)
    const added = await app.client.datasets.addCase({
      datasetId,
      case: {
        id: 'slip',
        question: 'When is Petrel towed?',
        expected: [{ documentId, start, end: start + slip.length }],
      },
    })
    expect(added).toMatchObject({
      stale: null,
      origin: 'manual',
      state: 'accepted',
      split: 'all',
      expected: [
        { documentId, path: 'boats.md', start, end: start + slip.length, text: slip, judgedStart: start, lost: null },
      ],
    })
  })

  const look = () => app.client.datasets.case({ datasetId, caseId: 'slip' })

  it('to another place when text is put before them, with the same hash and version', async () => {
    const before = await app.client.datasets.get({ datasetId })
    await app.ingest(collectionId, write('boats.md', boats.replace('# Boats', '# Boats\n\nA paragraph that is new.')))
    const found = await look()
    const { text } = await app.client.documents.text({ documentId })
    expect(found.expected[0]).toMatchObject({ start: text.indexOf(slip), lost: null })
    expect(found.expected[0]!.start).toBeGreaterThan(found.expected[0]!.judgedStart)
    expect(await app.client.datasets.get({ datasetId })).toMatchObject({
      hash: before.hash,
      version: before.version,
      stale: 0,
    })
  })

  it('is stale, with the reason, while the words are gone, and well again when they are back', async () => {
    await app.ingest(collectionId, write('boats.md', boats.replace(slip, 'lifted out in June')))
    const lost = await look()
    expect(lost.stale).toContain('boats.md')
    expect(lost.expected).toMatchObject([{ lost: 'text-missing', text: slip }])
    expect((await app.client.datasets.list()).datasets.find(({ id }) => id === datasetId)?.stale).toBe(1)
    expect((await app.client.datasets.cases({ datasetId, stale: true })).total).toBe(1)

    await app.ingest(collectionId, write('boats.md', boats))
    expect(await look()).toMatchObject({ stale: null, expected: [{ lost: null }] })
  })

  it('is stale while the document is gone, and finds it when it is added again', async () => {
    await app.client.documents.remove({ documentIds: [documentId] })
    expect(await look()).toMatchObject({
      stale: 'The document "boats.md" is not in the collection.',
      expected: [{ documentId: null, lost: 'document-missing', text: slip }],
    })
    await app.ingest(collectionId, join(app.folder, 'boats.md'))
    const again = await documentCalled(collectionId, 'boats.md')
    expect(again).not.toBe(documentId)
    expect(await look()).toMatchObject({ stale: null, expected: [{ documentId: again, lost: null }] })
  })

  it('keeps the document when its file is renamed', async () => {
    const folder = join(app.folder, 'renamed')
    mkdirSync(folder)
    writeFileSync(join(folder, 'old.md'), boats)
    const other = await collectionWith('Renamed', folder)
    const set = await app.client.datasets.create({ name: 'Renamed', collectionId: other })
    await app.client.datasets.addCase({
      datasetId: set.id,
      case: { id: 'slip', question: 'When?', expected: [{ path: 'renamed/old.md', text: slip }] },
    })
    renameSync(join(folder, 'old.md'), join(folder, 'new.md'))
    const { jobId } = await app.client.sources.sync({ collectionId: other })
    await app.finished(jobId)
    const found = await app.client.datasets.case({ datasetId: set.id, caseId: 'slip' })
    expect(found).toMatchObject({ stale: null, expected: [{ path: 'renamed/old.md', lost: null }] })
    expect(found.expected[0]!.documentId).toBe(await documentCalled(other, 'renamed/new.md'))
    rmSync(folder, { recursive: true })
  })

  it('shows an earlier version as it was', async () => {
    const { version } = await app.client.datasets.get({ datasetId })
    await app.client.datasets.updateCase({
      datasetId,
      caseId: 'slip',
      change: { question: 'In which month?', tags: ['slip'] },
    })
    const now = await app.client.datasets.cases({ datasetId })
    const then = await app.client.datasets.cases({ datasetId, version })
    expect(now.cases[0]).toMatchObject({ question: 'In which month?', tags: ['slip'] })
    expect(then.cases[0]).toMatchObject({ question: 'When is Petrel towed?', tags: [], stale: null })
    expect(then.cases[0]!.expected[0]).toMatchObject({ text: slip, lost: null })
    const { versions } = await app.client.datasets.versions({ datasetId })
    expect(versions.map(({ number }) => number)).toEqual([version + 1, version])
  })
})

describe('a case is refused', () => {
  let datasetId: DatasetId

  beforeAll(async () => {
    datasetId = (await app.client.datasets.create({ name: 'Refusals', collectionId })).id
  })

  const add = (given: Parameters<typeof app.client.datasets.addCase>[0]['case']) =>
    app.client.datasets.addCase({ datasetId, case: given })

  it.each([
    ['an empty question', { question: '   ', answer: 'x' }, 'input-invalid'],
    ['a document that is not there', { question: 'q', expected: [{ path: 'nowhere.md', text: 'x' }] }, 'item-missing'],
    [
      'a span outside the text',
      { question: 'q', expected: [{ path: 'boats.md', start: 3, end: 99_999 }] },
      'input-invalid',
    ],
    [
      'words that are not there',
      { question: 'q', expected: [{ path: 'boats.md', text: 'purple whale' }] },
      'input-invalid',
    ],
    ['words that are there twice', { question: 'q', expected: [{ path: 'boats.md', text: 'above' }] }, 'input-invalid'],
    ['a passage without a document', { question: 'q', expected: [{ text: 'x' }] }, 'input-invalid'],
    ['a passage without words or offsets', { question: 'q', expected: [{ path: 'boats.md' }] }, 'input-invalid'],
    ['nothing that is expected', { question: 'q' }, 'input-invalid'],
    ['an id with control characters', { question: 'q', answer: 'x', id: 'a\u0000b' }, 'input-invalid'],
  ])('for %s', async (_, given, code) => {
    await expect(add(given)).rejects.toMatchObject({ code })
    expect((await app.client.datasets.get({ datasetId })).cases).toBe(0)
  })

  it('for an id that is taken', async () => {
    await add({ id: 'one', question: 'q', answer: 'x' })
    await expect(add({ id: 'one', question: 'q', answer: 'x' })).rejects.toMatchObject({ code: 'name-taken' })
  })

  it('for a document of another collection', async () => {
    const other = await collectionWith('Elsewhere', write('other.md', 'Nothing of ours.'))
    const documentId = await documentCalled(other, 'other.md')
    const given = { question: 'q', expected: [{ documentId, start: 0, end: 7 }] }
    await expect(add(given)).rejects.toMatchObject({ code: 'input-invalid' })
  })
})

describe('many at once', () => {
  let datasetId: DatasetId
  const ids = Array.from({ length: 100 }, (_, index) => `case ${index}`)

  beforeAll(async () => {
    datasetId = (await app.client.datasets.create({ name: 'Many' })).id
    for (const id of ids) {
      const tags = [Number(id.slice(5)) % 4 === 0 ? 'rare' : 'common']
      await app.client.datasets.addCase({ datasetId, case: { id, question: `${id}?`, answer: 'yes', tags } })
    }
  })

  it('are reviewed and tagged in one version', async () => {
    const { version } = await app.client.datasets.get({ datasetId })
    const { changed, dataset } = await app.client.datasets.setCases({
      datasetId,
      caseIds: ids.slice(0, 10),
      state: 'rejected',
      addTags: ['looked at'],
    })
    expect(changed).toBe(10)
    expect(dataset).toMatchObject({ version: version + 1, states: { accepted: 90, rejected: 10 } })
    await expect(
      app.client.datasets.setCases({ datasetId, caseIds: ['nobody'], state: 'accepted' }),
    ).rejects.toMatchObject({ code: 'item-missing' })
  })

  it('are sorted, and all that pass a filter are known by their ids', async () => {
    const first = async (sort: 'order' | 'question' | 'state', descending = false) => {
      const { cases } = await app.client.datasets.cases({ datasetId, sort, descending, limit: 3 })
      return cases.map(({ id }) => id)
    }
    expect(await first('order')).toEqual(['case 0', 'case 1', 'case 2'])
    expect(await first('order', true)).toEqual(['case 99', 'case 98', 'case 97'])
    expect(await first('question')).toEqual(['case 0', 'case 10', 'case 11'])
    // Equal ones stay in the order of the set.
    expect(await first('state', true)).toEqual(['case 0', 'case 1', 'case 2'])
    expect(await first('state')).toEqual(['case 10', 'case 11', 'case 12'])
    const { caseIds } = await app.client.datasets.caseIds({ datasetId, state: 'rejected' })
    expect(caseIds).toEqual(ids.slice(0, 10))
    expect((await app.client.datasets.caseIds({ datasetId, stale: true })).caseIds).toEqual([])
    await expect(app.client.datasets.caseIds({ datasetId: 'dts_no' })).rejects.toMatchObject({
      code: 'item-missing',
    })
  })

  it('differ between two versions by what was added, removed and changed', async () => {
    const set = await app.client.datasets.create({ name: 'Differing', collectionId })
    const add = (id: string) =>
      app.client.datasets.addCase({ datasetId: set.id, case: { id, question: `${id}?`, answer: 'yes' } })
    for (const id of ['a', 'b', 'c']) await add(id)
    const { version } = await app.client.datasets.get({ datasetId: set.id })
    await app.client.datasets.updateCase({ datasetId: set.id, caseId: 'b', change: { answer: 'no', tags: ['late'] } })
    await app.client.datasets.removeCases({ datasetId: set.id, caseIds: ['a'] })
    await add('d')
    const between = (from: number, to: number, limit = 100) =>
      app.client.datasets.differences({ datasetId: set.id, from, to, limit })
    expect(await between(version, version + 3)).toEqual({
      added: 1,
      removed: 1,
      changed: 1,
      differences: [
        { caseId: 'b', question: 'b?', kind: 'changed', fields: ['answer', 'tags'] },
        { caseId: 'd', question: 'd?', kind: 'added', fields: [] },
        { caseId: 'a', question: 'a?', kind: 'removed', fields: [] },
      ],
    })
    expect(await between(version + 3, version, 0)).toMatchObject({ added: 1, removed: 1, differences: [] })
    expect(await between(0, version)).toMatchObject({ added: 3, removed: 0, changed: 0 })
    await expect(between(0, version + 4)).rejects.toMatchObject({ code: 'item-missing' })
  })

  it('are split by shares, the same way each time, each tag by itself', async () => {
    const parts = [
      { name: 'train', share: 0.8 },
      { name: 'test', share: 0.2 },
    ]
    const deal = async (seed: number) => {
      await app.client.datasets.split({ datasetId, parts, seed, byTag: true })
      const { cases } = await app.client.datasets.cases({ datasetId, split: 'test' })
      return cases
    }
    const first = await deal(1)
    expect(first).toHaveLength(20)
    expect(first.filter(({ tags }) => tags.includes('rare'))).toHaveLength(5)
    const other = await deal(2)
    expect(other.map(({ id }) => id)).not.toEqual(first.map(({ id }) => id))
    expect((await deal(1)).map(({ id }) => id)).toEqual(first.map(({ id }) => id))
    const wrong = [{ name: 'train', share: 0.8 }]
    await expect(app.client.datasets.split({ datasetId, parts: wrong })).rejects.toMatchObject({
      code: 'input-invalid',
    })
  })
})

describe('a trace becomes a case', () => {
  it('with what was cited as what is expected, or as a question to be refused', async () => {
    let traceId = ''
    for await (const event of await app.client.ask.run({
      collectionIds: [collectionId],
      question: 'When is Petrel towed to the slip?',
    })) {
      if (event.type === 'ask-end') traceId = event.traceId
    }
    const trace = await app.client.traces.get({ traceId: traceId })
    expect(trace.citations.length).toBeGreaterThan(0)
    const added = await app.client.datasets.addTrace({ traceId: traceId })
    expect(added.case).toMatchObject({ question: trace.question, origin: 'trace', answerable: true, stale: null })
    expect(added.case.expected.map(({ text }) => text)).toContain(trace.citations[0]!.text.trim())
    expect(added.case.answer).not.toMatch(/\[\d+\]/)
    expect((await app.client.datasets.get({ datasetId: added.datasetId })).collectionId).toBe(collectionId)

    const refused = await app.client.datasets.addTrace({ traceId: traceId, answerable: false })
    expect(refused.datasetId).toBe(added.datasetId)
    expect(refused.case).toMatchObject({ answerable: false, expected: [], answer: null })
  })
})
