import type { Citation, Exchange, Persona } from '../contract/ask.ts'
import type { Choice, Pipeline } from '../contract/pipeline.ts'
import { AppError, toAppError } from '../contract/errors.ts'
import type { RetrievedPassage } from '../contract/search.ts'
import type { SpanAttributes } from '../contract/traces.ts'
import type { SearchMode } from '../contract/values.ts'
import type { AskSteps, GivenPassages } from '../flows/ask.ts'
import type { WriteWords } from '../flows/rewrite-question.ts'
import { relevanceOf } from '../generators/extractive/relevance.ts'
import type { GenerateRequest, Generator, GeneratorDependencies } from '../generators/generator.ts'
import { generatorDefinitions } from '../generators/list.ts'
import type { TextGenerator } from '../generators/text-generator.ts'
import type { CollectionCore } from '../library/collections.ts'
import type { SqlFilter, StoredText } from '../library/documents.ts'
import type { TraceLibrary } from '../library/traces.ts'
import { placeOf } from '../chunkers/parts/place.ts'
import { abortable } from '../shared/abort.ts'
import { findDefinition } from '../shared/family.ts'
import type { DocumentId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import { attributeNames, contentAttributeNames, providerOf } from '../shared/trace-attributes.ts'
import { boxesOf, type DocumentTexts, headingsAt, pageAt } from './document-texts.ts'
import type { Embedding } from './embedding.ts'
import type { Retrieval, Searched } from './retrieval.ts'

export interface AskParts {
  retrieval: Retrieval
  texts: DocumentTexts
  traces: Pick<TraceLibrary, 'save'>
  log: Log
  openEmbedding(owner: Pick<CollectionCore, 'pipeline'>): Promise<Embedding>
  openTextGenerator(choice: Choice): Promise<TextGenerator>
}

/** What is searched, which of its documents are asked, and who answers. */
export interface AskedOf {
  searched: Searched
  mode: SearchMode
  filter?: SqlFilter
  /** The one document that is left. */
  documentId?: DocumentId
  persona?: Persona
  /** What was asked and answered before, oldest first. */
  history?: readonly Exchange[]
}

/** The ask flow's steps for these indexes. */
export async function createAskSteps(
  { searched, mode, filter, documentId, persona, history = [] }: AskedOf,
  parts: AskParts,
): Promise<AskSteps> {
  const { pipeline, indexes } = searched
  const embedding = await parts.openEmbedding({ pipeline: indexes[0]?.row.pipeline ?? pipeline })
  const dependencies = dependenciesOf(searched, embedding, parts)
  const generator = createGenerator(pipeline, dependencies)
  const requests = new WeakMap<GivenPassages, GenerateRequest>()
  // The same passages for the one who says whether they answer, and for the one who answers.
  const toRequest = (given: GivenPassages): GenerateRequest => {
    const request = requests.get(given) ?? requestOf(given, { persona, history, prompt: pipeline.prompt })
    requests.set(given, request)
    return request
  }
  const write = createWriter(pipeline, parts)
  const k = pipeline.passages
  const rerank = parts.retrieval.reranker(searched)
  return {
    ...(write ? { write } : {}),
    retrieve(question, span, signal) {
      span.note({
        [attributeNames.dataSourceId]: indexes.map(({ row }) => row.collectionId).join(' '),
        [attributeNames.searchMode]: mode,
        ...filterAttributes(searched),
      })
      return parts.retrieval.find(searched, { text: question, k, mode, span, ...(filter ? { filter } : {}) }, signal)
    },
    ...(rerank ? { rerank: (text, passages, span, signal) => rerank({ text, k, span }, passages, signal) } : {}),
    fit: (passages) => passages.slice(0, pipeline.passages),
    ...(documentId
      ? {
          document: {
            passages: () => parts.retrieval.whole(searched, documentId),
            fits: (given, signal) => generator.holds(toRequest(given), signal ? { signal } : {}),
          },
        }
      : {}),
    async relevance(given, signal) {
      const { question, passages } = toRequest(given)
      return (await abortable(relevanceOf(question, passages, dependencies), signal)).likelihood
    },
    generate(given, span, signal) {
      span.note({ [attributeNames.implementation]: pipeline.generator.id })
      return generator.generate(toRequest(given), signal ? { signal } : {})
    },
    modelAttributes: modelAttributesOf(pipeline),
    resolve: (passage, start, end) => resolveCitation(passage, start, end, parts.texts),
    saveTrace(trace) {
      try {
        parts.traces.save(trace)
      } catch (thrown) {
        // An answer is worth more than its trace: a full disk does not keep anyone from asking.
        const { code, message } = toAppError(thrown)
        parts.log.error('The trace of a question could not be stored.', { trace: trace.id, code, message })
      }
    },
    now: () => performance.timeOrigin + performance.now(),
  }
}

/** Collections that are asked by pipelines of their own may have a filter each. */
function filterAttributes({ indexes }: Searched): SpanAttributes {
  const filters = new Set(indexes.map(({ filter }) => filter))
  if (![...filters].some(Boolean)) return {}
  const each = indexes.map(({ row, filter }) => `${row.collectionId}: ${filter || 'all documents'}`)
  return { [contentAttributeNames.pipelineFilter]: filters.size === 1 ? [...filters].join('') : each.join('; ') }
}

function modelAttributesOf({ generator: { id, options }, prompt }: Pipeline): SpanAttributes {
  const { temperature, answerTokens } = options
  return {
    [attributeNames.provider]: providerOf(id),
    [attributeNames.llmProvider]: providerOf(id),
    ...(typeof temperature === 'number' ? { [attributeNames.temperature]: temperature } : {}),
    ...(typeof answerTokens === 'number' ? { [attributeNames.maxTokens]: answerTokens } : {}),
    ...(prompt
      ? {
          [contentAttributeNames.promptName]: prompt.name,
          [attributeNames.promptVersion]: String(prompt.version),
        }
      : {}),
  }
}

function requestOf(
  { question, passages, wholeDocument }: GivenPassages,
  told: Pick<GenerateRequest, 'persona' | 'history' | 'prompt'>,
): GenerateRequest {
  return {
    ...told,
    question,
    wholeDocument,
    passages: givenPassages(passages),
  }
}

/** What a generator gets of what was found. */
export function givenPassages(passages: readonly RetrievedPassage[]): GenerateRequest['passages'] {
  return passages.map((passage, index) => ({
    index,
    documentId: passage.documentId,
    documentTitle: passage.title ?? passage.document,
    headings: passage.headings,
    context: passage.context,
    text: passage.text,
    score: passage.score,
    ...(passage.textScore === null ? {} : { textScore: passage.textScore }),
    ...(passage.vectorScore === null ? {} : { vectorScore: passage.vectorScore }),
  }))
}

/** A few words of the pipeline's language model; undefined where it has none. */
function createWriter({ generator: { id, options } }: Pipeline, parts: AskParts): WriteWords | undefined {
  const definition = findDefinition('generator', generatorDefinitions, id)
  const choice = definition.languageModel?.(definition.options.parse(options))
  if (!choice) return undefined
  return async (messages, signal) => {
    const opening = parts.openTextGenerator(choice)
    const model = await abortable(opening, signal)
    let text = ''
    try {
      for await (const part of model.stream(messages, { maxTokens: mostWritten, temperature: 0 }, signal)) {
        if (part.type === 'text-delta') text += part.text
      }
    } finally {
      await model.dispose()
    }
    return text
  }
}
const mostWritten = 160

function createGenerator({ generator: { id, options } }: Pipeline, dependencies: GeneratorDependencies): Generator {
  const definition = findDefinition('generator', generatorDefinitions, id)
  return definition.create(definition.options.parse(options), dependencies)
}

function dependenciesOf({ indexes }: Searched, embedding: Embedding, parts: AskParts): GeneratorDependencies {
  return {
    tokenizer: embedding.tokenizer,
    embed: (texts, purpose) => embedding.embedNow(texts, purpose),
    dimensions: embedding.dimensions,
    openTextGenerator: (choice) => parts.openTextGenerator(choice),
    termStatistics(words) {
      const found = indexes.map(({ store }) => store.termStatistics(words))
      return {
        chunks: found.reduce((sum, { chunks }) => sum + chunks, 0),
        frequencies: words.map((_, at) => found.reduce((sum, { frequencies }) => sum + (frequencies[at] ?? 0), 0)),
      }
    },
  }
}

/** A citation must be a span that the document really has; anything else is an invented one. */
function resolveCitation(
  passage: RetrievedPassage,
  start: number,
  end: number,
  texts: DocumentTexts,
): Omit<Citation, 'marker'> | undefined {
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end <= start || end > passage.text.length) {
    return undefined
  }
  let stored: StoredText
  try {
    stored = texts.get(passage.documentId)
  } catch (error) {
    // Removed since the passage was found: there is nothing left to cite, and the question goes on.
    if (error instanceof AppError && error.code === 'item-missing') return undefined
    throw error
  }
  // Words that a person put there are not in the document: what is cited is the place that they stand for.
  const from = passage.edited ? passage.start : passage.start + start
  const to = passage.edited ? passage.end : passage.start + end
  const text = stored.text.slice(from, to)
  if (!passage.edited && text !== passage.text.slice(start, end)) return undefined
  return {
    documentId: passage.documentId,
    document: passage.document,
    path: passage.path,
    chunkId: passage.chunkId,
    start: from,
    end: to,
    text,
    page: pageAt(stored.pages, from),
    place: placeOf(stored, from, to) ?? null,
    headings: headingsAt(stored.text, stored.elements, from),
    boxes: boxesOf(stored.elements, from, to),
  }
}
