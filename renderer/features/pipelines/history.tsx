import { CircleCheck, CircleX, Clock } from 'lucide-react'
import type { GateResult, ReleaseEvent } from '../../../core/contract/releases.ts'
import { hrefOf } from '../../state/route.ts'
import { formatWhen } from '../../ui/format.ts'
import { eventSentence } from '../../ui/release-words.ts'
import { ruleSentence } from './gate-rules.ts'

/** Who did what, when, why, and on what evidence; newest first. */
export function History({ events }: { events: readonly ReleaseEvent[] }) {
  return (
    <ol className="release-history" reversed aria-label="History">
      {events.map((event) => (
        <li key={event.number}>
          <p className="release-event">
            <span className="release-event-what">{eventSentence(event)}</span>
            {event.isOverride ? <span className="verdict verdict-override">signed override</span> : null}
            <span className="soft number">
              {formatWhen(event.at)} · {event.who}
            </span>
            {event.runId ? <a href={hrefOf({ page: 'runs', runId: event.runId, otherId: null })}>the run</a> : null}
          </p>
          {event.reason ? <p className="release-reason">{event.reason}</p> : null}
          {event.gate ? (
            <details className="release-gate-then">
              <summary>What the gate said then</summary>
              <GateChecks result={event.gate} />
            </details>
          ) : null}
        </li>
      ))}
    </ol>
  )
}

/** Each thing that the gate looked at, as a sentence with passed or not. */
export function GateChecks({ result }: { result: GateResult }) {
  return (
    <ul className="gate-checks" aria-label="What the gate says">
      {result.checks.map((check) => (
        <li key={`${check.kind} ${check.label}`} data-passed={check.passed}>
          {check.passed ? (
            <CircleCheck size={16} className="tone-success" aria-hidden />
          ) : check.isPending ? (
            <Clock size={16} className="tone-warning" aria-hidden />
          ) : (
            <CircleX size={16} className="tone-danger" aria-hidden />
          )}
          <span>
            <span className="gate-check-label">
              {check.kind === 'threshold' ? ruleSentence(check.label) : check.label}
            </span>{' '}
            <span className={check.passed ? 'tone-success' : check.isPending ? 'tone-warning' : 'tone-danger'}>
              {check.passed ? 'passed' : check.isPending ? 'not known yet' : 'not passed'}
            </span>
            {check.detail ? <span className="gate-check-detail soft">{check.detail}</span> : null}
          </span>
        </li>
      ))}
    </ul>
  )
}
