import { z } from 'zod'
import { ollamaClient } from '../../runtimes/remote/ollama.ts'
import type { ProviderConnection } from '../../runtimes/remote/connection.ts'
import type { TextGeneratorDefinition } from '../text-generator.ts'
import { createRemoteTextGenerator, type RemotePart, type RemoteWrite, remoteTextOptions } from './parts/remote.ts'

const optionsSchema = z.object({
  ...remoteTextOptions('ollama'),
  think: z
    .boolean()
    .default(false)
    .describe('Lets a model that thinks before it answers do so. What it thinks is not part of the answer.'),
})
type Options = z.infer<typeof optionsSchema>

/** Ollama's own chat API. */
export const ollamaTextGenerator: TextGeneratorDefinition<Options> = {
  id: 'ollama',
  label: 'Model of an Ollama server',
  summary: 'Writes with a model of an Ollama server, on this machine or another. Question and sources go there.',
  version: 1,
  runsIn: 'host',
  options: optionsSchema,
  create: (options, dependencies) =>
    createRemoteTextGenerator('ollama', options, dependencies, async (connection) => write(connection, options)),
}

function write(connection: ProviderConnection, { model, contextTokens, think }: Options): RemoteWrite {
  return async function* ({ messages, maxTokens, temperature, seed, grammar }, signal): AsyncGenerator<RemotePart> {
    const client = await ollamaClient(connection, signal)
    const stream = await client.chat({
      model,
      messages: messages.map(({ role, content }) => ({ role, content })),
      stream: true,
      think,
      ...(grammar ? { format: grammar } : {}),
      options: {
        // Otherwise the server takes its own, which may be less, and drops the beginning without a word.
        num_ctx: contextTokens,
        num_predict: maxTokens,
        ...(temperature === undefined ? {} : { temperature }),
        ...(seed === undefined ? {} : { seed }),
      },
    })
    for await (const part of stream) {
      yield { type: 'text-delta', text: part.message.content }
      if (!part.done) continue
      yield {
        type: 'end',
        reason: part.done_reason === 'length' ? 'length' : 'stop',
        promptTokens: part.prompt_eval_count,
        outputTokens: part.eval_count,
      }
    }
  }
}
