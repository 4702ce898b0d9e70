import { z } from 'zod'
import { askByCohereApi } from './parts/cohere-api.ts'
import { createRemoteReranker, remoteRerankerOptions } from './parts/remote.ts'
import type { RerankerDefinition } from './reranker.ts'

const optionsSchema = z.object(remoteRerankerOptions('jina'))
type Options = z.infer<typeof optionsSchema>

export const jinaReranker: RerankerDefinition<Options> = {
  id: 'jina',
  label: 'Model of Jina',
  summary:
    'Reads question and passages together with a model of Jina AI, vLLM, llama.cpp or another server with that API. They go there.',
  version: 1,
  runsIn: 'host',
  options: optionsSchema,
  create: (options, dependencies) =>
    createRemoteReranker('jina', options, dependencies, (connection) => askByCohereApi(connection, options.model)),
}
