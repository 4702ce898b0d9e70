import type { AnswerSpan, Citation, PassageMode } from '../contract/ask.ts'
import { type AppError, toErrorData } from '../contract/errors.ts'
import type { RetrievedPassage } from '../contract/search.ts'
import type { Rejected, Rejection, Span, SpanAttributes, SpanKind, Trace } from '../contract/traces.ts'
import type { CollectionId, TraceId } from '../shared/ids.ts'
import { attributeNames } from '../shared/trace-attributes.ts'

/** What a trace says of the question from the beginning. */
export interface TracedQuestion extends Partial<
  Pick<Trace, 'origin' | 'release' | 'pipeline' | 'request' | 'replayOf'>
> {
  traceId: TraceId
  collectionIds: readonly CollectionId[]
  text: string
}

/** A step under way. Those that are open when the trace is finished are closed with its error. */
export interface OpenSpan {
  /** A part of this step, which the caller closes. */
  open(name: string, kind: SpanKind, input: unknown): OpenSpan
  /** Runs a part of this step. `work` gives its result and what the span shows of it. */
  step<Result>(
    name: string,
    kind: SpanKind,
    input: unknown,
    work: (span: OpenSpan) => Promise<[Result, unknown]>,
  ): Promise<Result>
  note(attributes: SpanAttributes): void
  noteInput(more: Record<string, unknown>): void
  /** What was found in this step and is not used. */
  reject(candidates: readonly Rejected[]): void
  close(output: unknown): void
}

export type OpenTrace = ReturnType<typeof beginTrace>

const mostRejected = 50

/** Everything that one question does, while it does it. `now`: milliseconds since 1970. */
export function beginTrace(question: TracedQuestion, now: () => number) {
  const startedAt = now()
  const spans: Span[] = []
  const open = new Set<Span>()
  const rejected: Rejected[] = []
  const sinceStart = (): number => now() - startedAt

  const openSpan = (name: string, kind: SpanKind, input: unknown, parentId: string | null): OpenSpan => {
    const span: Span = {
      id: createSpanId(),
      parentId,
      name,
      kind,
      startMs: sinceStart(),
      durationMs: 0,
      input,
      output: null,
      attributes: { [attributeNames.spanKind]: kind.toUpperCase() },
      error: null,
    }
    spans.push(span)
    open.add(span)
    const handle: OpenSpan = {
      open: (name, kind, input) => openSpan(name, kind, input, span.id),
      async step(name, kind, input, work) {
        const child = handle.open(name, kind, input)
        const [result, shown] = await work(child)
        child.close(shown)
        return result
      },
      note: (attributes) => void Object.assign(span.attributes, attributes),
      noteInput: (more) => void (span.input = { ...(span.input as Record<string, unknown>), ...more }),
      reject: (candidates) => void rejected.push(...candidates),
      close(output) {
        span.durationMs = sinceStart() - span.startMs
        span.output = output
        open.delete(span)
      },
    }
    return handle
  }

  const {
    traceId,
    collectionIds,
    text,
    origin = null,
    release = null,
    pipeline = null,
    request = null,
    replayOf = null,
  } = question
  const root = openSpan('question', 'chain', { question: text }, null)
  const trace = {
    root,
    answer: '',
    refused: false,
    rewritten: null as string | null,
    lowRelevance: false,
    citations: [] as Citation[],
    unsupported: [] as AnswerSpan[],
    passages: [] as RetrievedPassage[],
    passageMode: 'retrieved' as PassageMode,
    finish(error: AppError | null): Trace {
      if (!error) root.close({ answer: trace.answer })
      const durationMs = sinceStart()
      for (const span of open) {
        span.durationMs = durationMs - span.startMs
        span.error = error && toErrorData(error)
      }
      return {
        id: traceId,
        collectionId: collectionIds[0] ?? null,
        collectionIds: [...collectionIds],
        origin,
        release,
        pipeline,
        request,
        question: text,
        rewritten: trace.rewritten,
        answer: trace.answer,
        refused: trace.refused,
        lowRelevance: trace.lowRelevance,
        error: error && toErrorData(error),
        citations: trace.citations,
        unsupported: trace.unsupported,
        passages: trace.passages,
        rejected: rejected.slice(0, mostRejected),
        passageMode: trace.passageMode,
        spans,
        replayOf,
        feedback: null,
        startedAt: Math.round(startedAt),
        durationMs,
      }
    },
  }
  root.note(questionAttributes(question))
  return trace
}

function questionAttributes({ traceId, collectionIds, origin, release, replayOf }: TracedQuestion): SpanAttributes {
  return {
    [attributeNames.operation]: origin ? 'invoke_agent' : 'invoke_workflow',
    [attributeNames.traceId]: traceId,
    [attributeNames.collectionIds]: [...collectionIds],
    ...(origin
      ? {
          [attributeNames.agentId]: origin.botId,
          [attributeNames.conversationId]: origin.conversationId,
          [attributeNames.sessionId]: origin.conversationId,
        }
      : {}),
    ...(release
      ? {
          [attributeNames.releaseId]: release.releaseId,
          ...(release.number === null ? {} : { [attributeNames.releaseNumber]: release.number }),
        }
      : {}),
    ...(replayOf ? { [attributeNames.replayOf]: replayOf } : {}),
  }
}

/** 8 random bytes, as OpenTelemetry has it. */
function createSpanId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A passage that was found, as one that is not used. */
export function toRejected(passage: RetrievedPassage, reason: Rejection): Rejected {
  const { documentId, document, path, chunkId, start, end, page, text } = passage
  const { score, scoreKind, textScore, vectorScore, rerankScore } = passage
  return {
    ...{ documentId, document, path, chunkId, start, end, page, text: text.slice(0, shownOfRejected) },
    ...{ score, scoreKind, textScore, vectorScore, rerankScore, reason },
  }
}
/** Fifty beginnings are most of what a trace takes on the disk. */
const shownOfRejected = 160
