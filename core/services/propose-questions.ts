import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  chooseQuestions,
  type ProposedQuestion,
  type QuestionSource,
  questionsOf,
} from '../flows/generate-questions.ts'
import type { CollectionLibrary } from '../library/collections.ts'
import { pipelineFilter } from '../library/document-filter.ts'
import type { DocumentLibrary } from '../library/documents.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { sha256 } from '../shared/hash.ts'
import type { CollectionId, DocumentId } from '../shared/ids.ts'
import type { Retrieval } from './retrieval.ts'

export interface QuestionProposals {
  collections: Pick<CollectionLibrary, 'getCore'>
  documents: Pick<DocumentLibrary, 'readPaths' | 'matching' | 'exists' | 'get' | 'getText'>
  retrieval: Pick<Retrieval, 'retrieve'>
}

export interface AnswerableQuestion {
  question: string
  documentId: DocumentId
  document: string
}

/** Longer ones are not read at a glance. */
const longestQuestion = 110
/** So many documents are read, for each question that is wanted: enough to choose from, few enough not to wait for. */
const documentsPerQuestion = 6
const leastDocuments = 24
/** A document that is longer is read as far as this. */
const charactersRead = 200_000
const perKind = 12
/** Among so many passages its own has to be found. */
const foundAmong = 3

/**
 * Questions that these collections answer, for a person to begin with: short, made of the documents' own structure, varied
 * over documents and kinds, the same ones each time. Each one is searched for, and kept only where its passage is found.
 * Errors: item-missing.
 */
export async function proposeQuestions(
  { collectionIds, count }: { collectionIds: readonly CollectionId[]; count: number },
  { collections, documents, retrieval }: QuestionProposals,
  signal?: AbortSignal,
): Promise<AnswerableQuestion[]> {
  const asked = [...new Set(collectionIds)].map((id) => collections.getCore(id))
  const most = Math.max(leastDocuments, count * documentsPerQuestion)
  const chosen = chooseDocuments(
    asked.map(({ id, pipeline }) => {
      const filter = pipelineFilter(pipeline)
      const reached = filter && new Set(documents.matching(id, filter))
      return documents.readPaths(id).filter((document) => reached?.has(document.id) ?? true)
    }),
    most,
  )
  const proposed: ProposedQuestion[] = []
  for (const id of chosen) {
    throwIfAborted(signal)
    const source = sourceOf(id, documents)
    if (source) proposed.push(...shortOnes(source))
    await nextTurn()
  }
  const kept: AnswerableQuestion[] = []
  for (const each of chooseQuestions(proposed, { limit: count * 5, known: [], seed: 0 }).kept) {
    if (kept.length === count) break
    throwIfAborted(signal)
    if (!documents.exists(each.documentId)) continue
    const document = documents.get(each.documentId)
    const collection = asked.find(({ id }) => id === document.collectionId)
    if (!collection) continue
    const request = { text: each.question, k: foundAmong, mode: 'hybrid' as const }
    const found = await retrieval.retrieve(collection, request, signal)
    const holdsPassage = found.some(
      ({ documentId, start, end }) => documentId === each.documentId && start < each.end && end > each.start,
    )
    if (holdsPassage) kept.push({ question: each.question, documentId: document.id, document: document.name })
  }
  return kept
}

/** So many of all collections in turn, by chance, and the same ones each time. */
function chooseDocuments(lists: readonly { id: DocumentId; path: string }[][], most: number): DocumentId[] {
  const mixed = lists.map((list) =>
    list
      .map(({ id, path }) => ({ id, key: sha256(path) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .slice(0, most),
  )
  const turns = Array.from({ length: most }, (_, turn) => mixed.flatMap((list) => list[turn]?.id ?? []))
  return turns.flat().slice(0, most)
}

/** A few of each kind. Sentences with a gap are for testing people. */
function shortOnes(source: QuestionSource): ProposedQuestion[] {
  const counts = new Map<string, number>()
  const kept: ProposedQuestion[] = []
  for (const each of questionsOf(source, ['heading', 'definition', 'cell'])) {
    const made = counts.get(each.maker) ?? 0
    if (made === perKind || each.question.length > longestQuestion) continue
    counts.set(each.maker, made + 1)
    kept.push(each)
  }
  return kept
}

function sourceOf(id: DocumentId, documents: QuestionProposals['documents']): QuestionSource | undefined {
  // Removed, or read anew, while the others were looked at.
  if (!documents.exists(id) || documents.get(id).version === 0) return undefined
  const { document, text, elements } = documents.getText(id)
  const title = document.title ?? document.name.replace(/\.[^.]+$/, '').replaceAll(/[-_]+/g, ' ')
  const read = elements.filter(({ end }) => end <= charactersRead)
  return { id, path: document.path, title, text: text.slice(0, charactersRead), elements: read }
}
