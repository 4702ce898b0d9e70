import { Plus } from 'lucide-react'
import {
  Button as AriaButton,
  Checkbox,
  Disclosure,
  DisclosurePanel,
  Heading,
  Label,
  Radio,
  RadioGroup,
  TextArea,
  TextField,
  Text,
} from 'react-aria-components'
import { ChevronRight } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import type { Implementation } from '../../core/contract/catalogue.ts'
import type { Choice, Pipeline, Rule } from '../../core/contract/pipeline.ts'
import { Button } from './button.tsx'
import { Menu } from './menu.tsx'
import { fieldsOf, same } from './schema-fields.ts'
import { CheckSet, SchemaForm } from './schema-form.tsx'
import { SelectField } from './select-field.tsx'
import { ruleScope, type Families } from './pipeline-words.ts'
import { OrderedList } from './ordered-list.tsx'

/** What the core refused of an implementation's options, by their paths. */
export type Refusals = (kind: string, id: string) => Record<string, string> | undefined

/** How documents are cut: one of a few, each with a sentence, and its options. */
export function ChunkerEditor({
  value,
  chunkers,
  onChange,
  refusals,
}: {
  value: Choice
  chunkers: Implementation[]
  onChange(value: Choice): void
  refusals: Refusals
}) {
  const chosen = chunkers.find((candidate) => candidate.id === value.id)
  return (
    <>
      <RadioGroup
        className="choice choice-cards"
        aria-label="Chunker"
        value={value.id}
        onChange={(id) => onChange(switched(value, id, chunkers))}
      >
        {chunkers.map(({ id, label, summary }) => (
          <Radio key={id} value={id} className="choice-card">
            <span className="radio-dot" aria-hidden />
            <span>
              <span className="choice-name">{label}</span>
              <span className="choice-summary">{summary}</span>
            </span>
          </Radio>
        ))}
        {chosen ? null : <UnknownId id={value.id} />}
      </RadioGroup>
      {chosen ? <Options of={chosen} value={value} onChange={onChange} refusals={refusals} kind="chunker" /> : null}
    </>
  )
}

/** One of a family, chosen from a list, and its options. */
export function ChoiceSelect({
  kind,
  label,
  value,
  known,
  onChange,
  refusals,
}: {
  kind: string
  label: string
  value: Choice
  known: Implementation[]
  onChange(value: Choice): void
  refusals: Refusals
}) {
  const chosen = known.find((candidate) => candidate.id === value.id)
  return (
    <>
      <SelectField
        label={label}
        value={value.id}
        entries={known.map(({ id, label, summary }) => ({ id, label, hint: summary }))}
        onChange={(id) => onChange(switched(value, id, known))}
        help={chosen?.summary}
      />
      {chosen ? (
        <Options of={chosen} value={value} onChange={onChange} refusals={refusals} kind={kind} />
      ) : (
        <UnknownId id={value.id} />
      )}
    </>
  )
}

const noneId = 'none'

/** The same for a member that may be absent. */
export function OptionalChoiceSelect({
  none,
  value,
  known,
  onChange,
  ...rest
}: Omit<Parameters<typeof ChoiceSelect>[0], 'value' | 'onChange'> & {
  /** What it is to have none. */
  none: string
  value: Choice | null
  onChange(value: Choice | null): void
}) {
  const absent: Implementation = { id: noneId, label: none, summary: '', version: 1, options: { properties: {} } }
  if (value) {
    return (
      <ChoiceSelect
        {...rest}
        value={value}
        known={[absent, ...known]}
        onChange={(next) => onChange(next.id === noneId ? null : next)}
      />
    )
  }
  return (
    <SelectField
      label={rest.label}
      value={noneId}
      entries={[absent, ...known].map(({ id, label, summary }) => ({ id, label, hint: summary }))}
      onChange={(id) => onChange(id === noneId ? null : { id, options: {} })}
    />
  )
}

/** Another implementation takes over those options that it has as well. */
function switched(value: Choice, id: string, known: Implementation[]): Choice {
  const names = new Set(fieldsOf(known.find((candidate) => candidate.id === id)?.options ?? {}).map(({ name }) => name))
  return {
    ...value,
    id,
    options: Object.fromEntries(Object.entries(value.options).filter(([name]) => names.has(name))),
  }
}

function Options({
  of,
  value,
  onChange,
  refusals,
  kind,
}: {
  of: Implementation
  value: Choice
  onChange(value: Choice): void
  refusals: Refusals
  kind: string
}) {
  return (
    <SchemaForm
      key={of.id}
      schema={of.options}
      value={value.options}
      onChange={(options) => onChange({ ...value, options })}
      failures={refusals(kind, of.id)}
    />
  )
}

function UnknownId({ id }: { id: string }) {
  return (
    <p className="field-failure">
      “{id}” is not known to this version of Quarry. It is kept as it is; choose another one to go on.
    </p>
  )
}

/** Steps between reading and cutting, in order. */
export function CleaningEditor({
  value,
  cleaners,
  onChange,
  refusals,
}: {
  value: Choice[]
  cleaners: Implementation[]
  onChange(value: Choice[]): void
  refusals: Refusals
}) {
  const find = (id: string): Implementation | undefined => cleaners.find((candidate) => candidate.id === id)
  return (
    <>
      {value.length === 0 ? <p className="soft">Nothing: text is cut as it was read.</p> : null}
      <OrderedList
        items={value}
        nameOf={(step) => find(step.id)?.label ?? step.id}
        onChange={onChange}
        label="Cleaning steps"
      >
        {(step, _, set) => {
          const cleaner = find(step.id)
          return cleaner ? (
            <Fold title={cleaner.label} note={cleaner.summary}>
              <Options of={cleaner} value={step} onChange={set} refusals={refusals} kind="cleaner" />
            </Fold>
          ) : (
            <UnknownId id={step.id} />
          )
        }}
      </OrderedList>
      <Menu
        label="Cleaning steps"
        trigger={
          <Button small icon={<Plus size={14} aria-hidden />}>
            Add a step
          </Button>
        }
        entries={cleaners.map(({ id, label }) => ({
          id,
          label,
          onAction: () => onChange([...value, { id, options: {} }]),
        }))}
      />
    </>
  )
}

/** How files are read: only parsers that leave a choice. */
export function ParsersEditor({
  value,
  parsers,
  onChange,
  refusals,
}: {
  value: Pipeline['parsers']
  parsers: Implementation[]
  onChange(value: Pipeline['parsers']): void
  refusals: Refusals
}) {
  const choosable = parsers.filter((parser) => fieldsOf(parser.options).length > 0)
  return (
    <div className="folds">
      {choosable.map((parser) => {
        const options = value[parser.id] ?? {}
        const changed = Object.keys(options).length
        return (
          <Fold
            key={parser.id}
            title={parser.label}
            note={`${(parser.types ?? []).join(', ')} · ${changed === 0 ? 'as usual' : 'changed'}`}
            open={changed > 0}
          >
            <SchemaForm
              schema={parser.options}
              value={options}
              failures={refusals('parser', parser.id)}
              onChange={(next) => {
                const { [parser.id]: _, ...rest } = value
                onChange(Object.keys(next).length === 0 ? rest : { ...value, [parser.id]: next })
              }}
            />
          </Fold>
        )
      })}
    </div>
  )
}

/** Other settings for some documents. The first rule that matches a document and names a thing decides that thing. */
export function RulesEditor({
  value,
  families,
  pipeline,
  onChange,
  refusals,
}: {
  value: Rule[]
  families: Families
  /** What counts where no rule does. */
  pipeline: Pick<Pipeline, 'chunker' | 'cleaning'>
  onChange(value: Rule[]): void
  refusals: Refusals
}) {
  const [added, setAdded] = useState<number | null>(null)
  const labelOf = (id: string): string => families.chunker.find((chunker) => chunker.id === id)?.label ?? id
  return (
    <>
      <OrderedList items={value} nameOf={(rule) => `Rule for ${ruleScope(rule)}`} onChange={onChange} label="Rules">
        {(rule, index, set) => (
          <Fold title={ruleScope(rule)} note={ruleSets(rule, labelOf)} open={added === index}>
            <RuleEditor rule={rule} families={families} pipeline={pipeline} onChange={set} refusals={refusals} />
          </Fold>
        )}
      </OrderedList>
      <p className="rule-rest">
        <span className="fold-title">Everything else</span>
        <span className="fold-note">{labelOf(pipeline.chunker.id)}, as set above</span>
      </p>
      <Button
        small
        icon={<Plus size={14} aria-hidden />}
        onPress={() => {
          setAdded(value.length)
          onChange([...value, { paths: [], types: [], chunker: pipeline.chunker }])
        }}
      >
        Add a rule
      </Button>
    </>
  )
}

function RuleEditor({
  rule,
  families,
  pipeline,
  onChange,
  refusals,
}: {
  rule: Rule
  families: Families
  pipeline: Pick<Pipeline, 'chunker' | 'cleaning'>
  onChange(value: Rule): void
  refusals: Refusals
}) {
  const types = [...new Set([...families.parser.flatMap((parser) => parser.types ?? []), ...rule.types])].sort()
  const { chunker, cleaning, parsers, ...rest } = rule
  /** Puts the parts together again, without those that the rule does not name. */
  const set = (change: Partial<Record<'chunker' | 'cleaning' | 'parsers', unknown>>): void => {
    const parts = Object.entries({ chunker, cleaning, parsers, ...change }).filter(([, part]) => part !== undefined)
    onChange({ ...rest, ...Object.fromEntries(parts) })
  }
  const concerned = families.parser.filter(
    (parser) => rule.types.length === 0 || parser.types?.some((type) => rule.types.includes(type)),
  )
  return (
    <div className="fields">
      <PathsField value={rule.paths} onChange={(paths) => onChange({ ...rule, paths })} />
      <Fold
        title="File types"
        note={rule.types.length === 0 ? 'every type' : rule.types.join(', ')}
        open={rule.types.length > 0}
      >
        <CheckSet
          label="File types"
          help="None chosen: every type."
          entries={types.map((id) => ({ id, label: id }))}
          value={rule.types}
          onChange={(chosen) => onChange({ ...rule, types: chosen })}
        />
      </Fold>
      <Part
        title="How they are cut"
        isOn={chunker !== undefined}
        onChange={(on) => set({ chunker: on ? pipeline.chunker : undefined })}
      >
        {chunker ? (
          <ChoiceSelect
            kind="chunker"
            label="Cut"
            value={chunker}
            known={families.chunker}
            onChange={(next) => set({ chunker: next })}
            refusals={refusals}
          />
        ) : null}
      </Part>
      <Part
        title="What is cleaned"
        isOn={cleaning !== undefined}
        onChange={(on) => set({ cleaning: on ? pipeline.cleaning : undefined })}
      >
        {cleaning ? (
          <CleaningEditor
            value={cleaning}
            cleaners={families.cleaner}
            onChange={(next) => set({ cleaning: next })}
            refusals={refusals}
          />
        ) : null}
      </Part>
      <Part
        title="How they are read"
        isOn={parsers !== undefined}
        onChange={(on) => set({ parsers: on ? {} : undefined })}
      >
        {parsers ? (
          <ParsersEditor
            value={parsers}
            parsers={concerned}
            onChange={(next) => set({ parsers: next })}
            refusals={refusals}
          />
        ) : null}
      </Part>
    </div>
  )
}

function PathsField({ value, onChange }: { value: string[]; onChange(value: string[]): void }) {
  const [typed, setTyped] = useState(() => value.join('\n'))
  const shown = same(pathsOf(typed), value) ? typed : value.join('\n')
  return (
    <TextField
      className="field"
      value={shown}
      onChange={(next) => {
        setTyped(next)
        onChange(pathsOf(next))
      }}
    >
      <Label>Paths</Label>
      <TextArea className="input input-lines mono" rows={2} spellCheck={false} placeholder="contracts/**" />
      <Text slot="description" className="field-help">
        One pattern a line: * stands for part of a name, ** for any folders. None: every path.
      </Text>
    </TextField>
  )
}

/** Something that a rule may decide or leave alone. */
function Part({
  title,
  isOn,
  onChange,
  children,
}: {
  title: string
  isOn: boolean
  onChange(on: boolean): void
  children: ReactNode
}) {
  return (
    <div className="rule-part">
      <Checkbox className="check-line" isSelected={isOn} onChange={onChange}>
        <span className="check-box" data-checked={isOn || undefined} aria-hidden />
        {title}
      </Checkbox>
      {isOn ? <div className="rule-body">{children}</div> : null}
    </div>
  )
}

/** A line that opens (APG: disclosure). */
function Fold({
  title,
  note,
  open = false,
  children,
}: {
  title: string
  note: string
  open?: boolean
  children: ReactNode
}) {
  return (
    <Disclosure className="fold" defaultExpanded={open}>
      <Heading level={4} className="fold-heading">
        <AriaButton slot="trigger" className="fold-button">
          <ChevronRight size={14} aria-hidden className="fold-mark" />
          <span className="fold-title">{title}</span>
          <span className="fold-note">{note}</span>
        </AriaButton>
      </Heading>
      <DisclosurePanel className="fold-panel">{children}</DisclosurePanel>
    </Disclosure>
  )
}

function ruleSets({ chunker, cleaning, parsers }: Rule, labelOf: (id: string) => string): string {
  const parts = [
    chunker ? labelOf(chunker.id) : '',
    cleaning ? `${cleaning.length === 0 ? 'no' : cleaning.length} cleaning` : '',
    parsers ? 'own reading' : '',
  ].filter(Boolean)
  return parts.length > 0 ? parts.join(', ') : 'sets nothing yet'
}

function pathsOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}
