import { useMemo, useState } from 'react'
import { Check, X } from 'lucide-react'
import type { CaseResult, Run } from '../../../core/contract/runs.ts'
import type { DocumentId } from '../../../core/shared/ids.ts'
import { useInspector } from '../../state/inspector.ts'
import { Button } from '../../ui/button.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatDuration, formatScore } from '../../ui/format.ts'
import { formatMetric } from '../../ui/metric-figures.ts'
import { metricOf, worstFirst } from './run-figures.ts'

const shownAtFirst = 50

/** The cases of a run, worst first; each opens to what was found and what should have been. */
export function CaseList({
  run,
  metric,
  cases,
  total,
}: {
  run: Run
  metric: string
  cases: readonly CaseResult[]
  total: number
}) {
  const [shown, setShown] = useState(shownAtFirst)
  const better = metricOf(run, metric)?.better
  const ordered = useMemo(() => worstFirst(cases, metric, better), [cases, metric, better])
  return (
    <>
      <ul className="case-list" aria-label={`Cases, worst ${metric} first`}>
        {ordered.slice(0, shown).map((each) => (
          <CaseRow key={each.number} run={run} result={each} metric={metric} />
        ))}
      </ul>
      {ordered.length > shown ? (
        <Button small onPress={() => setShown(shown + 200)}>
          Show more
        </Button>
      ) : null}
      {total > cases.length ? (
        <p className="soft">
          The first {formatCount(cases.length)} of {formatCount(total)} cases. Save as CSV for all of them.
        </p>
      ) : null}
    </>
  )
}

function CaseRow({ run, result, metric }: { run: Run; result: CaseResult; metric: string }) {
  const [open, setOpen] = useState(false)
  const score = result.scores[metric]
  return (
    <li className="case" data-failed={result.error ? true : undefined}>
      <button type="button" className="case-line" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className="case-score number">{score === undefined ? '–' : formatMetric(score)}</span>
        <span className="case-question">{result.question}</span>
        <span className="soft number">{formatDuration(result.latencyMs)}</span>
      </button>
      {open ? <CaseDetail run={run} result={result} /> : null}
    </li>
  )
}

/** What was found, in order, with what it brings of what was expected. */
export function CaseDetail({ run, result }: { run: Run; result: CaseResult }) {
  // Of texts that were read in another way only this run knows the places: the document opens at its beginning.
  const isOwnText = (run.summary?.reading ?? null) === null
  const links = result.retrieved.map((each, index) => ({
    label: `Result ${index + 1}`,
    collectionId: run.collectionId,
    documentId: each.documentId as DocumentId,
    name: each.path,
    span: isOwnText ? { start: each.start, end: each.end } : null,
  }))
  const brought = new Set(result.retrieved.flatMap(({ brings }) => brings))
  return (
    <div className="case-detail">
      {result.error ? <FailureNote failure={result.error} /> : null}
      <p className="case-scores number">
        {Object.entries(result.scores).map(([name, value]) => (
          <span key={name}>
            {name} {formatMetric(value)}
          </span>
        ))}
      </p>
      {Object.entries(result.problems).map(([name, problem]) => (
        <p key={name} className="tone-warning">
          {name}: {problem}
        </p>
      ))}
      {result.expected.length > 0 ? (
        <>
          <h4>Expected</h4>
          <ul className="case-expected">
            {result.expected.map((each, index) => (
              <li key={index}>
                {brought.has(index) ? (
                  <Check size={14} className="tone-success" aria-label="Found: " />
                ) : (
                  <X size={14} className="tone-danger" aria-label="Not found: " />
                )}
                <button
                  type="button"
                  className="link-button"
                  onClick={() =>
                    useInspector.getState().open(
                      [
                        {
                          label: `Expected ${index + 1}`,
                          collectionId: run.collectionId,
                          documentId: each.documentId as DocumentId,
                          name: each.path,
                          span: { start: each.start, end: each.end },
                        },
                      ],
                      0,
                    )
                  }
                >
                  {each.path}
                </button>
                <span className="soft number">
                  {formatCount(each.start)}–{formatCount(each.end)}
                </span>
              </li>
            ))}
          </ul>
        </>
      ) : result.error ? null : (
        <p className="soft">
          The case names no passage
          {Object.keys(result.scores).length === 0 ? ', so that nothing that is found can be right or wrong' : ''}.
        </p>
      )}
      <h4>Found</h4>
      {result.retrieved.length === 0 ? <p className="soft">Nothing.</p> : null}
      <ol className="case-found">
        {result.retrieved.map((each, index) => (
          <li key={index} data-brings={each.brings.length > 0 || undefined}>
            <div className="case-found-head">
              <span className="number">{index + 1}</span>
              <button type="button" className="link-button" onClick={() => useInspector.getState().open(links, index)}>
                {each.path}
              </button>
              <span className="soft number">
                {formatScore(each.score)} · {foundWords[each.foundBy]}
              </span>
              {each.brings.length > 0 ? (
                <span className="case-brings">brings expected {each.brings.map((place) => place + 1).join(', ')}</span>
              ) : null}
            </div>
            {each.text === null ? null : <p className="case-words">{each.text}</p>}
          </li>
        ))}
      </ol>
      {result.answer ? (
        <>
          <h4>{result.answer.refused ? 'Answer: refused' : 'Answer'}</h4>
          <p className="case-words">{result.answer.text}</p>
        </>
      ) : null}
    </div>
  )
}

const foundWords = { text: 'by words', vector: 'by meaning', both: 'by both', document: 'read whole' } as const
