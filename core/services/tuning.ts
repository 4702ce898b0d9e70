import { AppError, isCancellation, toAppError, toErrorData } from '../contract/errors.ts'
import type { Pipeline } from '../contract/pipeline.ts'
import type { Run, RunManifest } from '../contract/runs.ts'
import type { Trial, Tune, TuneResult, TuneSpec } from '../contract/tune.ts'
import type { EvaluationCase } from '../flows/evaluate.ts'
import {
  type Assignment,
  effectsOf,
  hasLost,
  type Measured,
  paretoSet,
  recommend,
  tune,
  type TrialOutcome,
} from '../flows/tune.ts'
import type { JobReporter, JobRunner, JobWork } from '../jobs/job-runner.ts'
import type { CollectionLibrary } from '../library/collections.ts'
import type { DatasetLibrary } from '../library/datasets.ts'
import type { JobLibrary } from '../library/jobs.ts'
import type { RunLibrary } from '../library/runs.ts'
import type { StoredTune, TuneLibrary } from '../library/tunes.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { canonicalJson, sha256 } from '../shared/hash.ts'
import { assignmentWords } from '../contract/option-words.ts'
import type { CollectionId, DatasetId, JobId, RunId, TuneId } from '../shared/ids.ts'
import { indexFingerprint } from './collection-indexes.ts'
import { parseMetricName, resultsWanted } from './evaluation-metrics.ts'
import { type Pipelines, withDefaults } from './pipelines.ts'
import type { Readings } from './readings.ts'
import type { Runs } from './runs.ts'
import { fitting, isInSpace, keyOf, pipelineAt, pointOf, problemOf, spaceOf } from './search-space.ts'

/** Searches for better pipelines. Trials are runs of the tune; what they share (texts, vectors, indexes) is made once. */
export interface Tuning {
  /** Errors: see contract. */
  start(request: StartTune): Promise<{ tune: Tune; jobId: JobId }>
  preview(collectionId: CollectionId, spec: TuneSpec): { combinations: number; indexes: number; readings: number }
  /** Errors: item-missing. */
  get(id: TuneId): Tune
  list(limit: number): Omit<Tune, 'result'>[]
  apply(id: TuneId, trial: number): Promise<JobId | null>
  remove(id: TuneId): Promise<boolean>
  work: JobWork
}

export interface StartTune {
  name?: string | undefined
  datasetId: DatasetId
  collectionId?: CollectionId | undefined
  spec: TuneSpec
}

export interface TuningParts {
  tunes: TuneLibrary
  runs: Runs
  runLibrary: RunLibrary
  collections: CollectionLibrary
  datasetLibrary: Pick<DatasetLibrary, 'get'>
  readings: Pick<Readings, 'of' | 'keyOf'>
  jobs: JobLibrary
  pipelines(): Pipelines
  jobRunner(): JobRunner
}

/** Trials of a search that says neither how many nor how long. */
const usualTrials = 30
/** Fewer questions than this decide nothing. */
const fewestDeciding = 5

export function createTuning(parts: TuningParts): Tuning {
  const { tunes, runs, runLibrary, collections, jobs } = parts

  const service: Tuning = {
    async start({ datasetId, spec: given, ...request }) {
      const dataset = parts.datasetLibrary.get(datasetId)
      const collectionId = request.collectionId ?? dataset.collectionId
      if (collectionId === null)
        throw new AppError('input-invalid', `Choose the collection whose documents "${dataset.name}" is about.`)
      const { name: collectionName, pipeline } = collections.getCore(collectionId)
      const spec = withMetric(given)
      const space = spaceOf(pipeline, spec)
      const base = { collectionId, datasetId, datasetVersion: dataset.version, pipeline, settings: spec.settings }
      const cases = await runs.check({ ...base, ...foldOf(spec, 'tune') })
      if (cases.length < fewestDeciding) {
        throw new AppError(
          'input-invalid',
          `Only ${cases.length} questions are left to search with. Add more, or hold fewer back.`,
        )
      }
      await requireReadings(collectionId, pipeline, space, parts)
      const name = request.name ?? `${collectionName}: ${spec.metric}`
      const job = jobs.create('tune', `Tuning "${collectionName}" for ${spec.metric}`, collectionId, {})
      const stored = tunes.create({
        name,
        collectionId,
        datasetId,
        datasetVersion: dataset.version,
        jobId: job.id,
        spec,
        pipeline,
        combinations: space.length,
      })
      parts.jobRunner().enqueue(job.id)
      return { tune: service.get(stored.id), jobId: job.id }
    },
    preview(collectionId, spec) {
      const { pipeline } = collections.getCore(collectionId)
      const space = spaceOf(pipeline, withMetric(spec))
      const readingOf = readingKeys(collectionId, parts)
      const readings = new Set<string>()
      const keys = new Set(
        space.map((point) => {
          const wanted = withDefaults(pipelineAt(pipeline, point))
          // The model itself is known only when it is opened; its choice stands for it.
          const reading = readingOf(wanted)
          if (reading !== null) readings.add(reading)
          return indexFingerprint(wanted, canonicalJson(wanted.embedder), reading)
        }),
      )
      return { combinations: space.length, indexes: keys.size, readings: readings.size }
    },
    get: (id) => present(tunes.get(id), runLibrary),
    list: (limit) => tunes.list(limit).map(withoutOutcome),
    async apply(id, number) {
      const { collectionId } = tunes.get(id)
      const trial = service.get(id).result?.trials.find((one) => one.number === number)
      if (!trial || collectionId === null)
        throw new AppError('item-missing', `There is no trial ${number} in this tuning, or its collection was removed.`)
      return parts.pipelines().set(collectionId, trial.pipeline)
    },
    async remove(id) {
      const stored = tunes.find(id)
      if (stored?.jobId && (stored.status === 'queued' || stored.status === 'running'))
        await parts.jobRunner().cancel(stored.jobId)
      return tunes.remove(id)
    },
    work: {
      async run(job, reporter) {
        const stored = tunes.ofJob(job.id)
        // Removed by a person meanwhile.
        if (!stored) return
        await search(stored, reporter, parts)
      },
      cancelled: (job) => endOf(job.id, (stored) => tunes.end(stored.id, 'cancelled', {})),
      failed: (job, error) => endOf(job.id, (stored) => tunes.end(stored.id, 'failed', { error })),
    },
  }

  function endOf(jobId: JobId, act: (stored: StoredTune) => void): void {
    const stored = tunes.ofJob(jobId)
    if (!stored) return
    for (const run of trialsOf(stored.id, runLibrary))
      if (run.status === 'running' || run.status === 'queued') runLibrary.end(run.id, 'cancelled', {})
    act(stored)
  }

  return service
}

/** Keys of readings, asked once for pipelines that read alike: a search has thousands. */
function readingKeys(collectionId: CollectionId, { readings }: TuningParts): (pipeline: Pipeline) => string | null {
  const known = new Map<string, string | null>()
  return (pipeline) => {
    const { parsers, cleaning, rules } = pipeline
    const alike = canonicalJson({ parsers, cleaning, rules })
    const key = known.get(alike)
    if (key !== undefined) return key
    const found = readings.keyOf({ id: collectionId, pipeline })
    known.set(alike, found)
    return found
  }
}

/** That every reading which the search will want can be had. Errors: file-missing. */
async function requireReadings(
  collectionId: CollectionId,
  pipeline: Pipeline,
  space: readonly Assignment[],
  parts: TuningParts,
): Promise<void> {
  const readingOf = readingKeys(collectionId, parts)
  const asked = new Set<string | null>([null])
  for (const point of space) {
    const wanted = pipelineAt(pipeline, point)
    const key = readingOf(wanted)
    if (asked.has(key)) continue
    asked.add(key)
    await parts.readings.of({ id: collectionId, pipeline: wanted })
  }
}

/** The metric is one of those that are measured, and how many results it looks at is how many are asked for. */
function withMetric(spec: TuneSpec): TuneSpec {
  const { settings, metric } = spec
  parseMetricName(metric)
  const metrics = settings.metrics.length === 0 ? [] : [...new Set([metric, ...settings.metrics])]
  const all = { ...settings, metrics: metrics.length > 0 ? metrics : [metric] }
  return { ...spec, settings: { ...all, k: resultsWanted(all) } }
}

function foldOf(spec: TuneSpec, part: 'tune' | 'held-out'): Pick<RunManifest, 'fold'> {
  const { heldOut: share, heldOutSplit: split } = spec
  return { fold: { part, share, ...(split === undefined ? {} : { split }) } }
}

async function search(stored: StoredTune, reporter: JobReporter, parts: TuningParts): Promise<void> {
  const { tunes, runs, runLibrary } = parts
  const { spec, pipeline } = stored
  if (stored.collectionId === null) throw new AppError('item-missing', 'The collection of this tuning was removed.')
  const base = {
    collectionId: stored.collectionId,
    datasetId: stored.datasetId as DatasetId,
    datasetVersion: stored.datasetVersion,
    settings: spec.settings,
  }
  const space = spaceOf(pipeline, spec)
  const { better } = parseMetricName(spec.metric).definition
  const cases = inSeededOrder(await runs.check({ ...base, pipeline, ...foldOf(spec, 'tune') }), spec.settings.seed)
  tunes.begin(stored.id)
  const limit = spec.budget.trials ?? (spec.budget.minutes || spec.strategy === 'grid' ? space.length : usualTrials)
  reporter.listed(Math.min(limit, space.length) + 1)

  const counted = parts.jobs.get(jobOf(stored))
  let countedTo = counted.ready + counted.failed
  const startedMs = performance.now()
  const known = new Map(trialsOf(stored.id, runLibrary).map((run) => [keyOf(run.manifest.pipeline), run]))
  const spent = (): number => stored.spentMs + performance.now() - startedMs
  let noted = stored.spentMs
  const noteSpent = (): void => {
    const now = spent()
    tunes.addSpent(stored.id, now - noted)
    noted = now
  }
  const scoresOf = (id: RunId): Map<string, number> =>
    new Map(
      runLibrary.cases(id).flatMap(({ caseId, scores }) => {
        const score = scores[spec.metric]
        return score === undefined ? [] : [[caseId, score] as const]
      }),
    )

  const measure = async (run: Run, count: number, against: RunId | null): Promise<Run> => {
    const best = against === null ? null : scoresOf(against)
    try {
      return await runs.measure(run, {
        signal: reporter.signal,
        cases: cases.slice(0, count),
        report: ({ label, done, total }) =>
          reporter.label(`trial ${run.trial}: ${total === undefined ? label : `${label} ${done} of ${total}`}`),
        caseEnd: ({ number }) => {
          if (number % 10 === 0) reporter.label(`trial ${run.trial}: ${number} of ${count} questions`)
        },
        ...(best
          ? {
              isDecided: (results) => {
                const pairs = results.flatMap(({ caseId, scores }) => {
                  const [a, b] = [best.get(caseId), scores[spec.metric]]
                  return a === undefined || b === undefined ? [] : [[a, b] as const]
                })
                const [before, after] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)]
                return hasLost(before, after, better, spec.settings.seed)
              },
            }
          : {}),
      })
    } catch (thrown) {
      const error = toAppError(thrown)
      if (isCancellation(error) || concernsAll.has(error.code)) throw error
      runLibrary.end(run.id, 'failed', { error: toErrorData(error) })
      return runLibrary.get(run.id)
    }
  }

  const byNumber = new Map<number, RunId>()
  const outcome = await tune(
    space,
    spec,
    {
      better,
      cases: cases.length,
      possible(assignment) {
        const point = fitting(pipeline, assignment)
        return problemOf(pipeline, point) ? null : point
      },
      exhausted(trials, isNew) {
        if (spec.budget.minutes !== undefined && spent() > spec.budget.minutes * 60_000)
          return `The ${spec.budget.minutes} minutes were over after ${trials} trials.`
        return isNew && trials >= limit && trials < space.length ? `${trials} trials were made, as was asked.` : null
      },
      async trial(assignment, count, against) {
        throwIfAborted(reporter.signal)
        const wanted = pipelineAt(pipeline, assignment)
        const key = keyOf(wanted)
        let run = known.get(key)
        run ??= runLibrary.create({
          name: nameOf(assignment),
          manifest: { ...base, pipeline: wanted, ...foldOf(spec, 'tune') },
          tuneId: stored.id,
          trial: known.size,
        })
        known.set(key, run)
        const isMeasured = run.status === 'failed' || (run.status === 'done' && isEnough(run, count))
        if (!isMeasured) run = await measure(run, count, against ? (byNumber.get(against.number) ?? null) : null)
        known.set(key, run)
        const number = run.trial ?? 0
        byNumber.set(number, run.id)
        noteSpent()
        if (number >= countedTo) {
          reporter.itemEnd(run.status === 'failed' ? { failed: 1 } : { ready: 1 })
          countedTo = number + 1
        }
        return toOutcome(run, spec.metric, count)
      },
    },
    reporter.signal,
  )
  const decision = await decide(stored, outcome, byNumber, { ...base }, reporter, parts)
  const best = runLibrary.get(byNumber.get(outcome.best.number) ?? ('' as RunId))
  const recommendation = recommend(
    decision && {
      metric: spec.metric,
      trial: decision.trial,
      assignment: changesOf(stored, best),
      before: decision.before,
      after: decision.after,
      difference: decision.difference,
      verdict: decision.verdict,
      cases: decision.cases,
    },
    outcome.best.number === outcome.baseline.number
      ? `none of ${known.size - 1} others was better on the ${cases.length} questions of the search`
      : `too few questions were held back to decide; on those of the search trial ${outcome.best.number} was best`,
  )
  noteSpent()
  tunes.end(stored.id, 'done', { outcome: { decision, recommendation, unfinished: outcome.unfinished } })
  parts.jobs.setListed(jobOf(stored), countedTo)
}

/** Errors that the next trial would meet, too. */
const concernsAll: ReadonlySet<string> = new Set([
  'disk-full',
  'workspace-corrupt',
  'workspace-unwritable',
  'item-missing',
])

/** The best of the trials against the present pipeline, on questions that none of them saw. */
async function decide(
  stored: StoredTune,
  { best, baseline }: { best: TrialOutcome; baseline: TrialOutcome },
  byNumber: ReadonlyMap<number, RunId>,
  base: Omit<RunManifest, 'pipeline'>,
  reporter: JobReporter,
  { runs, runLibrary }: TuningParts,
): Promise<TuneResult['decision']> {
  const { spec } = stored
  if (best.number === baseline.number) return null
  const fold = foldOf(spec, 'held-out')
  const deciding: Run[] = []
  for (const number of [baseline.number, best.number]) {
    const id = byNumber.get(number)
    if (id === undefined) return null
    const { pipeline } = runLibrary.get(id).manifest
    const manifest = { ...base, pipeline, ...fold }
    const earlier = runLibrary
      .list({ tuneId: stored.id, limit: mostRuns })
      .find((run) => run.trial === null && keyOf(run.manifest.pipeline) === keyOf(pipeline))
    const run =
      earlier ?? runLibrary.create({ name: `trial ${number}, held out`, manifest, tuneId: stored.id, trial: null })
    let cases: EvaluationCase[]
    try {
      cases = await runs.check(manifest)
    } catch (error) {
      if (error instanceof AppError && error.code === 'input-invalid') return null
      throw error
    }
    if (cases.length < fewestDeciding) return null
    deciding.push(
      await runs.measure(run, {
        signal: reporter.signal,
        cases,
        report: ({ label }) => reporter.label(`deciding: ${label}`),
        caseEnd: () => {},
      }),
    )
  }
  const [before, after] = deciding
  if (!before || !after) return null
  const comparison = runs.compare(before.id, after.id, { metric: spec.metric, limit: 0 })
  const metric = comparison.metrics.find(({ name }) => name === spec.metric)
  if (!metric) return null
  return {
    trial: best.number,
    before: metric.before,
    after: metric.after,
    difference: metric.difference,
    verdict: metric.verdict,
    cases: metric.wins + metric.losses + metric.ties,
    baselineRunId: before.id,
    bestRunId: after.id,
  }
}

const mostRuns = 100_000

function trialsOf(id: TuneId, runLibrary: RunLibrary): Run[] {
  return runLibrary
    .list({ tuneId: id, limit: mostRuns })
    .filter(({ trial }) => trial !== null)
    .sort((a, b) => (a.trial ?? 0) - (b.trial ?? 0))
}

function jobOf({ jobId }: StoredTune): JobId {
  if (jobId === null) throw new Error('A tuning without a job was run.')
  return jobId
}

/** Whether a run that ended was measured on so many cases, or stopped because it had lost. */
function isEnough(run: Run, count: number): boolean {
  return run.done >= count || (run.summary?.isStopped ?? false)
}

function toOutcome(run: Run, metric: string, count: number): TrialOutcome {
  const result = run.summary?.metrics.find(({ name }) => name === metric)
  return { number: run.trial ?? 0, mean: result?.mean ?? NaN, isWhole: run.status === 'done' && run.done >= count }
}

function nameOf(assignment: Assignment): string {
  return (assignmentWords(assignment) || 'as it is').slice(0, 200)
}

/** So that the first ten are ten of all kinds. */
function inSeededOrder(cases: readonly EvaluationCase[], seed: number): EvaluationCase[] {
  return cases
    .map((testCase) => ({ testCase, key: sha256(`order ${seed} ${testCase.id}`) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ testCase }) => testCase)
}

function withoutOutcome({ outcome: _outcome, spentMs: _spentMs, ...tune }: StoredTune): Omit<Tune, 'result'> {
  return tune
}

/** Which values a trial has at the paths of the search; none of its own: it is the present pipeline. */
function assignmentOf({ spec }: StoredTune, run: Run): Assignment {
  return run.trial === 0 ? {} : pointOf(run.manifest.pipeline, spec.parameters)
}

/** The same without what is as it was: a search that goes option by option sets many to what they are. */
function changesOf({ spec, pipeline }: StoredTune, { manifest }: Run): Assignment {
  const before = pointOf(pipeline, spec.parameters)
  return Object.fromEntries(
    Object.entries(pointOf(manifest.pipeline, spec.parameters)).filter(
      ([path, value]) => canonicalJson(value) !== canonicalJson(before[path] ?? null),
    ),
  )
}

function present(stored: StoredTune, runLibrary: RunLibrary): Tune {
  return { ...withoutOutcome(stored), result: resultOf(stored, runLibrary) }
}

function resultOf(stored: StoredTune, runLibrary: RunLibrary): TuneResult | null {
  const trials = trialsOf(stored.id, runLibrary)
  if (trials.length === 0) return null
  const { better } = parseMetricName(stored.spec.metric).definition
  const most = trials.reduce((highest, run) => Math.max(highest, run.done), 0)
  const measured = trials.map((run): Measured & { run: Run } => {
    const { summary } = run
    return {
      run,
      number: run.trial ?? 0,
      assignment: assignmentOf(stored, run),
      isWhole: run.status === 'done' && run.done >= most,
      mean: summary?.metrics.find(({ name }) => name === stored.spec.metric)?.mean ?? null,
      latencyMs: summary?.latencyMs.p50 ?? null,
      indexBytes: summary?.index.bytes ?? null,
    }
  })
  const pareto = paretoSet(measured, better)
  const rank = (one: Measured): number => (one.mean === null ? 2 : one.isWhole ? 0 : 1)
  const sign = better === 'higher' ? -1 : 1
  const ordered = measured.toSorted(
    (a, b) => rank(a) - rank(b) || sign * ((a.mean ?? 0) - (b.mean ?? 0)) || a.number - b.number,
  )
  const built = trials.filter(({ summary }) => (summary?.index.builtMs ?? null) !== null)
  return {
    trials: ordered.map((one) => toTrial(one, stored.spec.metric, pareto.has(one.number))),
    effects: effectsOf(
      measured
        .map((one) => ({ ...one, assignment: pointOf(one.run.manifest.pipeline, stored.spec.parameters) }))
        .filter(({ number, assignment }) => number !== 0 || isInSpace(assignment, stored.spec.parameters)),
      stored.spec.parameters,
    ),
    decision: stored.outcome?.decision ?? null,
    recommendation: stored.outcome?.recommendation ?? {
      sentence: 'The search is not over yet: nothing is recommended before the held-out questions have decided.',
      trial: null,
    },
    indexesBuilt: new Set(built.map(({ facts }) => facts?.indexFingerprint)).size,
    spentMs: stored.spentMs,
    unfinished: stored.outcome?.unfinished ?? null,
  }
}

function toTrial(one: Measured & { run: Run }, metric: string, pareto: boolean): Trial {
  const { run } = one
  const score = run.summary?.metrics.find(({ name }) => name === metric)
  const status =
    run.status === 'done' ? (one.isWhole ? 'done' : 'stopped') : run.status === 'failed' ? 'failed' : 'running'
  return {
    number: one.number,
    runId: run.id,
    parameters: one.assignment,
    pipeline: run.manifest.pipeline,
    status,
    error: run.error,
    score: score ? { mean: score.mean, low: score.low, high: score.high } : null,
    cases: run.done,
    latencyMs: one.latencyMs,
    indexBytes: one.indexBytes,
    chunks: run.summary?.index.chunks ?? null,
    pareto,
  }
}
