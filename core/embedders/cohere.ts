import { z } from 'zod'
import { noKey } from '../runtimes/remote/connection.ts'
import type { EmbedderDefinition } from './embedder.ts'
import { createRemoteEmbedder, remoteEmbedderOptions } from './parts/remote.ts'

const optionsSchema = z.object(remoteEmbedderOptions('cohere'))
type Options = z.infer<typeof optionsSchema>

/** Embeddings of Cohere, which is told what is a question and what a passage. */
export const cohereEmbedder: EmbedderDefinition<Options> = {
  id: 'cohere',
  label: 'Model of Cohere',
  summary: 'Embeds with a model of Cohere. All texts go there.',
  version: 1,
  runsIn: 'host',
  options: optionsSchema,
  create: (options, dependencies) =>
    createRemoteEmbedder('cohere', options, dependencies, async ({ provider, fetch }) => {
      const { createCohere } = await import('@ai-sdk/cohere')
      const model = createCohere({ baseURL: provider.baseUrl, apiKey: noKey, fetch }).embeddingModel(options.model)
      return async (texts, purpose, signal) => {
        const { embeddings } = await model.doEmbed({
          values: [...texts],
          providerOptions: {
            cohere: { inputType: purpose === 'query' ? 'search_query' : 'search_document', truncate: 'END' },
          },
          ...(signal ? { abortSignal: signal } : {}),
        })
        return embeddings
      }
    }),
}
