import { z } from 'zod'
import { createRemoteReranker, remoteRerankerOptions } from './parts/remote.ts'
import type { RerankerDefinition } from './reranker.ts'

const optionsSchema = z.object(remoteRerankerOptions('voyage'))
type Options = z.infer<typeof optionsSchema>

const answerSchema = z.object({ data: z.array(z.object({ index: z.int(), relevance_score: z.number() })) })

/** Voyage's own API. The AI SDK's client for it is of an older generation than the others (decision 0011). */
export const voyageReranker: RerankerDefinition<Options> = {
  id: 'voyage',
  label: 'Model of Voyage AI',
  summary: 'Reads question and passages together with a model of Voyage AI. They go there.',
  version: 1,
  runsIn: 'host',
  options: optionsSchema,
  create: (options, dependencies) =>
    createRemoteReranker(
      'voyage',
      options,
      dependencies,
      async ({ provider, fetch }) =>
        async (query, documents, signal) => {
          const response = await fetch(`${provider.baseUrl}/rerank`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ model: options.model, query, documents, top_k: documents.length }),
            ...(signal ? { signal } : {}),
          })
          const { data } = answerSchema.parse(await response.json())
          return data.map(({ index, relevance_score: score }) => ({ index, score }))
        },
    ),
}
