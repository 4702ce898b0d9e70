import type { Services } from '../services/services.ts'
import { os } from './base.ts'

export function searchHandlers({ collections, retrieval }: Services) {
  return {
    run: os.search.run.handler(async ({ input, signal }) => {
      const collection = collections.getCore(input.collectionId)
      const before = performance.now()
      const { query, k, mode } = input
      const results = await retrieval.retrieve(collection, { text: query, k, mode }, signal)
      return { results, latencyMs: performance.now() - before }
    }),
  }
}
