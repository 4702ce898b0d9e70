import type { Implementation } from '../../../core/contract/catalogue.ts'
import type { Model } from '../../../core/contract/models.ts'
import type { Choice, Pipeline } from '../../../core/contract/pipeline.ts'
import type { RunSettings } from '../../../core/contract/runs.ts'
import type { Parameter, TuneSpec } from '../../../core/contract/tune.ts'
import { labelOf, shortLabel, valueWords } from '../../../core/contract/option-words.ts'
import { fieldsOf, same, type Field } from '../../ui/schema-fields.ts'

/** What is searched, as it is being put together. */
export type SpecDraft = Pick<TuneSpec, 'parameters' | 'strategy' | 'budget' | 'metric' | 'heldOut' | 'earlyStop'> & {
  heldOutSplit?: string
  settings?: Partial<RunSettings>
}

/** Families that one choice is made of, as a pipeline names them. */
const families = [
  { name: 'chunker', title: 'Cutting' },
  { name: 'embedder', title: 'Embedding' },
  { name: 'retriever', title: 'Search' },
  { name: 'reranker', title: 'Reranking' },
] as const
type FamilyName = (typeof families)[number]['name']
export type Families = Record<FamilyName | 'parser' | 'cleaner', Implementation[]>

/** An option of a pipeline that a search can vary. */
export interface SearchOption {
  path: string
  /** 'Cutting: max tokens' */
  label: string
  help: string
  /** What the collection has now; undefined where its present choice has no such option. */
  present: unknown
  values:
    | { kind: 'number'; integer: boolean; least?: number; most?: number }
    | { kind: 'choice'; entries: { value: unknown; label: string }[] }
    | { kind: 'filters' }
}

/**
 * What can be varied: the choice in each family, and the options of what is chosen now or would be chosen by `parameters`.
 * Options that are neither a number nor one of a few nor a filter are left to the JSON view.
 */
export function searchOptions(
  known: Families,
  pipeline: Pipeline,
  parameters: readonly Parameter[],
  models: readonly Model[],
): SearchOption[] {
  const filter: SearchOption = {
    path: 'filter',
    label: 'Search: documents searched',
    help: 'Each filter is tried by itself. One that leaves out documents with expected passages scores worse, as it should.',
    present: pipeline.filter,
    values: { kind: 'filters' },
  }
  const chosen = families.flatMap(({ name, title }) => {
    const present: Choice | null = pipeline[name]
    const ids = new Set([...(present ? [present.id] : []), ...chosenIds(parameters, name)])
    const options = new Map<string, SearchOption>()
    for (const { id, options: schema } of known[name].filter((each) => ids.has(each.id))) {
      for (const field of fieldsOf(schema)) {
        const path = `${name}.options.${field.name}`
        const values = valuesOf(field, models)
        if (values === null || options.has(path)) continue
        const now = present?.id === id ? (present.options[field.name] ?? field.fallback) : undefined
        const label = `${title}: ${field.label.toLowerCase()}`
        options.set(path, { path, label, help: field.help, present: now, values })
      }
    }
    const choice = choiceOf(known[name], name, title, present)
    return [...(choice ? [choice] : []), ...options.values()]
  })
  return [...chosen, filter, ...readingOptions(known, pipeline)]
}

/** A search of a few minutes to begin with: the options that matter most, around what they are now. */
export function firstParameters(options: readonly SearchOption[]): Parameter[] {
  return ['chunker.options.maxTokens', 'retriever.options.vectorWeight'].flatMap((path) => {
    const option = options.find((each) => each.path === path)
    return option ? [{ path, values: suggestedValues(option) }] : []
  })
}

/** Where to begin: around what a number is now, every one of a few; all documents beside those that are searched now. */
export function suggestedValues({ values, present }: SearchOption): unknown[] {
  if (values.kind === 'choice') return values.entries.map(({ value }) => value)
  if (values.kind === 'filters') return [...new Set(['', present])]
  const { integer, least = -Infinity, most = Infinity } = values
  const now = typeof present === 'number' ? present : Number.isFinite(least) ? least : 1
  const around = integer ? [Math.round(now / 2), now, now * 2] : [now - 0.25, now, now + 0.25].map(rounded)
  return [...new Set(around.map((value) => Math.min(most, Math.max(least, value))))]
}

/** '128, 256' → [128, 256]; a sentence where that is not numbers, or not within the option's limits. */
export function parseNumbers(
  text: string,
  { integer, least = -Infinity, most = Infinity }: { integer: boolean; least?: number; most?: number },
): { values: number[]; problem: string | null } {
  const parts = text.split(/[\s,;]+/).filter(Boolean)
  const values = [...new Set(parts.map(Number))]
  const wrong = parts.find((part) => !Number.isFinite(Number(part)) || (integer && !Number.isInteger(Number(part))))
  if (parts.length === 0) return { values: [], problem: 'Give at least one value.' }
  if (wrong !== undefined)
    return {
      values: [],
      problem: `"${wrong}" is no ${integer ? 'whole number' : 'number'}. Write values as 0.25, 0.5.`,
    }
  const outside = values.find((value) => value < least || value > most)
  if (outside !== undefined) return { values: [], problem: `${outside} is outside of ${limits(least, most)}.` }
  return { values, problem: null }
}

/** Whether the form can show a parameter without losing any of it: JSON can say more. */
export function isEditable({ values }: SearchOption, parameter: Parameter): boolean {
  if (!('values' in parameter)) return values.kind === 'number'
  if (values.kind === 'filters') return parameter.values.every((value) => typeof value === 'string')
  return values.kind === 'number'
    ? parameter.values.every((value) => typeof value === 'number')
    : parameter.values.every((given) => values.entries.some(({ value }) => same(value, given)))
}

/** How many values a parameter has, as the core counts them. */
export function countOf(parameter: Parameter): number {
  if ('values' in parameter) return parameter.values.length
  const { from, to, step } = parameter
  return step > 0 && to >= from ? Math.floor((to - from) / step + 1e-9) + 1 : 0
}

/** Why the search cannot be asked for yet, as far as that can be seen without the core. */
export function incompleteOf({ parameters }: SpecDraft): string | null {
  if (parameters.length === 0) return 'Choose at least one option to vary.'
  const empty = parameters.find((parameter) => countOf(parameter) === 0)
  return empty ? `${shortLabel(empty.path)} has no value yet.` : null
}

/** Reads the JSON view; what its values mean is judged by the core. */
export function readSpec(text: string): { spec: SpecDraft; problem: null } | { spec: null; problem: string } {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (error) {
    return { spec: null, problem: `This is not JSON: ${(error as Error).message}.` }
  }
  if (!isRecord(given)) return { spec: null, problem: 'A search is an object with "parameters" in it.' }
  const { parameters } = given
  if (!Array.isArray(parameters) || !parameters.every(isParameter)) {
    return {
      spec: null,
      problem: '"parameters" is a list of {"path": …, "values": […]} or {"path": …, "from": …, "to": …, "step": …}.',
    }
  }
  return { spec: { ...emptySpec, ...given, parameters }, problem: null }
}

export const emptySpec: SpecDraft = {
  parameters: [],
  strategy: 'grid',
  budget: {},
  metric: 'ndcg@10',
  heldOut: 0.3,
  earlyStop: true,
}

/** How documents are read: for each value they are read again, beside their texts. */
function readingOptions({ parser, cleaner }: Families, pipeline: Pipeline): SearchOption[] {
  const again = 'Documents are read again for it, beside their texts.'
  // A step without a pattern or a list of its own does nothing.
  const usable = cleaner.filter(({ options }) =>
    fieldsOf(options).every(({ fallback }) => !Array.isArray(fallback) || fallback.length > 0),
  )
  const present = pipeline.cleaning.length === 0 ? null : pipeline.cleaning
  const cleaning: SearchOption = {
    path: 'cleaning',
    label: 'Cleaning: which step',
    help: `Each step alone, with its usual options; several together are written as JSON. ${again}`,
    present,
    values: {
      kind: 'choice',
      entries: [
        { value: null, label: 'None' },
        ...(present ? [{ value: present, label: valueWords(present) }] : []),
        ...usable.map(({ id, label }) => ({ value: id, label })),
      ],
    },
  }
  const parsing = parser.flatMap(({ id, label: title, options }) =>
    fieldsOf(options).flatMap((field): SearchOption[] => {
      const values = valuesOf(field, [])
      if (values === null) return []
      const label = `Reading ${title}: ${field.label.toLowerCase()}`
      const now = pipeline.parsers[id]?.[field.name] ?? field.fallback
      return [{ path: `parsers.${id}.${field.name}`, label, help: `${field.help} ${again}`, present: now, values }]
    }),
  )
  return [cleaning, ...parsing]
}

function chosenIds(parameters: readonly Parameter[], path: string): string[] {
  const parameter = parameters.find((each) => each.path === path)
  if (!parameter || !('values' in parameter)) return []
  return parameter.values.flatMap((value) =>
    typeof value === 'string' ? [value] : isRecord(value) && typeof value.id === 'string' ? [value.id] : [],
  )
}

function choiceOf(
  known: readonly Implementation[],
  name: FamilyName,
  title: string,
  present: Choice | null,
): SearchOption | null {
  // What cannot do without an option of its own, such as a model, is chosen by that option.
  const free = known.filter(({ options }) => fieldsOf(options).every((field) => !field.required))
  const none = name === 'reranker' ? [{ value: null, label: 'None' }] : []
  const entries = [...none, ...free.map(({ id, label }) => ({ value: id, label }))]
  if (entries.length < 2) return null
  return {
    path: name,
    label: `${title}: which one`,
    help: 'Each with its usual options, unless these are varied, too. Options that do not go with one are left out.',
    present: present?.id ?? null,
    values: { kind: 'choice', entries },
  }
}

function valuesOf(field: Field, models: readonly Model[]): SearchOption['values'] | null {
  switch (field.kind) {
    case 'number': {
      const { integer, least, most } = field
      return {
        kind: 'number',
        integer,
        ...(least === undefined ? {} : { least }),
        ...(most === undefined ? {} : { most }),
      }
    }
    case 'switch':
      return { kind: 'choice', entries: [true, false].map((value) => ({ value, label: value ? 'On' : 'Off' })) }
    case 'choice':
      return { kind: 'choice', entries: field.values.map((value) => ({ value, label: labelOf(value) })) }
    case 'model': {
      const here = models.filter(
        ({ manifest, origin }) =>
          origin !== null && manifest.kind === field.modelKind && manifest.format === field.format,
      )
      return here.length < 2
        ? null
        : { kind: 'choice', entries: here.map(({ manifest }) => ({ value: manifest.id, label: manifest.id })) }
    }
    default:
      return null
  }
}

function isParameter(value: unknown): value is Parameter {
  if (!isRecord(value) || typeof value.path !== 'string') return false
  if (Array.isArray(value.values)) return true
  return [value.from, value.to, value.step].every((part) => typeof part === 'number')
}

function limits(least: number, most: number): string {
  if (!Number.isFinite(most)) return `${least} and more`
  return Number.isFinite(least) ? `${least} to ${most}` : `${most} and less`
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
