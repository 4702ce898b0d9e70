import { labelOf } from '../../core/contract/option-words.ts'

/** A JSON Schema as it comes over the wire. */
export type JsonSchema = Record<string, unknown>

interface Common {
  name: string
  label: string
  help: string
  required: boolean
  /** What counts where nothing is given. */
  fallback: unknown
}

/** A field of a form, as one property of a schema asks for it. */
export type Field = Common &
  (
    | { kind: 'text'; maxLength?: number }
    | { kind: 'number'; integer: boolean; least?: number; most?: number }
    | { kind: 'switch' }
    | { kind: 'choice'; values: string[] }
    /** The name of a model on this machine, of this kind and format. */
    | { kind: 'model'; modelKind: string; format: string }
    /** Several lines of text. */
    | { kind: 'lines' }
    /** Several values of a few. */
    | { kind: 'choices'; values: string[] }
    | { kind: 'group'; fields: Field[] }
    /** Several groups alike. */
    | { kind: 'list'; fields: Field[]; most?: number }
    /** Nothing that can be edited here: it is kept as it is. */
    | { kind: 'other' }
  )

/** The fields of an object's schema, in its order. What is not understood becomes 'other', never an error. */
export function fieldsOf(schema: JsonSchema): Field[] {
  const required = strings(schema.required)
  return Object.entries(record(schema.properties)).map(([name, property]) =>
    toField(name, record(property), required.includes(name)),
  )
}

/** `value` with one property changed. What equals the default is left out; what is not known here is kept. */
export function withProperty(value: Record<string, unknown>, field: Field, next: unknown): Record<string, unknown> {
  const { [field.name]: _, ...rest } = value
  const isDefault = next === undefined || (!field.required && same(next, field.fallback))
  return isDefault ? rest : { ...value, [field.name]: next }
}

/** Whether two JSON values are the same; the order of properties does not matter. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => same(item, b[index]))
  }
  if (!isRecord(a) || !isRecord(b)) return false
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].every((name) => same(a[name], b[name]))
}

function toField(name: string, given: JsonSchema, required: boolean): Field {
  const schema = unwrapped(given)
  const common: Common = {
    name,
    label: typeof given.title === 'string' ? given.title : labelOf(name),
    help: text(given.description) || text(schema.description),
    required,
    fallback: given.default ?? schema.default,
  }
  if (Array.isArray(schema.enum)) return { ...common, kind: 'choice', values: schema.enum.map(String) }
  switch (schema.type) {
    case 'string':
      if (isRecord(given.model)) {
        return { ...common, kind: 'model', modelKind: text(given.model.kind), format: text(given.model.format) }
      }
      return { ...common, kind: 'text', ...optional('maxLength', schema.maxLength) }
    case 'integer':
    case 'number':
      return {
        ...common,
        kind: 'number',
        integer: schema.type === 'integer',
        ...optional('least', schema.minimum ?? schema.exclusiveMinimum),
        ...optional('most', schema.maximum ?? schema.exclusiveMaximum),
      }
    case 'boolean':
      return { ...common, kind: 'switch' }
    case 'object':
      return isRecord(schema.properties)
        ? { ...common, kind: 'group', fields: fieldsOf(schema) }
        : { ...common, kind: 'other' }
    case 'array': {
      const items = unwrapped(record(schema.items))
      const help = common.help || text(items.description)
      if (Array.isArray(items.enum)) return { ...common, help, kind: 'choices', values: items.enum.map(String) }
      if (items.type === 'string') return { ...common, help, kind: 'lines' }
      if (items.type === 'object') {
        return { ...common, kind: 'list', fields: fieldsOf(items), ...optional('most', schema.maxItems) }
      }
      return { ...common, kind: 'other' }
    }
    default:
      return { ...common, kind: 'other' }
  }
}

/** What may be null or left out is, for a form, what it is otherwise. */
function unwrapped(schema: JsonSchema): JsonSchema {
  const options: unknown = schema.anyOf ?? schema.oneOf
  if (!Array.isArray(options)) return schema
  const named = options.map(record).filter((option) => option.type !== 'null')
  const constants = named.map((option) => option.const)
  if (constants.length > 0 && constants.every((value) => typeof value === 'string')) return { enum: constants }
  return named.length === 1 && named[0] ? named[0] : schema
}

function optional<Name extends string>(name: Name, value: unknown): { [Key in Name]?: number } {
  return (typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER ? { [name]: value } : {}) as {
    [Key in Name]?: number
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
