import { useState } from 'react'
import { Plus, Trash2, X } from 'lucide-react'
import type { Parameter } from '../../../core/contract/tune.ts'
import type { CollectionId } from '../../../core/shared/ids.ts'
import { shortLabel, valueWords } from '../../../core/contract/option-words.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { CheckedFilter } from '../../ui/checked-filter.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { Menu } from '../../ui/menu.tsx'
import { CheckSet } from '../../ui/schema-form.tsx'
import { countOf, isEditable, parseNumbers, suggestedValues, type SearchOption } from './search-space.ts'

/** The options that a search varies, each with its values or its range. */
export function SpaceForm({
  options,
  parameters,
  collectionId,
  onChange,
  onProblem,
}: {
  options: readonly SearchOption[]
  parameters: readonly Parameter[]
  /** Whose pipeline is looked for. */
  collectionId: CollectionId
  onChange(parameters: Parameter[]): void
  /** What keeps an option from being searched; null when that is mended. */
  onProblem(path: string, problem: string | null): void
}) {
  const free = options.filter(({ path }) => !parameters.some((parameter) => parameter.path === path))
  const replace = (next: Parameter): void =>
    onChange(parameters.map((parameter) => (parameter.path === next.path ? next : parameter)))
  return (
    <div className="tune-space">
      {parameters.map((parameter) => {
        const option = options.find(({ path }) => path === parameter.path)
        return (
          <fieldset key={parameter.path} className="tune-parameter">
            <legend>{option?.label ?? shortLabel(parameter.path)}</legend>
            <div className="tune-parameter-tools">
              <span className="soft number">{formatNumberOf(countOf(parameter), 'value')}</span>
              <IconButton
                label={`Leave out ${option?.label ?? parameter.path}`}
                icon={<Trash2 size={14} />}
                onPress={() => {
                  onProblem(parameter.path, null)
                  onChange(parameters.filter((other) => other !== parameter))
                }}
              />
            </div>
            <p className="field-help">
              {option?.help} {option && option.present !== undefined ? <>Now {presentWords(option)}.</> : null}
            </p>
            {option && isEditable(option, parameter) ? (
              <Values
                option={option}
                parameter={parameter}
                collectionId={collectionId}
                onChange={replace}
                onProblem={onProblem}
              />
            ) : (
              <p className="field-help">
                <code>{parameter.path}</code>: {JSON.stringify({ ...parameter, path: undefined })}. It is edited as
                JSON.
              </p>
            )}
          </fieldset>
        )
      })}
      {free.length > 0 ? (
        <Menu
          label="Options that may vary"
          trigger={
            <Button small icon={<Plus size={14} aria-hidden />}>
              Vary another option
            </Button>
          }
          entries={free.map((option) => ({
            id: option.path,
            label: option.label,
            onAction: () => onChange([...parameters, { path: option.path, values: suggestedValues(option) }]),
          }))}
        />
      ) : null}
    </div>
  )
}

interface ValuesProps {
  option: SearchOption
  parameter: Parameter
  collectionId: CollectionId
  onChange(parameter: Parameter): void
  onProblem(path: string, problem: string | null): void
}

function Values({ option, parameter, onChange, ...rest }: ValuesProps) {
  const { values } = option
  if (values.kind === 'number')
    return <NumberValues option={option} parameter={parameter} onChange={onChange} {...rest} />
  if (values.kind === 'filters') return <FilterValues parameter={parameter} onChange={onChange} {...rest} />
  const chosen = 'values' in parameter ? parameter.values.map((value) => JSON.stringify(value)) : []
  return (
    <CheckSet
      label="Values"
      entries={values.entries.map(({ value, label }) => ({ id: JSON.stringify(value), label }))}
      value={chosen}
      onChange={(ids) =>
        onChange({
          path: option.path,
          values: values.entries.map(({ value }) => value).filter((value) => ids.includes(JSON.stringify(value))),
        })
      }
    />
  )
}

/** Filters, one a line, and all documents beside them. What is wrong with one stands below it, and where it is counted. */
function FilterValues({ parameter, collectionId, onChange }: Omit<ValuesProps, 'option' | 'onProblem'>) {
  const { path } = parameter
  const given = 'values' in parameter ? parameter.values.filter((value) => typeof value === 'string') : []
  const [hasAll, setAll] = useState(given.includes(''))
  const written = given.filter((value) => value !== '')
  // A line without words yet is no value.
  const [lines, setLines] = useState(written.length > 0 ? written : [''])
  const tell = (all: boolean, filters: readonly string[]): void => {
    setAll(all)
    setLines([...filters])
    const words = filters.map((filter) => filter.trim()).filter((filter) => filter !== '')
    onChange({ path, values: [...new Set([...(all ? [''] : []), ...words])] })
  }
  return (
    <div className="tune-filters">
      <CheckSet
        label="Values"
        entries={[{ id: 'all', label: 'All documents' }]}
        value={hasAll ? ['all'] : []}
        onChange={(ids) => tell(ids.length > 0, lines)}
      />
      {lines.map((line, index) => (
        <div key={index} className="tune-filter" role="group" aria-label={`Filter ${index + 1}`}>
          <CheckedFilter
            label={`Filter ${index + 1}`}
            value={line}
            collectionIds={[collectionId]}
            none=""
            what="are searched"
            onChange={(next) => tell(hasAll, lines.with(index, next))}
          />
          <IconButton
            label={`Take out filter ${index + 1}`}
            icon={<X size={14} aria-hidden />}
            onPress={() => tell(hasAll, lines.toSpliced(index, 1))}
          />
        </div>
      ))}
      <Button small look="quiet" icon={<Plus size={14} aria-hidden />} onPress={() => setLines([...lines, ''])}>
        Add a filter
      </Button>
    </div>
  )
}

function presentWords({ present, values }: SearchOption): string {
  return values.kind === 'filters' && present === '' ? 'all documents' : valueWords(present)
}

function NumberValues({ option, parameter, onChange, onProblem }: Omit<ValuesProps, 'collectionId'>) {
  const { path, values } = option
  const limits = values.kind === 'number' ? values : { integer: false }
  const isRange = !('values' in parameter)
  const [text, setText] = useState(isRange ? '' : parameter.values.map(valueWords).join(', '))
  const [range, setRange] = useState(
    isRange
      ? { from: String(parameter.from), to: String(parameter.to), step: String(parameter.step) }
      : rangeOf(parameter.values),
  )
  const [problem, setProblem] = useState<string | null>(null)
  const id = `tune-${path.replaceAll('.', '-')}`
  const tell = (next: string | null): void => {
    setProblem(next)
    onProblem(path, next === null ? null : `${option.label}: ${next}`)
  }
  const changeText = (next: string): void => {
    setText(next)
    const read = parseNumbers(next, limits)
    tell(read.problem)
    if (!read.problem) onChange({ path, values: read.values })
  }
  const changeRange = (next: typeof range): void => {
    setRange(next)
    const ends = parseNumbers(`${next.from} ${next.to}`, limits)
    const [from, to, step] = [next.from, next.to, next.step].map(Number) as [number, number, number]
    const isEmpty = Object.values(next).some((part) => part.trim() === '')
    const wrong = isEmpty
      ? 'Give where the range begins, where it ends, and its steps.'
      : (ends.problem ??
        (from > to
          ? 'A range goes from the smaller number to the larger one.'
          : !(step > 0)
            ? 'Steps are larger than 0.'
            : (to - from) / step >= 1000
              ? 'That is more than a thousand values: take larger steps.'
              : null))
    tell(wrong)
    if (!wrong) onChange({ path, from, to, step })
  }
  return (
    <div className="tune-numbers">
      {isRange ? (
        <div className="tune-range">
          {(['from', 'to', 'step'] as const).map((part) => (
            <div key={part} className="field">
              <label htmlFor={`${id}-${part}`}>{{ from: 'From', to: 'To', step: 'In steps of' }[part]}</label>
              <input
                id={`${id}-${part}`}
                className="input number"
                inputMode="decimal"
                autoComplete="off"
                value={range[part]}
                aria-invalid={problem ? true : undefined}
                aria-describedby={problem ? `${id}-problem` : undefined}
                onChange={(event) => changeRange({ ...range, [part]: event.target.value })}
              />
            </div>
          ))}
        </div>
      ) : (
        <div className="field">
          <label htmlFor={id}>Values</label>
          <input
            id={id}
            className="input number"
            autoComplete="off"
            value={text}
            aria-invalid={problem ? true : undefined}
            aria-describedby={problem ? `${id}-problem` : undefined}
            onChange={(event) => changeText(event.target.value)}
          />
        </div>
      )}
      <Button small look="quiet" onPress={() => (isRange ? toValues() : changeRange(range))}>
        {isRange ? 'Single values' : 'A range'}
      </Button>
      {problem ? (
        <p id={`${id}-problem`} className="field-failure" role="alert">
          {problem}
        </p>
      ) : null}
    </div>
  )

  function toValues(): void {
    const next = suggestedValues(option).map(valueWords).join(', ')
    changeText(text.trim() === '' ? next : text)
  }
}

/** The range that has the values in it: what a person sees first who changes over. */
function rangeOf(values: readonly unknown[]): { from: string; to: string; step: string } {
  const numbers = values.filter((value) => typeof value === 'number').sort((a, b) => a - b)
  const [from = 0, second] = numbers
  const to = numbers.at(-1) ?? from
  return { from: String(from), to: String(to), step: String(second === undefined ? 1 : second - from) }
}
