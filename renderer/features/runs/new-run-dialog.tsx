import { useState, type FormEvent } from 'react'
import { Switch } from 'react-aria-components'
import type { Dataset } from '../../../core/contract/datasets.ts'
import type { Choice } from '../../../core/contract/pipeline.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { noteStart } from '../../state/jobs.ts'
import { fromHere } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, TextLine } from '../../ui/dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { SelectField } from '../../ui/select-field.tsx'
import { isWholeJudge, JudgeField } from '../../ui/judge-field.tsx'
import { pipelineWords } from './run-figures.ts'

const modes = [
  { id: 'hybrid', label: 'Words and meaning together' },
  { id: 'text', label: 'Words only' },
  { id: 'vector', label: 'Meaning only' },
] as const
type Mode = (typeof modes)[number]['id']

const wholeSet = ''

/** Which dataset, which collection's pipeline, how. */
export function NewRunDialog({ on = null, onClose }: { on?: string | null; onClose(): void }) {
  const { value, failure, retry } = useRead((signal) => core().datasets.list({ signal }), 'datasets')
  const collections = useWorkspace((state) => state.collections) ?? []
  const datasets = value?.datasets ?? []
  const [wanted, setDatasetId] = useState<string | null>(on)
  const [split, setSplit] = useState(wholeSet)
  const [mode, setMode] = useState<Mode>('hybrid')
  const [name, setName] = useState('')
  const [k, setK] = useState('10')
  const [answers, setAnswers] = useState(false)
  const [judge, setJudge] = useState<Choice | null>(null)
  const [problem, setProblem] = useState<ErrorData | null>(null)
  const [starting, setStarting] = useState(false)
  const datasetId = wanted ?? datasets[0]?.id ?? null
  const dataset = datasets.find(({ id }) => id === datasetId)
  const collection = collections.find(({ id }) => id === dataset?.collectionId)
  const splits = Object.entries(dataset?.splits ?? {})
  const part = splits.some(([each]) => each === split) ? split : wholeSet
  const start = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (!dataset || !collection) return
    setStarting(true)
    setProblem(null)
    const goThere = fromHere()
    try {
      const settings = {
        mode,
        k: Number(k),
        answers,
        metrics: [],
        judge: answers ? judge : null,
        ...(part === wholeSet ? {} : { split: part }),
      }
      const named = name.trim() === '' ? {} : { name: name.trim() }
      const { runs } = await core().runs.start({
        datasetId: dataset.id,
        pipelines: [{ ...named, pipeline: collection.pipeline }],
        settings,
      })
      for (const { jobId } of runs) await noteStart(jobId)
      onClose()
      const [first] = runs
      if (first) goThere({ page: 'runs', runId: first.run.id, otherId: null })
    } catch (error) {
      setProblem(toFailure(error))
      setStarting(false)
    }
  }

  return (
    <Dialog isOpen onClose={onClose} title="New run">
      <form onSubmit={(event) => void start(event)}>
        <div className="dialog-body">
          {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
          {value && datasets.length === 0 ? (
            <p className="soft">
              A run needs questions. Make a dataset first: by hand, from traces, or from the documents themselves.
            </p>
          ) : null}
          <SelectField
            label="Dataset"
            value={datasetId}
            entries={datasets.map((each) => ({ id: each.id, label: each.name, hint: casesWords(each) }))}
            onChange={setDatasetId}
          />
          {splits.length > 1 ? (
            <SelectField
              label="Split"
              value={part}
              entries={[
                { id: wholeSet, label: 'All cases' },
                ...splits.map(([id, cases]) => ({ id, label: id, hint: formatNumberOf(cases, 'case') })),
              ]}
              onChange={setSplit}
            />
          ) : null}
          {dataset && !collection ? (
            <p className="field-failure" role="alert">
              The documents of this dataset are not in a collection here. Import it into one first.
            </p>
          ) : null}
          {collection ? (
            <p className="soft">
              Pipeline of {collection.name}: {pipelineWords(collection.pipeline)}
            </p>
          ) : null}
          <TextLine label="Name (optional)" value={name} onChange={setName} />
          <SelectField label="Search by" value={mode} entries={modes} onChange={(id) => setMode(id as Mode)} />
          <div className="field">
            <label htmlFor="run-k">Results looked at</label>
            <input
              id="run-k"
              className="input number"
              type="number"
              min={1}
              max={200}
              required
              value={k}
              onChange={(event) => setK(event.target.value)}
            />
          </div>
          <Switch className="switch" isSelected={answers} onChange={setAnswers}>
            <span className="switch-track">
              <span className="switch-knob" />
            </span>
            Answer every question, too, and measure the answers
          </Switch>
          {answers ? <JudgeField value={judge} onChange={setJudge} /> : null}
          {problem ? <FailureNote failure={problem} /> : null}
        </div>
        <footer className="dialog-footer">
          <Button onPress={onClose}>Cancel</Button>
          <Button
            look="primary"
            type="submit"
            isDisabled={!dataset || !collection || starting || (answers && !isWholeJudge(judge))}
          >
            {starting ? 'Starting …' : 'Start'}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}

function casesWords({ states, version }: Dataset): string {
  return `${formatNumberOf(states.accepted ?? 0, 'case')} · v${version}`
}
