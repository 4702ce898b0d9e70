import { useEffect } from 'react'
import { ArrowLeft, ArrowLeftRight } from 'lucide-react'
import type { Trace } from '../../../core/contract/traces.ts'
import type { TraceId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { useInspector } from '../../state/inspector.ts'
import { hrefOf, navigate } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { AnswerView } from '../../ui/answer-view.tsx'
import { Button } from '../../ui/button.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatDuration, formatPages, formatWhen } from '../../ui/format.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import {
  differencesOf,
  outcomeLabels,
  outcomeOf,
  type PassagePair,
  pairPassages,
  stepTimes,
  tokensOf,
} from './trace-words.ts'

/** Two answers to one question: what each says, what it rests on, how long it took. */
export function CompareView({ beforeId, afterId }: { beforeId: TraceId; afterId: TraceId }) {
  const { value, failure, retry } = useRead(
    (signal) => Promise.all([beforeId, afterId].map((traceId) => core().traces.get({ traceId }, { signal }))),
    `${beforeId} ${afterId}`,
  )
  useEffect(() => {
    document.title = 'Compare traces · Quarry'
  }, [])
  const [before, after] = value ?? []
  return (
    <>
      <PageHeader
        title="Compare"
        scope={<span className="soft">Two answers to one question</span>}
        actions={
          <>
            <Button
              icon={<ArrowLeftRight size={15} aria-hidden />}
              onPress={() => navigate({ page: 'traces', traceId: afterId, otherId: beforeId })}
            >
              The other way round
            </Button>
            <Button
              icon={<ArrowLeft size={15} aria-hidden />}
              onPress={() => navigate({ page: 'traces', traceId: beforeId })}
            >
              Back to the trace
            </Button>
          </>
        }
      />
      <div className="page-scroll">
        {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
        {before && after ? <Both before={before} after={after} /> : null}
      </div>
    </>
  )
}

function Both({ before, after }: { before: Trace; after: Trace }) {
  const changed = differencesOf(before.pipeline, after.pipeline)
  return (
    <div className="trace trace-wide">
      <h2 className="question">{before.question}</h2>
      <div className="trace-pair">
        <Side name="Before" trace={before} />
        <Side name="After" trace={after} />
      </div>
      <section aria-labelledby="compare-figures">
        <h3 id="compare-figures">Figures</h3>
        <Figures before={before} after={after} />
      </section>
      <section aria-labelledby="compare-passages">
        <h3 id="compare-passages">Passages</h3>
        <PassageTable before={before} after={after} />
      </section>
      <section aria-labelledby="compare-pipelines">
        <h3 id="compare-pipelines">What differs in the pipelines</h3>
        {before.pipeline === null || after.pipeline === null ? (
          <p className="soft">The pipeline of an old trace is not known.</p>
        ) : changed.length === 0 ? (
          <p className="soft">Nothing: both are the same.</p>
        ) : (
          <div className="metric-scroll" role="region" aria-label="Options that differ" tabIndex={0}>
            <table className="plain-table">
              <thead>
                <tr>
                  <th scope="col">Option</th>
                  <th scope="col">Before</th>
                  <th scope="col">After</th>
                </tr>
              </thead>
              <tbody>
                {changed.map(({ path, before: from, after: to }) => (
                  <tr key={path}>
                    <th scope="row" className="mono">
                      {path}
                    </th>
                    <td className="compare-option">{from}</td>
                    <td className="compare-option">{to}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
    </div>
  )
}

function Side({ name, trace }: { name: string; trace: Trace }) {
  const { answer, citations, unsupported, collectionId, release } = trace
  return (
    <section className="trace-side" aria-label={name}>
      <h3>
        {name}
        <span className="soft number">
          {' '}
          {release ? `${release.line} ${release.number ?? 'draft'}` : 'the collection’s pipeline'},{' '}
          {formatWhen(trace.startedAt)}
        </span>
      </h3>
      {answer === '' ? <p className="soft">No answer.</p> : null}
      <AnswerView answer={{ text: answer, citations, unsupported, isStreaming: false, collectionId }} />
      {trace.error ? <FailureNote failure={trace.error} /> : null}
      <a className="quiet-link" href={hrefOf({ page: 'traces', traceId: trace.id })}>
        Open this trace
      </a>
    </section>
  )
}

function Figures({ before, after }: { before: Trace; after: Trace }) {
  const [timesBefore, timesAfter] = [stepTimes(before), stepTimes(after)]
  const [tokensBefore, tokensAfter] = [tokensOf(before), tokensOf(after)]
  const count = (value: number | undefined): string => (value === undefined ? '' : formatCount(value))
  const time = (value: number | undefined): string => (value === undefined ? '' : formatDuration(value))
  const rows: [string, string, string][] = [
    ['Outcome', outcomeLabels[outcomeOf(before)], outcomeLabels[outcomeOf(after)]],
    ['Whole answer', time(before.durationMs), time(after.durationMs)],
    ...[...new Set([...timesBefore.keys(), ...timesAfter.keys()])].map((name): [string, string, string] => [
      name,
      time(timesBefore.get(name)),
      time(timesAfter.get(name)),
    ]),
    ['Passages', count(before.passages.length), count(after.passages.length)],
    ['Citations', count(before.citations.length), count(after.citations.length)],
    ['Unsupported sentences', count(before.unsupported.length), count(after.unsupported.length)],
    ...(tokensBefore || tokensAfter
      ? [
          ['Tokens read', count(tokensBefore?.input), count(tokensAfter?.input)] as [string, string, string],
          ['Tokens written', count(tokensBefore?.output), count(tokensAfter?.output)] as [string, string, string],
        ]
      : []),
  ]
  return (
    <div className="metric-scroll" role="region" aria-label="Figures of both" tabIndex={0}>
      <table className="plain-table compare-figures">
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col" className="table-numeric">
              Before
            </th>
            <th scope="col" className="table-numeric">
              After
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([what, from, to]) => (
            <tr key={what}>
              <th scope="row">{what}</th>
              <td className="table-numeric number">{from}</td>
              <td className="table-numeric number">{to}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function PassageTable({ before, after }: { before: Trace; after: Trace }) {
  const pairs = pairPassages(before.passages, after.passages)
  if (pairs.length === 0) return <p className="soft">Neither found any.</p>
  const links = pairs.map(({ passage }) => ({
    label: passage.document,
    collectionId: before.collectionId,
    documentId: passage.documentId,
    name: passage.document,
    span: { start: passage.start, end: passage.end },
  }))
  return (
    <div className="metric-scroll" role="region" aria-label="Passages of both" tabIndex={0}>
      <table className="plain-table rejected-table">
        <thead>
          <tr>
            <th scope="col">Passage</th>
            <th scope="col">In</th>
            <th scope="col" className="table-numeric">
              Place before
            </th>
            <th scope="col" className="table-numeric">
              Place after
            </th>
          </tr>
        </thead>
        <tbody>
          {pairs.map((pair, index) => (
            <tr key={`${pair.passage.chunkId} ${pair.passage.start}`} data-change={changeOf(pair)}>
              <td className="rejected-chunk">
                <Button look="quiet" small onPress={() => useInspector.getState().open(links, index)}>
                  {[pair.passage.document, formatPages(pair.passage.page)].filter(Boolean).join(', ')}
                </Button>
                <span className="rejected-text soft">{pair.passage.text.replace(/\s+/g, ' ').slice(0, 160)}</span>
              </td>
              <td>{changeLabels[changeOf(pair)]}</td>
              <td className="table-numeric number">{pair.before ?? ''}</td>
              <td className="table-numeric number">{pair.after ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const changeLabels = { both: 'both', before: 'before only', after: 'after only' }

function changeOf({ before, after }: PassagePair): keyof typeof changeLabels {
  return before === null ? 'after' : after === null ? 'before' : 'both'
}
