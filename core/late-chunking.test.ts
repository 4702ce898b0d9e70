import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Embedder } from './embedders/embedder.ts'
import { transformersEmbedder } from './embedders/transformers.ts'
import { indexedText } from './flows/indexed-text.ts'
import { defaultPipeline } from './services/default-pipeline.ts'
import type { CollectionId, DocumentId } from './shared/ids.ts'
import { temporaryFolder } from './shared/temporary-folder.ts'
import { openTestApp, projectRoot, type TestApp } from './testing/test-app.ts'
import { writeTinyEncoder } from './testing/tiny-models/onnx-models.ts'

const models = temporaryFolder()
const options = { model: 'tiny', lateChunking: true }
let test: TestApp
let embedder: Embedder
let collectionId: CollectionId
let documentId: DocumentId

beforeAll(async () => {
  const folder = await writeTinyEncoder(join(models.path, 'tiny'))
  embedder = await transformersEmbedder.create(transformersEmbedder.options.parse(options), {
    locateModel: async () => folder,
    threads: 1,
  })
  test = await openTestApp({ modelFolders: [join(projectRoot, 'models'), models.path] })
  collectionId = (await test.client.collections.create({ name: 'Bodies' })).id
  const chunker = { id: 'recursive', options: { maxTokens: 24, minTokens: 0 } }
  const pipeline = { ...defaultPipeline, chunker, embedder: { id: 'transformers', options } }
  await test.client.collections.setPipeline({ collectionId, pipeline })
  const path = join(test.folder, 'heart.md')
  await writeFile(
    path,
    '# The heart\n\nThe pump moves blood through the body. It never rests.\n\n# The lung\n\nThe lung takes air. It never rests.\n',
  )
  await test.ingest(collectionId, path)
  documentId = (await test.client.documents.list({ collectionId })).documents[0]!.id
})
afterAll(async () => {
  await embedder.dispose()
  await test[Symbol.asyncDispose]()
  models[Symbol.dispose]()
})

/** The vectors that are indexed, in the order of the chunks. */
function indexedVectors(): Float32Array[] {
  const { collectionIndexes, indexLibrary } = test.app.services
  const { row, store } = collectionIndexes.active(collectionId)!
  const ids = indexLibrary.chunkIds(row.id, documentId)
  const vectors = store.vectors(ids)
  return ids.map((id) => vectors.get(id)!)
}

it('chunks are indexed by their vectors within the document, behind its title', async () => {
  const { text, document } = test.app.services.documents.getText(documentId)
  const { chunks } = await test.client.chunks.list({ documentId })
  expect(chunks.length).toBeGreaterThan(1)
  const head = `${document.title}\n`
  const spans = chunks.map(({ start, end }) => ({ start: start + head.length, end: end + head.length }))
  const expected = await embedder.embedSpans!(head + text, spans)
  indexedVectors().forEach((vector, row) => {
    expect(Math.max(...vector.map((value, column) => Math.abs(value - expected[row * 32 + column]!)))).toBeLessThan(
      1e-5,
    )
  })
})

it('words of a person’s own are read by themselves, and the others stay', async () => {
  const before = indexedVectors()
  await test.client.chunks.setText({ documentId, ordinal: 0, text: 'the pump rests' })
  const { document } = test.app.services.documents.getText(documentId)
  const [edited] = (await test.client.chunks.list({ documentId })).chunks
  const words = indexedText(document.title ?? undefined, { ...edited!, edited: 'the pump rests' })
  const own = await embedder.embed([words], 'passage')
  const after = indexedVectors()
  expect(Math.max(...after[0]!.map((value, column) => Math.abs(value - own[column]!)))).toBeLessThan(1e-5)
  expect(after.slice(1)).toEqual(before.slice(1))
})

it('answers questions as before', async () => {
  const { results } = await test.client.search.run({ collectionId, query: 'what moves blood', mode: 'vector' })
  expect(results.length).toBeGreaterThan(0)
})
