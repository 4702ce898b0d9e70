import { z } from 'zod'
import { AppError } from '../../../contract/errors.ts'
import type { ProviderKind } from '../../../contract/providers.ts'
import { connectTo, type RemoteOptions, remoteOptions } from '../../../runtimes/remote/options.ts'
import type { ProviderConnection } from '../../../runtimes/remote/connection.ts'
import { estimateTokens } from '../../../runtimes/remote/estimate-tokens.ts'
import { answerCut, remoteError } from '../../../runtimes/remote/provider-errors.ts'
import { abortable, cancelled, throwIfAborted } from '../../../shared/abort.ts'
import type {
  ChatMessage,
  TextEnd,
  TextGenerator,
  TextGeneratorDependencies,
  TextOptions,
  TextPart,
} from '../../text-generator.ts'

/** Options of every text generator that asks a server. */
export const remoteTextOptions = (kind: ProviderKind) => ({
  ...remoteOptions(kind, 'chat'),
  contextTokens: z
    .int()
    .min(256)
    .max(4_000_000)
    .default(8192)
    .describe(
      'Question, sources and answer together, at most. No more than the model reads; tokens are estimated on the safe side.',
    ),
  steady: z
    .boolean()
    .default(true)
    .describe(
      'Asks for the likeliest words, and for the same ones each time. Off for models that refuse to be asked so.',
    ),
})

export interface RemoteTextOptions extends RemoteOptions {
  contextTokens: number
  steady: boolean
}

/** What is asked of a server: the request as it may be sent. */
export interface RemoteRequest {
  messages: readonly ChatMessage[]
  maxTokens: number
  /** Absent: as the server does by itself. */
  temperature?: number
  seed?: number
  grammar?: Record<string, unknown>
}

/** As the server writes. The end comes once, with the tokens that it has counted; without an end the answer was cut. */
export type RemotePart = Extract<TextPart, { type: 'text-delta' }> | RemoteEnd

export interface RemoteEnd {
  type: 'end'
  reason: TextEnd['reason']
  promptTokens: number | undefined
  outputTokens: number | undefined
}

export type RemoteWrite = (request: RemoteRequest, signal: AbortSignal) => AsyncIterable<RemotePart>

/** A text generator over a server. Nothing is asked of it before the first text. */
export async function createRemoteTextGenerator(
  kind: ProviderKind,
  options: RemoteTextOptions,
  { connect }: TextGeneratorDependencies,
  open: (connection: ProviderConnection) => Promise<RemoteWrite>,
): Promise<TextGenerator> {
  const connection = connectTo(options, { kind, use: 'chat', connect })
  const { provider } = connection
  const write = await open(connection)
  let closed = false
  return {
    modelId: `${kind}:${options.model}@${new URL(provider.baseUrl).host}`,
    contextTokens: options.contextTokens,
    countTokens: async (text) => estimateTokens(text),
    async *stream(messages, asked, signal) {
      throwIfAborted(signal)
      if (closed) throw new AppError('internal', 'The model was closed while it was in use. Try again.')
      const promptTokens = messages.reduce((sum, { content }) => sum + messageTokens + estimateTokens(content), 0)
      const room = options.contextTokens - promptTokens
      if (room < 1) throw tooLong(promptTokens, options.contextTokens)
      const leave = new AbortController()
      const both = signal ? AbortSignal.any([signal, leave.signal]) : leave.signal
      const request = toRequest(messages, { ...asked, maxTokens: Math.min(asked.maxTokens, room) }, options.steady)
      let written = ''
      let ended = false
      try {
        for await (const part of promptly(write(request, both), both)) {
          if (part.type === 'text-delta') {
            if (part.text === '') continue
            written += part.text
            yield part
          } else {
            ended = true
            yield {
              type: 'end',
              reason: part.reason,
              promptTokens: part.promptTokens ?? promptTokens,
              outputTokens: part.outputTokens ?? estimateTokens(written),
            }
            break
          }
        }
        if (!ended) throw answerCut(provider)
      } catch (error) {
        throw remoteError(error, provider, signal)
      } finally {
        leave.abort()
      }
    },
    async dispose() {
      closed = true
    },
  }
}

/** What chat templates add around a message. */
const messageTokens = 8

function toRequest(messages: readonly ChatMessage[], options: TextOptions, steady: boolean): RemoteRequest {
  const { maxTokens, temperature, seed, grammar } = options
  return {
    // Half of a pair of surrogates is nothing that can be sent.
    messages: messages.map(({ role, content }) => ({ role, content: content.toWellFormed() })),
    maxTokens,
    ...(steady ? { temperature: temperature ?? 0 } : {}),
    ...(steady && seed !== undefined ? { seed } : {}),
    ...(grammar ? { grammar } : {}),
  }
}

/** Ends as soon as the signal fires, whatever the one that is read from waits for. */
async function* promptly<Part>(parts: AsyncIterable<Part>, signal: AbortSignal): AsyncGenerator<Part> {
  const iterator = parts[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = iterator.next()
      next.catch(() => {})
      const result = await abortable<IteratorResult<Part, unknown>>(next, signal)
      if (result.done) return
      yield result.value
      if (signal.aborted) throw cancelled()
    }
  } finally {
    // It may be waiting for the server, which is told by the signal.
    void Promise.resolve(iterator.return?.()).catch(() => {})
  }
}

function tooLong(promptTokens: number, contextTokens: number): AppError {
  return new AppError(
    'input-invalid',
    `The question and its sources take about ${promptTokens} tokens, and the model is given ${contextTokens}. Give it ` +
      'fewer passages, or a longer context.',
    { details: { promptTokens, contextTokens } },
  )
}
