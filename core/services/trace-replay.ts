import { askRequestSchema } from '../contract/ask.ts'
import { AppError } from '../contract/errors.ts'
import type { Pipeline } from '../contract/pipeline.ts'
import type { ReplayWith, Trace } from '../contract/traces.ts'
import type { CollectionLibrary } from '../library/collections.ts'
import type { CollectionId } from '../shared/ids.ts'
import type { Progress } from '../shared/progress.ts'
import { type Asked, type AskedParts, askedOf, type AskRequest } from './asked.ts'
import type { EvaluationSubjects } from './evaluation-subjects.ts'
import { checkPipeline, readsAlike } from './pipelines.ts'
import type { DocumentLibrary } from '../library/documents.ts'

export interface ReplayParts extends AskedParts {
  collections: CollectionLibrary
  documents: DocumentLibrary
  subjects: Pick<EvaluationSubjects, 'index'>
}

/** How a trace's question was asked; of an old trace what is known of it. Who asked then does not ask now. */
export function requestOf({ request, collectionIds, release }: Trace, choice: ReplayWith) {
  if (collectionIds.length === 0) {
    throw new AppError('item-missing', 'The collection that this question was asked of is not known any more.')
  }
  const { origin: _, ...asked } = askRequestSchema.parse({ collectionIds, ...request })
  const releaseId =
    choice.kind === 'release' ? choice.releaseId : choice.kind === 'same' ? release?.releaseId : undefined
  return { ...asked, release: releaseId === undefined ? undefined : ({ kind: 'pinned', releaseId } as const) }
}

/** What is asked again. Errors: see the contract. */
export async function askedAgain(
  request: AskRequest,
  choice: ReplayWith,
  parts: ReplayParts,
  report: (progress: Progress) => void,
  signal: AbortSignal | undefined,
): Promise<Asked> {
  if (choice.kind !== 'pipeline') return askedOf(request, parts)
  const { pipeline } = choice
  checkPipeline(pipeline)
  return askedOf(request, parts, {
    pipeline,
    async indexFor(id) {
      requireSameTexts(id, pipeline, parts)
      const { index } = await parts.subjects.index({ ...parts.collections.getCore(id), pipeline }, report, signal)
      return index
    },
  })
}

function requireSameTexts(id: CollectionId, pipeline: Pipeline, { collections, documents }: ReplayParts): void {
  const known = [...documents.known(id).values()].filter(({ version }) => version > 0)
  const collection = collections.getCore(id)
  if (readsAlike(collection.pipeline, pipeline, known)) return
  throw new AppError(
    'pipeline-mismatch',
    `This pipeline reads or cleans the documents of "${collection.name}" in another way than the collection does. ` +
      'Change parsers and cleaning for the collection first, or leave them as they are here.',
  )
}
