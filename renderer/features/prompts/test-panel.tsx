import { useState } from 'react'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { PromptRecord, PromptVersion } from '../../../core/contract/prompts.ts'
import type { Run } from '../../../core/contract/runs.ts'
import type { RunId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { noteStart } from '../../state/jobs.ts'
import { useMeasuring } from '../../state/measuring.ts'
import { hrefOf } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { Button } from '../../ui/button.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { Meter } from '../../ui/meter.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { usePromptDrafts } from './prompt-drafts.ts'
import type { PromptTexts } from './prompt-words.ts'
import { useReleaseEntries } from './use-release-entries.ts'

const written = 'written'
const usual = 'usual'

/** Two prompts over the same questions: two runs that differ in nothing else, compared question by question. */
export function TestPanel({
  record,
  versions,
  draft,
}: {
  record: PromptRecord
  versions: readonly PromptVersion[]
  /** What is being written; null where that is the newest version. */
  draft: PromptTexts | null
}) {
  const { entries, releases } = useReleaseEntries()
  const datasets = useRead((signal) => core().datasets.list(undefined, { signal }), 'datasets').value?.datasets ?? []
  const usable = datasets.filter(({ collectionId }) => collectionId !== null)
  const [release, setRelease] = useState<string | null>(null)
  const [dataset, setDataset] = useState<string | null>(null)
  const [before, setBefore] = useState<string | null>(null)
  const [after, setAfter] = useState<string | null>(null)
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const [busy, setBusy] = useState(false)
  const test = usePromptDrafts(({ tests }) => tests[record.id])
  const withModel = entries.filter(({ id }) => {
    const pipeline = releases.find((each) => each.id === id)?.pipeline
    return pipeline && pipeline.generator.id !== 'extractive'
  })
  const releaseId = release ?? withModel[0]?.id ?? null
  const datasetId = dataset ?? usable[0]?.id ?? null
  const choices = [
    ...(draft ? [{ id: written, label: 'As it is written now' }] : []),
    ...versions.map(({ number, note }) => ({ id: String(number), label: `Version ${number}`, hint: note })),
    { id: usual, label: 'What the product asks with by itself' },
  ]
  const newest = String(record.version)
  const beforeId = before ?? (draft ? newest : (choices[1]?.id ?? usual))
  const afterId = after ?? (draft ? written : newest)
  const promptOf = (id: string) => {
    if (id === usual) return null
    if (id === written) return { name: record.name, version: 0, ...(draft ?? { system: '', user: '' }) }
    return versions.find(({ number }) => String(number) === id)?.prompt ?? null
  }
  const start = async (): Promise<void> => {
    if (releaseId === null || datasetId === null) return
    setBusy(true)
    setFailure(null)
    try {
      const runs = await core().prompts.test({
        releaseId,
        datasetId,
        before: promptOf(beforeId),
        after: promptOf(afterId),
      })
      usePromptDrafts.getState().noteTest(record.id, runs)
      for (const runId of [runs.beforeRunId, runs.afterRunId]) {
        const { jobId } = await core().runs.get({ runId })
        if (jobId) await noteStart(jobId)
      }
    } catch (error) {
      setFailure(toFailure(error))
    }
    setBusy(false)
  }
  return (
    <>
      {withModel.length === 0 ? (
        <p className="soft">
          A prompt is for a language model, and no release answers with one. Make a draft of a pipeline whose answers
          are worded by a model: it can be tested at once.
        </p>
      ) : null}
      <form
        className="prompt-form"
        onSubmit={(event) => {
          event.preventDefault()
          void start()
        }}
      >
        <div className="prompt-grid">
          <SelectField label="Before" value={beforeId} entries={choices} onChange={setBefore} />
          <SelectField label="After" value={afterId} entries={choices} onChange={setAfter} />
          <SelectField label="Everything else as in" value={releaseId} entries={withModel} onChange={setRelease} />
          <SelectField
            label="Questions of"
            value={datasetId}
            entries={usable.map((each) => ({
              id: each.id,
              label: each.name,
              hint: formatNumberOf(each.states.accepted ?? 0, 'case'),
            }))}
            onChange={setDataset}
          />
        </div>
        <p className="soft">
          Every question is answered twice. You can leave meanwhile: the two runs go on and are on the page Runs.
        </p>
        <div>
          <Button
            look="primary"
            type="submit"
            isDisabled={busy || releaseId === null || datasetId === null || beforeId === afterId}
          >
            {busy ? 'Starting …' : 'Test side by side'}
          </Button>
        </div>
      </form>
      {failure ? <FailureNote failure={failure} title="The test was not started" /> : null}
      {test ? <Pair {...test} /> : null}
    </>
  )
}

function Pair({ beforeRunId, afterRunId }: { beforeRunId: RunId; afterRunId: RunId }) {
  const tick = useMeasuring()
  const { value, failure, retry } = useRead(
    (signal) => Promise.all([beforeRunId, afterRunId].map((runId) => core().runs.get({ runId }, { signal }))),
    `${beforeRunId} ${afterRunId} ${tick}`,
  )
  if (failure) return <FailureNote failure={failure} onRetry={retry} />
  return (
    <div className="release-card" role="group" aria-label="The test">
      {value?.map((run, index) => (
        <RunState key={run.id} run={run} label={index === 0 ? 'Before' : 'After'} />
      ))}
      {value?.every(({ summary }) => summary) ? (
        <p>
          <a href={hrefOf({ page: 'runs', runId: beforeRunId, otherId: afterRunId })}>
            Compare the two, question by question
          </a>
        </p>
      ) : null}
    </div>
  )
}

function RunState({ run, label }: { run: Run; label: string }) {
  const isOver = run.status !== 'queued' && run.status !== 'running'
  const words = run.error?.message ?? (run.summary ? 'done' : isOver ? run.status : `${run.done} answered`)
  return (
    <div className="prompt-run">
      <p>
        {label}: <a href={hrefOf({ page: 'runs', runId: run.id, otherId: null })}>{run.name}</a>{' '}
        <span className={run.error ? 'tone-danger' : 'soft number'}>{words}</span>
      </p>
      {isOver ? null : (
        <Meter
          share={run.manifest.settings.limit ? run.done / run.manifest.settings.limit : null}
          label={label}
          valueText={words}
        />
      )}
    </div>
  )
}
