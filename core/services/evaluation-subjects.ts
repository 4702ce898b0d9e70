import type { Choice, Pipeline } from '../contract/pipeline.ts'
import type { RunSettings } from '../contract/runs.ts'
import type { Subject } from '../flows/evaluate.ts'
import { ask } from '../flows/ask.ts'
import { sqlFilter } from '../library/document-filter.ts'
import type { CollectionCore } from '../library/collections.ts'
import { createId, type DocumentId } from '../shared/ids.ts'
import type { Progress } from '../shared/progress.ts'
import { type AskParts, createAskSteps } from './ask-steps.ts'
import type { OpenIndex } from './collection-indexes.ts'
import type { Embedding } from './embedding.ts'
import { fillIndex } from './fill-index.ts'
import type { IngestStepParts } from './ingest-work.ts'
import type { Reranking } from './reranking.ts'
import { createRetrieval } from './retrieval.ts'

/** Pipelines ready to be measured on a collection's documents, whatever pipeline the collection itself has. */
export interface EvaluationSubjects {
  /**
   * Builds an index beside those that answer questions where there is none under the pipeline's fingerprint; parsed texts
   * and vectors are taken from where they are kept. Errors: item-missing, model-missing, cancelled, disk-full.
   */
  open(
    collection: CollectionCore,
    settings: RunSettings,
    report: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Subject>
  /** The index alone, and how long what was missing of it took; null: nothing was. */
  index(
    collection: CollectionCore,
    report: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<{ index: OpenIndex; embedding: Embedding; builtMs: number | null }>
  /** Names of the models that a pipeline uses; each is loaded once for that. */
  models(pipeline: Pipeline): Promise<{ embedder: string; reranker: string | null }>
}

export interface SubjectParts extends IngestStepParts, Omit<AskParts, 'retrieval' | 'traces'> {
  openReranking(choice: Choice): Promise<Reranking>
  /** Documents in hand at a time while an index is built. */
  lanes: number
}

/** Documents are ranked by their best chunk: this many chunks for each make sure that there are enough documents. */
const chunksPerDocument = 4
const mostResults = 1000

export function createEvaluationSubjects(parts: SubjectParts): EvaluationSubjects {
  const subjects: EvaluationSubjects = {
    async index(collection, report, signal) {
      const { pipeline } = collection
      const embedding = await parts.openEmbedding({ pipeline })
      const index = parts.collectionIndexes.ensureBeside(collection.id, pipeline, embedding)
      return { index, embedding, builtMs: await fillIndex(collection, index, embedding, parts, report, signal) }
    },
    async open(collection, settings, report, signal) {
      const { pipeline } = collection
      const { index, embedding, builtMs } = await subjects.index(collection, report, signal)
      // The very parts that answer questions, but for the index: not the active one, this one.
      const own = { ...parts, collectionIndexes: { ...parts.collectionIndexes, active: () => index } }
      const retrieval = createRetrieval(own)
      const filter = sqlFilter(settings.filter)
      const asked = { mode: settings.mode, ...(filter ? { filter } : {}) }
      const searched = { pipeline, indexes: [{ ...index, filter: pipeline.filter }] }
      // Questions of a measurement are not what anybody asked: they leave no trace.
      const steps = settings.answers
        ? await createAskSteps({ searched, ...asked }, { ...own, retrieval, traces: noTraces })
        : undefined
      const { k } = settings
      return {
        retrieve(question, items, given) {
          const request = { text: question, k, ...asked }
          if (items === 'passages') return retrieval.retrieve(collection, request, given)
          const wide = Math.min(mostResults, k * chunksPerDocument)
          const options = { mergeNeighbours: false, perDocument: 0 }
          return retrieval.retrieve(collection, { ...request, k: wide, options }, given)
        },
        ...(steps
          ? {
              ask: (text, given) =>
                ask({ traceId: createId('trace'), collectionIds: [collection.id], text }, steps, given),
            }
          : {}),
        covering: (spans) => coveringChunks(spans, index, parts),
        countTokens: (text) => embedding.tokenizer.count(text),
        index: { ...parts.indexLibrary.countIn(index.row.id), bytes: index.store.size(), builtMs },
      }
    },
    async models(pipeline) {
      const embedding = await parts.openEmbedding({ pipeline })
      const reranking = pipeline.reranker && (await parts.openReranking(pipeline.reranker))
      return { embedder: embedding.modelId, reranker: reranking ? reranking.modelId : null }
    },
  }
  return subjects
}

const noTraces: AskParts['traces'] = { save: () => {} }

function coveringChunks(
  spans: Parameters<Subject['covering']>[0],
  index: OpenIndex,
  { indexLibrary }: Pick<SubjectParts, 'indexLibrary'>,
): ReturnType<Subject['covering']> {
  return spans.flatMap(({ documentId, start, end }) =>
    indexLibrary
      .spansTouching(index.row.id, documentId as DocumentId, start, end)
      .map((chunk) => ({ documentId, ...chunk })),
  )
}
