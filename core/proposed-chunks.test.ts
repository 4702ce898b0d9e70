import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Choice, Pipeline } from './contract/pipeline.ts'
import { writeManifest } from './model-files/manifest.ts'
import { defaultPipeline } from './services/default-pipeline.ts'
import type { CollectionId, DocumentId } from './shared/ids.ts'
import { temporaryFolder } from './shared/temporary-folder.ts'
import { openTestApp, projectRoot, type TestApp } from './testing/test-app.ts'
import { writeScriptedGenerator, writeTinyGenerator } from './testing/tiny-models/gguf-models.ts'

const models = temporaryFolder()
let test: TestApp
let collectionId: CollectionId
let documentId: DocumentId

beforeAll(async () => {
  await install('scripted', (folder) => writeScriptedGenerator(folder, '{"starts":[2]}'))
  await install('random', (folder) => writeTinyGenerator(folder, { contextTokens: 2048 }))
  test = await openTestApp({ modelFolders: [join(projectRoot, 'models'), models.path] })
  collectionId = (await test.client.collections.create({ name: 'Harbour' })).id
  const path = join(test.folder, 'harbour.txt')
  const about = (subject: string): string =>
    `${`The ${subject} is part of the harbour and has a keeper. `.repeat(5).trim()}\n\n`
  await writeFile(path, about('crane') + about('ferry') + about('lock'))
  await test.ingest(collectionId, path)
  documentId = (await test.client.documents.list({ collectionId })).documents[0]!.id
})
afterAll(async () => {
  await test[Symbol.asyncDispose]()
  models[Symbol.dispose]()
})

async function install(id: string, write: (folder: string) => Promise<unknown>): Promise<void> {
  const folder = join(models.path, id)
  await write(folder)
  await writeManifest(folder, {
    ...{ id, kind: 'generator', format: 'gguf', label: id, licence: { id: 'MIT' }, languages: ['en'] },
    ...{ files: [{ path: 'model.gguf' }], use: 'Tests.', sources: [] },
  })
}

const proposedBy = (model: string): Choice => ({ id: 'proposed', options: { model } })
const preview = (chunker: Choice) =>
  test.client.chunks.preview({ collectionId, documentId, settings: { parsers: {}, cleaning: [], rules: [], chunker } })
const set = (chunker: Choice) => {
  const pipeline: Pipeline = { ...defaultPipeline, chunker }
  return test.client.collections.setPipeline({ collectionId, pipeline })
}

describe('chunks as a language model proposes', () => {
  it('begin where it says, in the preview and in the index', async () => {
    const { chunks } = await preview(proposedBy('scripted'))
    expect(chunks).toHaveLength(2)
    const { jobId } = await set(proposedBy('scripted'))
    expect((await test.finished(jobId!)).status).toBe('done')
    const indexed = await test.client.chunks.list({ documentId })
    expect(indexed.chunks.map(({ start, end }) => [start, end])).toEqual(chunks.map(({ start, end }) => [start, end]))
  })

  it('hold the whole text whatever a model of random weights says, the same each time', async () => {
    const first = await preview(proposedBy('random'))
    const ink = (text: string): string => text.replaceAll(/\s/g, '')
    expect(ink(first.chunks.map(({ text }) => text).join(''))).toBe(ink(first.text))
    const again = await preview(proposedBy('random'))
    expect(again.chunks).toEqual(first.chunks)
  })

  it('are not made without one: a pipeline says so at once', async () => {
    await expect(set({ id: 'proposed', options: {} })).rejects.toMatchObject({ code: 'model-missing' })
    await expect(set(proposedBy('nowhere'))).rejects.toMatchObject({ code: 'model-missing' })
    await expect(preview(proposedBy('nowhere'))).rejects.toMatchObject({ code: 'model-missing' })
    const rules = [{ paths: [], types: ['pdf'], chunker: { id: 'proposed', options: {} } }]
    const pipeline = { ...defaultPipeline, rules }
    await expect(test.client.collections.setPipeline({ collectionId, pipeline })).rejects.toMatchObject({
      code: 'model-missing',
    })
  })
})
