import { AppError } from '../contract/errors.ts'
import { ask } from '../flows/ask.ts'
import type { SqlFilter } from '../library/documents.ts'
import { createAskSteps } from '../services/ask-steps.ts'
import type { Services } from '../services/services.ts'
import { type CollectionId, createId, type DocumentId } from '../shared/ids.ts'
import { os } from './base.ts'
import { sqlFilter } from '../library/document-filter.ts'

export function askHandlers(services: Services) {
  return {
    run: os.ask.run.handler(async function* ({ input, signal }) {
      const collection = services.collections.getCore(input.collectionId)
      const { mode, scope } = input
      const filter = input.documentId ? onlyDocument(input.documentId, collection.id) : sqlFilter(input.filter)
      const asked = services.documents.list(collection.id, {
        status: 'ready',
        limit: 2,
        offset: 0,
        ...(filter ? { filter } : {}),
      })
      const documentId = asked.length === 1 ? asked[0]?.id : undefined
      if (scope === 'document' && !documentId) throw notOneDocument(asked.length)
      const steps = await createAskSteps(
        collection,
        { mode, ...(filter ? { filter } : {}), ...(documentId ? { documentId } : {}) },
        services,
      )
      const { question: text, ...request } = input
      const question = { traceId: createId('trace'), collectionIds: [collection.id], request, text, scope }
      yield* ask(question, steps, signal)
    }),
  }

  /** Errors: item-missing, also for a document of another collection. */
  function onlyDocument(id: DocumentId, collectionId: CollectionId): SqlFilter {
    const document = services.documents.get(id)
    if (document.collectionId === collectionId)
      return { where: 'd.id = :onlyDocument', parameters: { onlyDocument: id } }
    throw new AppError(
      'item-missing',
      `"${document.name}" is not in this collection. Ask the collection that it is in.`,
    )
  }
}

function notOneDocument(found: number): AppError {
  const which = found === 0 ? 'no document that is ready' : 'several documents'
  return new AppError(
    'input-invalid',
    `A whole document was asked for, but there ${found === 0 ? 'is' : 'are'} ${which} here. Name one, or filter so that one is left.`,
  )
}

export function traceHandlers({ traces }: Services) {
  return {
    list: os.traces.list.handler(({ input }) => ({
      traces: traces.list({ ...(input.collectionId ? { collectionId: input.collectionId } : {}), limit: input.limit }),
    })),
    get: os.traces.get.handler(({ input }) => traces.get(input.traceId)),
  }
}
