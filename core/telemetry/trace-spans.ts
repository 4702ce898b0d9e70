import { type Attributes, type HrTime, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api'
import type { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources'
import type { Span, Trace } from '../contract/traces.ts'
import { sha256 } from '../shared/hash.ts'
import {
  attributeAt,
  attributeNames as names,
  contentAttributeNames as contents,
  conventions,
  isRedactable,
} from '../shared/trace-attributes.ts'

/** What OpenTelemetry's serialisers take. */
export type FinishedSpan = Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0][number]

export interface SpanOptions {
  /** 'redacted': nothing that somebody wrote, and nothing of a document. */
  content: 'redacted' | 'full'
  /** Of Quarry. */
  version: string
  /** 'rating': only what somebody thinks of the answer, of a trace that is there already. */
  what?: 'all' | 'rating'
}

/** A trace as OpenTelemetry has it: the same ids whenever and wherever it is made. */
export function toFinishedSpans(trace: Trace, { content, version, what = 'all' }: SpanOptions): FinishedSpan[] {
  const resource = resourceFromAttributes({
    'service.name': 'quarry',
    'service.version': version,
    'quarry.conventions.gen_ai': conventions.genAi,
    'quarry.conventions.openinference': conventions.openInference,
  })
  const spans = [...(what === 'all' ? trace.spans : []), ...feedbackSpans(trace)]
  return spans.map((span) => toFinished(span, trace, content, { resource, version }))
}

/**
 * What somebody thinks of the answer is a span of its own: it is said when the others are long sent, and may be said anew.
 * Collectors put it into the tree by its trace and parent.
 */
function feedbackSpans({ id, spans, feedback, startedAt }: Trace): Span[] {
  if (!feedback) return []
  const { rating, comment, at } = feedback
  return [
    {
      id: sha256(`${id} feedback ${at}`).slice(0, 16),
      parentId: spans.find(({ parentId }) => parentId === null)?.id ?? null,
      name: 'feedback',
      kind: 'chain',
      startMs: at - startedAt,
      durationMs: 0,
      input: null,
      output: null,
      attributes: {
        [names.spanKind]: 'EVALUATOR',
        [names.traceId]: id,
        [names.evaluationName]: 'user_feedback',
        // Without a thumb it is a comment, or taken back.
        [names.evaluationLabel]: rating ?? 'none',
        ...(rating === null ? {} : { [names.evaluationValue]: rating === 'up' ? 1 : 0 }),
        ...(comment === '' ? {} : { [contents.evaluationExplanation]: comment }),
      },
      error: null,
    },
  ]
}

/** 32 hexadecimal digits. */
export function otlpTraceId(id: string): string {
  return sha256(id).slice(0, 32)
}

function toFinished(
  span: Span,
  trace: Trace,
  content: SpanOptions['content'],
  { resource, version }: { resource: Resource; version: string },
): FinishedSpan {
  const context = (spanId: string) => ({
    traceId: otlpTraceId(trace.id),
    spanId,
    traceFlags: TraceFlags.SAMPLED,
  })
  const startMs = trace.startedAt + span.startMs
  const attributes: Attributes = {
    ...(content === 'full' ? contentOf(span, trace) : {}),
    ...span.attributes,
    ...(span.error ? { [names.errorType]: span.error.code } : {}),
  }
  if (content === 'redacted') {
    for (const name of Object.keys(attributes)) if (isRedactable(name)) delete attributes[name]
  }
  return {
    name: nameOf(span),
    kind: SpanKind.INTERNAL,
    spanContext: () => context(span.id),
    ...(span.parentId === null ? {} : { parentSpanContext: context(span.parentId) }),
    startTime: hrTime(startMs),
    endTime: hrTime(startMs + span.durationMs),
    duration: hrTime(span.durationMs),
    status: span.error
      ? { code: SpanStatusCode.ERROR, ...(content === 'full' ? { message: span.error.message } : {}) }
      : { code: SpanStatusCode.OK },
    attributes,
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: 'quarry', version },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

/** `{operation} {model}` where the conventions have a name for it; our own words elsewhere. */
function nameOf({ name, kind, attributes }: Span): string {
  const operation = attributes[names.operation]
  const model = attributes[names.requestModel]
  return (kind === 'llm' || kind === 'embedding') && typeof operation === 'string' && typeof model === 'string'
    ? `${operation} ${model}`
    : name
}

function hrTime(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1000)
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)]
}

const text = 'text/plain'
const json = 'application/json'

/** Inputs, outputs and passages, from the trace: they are not stored twice. */
function contentOf(span: Span, trace: Trace): Attributes {
  if (span.input === null && span.output === null) return {}
  const shown: Attributes = {
    [contents.inputValue]: JSON.stringify(span.input) ?? '',
    [names.inputMimeType]: json,
    [contents.outputValue]: JSON.stringify(span.output) ?? '',
    [names.outputMimeType]: json,
  }
  if (span.parentId === null) {
    return {
      [contents.inputValue]: trace.question,
      [names.inputMimeType]: text,
      [contents.outputValue]: trace.answer,
      [names.outputMimeType]: text,
      ...(trace.release ? { [contents.releaseLine]: trace.release.line } : {}),
    }
  }
  if (span.kind === 'llm') return { ...shown, ...messagesOf(span) }
  if (span.kind === 'retriever' && span.name === 'retrieve') return { ...shown, ...passagesOf(span, trace) }
  if (span.kind === 'reranker') return { ...shown, [contents.rerankerQuery]: trace.rewritten ?? trace.question }
  return shown
}

function passagesOf(span: Span, trace: Trace): Attributes {
  const byChunk = new Map([...trace.rejected, ...trace.passages].map((passage) => [String(passage.chunkId), passage]))
  const attributes: Attributes = { [contents.retrievalQuery]: trace.rewritten ?? trace.question }
  for (let index = 0; ; index++) {
    const chunkId = span.attributes[attributeAt(names.retrievedId, index)]
    if (typeof chunkId !== 'string') return attributes
    const passage = byChunk.get(chunkId)
    if (!passage) continue
    const { path, page, start, end } = passage
    attributes[attributeAt(contents.retrievedContent, index)] = passage.text
    attributes[attributeAt(contents.retrievedMetadata, index)] = JSON.stringify({ path, page, start, end })
  }
}

function messagesOf({ input, output }: Span): Attributes {
  const { messages = [] } = input as { messages?: { role: string; content: string }[] }
  const { answer } = (output ?? {}) as { answer?: string }
  const written = answer === undefined ? [] : [{ role: 'assistant', content: answer }]
  const attributes: Attributes = {
    [contents.inputMessages]: JSON.stringify(messages.map(toMessage)),
    [contents.outputMessages]: JSON.stringify(written.map(toMessage)),
  }
  messages.forEach(({ role, content }, index) => {
    attributes[attributeAt(contents.llmInputRole, index)] = role
    attributes[attributeAt(contents.llmInputContent, index)] = content
  })
  written.forEach(({ role, content }, index) => {
    attributes[attributeAt(contents.llmOutputRole, index)] = role
    attributes[attributeAt(contents.llmOutputContent, index)] = content
  })
  return attributes
}

function toMessage({ role, content }: { role: string; content: string }) {
  return { role, parts: [{ type: 'text', content }] }
}
