import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Collection } from './contract/collections.ts'
import type { Pipeline } from './contract/pipeline.ts'
import type { DocumentId } from './shared/ids.ts'
import { copyDemoCorpus, openTestApp, type TestApp } from './testing/test-app.ts'

/** Pipelines set per collection, previews, edits of chunks and filters, on a real workspace. */
let test: TestApp
let collection: Collection

beforeAll(async () => {
  test = await openTestApp()
  collection = await test.client.collections.create({ name: 'Station' })
  await test.ingest(collection.id, copyDemoCorpus(test.folder))
})
afterAll(() => test[Symbol.asyncDispose]())

const smaller = (pipeline: Pipeline, maxTokens: number): Pipeline => ({
  ...pipeline,
  chunker: { id: 'recursive', options: { maxTokens, minTokens: 16 } },
})
async function set(pipeline: Pipeline): Promise<void> {
  const { jobId } = await test.client.collections.setPipeline({ collectionId: collection.id, pipeline })
  if (jobId) expect(await test.finished(jobId)).toMatchObject({ status: 'done', error: null, progress: { failed: 0 } })
}
const present = async (): Promise<Collection> =>
  (await test.client.collections.list()).collections.find(({ id }) => id === collection.id) as Collection
async function search(query: string, filter?: string) {
  const { results } = await test.client.search.run({ collectionId: collection.id, query, k: 10, filter })
  return results
}
async function documentNamed(name: string): Promise<DocumentId> {
  const { documents } = await test.client.documents.list({ collectionId: collection.id })
  return documents.find((document) => document.name === name)!.id
}

describe('a change of the chunker', () => {
  it('builds a new index beside the old one, switches, and goes back', async () => {
    const before = await search('How long does the battery last?')
    const { pipeline, chunks } = await present()
    await set(smaller(pipeline, 48))
    const after = await present()
    expect(after.chunks).toBeGreaterThan(chunks * 2)
    expect((await test.client.collections.indexes({ collectionId: collection.id })).indexes).toMatchObject([
      { state: 'retired', chunks, documents: 33 },
      { state: 'active', chunks: after.chunks, documents: 33 },
    ])
    const { jobId } = await test.client.collections.rollBack({ collectionId: collection.id })
    await test.finished(jobId!)
    expect(await present()).toMatchObject({ chunks, pipeline: { chunker: pipeline.chunker } })
    expect(await search('How long does the battery last?')).toEqual(before)
    expect(await test.client.collections.dropRetired({ collectionId: collection.id })).toEqual({ dropped: 1 })
    await expect(test.client.collections.rollBack({ collectionId: collection.id })).rejects.toMatchObject({
      code: 'item-missing',
    })
  })

  it('that is cancelled leaves everything as it was', async () => {
    const { pipeline, chunks } = await present()
    const { jobId } = await test.client.collections.setPipeline({
      collectionId: collection.id,
      pipeline: smaller(pipeline, 40),
    })
    for await (const event of await test.client.jobs.watch({ jobId: jobId! })) {
      if (event.type === 'progress' && event.job.progress.label.startsWith('building')) break
    }
    const job = await test.client.jobs.cancel({ jobId: jobId! })
    if (job.status === 'cancelled') {
      expect(await present()).toMatchObject({ chunks, pipeline: { chunker: pipeline.chunker } })
      expect((await test.client.collections.indexes({ collectionId: collection.id })).indexes).toHaveLength(1)
    } else {
      // It was quicker than the cancellation.
      expect(job.status).toBe('done')
      await set(pipeline)
    }
  })

  it('refuses what no implementation takes, and changes nothing', async () => {
    const { pipeline } = await present()
    const refused = (change: Partial<Pipeline>) =>
      test.client.collections.setPipeline({ collectionId: collection.id, pipeline: { ...pipeline, ...change } })
    await expect(refused({ chunker: { id: 'none', options: {} } })).rejects.toMatchObject({
      code: 'implementation-unknown',
    })
    await expect(refused({ chunker: { id: 'recursive', options: { maxTokens: -1 } } })).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('maxTokens') as string,
    })
    await expect(refused({ chunker: { id: 'recursive', options: { maxToken: 100 } } })).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('maxToken') as string,
    })
    await expect(refused({ embedder: { id: 'transformers', options: { model: 'gone' } } })).rejects.toMatchObject({
      code: 'model-missing',
    })
    expect((await present()).pipeline).toEqual(pipeline)
  })

  it('by a rule counts for the documents that match, and cleaning reads them again', async () => {
    const { pipeline } = await present()
    const rule = { paths: ['operations/**'], types: ['markdown'] }
    await set({
      ...pipeline,
      rules: [
        {
          ...rule,
          chunker: { id: 'recursive', options: { maxTokens: 32, minTokens: 8 } },
          cleaning: [{ id: 'replace', options: { pairs: [{ pattern: 'boat', replacement: 'BARGE' }] } }],
        },
        ...pipeline.rules,
      ],
    })
    const boats = await test.client.chunks.list({ documentId: await documentNamed('boats.md') })
    expect(Math.max(...boats.chunks.map((chunk) => chunk.tokens))).toBeLessThanOrEqual(32)
    expect((await search('BARGE')).some(({ text }) => text.includes('BARGE'))).toBe(true)
    await set(pipeline)
    const back = await test.client.chunks.list({ documentId: await documentNamed('boats.md') })
    expect(back.chunks.some((chunk) => chunk.text.includes('BARGE'))).toBe(false)
  })
})

describe('a preview', () => {
  it('shows what a document or a file would become, and stores nothing', async () => {
    const { pipeline } = await present()
    const { documents, chunks } = await test.client.workspace.status()
    const documentId = await documentNamed('boats.md')
    const input = { collectionId: collection.id, documentId }
    const now = await test.client.chunks.preview(input)
    const stored = await test.client.chunks.list({ documentId })
    expect(now.chunks.map((chunk) => chunk.text)).toEqual(stored.chunks.map((chunk) => chunk.text))
    const then = await test.client.chunks.preview({ ...input, settings: smaller(pipeline, 32) })
    expect(then.totals.chunks).toBeGreaterThan(now.totals.chunks)
    expect(then.totals.mostTokens).toBeLessThanOrEqual(32)
    for (const chunk of then.chunks) expect(then.text.slice(chunk.start, chunk.end)).toBe(chunk.text)

    const path = join(test.folder, 'other.csv')
    writeFileSync(path, 'name,length\nNorth,90\nSouth,80\n')
    expect(await test.client.chunks.preview({ collectionId: collection.id, path })).toMatchObject({
      type: 'csv',
      parserId: 'csv',
      totals: { elements: 1 },
    })
    await expect(test.client.chunks.preview({ ...input, settings: smaller(pipeline, 1) })).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('maxTokens') as string,
    })
    await expect(
      test.client.chunks.preview({ collectionId: collection.id, path: `${path}.gone` }),
    ).rejects.toMatchObject({ code: 'file-missing' })
    expect(await test.client.workspace.status()).toMatchObject({ documents, chunks })
  })
})

describe('edits of chunks', () => {
  it('hide, rewrite and add, are found accordingly, and survive re-chunking and changes of the file', async () => {
    const folder = join(test.folder, 'edits')
    mkdirSync(folder)
    const sections = ['Albatross', 'Bittern', 'Cormorant', 'Dunlin'].map(
      (name) =>
        `## ${name}\n\nThe ${name.toLowerCase()} is seen from the pier. ${'It likes small fish. '.repeat(12)}\n`,
    )
    writeFileSync(join(folder, 'birds.md'), `# Birds\n\n${sections.join('\n')}`)
    const { id: collectionId } = await test.client.collections.create({ name: 'Edits' })
    await test.ingest(collectionId, folder)
    const { documents } = await test.client.documents.list({ collectionId })
    const documentId = documents[0]!.id
    const list = async () => test.client.chunks.list({ documentId })
    const found = async (query: string) =>
      (await test.client.search.run({ collectionId, query, mode: 'text', k: 20 })).results
    const about = async (word: string) =>
      (await list()).chunks.find(
        (chunk) => chunk.text.includes(`the ${word} is`) || chunk.text.includes(`The ${word} is`),
      )!

    await test.client.chunks.setDisabled({ documentId, ordinal: (await about('albatross')).ordinal, disabled: true })
    expect((await about('albatross')).disabled).toBe(true)
    expect(await found('albatross')).toEqual([])

    const bittern = await about('bittern')
    const rewritten = await test.client.chunks.setText({
      documentId,
      ordinal: bittern.ordinal,
      text: 'Botaurus stellaris booms at dusk.',
    })
    expect(rewritten).toMatchObject({ edited: 'Botaurus stellaris booms at dusk.', text: bittern.text })
    const [passage] = await found('botaurus')
    expect(passage).toMatchObject({ edited: true, text: 'Botaurus stellaris booms at dusk.' })
    const answer = []
    for await (const event of await test.client.ask.run({
      collectionIds: [collectionId],
      question: 'What does Botaurus stellaris do?',
    })) {
      if (event.type === 'citation') answer.push(event.citation)
    }
    // What is cited is the document's own text at the place that the words stand for.
    expect(answer.some((citation) => citation.start === bittern.start && citation.text === bittern.text)).toBe(true)

    const { text } = await test.client.documents.text({ documentId, around: 100_000 })
    const start = text.indexOf('The cormorant')
    const added = await test.client.chunks.add({ documentId, start, end: start + 38, text: 'Phalacrocorax summary' })
    expect(added).toMatchObject({ start, edited: 'Phalacrocorax summary' })
    expect(await found('phalacrocorax')).toHaveLength(1)
    await expect(test.client.chunks.add({ documentId, start: 5, end: 5 })).rejects.toMatchObject({
      code: 'input-invalid',
    })

    // The file changes elsewhere; then the very text of one edit goes.
    writeFileSync(join(folder, 'birds.md'), `A new beginning.\n\n# Birds\n\n${sections.join('\n')}`)
    await test.ingest(collectionId, folder)
    expect(await found('albatross')).toEqual([])
    expect(await found('botaurus')).toHaveLength(1)
    expect(await found('phalacrocorax')).toHaveLength(1)
    expect((await list()).edits.map((edit) => edit.lost)).toEqual([false, false, false])
    writeFileSync(join(folder, 'birds.md'), `# Birds\n\n${sections.slice(1).join('\n')}`)
    await test.ingest(collectionId, folder)
    const { edits } = await list()
    expect(edits.map((edit) => [edit.kind, edit.lost])).toEqual([
      ['disable', true],
      ['edit', false],
      ['add', false],
    ])
    for (const edit of edits) await test.client.chunks.removeEdit({ editId: edit.id })
    expect(await list()).toMatchObject({ edits: [] })
    expect(await found('botaurus')).toEqual([])
    expect(await found('bittern')).not.toEqual([])
  })
})

describe('filters', () => {
  it('hold for searches, questions and lists, and say what is wrong with them', async () => {
    const results = await search('station', 'type=pdf')
    expect(results.length).toBeGreaterThan(0)
    const { documents } = await test.client.documents.list({ collectionId: collection.id, filter: 'type=pdf' })
    const pdfs = new Set(documents.map((document) => document.path))
    expect(documents.length).toBeGreaterThan(0)
    for (const result of results) expect(pdfs.has(result.path)).toBe(true)
    expect(await search('station', 'type=pdf and tag=none')).toEqual([])
    await test.client.documents.tag({ documentIds: [documents[0]!.id], add: ['Night'] })
    expect(new Set((await search('station', 'tag=night')).map((result) => result.path))).toEqual(
      new Set([documents[0]!.path]),
    )
    for await (const event of await test.client.ask.run({
      collectionIds: [collection.id],
      question: 'How long does the battery last?',
      filter: 'tag=night',
    })) {
      if (event.type === 'retrieval-end') {
        expect(event.passages.every((passage) => passage.path === documents[0]!.path)).toBe(true)
      }
    }
    await expect(search('station', 'type=')).rejects.toMatchObject({ code: 'input-invalid' })
  })
  it('need not be typed: documents and tags are suggested by a few letters', async () => {
    const suggest = (query: string) => test.client.documents.suggest({ collectionIds: [collection.id], query })
    const all = await suggest('')
    expect(all.documents.length).toBeGreaterThan(0)
    const [first] = all.documents
    const { documents } = await suggest(first!.name.slice(0, 4).toUpperCase())
    expect(documents.map(({ id }) => id)).toContain(first!.id)
    await test.client.documents.tag({ documentIds: [first!.id], add: ['100%_sure'] })
    expect((await suggest('100%_')).tags).toEqual([{ tag: '100%_sure', documents: 1 }])
    // Wild cards are characters like others.
    expect(await suggest('%_%')).toEqual({ documents: [], tags: [] })
    expect((await suggest("' OR 1=1 --")).documents).toEqual([])
  })
})

describe('the catalogue', () => {
  it('describes every family with schemas that a form can be drawn from', async () => {
    const { families } = await test.client.catalogue.list()
    expect(families.chunker.find(({ id }) => id === 'recursive')?.options).toMatchObject({
      type: 'object',
      properties: { maxTokens: { type: 'integer', default: 256 } },
    })
    for (const list of Object.values(families)) {
      expect(list.length).toBeGreaterThan(0)
      for (const { options, summary } of list) {
        expect(options.type).toBe('object')
        expect(summary).toMatch(/\.$/)
      }
    }
  })
})
