import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectForTests } from '../testing/remote-connections.ts'
import { json, type RemoteServer, startRemoteServer } from '../testing/remote-server.ts'
import { rerankerDefinitions } from './list.ts'
import type { Reranker } from './reranker.ts'
import { describeReranker } from './rerankers.suite.ts'

let server: RemoteServer
beforeAll(async () => {
  server = await startRemoteServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const opener =
  (id: string) =>
  async (options: Record<string, unknown> = {}): Promise<Reranker> => {
    const definition = rerankerDefinitions.find((entry) => entry.id === id)!
    // The suite takes a word for a token; what is estimated may be twice as many.
    if (typeof options.maxTokens === 'number') options = { ...options, maxTokens: 2 * options.maxTokens }
    const reranker = await definition.create(
      definition.options.parse({ provider: id, model: 'good-model', ...options }),
      {
        locateModel: () => Promise.reject(new Error('There are no files to look for.')),
        threads: 1,
        connect: connectForTests(server),
      },
    )
    // A server says whether it has a model when it is asked; pipelines ask it when they are set.
    await reranker.score('A question?', ['A passage.'])
    return reranker
  }

const remote = rerankerDefinitions.filter(({ runsIn }) => runsIn === 'host').map(({ id }) => id)
for (const id of remote) describeReranker(`${id}, a server,`, opener(id))

describe.each(remote)('%s', (id) => {
  it('asks in batches, whose scores go to their own passages', async () => {
    const [small, large] = [await opener(id)({ batchSize: 2 }), await opener(id)()]
    const passages = ['the wave', 'oil', '', 'the height of the wave', 'a boat']
    const before = server.requests.length
    const scores = await small.score('wave height', passages)
    expect(server.requests.slice(before).map(({ body }) => (body.documents as unknown[]).length)).toEqual([2, 2])
    expect(scores).toEqual(await large.score('wave height', passages))
    expect(scores[2]).toBe(0)
    expect(scores[0]).toBeGreaterThan(scores[1]!)
    expect(scores[3]).toBeGreaterThan(scores[4]!)
  })

  it('takes no answer that leaves a passage without a score, or gives one twice', async () => {
    const reranker = await opener(id)()
    const name = id === 'voyage' ? 'data' : 'results'
    const rows = [
      [{ index: 0, relevance_score: 0.5 }],
      [
        { index: 0, relevance_score: 0.5 },
        { index: 0, relevance_score: 0.5 },
      ],
      [
        { index: 0, relevance_score: 0.5 },
        { index: 2, relevance_score: 0.5 },
      ],
      [{ index: 0 }, { index: 1 }],
      [
        { index: 0, relevance_score: 0.5 },
        { index: -1, relevance_score: 0.5 },
      ],
    ]
    for (const body of [...rows.map((row) => ({ [name]: row })), '{', 'null', {}]) {
      server.next(json(200, body))
      await expect(reranker.score('x', ['y', 'z'])).rejects.toMatchObject({ code: 'provider-answer-invalid' })
    }
    expect(server.isThrough()).toBe(true)
  })
})
