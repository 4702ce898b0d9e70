import { z } from 'zod'
import { noKey } from '../../runtimes/remote/connection.ts'
import type { TextGeneratorDefinition } from '../text-generator.ts'
import { reasoningOption, writeWith } from './parts/language-model.ts'
import { createRemoteTextGenerator, remoteTextOptions } from './parts/remote.ts'

const optionsSchema = z.object({ ...remoteTextOptions('openai-compatible'), reasoning: reasoningOption })
type Options = z.infer<typeof optionsSchema>

/** Chat completions of OpenAI and of the many servers with its API. */
export const openaiCompatibleTextGenerator: TextGeneratorDefinition<Options> = {
  id: 'openai-compatible',
  label: 'Model of an OpenAI-compatible server',
  summary:
    'Writes with a model of OpenAI, LM Studio, vLLM, llama.cpp or another server with that API. Sources go there.',
  version: 1,
  runsIn: 'host',
  options: optionsSchema,
  create: (options, dependencies) =>
    createRemoteTextGenerator('openai-compatible', options, dependencies, async ({ provider, fetch }) => {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
      const { baseUrl } = provider
      const models = createOpenAICompatible({
        name: 'remote',
        baseURL: baseUrl,
        apiKey: noKey,
        fetch,
        includeUsage: true,
        supportsStructuredOutputs: true,
        // OpenAI's own newer models know only the new name, other servers only the old one.
        ...(new URL(baseUrl).host === 'api.openai.com' ? { transformRequestBody: withNewName } : {}),
      })
      return writeWith(models.chatModel(options.model), provider, options.reasoning)
    }),
}

function withNewName({ max_tokens, ...body }: Record<string, unknown>): Record<string, unknown> {
  return { ...body, max_completion_tokens: max_tokens }
}
