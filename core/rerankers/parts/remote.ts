import { z } from 'zod'
import type { ProviderKind } from '../../contract/providers.ts'
import { connectTo, type RemoteOptions, remoteOptions } from '../../runtimes/remote/options.ts'
import type { AskedProvider, ProviderConnection } from '../../runtimes/remote/connection.ts'
import { cutToTokens, estimateTokens } from '../../runtimes/remote/estimate-tokens.ts'
import { answerWrong, remoteError } from '../../runtimes/remote/provider-errors.ts'
import { throwIfAborted } from '../../shared/abort.ts'
import type { Reranker, RerankerDependencies, RerankerOptions } from '../reranker.ts'
import { candidatesOption, closedError, shareRoom } from './options.ts'

/** Options of every reranker that asks a server. */
export const remoteRerankerOptions = (kind: ProviderKind) => ({
  ...remoteOptions(kind, 'rerank'),
  candidates: candidatesOption,
  maxTokens: z
    .int()
    .min(32)
    .max(32_768)
    .default(2048)
    .describe('Question and passage together are cut after this many tokens, estimated on the safe side.'),
  batchSize: z.int().min(1).max(200).default(100).describe('Passages in one request at most.'),
})

export interface RemoteRerankerOptions extends RemoteOptions, RerankerOptions {
  maxTokens: number
  batchSize: number
}

/** One request: how well passages fit a question, each with its place in the list. */
export type AskForScores = (
  question: string,
  passages: readonly string[],
  signal: AbortSignal | undefined,
) => Promise<readonly { index: number; score: number }[]>

/** A reranker over a server. Nothing is asked of it before the first question. */
export async function createRemoteReranker(
  kind: ProviderKind,
  options: RemoteRerankerOptions,
  { connect }: RerankerDependencies,
  open: (connection: ProviderConnection) => Promise<AskForScores>,
): Promise<Reranker> {
  const connection = connectTo(options, { kind, use: 'rerank', connect })
  const { provider } = connection
  const ask = guarded(await open(connection), provider)
  let disposed = false
  return {
    modelId: `${kind}:${options.model}@${new URL(provider.baseUrl).host}`,
    async score(question, passages, { signal } = {}) {
      throwIfAborted(signal)
      if (disposed) throw closedError()
      const scores = new Float32Array(passages.length)
      const room = shareRoom(options.maxTokens, estimateTokens(question))
      const asked = cutToTokens(question, room.question).toWellFormed()
      // Servers refuse empty texts. An empty passage answers nothing, and an empty question asks for nothing.
      const rows = passages.flatMap((passage, row) => {
        const text = cutToTokens(passage, room.passage).toWellFormed()
        return text.trim() === '' ? [] : [{ row, text }]
      })
      if (asked.trim() === '') return scores
      for (let from = 0; from < rows.length; from += options.batchSize) {
        throwIfAborted(signal)
        if (disposed) throw closedError()
        const batch = rows.slice(from, from + options.batchSize)
        const given = await ask(
          asked,
          batch.map(({ text }) => text),
          signal,
        )
        for (const { index, score } of given) scores[batch[index]!.row] = score
      }
      return scores
    },
    async dispose() {
      disposed = true
    },
  }
}

/** Whatever a client library throws, and whatever is no score for each passage, as an AppError. */
function guarded(ask: AskForScores, provider: AskedProvider): AskForScores {
  return async (question, passages, signal) => {
    let scores: Awaited<ReturnType<AskForScores>>
    try {
      scores = await ask(question, passages, signal)
    } catch (error) {
      throw remoteError(error, provider, signal)
    }
    throwIfAborted(signal)
    const places = new Set(scores.map(({ index }) => index))
    const isWhole = places.size === passages.length && scores.length === passages.length
    if (!isWhole || scores.some(({ index, score }) => !(index in passages) || !Number.isFinite(score))) {
      throw answerWrong(provider, `it did not give one score for each of ${passages.length} passages`)
    }
    return scores
  }
}
