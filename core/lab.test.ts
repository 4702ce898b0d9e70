import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LabText } from './contract/lab.ts'
import type { Choice } from './contract/pipeline.ts'
import type { CollectionId } from './shared/ids.ts'
import { demoCorpus, openTestApp, type TestApp } from './testing/test-app.ts'

let test: TestApp
let collectionId: CollectionId
beforeAll(async () => {
  test = await openTestApp()
  collectionId = (await test.client.collections.create({ name: 'Demo' })).id
  await test.ingest(collectionId, demoCorpus)
})
afterAll(() => test[Symbol.asyncDispose]())

const lab = () => test.client.lab
const recursive = (options: Record<string, unknown> = {}): Choice => ({ id: 'recursive', options })
const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: { code: string }) => error.code,
  )

async function openText(text: string): Promise<LabText> {
  return lab().open({ source: { kind: 'text', text } })
}

describe('opening', () => {
  it('gives a document of the workspace as it is, with what the pipeline cuts it with', async () => {
    const { documents } = await test.client.documents.list({ collectionId })
    for (const { id, name, type, version } of documents.slice(0, 3)) {
      const opened = await lab().open({ source: { kind: 'document', documentId: id } })
      expect(opened).toMatchObject({ name, type, documentId: id, collectionId, chunker: { id: 'recursive' } })
      expect(version).toBeGreaterThan(0)
      const whole = await lab().text({ labId: opened.labId, start: 0, end: opened.textLength })
      const { text } = await test.client.documents.text({ documentId: id, around: 500_000 })
      expect(whole.text).toBe(text)
    }
  })

  it('cuts it exactly as the index has it', async () => {
    const { documents } = await test.client.documents.list({ collectionId })
    for (const { id } of documents) {
      const { labId, chunker } = await lab().open({ source: { kind: 'document', documentId: id } })
      const { columns } = await lab().chunk({ labId, chunkers: [chunker] })
      const indexed = await test.client.chunks.list({ documentId: id, limit: 5000 })
      const [column] = columns
      expect(column!.starts).toEqual(indexed.chunks.map(({ start }) => start))
      expect(column!.ends).toEqual(indexed.chunks.map(({ end }) => end))
      expect(column!.tokens).toEqual(indexed.chunks.map(({ tokens }) => tokens))
      expect(column!.pathOf.map((path) => column!.paths[path])).toEqual(indexed.chunks.map(({ headings }) => headings))
    }
  })

  it('reads a file and a text without adding them', async () => {
    const path = join(test.folder, 'notes.md')
    writeFileSync(path, '# Title\n\nA paragraph.\n')
    const before = await test.client.collections.list()
    const file = await lab().open({ source: { kind: 'file', path }, collectionId })
    expect(file).toMatchObject({ name: 'notes.md', type: 'markdown', documentId: null, collectionId })
    const text = await openText('# Title\n\nA paragraph.\n')
    expect(text).toMatchObject({ type: 'markdown', collectionId: null })
    expect(await openText('Plain words, and no more.')).toMatchObject({ type: 'text' })
    expect(await test.client.collections.list()).toEqual(before)
  })

  it('says what is wrong', async () => {
    expect(await code(lab().open({ source: { kind: 'file', path: 'notes.md' } }))).toBe('input-invalid')
    expect(await code(lab().open({ source: { kind: 'file', path: join(test.folder, 'none.md') } }))).toBe(
      'file-missing',
    )
    expect(await code(lab().open({ source: { kind: 'document', documentId: 'doc_none' } }))).toBe('item-missing')
    expect(await code(openText(' \n'))).toBe('file-empty')
    expect(await code(lab().text({ labId: 'none', start: 0, end: 1 }))).toBe('item-missing')
    expect(await code(lab().chunk({ labId: 'none', chunkers: [recursive()] }))).toBe('item-missing')
  })
})

describe('cutting', () => {
  const sections = Array.from(
    { length: 30 },
    (_, index) =>
      `## Part ${index}\n\nThe part of number ${index} holds oil. It is made of steel. It weighs ${index} grams.\n`,
  )
  const long = sections.join('\n')

  it('follows the options, several at once, and stretches cover the text', async () => {
    const { labId, textLength, stretches } = await openText(long)
    expect(stretches[0]).toBe(0)
    expect(stretches.every((start, index) => index === 0 || start > stretches[index - 1]!)).toBe(true)
    const fixed = (overlapTokens: number): Choice => ({ id: 'fixed', options: { maxTokens: 32, overlapTokens } })
    const { columns } = await lab().chunk({
      labId,
      chunkers: [recursive({ maxTokens: 32, minTokens: 0 }), fixed(0), fixed(12)],
    })
    const [structured, blind, overlapping] = columns
    expect(structured!.statistics).toMatchObject({ chunks: 30, faults: { sentence: 0 }, overlap: 0 })
    expect(structured!.paths[structured!.pathOf[4]!]).toEqual(['Part 4'])
    expect(blind!.statistics.faults.sentence).toBeGreaterThan(5)
    expect(blind!.faults).toHaveLength(blind!.statistics.faults.sentence)
    // An overlap that holds a sentence whole heals the cut.
    expect(overlapping!.statistics.faults.sentence).toBeLessThan(blind!.statistics.faults.sentence)
    expect(overlapping!.statistics.overlap).toBeGreaterThan(0.1)
    expect(overlapping!.ends.at(-1)).toBeLessThanOrEqual(textLength)
  })

  it('refuses what a chunker does not take', async () => {
    const { labId } = await openText(long)
    const cut = (chunker: Choice) => code(lab().chunk({ labId, chunkers: [chunker] }))
    expect(await cut({ id: 'none', options: {} })).toBe('implementation-unknown')
    expect(await cut(recursive({ maxTokens: 1 }))).toBe('input-invalid')
    expect(await cut(recursive({ size: 100 }))).toBe('input-invalid')
    expect(await cut(recursive({ maxTokens: 10, overlapTokens: 9 }))).toBe('input-invalid')
  })

  it('drops what nobody waits for, and goes on', async () => {
    const { labId } = await openText(long)
    const controller = new AbortController()
    const calls = [8, 9, 10, 11, 12, 13].map((maxTokens) =>
      code(lab().chunk({ labId, chunkers: [recursive({ maxTokens, minTokens: 0 })] }, { signal: controller.signal })),
    )
    controller.abort()
    for (const outcome of await Promise.all(calls)) expect(outcome).not.toBe('no error')
    const { columns } = await lab().chunk({ labId, chunkers: [recursive({ maxTokens: 32, minTokens: 0 })] })
    expect(columns[0]!.statistics.chunks).toBe(30)
  })

  it('finds in each way of cutting what answers a question, and judges it', async () => {
    const { labId } = await openText(long)
    const sentence = 'It weighs 17 grams.'
    const start = long.indexOf(sentence)
    const ask = (mode: 'text' | 'vector' | 'hybrid', maxTokens: number) =>
      lab().retrieve({
        labId,
        chunkers: [recursive({ maxTokens, minTokens: 0 })],
        question: 'What does part number 17 weigh?',
        mode,
        k: 3,
        expected: [{ start, end: start + sentence.length }],
      })
    for (const mode of ['text', 'hybrid', 'vector'] as const) {
      const { columns } = await ask(mode, 64)
      const { hits, verdict } = columns[0]!
      expect(hits.map(({ rank }) => rank)).toEqual([1, 2, 3])
      expect(
        hits.every(({ scoreKind }) => scoreKind === { text: 'bm25', vector: 'cosine', hybrid: 'fusion' }[mode]),
      ).toBe(true)
      if (mode === 'vector') continue
      expect(hits[0]!.start).toBeLessThanOrEqual(start)
      expect(verdict).toMatchObject({ passed: true, recall: 1 })
      expect(verdict!.iou).toBeLessThan(1)
    }
    // Cut apart, the sentence is found whole only where all of its parts are.
    const small = await ask('text', 8)
    expect(small.columns[0]!.verdict!.recall).toBeGreaterThan(0)
    // The index is there now.
    expect((await ask('hybrid', 64)).columns[0]!.indexMs).toBe(0)
    const { chunkers: none, ...rest } = { chunkers: [], labId, question: 'weigh', k: 5 }
    expect(none).toEqual([])
    const without = await lab().retrieve({ ...rest, chunkers: [recursive()] })
    expect(without.columns[0]!.verdict).toBeNull()
  })

  it('leaves nothing in the workspace and keeps only the last texts', async () => {
    const first = await openText('The first text of many.')
    for (let index = 0; index < 9; index++) await openText(`Another text, number ${index}.`)
    expect(await code(lab().chunk({ labId: first.labId, chunkers: [recursive()] }))).toBe('item-missing')
    expect((await test.client.collections.list()).collections.map(({ name }) => name)).toEqual(['Demo'])
  })
})
