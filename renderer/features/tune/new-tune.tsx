import { useEffect, useMemo, useState, type FormEvent } from 'react'
import { ArrowLeft } from 'lucide-react'
import { Label, Radio, RadioGroup } from 'react-aria-components'
import type { Collection } from '../../../core/contract/collections.ts'
import type { Dataset } from '../../../core/contract/datasets.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { noteStart } from '../../state/jobs.ts'
import { useModels } from '../../state/models.ts'
import { fromHere, hrefOf, navigate } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { TextLine } from '../../ui/dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatNumberOf } from '../../ui/format.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { emptySpec, firstParameters, incompleteOf, readSpec, searchOptions, type Families } from './search-space.ts'
import type { SpecDraft } from './search-space.ts'
import { SpaceForm } from './space-form.tsx'
import { strategies, usualMetrics } from './strategies.ts'

/** Puts a search together: which questions, which options, what may be spent. */
export function NewTune() {
  const datasets = useRead((signal) => core().datasets.list(undefined, { signal }), 'datasets')
  const catalogue = useRead((signal) => core().catalogue.list(undefined, { signal }), 'catalogue')
  const collections = useWorkspace((state) => state.collections) ?? []
  const usable = datasets.value?.datasets.filter(({ collectionId }) =>
    collections.some(({ id }) => id === collectionId),
  )
  const [chosen, setChosen] = useState<string | null>(null)
  const dataset = usable?.find(({ id }) => id === chosen) ?? usable?.[0]
  const collection = collections.find(({ id }) => id === dataset?.collectionId)
  const failure = datasets.failure ?? catalogue.failure
  useEffect(() => {
    document.title = 'New search · Quarry'
    void useModels.getState().refresh()
  }, [])
  return (
    <>
      <PageHeader
        title="New search"
        scope={collection ? <span className="soft">for a better pipeline of {collection.name}</span> : null}
        actions={
          <Button icon={<ArrowLeft size={15} aria-hidden />} onPress={() => navigate({ page: 'tune', tuneId: null })}>
            All searches
          </Button>
        }
      />
      <div className="page-scroll">
        {failure ? (
          <FailureNote
            failure={failure}
            onRetry={() => {
              datasets.retry()
              catalogue.retry()
            }}
          />
        ) : null}
        {usable?.length === 0 ? (
          <p className="page-note soft">
            A search needs questions whose right passages are known.{' '}
            <a href={hrefOf({ page: 'datasets', datasetId: null, caseId: null })}>Make a dataset first</a>: by hand,
            from traces, or from the documents themselves.
          </p>
        ) : null}
        {usable && dataset && collection && catalogue.value ? (
          <Editor
            key={collection.id}
            datasets={usable}
            dataset={dataset}
            onDataset={setChosen}
            collection={collection}
            families={catalogue.value.families}
          />
        ) : null}
      </div>
    </>
  )
}

function Editor({
  datasets,
  dataset,
  onDataset,
  collection,
  families,
}: {
  datasets: readonly Dataset[]
  dataset: Dataset
  onDataset(id: string): void
  collection: Collection
  families: Families
}) {
  const models = useModels((state) => state.models)
  const [name, setName] = useState('')
  const [spec, setSpec] = useState<SpecDraft>(() => ({
    ...emptySpec,
    parameters: firstParameters(searchOptions(families, collection.pipeline, [], [])),
  }))
  const [json, setJson] = useState<string | null>(null)
  const [problems, setProblems] = useState<Record<string, string | null>>({})
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const [starting, setStarting] = useState(false)
  const options = useMemo(
    () => searchOptions(families, collection.pipeline, spec.parameters, models ?? []),
    [families, collection.pipeline, spec.parameters, models],
  )
  const set = (change: Partial<SpecDraft>): void => setSpec((before) => ({ ...before, ...change }))
  const setProblem = (what: string, problem: string | null): void =>
    setProblems((before) => ({ ...before, [what]: problem }))
  const incomplete = Object.values(problems).find(Boolean) ?? incompleteOf(spec)
  const preview = usePreview(collection, spec, incomplete)
  const { cases, metrics } = useMemo(() => describe(dataset, spec), [dataset, spec])

  const start = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setStarting(true)
    setFailure(null)
    const goThere = fromHere()
    try {
      const named = name.trim() === '' ? {} : { name: name.trim() }
      const { tune, jobId } = await core().tunes.start({ ...named, datasetId: dataset.id, spec })
      await noteStart(jobId)
      goThere({ page: 'tune', tuneId: tune.id })
    } catch (error) {
      setFailure(toFailure(error))
      setStarting(false)
    }
  }

  return (
    <form className="new-tune" onSubmit={(event) => void start(event)}>
      <section aria-labelledby="tune-questions">
        <h2 id="tune-questions">Questions</h2>
        <p className="soft">What is right is what these questions say.</p>
        <div className="tune-grid">
          <SelectField
            label="Dataset"
            value={dataset.id}
            entries={datasets.map(({ id, name: label, states }) => ({
              id,
              label,
              hint: formatNumberOf(states.accepted ?? 0, 'case'),
            }))}
            onChange={onDataset}
          />
          {json === null ? (
            <>
              <SelectField
                label="Looked for"
                value={spec.metric}
                entries={metrics}
                onChange={(metric) => set({ metric })}
                help={usualMetrics.find(({ id }) => id === spec.metric)?.hint}
              />
              <NumberLine
                label="Held back, percent"
                value={Math.round(spec.heldOut * 100)}
                least={0}
                most={90}
                onChange={(percent, problem) => {
                  setProblem('heldOut', problem)
                  if (percent !== undefined) set({ heldOut: percent / 100 })
                }}
                help={cases}
              />
            </>
          ) : null}
        </div>
      </section>

      <section aria-labelledby="tune-space">
        <div className="tune-head">
          <h2 id="tune-space">{json === null ? 'What may vary' : 'The whole search'}</h2>
          <Button
            small
            look="quiet"
            aria-pressed={json !== null}
            isDisabled={json !== null && Boolean(problems.json)}
            onPress={() => {
              setProblems({})
              setJson(json === null ? JSON.stringify(spec, null, 2) : null)
            }}
          >
            {json === null ? 'Edit as JSON' : 'Back to the form'}
          </Button>
        </div>
        {json === null ? (
          <SpaceForm
            options={options}
            parameters={spec.parameters}
            collectionId={collection.id}
            onChange={(parameters) => set({ parameters })}
            onProblem={setProblem}
          />
        ) : (
          <div className="field">
            <label htmlFor="tune-json">As JSON</label>
            <textarea
              id="tune-json"
              className="input code tune-json"
              rows={Math.min(30, Math.max(12, json.split('\n').length))}
              spellCheck={false}
              value={json}
              aria-invalid={problems.json ? true : undefined}
              onChange={(event) => {
                setJson(event.target.value)
                const read = readSpec(event.target.value)
                setProblem('json', read.problem)
                if (read.spec) setSpec(read.spec)
              }}
            />
            <p className="field-help">
              Any option of a pipeline, by its path; values may be whole choices, such as{' '}
              <code>{'{"id": "sentence", "options": {}}'}</code>. Settings that the form does not show are kept.
            </p>
          </div>
        )}
      </section>

      {json === null ? (
        <section aria-labelledby="tune-way">
          <h2 id="tune-way">How</h2>
          <RadioGroup
            className="choice choice-cards"
            value={spec.strategy}
            onChange={(id) => set({ strategy: id as SpecDraft['strategy'] })}
          >
            <Label className="field-label">Strategy</Label>
            {strategies.map((strategy) => (
              <Radio key={strategy.id} value={strategy.id} className="choice-card">
                <span className="radio-dot" aria-hidden />
                <span>
                  <span className="choice-name">{strategy.name}</span>
                  <span className="choice-summary">{strategy.sentence}</span>
                </span>
              </Radio>
            ))}
          </RadioGroup>
          <div className="tune-grid">
            <NumberLine
              label="At most, trials"
              value={spec.budget.trials}
              least={1}
              most={10_000}
              optional
              onChange={(trials, problem) => {
                setProblem('trials', problem)
                if (!problem) set({ budget: withLimit(spec.budget, 'trials', trials) })
              }}
              help={spec.strategy === 'grid' ? 'Empty: all of them.' : 'Empty: 30, or as many as the minutes allow.'}
            />
            <NumberLine
              label="At most, minutes"
              value={spec.budget.minutes}
              least={0.1}
              most={10_080}
              fraction
              optional
              onChange={(minutes, problem) => {
                setProblem('minutes', problem)
                if (!problem) set({ budget: withLimit(spec.budget, 'minutes', minutes) })
              }}
              help="Empty: no limit. The trial under way is ended first."
            />
            <TextLine label="Name (optional)" value={name} onChange={setName} />
          </div>
        </section>
      ) : null}

      <div className="tune-start" role="group" aria-label="Start">
        <div className="tune-preview" role="status">
          {incomplete ? (
            <p className="soft">{incomplete}</p>
          ) : preview.failure ? (
            <p className="tone-danger">{preview.failure.message}</p>
          ) : preview.value ? (
            <>
              <p className="tune-preview-count number">
                {formatNumberOf(preview.value.combinations, 'combination')},{' '}
                {formatNumberOf(preview.value.indexes, 'index', 'indexes')}
              </p>
              <p className="soft">{effort(preview.value, spec)}</p>
            </>
          ) : (
            <p className="soft">Counting …</p>
          )}
        </div>
        <Button
          look="primary"
          type="submit"
          isDisabled={starting || Boolean(incomplete) || preview.failure !== null || preview.value?.combinations === 0}
        >
          {starting ? 'Starting …' : 'Start the search'}
        </Button>
      </div>
      {failure ? <FailureNote failure={failure} title="The search was not started" /> : null}
    </form>
  )
}

/** A number that may be left out, with its limits and what is wrong with it. */
function NumberLine({
  label,
  value,
  least,
  most,
  fraction = false,
  optional = false,
  onChange,
  help,
}: {
  label: string
  value: number | undefined
  least: number
  most: number
  fraction?: boolean
  optional?: boolean
  onChange(value: number | undefined, problem: string | null): void
  help: string
}) {
  const [text, setText] = useState(value === undefined ? '' : String(value))
  const [problem, setProblem] = useState<string | null>(null)
  const id = `tune-${label.toLowerCase().replace(/[^a-z]+/g, '-')}`
  const change = (next: string): void => {
    setText(next)
    const number = Number(next)
    const isEmpty = next.trim() === ''
    const wrong = isEmpty
      ? optional
        ? null
        : `${label}: give a number.`
      : !Number.isFinite(number) || number < least || number > most || (!fraction && !Number.isInteger(number))
        ? `${label}: ${fraction ? 'a' : 'a whole'} number from ${least} to ${formatCount(most)}.`
        : null
    setProblem(wrong)
    onChange(isEmpty || wrong ? undefined : number, wrong)
  }
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="input number"
        inputMode="decimal"
        autoComplete="off"
        value={text}
        aria-invalid={problem ? true : undefined}
        aria-describedby={`${id}-help`}
        onChange={(event) => change(event.target.value)}
      />
      <p id={`${id}-help`} className={problem ? 'field-failure' : 'field-help'}>
        {problem ?? help}
      </p>
    </div>
  )
}

const previewDelayMs = 250

/** What the core says of the search, a moment after the last change. */
function usePreview(collection: Collection, spec: SpecDraft, incomplete: string | null) {
  const key = JSON.stringify([collection.id, collection.pipeline, spec])
  const [settled, setSettled] = useState(key)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(key), previewDelayMs)
    return () => clearTimeout(timer)
  }, [key])
  const read = useRead(
    (signal) =>
      incomplete ? Promise.resolve(null) : core().tunes.preview({ collectionId: collection.id, spec }, { signal }),
    `${settled} ${incomplete}`,
  )
  // What was counted before the last change is not said of the present search.
  return settled === key ? read : { ...read, value: null, failure: null }
}

function describe(dataset: Dataset, spec: SpecDraft) {
  const all = dataset.states.accepted ?? 0
  const held = Math.round(all * spec.heldOut)
  const metrics = usualMetrics.some(({ id }) => id === spec.metric)
    ? usualMetrics
    : [...usualMetrics, { id: spec.metric, label: spec.metric, hint: 'as the JSON says' }]
  const cases =
    spec.heldOutSplit !== undefined
      ? `The split "${spec.heldOutSplit}" decides, as the JSON says.`
      : held < 5
        ? `About ${held} of ${all} questions: too few to decide by.`
        : `About ${held} of ${all} questions, seen by no trial, decide in the end.`
  return { cases, metrics }
}

function effort(
  { combinations, indexes, readings }: { combinations: number; indexes: number; readings: number },
  { strategy, budget }: SpecDraft,
) {
  if (combinations === 0) return 'None of them is a pipeline: these values do not go together.'
  const trials = budget.trials ?? (strategy === 'grid' || budget.minutes !== undefined ? combinations : 30)
  const tried = trials >= combinations ? 'All may be tried' : `At most ${formatCount(trials)} of them are tried`
  const shared = indexes < combinations ? ' What they share is made once.' : ''
  const best = strategy === 'coordinate' ? 'Fewer are tried, one option after the other.' : `${tried}.`
  const again =
    readings > 0 ? ` Documents are read again in ${formatNumberOf(readings, 'other way')}, beside the collection.` : ''
  return `${best}${shared}${again}`
}

function withLimit(budget: SpecDraft['budget'], name: 'trials' | 'minutes', value: number | undefined) {
  const { [name]: _, ...rest } = budget
  return value === undefined ? rest : { ...rest, [name]: value }
}
