import { useId, useState } from 'react'
import { Plus, Trash2 } from 'lucide-react'
import { Switch } from 'react-aria-components'
import { type Dataset, noSplit } from '../../../core/contract/datasets.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { ReleaseGate, ReleaseLine } from '../../../core/contract/releases.ts'
import type { RunSettings } from '../../../core/contract/runs.ts'
import type { DatasetId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { useNotices } from '../../state/notices.ts'
import { usePreferences } from '../../state/preferences.ts'
import { useReleaseChanges } from '../../state/releases.ts'
import { hrefOf } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { CheckedFilter } from '../../ui/checked-filter.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { JudgeField } from '../../ui/judge-field.tsx'
import { NumberLine } from '../../ui/number-line.tsx'
import { same } from '../../ui/schema-fields.ts'
import { SelectField } from '../../ui/select-field.tsx'
import { operators, readRule, ruleSentence, splitMetric, writeRule, type GateOperator } from './gate-rules.ts'

interface MetricInfo {
  id: string
  label: string
  summary: string
  better: 'higher' | 'lower'
  hasK: boolean
}

const modes = [
  { id: 'hybrid', label: 'Words and meaning together' },
  { id: 'text', label: 'Words only' },
  { id: 'vector', label: 'Meaning only' },
] as const

const itemKinds = [
  { id: 'auto', label: 'An expected passage, where a case has one' },
  { id: 'passages', label: 'An expected passage' },
  { id: 'documents', label: 'A passage of an expected document' },
] as const

const noDataset = 'none'
const anyPart = ''
const numberPattern = /^\s*-?\d+(\.\d+)?\s*$/

/** What must hold before a release goes into production. Nothing counts until it is saved. */
export function GateForm({ line }: { line: ReleaseLine }) {
  const { gate: present } = line
  const [draft, setDraft] = useState<{ of: ReleaseGate; value: ReleaseGate } | null>(null)
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const [busy, setBusy] = useState(false)
  const datasets = useRead((signal) => core().datasets.list(undefined, { signal }), 'datasets')
  const metrics = useRead((signal) => core().runs.metrics(undefined, { signal }), 'metrics')
  // What is saved stays in view until it is read back.
  if (draft && same(draft.value, present)) setDraft(null)
  const gate = draft?.value ?? present
  const set = (change: Partial<ReleaseGate>): void => {
    setFailure(null)
    setDraft({ of: draft?.of ?? present, value: { ...gate, ...change } })
  }
  const known = metrics.value?.metrics ?? []
  const changed = draft !== null && !same(draft.value, present)
  const save = async (): Promise<void> => {
    setBusy(true)
    try {
      await core().lines.update({ lineId: line.id, gate, who: usePreferences.getState().signature })
      useNotices.getState().say('The gate is saved. It holds for every release from now on.')
      useReleaseChanges.getState().noteChange()
    } catch (error) {
      setFailure(toFailure(error))
    }
    setBusy(false)
  }
  const readFailure = datasets.failure ?? metrics.failure
  return (
    <form
      className="gate"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <p className="gate-summary">{gateSentence(gate, datasets.value?.datasets ?? [])}</p>
      {readFailure ? (
        <FailureNote
          failure={readFailure}
          onRetry={() => {
            datasets.retry()
            metrics.retry()
          }}
        />
      ) : null}
      <div className="gate-grid">
        <SelectField
          label="Measured on"
          value={gate.datasetId ?? noDataset}
          entries={[
            { id: noDataset, label: 'Nothing', hint: 'no gate: every promotion is signed for' },
            ...(datasets.value?.datasets ?? []).map((each) => ({
              id: each.id,
              label: each.name,
              hint: formatNumberOf(each.states.accepted ?? 0, 'case'),
            })),
          ]}
          onChange={(id) => set({ datasetId: id === noDataset ? null : (id as DatasetId) })}
        />
        {gate.datasetId ? (
          <p className="gate-link">
            <a href={hrefOf({ page: 'datasets', datasetId: gate.datasetId, caseId: null })}>Open the dataset</a>
          </p>
        ) : null}
      </div>

      <fieldset className="field-group">
        <legend>Rules</legend>
        <p className="field-help">Each must hold of a candidate’s figures.</p>
        {gate.rules.map((rule, index) => (
          <RuleRow
            key={index}
            number={index + 1}
            rule={rule}
            known={known}
            onChange={(next) => set({ rules: gate.rules.with(index, next) })}
            onRemove={() => set({ rules: gate.rules.toSpliced(index, 1) })}
          />
        ))}
        <Button
          small
          icon={<Plus size={14} aria-hidden />}
          isDisabled={known.length === 0 || gate.rules.length >= 30}
          onPress={() => set({ rules: [...gate.rules, 'recall@5>=0.7'] })}
        >
          Add a rule
        </Button>
      </fieldset>

      <fieldset className="field-group">
        <legend>No loss</legend>
        <p className="field-help">
          In none of these may a candidate be shown to be worse than the release in production: question by question, by
          a paired bootstrap with a 95 % interval.
        </p>
        {gate.noLoss.map((metric, index) => (
          <div key={index} className="gate-row" role="group" aria-label={`No loss ${index + 1}`}>
            <MetricField
              label="Metric"
              value={metric}
              known={known}
              onChange={(next) => set({ noLoss: gate.noLoss.with(index, next) })}
            />
            <IconButton
              label={`Remove: no loss in ${metric}`}
              icon={<Trash2 size={14} aria-hidden />}
              onPress={() => set({ noLoss: gate.noLoss.toSpliced(index, 1) })}
            />
          </div>
        ))}
        <Button
          small
          icon={<Plus size={14} aria-hidden />}
          isDisabled={known.length === 0 || gate.noLoss.length >= 30}
          onPress={() => set({ noLoss: [...gate.noLoss, nextMetric(gate.noLoss)] })}
        >
          Add a metric
        </Button>
      </fieldset>

      <MeasuredBy
        settings={gate.settings}
        dataset={datasets.value?.datasets.find(({ id }) => id === gate.datasetId)}
        onChange={(settings) => set({ settings })}
      />

      {failure ? <FailureNote failure={failure} title="The gate was not saved" /> : null}
      {changed ? (
        <div className="pipeline-apply gate-save" role="group" aria-label="Unsaved changes of the gate">
          <p>
            <strong>Not saved yet.</strong>{' '}
            {same(draft.of, present) ? 'The gate from before counts.' : 'It was changed elsewhere in the meantime.'}
          </p>
          <Button
            onPress={() => {
              setDraft(null)
              setFailure(null)
            }}
          >
            Discard
          </Button>
          <Button look="primary" type="submit" isDisabled={busy}>
            Save the gate
          </Button>
        </div>
      ) : null}
    </form>
  )
}

/** Everything that a candidate's evidence is made of, besides the questions and the pipeline. */
function MeasuredBy({
  settings,
  dataset,
  onChange,
}: {
  settings: RunSettings
  dataset: Dataset | undefined
  onChange(settings: RunSettings): void
}) {
  const set = (change: { [Key in keyof RunSettings]?: RunSettings[Key] | undefined }): void =>
    onChange(
      Object.fromEntries(
        Object.entries({ ...settings, ...change }).filter(([, value]) => value !== undefined),
      ) as RunSettings,
    )
  const { mode, filter = '', items, k, answers, judge, split, tag, limit, seed } = settings
  return (
    <fieldset className="field-group">
      <legend>How candidates are measured</legend>
      <p className="field-help">A run that was measured otherwise is no evidence.</p>
      <div className="gate-grid">
        <SelectField
          label="Part of the questions"
          value={split ?? anyPart}
          entries={[
            { id: anyPart, label: 'All parts' },
            ...partsOf(dataset?.splits ?? {}, split).map(({ id, hint }) => ({
              ...{ id, hint },
              label: id === noSplit ? 'Those in no part' : id,
            })),
          ]}
          onChange={(id) => set({ split: id === anyPart ? undefined : id })}
        />
        <SelectField
          label="With the tag"
          value={tag ?? anyPart}
          entries={[
            { id: anyPart, label: 'Any' },
            ...partsOf(dataset?.tags ?? {}, tag).map(({ id, hint }) => ({ id, hint, label: id })),
          ]}
          onChange={(id) => set({ tag: id === anyPart ? undefined : id })}
        />
        <NumberField
          label="At most so many"
          value={limit}
          read={readMost}
          problem="Give a whole number, or nothing for all."
          inputMode="numeric"
          placeholder="all"
          onChange={(next: number | undefined) => set({ limit: next })}
        />
        {limit === undefined ? null : (
          <NumberLine
            label="Drawn by"
            value={seed}
            least={0}
            most={4_294_967_295}
            help="The same number draws the same questions."
            onChange={(next) => set({ seed: next })}
          />
        )}
      </div>
      <div className="field">
        <h3>Documents that are searched</h3>
        <CheckedFilter
          collectionIds={dataset?.collectionId ? [dataset.collectionId] : []}
          value={filter}
          onChange={(next) => set({ filter: next === '' ? undefined : next })}
          none="All documents of the dataset’s collection"
          what="can be found"
        />
      </div>
      <div className="gate-grid">
        <SelectField
          label="Search by"
          value={mode}
          entries={modes}
          onChange={(id) => set({ mode: id as RunSettings['mode'] })}
        />
        <NumberLine label="Results looked at" value={k} least={1} most={200} onChange={(next) => set({ k: next })} />
        <SelectField
          label="Right is"
          value={items}
          entries={itemKinds}
          onChange={(id) => set({ items: id as RunSettings['items'] })}
        />
      </div>
      <div className="field">
        <Switch className="switch" isSelected={answers} onChange={(next) => set({ answers: next })}>
          <span className="switch-track" aria-hidden>
            <span className="switch-knob" />
          </span>
          Answer every question, too, and measure the answers
        </Switch>
      </div>
      <div className="gate-judge">
        <JudgeField value={judge} onChange={(next) => set({ judge: next })} />
      </div>
    </fieldset>
  )
}

/** Parts or tags with how many cases have them; what is chosen stays, though no case has it any more. */
function partsOf(counts: Readonly<Record<string, number>>, chosen: string | undefined) {
  const names = Object.keys(counts).toSorted((a, b) => a.localeCompare(b))
  const all = chosen === undefined || names.includes(chosen) ? names : [...names, chosen]
  return all.map((id) => ({ id, hint: formatNumberOf(counts[id] ?? 0, 'case') }))
}

/**
 * A number. What is typed stays as it is, a number or not, until the value is another one. `read`: what a text stands for, and
 * null where it stands for nothing.
 */
function NumberField<Value extends number | undefined>({
  label,
  value,
  read,
  problem,
  className = 'field',
  ...input
}: {
  label: string
  value: Value
  read(text: string): { value: Value } | null
  /** Said of a text that stands for nothing. */
  problem: string
  className?: string
  inputMode: 'numeric' | 'decimal'
  placeholder?: string
  onChange(value: Value): void
}) {
  const { onChange, ...attributes } = input
  const id = useId()
  const [typed, setTyped] = useState({ text: String(value ?? ''), value })
  const text = typed.value === value ? typed.text : String(value ?? '')
  const wrong = read(text) === null
  return (
    <div className={className}>
      <label htmlFor={id}>{label}</label>
      <input
        {...attributes}
        id={id}
        className="input number"
        autoComplete="off"
        value={text}
        aria-invalid={wrong || undefined}
        onChange={(event) => {
          const given = read(event.target.value)
          const next = given ? given.value : value
          setTyped({ text: event.target.value, value: next })
          if (next !== value) onChange(next)
        }}
      />
      {wrong ? <p className="field-failure">{problem}</p> : null}
    </div>
  )
}

/** A whole number, or nothing for all. */
function readMost(text: string): { value: number | undefined } | null {
  if (text.trim() === '') return { value: undefined }
  const value = Number(text)
  return /^\s*\d{1,7}\s*$/.test(text) && value >= 1 && value <= 1_000_000 ? { value } : null
}

function readNumber(text: string): { value: number } | null {
  return numberPattern.test(text) ? { value: Number(text) } : null
}

function RuleRow({
  number,
  rule,
  known,
  onChange,
  onRemove,
}: {
  number: number
  rule: string
  known: readonly MetricInfo[]
  onChange(rule: string): void
  onRemove(): void
}) {
  const parts = readRule(rule)
  return (
    <div className="gate-row" role="group" aria-label={`Rule ${number}`}>
      {parts ? (
        <>
          <MetricField
            label="Metric"
            value={parts.metric}
            known={known}
            onChange={(metric) => onChange(writeRule({ ...parts, metric }))}
          />
          <SelectField
            label="is"
            value={parts.operator}
            entries={operators}
            onChange={(operator) => onChange(writeRule({ ...parts, operator: operator as GateOperator }))}
          />
          <NumberField
            label="Bound"
            value={parts.bound}
            read={readNumber}
            problem="Give a number."
            className="field gate-bound"
            inputMode="decimal"
            onChange={(bound) => onChange(writeRule({ ...parts, bound }))}
          />
        </>
      ) : (
        <p className="mono gate-kept">{rule}</p>
      )}
      <IconButton label={`Remove: ${ruleSentence(rule)}`} icon={<Trash2 size={14} aria-hidden />} onPress={onRemove} />
    </div>
  )
}

/** One of the metrics there are, and of how many first results, where it looks at those. */
function MetricField({
  label,
  value,
  known,
  onChange,
}: {
  label: string
  value: string
  known: readonly MetricInfo[]
  onChange(value: string): void
}) {
  const { id, first } = splitMetric(value)
  const found = known.find((metric) => metric.id === id)
  const entries = known.map((metric) => ({ id: metric.id, label: metric.label, hint: metric.summary }))
  return (
    <>
      <SelectField
        label={label}
        value={id}
        entries={found || known.length === 0 ? entries : [{ id, label: id, hint: 'not known here' }, ...entries]}
        onChange={(next) => {
          const hasK = known.find((metric) => metric.id === next)?.hasK ?? false
          onChange(hasK ? `${next}@${first ?? 5}` : next)
        }}
      />
      {found?.hasK ? (
        <NumberLine
          label="of the first"
          value={first ?? 5}
          least={1}
          most={200}
          onChange={(next) => onChange(`${id}@${next}`)}
        />
      ) : null}
    </>
  )
}

function nextMetric(used: readonly string[]): string {
  return ['ndcg@10', 'recall@5', 'mrr@10'].find((metric) => !used.includes(metric)) ?? 'precision@5'
}

/** 'Measured on Station questions: recall@5 at least 0.7, and no loss in ndcg@10.' */
export function gateSentence(
  { datasetId, rules, noLoss, settings }: ReleaseGate,
  datasets: readonly Dataset[],
): string {
  if (datasetId === null) return 'No gate is set: every promotion is signed for with a name and a reason.'
  const dataset = datasets.find(({ id }) => id === datasetId)?.name ?? 'a dataset'
  const { split, tag, limit } = settings
  const of = [
    ...(limit === undefined ? [] : [`at most ${formatNumberOf(limit, 'question')}`]),
    ...(split === undefined ? [] : [split === noSplit ? 'those in no part' : `part “${split}”`]),
    ...(tag === undefined ? [] : [`tag “${tag}”`]),
  ]
  const name = of.length === 0 ? dataset : `${dataset} (${of.join(', ')})`
  const parts = [...rules.map(ruleSentence), ...(noLoss.length > 0 ? [`no loss in ${noLoss.join(', ')}`] : [])]
  return parts.length === 0
    ? `Candidates are measured on ${name}; nothing is asked of the figures.`
    : `On ${name}: ${parts.join(', ')}.`
}
