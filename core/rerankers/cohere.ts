import { z } from 'zod'
import { askByCohereApi } from './parts/cohere-api.ts'
import { createRemoteReranker, remoteRerankerOptions } from './parts/remote.ts'
import type { RerankerDefinition } from './reranker.ts'

const optionsSchema = z.object(remoteRerankerOptions('cohere'))
type Options = z.infer<typeof optionsSchema>

export const cohereReranker: RerankerDefinition<Options> = {
  id: 'cohere',
  label: 'Model of Cohere',
  summary: 'Reads question and passages together with a model of Cohere. They go there.',
  version: 1,
  runsIn: 'host',
  options: optionsSchema,
  create: (options, dependencies) =>
    createRemoteReranker('cohere', options, dependencies, (connection) => askByCohereApi(connection, options.model)),
}
