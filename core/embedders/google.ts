import { z } from 'zod'
import { noKey } from '../runtimes/remote/connection.ts'
import type { EmbedderDefinition } from './embedder.ts'
import { createRemoteEmbedder, remoteEmbedderOptions } from './parts/remote.ts'

const optionsSchema = z.object(remoteEmbedderOptions('google'))
type Options = z.infer<typeof optionsSchema>

/** Embeddings by Google's Generative Language API, which is told what is a question and what a passage. */
export const googleEmbedder: EmbedderDefinition<Options> = {
  id: 'google',
  label: 'Model of Google',
  summary: 'Embeds with a model of Google. All texts go there.',
  version: 1,
  runsIn: 'host',
  options: optionsSchema,
  create: (options, dependencies) =>
    createRemoteEmbedder('google', options, dependencies, async ({ provider, fetch }) => {
      const { createGoogle } = await import('@ai-sdk/google')
      const model = createGoogle({ baseURL: provider.baseUrl, apiKey: noKey, fetch }).embeddingModel(options.model)
      return async (texts, purpose, signal) => {
        const { embeddings } = await model.doEmbed({
          values: [...texts],
          providerOptions: { google: { taskType: purpose === 'query' ? 'RETRIEVAL_QUERY' : 'RETRIEVAL_DOCUMENT' } },
          ...(signal ? { abortSignal: signal } : {}),
        })
        return embeddings
      }
    }),
}
