import type { AskEvent } from '../contract/ask.ts'
import { isCancellation, toAppError, toErrorData } from '../contract/errors.ts'
import type { CaseResult, MetricResult, RunSummary } from '../contract/runs.ts'
import type { RetrievedPassage } from '../contract/search.ts'
import type {
  AnsweredCase,
  Evaluator,
  JudgingEvaluator,
  RankedCase,
  SpanCase,
  TextSpan,
} from '../evaluators/evaluator.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { bootstrapMean, meanOf, percentile } from '../shared/bootstrap.ts'

/** A question, and what is known of what it should bring. */
export interface EvaluationCase {
  id: string
  question: string
  tags: readonly string[]
  /** Passages that should be found, graded. */
  expected: readonly (TextSpan & { path: string; grade: number })[]
  /** Judgements of whole documents: gain by document id. */
  documents: ReadonlyMap<string, number>
  answer: string | null
  /** False: the right answer is to refuse. */
  answerable: boolean
}

/** One column of the report. */
export type Metric = Pick<MetricResult, 'name' | 'label' | 'better'> &
  (
    | { kind: 'ranking'; evaluator: Evaluator<RankedCase> }
    | { kind: 'spans'; evaluator: Evaluator<SpanCase> }
    | { kind: 'answer'; evaluator: Evaluator<AnsweredCase> }
    | { kind: 'judged'; evaluator: JudgingEvaluator }
  )

/** The pipeline that is measured, with its index. */
export interface Subject {
  /** The retrieval half of the very flow that answers questions. Best first. */
  retrieve(question: string, items: 'passages' | 'documents', signal?: AbortSignal): Promise<RetrievedPassage[]>
  /** All of that flow; absent where only retrieval is measured. */
  ask?(question: string, signal?: AbortSignal): AsyncIterable<AskEvent>
  /**
   * Where the pipeline reads documents in another way than they have been read: how many, and where spans of the
   * documents' own texts are in that reading. A lost one stands where nothing is.
   */
  reading?: { documents: number; place(spans: readonly TextSpan[]): { span: TextSpan; lost: boolean }[] }
  /** Every chunk of the index that touches one of these spans. */
  covering(spans: readonly TextSpan[]): TextSpan[]
  countTokens(text: string): number
  index: RunSummary['index']
}

/** Everything outside the flow is behind its steps. */
export interface EvaluateSteps {
  /** Builds what the pipeline needs to be asked, and nothing that is there already. */
  prepare(signal?: AbortSignal): Promise<Subject>
  /** Cases that an earlier process finished, by id: they are not asked again. */
  finished: ReadonlyMap<string, CaseResult>
  save(result: CaseResult): void
  metrics: readonly Metric[]
  items: 'auto' | 'passages' | 'documents'
  /** Of every retrieved text that is kept; 0: none are. */
  keptCharacters: number
  /** Says after each case whether more of them can still matter. */
  isDecided?(results: readonly CaseResult[]): boolean
  /** Milliseconds, monotonic. */
  clock(): number
}

export type EvaluationEvent =
  | { type: 'index-ready'; index: RunSummary['index'] }
  | { type: 'case-end'; result: CaseResult; done: number; total: number }
  | {
      type: 'evaluation-end'
      results: CaseResult[]
      index: RunSummary['index']
      reading: RunSummary['reading']
      isComplete: boolean
    }

/**
 * Questions in, scores out: ensure the index -> for each case ask as anybody asks -> score -> save. Questions go one at a
 * time, so that latencies are those of one person; a question that fails is a result with an error and no score, and the
 * loop goes on. Ended by a cancellation or a full disk; what was saved stays saved and is not asked again.
 */
export async function* evaluate(
  cases: readonly EvaluationCase[],
  steps: EvaluateSteps,
  signal?: AbortSignal,
): AsyncGenerator<EvaluationEvent> {
  throwIfAborted(signal)
  const results: CaseResult[] = []
  const subject = await steps.prepare(signal)
  yield { type: 'index-ready', index: subject.index }
  const { asRead, reading } = inReading(cases, subject)
  for (const [index, testCase] of cases.entries()) {
    throwIfAborted(signal)
    const known = steps.finished.get(testCase.id)
    const result = known ?? (await examine(testCase, asRead[index] ?? testCase, index + 1, subject, steps, signal))
    if (!known) steps.save(result)
    results.push(result)
    yield { type: 'case-end', result, done: index + 1, total: cases.length }
    if (index + 1 < cases.length && steps.isDecided?.(results)) {
      yield { type: 'evaluation-end', results, index: subject.index, reading, isComplete: false }
      return
    }
  }
  yield { type: 'evaluation-end', results, index: subject.index, reading, isComplete: true }
}

/** The cases with their passages where the subject's texts have them. */
function inReading(
  cases: readonly EvaluationCase[],
  { reading }: Subject,
): { asRead: readonly EvaluationCase[]; reading: RunSummary['reading'] } {
  if (!reading) return { asRead: cases, reading: null }
  const all = cases.flatMap(({ expected }) => expected)
  const places = reading.place(all)
  let next = 0
  const asRead = cases.map((testCase) => ({
    ...testCase,
    expected: testCase.expected.map((passage) => ({ ...passage, ...places[next++]?.span })),
  }))
  const lost = places.filter((place) => place.lost).length
  return { asRead, reading: { documents: reading.documents, passages: all.length, lost } }
}

async function examine(
  testCase: EvaluationCase,
  asRead: EvaluationCase,
  number: number,
  subject: Subject,
  steps: EvaluateSteps,
  signal: AbortSignal | undefined,
): Promise<CaseResult> {
  const { id: caseId, question, tags, expected } = testCase
  const items = steps.items === 'auto' ? (expected.length > 0 ? 'passages' : 'documents') : steps.items
  const startedMs = steps.clock()
  const blank: CaseResult = {
    number,
    caseId,
    question,
    tags: [...tags],
    scores: {},
    problems: {},
    error: null,
    latencyMs: 0,
    contextTokens: 0,
    retrieved: [],
    expected: expected.map(({ documentId, path, start, end }) => ({ documentId, path, start, end })),
    answer: null,
  }
  try {
    const { passages, answer } = subject.ask
      ? await asked(subject.ask(question, signal))
      : { passages: await subject.retrieve(question, items, signal), answer: null }
    const latencyMs = steps.clock() - startedMs
    const brings = passages.map((passage) => broughtBy(passage, asRead.expected))
    const { scores, problems } = await score(asRead, items, passages, brings, answer, subject, steps.metrics, signal)
    return {
      ...blank,
      scores,
      problems,
      latencyMs,
      contextTokens: passages.reduce((sum, passage) => sum + subject.countTokens(passage.text), 0),
      retrieved: passages.map(({ documentId, path, start, end, score: own, foundBy, text }, index) => ({
        documentId,
        path,
        start,
        end,
        score: own,
        foundBy,
        brings: brings[index] ?? [],
        text: steps.keptCharacters > 0 ? text.slice(0, steps.keptCharacters) : null,
      })),
      answer: answer && {
        text: answer.answer,
        refused: answer.refused,
        citations: answer.citations.length,
        unsupported: answer.unsupported.length,
      },
    }
  } catch (thrown) {
    const error = toAppError(thrown)
    if (isCancellation(error) || endsEverything.has(error.code)) throw error
    return { ...blank, latencyMs: steps.clock() - startedMs, error: toErrorData(error) }
  }
}

/** The next question would meet them, too. */
const endsEverything: ReadonlySet<string> = new Set([
  'disk-full',
  'workspace-corrupt',
  'workspace-unwritable',
  'model-missing',
  'model-invalid',
  'item-missing',
])

type AskEnd = Extract<AskEvent, { type: 'ask-end' }>

async function asked(
  events: AsyncIterable<AskEvent>,
): Promise<{ passages: RetrievedPassage[]; answer: AskEnd | null }> {
  let passages: RetrievedPassage[] = []
  let answer: AskEnd | null = null
  for await (const event of events) {
    if (event.type === 'retrieval-end') passages = event.passages
    if (event.type === 'ask-end') answer = event
  }
  return { passages, answer }
}

/**
 * Which expected passages a result brings: those of which it has at least half, or of which at least half of it is, so
 * that neither a small chunk of a long passage nor a short passage in a long chunk goes unseen.
 */
export function broughtBy(result: TextSpan, expected: readonly TextSpan[]): number[] {
  return expected.flatMap((span, index) => {
    if (span.documentId !== result.documentId) return []
    const common = Math.min(span.end, result.end) - Math.max(span.start, result.start)
    const shorter = Math.min(span.end - span.start, result.end - result.start)
    return common > 0 && common * 2 >= shorter ? [index] : []
  })
}

async function score(
  testCase: EvaluationCase,
  items: 'passages' | 'documents',
  passages: readonly RetrievedPassage[],
  brings: readonly number[][],
  answer: AskEnd | null,
  subject: Subject,
  metrics: readonly Metric[],
  signal: AbortSignal | undefined,
): Promise<Pick<CaseResult, 'scores' | 'problems'>> {
  const scores: CaseResult['scores'] = {}
  const problems: CaseResult['problems'] = {}
  const ranked = items === 'passages' ? rankedPassages(testCase, brings) : rankedDocuments(testCase, passages)
  const { expected } = testCase
  const wantsSpans = expected.length > 0 && metrics.some(({ kind }) => kind === 'spans')
  const spans = wantsSpans ? { retrieved: passages, expected, covering: subject.covering(expected) } : null
  const answered = answer && toAnswered(testCase, passages, answer)
  const note = (name: string, value: number | null): void => {
    if (value !== null) scores[name] = value
  }
  for (const metric of metrics) {
    if (metric.kind === 'ranking') {
      if (ranked) note(metric.name, metric.evaluator.score(ranked))
    } else if (metric.kind === 'spans') {
      if (spans) note(metric.name, metric.evaluator.score(spans))
    } else if (answered && metric.kind === 'answer') {
      note(metric.name, metric.evaluator.score(answered))
    } else if (answered && metric.kind === 'judged') {
      try {
        note(metric.name, await metric.evaluator.judge(answered, signal))
      } catch (thrown) {
        // A judge that fails has said nothing: that is told, and never counted as a score.
        const error = toAppError(thrown)
        if (isCancellation(error) || endsEverything.has(error.code)) throw error
        problems[metric.name] = error.message
      }
    }
  }
  return { scores, problems }
}

/** Undefined where nothing was to be found: such a case says nothing about an order. */
function rankedPassages({ expected }: EvaluationCase, brings: readonly number[][]): RankedCase | undefined {
  if (expected.length === 0) return undefined
  return {
    ranking: brings.map((indexes) => indexes.map(String)),
    relevance: new Map(expected.map(({ grade }, index) => [String(index), grade])),
  }
}

/** A document stands where its best chunk stands. */
function rankedDocuments(testCase: EvaluationCase, passages: readonly RetrievedPassage[]): RankedCase | undefined {
  const relevance = new Map(testCase.documents)
  if (relevance.size === 0) {
    for (const { documentId, grade } of testCase.expected)
      relevance.set(documentId, Math.max(grade, relevance.get(documentId) ?? 0))
  }
  if (relevance.size === 0) return undefined
  return { ranking: [...new Set(passages.map(({ documentId }) => documentId))], relevance }
}

function toAnswered(testCase: EvaluationCase, passages: readonly RetrievedPassage[], end: AskEnd): AnsweredCase {
  return {
    question: testCase.question,
    answer: end.answer,
    refused: end.refused,
    citations: end.citations,
    unsupported: end.unsupported,
    expectedAnswer: testCase.answer,
    answerable: testCase.answerable,
    expected: testCase.expected,
    passages: passages.map(({ text }) => text),
  }
}

/** Means with intervals over the cases that have a score; metrics that no case has are left out. */
export function summarise(results: readonly CaseResult[], metrics: readonly Metric[], seed: number): MetricResult[] {
  return metrics.flatMap(({ name, label, better }) => {
    const values = results.flatMap(({ scores }) => scores[name] ?? [])
    const errors = results.filter(({ problems }) => problems[name] !== undefined).length
    if (values.length === 0 && errors === 0) return []
    return [{ name, label, better, ...bootstrapMean(values, seed), cases: values.length, errors }]
  })
}

/** The same by tag. */
export function summariseByTag(
  results: readonly CaseResult[],
  metrics: readonly Metric[],
  seed: number,
): Record<string, MetricResult[]> {
  const tags = [...new Set(results.flatMap((result) => result.tags))].sort()
  return Object.fromEntries(
    tags.slice(0, mostTags).map((tag) => [
      tag,
      summarise(
        results.filter((result) => result.tags.includes(tag)),
        metrics,
        seed,
      ),
    ]),
  )
}

const mostTags = 100

/** Latency by nearest rank, and the text that was read, of the cases that could be asked. */
export function summariseCosts(results: readonly CaseResult[]): Pick<RunSummary, 'latencyMs' | 'contextTokens'> {
  const well = results.filter(({ error }) => error === null)
  const times = well.map(({ latencyMs }) => latencyMs)
  return {
    latencyMs: { mean: meanOf(times), p50: percentile(times, 0.5), p95: percentile(times, 0.95) },
    contextTokens: meanOf(well.map(({ contextTokens }) => contextTokens)),
  }
}
