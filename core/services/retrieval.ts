import type { Choice, Pipeline } from '../contract/pipeline.ts'
import type { RetrievedPassage } from '../contract/search.ts'
import type { SearchMode } from '../contract/values.ts'
import type { CollectionCore } from '../library/collections.ts'
import type { DocumentLibrary, SqlFilter } from '../library/documents.ts'
import type { IndexLibrary, StoredChunk } from '../library/indexes.ts'
import type { Candidate, Retriever, RetrieverDependencies } from '../retrievers/retriever.ts'
import { retrieverDefinitions } from '../retrievers/list.ts'
import { indexedText } from '../flows/indexed-text.ts'
import { type OpenSpan, toRejected } from '../flows/open-trace.ts'
import { findDefinition } from '../shared/family.ts'
import type { DocumentId } from '../shared/ids.ts'
import { attributeNames } from '../shared/trace-attributes.ts'
import type { CollectionIndexes, OpenIndex } from './collection-indexes.ts'
import { placeOf } from '../chunkers/parts/place.ts'
import { type DocumentTexts, pageAt } from './document-texts.ts'
import type { Embedding } from './embedding.ts'
import { type IndexUnion, openIndexUnion } from './index-union.ts'
import { candidatesOf, type Reranking } from './reranking.ts'
import { tracedDependencies } from './traced-retrieval.ts'

/** The retrieval half of a question: search and ask and evaluation all go through here. */
export interface Retrieval {
  /** Best first: found and, where the pipeline says so, reranked. Empty when the collection has no ready documents. */
  retrieve(collection: CollectionCore, query: RetrievalRequest, signal?: AbortSignal): Promise<RetrievedPassage[]>
  /** The first half of that: `k` passages, or as many as the pipeline's reranker chooses from. */
  find(searched: Searched, query: RetrievalRequest, signal?: AbortSignal): Promise<RetrievedPassage[]>
  /** A whole document as passages, in its order: its chunks, without what they share with the one before. */
  whole(searched: Pick<Searched, 'indexes'>, documentId: DocumentId): RetrievedPassage[]
  /** The second half: the best `k` of what was found. Undefined where the pipeline has no reranker. */
  reranker(searched: Pick<Searched, 'pipeline'>): Rerank | undefined
}

/** What is searched, and how. */
export interface Searched {
  /** Its ask half says how. */
  pipeline: Pipeline
  /** Of one collection each, and read as if they were one. */
  indexes: readonly SearchedIndex[]
}

export interface SearchedIndex extends OpenIndex {
  /** Of the pipeline by which its collection is asked: only documents that it lets through are searched. */
  filter: string
}

export type Rerank = (
  query: Pick<RetrievalRequest, 'text' | 'k' | 'span'>,
  passages: readonly RetrievedPassage[],
  signal?: AbortSignal,
) => Promise<RetrievedPassage[]>

export interface RetrievalRequest {
  text: string
  k: number
  mode: SearchMode
  /** Only documents that these conditions let through, of those that the pipeline's own do. */
  filter?: SqlFilter
  /** Options of the retriever for this call, over those of the pipeline. */
  options?: Record<string, unknown>
  /** The step of a question that this is: its parts are shown there. */
  span?: OpenSpan
}

export interface RetrievalParts {
  indexLibrary: IndexLibrary
  collectionIndexes: CollectionIndexes
  texts: DocumentTexts
  documents: Pick<DocumentLibrary, 'matching'>
  openEmbedding(owner: Pick<CollectionCore, 'pipeline'>): Promise<Embedding>
  /** Where it is absent, what was found stays as it is. */
  openReranking?(choice: Choice): Promise<Reranking>
}

export function createRetrieval(parts: RetrievalParts): Retrieval {
  const retrieval: Retrieval = {
    async retrieve(collection, query, signal) {
      const index = parts.collectionIndexes.active(collection.id)
      const { pipeline } = collection
      const searched = { pipeline, indexes: index ? [{ ...index, filter: pipeline.filter }] : [] }
      const found = await retrieval.find(searched, query, signal)
      const rerank = retrieval.reranker(collection)
      return rerank ? rerank(query, found, signal) : found
    },
    reranker({ pipeline: { reranker } }) {
      const { openReranking } = parts
      if (!reranker || !openReranking) return undefined
      return (query, passages, signal) => rerank(query, passages, openReranking, reranker, signal)
    },
    whole({ indexes }, documentId) {
      return indexes
        .map(({ row }) => wholeDocument(parts.indexLibrary.neighbours(row.id, documentId, 0, everyOrdinal)))
        .reduce((most, other) => (other.length > most.length ? other : most), [])
    },
    async find(searched, query, signal) {
      const union = await openIndexUnion(searched, query.filter, parts)
      if (!union) return []
      const retriever = createRetriever(searched, union, parts, query)
      const { reranker } = searched.pipeline
      const k = reranker ? Math.max(query.k, candidatesOf(reranker)) : query.k
      query.span?.note({
        [attributeNames.implementation]: searched.pipeline.retriever.id,
        [attributeNames.retrievalTopK]: k,
      })
      const candidates = await retriever.retrieve({ text: query.text, k, mode: query.mode }, signal ? { signal } : {})
      return toPassages(candidates, parts)
    },
  }
  return retrieval
}

const everyOrdinal = Number.MAX_SAFE_INTEGER
const rejectedShown = 50

function wholeDocument(chunks: readonly StoredChunk[]): RetrievedPassage[] {
  let readTo = 0
  return chunks.flatMap((chunk) => {
    // Chunks may overlap; what a person wrote instead of one stands as it is.
    const repeated = chunk.edited === null ? Math.max(0, readTo - chunk.start) : 0
    readTo = Math.max(readTo, chunk.end)
    const text = chunk.edited ?? chunk.text.slice(repeated)
    if (text.trim() === '') return []
    return [{ ...asPassage(chunk), start: chunk.start + repeated, text }]
  })
}

/** Not found but read: its scores say nothing. */
function asPassage(chunk: StoredChunk): RetrievedPassage {
  return {
    documentId: chunk.documentId,
    document: chunk.documentName,
    path: chunk.documentPath,
    title: chunk.documentTitle,
    chunkId: chunk.id,
    start: chunk.start,
    end: chunk.end,
    text: chunk.text,
    context: chunk.context,
    headings: chunk.headings,
    page: chunk.pageFirst,
    pageLast: chunk.pageLast,
    place: chunk.place,
    edited: chunk.edited !== null,
    score: 0,
    scoreKind: 'none',
    foundBy: 'document',
    textScore: null,
    textRank: null,
    vectorScore: null,
    vectorRank: null,
    rerankScore: null,
    hits: [],
  }
}

/** The reranker reads what both indexes read of a passage. What it does not read keeps its place behind what it did. */
async function rerank(
  { text, k, span }: Pick<RetrievalRequest, 'text' | 'k' | 'span'>,
  passages: readonly RetrievedPassage[],
  openReranking: (choice: Choice) => Promise<Reranking>,
  choice: Choice,
  signal: AbortSignal | undefined,
): Promise<RetrievedPassage[]> {
  if (passages.length === 0) return []
  const reranking = await openReranking(choice)
  span?.note({
    [attributeNames.implementation]: choice.id,
    [attributeNames.rerankerModel]: reranking.modelId,
    [attributeNames.rerankerTopK]: k,
  })
  const [read, unread] = [passages.slice(0, candidatesOf(choice)), passages.slice(candidatesOf(choice))]
  const scores = await reranking.score(
    text,
    read.map(({ title, headings, context, text }) => indexedText(title ?? undefined, { headings, context, text })),
    signal,
  )
  const scored = read.map((passage, index) => ({ ...passage, rerankScore: scores[index] ?? 0 }))
  return [...scored.sort((a, b) => b.rerankScore - a.rerankScore), ...unread].slice(0, k)
}

function createRetriever(
  { pipeline: { retriever } }: Searched,
  union: IndexUnion,
  parts: RetrievalParts,
  { options: overrides, span }: Pick<RetrievalRequest, 'options' | 'span'>,
): Retriever {
  const definition = findDefinition('retriever', retrieverDefinitions, retriever.id)
  const dependencies: RetrieverDependencies = {
    ...union,
    places: (ids) => parts.indexLibrary.places(ids),
    ...(span
      ? {
          rejected: (chunks) => {
            // Those are in the order of their scores; more of them nobody looks at.
            const shown = chunks.slice(0, rejectedShown)
            const candidates = shown.map((chunk) => ({ ...chunk, chunkIds: [chunk.chunkId] }))
            const reasons = new Map(shown.map(({ chunkId, reason }) => [chunkId, reason]))
            span.reject(
              toPassages(candidates, parts).map((passage) =>
                toRejected(passage, reasons.get(passage.chunkId) ?? 'rank'),
              ),
            )
          },
        }
      : {}),
  }
  return definition.create(
    definition.options.parse({ ...retriever.options, ...overrides }),
    span ? tracedDependencies(dependencies, span, union.embedding) : dependencies,
  )
}

function toPassages(candidates: readonly Candidate[], parts: RetrievalParts): RetrievedPassage[] {
  const ids = candidates.flatMap((candidate) => candidate.chunkIds)
  const chunks = new Map(parts.indexLibrary.chunks(ids).map((chunk) => [chunk.id, chunk]))
  return candidates.flatMap((candidate) => {
    const found = candidate.chunkIds.flatMap((id) => chunks.get(id) ?? [])
    // Words that a person put in place of a chunk's own stand for that chunk alone.
    const members = found.some((chunk) => chunk.edited !== null)
      ? found.filter((chunk) => chunk.id === candidate.chunkId)
      : found
    const first = members[0]
    const last = members.at(-1)
    // A document that was removed while the question was under way is simply not there any more.
    if (!first || !last) return []
    return [toPassage(candidate, members, first, last, parts.texts)]
  })
}

function toPassage(
  candidate: Candidate,
  members: readonly StoredChunk[],
  first: StoredChunk,
  last: StoredChunk,
  texts: DocumentTexts,
): RetrievedPassage {
  return {
    documentId: first.documentId,
    document: first.documentName,
    path: first.documentPath,
    title: first.documentTitle,
    chunkId: candidate.chunkId,
    ...spanOf(members, candidate.chunkId, first, last, texts),
    edited: first.edited !== null,
    score: candidate.score,
    scoreKind: candidate.scoreKind,
    foundBy: candidate.foundBy,
    textScore: candidate.textScore ?? null,
    textRank: candidate.textRank ?? null,
    vectorScore: candidate.vectorScore ?? null,
    vectorRank: candidate.vectorRank ?? null,
    rerankScore: null,
  }
}

/** What of the document is answered with, and what there is to say of that. */
function spanOf(
  members: readonly StoredChunk[],
  best: number,
  first: StoredChunk,
  last: StoredChunk,
  texts: DocumentTexts,
) {
  const end = Math.max(...members.map((chunk) => chunk.end))
  const answerStart = Math.min(...members.map((chunk) => chunk.answerStart))
  const answerEnd = Math.max(...members.map((chunk) => chunk.answerEnd))
  if (answerStart < first.start || answerEnd > end) {
    const document = texts.get(first.documentId)
    const text = document.text.slice(answerStart, answerEnd)
    const context = contextOf(members, text)
    return {
      start: answerStart,
      end: answerEnd,
      text,
      // The table's header may be in the larger passage itself.
      context: text.includes(context) ? '' : context,
      headings: (members.find((chunk) => chunk.id === best) ?? first).headings,
      page: pageAt(document.pages, answerStart),
      pageLast: pageAt(document.pages, answerEnd - 1),
      place: placeOf(document, answerStart, answerEnd) ?? null,
      hits: members.map((chunk) => ({ start: chunk.start, end: chunk.end })),
    }
  }
  // One chunk has its text with it; merged ones are a slice of the document, white space between them included.
  const text =
    members.length === 1 ? (first.edited ?? first.text) : texts.get(first.documentId).text.slice(first.start, end)
  return {
    start: first.start,
    end,
    text,
    context: contextOf(members, text),
    headings: first.headings,
    page: first.pageFirst,
    pageLast: last.pageLast,
    place: first.place,
    hits: [],
  }
}

/** A table's header that the first chunk holds as text is repeated as context by the chunks after it. */
function contextOf(members: readonly StoredChunk[], text: string): string {
  const [first] = members
  if (first?.context) return first.context
  return members.find((chunk) => chunk.context !== '' && text.includes(chunk.context))?.context ?? ''
}
