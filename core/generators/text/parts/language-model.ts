import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4Prompt } from '@ai-sdk/provider'
import { z } from 'zod'
import { AppError } from '../../../contract/errors.ts'
import type { AskedProvider } from '../../../runtimes/remote/connection.ts'
import type { RemotePart, RemoteRequest, RemoteWrite } from './remote.ts'

export const reasoningOption = z
  .enum(['provider-default', 'none', 'minimal', 'low', 'medium', 'high'])
  .default('provider-default')
  .describe('How long a model that thinks before it answers may do so. What it thinks is not part of the answer.')
export type Reasoning = z.infer<typeof reasoningOption>

/** Writes with a language model of the AI SDK. Its retries, telemetry and gateway are in another package, not used here. */
export function writeWith(model: LanguageModelV4, provider: AskedProvider, reasoning: Reasoning): RemoteWrite {
  return async function* (request, signal): AsyncGenerator<RemotePart> {
    const { stream } = await model.doStream(toCall(request, reasoning, signal))
    const reader = stream.getReader()
    try {
      for (;;) {
        const { done, value: part } = await reader.read()
        if (done) return
        if (part.type === 'text-delta') yield { type: 'text-delta', text: part.delta }
        else if (part.type === 'error') throw part.error
        else if (part.type === 'finish') {
          const { finishReason, usage } = part
          if (finishReason.unified === 'content-filter') throw declined(provider)
          // Without a reason of the server's own it ended before it was done.
          if (finishReason.unified === 'interrupted' || finishReason.raw === undefined) return
          if (finishReason.unified === 'error') return
          yield {
            type: 'end',
            reason: finishReason.unified === 'length' ? 'length' : 'stop',
            promptTokens: usage.inputTokens.total,
            outputTokens: usage.outputTokens.total,
          }
          return
        }
      }
    } finally {
      await reader.cancel().catch(() => {})
    }
  }
}

function toCall(
  { messages, maxTokens, temperature, seed, grammar }: RemoteRequest,
  reasoning: Reasoning,
  abortSignal: AbortSignal,
): LanguageModelV4CallOptions {
  return {
    prompt: messages.map(({ role, content }): LanguageModelV4Prompt[number] =>
      role === 'system' ? { role, content } : { role, content: [{ type: 'text', text: content }] },
    ),
    maxOutputTokens: maxTokens,
    ...(temperature === undefined ? {} : { temperature }),
    ...(seed === undefined ? {} : { seed }),
    ...(grammar ? { responseFormat: { type: 'json', name: 'answer', schema: grammar } } : {}),
    ...(reasoning === 'provider-default' ? {} : { reasoning }),
    abortSignal,
  }
}

function declined({ label }: AskedProvider): AppError {
  return new AppError(
    'provider-refused',
    `${label} declined to answer this: its own rules for contents forbid it. Ask otherwise, or choose another model.`,
  )
}
