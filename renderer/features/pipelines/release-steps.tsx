import { useMemo, useState } from 'react'
import { ArrowUpFromLine, Gauge, PenLine, ShieldCheck } from 'lucide-react'
import { isUndecided, type Release } from '../../../core/contract/releases.ts'
import type { Run } from '../../../core/contract/runs.ts'
import type { DatasetId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { noteStart } from '../../state/jobs.ts'
import { useMeasuring } from '../../state/measuring.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { useReleasing } from '../../state/releases.ts'
import { hrefOf } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { Button } from '../../ui/button.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { Meter } from '../../ui/meter.tsx'
import { formatInterval } from '../../ui/metric-figures.ts'
import { releaseName } from '../../ui/release-words.ts'
import { same } from '../../ui/schema-fields.ts'
import { SelectField } from '../../ui/select-field.tsx'
import { GateChecks } from './history.tsx'
import type { LineFacts } from './line-facts.ts'
import { SignDialog } from './sign-dialog.tsx'

/** A draft is measured, then proposed with the run. The runs are the core's: leaving the page stops nothing. */
export function DraftSteps({ facts, release, isSaved }: { facts: LineFacts; release: Release; isSaved: boolean }) {
  const { gate, production } = facts.line
  const tick = useMeasuring()
  const datasets = useRead((signal) => core().datasets.list(undefined, { signal }), 'datasets')
  const runs = useRead((signal) => core().runs.list({ limit: 1000 }, { signal }), tick)
  const [chosen, setChosen] = useState<string | null>(null)
  const [proposing, setProposing] = useState<Run | null>(null)
  const [starting, setStarting] = useState(false)
  const own = useMemo(
    () => runs.value?.runs.filter((run) => same(run.manifest.pipeline, release.pipeline)) ?? [],
    [runs.value, release.pipeline],
  )
  const usable = datasets.value?.datasets.filter(({ collectionId }) => collectionId !== null) ?? []
  const datasetId = gate.datasetId ?? chosen ?? usable[0]?.id ?? null
  const dataset = usable.find(({ id }) => id === datasetId)
  const measure = async (): Promise<void> => {
    setStarting(true)
    try {
      const given = gate.datasetId === null && datasetId !== null ? { datasetId: datasetId as DatasetId } : {}
      const { jobIds, note } = await core().releases.measure({ releaseId: release.id, ...given })
      for (const jobId of jobIds) await noteStart(jobId)
      if (note) useNotices.getState().say(note)
      runs.retry()
    } catch (error) {
      sayFailure(error)
    }
    setStarting(false)
  }
  const isMeasuring = own.some(isUnderWay)
  const failure = datasets.failure ?? runs.failure
  return (
    <section className="release-card" aria-labelledby="draft-steps">
      <h2 id="draft-steps">What comes next</h2>
      {failure ? <FailureNote failure={failure} onRetry={runs.retry} /> : null}
      {datasets.value && usable.length === 0 ? (
        <p>
          A draft is measured on questions whose right passages are known.{' '}
          <a href={hrefOf({ page: 'datasets', datasetId: null, caseId: null })}>Make a dataset first.</a>
        </p>
      ) : null}
      {gate.datasetId === null && usable.length > 0 ? (
        <SelectField
          label="Measured on"
          value={datasetId}
          entries={usable.map((each) => ({
            id: each.id,
            label: each.name,
            hint: formatNumberOf(each.states.accepted ?? 0, 'case'),
          }))}
          onChange={setChosen}
          help="The pipeline has no gate yet: set one, and every candidate is measured alike."
        />
      ) : null}
      {own.length === 0 && dataset ? (
        <p>
          Measure it on {dataset.name}
          {production ? `; ${releaseName(production).toLowerCase()} is measured, too, where it was not yet` : ''}. You
          can leave meanwhile. With the finished run it becomes a candidate and gets its number.
        </p>
      ) : null}
      {own.length > 0 ? (
        <ul className="draft-runs" aria-label="Runs of these settings">
          {own.map((run) => (
            <RunLine key={run.id} run={run} isSaved={isSaved} onPropose={() => setProposing(run)} />
          ))}
        </ul>
      ) : null}
      {isSaved ? null : <p className="soft">Save the draft first: what is measured is what is saved.</p>}
      {dataset ? (
        <div>
          <Button
            look={own.length === 0 ? 'primary' : 'plain'}
            icon={<Gauge size={15} aria-hidden />}
            isDisabled={!isSaved || starting || isMeasuring}
            onPress={() => void measure()}
          >
            {starting ? 'Starting …' : own.length === 0 ? 'Measure' : 'Measure again'}
          </Button>
        </div>
      ) : null}
      {proposing ? (
        <SignDialog
          title="Make this draft a candidate?"
          action="Make it a candidate"
          onClose={() => setProposing(null)}
          onSign={async ({ who, reason }) => {
            const candidate = await core().releases.propose({
              releaseId: release.id,
              runId: proposing.id,
              who,
              reason,
            })
            useNotices.getState().say(`It is ${releaseName(candidate).toLowerCase()} now.`)
          }}
        >
          <p>
            It gets its number and never changes from then on. Its evidence is the run “{proposing.name}”. Nothing
            answers differently until it is promoted.
          </p>
        </SignDialog>
      ) : null}
    </section>
  )
}

function RunLine({ run, isSaved, onPropose }: { run: Run; isSaved: boolean; onPropose(): void }) {
  const total = run.manifest.settings.limit
  return (
    <li className="draft-run">
      <a href={hrefOf({ page: 'runs', runId: run.id, otherId: null })}>{run.name}</a>
      {isUnderWay(run) ? (
        <>
          <span className="soft number" role="status">
            {run.status === 'queued'
              ? 'waits for other work to end'
              : run.done === 0
                ? 'building the index it needs'
                : `${formatNumberOf(run.done, 'question')} asked`}
          </span>
          <Meter share={total ? run.done / total : null} label={run.name} valueText={`${run.done} asked`} />
        </>
      ) : null}
      {run.error ? <span className="tone-danger">{run.error.message}</span> : null}
      {run.status === 'cancelled' ? <span className="soft">cancelled</span> : null}
      {run.summary ? (
        <>
          <span className="draft-figures number soft">
            {run.summary.metrics
              .slice(0, 3)
              .map((metric) => `${metric.name} ${formatInterval(metric)}`)
              .join(' · ')}
          </span>
          <Button
            small
            look="primary"
            icon={<ArrowUpFromLine size={14} aria-hidden />}
            isDisabled={!isSaved}
            onPress={onPropose}
          >
            Make it a candidate …
          </Button>
        </>
      ) : null}
    </li>
  )
}

/** What the gate says of a candidate now, and the ways into production. */
export function CandidateSteps({ facts, release }: { facts: LineFacts; release: Release }) {
  const tick = useReleasing()
  const { line, bots } = facts
  const {
    value: result,
    failure,
    retry,
  } = useRead((signal) => core().releases.check({ releaseId: release.id }, { signal }), tick)
  const [dialog, setDialog] = useState<'promote' | 'override' | null>(null)
  const follow = bots.following.length
  const promote = async (signature: { who: string; reason: string }): Promise<void> => {
    const request = { releaseId: release.id, ...signature, override: dialog === 'override' }
    const { line: now, jobIds } = await core().releases.promote(request)
    for (const jobId of jobIds) await noteStart(jobId)
    useNotices
      .getState()
      .say(
        now.production?.id === release.id
          ? `${releaseName(release)} is in production.`
          : `${releaseName(release)} goes into production as soon as its indexes are complete.`,
      )
  }
  return (
    <section className="release-card" aria-labelledby="candidate-gate">
      <h2 id="candidate-gate">Gate</h2>
      {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
      {result ? (
        <>
          <p
            className={`gate-verdict ${result.passed ? 'tone-success' : isUndecided(result) ? 'tone-warning' : 'tone-danger'}`}
          >
            {result.passed
              ? 'It passes its gate.'
              : isUndecided(result)
                ? 'Its gate cannot decide yet: something is still being measured.'
                : 'It does not pass its gate.'}
          </p>
          <GateChecks result={result} />
          {result.against?.runId && release.runId ? (
            <p>
              <a href={hrefOf({ page: 'runs', runId: result.against.runId, otherId: release.runId })}>
                Compare with release {result.against.number}, question by question
              </a>
            </p>
          ) : null}
          <div className="release-actions">
            <Button
              look="primary"
              icon={<ShieldCheck size={15} aria-hidden />}
              isDisabled={!result.passed}
              onPress={() => setDialog('promote')}
            >
              Promote …
            </Button>
            {result.passed ? null : (
              <Button icon={<PenLine size={15} aria-hidden />} onPress={() => setDialog('override')}>
                Sign an override …
              </Button>
            )}
          </div>
        </>
      ) : failure ? null : (
        <p className="soft">Asking the gate …</p>
      )}
      {dialog ? (
        <SignDialog
          title={
            dialog === 'override'
              ? `Put ${releaseName(release).toLowerCase()} into production although its gate does not pass?`
              : `Put ${releaseName(release).toLowerCase()} into production?`
          }
          action={dialog === 'override' ? 'Sign and promote' : 'Promote'}
          look={dialog === 'override' ? 'danger' : 'primary'}
          mustSign={dialog === 'override'}
          onClose={() => setDialog(null)}
          onSign={promote}
        >
          <p>
            {follow === 0
              ? 'No bot follows'
              : `${formatNumberOf(follow, 'bot')} ${follow === 1 ? 'follows' : 'follow'}`}{' '}
            {line.name}
            {follow === 0 ? ' yet.' : ` and will be answered by ${releaseName(release).toLowerCase()}.`}{' '}
            {line.production ? `${releaseName(line.production)} is retired and can be taken back in one step.` : ''}
          </p>
          <p className="soft">
            Where indexes are to be built for it, that comes first: until they are complete, bots stay on the old
            release.
          </p>
        </SignDialog>
      ) : null}
    </section>
  )
}

function isUnderWay({ status }: Run): boolean {
  return status === 'queued' || status === 'running'
}
