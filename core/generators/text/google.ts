import { z } from 'zod'
import { noKey } from '../../runtimes/remote/connection.ts'
import type { TextGeneratorDefinition } from '../text-generator.ts'
import { reasoningOption, writeWith } from './parts/language-model.ts'
import { createRemoteTextGenerator, remoteTextOptions } from './parts/remote.ts'

const optionsSchema = z.object({ ...remoteTextOptions('google'), reasoning: reasoningOption })
type Options = z.infer<typeof optionsSchema>

/** Google's Generative Language API. */
export const googleTextGenerator: TextGeneratorDefinition<Options> = {
  id: 'google',
  label: 'Model of Google',
  summary: 'Writes with a Gemini model of Google. Question and sources go there.',
  version: 1,
  runsIn: 'host',
  options: optionsSchema,
  create: (options, dependencies) =>
    createRemoteTextGenerator('google', options, dependencies, async ({ provider, fetch }) => {
      const { createGoogle } = await import('@ai-sdk/google')
      const models = createGoogle({ baseURL: provider.baseUrl, apiKey: noKey, fetch })
      return writeWith(models.languageModel(options.model), provider, options.reasoning)
    }),
}
