import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Pipeline } from './contract/pipeline.ts'
import type { RetrievedPassage } from './contract/search.ts'
import { defaultPipeline } from './services/default-pipeline.ts'
import type { CollectionId, DocumentId } from './shared/ids.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'

const section = (name: string, fact: string): string =>
  [
    `## ${name}`,
    '',
    `This part is about the ${name}. It was written in spring. ${fact} Nobody has changed it since. Ask the office for more.`,
    '',
  ].join('\n')
const source = [
  '# Handbook',
  '',
  section('crane', 'The crane lifts 40 tonnes.'),
  section('ferry', 'The ferry carries 300 people.'),
  section('lock', 'The lock is 12 metres wide.'),
].join('\n')

let test: TestApp
let collectionId: CollectionId
let documentId: DocumentId
let text: string

beforeAll(async () => {
  test = await openTestApp()
  collectionId = (await test.client.collections.create({ name: 'Harbour' })).id
  const path = join(test.folder, 'handbook.md')
  await writeFile(path, source)
  await test.ingest(collectionId, path)
  documentId = (await test.client.documents.list({ collectionId })).documents[0]!.id
  text = test.app.services.documents.getText(documentId).text
})
afterAll(() => test[Symbol.asyncDispose]())

async function cutWith(id: string, options: Record<string, unknown>): Promise<void> {
  const pipeline: Pipeline = { ...defaultPipeline, chunker: { id, options } }
  const { jobId } = await test.client.collections.setPipeline({ collectionId, pipeline })
  if (jobId) expect((await test.finished(jobId)).status).toBe('done')
}
const search = async (query: string, mode: 'hybrid' | 'text' = 'hybrid'): Promise<RetrievedPassage[]> =>
  (await test.client.search.run({ collectionId, query, k: 5, mode })).results

describe('chunks that are small to find and large to answer', () => {
  it('are found by themselves and given with the passage that they are of', async () => {
    await cutWith('parent-child', { maxTokens: 9, answerTokens: 80, minTokens: 8 })
    const [best] = await search('lifts 40 tonnes', 'text')
    expect(best).toMatchObject({ documentId, headings: ['Handbook', 'crane'] })
    expect(best!.text).toMatch(
      /^(# Handbook\s+)?(## )?crane[^]*The crane lifts 40 tonnes\.[^]*Ask the office for more\.$/,
    )
    expect(text.slice(best!.start, best!.end)).toBe(best!.text)
    expect(best!.hits.map(({ start, end }) => text.slice(start, end)).join(' ')).toContain('40 tonnes')
    for (const { start, end } of best!.hits) {
      expect(start).toBeGreaterThanOrEqual(best!.start)
      expect(end).toBeLessThanOrEqual(best!.end)
    }
  })

  it('give each passage once, however many of its chunks were found', async () => {
    const results = await search('spring office', 'text')
    const spans = results.map(({ start, end }) => `${start}-${end}`)
    expect(new Set(spans).size).toBe(spans.length)
    expect(results.some(({ hits }) => hits.length > 1)).toBe(true)
  })

  it('are cited in the document', async () => {
    let cited: { start: number; end: number; text: string }[] = []
    for await (const event of await test.client.ask.run({
      collectionIds: [collectionId],
      question: 'How many people does the ferry carry?',
    }))
      if (event.type === 'ask-end') cited = event.citations
    expect(cited.length).toBeGreaterThan(0)
    for (const citation of cited) expect(text.slice(citation.start, citation.end)).toBe(citation.text)
    expect(cited.map((citation) => citation.text).join(' ')).toContain('300 people')
  })

  it('bring no text that a person switched off', async () => {
    const { chunks } = await test.client.chunks.list({ documentId })
    const off = chunks.find((chunk) => chunk.text.includes('written in spring'))!
    expect(off.answerStart).not.toBeNull()
    await test.client.chunks.setDisabled({ documentId, ordinal: off.ordinal, disabled: true })
    const [best] = await search('lifts 40 tonnes', 'text')
    expect(best!.text).toContain('40 tonnes')
    expect(best!.text).not.toContain('written in spring')
    await test.client.chunks.setDisabled({ documentId, ordinal: off.ordinal, disabled: false })
  })

  it('as sentences with what is around them, joined where they overlap', async () => {
    await cutWith('sentence-window', { sentences: 1, windowSentences: 1 })
    const [best] = await search('The lock is 12 metres wide')
    expect(best!.text).toContain('It was written in spring. The lock is 12 metres wide. Nobody has changed it since.')
    expect(best!.text).not.toContain('ferry')
    const results = await search('lock spring changed', 'text')
    const inOrder = results.toSorted((a, b) => a.start - b.start)
    inOrder.slice(1).forEach((passage, index) => expect(passage.start).toBeGreaterThanOrEqual(inOrder[index]!.end))
  })
})

describe('chunkers that compare by meaning', () => {
  it.each(['semantic', 'cluster-semantic'])(
    '%s ask the model of the pipeline, and give the same chunks again',
    async (id) => {
      const options = id === 'semantic' ? { maxTokens: 60, minTokens: 8 } : { maxTokens: 60, pieceTokens: 12 }
      const settings = { parsers: {}, cleaning: [], rules: [], chunker: { id, options } }
      const preview = await test.client.chunks.preview({ collectionId, documentId, settings })
      expect(preview.chunkerId).toBe(id)
      expect(preview.chunks.length).toBeGreaterThan(1)
      await cutWith(id, options)
      const { chunks } = await test.client.chunks.list({ documentId })
      expect(chunks.map(({ start, end }) => [start, end])).toEqual(preview.chunks.map(({ start, end }) => [start, end]))
      expect((await search('lifts 40 tonnes', 'text'))[0]!.text).toContain('40 tonnes')
    },
  )
})
