import { noKey, type ProviderConnection } from '../../runtimes/remote/connection.ts'
import type { AskForScores } from './remote.ts'

/** By Cohere's rerank API, which is Jina's as well. */
export async function askByCohereApi({ provider, fetch }: ProviderConnection, name: string): Promise<AskForScores> {
  const { createCohere } = await import('@ai-sdk/cohere')
  const model = createCohere({ baseURL: provider.baseUrl, apiKey: noKey, fetch }).rerankingModel(name)
  return async (query, passages, signal) => {
    const { ranking } = await model.doRerank({
      query,
      documents: { type: 'text', values: [...passages] },
      topN: passages.length,
      ...(signal ? { abortSignal: signal } : {}),
    })
    return ranking.map(({ index, relevanceScore }) => ({ index, score: relevanceScore }))
  }
}
