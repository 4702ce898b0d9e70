import { useState } from 'react'
import type { Span, Trace } from '../../../core/contract/traces.ts'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatDuration } from '../../ui/format.ts'
import { JsonView } from './json-view.tsx'
import { kindLabels, type SpanNode, treeOf } from './trace-words.ts'

/** The steps of a question as a tree, each where it lay in time. */
export function SpanTree({ trace }: { trace: Trace }) {
  return <Parts nodes={treeOf(trace.spans)} totalMs={Math.max(trace.durationMs, 0.001)} depth={0} />
}

function Parts({ nodes, totalMs, depth }: { nodes: readonly SpanNode[]; totalMs: number; depth: number }) {
  return (
    <ol className="spans">
      {nodes.map(({ span, parts }) => (
        <li key={span.id} className="span" data-failed={span.error ? true : undefined} data-kind={span.kind}>
          <SpanRow span={span} totalMs={totalMs} depth={depth} />
          {parts.length > 0 ? <Parts nodes={parts} totalMs={totalMs} depth={depth + 1} /> : null}
        </li>
      ))}
    </ol>
  )
}

function SpanRow({ span, totalMs, depth }: { span: Span; totalMs: number; depth: number }) {
  const [open, setOpen] = useState(false)
  const left = Math.min(99.5, (span.startMs / totalMs) * 100)
  const width = Math.max(0.5, Math.min(100 - left, (span.durationMs / totalMs) * 100))
  return (
    <>
      <button
        type="button"
        className="span-line"
        aria-expanded={open}
        style={{ '--span-depth': depth } as React.CSSProperties}
        onClick={() => setOpen(!open)}
      >
        <span className="span-name">{span.name}</span>
        <span className="span-kind soft">{kindLabels[span.kind]}</span>
        <span className="span-track" aria-hidden>
          <span className="span-bar" style={{ insetInlineStart: `${left}%`, width: `${width}%` }} />
        </span>
        <span className="span-tokens soft number">{tokensText(span)}</span>
        <span className="span-time number">{formatDuration(span.durationMs)}</span>
      </button>
      {open ? (
        <div className="span-detail" style={{ '--span-depth': depth } as React.CSSProperties}>
          {span.error ? <FailureNote failure={span.error} /> : null}
          <JsonView label="Attributes" value={span.attributes} openAtFirst />
          <JsonView label="Input" value={span.input} openAtFirst />
          <JsonView label="Output" value={span.output} openAtFirst />
        </div>
      ) : null}
    </>
  )
}

function tokensText({ attributes }: Span): string {
  const [input, output] = [attributes['gen_ai.usage.input_tokens'], attributes['gen_ai.usage.output_tokens']]
  if (typeof input !== 'number' || typeof output !== 'number') return ''
  return `${formatCount(input)} → ${formatCount(output)} tokens`
}
