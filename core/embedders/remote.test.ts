import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProviderKind } from '../contract/providers.ts'
import { connectForTests } from '../testing/remote-connections.ts'
import { dimensions, json, type RemoteServer, startRemoteServer } from '../testing/remote-server.ts'
import { cosine, describeEmbedder } from './embedders.suite.ts'
import type { Embedder, EmbedderDependencies } from './embedder.ts'
import { embedderDefinitions } from './list.ts'

const models = fileURLToPath(new URL('../../models', import.meta.url))
const remote = embedderDefinitions.filter(({ runsIn }) => runsIn === 'host')

let server: RemoteServer
beforeAll(async () => {
  server = await startRemoteServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const opener =
  (id: string, dependencies: Partial<EmbedderDependencies> = {}) =>
  (options: Record<string, unknown> = {}): Promise<Embedder> => {
    const definition = embedderDefinitions.find((entry) => entry.id === id)!
    return definition.create(definition.options.parse({ provider: id, model: 'good-model', ...options }), {
      locateModel: async (name) => join(models, name),
      threads: 1,
      connect: connectForTests(server),
      ...dependencies,
    })
  }

for (const { id } of remote) describeEmbedder(`${id}, a server,`, { dimensions, open: opener(id) })

describe.each(remote.map(({ id }) => id))('%s', (id) => {
  it('asks with the key in batches, and never with more texts than it may', async () => {
    const embedder = await opener(id)({ batchSize: 3 })
    const before = server.requests.length
    await embedder.embed(['one', 'two', '', 'three', 'four', 'five', 'six', 'seven'], 'passage')
    const asked = server.requests.slice(before)
    const counts = asked.map(({ body }) => {
      const list = body.input ?? body.texts ?? body.requests ?? [body]
      return (list as unknown[]).length
    })
    expect(counts).toEqual([3, 3, 1])
    for (const { headers } of asked) expect(JSON.stringify(headers)).toContain('test-key-0123456789')
  })

  it('says what is missing in its options', async () => {
    await expect(opener(id)({ provider: '' })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(opener(id)({ model: '' })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(opener(id)({ provider: 'missing' })).rejects.toMatchObject({ code: 'item-missing' })
    const other = id === 'ollama' ? 'google' : 'ollama'
    await expect(opener(id)({ provider: other })).rejects.toThrow(`of the kind ${other}`)
    await expect(opener(id, { connect: undefined })()).rejects.toMatchObject({ code: 'internal' })
  })

  it('takes no list that is not one vector of finite numbers a text', async () => {
    const embedder = await opener(id)()
    for (const body of broken[id as ProviderKind] ?? []) {
      server.next(json(200, body))
      await expect(embedder.embed(['one', 'two'], 'passage')).rejects.toMatchObject({
        code: expect.stringMatching(/^(provider-answer-invalid|model-invalid)$/) as string,
      })
    }
    expect(server.isThrough()).toBe(true)
  })

  it('stops at once when it is cancelled, and the server is left', async () => {
    const embedder = await opener(id)()
    const left = server.left()
    const controller = new AbortController()
    server.next(() => controller.abort())
    await expect(embedder.embed(['x'], 'passage', { signal: controller.signal })).rejects.toMatchObject({
      code: 'cancelled',
    })
    await expect.poll(() => server.left()).toBe(left + 1)
  })
})

/** Answers to two texts that are wrong in one way each. */
const whole = Array.from({ length: dimensions }, () => 0.5)
const wrong = [[whole], [whole, []], [whole, whole.slice(1)], [whole, [...whole.slice(1), 'x']], [whole, whole, whole]]
const broken: Partial<Record<ProviderKind, unknown[]>> = {
  'openai-compatible': [
    ...wrong.map((vectors) => ({ data: vectors.map((embedding, index) => ({ index, embedding })) })),
    '{"data": [',
    'null',
    {},
  ],
  ollama: [...wrong.map((embeddings) => ({ embeddings })), '{"embeddings": [', '{}'],
  google: [...wrong.map((vectors) => ({ embeddings: vectors.map((values) => ({ values })) })), '{', '[]'],
  cohere: [
    ...wrong.map((float) => ({ embeddings: { float }, meta: { billed_units: { input_tokens: 1 } } })),
    '{"embeddings"',
    {},
  ],
}

it('questions and passages are told apart where the API has words for it', async () => {
  const [google, cohere] = [await opener('google')(), await opener('cohere')()]
  await google.embed(['x'], 'query')
  expect(server.requests.at(-1)?.body).toMatchObject({ taskType: 'RETRIEVAL_QUERY' })
  await google.embed(['x', 'y'], 'passage')
  expect(server.requests.at(-1)?.body).toMatchObject({ requests: [{ taskType: 'RETRIEVAL_DOCUMENT' }, {}] })
  await cohere.embed(['x'], 'query')
  expect(server.requests.at(-1)?.body).toMatchObject({ input_type: 'search_query' })
  await cohere.embed(['x'], 'passage')
  expect(server.requests.at(-1)?.body).toMatchObject({ input_type: 'search_document', truncate: 'END' })
})

it('vectors in another order than the texts find their places', async () => {
  const embedder = await opener('openai-compatible')()
  const [one, two] = [await embedder.embed(['one'], 'passage'), await embedder.embed(['two'], 'passage')]
  server.next(
    json(200, {
      data: [
        { index: 1, embedding: [...two] },
        { index: 0, embedding: [...one] },
      ],
    }),
  )
  const both = await embedder.embed(['one', 'two'], 'passage')
  expect(cosine(both.slice(0, dimensions), one)).toBeCloseTo(1, 5)
  expect(cosine(both.slice(dimensions), two)).toBeCloseTo(1, 5)
})

it('another model under the same name is noticed before its vectors are mixed with the first one’s', async () => {
  const kept = new Map<string, Float32Array>()
  const probes: EmbedderDependencies['probes'] = {
    find: (model) => kept.get(model),
    store: (model, vector) => void kept.set(model, vector),
  }
  const open = opener('ollama', { probes })
  const first = await open()
  await first.dispose()
  expect((await open()).modelId).toBe(first.modelId)
  server.swapModel()
  await expect(open()).rejects.toMatchObject({ code: 'model-invalid' })
  await expect(open()).rejects.toThrow('revision')
  const anew = await open({ revision: 'second' })
  expect(anew.modelId).not.toBe(first.modelId)
})

it('the same model at another address, or under another name, is another model', async () => {
  const first = await opener('ollama')()
  const named = await opener('ollama')({ model: 'other-model' })
  await using second = await startRemoteServer()
  const elsewhere = await opener('ollama', { connect: connectForTests(second) })()
  expect(new Set([first, named, elsewhere].map(({ modelId }) => modelId)).size).toBe(3)
})

it('words that the bundled tokenizer does not know count for as many tokens as they have letters', async () => {
  const embedder = await opener('ollama')({ maxTokens: 10 })
  await embedder.embed(['𐍈'.repeat(3) + ' ' + '\u13a0'.repeat(500)], 'passage')
  const [text] = server.requests.at(-1)?.body.input as string[]
  expect(text!.length).toBeLessThan(12)
})
