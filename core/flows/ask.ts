import type { AnswerSpan, AskEvent, Citation, Span, Trace } from '../contract/ask.ts'
import { AppError, toAppError, toErrorData } from '../contract/errors.ts'
import type { RetrievedPassage } from '../contract/search.ts'
import type { AnswerPart } from '../generators/generator.ts'
import { throwIfAborted } from '../shared/abort.ts'
import type { CollectionId, TraceId } from '../shared/ids.ts'

/** The steps of the flow. Everything outside it (index, model, database, clock) is behind them. */
export interface AskSteps {
  retrieve(question: string, signal?: AbortSignal): Promise<RetrievedPassage[]>
  /** Puts what was found into a better order, and keeps the best. Absent: the order stays. */
  rerank?(question: string, passages: readonly RetrievedPassage[], signal?: AbortSignal): Promise<RetrievedPassage[]>
  /** Those that fit what the generator may read, best first. */
  fit(passages: readonly RetrievedPassage[]): readonly RetrievedPassage[]
  generate(question: string, passages: readonly RetrievedPassage[], signal?: AbortSignal): AsyncIterable<AnswerPart>
  /** The citation of a span of a passage, or undefined if the span is not in the document: an invented citation. */
  resolve(passage: RetrievedPassage, start: number, end: number): Omit<Citation, 'marker'> | undefined
  saveTrace(trace: Trace): void
  /** Milliseconds since 1970. */
  now(): number
}

export interface Question {
  traceId: TraceId
  collectionId: CollectionId
  text: string
}

/**
 * Question in, cited answer out: retrieve -> rerank? -> fit the budget -> generate -> resolve, validate and number citations ->
 * save the trace. The trace is saved also when a step fails or the asker leaves.
 */
export async function* ask(question: Question, steps: AskSteps, signal?: AbortSignal): AsyncGenerator<AskEvent> {
  const trace = beginTrace(question, steps)
  let saved = false
  try {
    yield { type: 'ask-start', traceId: question.traceId }

    const found = await trace.step('retrieve', { question: question.text }, async () => {
      const found = await steps.retrieve(question.text, signal)
      return [found, found.map(summary)]
    })
    const { rerank } = steps
    const passages = rerank
      ? await trace.step('rerank', { passages: found.length }, async () => {
          const ordered = await rerank(question.text, found, signal)
          return [ordered, ordered.map(summary)]
        })
      : found
    trace.passages = passages
    yield { type: 'retrieval-end', passages }

    const given = await trace.step('fit', { passages: passages.length }, async () => {
      const fitting = steps.fit(passages)
      return [fitting, { passages: fitting.length }]
    })

    const generation = trace.open('generate', { passages: given.map(summary) })
    const numbering = createNumbering(steps, given)
    for await (const part of steps.generate(question.text, given, signal)) {
      throwIfAborted(signal)
      for (const event of numbering.take(part)) {
        if (event.type === 'answer-delta') trace.answer += event.text
        if (event.type === 'citation') trace.citations.push(event.citation)
        if (event.type === 'unsupported') trace.unsupported.push({ start: event.start, end: event.end })
        yield event
      }
    }
    trace.refused = numbering.refused
    const { citations, unsupported } = trace
    generation.close({
      answer: trace.answer,
      citations: citations.length,
      invented: numbering.invented,
      unsupported: unsupported.length,
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

function beginTrace(question: Question, steps: AskSteps) {
  const startedAt = steps.now()
  const spans: Span[] = []
  const sinceStart = (): number => steps.now() - startedAt
  const trace = {
    answer: '',
    refused: false,
    citations: [] as Citation[],
    unsupported: [] as AnswerSpan[],
    passages: [] as RetrievedPassage[],
    /** Opens a span that the caller closes; an unclosed span is closed by `finish` with the trace's error. */
    open(name: string, input: unknown) {
      const startMs = sinceStart()
      const span: Span = { name, startMs, durationMs: 0, input, output: null, error: null }
      spans.push(span)
      return {
        close(output: unknown): void {
          span.durationMs = sinceStart() - startMs
          span.output = output
        },
      }
    },
    /** Runs one step as a span. `work` gives its result and what the span shows of it. */
    async step<Result>(name: string, input: unknown, work: () => Promise<[Result, unknown]>): Promise<Result> {
      const span = trace.open(name, input)
      const [result, shown] = await work()
      span.close(shown)
      return result
    },
    finish(error: AppError | null): Trace {
      const durationMs = sinceStart()
      const last = spans.at(-1)
      if (error && last && last.output === null) {
        last.durationMs = durationMs - last.startMs
        last.error = toErrorData(error)
      }
      return {
        id: question.traceId,
        collectionId: question.collectionId,
        question: question.text,
        answer: trace.answer,
        refused: trace.refused,
        error: error && toErrorData(error),
        citations: trace.citations,
        unsupported: trace.unsupported,
        passages: trace.passages,
        spans,
        startedAt: Math.round(startedAt),
        durationMs,
      }
    },
  }
  return trace
}

function summary(passage: RetrievedPassage) {
  const { chunkId, path, score, foundBy, rerankScore } = passage
  return { chunkId, path, score, foundBy, ...(rerankScore === null ? {} : { rerankScore }) }
}
