import { useEffect, useState } from 'react'
import { Activity, ArrowLeft } from 'lucide-react'
import type { Span, Trace } from '../../../core/contract/traces.ts'
import type { TraceId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { useConnection } from '../../state/connection.ts'
import { useInspector } from '../../state/inspector.ts'
import { hrefOf, navigate } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatDuration, formatNumberOf, formatWhen } from '../../ui/format.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import { MakeCase } from './make-case.tsx'

type TraceSummary = Pick<Trace, 'id' | 'collectionId' | 'question' | 'refused' | 'startedAt' | 'durationMs'>

/** Everything that was asked, newest first, or one question step by step. */
export function TracesPage({ traceId }: { traceId: TraceId | null }) {
  return traceId ? <TraceView key={traceId} traceId={traceId} /> : <TraceList />
}

function TraceList() {
  const generation = useConnection((state) => state.generation)
  const { value, failure, retry } = useRead((signal) => core().traces.list({ limit: 200 }, { signal }), generation)
  const collections = useWorkspace((state) => state.collections) ?? []
  useEffect(() => {
    document.title = 'Traces · Quarry'
  }, [])
  const nameOf = (trace: TraceSummary): string =>
    collections.find((collection) => collection.id === trace.collectionId)?.name ?? 'removed collection'
  return (
    <>
      <PageHeader title="Traces" scope={<span className="soft">What each question did, step by step</span>} />
      <div className="page-scroll">
        {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
        {value?.traces.length === 0 ? (
          <EmptyState
            icon={<Activity size={28} aria-hidden />}
            title="No questions yet"
            actions={<Button onPress={() => navigate({ page: 'ask', collectionId: null })}>Ask a question</Button>}
          >
            Every question leaves a trace: its steps with inputs, outputs and timings.
          </EmptyState>
        ) : null}
        {value && value.traces.length > 0 ? (
          <table className="plain-table">
            <thead>
              <tr>
                <th scope="col">Question</th>
                <th scope="col">Collection</th>
                <th scope="col">Outcome</th>
                <th scope="col" className="table-numeric">
                  Time
                </th>
                <th scope="col" className="table-numeric">
                  Asked
                </th>
              </tr>
            </thead>
            <tbody>
              {value.traces.map((trace) => (
                <tr key={trace.id}>
                  <td className="trace-question">
                    <a href={hrefOf({ page: 'traces', traceId: trace.id })}>{trace.question}</a>
                  </td>
                  <td>{nameOf(trace)}</td>
                  <td>{trace.refused ? 'nothing relevant' : 'answered'}</td>
                  <td className="table-numeric number">{formatDuration(trace.durationMs)}</td>
                  <td className="table-numeric number">{formatWhen(trace.startedAt)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : null}
      </div>
    </>
  )
}

function TraceView({ traceId }: { traceId: TraceId }) {
  const { value: trace, failure, retry } = useRead((signal) => core().traces.get({ traceId }, { signal }), traceId)
  useEffect(() => {
    document.title = 'Trace · Quarry'
  }, [])
  return (
    <>
      <PageHeader
        title="Trace"
        scope={<code className="soft">{traceId}</code>}
        actions={
          <>
            {trace ? <MakeCase trace={trace} /> : null}
            {trace ? (
              <CopyButton
                text={() => JSON.stringify(trace, null, 2)}
                label="Copy the trace as JSON"
                words="Copy JSON"
              />
            ) : null}
            <Button
              icon={<ArrowLeft size={15} aria-hidden />}
              onPress={() => navigate({ page: 'traces', traceId: null })}
            >
              All traces
            </Button>
          </>
        }
      />
      <div className="page-scroll">
        {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
        {trace ? (
          <div className="trace">
            <h2 className="question">{trace.question}</h2>
            <p className="reading trace-answer">{trace.answer}</p>
            <p className="soft number">
              {formatDuration(trace.durationMs)} · {formatWhen(trace.startedAt)} ·{' '}
              {formatNumberOf(trace.passages.length, 'passage')} · {formatNumberOf(trace.citations.length, 'citation')}
              {trace.refused ? ' · nothing relevant found' : ''}
            </p>
            {trace.error ? <FailureNote failure={trace.error} /> : null}
            {trace.citations.length > 0 ? <TraceCitations trace={trace} /> : null}
            <h3>Steps</h3>
            <ol className="spans">
              {trace.spans.map((span, index) => (
                <SpanRow key={index} span={span} totalMs={Math.max(trace.durationMs, 0.001)} />
              ))}
            </ol>
          </div>
        ) : null}
      </div>
    </>
  )
}

function TraceCitations({ trace }: { trace: Trace }) {
  const links = trace.citations.map((citation) => ({
    label: `Citation ${citation.marker}`,
    collectionId: trace.collectionId,
    documentId: citation.documentId,
    name: citation.document,
    span: { start: citation.start, end: citation.end },
  }))
  return (
    <ul className="trace-citations" aria-label="Citations">
      {trace.citations.map((citation, index) => (
        <li key={citation.marker}>
          <Button look="plain" small onPress={() => useInspector.getState().open(links, index)}>
            {citation.marker} · {citation.document}
          </Button>
        </li>
      ))}
    </ul>
  )
}

function SpanRow({ span, totalMs }: { span: Span; totalMs: number }) {
  const [open, setOpen] = useState(false)
  const left = Math.min(99.5, (span.startMs / totalMs) * 100)
  const width = Math.max(0.5, Math.min(100 - left, (span.durationMs / totalMs) * 100))
  return (
    <li className="span" data-failed={span.error ? true : undefined}>
      <button type="button" className="span-line" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className="span-name">{span.name}</span>
        <span className="span-track" aria-hidden>
          <span className="span-bar" style={{ insetInlineStart: `${left}%`, width: `${width}%` }} />
        </span>
        <span className="span-time number">{formatDuration(span.durationMs)}</span>
      </button>
      {open ? (
        <div className="span-detail">
          {span.error ? <FailureNote failure={span.error} /> : null}
          <Json label="Input" value={span.input} />
          <Json label="Output" value={span.output} />
        </div>
      ) : null}
    </li>
  )
}

function Json({ label, value }: { label: string; value: unknown }) {
  const text = JSON.stringify(value, null, 2) ?? 'nothing'
  return (
    <div className="json">
      <div className="json-head">
        <h4>{label}</h4>
        <CopyButton text={() => text} label={`Copy the ${label.toLowerCase()}`} />
      </div>
      <pre tabIndex={0} aria-label={label}>
        {text.length > 20_000 ? `${text.slice(0, 20_000)}\n…` : text}
      </pre>
    </div>
  )
}
