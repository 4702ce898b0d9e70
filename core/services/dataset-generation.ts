import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Dataset, noSplit, type QuestionMaker, questionMakers } from '../contract/datasets.ts'
import { AppError } from '../contract/errors.ts'
import type { Choice } from '../contract/pipeline.ts'
import {
  chooseQuestions,
  isWellFormed,
  type ProposedQuestion,
  type QuestionSource,
  questionsOf,
} from '../flows/generate-questions.ts'
import { isProblem, placePassage } from '../flows/place-passage.ts'
import { questionPrompt, readQuestionReply } from '../flows/question-prompt.ts'
import type { TextGenerator } from '../generators/text-generator.ts'
import type { CollectionLibrary } from '../library/collections.ts'
import { type DatasetLibrary, type StoredCase, unplacedJudgement } from '../library/datasets.ts'
import type { DocumentLibrary } from '../library/documents.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { sha256 } from '../shared/hash.ts'
import type { DatasetId, DocumentId } from '../shared/ids.ts'
import type { ImportWatch } from './dataset-import.ts'
import type { Datasets } from './datasets.ts'
import type { Embedding } from './embedding.ts'

export interface GenerationRequest {
  datasetId: DatasetId
  limit: number
  documentIds?: DocumentId[] | undefined
  makers?: QuestionMaker[] | undefined
  generator?: Choice | undefined
  seed: number
}

export interface GenerationParts {
  library: DatasetLibrary
  datasets: Datasets
  collections: CollectionLibrary
  documents: DocumentLibrary
  openEmbedding(owner: ReturnType<CollectionLibrary['getCore']>): Promise<Embedding>
  openTextGenerator(choice: Choice): Promise<TextGenerator>
}

export interface GenerationResult {
  dataset: Dataset
  added: number
  dropped: Record<string, number>
}

/** Made of one document at most, for each question that is wanted of it: the others are for choosing among. */
const choiceFactor = 6

/** Proposes questions about the documents of a dataset's collection; stored in one transaction at the end. */
export async function generateCases(
  request: GenerationRequest,
  parts: GenerationParts,
  watch: ImportWatch,
): Promise<GenerationResult> {
  const { library, datasets } = parts
  const { collectionId } = library.getCore(request.datasetId)
  if (collectionId === null) {
    throw new AppError('input-invalid', 'Questions are made of documents. Choose the collection of this dataset first.')
  }
  const ids = documentsFor(request, parts.documents, collectionId)
  if (ids.length === 0) {
    throw new AppError('collection-empty', 'There are no documents to make questions of. Add some to the collection.')
  }
  const known = await knownQuestions(request.datasetId, parts)
  const { kept, dropped } = request.generator
    ? await askModel(ids, known.questions, request, parts, watch)
    : await fromStructure(ids, known, request, parts, watch)
  const add = kept
    .filter((proposed) => !known.ids.has(caseIdOf(proposed)))
    .map((proposed) => toCase(proposed, parts.documents))
  throwIfAborted(watch.signal)
  const count = add.length === 1 ? '1 question' : `${add.length} questions`
  library.commit(request.datasetId, { add }, `Proposed ${count}`)
  return { dataset: await datasets.get(request.datasetId), added: add.length, dropped }
}

async function fromStructure(
  ids: readonly DocumentId[],
  known: { questions: readonly string[]; ids: ReadonlySet<string> },
  { limit, seed, makers = [...questionMakers] }: GenerationRequest,
  { documents }: GenerationParts,
  { signal, onProgress }: ImportWatch,
) {
  const perDocument = Math.max(40, Math.ceil(limit / ids.length) * choiceFactor)
  const proposed: ProposedQuestion[] = []
  for (const [index, id] of ids.entries()) {
    throwIfAborted(signal)
    const source = sourceOf(id, documents)
    // What was made before and rejected or changed since is not proposed again, and takes nobody's place.
    if (source) proposed.push(...firstOfEach(questionsOf(source, makers), perDocument, known.ids))
    onProgress({ done: index + 1, total: ids.length, unit: 'documents', label: 'reading documents' })
    await nextTurn()
  }
  return chooseQuestions(proposed, { limit, known: known.questions, seed })
}

/** So many of each kind at most: a register of ten thousand rows is not all that there is to ask. */
function firstOfEach(
  questions: Iterable<ProposedQuestion>,
  most: number,
  known: ReadonlySet<string>,
): ProposedQuestion[] {
  const counts = new Map<string, number>()
  const taken: ProposedQuestion[] = []
  for (const each of questions) {
    if (known.has(caseIdOf(each))) continue
    const count = counts.get(each.maker) ?? 0
    counts.set(each.maker, count + 1)
    if (count < most) taken.push(each)
  }
  return taken
}

const excerptCharacters = 2400
const shownBefore = 20
/** A question that has so little to do with its passage was not answered by it. */
const leastLikeness = 0.2
/** Questions closer than this ask the same. */
const mostLikeness = 0.92

async function askModel(
  ids: readonly DocumentId[],
  known: readonly string[],
  { limit, seed, generator: choice, datasetId }: GenerationRequest,
  parts: GenerationParts,
  { signal, onProgress }: ImportWatch,
) {
  const dropped: Record<string, number> = {}
  const drop = (reason: string): void => void (dropped[reason] = (dropped[reason] ?? 0) + 1)
  onProgress({ done: 0, total: limit, unit: 'questions', label: 'loading the language model' })
  await using generator = disposable(await parts.openTextGenerator(choice!))
  const { collectionId } = parts.library.getCore(datasetId)
  const embedding = await parts.openEmbedding(parts.collections.getCore(collectionId!))
  const embed = (texts: string[], purpose: 'query' | 'passage') => embedding.embedNow(texts, purpose, signal)
  const asked: Float32Array[] = []
  for (let from = 0; from < known.length; from += 64) {
    asked.push(...rowsIn(await embed(known.slice(from, from + 64), 'query'), embedding.dimensions))
  }

  const kept: ProposedQuestion[] = []
  const excerpts = excerptsOf(ids, seed, parts.documents)
  for (const { source, start, text } of excerpts.slice(0, limit * 3)) {
    throwIfAborted(signal)
    if (kept.length >= limit) break
    onProgress({ done: kept.length, total: limit, unit: 'questions', label: `asking about ${source.path}` })
    const earlier = kept.filter(({ documentId }) => documentId === source.id).map(({ question }) => question)
    const prompt = questionPrompt(text, source.title, earlier.slice(-shownBefore))
    let reply = ''
    const options = { maxTokens: 600, grammar: prompt.grammar }
    for await (const part of generator.value.stream(prompt.messages, options, signal)) {
      if (part.type === 'text-delta') reply += part.text
    }
    const read = readQuestionReply(reply)
    if (!read) {
      drop('no question in the reply')
      continue
    }
    const spans = read.quotes.map((quote) =>
      placePassage(text, { text: quote, start: text.indexOf(quote.slice(0, 40)) }),
    )
    const places = spans.flatMap((span) => (isProblem(span) ? [] : [span]))
    if (places.length < spans.length) drop('a quote is not in the document')
    else if (!isWellFormed(read.question)) drop('not a clear question')
    else {
      const [from, to] = [Math.min(...places.map((span) => span.start)), Math.max(...places.map((span) => span.end))]
      const passage = text.slice(from, to)
      const [question] = rowsIn(await embed([read.question], 'query'), embedding.dimensions)
      const [own] = rowsIn(await embed([passage], 'passage'), embedding.dimensions)
      if (cosine(question!, own!) < leastLikeness) drop('its words do not lead to the passage')
      else if (asked.some((other) => cosine(question!, other) > mostLikeness)) drop('like another question')
      else {
        asked.push(question!)
        kept.push({
          documentId: source.id,
          path: source.path,
          maker: 'model',
          question: read.question,
          answer: read.answer || null,
          start: start + from,
          end: start + to,
          text: passage,
        })
      }
    }
  }
  return { kept, dropped }
}

interface Excerpt {
  source: QuestionSource
  start: number
  text: string
}

/** Pieces of documents to ask about, cut where elements begin; one of each document after the other, by chance of the seed. */
function excerptsOf(ids: readonly DocumentId[], seed: number, documents: DocumentLibrary): Excerpt[] {
  const byDocument = ids.flatMap((id) => {
    const source = sourceOf(id, documents)
    if (!source) return []
    const pieces: Excerpt[] = []
    let start = -1
    let end = 0
    const close = (): void => {
      if (start >= 0 && end - start >= 200) pieces.push({ source, start, text: source.text.slice(start, end) })
      start = -1
    }
    for (const element of source.elements) {
      if (element.kind === 'page-header' || element.kind === 'page-footer') continue
      if (start >= 0 && element.end - start > excerptCharacters) close()
      if (start < 0) start = element.start
      end = Math.min(element.end, start + excerptCharacters)
    }
    close()
    const key = (piece: Excerpt): string => sha256(`${seed}\n${source.path}\n${piece.start}`)
    return [pieces.sort((a, b) => (key(a) < key(b) ? -1 : 1))]
  })
  const longest = byDocument.reduce((most, pieces) => Math.max(most, pieces.length), 0)
  return Array.from({ length: longest }, (_, index) => byDocument.flatMap((pieces) => pieces[index] ?? [])).flat()
}

function sourceOf(id: DocumentId, documents: DocumentLibrary): QuestionSource | undefined {
  // Removed, or read anew, while the others were looked at.
  if (!documents.exists(id) || documents.get(id).version === 0) return undefined
  const { document, text, elements } = documents.getText(id)
  const title = document.title ?? document.name.replace(/\.[^.]+$/, '').replaceAll(/[-_]+/g, ' ')
  return { id, path: document.path, title, text, elements }
}

function documentsFor(
  { documentIds }: GenerationRequest,
  documents: DocumentLibrary,
  collectionId: NonNullable<Dataset['collectionId']>,
): DocumentId[] {
  const ready = new Map(documents.readPaths(collectionId).map(({ id, path }) => [id, path]))
  const wrong = documentIds?.find((id) => !ready.has(id))
  if (wrong !== undefined) {
    throw new AppError(
      'item-missing',
      `There is no document ${wrong} in the collection of this dataset, or it was not read.`,
    )
  }
  return (documentIds ?? [...ready.keys()]).toSorted((a, b) => (ready.get(a)! < ready.get(b)! ? -1 : 1))
}

async function knownQuestions(id: DatasetId, { datasets }: GenerationParts) {
  const { cases } = await datasets.cases(id)
  return { questions: cases.map(({ question }) => question), ids: new Set(cases.map((each) => each.id)) }
}

/** The same question of the same document has the same id, whatever becomes of its words afterwards. */
function caseIdOf({ path, question }: ProposedQuestion): string {
  return `g-${sha256(`${path}\n${question}`).slice(0, 16)}`
}

function toCase(proposed: ProposedQuestion, documents: DocumentLibrary): StoredCase {
  const { documentId, path, question, start, end, text, maker, answer } = proposed
  const judgement = unplacedJudgement({ path, grade: 1, text, start })
  return {
    id: caseIdOf(proposed),
    question,
    answer,
    answerable: true,
    tags: [maker],
    split: noSplit,
    state: 'proposed',
    origin: 'generated',
    notes: '',
    createdAt: Date.now(),
    judgements: [{ ...judgement, end, documentId, placedVersion: documents.get(documentId).version }],
  }
}

function rowsIn(vectors: Float32Array, dimensions: number): Float32Array[] {
  return Array.from({ length: vectors.length / dimensions }, (_, row) =>
    vectors.subarray(row * dimensions, (row + 1) * dimensions),
  )
}

function cosine(one: Float32Array, other: Float32Array): number {
  let [dot, a, b] = [0, 0, 0]
  for (let index = 0; index < one.length; index++) {
    dot += one[index]! * other[index]!
    a += one[index]! ** 2
    b += other[index]! ** 2
  }
  return a === 0 || b === 0 ? 0 : dot / Math.sqrt(a * b)
}

function disposable(value: TextGenerator) {
  return { value, [Symbol.asyncDispose]: () => value.dispose() }
}
