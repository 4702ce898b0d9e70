import { X } from 'lucide-react'
import { create } from 'zustand'
import type { ErrorData } from '../../../core/contract/errors.ts'
import { toFailure } from '../../state/failure.ts'
import { useNotices } from '../../state/notices.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, shareOf } from '../../ui/format.ts'
import { Meter } from '../../ui/meter.tsx'

/** As an import tells them in the details of its failure. */
interface CaseProblem {
  line?: number
  message: string
}

interface Work {
  label: string
  /** What is being done now, as the core says it. */
  stage: string
  done: number
  total: number | undefined
  unit: string
  controller: AbortController
}

interface WorkStore {
  work: Work | null
  /** What the last one failed of, until it is put away. */
  problem: { label: string; failure: ErrorData } | null
  /** How many have ended: what was read before one ended is read again. */
  finished: number
}

/** An import or a generation that is under way, one at a time; it goes on while other pages are looked at. */
export const useDatasetWork = create<WorkStore>(() => ({ work: null, problem: null, finished: 0 }))

type Progress = { type: 'progress'; done: number; total?: number | undefined; unit: string; label: string }

/** Follows a call to its end. Undefined where it did not come to its end: then it says why, unless it was cancelled. */
export async function follow<Event extends { type: string }>(
  label: string,
  start: (signal: AbortSignal) => Promise<AsyncIterable<Event | Progress>>,
): Promise<Exclude<Event, Progress> | undefined> {
  if (useDatasetWork.getState().work) {
    useNotices.getState().say('Wait for what is under way, or cancel it.')
    return undefined
  }
  const controller = new AbortController()
  const begun: Work = { label, stage: 'beginning', done: 0, total: undefined, unit: '', controller }
  useDatasetWork.setState({ work: begun, problem: null })
  try {
    for await (const event of await start(controller.signal)) {
      if (!isProgress(event)) return event as Exclude<Event, Progress>
      const { done, total, unit, label: stage } = event
      useDatasetWork.setState({ work: { ...begun, stage, done, total, unit } })
    }
  } catch (error) {
    const failure = controller.signal.aborted ? null : toFailure(error)
    if (failure) useDatasetWork.setState({ problem: { label, failure } })
  } finally {
    useDatasetWork.setState((state) => ({ work: null, finished: state.finished + 1 }))
  }
  return undefined
}

function isProgress(event: { type: string }): event is Progress {
  return event.type === 'progress'
}

/** What is under way, with its cancel, or why it failed. */
export function WorkNote() {
  const { work, problem } = useDatasetWork()
  if (work) return <Progress work={work} />
  if (!problem) return null
  const { label, failure } = problem
  return (
    <div className="dataset-problem">
      <FailureNote
        failure={failure}
        title={`${label} failed`}
        action={
          <IconButton
            label="Put away"
            icon={<X size={15} aria-hidden />}
            onPress={() => useDatasetWork.setState({ problem: null })}
          />
        }
      />
      <Problems problems={problemsOf(failure)} />
    </div>
  )
}

function Progress({ work: { label, stage, done, total, unit, controller } }: { work: Work }) {
  const of = total === undefined ? formatCount(done) : `${formatCount(done)} of ${formatCount(total)}`
  const figures = unit === '' ? '' : `${of} ${unit}`
  return (
    <div className="dataset-work" role="status">
      <strong>{label}</strong>
      <span className="soft">{stage}</span>
      <Meter share={shareOf(done, total)} label={label} valueText={figures} />
      <span className="soft number">{figures}</span>
      <Button small onPress={() => controller.abort()}>
        Cancel
      </Button>
    </div>
  )
}

/** Every problem of a file with its line, so that all of them can be mended at once. */
function Problems({ problems }: { problems: readonly CaseProblem[] }) {
  if (problems.length < 2) return null
  return (
    <ul className="dataset-problems" aria-label="Problems of the file" tabIndex={0}>
      {problems.map(({ line, message }, index) => (
        <li key={index}>
          <span className="soft number">{line === undefined ? '' : `line ${formatCount(line)}`}</span> {message}
        </li>
      ))}
    </ul>
  )
}

function problemsOf(failure: ErrorData): CaseProblem[] {
  const { problems } = failure.details
  return Array.isArray(problems) ? (problems as CaseProblem[]) : []
}
