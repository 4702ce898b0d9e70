import { z } from 'zod'
import { noKey } from '../../runtimes/remote/connection.ts'
import type { TextGeneratorDefinition } from '../text-generator.ts'
import { reasoningOption, writeWith } from './parts/language-model.ts'
import { createRemoteTextGenerator, remoteTextOptions } from './parts/remote.ts'

const optionsSchema = z.object({ ...remoteTextOptions('anthropic'), reasoning: reasoningOption })
type Options = z.infer<typeof optionsSchema>

/** Anthropic's Messages API. It has no seed. */
export const anthropicTextGenerator: TextGeneratorDefinition<Options> = {
  id: 'anthropic',
  label: 'Model of Anthropic',
  summary: 'Writes with a Claude model of Anthropic. Question and sources go there.',
  version: 1,
  runsIn: 'host',
  options: optionsSchema,
  create: (options, dependencies) =>
    createRemoteTextGenerator('anthropic', options, dependencies, async ({ provider, fetch }) => {
      const { createAnthropic } = await import('@ai-sdk/anthropic')
      const models = createAnthropic({ baseURL: provider.baseUrl, apiKey: noKey, fetch })
      return writeWith(models.languageModel(options.model), provider, options.reasoning)
    }),
}
