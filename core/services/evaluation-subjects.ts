import type { Choice, Pipeline } from '../contract/pipeline.ts'
import type { RunSettings } from '../contract/runs.ts'
import type { Subject } from '../flows/evaluate.ts'
import { ask } from '../flows/ask.ts'
import type { DocumentLibrary } from '../library/documents.ts'
import { sqlFilter } from '../library/document-filter.ts'
import type { CollectionCore } from '../library/collections.ts'
import { createId, type DocumentId } from '../shared/ids.ts'
import type { Progress } from '../shared/progress.ts'
import { type AskParts, createAskSteps } from './ask-steps.ts'
import type { OpenIndex } from './collection-indexes.ts'
import { createDocumentTexts, type DocumentTexts } from './document-texts.ts'
import type { Embedding } from './embedding.ts'
import { fillIndex } from './fill-index.ts'
import type { IngestStepParts } from './ingest-work.ts'
import type { Reading, Readings } from './readings.ts'
import type { Reranking } from './reranking.ts'
import { createRetrieval } from './retrieval.ts'

/** Pipelines ready to be measured on a collection's documents, whatever pipeline the collection itself has. */
export interface EvaluationSubjects {
  /**
   * Builds an index beside those that answer questions where there is none under the pipeline's fingerprint; parsed texts
   * and vectors are taken from where they are kept. Where the pipeline reads documents in another way than they have been
   * read, they are read so, beside their own texts, and the passages of the cases are placed in those.
   * Errors: item-missing, model-missing, cancelled, disk-full, file-missing, file-changed.
   */
  open(
    collection: CollectionCore,
    settings: RunSettings,
    report: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Subject>
  /** The index alone, how long what was missing of it took (null: nothing was), and the texts that are in it. */
  index(
    collection: CollectionCore,
    report: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<{
    index: OpenIndex
    embedding: Embedding
    builtMs: number | null
    documents: DocumentLibrary
    texts: DocumentTexts
    reading: Reading | null
  }>
  /** Names of the models that a pipeline uses; each is loaded once for that. */
  models(pipeline: Pipeline): Promise<{ embedder: string; reranker: string | null }>
}

export interface SubjectParts extends IngestStepParts, Omit<AskParts, 'retrieval' | 'traces'> {
  openReranking(choice: Choice): Promise<Reranking>
  readings: Pick<Readings, 'of'>
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
      const reading = await parts.readings.of(collection)
      await reading?.prepare(report, signal)
      const texts = reading ? textsOf(reading, parts) : { documents: parts.documents, texts: parts.texts }
      const index = parts.collectionIndexes.ensureBeside(collection.id, pipeline, embedding, reading?.key)
      const builtMs = await fillIndex(collection, index, embedding, { ...parts, ...texts }, report, signal)
      return { index, embedding, builtMs, reading, ...texts }
    },
    async open(collection, settings, report, signal) {
      const { pipeline } = collection
      const { index, embedding, builtMs, reading, ...texts } = await subjects.index(collection, report, signal)
      // The very parts that answer questions, but for the index: not the active one, this one, with the texts in it.
      const own = { ...parts, ...texts, collectionIndexes: { ...parts.collectionIndexes, active: () => index } }
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
        ...(reading ? { reading: { documents: reading.documents, place: (spans) => reading.place(spans) } } : {}),
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

function textsOf(reading: Reading, { documents }: SubjectParts): { documents: DocumentLibrary; texts: DocumentTexts } {
  const getText: DocumentLibrary['getText'] = (id) => reading.getText(id)
  return { documents: { ...documents, getText }, texts: createDocumentTexts({ getText }) }
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
