import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AskEvent } from './contract/ask.ts'
import type { CollectionId, DocumentId } from './shared/ids.ts'
import { createId } from './shared/ids.ts'
import { demoCorpus, openTestApp, projectRoot, type TestApp } from './testing/test-app.ts'

/** Questions to several collections at once: they are answered as if all documents were in one. */
let test: TestApp
let whole: CollectionId
/** Every other document of the whole; the rest; two pages on something else; nothing. */
let even: CollectionId
let odd: CollectionId
let small: CollectionId
let empty: CollectionId

const files = readdirSync(demoCorpus, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))
  .sort()

beforeAll(async () => {
  test = await openTestApp()
  const create = async (name: string): Promise<CollectionId> => (await test.client.collections.create({ name })).id
  even = await create('Even')
  odd = await create('Odd')
  small = await create('Small')
  empty = await create('Empty')
  whole = await create('Whole')
  const part = (name: string, among: readonly string[]): string => {
    for (const file of among) {
      const copy = join(test.folder, name, file.slice(demoCorpus.length))
      mkdirSync(dirname(copy), { recursive: true })
      cpSync(file, copy)
    }
    return join(test.folder, name)
  }
  await test.ingest(whole, part('whole', files))
  await test.ingest(
    even,
    part(
      'even',
      files.filter((_, index) => index % 2 === 0),
    ),
  )
  await test.ingest(
    odd,
    part(
      'odd',
      files.filter((_, index) => index % 2 === 1),
    ),
  )
  const pages = [
    ['kite.md', '# Kites\n\nThe kite festival begins on the second Saturday of May at the old airfield.\n'],
    ['parking.md', '# Parking\n\nVisitors of the kite festival park at the quarry. Parking costs four pounds a day.\n'],
  ].map(async ([name = '', text = '']) => {
    const path = join(test.folder, name)
    await writeFile(path, text)
    return path
  })
  await test.ingest(small, ...(await Promise.all(pages)))
}, 240_000)
afterAll(() => test[Symbol.asyncDispose]())

type AskInput = Parameters<TestApp['client']['ask']['run']>[0]

async function ask(input: AskInput) {
  const events = await Array.fromAsync<AskEvent>(await test.client.ask.run(input))
  const retrieval = events.find((event) => event.type === 'retrieval-end')
  const end = events.at(-1)
  if (!retrieval || end?.type !== 'ask-end') throw new Error('The answer has no end.')
  return { ...end, passages: retrieval.passages }
}

const { cases } = JSON.parse(readFileSync(join(projectRoot, 'resources/demo/questions.json'), 'utf8')) as {
  cases: { question: string }[]
}

describe('several collections', () => {
  it('bring what one collection with all of their documents brings', async () => {
    let [first, shared, all] = [0, 0, 0]
    for (const { question } of cases) {
      const [apart, together] = [
        await ask({ collectionIds: [even, odd], question }),
        await ask({ collectionIds: [whole], question }),
      ]
      const places = (passages: typeof apart.passages): string[] =>
        passages.slice(0, 5).map(({ document, start }) => `${document} ${start}`)
      const [a, b] = [places(apart.passages), places(together.passages)]
      first += a[0] === b[0] ? 1 : 0
      shared += a.filter((place) => b.includes(place)).length
      all += b.length
    }
    // Not all: texts are long or short beside those of their own collection.
    expect(first / cases.length).toBeGreaterThan(0.9)
    expect(shared / all).toBeGreaterThan(0.9)
  }, 240_000)

  it('are answered from the one that knows, however small it is, and in whatever order they are named', async () => {
    for (const collectionIds of [
      [whole, small],
      [small, whole],
    ]) {
      const { answer, citations, passages } = await ask({
        collectionIds,
        question: 'When does the kite festival begin?',
      })
      expect(passages[0]?.path).toBe('kite.md')
      expect(answer).toContain('second Saturday of May')
      expect(citations[0]?.path).toBe('kite.md')
      const other = await ask({ collectionIds, question: 'When do we ring the coastguard after a missed radio call?' })
      expect(other.passages[0]?.path).toMatch(/boats\.md|emergency-plan\.pdf/)
    }
  })

  it('may be empty or removed, which the answer says; only where none is left is that an error', async () => {
    const gone = (await test.client.collections.create({ name: 'Gone' })).id
    await test.client.collections.remove({ collectionId: gone })
    const question = 'When does the kite festival begin?'
    const { answer, note, traceId } = await ask({ collectionIds: [gone, empty, small, small], question })
    expect(answer).toContain('second Saturday of May')
    expect(note).toBe('One of the collections was removed and is not searched.')
    const { collectionIds } = await test.client.traces.get({ traceId })
    expect(collectionIds).toEqual([empty, small])
    expect(await ask({ collectionIds: [empty], question })).toMatchObject({ refused: true, note: null })
    await expect(ask({ collectionIds: [gone], question })).rejects.toMatchObject({ code: 'item-missing' })
    await expect(ask({ collectionIds: [], question })).rejects.toMatchObject({ code: 'input-invalid' })
    const tooMany = Array.from({ length: 51 }, () => small)
    await expect(ask({ collectionIds: tooMany, question })).rejects.toMatchObject({ code: 'input-invalid' })
  })

  it('are searched in the documents and tags that are named, within the filter', async () => {
    const [kite, parking] = await Promise.all(['kite.md', 'parking.md'].map((name) => documentCalled(small, name)))
    const boats = await documentCalled(whole, 'boats.md')
    await test.client.documents.tag({ documentIds: [parking!], add: ['Visitors'] })
    const question = 'What does the kite festival say of boats and parking?'
    const asked = async (more: Partial<AskInput>): Promise<string[]> => {
      const { passages } = await ask({ collectionIds: [whole, small], question, ...more })
      return [...new Set(passages.map(({ path }) => path.replace(/.*\//, '')))].sort()
    }
    expect(await asked({ documentIds: [kite!] })).toEqual(['kite.md'])
    expect(await asked({ documentIds: [kite!, boats] })).toEqual(['boats.md', 'kite.md'])
    expect(await asked({ tags: ['visitors'] })).toEqual(['parking.md'])
    expect(await asked({ tags: ['visitors'], documentIds: [kite!] })).toEqual(['kite.md', 'parking.md'])
    expect(await asked({ tags: ['nobody has this'] })).toEqual([])
    expect(await asked({ documentIds: [kite!, boats], filter: 'name=boats.md' })).toEqual(['boats.md'])
    expect(await asked({ documentIds: [kite!], filter: 'name=boats.md' })).toEqual([])
    const outside = ask({ collectionIds: [even, odd], question, documentIds: [kite!] })
    await expect(outside).rejects.toMatchObject({
      code: 'item-missing',
      message: expect.stringContaining('kite.md') as string,
    })
    const nowhere = ask({ collectionIds: [small], question, documentIds: [createId('document')] })
    await expect(nowhere).rejects.toMatchObject({ code: 'item-missing' })
  })

  it('are asked with a release in the indexes that there are of it, and the answer says where there is none', async () => {
    const { lines } = await test.client.lines.list()
    const line = lines[0]!
    const { pipeline } = line.production!
    const question = 'When does the kite festival begin?'
    const started = async (input: AskInput) => {
      const [start] = await Array.fromAsync<AskEvent>(await test.client.ask.run(input))
      return start?.type === 'ask-start' ? start.release : undefined
    }
    const production = { kind: 'production' as const, lineId: line.id }
    const collectionIds = [whole, small, empty]
    expect(await ask({ collectionIds, question, release: production })).toMatchObject({ note: null, refused: false })
    expect(await started({ collectionIds, question, release: production })).toMatchObject({
      line: line.name,
      number: 1,
    })

    // Cut in another way: no collection has an index of that.
    const chunker = { id: 'recursive', options: { maxTokens: 64 } }
    const draft = await test.client.releases.createDraft({
      lineId: line.id,
      pipeline: { ...pipeline, chunker, passages: 2 },
    })
    const release = { kind: 'pinned' as const, releaseId: draft.id }
    const { answer, note, passages } = await ask({ collectionIds, question, release })
    expect(answer).toContain('second Saturday of May')
    expect(note?.match(/Until then its present index is searched\./gu)).toHaveLength(2)
    expect(passages).toHaveLength(2)
    expect(await started({ collectionIds, question, release })).toEqual({
      releaseId: draft.id,
      line: line.name,
      number: null,
    })
    const nowhere = { kind: 'pinned' as const, releaseId: createId('release') }
    await expect(ask({ collectionIds, question, release: nowhere })).rejects.toMatchObject({ code: 'item-missing' })
  })

  it('have one document read as a whole where one is left of all of them', async () => {
    const collectionIds = [whole, small]
    const kite = await documentCalled(small, 'kite.md')
    const summary = await ask({ collectionIds, question: 'Summarise this document.', documentIds: [kite] })
    expect(summary).toMatchObject({ passageMode: 'whole-document' })
    expect(new Set(summary.citations.map(({ documentId }) => documentId))).toEqual(new Set([kite]))
    await expect(ask({ collectionIds, question: 'Summarise this.', scope: 'document' })).rejects.toMatchObject({
      code: 'input-invalid',
    })
  })
})

async function documentCalled(collectionId: CollectionId, name: string): Promise<DocumentId> {
  const { documents } = await test.client.documents.list({ collectionId, limit: 100 })
  const found = documents.find((document) => document.name === name)
  if (!found) throw new Error(`There is no ${name}.`)
  return found.id
}
