import { z } from 'zod'
import { chunkerDefinitions } from '../chunkers/list.ts'
import { AppError, toAppError } from '../contract/errors.ts'
import { type Pipeline, pipelineSchema } from '../contract/pipeline.ts'
import type { Parameter, TuneSpec } from '../contract/tune.ts'
import { embedderDefinitions } from '../embedders/list.ts'
import { applyAssignment, type Assignment, countPoints, pointsOf, valuesOf } from '../flows/tune.ts'
import { generatorDefinitions } from '../generators/list.ts'
import { indexDefinitions } from '../indexes/list.ts'
import { parserDefinitions } from '../parsers/list.ts'
import { rerankerDefinitions } from '../rerankers/list.ts'
import { retrieverDefinitions } from '../retrievers/list.ts'
import { canonicalJson } from '../shared/hash.ts'
import { issueWords } from '../shared/issue-words.ts'
import { checkPipeline, withDefaults } from './pipelines.ts'

/** More points than this are looked at one value at a time, and drawn instead of gone through. */
const mostPoints = 20_000

/**
 * The points of a search space that are pipelines, each once. An option counts where what is chosen has it and is no
 * dimension where it has not (a page has no overlap); values that do not go together are left out. A value that goes with
 * nothing is a mistake. Errors: implementation-unknown, input-invalid.
 */
export function spaceOf(pipeline: Pipeline, { parameters }: Pick<TuneSpec, 'parameters'>): Assignment[] {
  const paths = parameters.map(({ path }) => path)
  const twice = paths.find((path, index) => paths.indexOf(path) !== index)
  if (twice !== undefined)
    throw new AppError('input-invalid', `The parameter "${twice}" is there twice. Join its values.`)
  const points = countPoints(parameters)
  if (points > mostPoints) {
    throw new AppError(
      'input-invalid',
      `The search space has ${points} points; ${mostPoints} is the most. Leave out values, or search in two steps.`,
      { details: { points } },
    )
  }
  const problems = new Map<string, AppError>()
  const good = new Set<string>()
  const space = new Map<string, Assignment>()
  for (const whole of pointsOf(parameters)) {
    const point = fitting(pipeline, whole)
    const key = canonicalJson(point)
    if (space.has(key)) continue
    const problem = problemOf(pipeline, point)
    if (!problem) space.set(key, point)
    for (const [path, value] of Object.entries(whole)) {
      const entry = canonicalJson([path, value])
      if (!problem && path in point) good.add(entry)
      else if (!problems.has(entry)) {
        const why = path in point ? problem : problemOf(pipeline, whole)
        if (why) problems.set(entry, why)
      }
    }
  }
  for (const [entry, problem] of problems) if (!good.has(entry)) throw problem
  return [...space.values()]
}

/** The point without options that what it chooses, or the pipeline has, does not offer. */
export function fitting(pipeline: Pipeline, point: Assignment): Assignment {
  const changed = applyAssignment(
    pipeline,
    Object.fromEntries(Object.entries(point).filter(([path]) => !path.includes('.'))),
  )
  return Object.fromEntries(
    Object.entries(point).filter(([path]) => {
      const [family = '', part, name] = path.split('.')
      if (part !== 'options' || name === undefined) return true
      const choice = changed?.[family]
      if (choice === null) return false
      const names = optionNames(family, (choice as { id?: unknown } | undefined)?.id)
      // What nobody knows is refused where the pipeline is checked.
      return names === undefined || names.includes(name)
    }),
  )
}

const families: Readonly<Record<string, readonly { id: string; options: z.ZodType }[]>> = {
  chunker: chunkerDefinitions,
  embedder: embedderDefinitions,
  index: indexDefinitions,
  retriever: retrieverDefinitions,
  reranker: rerankerDefinitions,
  generator: generatorDefinitions,
}

function optionNames(family: string, id: unknown): string[] | undefined {
  const schema = families[family]?.find((definition) => definition.id === id)?.options
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : undefined
}

/** Why the pipeline cannot be changed so; undefined where it can. */
export function problemOf(pipeline: Pipeline, point: Assignment): AppError | undefined {
  try {
    checkPipeline(pipelineAt(pipeline, point))
    return undefined
  } catch (thrown) {
    return toAppError(thrown)
  }
}

/** Errors: input-invalid. */
export function pipelineAt(pipeline: Pipeline, point: Assignment): Pipeline {
  const changed = applyAssignment(pipeline, point)
  const parsed = changed && pipelineSchema.safeParse(changed)
  if (parsed?.success) return parsed.data
  const issue = parsed?.error.issues[0]
  throw new AppError(
    'input-invalid',
    issue
      ? `"${issue.path.join('.')}" of a pipeline cannot be that: ${issueWords(issue)}.`
      : `The pipeline has no place for ${Object.keys(point).join(', ')}. Choose what they belong to as well.`,
  )
}

/** Two pipelines that do the same have the same key. */
export function keyOf(pipeline: Pipeline): string {
  return canonicalJson(withDefaults(pipeline))
}

/** Where in the search space a pipeline is, in the values as they were given; what it has no place for is not there. */
export function pointOf(pipeline: Pipeline, parameters: readonly Parameter[]): Assignment {
  return Object.fromEntries(
    parameters.flatMap((parameter) => {
      const value = valueAt(pipeline, parameter.path)
      return value === undefined ? [] : [[parameter.path, asGiven(pipeline, value, parameter, parameters)]]
    }),
  )
}

/** A whole choice is called by the value that made it: with its options, each trial's would be another one. */
function asGiven(
  pipeline: Pipeline,
  value: unknown,
  { path, ...values }: Parameter,
  all: readonly Parameter[],
): unknown {
  if (typeof value !== 'object' || value === null) return value
  const deeper = all.flatMap((other) => {
    const own = other.path.startsWith(`${path}.`) ? valueAt(pipeline, other.path) : undefined
    return own === undefined ? [] : [[other.path, own] as const]
  })
  const key = keyOf(pipeline)
  const given = valuesOf({ path, ...values }).find((one) => {
    const changed = { ...Object.fromEntries(deeper), [path]: one }
    return !problemOf(pipeline, changed) && keyOf(pipelineAt(pipeline, changed)) === key
  })
  return given === undefined ? value : given
}

/** Whether a pipeline's point is one of the search space. */
export function isInSpace(point: Assignment, parameters: readonly Parameter[]): boolean {
  return parameters.every(
    (parameter) =>
      !(parameter.path in point) ||
      valuesOf(parameter).some((value) => canonicalJson(value) === canonicalJson(point[parameter.path])),
  )
}

/** What a pipeline has at a path, defaults counted; undefined where it has no such place. */
export function valueAt(pipeline: Pipeline, path: string): unknown {
  const [family, parserId = '', option = ''] = path.split('.')
  // Of parsers a pipeline names only what is not as usual.
  if (family === 'parsers' && option !== '') {
    const definition = parserDefinitions.find(({ id }) => id === parserId)
    const options = definition?.options.safeParse(pipeline.parsers[parserId] ?? {})
    return options?.success ? Reflect.get(options.data, option) : undefined
  }
  return path
    .split('.')
    .reduce<unknown>(
      (value, step) => (typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined),
      withDefaults(pipeline),
    )
}
