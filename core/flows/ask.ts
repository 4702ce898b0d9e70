import type { AskEvent, AskScope, Citation, Exchange } from '../contract/ask.ts'
import { AppError, toAppError } from '../contract/errors.ts'
import type { RetrievedPassage } from '../contract/search.ts'
import type { Rejected, Rejection, SpanAttributes, Trace } from '../contract/traces.ts'
import { littleToDo } from '../generators/extractive/relevance.ts'
import type { AnswerPart } from '../generators/generator.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { attributeAt, attributeNames } from '../shared/trace-attributes.ts'
import { asksForOverview } from './asks-for-overview.ts'
import { type Rewrite, rewriteQuestion, type WriteWords } from './rewrite-question.ts'
import { beginTrace, type OpenSpan, type OpenTrace, toRejected, type TracedQuestion } from './open-trace.ts'
import { traceModelCall } from './trace-model-call.ts'

/**
 * The steps of the flow. Everything outside it (index, model, database, clock) is behind them. They get the span that they
 * are, and say there what only they know.
 */
export interface AskSteps {
  /** Has the pipeline's language model complete a question from what went before; absent where there is none. */
  write?: WriteWords
  retrieve(question: string, span: OpenSpan, signal?: AbortSignal): Promise<RetrievedPassage[]>
  /** Puts what was found into a better order, and keeps the best. Absent: the order stays. */
  rerank?(
    question: string,
    passages: readonly RetrievedPassage[],
    span: OpenSpan,
    signal?: AbortSignal,
  ): Promise<RetrievedPassage[]>
  /** Those that fit what the generator may read, best first. */
  fit(passages: readonly RetrievedPassage[]): readonly RetrievedPassage[]
  /** The one document that the question is asked of; absent where there are several. */
  document?: {
    /** From beginning to end, in its order. */
    passages(): readonly RetrievedPassage[]
    /** Whether the generator reads all of it for one answer. */
    fits(given: GivenPassages, signal?: AbortSignal): Promise<boolean>
  }
  /** How likely it is, 0 to 1, that these passages answer the question. Absent: nobody says. */
  relevance?(given: GivenPassages, signal?: AbortSignal): Promise<number>
  generate(given: GivenPassages, span: OpenSpan, signal?: AbortSignal): AsyncIterable<AnswerPart>
  /** The citation of a span of a passage, or undefined if the span is not in the document: an invented citation. */
  resolve(passage: RetrievedPassage, start: number, end: number): Omit<Citation, 'marker'> | undefined
  saveTrace(trace: Trace): void
  /** What a trace says of a language model's call besides what the generator tells. */
  modelAttributes?: SpanAttributes
  /** Milliseconds since 1970. */
  now(): number
}

export interface Question extends TracedQuestion {
  /** See the contract. Absent: 'auto'. */
  scope?: AskScope
  /** What of that which was to be asked cannot be, as sentences. */
  note?: string | null
  /** What was asked and answered before, oldest first. */
  history?: readonly Exchange[]
}

/** What a generator answers from. */
export interface GivenPassages {
  question: string
  passages: readonly RetrievedPassage[]
  /** The passages are one document, whole; 'overview': the question asks what it says as a whole. */
  wholeDocument?: 'overview' | 'question'
}

/**
 * Question in, cited answer out: complete it from what went before -> (the whole document, or retrieve -> rerank? -> fit the budget) -> generate -> resolve,
 * validate and number citations -> save the trace. The trace is saved also when a step fails or the asker leaves.
 */
export async function* ask(question: Question, steps: AskSteps, signal?: AbortSignal): AsyncGenerator<AskEvent> {
  const trace = beginTrace(question, () => steps.now())
  let saved = false
  try {
    yield { type: 'ask-start', traceId: question.traceId, release: question.release ?? null }

    const rewrite = await completeQuestion(question, steps, trace, signal)
    if (rewrite) yield { type: 'rewrite-end', ...rewrite }
    const asked = rewrite?.question ?? question.text

    const { whole, note: unread } = await readWhole(asked, question, steps, trace, signal)
    const note = [question.note, unread].filter(Boolean).join(' ') || null
    const passages = whole ? [...whole.passages] : await findPassages(asked, steps, trace, signal)
    trace.passages = passages
    trace.passageMode = whole ? 'whole-document' : 'retrieved'
    const given = whole ?? (await fitPassages(asked, passages, steps, trace))
    const isFar = !whole && (await hasLittleToDo(given, steps, trace, signal))
    yield { type: 'retrieval-end', passages, passageMode: trace.passageMode, note, lowRelevance: isFar }

    const generation = trace.root.open('generate', 'chain', { passages: given.passages.map(summary) })
    const modelCall = traceModelCall(generation, () => steps.now(), steps.modelAttributes)
    const numbering = createNumbering(steps, given.passages)
    for await (const part of steps.generate(given, generation, signal)) {
      throwIfAborted(signal)
      modelCall.take(part)
      for (const event of numbering.take(part)) {
        if (event.type === 'answer-delta') trace.answer += event.text
        if (event.type === 'citation') trace.citations.push(event.citation)
        if (event.type === 'unsupported') trace.unsupported.push({ start: event.start, end: event.end })
        yield event
      }
    }
    trace.refused = numbering.refused
    // Who says that nothing answers the question need not be doubted.
    trace.lowRelevance = isFar && !trace.refused
    const hint = trace.refused && !whole && isOverviewOfSeveral(question, steps) ? oneDocumentNote : null
    const { citations, unsupported } = trace
    const usage = modelCall.end(trace.answer)
    generation.note({
      [attributeNames.citations]: citations.length,
      [attributeNames.invented]: numbering.invented,
      [attributeNames.unsupported]: unsupported.length,
    })
    generation.close({
      answer: trace.answer,
      citations: citations.length,
      invented: numbering.invented,
      unsupported: unsupported.length,
      ...usage,
    })

    const record = trace.finish(null)
    saved = true
    steps.saveTrace(record)
    yield {
      type: 'ask-end',
      traceId: question.traceId,
      answer: record.answer,
      citations: record.citations,
      unsupported: record.unsupported,
      refused: record.refused,
      passageMode: record.passageMode,
      invented: numbering.invented,
      note: [note, hint].filter(Boolean).join(' ') || null,
      lowRelevance: record.lowRelevance,
      durationMs: record.durationMs,
    }
  } catch (thrown) {
    if (saved) throw thrown
    const error = toAppError(thrown)
    saved = true
    steps.saveTrace(trace.finish(error))
    throw error
  } finally {
    if (!saved)
      steps.saveTrace(trace.finish(new AppError('cancelled', 'The asker left before the answer was complete.')))
  }
}

/** The question with what it leaves to what went before; undefined where it stands by itself. */
async function completeQuestion(
  { text, history = [] }: Question,
  { write }: AskSteps,
  trace: OpenTrace,
  signal: AbortSignal | undefined,
): Promise<Rewrite | undefined> {
  if (history.length === 0) return undefined
  const rewrite = await trace.root.step('rewrite', 'chain', { question: text, history: history.length }, async () => {
    const rewrite = await rewriteQuestion(text, history, write, signal)
    return [rewrite, rewrite ?? 'as it is']
  })
  trace.rewritten = rewrite?.question ?? null
  return rewrite
}

/**
 * The document that is asked, as a whole: where the question is about it as a whole, or a person wants it so, and the
 * generator can read all of it. `note` says why not, where that was to be expected.
 */
async function readWhole(
  asked: string,
  { text, scope = 'auto' }: Question,
  { document }: AskSteps,
  trace: OpenTrace,
  signal: AbortSignal | undefined,
): Promise<{ whole?: GivenPassages; note: string | null }> {
  const isOverview = asksForOverview(text)
  if (!document || scope === 'passages' || (scope === 'auto' && !isOverview)) return { note: null }
  return trace.root.step('read whole', 'chain', { scope, isOverview }, async () => {
    const passages = document.passages()
    const whole: GivenPassages = { question: asked, passages, wholeDocument: isOverview ? 'overview' : 'question' }
    const fits = passages.length > 0 && (await document.fits(whole, signal))
    const note = fits || passages.length === 0 ? null : tooLongNote
    return [
      { ...(fits ? { whole } : {}), note },
      { passages: passages.length, fits },
    ]
  })
}

/** Somebody asks what the documents say as a whole, and which one is not told. */
function isOverviewOfSeveral({ text, scope = 'auto' }: Question, { document }: AskSteps): boolean {
  return !document && scope === 'auto' && asksForOverview(text)
}

const oneDocumentNote = 'One document at a time is summed up: name its file in the question.'

const tooLongNote =
  'The document is longer than can be read for one answer, so this is answered from passages that were found in it.'

async function findPassages(
  text: string,
  { retrieve, rerank }: AskSteps,
  trace: OpenTrace,
  signal: AbortSignal | undefined,
): Promise<RetrievedPassage[]> {
  const found = await trace.root.step('retrieve', 'retriever', { question: text }, async (span) => {
    const found = await retrieve(text, span, signal)
    span.note({ [attributeNames.operation]: 'retrieval', [attributeNames.found]: found.length })
    span.note(listed(found, attributeNames.retrievedId, attributeNames.retrievedScore))
    return [found, found.map(summary)]
  })
  if (!rerank) return found
  return trace.root.step('rerank', 'reranker', { passages: found.length }, async (span) => {
    const ordered = await rerank(text, found, span, signal)
    span.reject(notAmong(ordered, found, 'rerank'))
    span.note(listed(found, attributeNames.rerankerInputId, attributeNames.rerankerInputScore))
    span.note(listed(ordered, attributeNames.rerankerOutputId, attributeNames.rerankerOutputScore))
    return [ordered, ordered.map(summary)]
  })
}

function fitPassages(
  text: string,
  passages: readonly RetrievedPassage[],
  { fit }: AskSteps,
  trace: OpenTrace,
): Promise<GivenPassages> {
  return trace.root.step('fit', 'chain', { passages: passages.length }, async (span) => {
    const fitting = fit(passages)
    span.reject(notAmong(fitting, passages, 'budget'))
    span.note({ [attributeNames.used]: fitting.length })
    return [{ question: text, passages: fitting }, { passages: fitting.length }]
  })
}

/** Whether what was found has little to do with the question. */
async function hasLittleToDo(
  given: GivenPassages,
  { relevance }: AskSteps,
  trace: OpenTrace,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (!relevance || given.passages.length === 0) return false
  return trace.root.step('relevance', 'chain', { passages: given.passages.length }, async () => {
    const likelihood = await relevance(given, signal)
    return [likelihood < littleToDo, { likelihood, below: littleToDo }]
  })
}

/**
 * Turns a generator's parts into events: spans become numbered citations, equal spans share a number; a sentence that
 * the passages do not say becomes a span of the answer.
 */
function createNumbering(steps: AskSteps, passages: readonly RetrievedPassage[]) {
  const numbers = new Map<string, number>()
  const state = { refused: false, invented: 0 }
  /** Length of the answer so far, and where its present sentence began. */
  let length = 0
  let sentenceStart = 0
  const write = (text: string): Extract<AskEvent, { type: 'answer-delta' }> => {
    // The gap before a sentence is no part of it.
    if (sentenceStart === length) sentenceStart += text.length - text.trimStart().length
    length += text.length
    return { type: 'answer-delta', text }
  }
  return {
    get refused() {
      return state.refused
    },
    get invented() {
      return state.invented
    },
    *take(part: AnswerPart): Generator<Extract<AskEvent, { type: 'answer-delta' | 'citation' | 'unsupported' }>> {
      if (part.type === 'text-delta') {
        yield write(part.text)
        return
      }
      if (part.type === 'refusal') {
        state.refused = true
        yield write(part.reason)
        return
      }
      if (part.type === 'sentence-end') {
        if (!part.isSupported) yield { type: 'unsupported', start: sentenceStart, end: length }
        sentenceStart = length
        return
      }
      if (part.type === 'prompt' || part.type === 'usage') return
      const passage = passages[part.passage]
      const resolved = passage && steps.resolve(passage, part.start, part.end)
      if (!resolved) {
        state.invented += 1
        return
      }
      const key = `${resolved.documentId} ${resolved.start} ${resolved.end}`
      const known = numbers.get(key)
      const marker = known ?? numbers.size + 1
      if (known === undefined) {
        numbers.set(key, marker)
        yield { type: 'citation', citation: { ...resolved, marker } }
      }
      yield write(` [${marker}]`)
    },
  }
}

function listed(
  passages: readonly RetrievedPassage[],
  idName: Parameters<typeof attributeAt>[0],
  scoreName: Parameters<typeof attributeAt>[0],
): SpanAttributes {
  const attributes: SpanAttributes = {}
  passages.forEach(({ chunkId, score, rerankScore }, index) => {
    attributes[attributeAt(idName, index)] = String(chunkId)
    attributes[attributeAt(scoreName, index)] = rerankScore ?? score
  })
  return attributes
}

function notAmong(kept: readonly RetrievedPassage[], all: readonly RetrievedPassage[], reason: Rejection): Rejected[] {
  const used = new Set(kept.map(({ chunkId }) => chunkId))
  return all.filter(({ chunkId }) => !used.has(chunkId)).map((passage) => toRejected(passage, reason))
}

function summary(passage: RetrievedPassage) {
  const { chunkId, path, score, foundBy, rerankScore } = passage
  return { chunkId, path, score, foundBy, ...(rerankScore === null ? {} : { rerankScore }) }
}
