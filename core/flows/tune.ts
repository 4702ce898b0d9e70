import type { Pipeline } from '../contract/pipeline.ts'
import type { Parameter, TuneResult, TuneSpec } from '../contract/tune.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { pairedBootstrap, type Verdict } from '../shared/bootstrap.ts'
import { canonicalJson, sha256 } from '../shared/hash.ts'
import { assignmentWords } from '../contract/option-words.ts'

/** Values by path: one point of a search space. */
export type Assignment = Readonly<Record<string, unknown>>

/** What one configuration came to. */
export interface TrialOutcome {
  number: number
  /** Of the metric that is looked for; NaN where there is none. */
  mean: number
  /** Whether it was measured on all the cases that it was to be measured on. */
  isWhole: boolean
}

export interface TuneSteps {
  /**
   * Measures a configuration on the first `cases` cases; one that is known is not measured again. A configuration that
   * cannot be measured is an outcome too. `against`: may be ended early once it cannot win against that trial any more.
   */
  trial(assignment: Assignment, cases: number, against: TrialOutcome | null): Promise<TrialOutcome>
  /** The configuration without what its choices have no option for; null where its values do not go together. */
  possible(assignment: Assignment): Assignment | null
  /** Why nothing more may be measured (`isNew`: no further configuration); null while there is budget left. */
  exhausted(trials: number, isNew: boolean): string | null
  /** Which of two means is the better one. */
  better: 'higher' | 'lower'
  /** Cases that trials may see. */
  cases: number
}

export interface TuneOutcome {
  best: TrialOutcome
  /** The present pipeline. */
  baseline: TrialOutcome
  /** Why not everything was tried; null where it was. */
  unfinished: string | null
}

/**
 * Searches for a better configuration: the present one first, then as the strategy says, until all is tried or the budget
 * is spent. The order depends on the spec alone, so that a search which was interrupted meets the trials it had.
 */
export async function tune(
  space: readonly Assignment[],
  spec: Pick<TuneSpec, 'strategy' | 'parameters' | 'settings' | 'earlyStop' | 'budget'>,
  steps: TuneSteps,
  signal?: AbortSignal,
): Promise<TuneOutcome> {
  const tried = new Map<string, TrialOutcome>()
  const begun = new Set<string>()
  let unfinished: string | null = null
  const baseline = await steps.trial({}, steps.cases, null)
  let best = baseline

  /** Null when the budget is spent. */
  const attempt = async (assignment: Assignment, cases = steps.cases): Promise<TrialOutcome | null> => {
    throwIfAborted(signal)
    const key = canonicalJson([assignment, cases])
    const known = tried.get(key)
    if (known) return known
    const configuration = canonicalJson(assignment)
    unfinished = steps.exhausted(begun.size, !begun.has(configuration))
    if (unfinished !== null) return null
    begun.add(configuration)
    const isFull = cases === steps.cases
    const outcome = await steps.trial(assignment, cases, spec.earlyStop && isFull ? best : null)
    tried.set(key, outcome)
    if (isFull && outcome.isWhole && isBetter(outcome.mean, best.mean, steps.better)) best = outcome
    return outcome
  }

  if (spec.strategy === 'grid') await inTurn(space, attempt)
  else if (spec.strategy === 'random') await inTurn(shuffled(space, spec.settings.seed), attempt)
  else if (spec.strategy === 'halving') await byHalving(space, spec, steps, attempt)
  else await byCoordinates(space, spec.parameters, steps, () => best.number, attempt)
  return { best, baseline, unfinished }
}

type Attempt = (assignment: Assignment, cases?: number) => Promise<TrialOutcome | null>

async function inTurn(space: readonly Assignment[], attempt: Attempt): Promise<void> {
  for (const assignment of space) if (!(await attempt(assignment))) return
}

/** Of ten questions the order of configurations is mostly noise. */
const fewestCases = 10
/** Of three configurations one goes on. */
const rate = 3

/**
 * Successive halving (Jamieson and Talwalkar: Non-stochastic Best Arm Identification and Hyperparameter Optimization,
 * AISTATS 2016), with questions as the resource: everyone answers a few, the best third three times as many.
 */
async function byHalving(
  space: readonly Assignment[],
  { settings, budget }: Pick<TuneSpec, 'settings' | 'budget'>,
  steps: TuneSteps,
  attempt: Attempt,
): Promise<void> {
  let candidates = shuffled(space, settings.seed).slice(0, budget.trials ?? space.length)
  const rounds = Math.ceil(Math.log(Math.max(1, candidates.length)) / Math.log(rate))
  let cases = Math.min(steps.cases, Math.max(fewestCases, Math.ceil(steps.cases / rate ** rounds)))
  for (;;) {
    const outcomes: { assignment: Assignment; outcome: TrialOutcome }[] = []
    for (const assignment of candidates) {
      const outcome = await attempt(assignment, cases)
      if (!outcome) return
      outcomes.push({ assignment, outcome })
    }
    if (cases === steps.cases) return
    candidates = outcomes
      .filter(({ outcome }) => !Number.isNaN(outcome.mean))
      .sort((a, b) => order(a.outcome, b.outcome, steps.better))
      .slice(0, Math.max(1, Math.ceil(outcomes.length / rate)))
      .map(({ assignment }) => assignment)
    if (candidates.length === 0) return
    cases = Math.min(steps.cases, cases * rate)
  }
}

/** One option after the other from the best so far, until a whole round brings nothing. */
async function byCoordinates(
  space: readonly Assignment[],
  parameters: readonly Parameter[],
  { possible }: Pick<TuneSteps, 'possible'>,
  bestNumber: () => number,
  attempt: Attempt,
): Promise<void> {
  // What is not set yet is as the present pipeline has it: such a point need not be one of the space.
  let present: Assignment = {}
  for (;;) {
    const before = canonicalJson(present)
    for (const { path } of parameters) {
      const having = space.filter((assignment) => path in assignment)
      for (const value of distinct(having.map((assignment) => assignment[path]))) {
        const next = possible({ ...present, [path]: value })
        // What is chosen by now has no such option.
        if (!next || !(path in next)) continue
        const outcome = await attempt(next)
        if (!outcome) return
        if (outcome.number === bestNumber()) present = next
      }
    }
    if (canonicalJson(present) === before) return
  }
}

function isBetter(mean: number, than: number, better: 'higher' | 'lower'): boolean {
  if (Number.isNaN(mean)) return false
  return Number.isNaN(than) || (better === 'higher' ? mean > than : mean < than)
}

function order(a: TrialOutcome, b: TrialOutcome, better: 'higher' | 'lower'): number {
  return (better === 'higher' ? b.mean - a.mean : a.mean - b.mean) || a.number - b.number
}

/** An order that the seed fixes. */
function shuffled(space: readonly Assignment[], seed: number): Assignment[] {
  return space
    .map((assignment) => ({ assignment, key: sha256(`${seed} ${canonicalJson(assignment)}`) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ assignment }) => assignment)
}

function distinct(values: readonly unknown[]): unknown[] {
  return [...new Map(values.map((value) => [canonicalJson(value), value])).values()]
}

/** The values that a parameter may take. */
export function valuesOf(parameter: Parameter): unknown[] {
  if ('values' in parameter) return distinct(parameter.values)
  const { from, to, step } = parameter
  // Counted, not added up: ten steps of 0.1 are 1.
  const count = Math.floor((to - from) / step + 1e-9) + 1
  return Array.from({ length: count }, (_, index) => Number((from + index * step).toPrecision(12)))
}

/** How many points a search space has. */
export function countPoints(parameters: readonly Parameter[]): number {
  return parameters.reduce((product, parameter) => product * valuesOf(parameter).length, 1)
}

/** Every point, the last parameter turning fastest. */
export function* pointsOf(parameters: readonly Parameter[]): Generator<Assignment> {
  const [first, ...rest] = parameters
  if (!first) {
    yield {}
    return
  }
  for (const value of valuesOf(first)) for (const point of pointsOf(rest)) yield { [first.path]: value, ...point }
}

/**
 * The pipeline with these values at their paths, shorter paths first: a chunker is chosen before its options are set. A
 * choice may be given by its id alone, cleaning by those of its steps. Undefined where a path leads nowhere (an option of a reranker that there is not).
 */
export function applyAssignment(pipeline: Pipeline, assignment: Assignment): Record<string, unknown> | undefined {
  const changed = structuredClone(pipeline) as Record<string, unknown>
  const paths = Object.keys(assignment).sort((a, b) => a.split('.').length - b.split('.').length || (a < b ? -1 : 1))
  for (const path of paths) {
    const steps = path.split('.')
    const last = steps.pop() ?? ''
    let place: unknown = changed
    if (steps[0] === 'parsers' && steps.length === 2 && isRecord(changed.parsers))
      changed.parsers[steps[1] ?? ''] ??= {}
    for (const step of steps) place = isRecord(place) || Array.isArray(place) ? Reflect.get(place, step) : undefined
    if (!isRecord(place) && !Array.isArray(place)) return undefined
    const value = assignment[path]
    Reflect.set(place, last, steps.length === 0 ? asChoices(last, value) : value)
  }
  return changed
}

/** A choice that is given by its id alone; cleaning is a list of them, or a single one, or none. */
function asChoices(path: string, value: unknown): unknown {
  // The filter is a word itself.
  if (path === 'filter') return value
  const asChoice = (one: unknown): unknown => (typeof one === 'string' ? { id: one, options: {} } : one)
  if (path !== 'cleaning') return asChoice(value)
  return (Array.isArray(value) ? value : value === null ? [] : [value]).map(asChoice)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** Asked every so many cases: whether a trial can still win. */
const askedEvery = 10
const leastCases = 20

/** Whether the scores of the same cases leave out that the second one wins. */
export function hasLost(
  best: readonly number[],
  trial: readonly number[],
  better: 'higher' | 'lower',
  seed: number,
): boolean {
  if (trial.length < leastCases || trial.length % askedEvery !== 0 || best.length !== trial.length) return false
  return pairedBootstrap(best, trial, { better, seed }).verdict === 'worse'
}

/** A trial as the report needs it. */
export interface Measured {
  number: number
  assignment: Assignment
  isWhole: boolean
  mean: number | null
  latencyMs: number | null
  indexBytes: number | null
}

/** Times this near to one another are the same: a machine does other things too. */
const sameLatency = 1.1

/** Numbers of the trials that no other one is better than in one of quality, latency and size without being worse in another. */
export function paretoSet(trials: readonly Measured[], better: 'higher' | 'lower'): Set<number> {
  const whole = trials.filter(({ isWhole, mean }) => isWhole && mean !== null)
  const dominates = (a: Measured, b: Measured): boolean => {
    const [qa, qb] = better === 'higher' ? [a.mean ?? 0, b.mean ?? 0] : [-(a.mean ?? 0), -(b.mean ?? 0)]
    const [ta, tb] = [a.latencyMs ?? Infinity, b.latencyMs ?? Infinity]
    const [sa, sb] = [a.indexBytes ?? Infinity, b.indexBytes ?? Infinity]
    const isNoWorse = qa >= qb && ta <= tb * sameLatency && sa <= sb
    return isNoWorse && (qa > qb || ta * sameLatency < tb || sa < sb)
  }
  return new Set(whole.filter((one) => !whole.some((other) => dominates(other, one))).map(({ number }) => number))
}

/** How the mean moves with each option, over all whole trials that have it; the widest first. */
export function effectsOf(trials: readonly Measured[], parameters: readonly Parameter[]): TuneResult['effects'] {
  const whole = trials.filter(({ isWhole, mean }) => isWhole && mean !== null)
  return parameters
    .map(({ path }) => {
      const having = whole.filter(({ assignment }) => path in assignment)
      const values = [...Map.groupBy(having, ({ assignment }) => canonicalJson(assignment[path])).values()].map(
        (group) => ({
          value: group[0]?.assignment[path],
          mean: group.reduce((sum, { mean }) => sum + (mean ?? 0), 0) / group.length,
          trials: group.length,
        }),
      )
      const means = values.map(({ mean }) => mean)
      return { path, range: means.length === 0 ? 0 : Math.max(...means) - Math.min(...means), values }
    })
    .sort((a, b) => b.range - a.range)
}

export interface Evidence {
  metric: string
  trial: number
  assignment: Assignment
  before: number
  after: number
  difference: { mean: number; low: number; high: number }
  verdict: Verdict
  cases: number
}

/** What to do, with its evidence. */
export function recommend(evidence: Evidence | null, reason: string): TuneResult['recommendation'] {
  if (!evidence) return { sentence: `Stay with the present pipeline: ${reason}.`, trial: null }
  const { metric, trial, assignment, before, after, difference, verdict, cases } = evidence
  const what = assignmentWords(assignment)
  const figures =
    `${metric} on ${cases} questions that no trial saw is ${after.toFixed(3)} instead of ${before.toFixed(3)} ` +
    `(difference ${signed(difference.mean)}, 95 % interval ${signed(difference.low)} to ${signed(difference.high)})`
  if (verdict === 'better') return { sentence: `Take trial ${trial} (${what}): ${figures}.`, trial }
  const lead = verdict === 'worse' ? 'it is worse' : 'no difference was shown'
  return {
    sentence: `Stay with the present pipeline: the best of the trials was ${trial} (${what}), and ${lead}: ${figures}.`,
    trial: null,
  }
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`
}
