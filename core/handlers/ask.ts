import { ask } from '../flows/ask.ts'
import { createAskSteps } from '../services/ask-steps.ts'
import type { Services } from '../services/services.ts'
import { createId } from '../shared/ids.ts'
import { os } from './base.ts'
import { sqlFilter } from './filter.ts'

export function askHandlers(services: Services) {
  return {
    run: os.ask.run.handler(async function* ({ input, signal }) {
      const collection = services.collections.getCore(input.collectionId)
      const filter = sqlFilter(input.filter)
      const steps = await createAskSteps(collection, { mode: input.mode, ...(filter ? { filter } : {}) }, services)
      const question = { traceId: createId('trace'), collectionId: collection.id, text: input.question }
      yield* ask(question, steps, signal)
    }),
  }
}

export function traceHandlers({ traces }: Services) {
  return {
    list: os.traces.list.handler(({ input }) => ({
      traces: traces.list({ ...(input.collectionId ? { collectionId: input.collectionId } : {}), limit: input.limit }),
    })),
    get: os.traces.get.handler(({ input }) => traces.get(input.traceId)),
  }
}
