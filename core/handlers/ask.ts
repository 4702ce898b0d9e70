import { AppError } from '../contract/errors.ts'
import { ask } from '../flows/ask.ts'
import { type Asked, askedOf } from '../services/asked.ts'
import { createAskSteps } from '../services/ask-steps.ts'
import { namedDocuments } from '../services/named-documents.ts'
import { proposeQuestions } from '../services/propose-questions.ts'
import type { Services } from '../services/services.ts'
import { createId } from '../shared/ids.ts'
import { os } from './base.ts'

export function askHandlers(services: Services) {
  return {
    run: os.ask.run.handler(async function* ({ input, signal }) {
      const { question: text, ...given } = input
      const isNarrowed = given.documentIds.length + given.tags.length > 0
      const named = isNarrowed ? undefined : namedDocuments(text, given.collectionIds, services)
      const request = named ? { ...given, documentIds: named.documentIds } : given
      const asked = await askedOf(request, services)
      if (input.scope === 'document' && !asked.documentId) throw notOneDocument(asked)
      const { collectionIds, release } = asked
      const note = [named?.note, asked.note].filter(Boolean).join(' ') || null
      const { pipeline } = asked.searched
      const about = {
        collectionIds,
        release,
        pipeline,
        note,
        request,
        scope: input.scope,
        history: input.history,
        origin: input.origin ?? null,
      }
      const steps = await createAskSteps(asked, services)
      yield* ask({ traceId: createId('trace'), text, ...about }, steps, signal)
    }),
    propose: os.ask.propose.handler(async ({ input, signal }) => ({
      questions: await proposeQuestions(input, services, signal),
    })),
  }
}

function notOneDocument({ documents: found, note }: Pick<Asked, 'documents' | 'note'>): AppError {
  const which = found === 0 ? 'no document that is ready' : 'several documents'
  return new AppError(
    'input-invalid',
    `A whole document was asked for, but there ${found === 0 ? 'is' : 'are'} ${which} here. Name one, or filter so that one is left.${note === null ? '' : ` ${note}`}`,
  )
}
