import { AppError } from '../contract/errors.ts'
import type { RunSettings } from '../contract/runs.ts'
import type { EvaluatorDefinition, JudgeDependencies } from '../evaluators/evaluator.ts'
import { evaluatorDefinitions } from '../evaluators/list.ts'
import type { Metric } from '../flows/evaluate.ts'
import { sqlFilter } from '../library/document-filter.ts'
import { findDefinition } from '../shared/family.ts'
import { checkTextGenerator } from './pipelines.ts'

/** What is measured where nobody says what. Names that no case has a score for are left out of the report. */
const usual = ['ndcg@10', 'recall@1', 'recall@5', 'recall@10', 'precision@5', 'mrr@10', 'map@10'].concat([
  'span-recall@5',
  'span-precision@5',
  'span-precision-omega',
  'span-iou@5',
])

/**
 * The metrics of a run, by the names that people give them: 'recall@5'. Errors: implementation-unknown, input-invalid (a
 * metric of answers without answers, a judged one without a judge).
 */
export function createMetrics(
  settings: Pick<RunSettings, 'metrics' | 'answers' | 'judge'>,
  judge?: JudgeDependencies,
): Metric[] {
  const names = settings.metrics.length > 0 ? settings.metrics : usualMetrics(settings)
  return [...new Set(names)].map((name) => createMetric(name, settings, judge))
}

/** Metrics of answers and of judges come where there are answers and a judge. */
function usualMetrics({ answers, judge }: Pick<RunSettings, 'answers' | 'judge'>): string[] {
  const kinds = [...(answers ? ['answer'] : []), ...(answers && judge ? ['judged'] : [])]
  return [...usual, ...evaluatorDefinitions.filter(({ kind }) => kinds.includes(kind)).map(({ id }) => id)]
}

/** The same settings, with these metrics measured too. */
export function withMetrics(settings: RunSettings, more: readonly string[]): RunSettings {
  const names = settings.metrics.length > 0 ? settings.metrics : usualMetrics(settings)
  // The usual ones stay unnamed: a name is a promise that every case has it.
  if (settings.metrics.length === 0 && more.every((name) => names.includes(name))) return settings
  return { ...settings, metrics: [...new Set([...names, ...more])] }
}

/** How many results the metrics look at. */
export function resultsWanted(settings: Pick<RunSettings, 'metrics' | 'k'>): number {
  return Math.max(settings.k, ...settings.metrics.map((name) => Number(name.split('@')[1] ?? 0)))
}

/** Errors: implementation-unknown, input-invalid. */
export function parseMetricName(name: string): { definition: EvaluatorDefinition; options: Record<string, unknown> } {
  const [id = '', k] = name.split('@')
  const definition = findDefinition('metric', evaluatorDefinitions, id)
  const options = k === undefined ? {} : { k: Number(k) }
  if (k !== undefined && !hasK(definition)) {
    throw new AppError('input-invalid', `The metric "${id}" looks at everything: write it without "@${k}".`)
  }
  return { definition, options }
}

export function hasK(definition: EvaluatorDefinition): boolean {
  return definition.options.safeParse({ k: 1 }).success
}

/** Whether the metrics of a run can be made, without opening its judge. Errors: as createMetrics. */
export function checkMetrics(settings: Pick<RunSettings, 'metrics' | 'answers' | 'judge'>): void {
  for (const name of settings.metrics) requireWhatItNeeds(name, parseMetricName(name).definition, settings)
}

/** Whether a run can be begun with this, without opening its judge. Errors: as createMetrics, and of filter and judge. */
export function checkRunSettings(settings: RunSettings): void {
  checkMetrics(settings)
  sqlFilter(settings.filter)
  if (settings.judge) checkTextGenerator(settings.judge)
}

function createMetric(
  name: string,
  settings: Pick<RunSettings, 'answers' | 'judge'>,
  judge: JudgeDependencies | undefined,
): Metric {
  const { definition, options } = parseMetricName(name)
  requireWhatItNeeds(name, definition, settings)
  const { label, better } = definition
  const facts = { name: 'k' in options || !hasK(definition) ? name : named(definition), label, better }
  switch (definition.kind) {
    case 'ranking':
      return { ...facts, kind: 'ranking', evaluator: definition.create(definition.options.parse(options)) }
    case 'spans':
      return { ...facts, kind: 'spans', evaluator: definition.create(definition.options.parse(options)) }
    case 'answer':
      return { ...facts, kind: 'answer', evaluator: definition.create(definition.options.parse(options)) }
    case 'judged':
      if (!judge) throw new Error('A judged metric was made without its judge.')
      return { ...facts, kind: 'judged', evaluator: definition.create(definition.options.parse(options), judge) }
  }
}

function requireWhatItNeeds(
  name: string,
  { kind }: EvaluatorDefinition,
  { answers, judge }: Pick<RunSettings, 'answers' | 'judge'>,
): void {
  if ((kind === 'answer' || kind === 'judged') && !answers) {
    throw new AppError('input-invalid', `The metric "${name}" is about answers: measure answers too, or leave it out.`)
  }
  if (kind === 'judged' && !judge) {
    throw new AppError('input-invalid', `The metric "${name}" needs a judge: choose a language model for it.`)
  }
}

/** 'recall' looks at as many as its options say by default, and its name says so. */
function named(definition: EvaluatorDefinition): string {
  const { k } = definition.options.parse({}) as { k: number }
  return `${definition.id}@${k}`
}
