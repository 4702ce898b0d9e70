import { z } from 'zod'
import { noKey } from '../runtimes/remote/connection.ts'
import type { EmbedderDefinition } from './embedder.ts'
import { createRemoteEmbedder, remoteEmbedderOptions } from './parts/remote.ts'

const optionsSchema = z.object(remoteEmbedderOptions('openai-compatible'))
type Options = z.infer<typeof optionsSchema>

/** Embeddings of OpenAI and of the many servers with its API. */
export const openaiCompatibleEmbedder: EmbedderDefinition<Options> = {
  id: 'openai-compatible',
  label: 'Model of an OpenAI-compatible server',
  summary:
    'Embeds with a model of OpenAI, LM Studio, vLLM, llama.cpp or another server with that API. All texts go there.',
  version: 1,
  runsIn: 'host',
  options: optionsSchema,
  create: (options, dependencies) =>
    createRemoteEmbedder('openai-compatible', options, dependencies, async ({ provider, fetch }) => {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
      const models = createOpenAICompatible({ name: 'remote', baseURL: provider.baseUrl, apiKey: noKey, fetch })
      const model = models.embeddingModel(options.model)
      return async (texts, _purpose, signal) => {
        const { embeddings, response } = await model.doEmbed({
          values: [...texts],
          ...(signal ? { abortSignal: signal } : {}),
        })
        return inOrder(embeddings, response?.body)
      }
    }),
}

const placesSchema = z.object({ data: z.array(z.object({ index: z.int() })) })

/** The library takes vectors as they come; the API says of each which text it is of. */
function inOrder(vectors: readonly (readonly number[])[], body: unknown): readonly (readonly number[])[] {
  const places = placesSchema.safeParse(body).data?.data.map(({ index }) => index)
  if (!places || new Set(places).size !== vectors.length) return vectors
  const ordered: (readonly number[] | undefined)[] = vectors.map((_, place) => vectors[places.indexOf(place)])
  return ordered.filter((vector) => vector !== undefined)
}
