import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Pipeline, pipelineSchema } from './contract/pipeline.ts'
import { defaultPipeline } from './services/default-pipeline.ts'
import type { CollectionId } from './shared/ids.ts'
import { temporaryFolder } from './shared/temporary-folder.ts'
import { openTestApp, projectRoot, type TestApp } from './testing/test-app.ts'
import { writeTinyCrossEncoder } from './testing/tiny-models/onnx-models.ts'

const models = temporaryFolder()
let test: TestApp
let collectionId: CollectionId

beforeAll(async () => {
  await writeTinyCrossEncoder(join(models.path, 'tiny-cross'))
  test = await openTestApp({ modelFolders: [join(projectRoot, 'models'), models.path] })
  collectionId = (await test.client.collections.create({ name: 'Harbour' })).id
  const paths = []
  for (let number = 1; number <= 12; number++) {
    const path = join(test.folder, `boat-${number}.md`)
    await writeFile(
      path,
      `# Boat ${number}\n\nThe wave height limit of boat ${number} is ${number / 2} m. ${'x'.repeat(number)}`,
    )
    paths.push(path)
  }
  await test.ingest(collectionId, ...paths)
})
afterAll(async () => {
  await test[Symbol.asyncDispose]()
  models[Symbol.dispose]()
})

const query = 'wave height limit'
const withReranker = (options: Record<string, unknown>): Pipeline => ({
  ...defaultPipeline,
  reranker: { id: 'cross-encoder', options },
})
const set = (pipeline: Pipeline) => test.client.collections.setPipeline({ collectionId, pipeline })
const search = async (k: number) => (await test.client.search.run({ collectionId, query, k })).results

describe('a pipeline with a reranker', () => {
  it('keeps the best of more candidates, in the order of the reranker, and the scores of retrieval', async () => {
    await set(defaultPipeline)
    const found = await search(12)
    expect(found.every(({ rerankScore }) => rerankScore === null)).toBe(true)

    expect((await set(withReranker({ model: 'tiny-cross' }))).jobId).toBeNull()
    const all = await search(12)
    const scores = all.map(({ rerankScore }) => rerankScore ?? NaN)
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
    expect(new Set(scores).size).toBeGreaterThan(6)
    const before = new Map(found.map((passage) => [passage.documentId, passage]))
    for (const { documentId, score, textScore, vectorScore } of all) {
      expect(before.get(documentId)).toMatchObject({ score, textScore, vectorScore })
    }
    expect(await search(3)).toEqual(all.slice(0, 3))
  })

  it('leaves what it does not read behind what it reads', async () => {
    await set(withReranker({ model: 'tiny-cross', candidates: 4 }))
    const scores = (await search(8)).map(({ rerankScore }) => rerankScore !== null)
    expect(scores).toEqual([true, true, true, true, false, false, false, false])
  })

  it('shows the step in the trace of a question', async () => {
    await set({ ...withReranker({ model: 'tiny-cross' }), passages: 3 })
    let traceId
    for await (const event of await test.client.ask.run({ collectionIds: [collectionId], question: query })) {
      if (event.type === 'ask-end') traceId = event.traceId
    }
    if (traceId === undefined) throw new Error('The answer has no end.')
    const { spans, passages, rejected } = await test.client.traces.get({ traceId })
    const steps = spans.filter(({ parentId }) => parentId === spans[0]?.id)
    expect(steps.map(({ name }) => name)).toEqual(['retrieve', 'rerank', 'fit', 'relevance', 'generate'])
    const step = spans.find(({ name }) => name === 'rerank')
    expect(step).toMatchObject({ input: { passages: 12 }, error: null })
    expect(step?.durationMs).toBeGreaterThan(0)
    expect(step?.output).toHaveLength(3)
    expect(step?.attributes['reranker.top_k']).toBe(3)
    expect(passages.map(({ rerankScore }) => rerankScore)).not.toContain(null)
    const putBack = rejected.filter(({ reason }) => reason === 'rerank')
    expect(putBack).toHaveLength(9)
    expect(putBack.every(({ chunkId }) => !passages.some((passage) => passage.chunkId === chunkId))).toBe(true)
  })

  it('is refused where its model or an option is wrong', async () => {
    await expect(set(withReranker({ model: 'nowhere' }))).rejects.toMatchObject({ code: 'model-missing' })
    await expect(set(withReranker({ model: 'tiny-cross', candidates: 0 }))).rejects.toMatchObject({
      code: 'input-invalid',
    })
    const unknown = { ...defaultPipeline, reranker: { id: 'oracle', options: {} } }
    await expect(set(unknown)).rejects.toMatchObject({ code: 'implementation-unknown' })
  })

  it('is listed in the catalogue', async () => {
    const { families } = await test.client.catalogue.list()
    expect(families.reranker?.map(({ id }) => id)).toEqual(['cross-encoder', 'llama', 'cohere', 'jina', 'voyage'])
  })
})

it('has none where a pipeline is older than rerankers', () => {
  const { reranker: _, ...older } = defaultPipeline
  expect(pipelineSchema.parse(older).reranker).toBeNull()
})
