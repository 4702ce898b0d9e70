import { z } from 'zod'
import { ollamaClient } from '../runtimes/remote/ollama.ts'
import type { EmbedderDefinition } from './embedder.ts'
import { createRemoteEmbedder, remoteEmbedderOptions } from './parts/remote.ts'

const optionsSchema = z.object(remoteEmbedderOptions('ollama'))
type Options = z.infer<typeof optionsSchema>

/** Ollama's own embedding API. */
export const ollamaEmbedder: EmbedderDefinition<Options> = {
  id: 'ollama',
  label: 'Model of an Ollama server',
  summary: 'Embeds with a model of an Ollama server, on this machine or another. All texts go there.',
  version: 1,
  runsIn: 'host',
  options: optionsSchema,
  create: (options, dependencies) =>
    createRemoteEmbedder('ollama', options, dependencies, async (connection) => async (texts, _purpose, signal) => {
      const client = await ollamaClient(connection, signal)
      const { embeddings } = await client.embed({ model: options.model, input: [...texts], truncate: true })
      return embeddings
    }),
}
