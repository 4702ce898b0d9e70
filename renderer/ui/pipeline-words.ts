import type { Implementation } from '../../core/contract/catalogue.ts'
import { labelOf } from '../../core/contract/option-words.ts'
import type { Choice, Pipeline, Rule } from '../../core/contract/pipeline.ts'
import { pipelineSchema } from '../../core/contract/pipeline.ts'
import { fieldsOf, same, type Field } from './schema-fields.ts'

/** The implementations that a pipeline is made of. */
export type Families = Record<
  'parser' | 'cleaner' | 'chunker' | 'embedder' | 'index' | 'retriever' | 'reranker' | 'generator',
  Implementation[]
>

/** 'contracts/** · pdf, docx', 'Every document'. */
export function ruleScope({ paths, types }: Pick<Rule, 'paths' | 'types'>): string {
  const parts = [paths.join(', '), types.join(', ')].filter(Boolean)
  return parts.length > 0 ? parts.join(' · ') : 'Every document'
}

/** Where in the form a refusal belongs, if the core said so: 'Option "maxTokens" of the chunker "fixed": …'. */
export function refusalOf(
  failure: { code: string; message: string; details: Record<string, unknown> } | null,
): { kind: string; id: string; failures: Record<string, string> } | null {
  if (failure?.code !== 'input-invalid') return null
  const { kind, id } = failure.details
  const path = /^Option "([^"]+)"/.exec(failure.message)?.[1]
  if (typeof kind !== 'string' || typeof id !== 'string' || path === undefined) return null
  return { kind, id, failures: { [path]: failure.message } }
}

/** The models on this machine that a choice names: options whose schema says that they do, defaults included. */
export function installedModelsOf(choice: Choice, { options }: Pick<Implementation, 'options'>): string[] {
  const properties = Object.entries((options.properties ?? {}) as Record<string, Record<string, unknown>>)
  return properties.flatMap(([name, schema]) => {
    const value = choice.options[name] ?? schema.default
    return schema.model !== undefined && typeof value === 'string' && value !== '' ? [value] : []
  })
}

/** One setting of a pipeline as a person reads it. */
export interface PipelineFact {
  /** What it is, in the pipeline. */
  path: string
  /** 'Cutting: max tokens' */
  label: string
  /** '256' */
  value: string
}

const members = [
  { name: 'chunker', title: 'Cutting' },
  { name: 'embedder', title: 'Embedding' },
  { name: 'index', title: 'Index' },
  { name: 'retriever', title: 'Search' },
  { name: 'reranker', title: 'Reranking' },
  { name: 'generator', title: 'Answers' },
] as const

/** Every setting, defaults included, in the words of the schemas. */
export function pipelineFacts(pipeline: Pipeline, families: Families): PipelineFact[] {
  const named = members.flatMap(({ name, title }) => choiceFacts(pipeline[name], families[name], name, title))
  const parsers = Object.entries(pipeline.parsers).flatMap(([id, options]) => {
    const parser = families.parser.find((each) => each.id === id)
    const labels = new Map(fieldsOf(parser?.options ?? {}).map((field) => [field.name, field.label.toLowerCase()]))
    return Object.entries(options).map(([name, value]) => ({
      path: `parsers.${id}.${name}`,
      label: `Reading ${parser?.label ?? id}: ${labels.get(name) ?? labelOf(name).toLowerCase()}`,
      value: valueWords(value),
    }))
  })
  return [
    ...named,
    { path: 'filter', label: 'Documents searched', value: pipeline.filter || 'all' },
    { path: 'passages', label: 'Passages given to an answer', value: String(pipeline.passages) },
    { path: 'prompt', label: 'Prompt', value: promptWords(pipeline.prompt) },
    {
      path: 'cleaning',
      label: 'Cleaning',
      value: listWords(pipeline.cleaning.map((step) => stepWords(step, families))),
    },
    { path: 'rules', label: 'Rules', value: listWords(pipeline.rules.map((rule) => ruleWords(rule, families))) },
    ...parsers,
  ]
}

export interface PipelineDifference {
  path: string
  label: string
  before: string
  after: string
}

/** What differs, with defaults filled in. Where another implementation is chosen, only those of its options that were set. */
export function pipelineDifferences(before: Pipeline, after: Pipeline, families: Families): PipelineDifference[] {
  const swapped = members.filter(({ name }) => before[name]?.id !== after[name]?.id).map(({ name }) => name)
  const ofBefore = pipelineFacts(before, families)
  const ofAfter = pipelineFacts(after, families)
  const facts = new Map([...ofBefore, ...ofAfter].map((fact) => [fact.path, fact]))
  return [...facts.values()].flatMap(({ path, label }) => {
    const from = ofBefore.find((fact) => fact.path === path)?.value ?? '–'
    const to = ofAfter.find((fact) => fact.path === path)?.value ?? '–'
    const member = swapped.find((name) => path.startsWith(`${name}.options.`))
    const option = path.split('.').at(-1) ?? ''
    const isSet =
      member === undefined || [before[member], after[member]].some((choice) => choice && option in choice.options)
    if (path === 'prompt' && from === to && !same(before.prompt, after.prompt)) {
      return [{ path, label, before: from, after: `${to}, in other words` }]
    }
    return from !== to && isSet ? [{ path, label, before: from, after: to }] : []
  })
}

/** 'Cutting: max tokens 256 → 128; Search: fusion convex → rrf; 2 more' */
export function differenceWords(differences: readonly PipelineDifference[], most = 2): string {
  if (differences.length === 0) return 'nothing'
  const words = differences.slice(0, most).map(({ label, before, after }) => `${label} ${before} → ${after}`)
  const more = differences.length - most
  return [...words, ...(more > 0 ? [`${more} more`] : [])].join('; ')
}

/** Reads the JSON view; what its values mean is judged by the core. */
export function readPipeline(
  text: string,
): { pipeline: Pipeline; problem: null } | { pipeline: null; problem: string } {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (error) {
    return { pipeline: null, problem: `This is not JSON: ${(error as Error).message}.` }
  }
  const read = pipelineSchema.safeParse(given)
  if (read.success) return { pipeline: read.data, problem: null }
  const [issue] = read.error.issues
  const place = issue?.path.join('.')
  return { pipeline: null, problem: `${place ? `${place}: ` : ''}${issue?.message ?? 'This is no pipeline.'}` }
}

function choiceFacts(choice: Choice | null, known: Implementation[], name: string, title: string): PipelineFact[] {
  if (!choice) return [{ path: name, label: title, value: 'none' }]
  const found = known.find(({ id }) => id === choice.id)
  const fields = fieldsOf(found?.options ?? {})
  const strange = Object.keys(choice.options).filter((key) => !fields.some((field) => field.name === key))
  return [
    { path: name, label: title, value: found?.label ?? choice.id },
    ...fields.map((field) => ({
      path: `${name}.options.${field.name}`,
      label: `${title}: ${field.label.toLowerCase()}`,
      value: valueWords(choice.options[field.name] ?? field.fallback, field),
    })),
    ...strange.map((key) => ({
      path: `${name}.options.${key}`,
      label: `${title}: ${labelOf(key).toLowerCase()}`,
      value: valueWords(choice.options[key]),
    })),
  ]
}

/** 'Standard, version 2' */
export function promptWords(prompt: Pipeline['prompt']): string {
  if (prompt === null) return 'the usual one'
  if (prompt.name === '') return 'written for it alone'
  return prompt.version === 0 ? prompt.name : `${prompt.name}, version ${prompt.version}`
}

function stepWords({ id, options }: Choice, { cleaner }: Families): string {
  const set = Object.entries(options).map(([name, value]) => `${labelOf(name).toLowerCase()} ${valueWords(value)}`)
  return `${cleaner.find((each) => each.id === id)?.label ?? id}${set.length > 0 ? ` (${set.join(', ')})` : ''}`
}

function ruleWords(rule: Rule, families: Families): string {
  const sets = [
    rule.chunker ? choiceWords(rule.chunker, families.chunker) : '',
    rule.cleaning ? `cleaning ${listWords(rule.cleaning.map((step) => stepWords(step, families)))}` : '',
    rule.parsers ? `reading ${JSON.stringify(rule.parsers)}` : '',
  ].filter(Boolean)
  return `${ruleScope(rule)}: ${sets.length > 0 ? sets.join(', ') : 'nothing'}`
}

function choiceWords({ id, options }: Choice, known: Implementation[]): string {
  const set = Object.entries(options).map(([name, value]) => `${labelOf(name).toLowerCase()} ${valueWords(value)}`)
  return [known.find((each) => each.id === id)?.label ?? id, ...set].join(', ')
}

function listWords(words: readonly string[]): string {
  return words.length === 0 ? 'none' : words.join('; ')
}

function valueWords(value: unknown, field?: Field): string {
  if (value === true) return 'on'
  if (value === false) return 'off'
  if (value === null || value === undefined || value === '') return 'none'
  if (typeof value === 'string') return field?.kind === 'choice' ? labelOf(value).toLowerCase() : value
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return listWords(value)
  return typeof value === 'number' ? String(value) : JSON.stringify(value)
}
