import { type KeyboardEvent, useMemo, useState } from 'react'
import { Check, ChevronLeft, ChevronRight, Download, Upload, X } from 'lucide-react'
import { FileTrigger } from 'react-aria-components'
import { type CaseLabels, caseLabelsCsv, judgedQuestions, parseCaseLabels } from '../../../core/contract/case-labels.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { CaseResult, Run } from '../../../core/contract/runs.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { useRead } from '../../state/use-read.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatNumberOf } from '../../ui/format.ts'
import { formatMetric } from '../../ui/metric-figures.ts'
import { NumberLine } from '../../ui/number-line.tsx'
import { saveFile } from '../../ui/save-file.ts'
import { SelectField } from '../../ui/select-field.tsx'
import { disagreements, judgedCases, kappaWords, keepLabels, keptLabels, nextUnlabelled } from './calibration.ts'

/** How far the judge of a run agrees with who looks at it; nothing for a run that nobody judged. */
export function CalibrationSection({ run, cases }: { run: Run; cases: readonly CaseResult[] }) {
  const [wanted, setMetric] = useState<string | null>(null)
  const judged = (run.summary?.metrics ?? []).filter(({ name }) => name in judgedQuestions)
  const metric = judged.find(({ name }) => name === wanted)?.name ?? judged[0]?.name
  if (metric === undefined || cases.length === 0) return null
  return (
    <section aria-labelledby="run-calibration" className="calibration">
      <div className="run-cases-head">
        <div>
          <h2 id="run-calibration">Can the judge be trusted?</h2>
          <p className="soft run-line">
            Say of some cases what you find; the judge’s score is shown once you have. Your labels stay on this machine.
          </p>
        </div>
        <SelectField
          label="Judged"
          value={metric}
          entries={judged.map(({ name, label }) => ({ id: name, label: name, hint: label }))}
          onChange={setMetric}
        />
      </div>
      <Labelling key={metric} run={run} cases={cases} metric={metric} />
    </section>
  )
}

function Labelling({ run, cases, metric }: { run: Run; cases: readonly CaseResult[]; metric: string }) {
  const judged = useMemo(() => judgedCases(cases, metric), [cases, metric])
  const [labels, setLabels] = useState<CaseLabels>(() => keptLabels(run.id, metric))
  const [threshold, setThreshold] = useState(0.5)
  const [place, setPlace] = useState(() => nextUnlabelled(judged, labels, -1) ?? 0)
  const [problem, setProblem] = useState<ErrorData | null>(null)
  const current = judged[place]
  if (!current) return <p className="soft">The judge scored none of the cases by {metric}.</p>
  const { caseId } = current.result
  const label = labels[caseId]

  const change = (next: CaseLabels): void => {
    setLabels(next)
    keepLabels(run.id, metric, next)
    setProblem(null)
  }
  const say = (value: boolean): void => change({ ...labels, [caseId]: value })
  const takeBack = (): void => {
    const { [caseId]: _, ...others } = labels
    change(others)
  }
  const go = (to: number | null): void => {
    if (to !== null && to >= 0 && to < judged.length) setPlace(to)
  }
  const importLabels = async (file: File): Promise<void> => {
    try {
      change({ ...labels, ...parseCaseLabels(await file.text(), file.name) })
    } catch (error) {
      setProblem(toFailure(error))
    }
  }
  const keys: Record<string, () => void> = {
    r: () => say(true),
    w: () => say(false),
    u: takeBack,
    n: () => go(nextUnlabelled(judged, labels, place)),
    ArrowLeft: () => go(place - 1),
    ArrowRight: () => go(place + 1),
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
    const action = keys[event.key]
    if (!action) return
    event.preventDefault()
    event.stopPropagation()
    action()
  }
  const said = judged.filter((each) => each.result.caseId in labels).length
  const next = nextUnlabelled(judged, labels, place)

  return (
    <>
      <div className="calibration-case" role="group" aria-label="Case to label" onKeyDownCapture={onKeyDown}>
        <div className="calibration-head">
          <span className="number soft" role="status">
            Case {formatCount(place + 1)} of {formatCount(judged.length)}, {formatCount(said)} labelled
          </span>
          <IconButton
            label="Case before"
            icon={<ChevronLeft size={16} aria-hidden />}
            isDisabled={place === 0}
            onPress={() => go(place - 1)}
          />
          <IconButton
            label="Case after"
            icon={<ChevronRight size={16} aria-hidden />}
            isDisabled={place === judged.length - 1}
            onPress={() => go(place + 1)}
          />
        </div>
        <CaseMaterial result={current.result} />
        <p className="calibration-asked">{judgedQuestions[metric]}</p>
        <div className="calibration-actions">
          <Button icon={<Check size={15} aria-hidden />} aria-pressed={label === true} onPress={() => say(true)}>
            Yes, right <kbd>r</kbd>
          </Button>
          <Button icon={<X size={15} aria-hidden />} aria-pressed={label === false} onPress={() => say(false)}>
            No, wrong <kbd>w</kbd>
          </Button>
          {label === undefined ? null : (
            <>
              <Button look="quiet" onPress={takeBack}>
                Take it back <kbd>u</kbd>
              </Button>
              {next === null ? null : (
                <Button look="quiet" onPress={() => go(next)}>
                  Next without a label <kbd>n</kbd>
                </Button>
              )}
              <span className="soft number" role="status">
                The judge gave {formatMetric(current.score)}:{' '}
                {current.score >= threshold === label ? 'it agrees.' : 'it does not agree.'}
              </span>
            </>
          )}
        </div>
      </div>
      {problem ? <FailureNote failure={problem} /> : null}
      <Agreement run={run} metric={metric} labels={labels} threshold={threshold} />
      <Against
        cases={disagreements(judged, labels, threshold).map((each) => ({
          ...each,
          question: judged[each.place]?.result.question ?? '',
        }))}
        onOpen={go}
      />
      <div className="calibration-foot">
        <NumberLine
          label="The judge says yes from a score of"
          value={threshold}
          least={0}
          most={1}
          step={0.05}
          onChange={setThreshold}
        />
        <FileTrigger
          acceptedFileTypes={['.csv', '.json']}
          onSelect={(files) => {
            const [file] = files ?? []
            if (file) void importLabels(file)
          }}
        >
          <Button icon={<Upload size={15} aria-hidden />}>Import labels …</Button>
        </FileTrigger>
        <Button
          icon={<Download size={15} aria-hidden />}
          isDisabled={Object.keys(labels).length === 0}
          onPress={() =>
            saveFile(`labels of ${metric}, ${run.name}.csv`, new Blob([caseLabelsCsv(labels)], { type: 'text/csv' }))
          }
        >
          Save labels
        </Button>
      </div>
    </>
  )
}

/** What a person needs to see to say it; no score of any judge. */
function CaseMaterial({ result: { question, answer, retrieved } }: { result: CaseResult }) {
  return (
    <>
      <p className="calibration-question">{question}</p>
      {answer ? <p className="case-words">{answer.text}</p> : null}
      <details className="run-parameters">
        <summary>What was found, {formatNumberOf(retrieved.length, 'passage')}</summary>
        <ol className="case-found">
          {retrieved.map(({ path, text }, index) => (
            <li key={index}>
              <div className="case-found-head">
                <span className="number">{index + 1}</span>
                <span>{path}</span>
              </div>
              {text === null ? null : <p className="case-words">{text}</p>}
            </li>
          ))}
        </ol>
      </details>
    </>
  )
}

function Agreement({
  run,
  metric,
  labels,
  threshold,
}: {
  run: Run
  metric: string
  labels: CaseLabels
  threshold: number
}) {
  const given = Object.keys(labels).length
  const { value, failure } = useRead(
    (signal) =>
      given === 0
        ? Promise.resolve(null)
        : core().runs.calibrate({ runId: run.id, metric, labels, threshold }, { signal }),
    JSON.stringify([labels, threshold]),
  )
  if (given === 0) return <p className="soft">Label some cases, and how far the judge agrees with you stands here.</p>
  if (failure) return <FailureNote failure={failure} />
  if (!value) return null
  const { cases, agreement, kappa } = value
  const unused = given - cases
  return (
    <div role="status">
      <dl className="calibration-figures">
        <div>
          <dt>Agreement</dt>
          <dd className="number">{`${(agreement * 100).toFixed(1)} %`}</dd>
        </div>
        <div>
          <dt>Cohen’s kappa</dt>
          <dd className="number">{kappa === null ? '–' : formatMetric(kappa)}</dd>
        </div>
        <div>
          <dt>Labelled cases</dt>
          <dd className="number">{formatCount(cases)}</dd>
        </div>
      </dl>
      <p className="soft run-line">
        {kappa === null
          ? 'Kappa says nothing while you and the judge always say the same one thing.'
          : `By kappa the agreement is ${kappaWords(kappa)}.`}
        {cases < fewCases ? ` ${formatNumberOf(cases, 'case')} say little: label ${fewCases} or more.` : ''}
        {unused > 0
          ? ` ${formatNumberOf(unused, 'label')} ${unused === 1 ? 'is' : 'are'} of cases without such a score in this run.`
          : ''}
      </p>
    </div>
  )
}

/** Below that the figures swing with each case. */
const fewCases = 20

/** The cases that are worth a second look: one of the two is wrong. */
function Against({
  cases,
  onOpen,
}: {
  cases: readonly { place: number; score: number; label: boolean; question: string }[]
  onOpen(place: number): void
}) {
  if (cases.length === 0) return null
  return (
    <>
      <h3>Where it does not agree</h3>
      <ul className="case-list" aria-label="Where the judge does not agree">
        {cases.map(({ place, score, label, question }) => (
          <li key={place} className="case">
            <button type="button" className="case-line" onClick={() => onOpen(place)}>
              <span className="case-score number">{formatMetric(score)}</span>
              <span className="case-question">{question}</span>
              <span className="soft">you say {label ? 'right' : 'wrong'}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}
