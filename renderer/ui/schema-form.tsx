import { useId, useMemo, useState } from 'react'
import {
  Button as AriaButton,
  Checkbox,
  CheckboxGroup,
  FieldError,
  Group,
  Input,
  Label,
  NumberField,
  Switch,
  Text,
  TextArea,
  TextField,
} from 'react-aria-components'
import { Minus, Plus, Trash2 } from 'lucide-react'
import { Button, IconButton } from './button.tsx'
import { ModelField } from './model-field.tsx'
import { labelOf } from '../../core/contract/option-words.ts'
import { fieldsOf, same, withProperty, type Field, type JsonSchema } from './schema-fields.ts'
import { SelectField } from './select-field.tsx'
import { positionOf, sliderScale } from './slider-scale.ts'

type Value = Record<string, unknown>

interface FormProps {
  value: Value
  onChange(value: Value): void
  /** What was refused, by the path of its option: 'maxTokens', 'pairs.0.pattern'. */
  failures?: Record<string, string> | undefined
  /** For narrow places: numbers with a range are sliders, help is read out and shown on hover. */
  compact?: boolean | undefined
}

/** A form as a JSON Schema asks for it: labels, help, limits and defaults are its own. What it does not know is kept. */
export function SchemaForm({ schema, ...rest }: FormProps & { schema: JsonSchema }) {
  const fields = useMemo(() => fieldsOf(schema), [schema])
  return <Fields fields={fields} {...rest} />
}

function Fields({ fields, value, onChange, failures = {}, compact = false }: FormProps & { fields: Field[] }) {
  if (fields.length === 0) return <p className="soft field-none">It has no options.</p>
  return (
    <div className={compact ? 'fields fields-compact' : 'fields'}>
      {fields.map((field) => {
        const props = {
          value: value[field.name] ?? field.fallback,
          onChange: (next: unknown) => onChange(withProperty(value, field, next)),
          failures: failuresBelow(failures, field.name),
        }
        return compact && field.kind === 'number' ? (
          <SliderView key={field.name} field={field} {...props} />
        ) : (
          <FieldView key={field.name} field={field} {...props} />
        )
      })}
    </div>
  )
}

interface FieldProps<Kind extends Field['kind'] = Field['kind']> {
  field: Extract<Field, { kind: Kind }>
  value: unknown
  onChange(value: unknown): void
  /** Its own under ''. */
  failures: Record<string, string>
}

function FieldView({ field, ...rest }: FieldProps) {
  switch (field.kind) {
    case 'number':
      return <NumberView field={field} {...rest} />
    case 'text':
      return <TextView field={field} {...rest} />
    case 'switch':
      return <SwitchView field={field} {...rest} />
    case 'choice':
      return (
        <SelectField
          label={field.label}
          value={typeof rest.value === 'string' ? rest.value : null}
          entries={field.values.map((id) => ({ id, label: labelOf(id) }))}
          onChange={rest.onChange}
          help={withDefault(field)}
          failure={rest.failures['']}
        />
      )
    case 'model':
      return (
        <ModelField
          {...field}
          value={typeof rest.value === 'string' ? rest.value : ''}
          onChange={rest.onChange}
          help={withDefault(field)}
          failure={rest.failures['']}
        />
      )
    case 'lines':
      return <LinesView field={field} {...rest} />
    case 'choices':
      return <ChoicesView field={field} {...rest} />
    case 'group':
      return (
        <fieldset className="field-group">
          <legend>{field.label}</legend>
          {field.help ? <p className="field-help">{field.help}</p> : null}
          <Fields
            fields={field.fields}
            value={asRecord(rest.value)}
            onChange={rest.onChange}
            failures={rest.failures}
          />
        </fieldset>
      )
    case 'list':
      return <ListView field={field} {...rest} />
    case 'other':
      return (
        <div className="field">
          <span className="field-label">{field.label}</span>
          <p className="field-help">{field.help} This option cannot be changed here; it is kept as it is.</p>
        </div>
      )
  }
}

function NumberView({ field, value, onChange, failures }: FieldProps<'number'>) {
  const { least, most } = field
  return (
    <NumberField
      className="field"
      value={typeof value === 'number' ? value : Number.NaN}
      onChange={(next) => onChange(Number.isNaN(next) ? undefined : next)}
      {...(least === undefined ? {} : { minValue: least })}
      {...(most === undefined ? {} : { maxValue: most })}
      step={field.integer ? 1 : 0.01}
      formatOptions={{ useGrouping: false, maximumFractionDigits: field.integer ? 0 : 4 }}
      isRequired={field.required}
      isInvalid={failures[''] !== undefined}
    >
      <Label>{field.label}</Label>
      <Group className="number-group">
        <AriaButton slot="decrement" className="number-step">
          <Minus size={13} aria-hidden />
        </AriaButton>
        <Input className="input number" />
        <AriaButton slot="increment" className="number-step">
          <Plus size={13} aria-hidden />
        </AriaButton>
      </Group>
      <Help text={withDefault(field)} />
      <FieldError className="field-failure">{failures['']}</FieldError>
    </NumberField>
  )
}

/** A slider over what is worth trying, and a field for every other value. Without both limits the field alone. */
function SliderView({ field, value, onChange, failures }: FieldProps<'number'>) {
  const { least, most, integer, label, fallback } = field
  const usual = typeof fallback === 'number' ? fallback : undefined
  const scale = useMemo(
    () => (least === undefined || most === undefined ? null : sliderScale({ least, most, integer, usual })),
    [least, most, integer, usual],
  )
  const number = typeof value === 'number' ? value : Number.NaN
  return (
    <div className="slider-field" title={withDefault(field)}>
      <NumberField
        className="slider-value"
        value={number}
        onChange={(next) => onChange(Number.isNaN(next) ? undefined : next)}
        {...(least === undefined ? {} : { minValue: least })}
        {...(most === undefined ? {} : { maxValue: most })}
        step={integer ? 1 : 0.01}
        formatOptions={{ useGrouping: false, maximumFractionDigits: integer ? 0 : 4 }}
        isInvalid={failures[''] !== undefined}
      >
        <Label>{label}</Label>
        <Input className="slider-number number" />
        <Help text={withDefault(field)} />
        <FieldError className="field-failure">{failures['']}</FieldError>
      </NumberField>
      {scale ? (
        <input
          type="range"
          className="slider"
          aria-label={label}
          aria-valuetext={String(number)}
          min={0}
          max={scale.values.length - 1}
          value={positionOf(scale, Number.isNaN(number) ? (least ?? 0) : number)}
          onChange={(event) => onChange(scale.values[Number(event.target.value)])}
        />
      ) : null}
    </div>
  )
}

function TextView({ field, value, onChange, failures }: FieldProps<'text'>) {
  return (
    <TextField
      className="field"
      value={typeof value === 'string' ? value : ''}
      // An empty text is a value of its own only where it is asked for.
      onChange={(next) => onChange(next === '' && !field.required && field.fallback === undefined ? undefined : next)}
      isRequired={field.required}
      isInvalid={failures[''] !== undefined}
      {...(field.maxLength === undefined ? {} : { maxLength: field.maxLength })}
    >
      <Label>{field.label}</Label>
      <Input className="input" autoComplete="off" spellCheck={false} />
      <Help text={field.help} />
      <FieldError className="field-failure">{failures['']}</FieldError>
    </TextField>
  )
}

function SwitchView({ field, value, onChange, failures }: FieldProps<'switch'>) {
  const id = useId()
  return (
    <div className="field">
      <Switch className="switch" isSelected={value === true} onChange={onChange} aria-describedby={`${id}-help`}>
        <span className="switch-track" aria-hidden>
          <span className="switch-knob" />
        </span>
        {field.label}
      </Switch>
      <p id={`${id}-help`} className="field-help">
        {field.help}
      </p>
      {failures[''] ? <p className="field-failure">{failures['']}</p> : null}
    </div>
  )
}

/** One value a line. What is typed stays as it is until the lines say something else. */
function LinesView({ field, value, onChange, failures }: FieldProps<'lines'>) {
  const lines = asStrings(value)
  const [typed, setTyped] = useState(() => lines.join('\n'))
  const shown = same(linesOf(typed), lines) ? typed : lines.join('\n')
  const failure = Object.values(failures)[0]
  return (
    <TextField
      className="field"
      value={shown}
      onChange={(next) => {
        setTyped(next)
        onChange(linesOf(next))
      }}
      isInvalid={failure !== undefined}
    >
      <Label>{field.label}</Label>
      <TextArea
        className="input input-lines mono"
        rows={Math.min(8, Math.max(2, shown.split('\n').length))}
        spellCheck={false}
      />
      <Help text={`${field.help} One a line.`} />
      <FieldError className="field-failure">{failure}</FieldError>
    </TextField>
  )
}

function ChoicesView({ field, value, onChange, failures }: FieldProps<'choices'>) {
  return (
    <CheckSet
      label={field.label}
      help={field.help}
      entries={field.values.map((id) => ({ id, label: labelOf(id) }))}
      value={asStrings(value)}
      onChange={onChange}
      failure={Object.values(failures)[0]}
    />
  )
}

/** Several of a few, each with its box. */
export function CheckSet({
  label,
  help,
  entries,
  value,
  onChange,
  failure,
}: {
  label: string
  help?: string
  entries: readonly { id: string; label: string }[]
  value: string[]
  onChange(value: string[]): void
  failure?: string | undefined
}) {
  return (
    <CheckboxGroup className="field" value={value} onChange={onChange} isInvalid={failure !== undefined}>
      <Label>{label}</Label>
      <div className="check-set">
        {entries.map((entry) => (
          <Checkbox key={entry.id} value={entry.id} className="check-line">
            {({ isSelected }) => (
              <>
                <span className="check-box" data-checked={isSelected || undefined} aria-hidden />
                {entry.label}
              </>
            )}
          </Checkbox>
        ))}
      </div>
      {help ? <Help text={help} /> : null}
      <FieldError className="field-failure">{failure}</FieldError>
    </CheckboxGroup>
  )
}

function ListView({ field, value, onChange, failures }: FieldProps<'list'>) {
  const items = Array.isArray(value) ? value.map(asRecord) : []
  const full = field.most !== undefined && items.length >= field.most
  return (
    <fieldset className="field-group">
      <legend>{field.label}</legend>
      {field.help ? <p className="field-help">{field.help}</p> : null}
      {items.map((item, index) => (
        <div key={index} className="field-item" role="group" aria-label={`${field.label} ${index + 1}`}>
          <Fields
            fields={field.fields}
            value={item}
            onChange={(next) => onChange(items.with(index, next))}
            failures={failuresBelow(failures, String(index))}
          />
          <IconButton
            label={`Remove ${field.label.toLowerCase()} ${index + 1}`}
            icon={<Trash2 size={14} aria-hidden />}
            onPress={() => onChange(items.toSpliced(index, 1))}
          />
        </div>
      ))}
      {failures[''] ? <p className="field-failure">{failures['']}</p> : null}
      <Button
        small
        icon={<Plus size={14} aria-hidden />}
        isDisabled={full}
        onPress={() => onChange([...items, emptyItem(field.fields)])}
      >
        Add
      </Button>
    </fieldset>
  )
}

function Help({ text }: { text: string }) {
  return text ? (
    <Text slot="description" className="field-help">
      {text}
    </Text>
  ) : null
}

function withDefault({ help, fallback }: Field): string {
  const usual = typeof fallback === 'number' ? String(fallback) : typeof fallback === 'string' ? labelOf(fallback) : ''
  return usual ? `${help} Usually ${usual}.` : help
}

/** What has to be given is there from the start, so that it can be seen to be empty. */
function emptyItem(fields: Field[]): Value {
  return Object.fromEntries(fields.filter((field) => field.required).map((field) => [field.name, field.fallback ?? '']))
}

function failuresBelow(failures: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(failures).flatMap(([path, message]) =>
      path === name ? [['', message]] : path.startsWith(`${name}.`) ? [[path.slice(name.length + 1), message]] : [],
    ),
  )
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

function asStrings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function asRecord(value: unknown): Value {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
