import type { Services } from '../services/services.ts'
import { os } from './base.ts'
import { sqlFilter } from '../library/document-filter.ts'

export function searchHandlers({ collections, retrieval }: Services) {
  return {
    run: os.search.run.handler(async ({ input, signal }) => {
      const collection = collections.getCore(input.collectionId)
      const before = performance.now()
      const { query, k, mode } = input
      const filter = sqlFilter(input.filter)
      const request = { text: query, k, mode, ...(filter ? { filter } : {}) }
      const results = await retrieval.retrieve(collection, request, signal)
      return { results, latencyMs: performance.now() - before }
    }),
  }
}
