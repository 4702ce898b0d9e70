import { AppError, toAppError } from '../contract/errors.ts'
import type { Pipeline } from '../contract/pipeline.ts'
import type { GateCheck, GateResult, Release, ReleaseGate, ReleaseLine } from '../contract/releases.ts'
import type { MetricComparison, Run, RunSettings } from '../contract/runs.ts'
import type { CollectionLibrary } from '../library/collections.ts'
import type { DatasetLibrary } from '../library/datasets.ts'
import type { DocumentLibrary } from '../library/documents.ts'
import type { ReleaseIndexLibrary } from '../library/release-indexes.ts'
import type { ReleaseLibrary } from '../library/releases.ts'
import type { RunLibrary } from '../library/runs.ts'
import type { JobRunner } from '../jobs/job-runner.ts'
import type { LocateModel } from '../model-files/locator.ts'
import { type GateResult as RuleResult, judgeGates, meansOf, parseGate } from '../shared/gates.ts'
import { canonicalJson } from '../shared/hash.ts'
import type { CollectionId, DatasetId, JobId, ReleaseId, RunId } from '../shared/ids.ts'
import { resultsWanted, withMetrics } from './evaluation-metrics.ts'
import { modelsOf, withDefaults } from './pipelines.ts'
import type { ReleaseIndexes } from './release-indexes.ts'
import { titleOf } from './releases.ts'
import type { Runs } from './runs.ts'

/** Whether a release may go into production: it is measured, and what its line asks of it is looked at point by point. */
export interface ReleaseGates {
  /** Errors: see contract. */
  measure(
    id: ReleaseId,
    options: { datasetId?: DatasetId | undefined; settings?: RunSettings | undefined },
  ): Promise<{ runId: RunId; againstRunId: RunId | null; jobIds: JobId[]; note: string | null }>
  /** Whether a run shows what this release does. Gives the run. Errors: item-missing, input-invalid. */
  requireEvidence(release: Release, runId: RunId): Run
  /** Errors: item-missing. */
  check(id: ReleaseId): Promise<GateResult>
  /** Every model that the pipeline names is on this machine. Errors: model-missing, and those of opening the embedder. */
  requireModels(release: Release): Promise<void>
}

export interface ReleaseGateParts {
  releaseLibrary: ReleaseLibrary
  releaseIndexLibrary: Pick<ReleaseIndexLibrary, 'collectionsOf'>
  releaseIndexes: Pick<ReleaseIndexes, 'readsOtherwise'>
  runs: Pick<Runs, 'start' | 'compare'>
  runLibrary: RunLibrary
  datasetLibrary: Pick<DatasetLibrary, 'get'>
  collections: Pick<CollectionLibrary, 'getCore'>
  documents: Pick<DocumentLibrary, 'contentOf'>
  jobRunner(): Pick<JobRunner, 'get'>
  locateModel: LocateModel
  openEmbedding(owner: { pipeline: Pipeline }): Promise<unknown>
}

/** What candidates of a line are measured on now. */
interface Ground {
  datasetId: DatasetId
  dataset: string
  version: number
  collectionId: CollectionId | null
}

export function createReleaseGates(parts: ReleaseGateParts): ReleaseGates {
  const { releaseLibrary, runLibrary, runs } = parts

  const groundOf = (datasetId: DatasetId): Ground => {
    const { name: dataset, version, collectionId } = parts.datasetLibrary.get(datasetId)
    return { datasetId, dataset, version, collectionId }
  }

  /** The newest run that measures exactly this pipeline on the dataset as it is, of those that `isWanted`. */
  const findRun = (pipeline: Pipeline, ground: Ground, isWanted: (run: Run) => boolean): Run | undefined =>
    runLibrary
      .list({ datasetId: ground.datasetId, limit: runsLookedAt })
      .find(
        (run) =>
          isWanted(run) &&
          run.manifest.datasetVersion === ground.version &&
          run.manifest.fold === undefined &&
          samePipeline(run.manifest.pipeline, pipeline),
      )
  const finishedRun = (pipeline: Pipeline, ground: Ground, isAlike: IsAlike): Run | undefined =>
    findRun(pipeline, ground, (run) => flawOf(run) === undefined && isAlike(run.manifest.settings))

  /** What is said of a release while it is being measured in that way; undefined where it is not. */
  const pendingOn = (
    release: Release,
    ground: Ground,
    isAlike: IsAlike,
  ): Pick<GateCheck, 'passed' | 'isPending' | 'detail'> | undefined => {
    const run = findRun(release.pipeline, ground, (each) => isUnderWay(each) && isAlike(each.manifest.settings))
    if (!run) return undefined
    const which = `${titleOf(release)}${release.stage === 'production' ? ', which is in production,' : ''}`
    const detail = `${which} is being measured: ${howFar(run)}. This can be said when the run "${run.name}" is done.`
    return { passed: false, isPending: true, detail }
  }

  const howFar = (run: Run): string => {
    if (run.status === 'queued') return 'its run waits for other work to end'
    const { total, remainingMs } = run.jobId === null ? {} : parts.jobRunner().get(run.jobId).progress
    if (run.done === 0) return 'the index that it needs is being built'
    const asked = total === undefined ? `${run.done} questions` : `${run.done} of ${total} questions`
    return `${asked} are asked${remainingMs === undefined ? '' : `, ${timeLeft(remainingMs)} left`}`
  }

  const isPresent = (run: Run, { collectionId }: Ground): boolean =>
    collectionId !== null && run.facts?.collection.hash === parts.documents.contentOf(collectionId).hash

  const requireModels: ReleaseGates['requireModels'] = async ({ pipeline }) => {
    for (const name of new Set(modelsOf(pipeline))) await parts.locateModel(name)
    await parts.openEmbedding({ pipeline })
  }

  const modelsCheck = async (release: Release): Promise<GateCheck> => {
    const base = { kind: 'models', label: 'Its models are on this machine' } as const
    try {
      await requireModels(release)
      return { ...base, passed: true, isPending: false, detail: 'All models that it names are installed.' }
    } catch (thrown) {
      return { ...base, passed: false, isPending: false, detail: toAppError(thrown).message }
    }
  }

  const documentsCheck = (release: Release, ground: Ground | undefined): GateCheck => {
    const asked = parts.releaseIndexLibrary.collectionsOf(release.lineId)
    const ids = new Set([...asked, ...(ground?.collectionId ? [ground.collectionId] : [])])
    const wrong = [...ids].flatMap(
      (id) => parts.releaseIndexes.readsOtherwise(id, release.pipeline, titleOf(release)) ?? [],
    )
    const count = ids.size === 1 ? '1 collection' : `${ids.size} collections`
    return {
      kind: 'documents',
      label: 'It reads the documents as their collections do',
      passed: wrong.length === 0,
      isPending: false,
      detail: wrong[0] ?? `The texts of ${count} are what it was made for.`,
    }
  }

  /** The run that speaks for the release, with what there is to say of it. */
  const evidenceFor = (
    release: Release,
    ground: Ground,
    gate: ReleaseGate,
  ): { run: Run | undefined; check: GateCheck } => {
    const asAsked: IsAlike = (settings) => otherwiseIn(settings, gate).length === 0
    const label = `It is measured on "${ground.dataset}" as it is now`
    const base = { kind: 'evidence', label, isPending: false } as const
    const run = finishedRun(release.pipeline, ground, asAsked)
    if (run && isPresent(run, ground)) {
      const { summary } = run
      const detail = `The run "${run.name}" asked ${summary!.cases} questions of version ${ground.version}.`
      return { run, check: { ...base, passed: true, detail } }
    }
    const pending = pendingOn(release, ground, asAsked)
    if (pending) return { run: undefined, check: { ...base, ...pending } }
    if (run) {
      const detail = `The documents changed since the run "${run.name}". Measure it again.`
      return { run: undefined, check: { ...base, passed: false, detail } }
    }
    return { run: undefined, check: { ...base, passed: false, detail: whyNoEvidence(release, ground, gate) } }
  }

  const whyNoEvidence = (release: Release, { dataset, datasetId, version }: Ground, gate: ReleaseGate): string => {
    const own = release.runId ? runLibrary.find(release.runId) : undefined
    if (!own) return `There is no finished run of exactly this pipeline on "${dataset}". Measure it.`
    if (own.datasetId !== datasetId) return `Its run "${own.name}" is on another dataset. Measure it on "${dataset}".`
    const flaw = flawOf(own)
    if (flaw !== undefined) return `${flaw} Measure it again.`
    if (own.manifest.datasetVersion === version) {
      const differences = otherwiseIn(own.manifest.settings, gate).join(', ')
      return `Its run "${own.name}" was measured otherwise than the gate asks now (${differences}). Measure it again.`
    }
    return `Its run "${own.name}" is of version ${own.manifest.datasetVersion}; "${dataset}" is at ${version} now. Measure it again.`
  }

  const lossCheck = (
    metric: string,
    run: Run,
    production: Release,
    against: Run | undefined,
    ground: Ground,
  ): GateCheck => {
    const label = `No loss of ${metric} against release ${production.number}`
    const base = { kind: 'no-loss', label, isPending: false } as const
    const failed = (detail: string): GateCheck => ({ ...base, passed: false, detail })
    if (!against) {
      const pending = pendingOn(production, ground, sameAs(run.manifest.settings))
      if (pending) return { ...base, ...pending }
      return failed(
        `${titleOf(production)}, which is in production, is not measured alike. Measure this one again: both are.`,
      )
    }
    const compared = runs.compare(against.id, run.id, { metric, limit: 1 })
    const found = compared.metrics.find(({ name }) => name === metric)
    if (!found) return failed(`${metric} was not measured in both runs. Measure this one again: both are.`)
    return { ...base, passed: found.verdict !== 'worse', detail: differenceIn(found, compared.cases) }
  }

  return {
    requireModels,
    async measure(id, options) {
      const release = releaseLibrary.get(id)
      const line = releaseLibrary.line(release.lineId)
      const datasetId = options.datasetId ?? line.gate.datasetId
      if (datasetId === null) {
        throw new AppError(
          'input-invalid',
          `Choose the dataset that candidates of "${line.name}" are measured on: in its gate, or for this run.`,
        )
      }
      const ground = groundOf(datasetId)
      const settings = withMetrics(options.settings ?? line.gate.settings, metricsOf(line.gate))
      const start = (measured: Release) =>
        runs.start({
          datasetId,
          pipelines: [{ name: `${measured.line} ${measured.number ?? 'draft'}`, pipeline: measured.pipeline }],
          settings,
          tags: ['release'],
        })
      const [own] = await start(release)
      const { production } = line
      const begun = { runId: own!.run.id, jobIds: [own!.jobId] }
      if (!production || production.id === release.id) return { ...begun, againstRunId: null, note: null }
      const known = finishedRun(production.pipeline, ground, sameAs(own!.run.manifest.settings))
      if (known && isPresent(known, ground)) return { ...begun, againstRunId: null, note: null }
      try {
        const [other] = await start(production)
        return { ...begun, againstRunId: other!.run.id, jobIds: [...begun.jobIds, other!.jobId], note: null }
      } catch (thrown) {
        // What is in production may have lost its model: the new one is measured all the same.
        return {
          ...begun,
          againstRunId: null,
          note: `${titleOf(production)} cannot be measured: ${toAppError(thrown).message}`,
        }
      }
    },
    requireEvidence(release, runId) {
      const run = runLibrary.get(runId)
      if (isUnderWay(run)) {
        const message = `${titleOf(release)} is being measured: ${howFar(run)}. Propose it when the run "${run.name}" is done.`
        throw new AppError('input-invalid', message, { details: { runId } })
      }
      const flaw = flawOf(run)
      if (flaw !== undefined) throw new AppError('input-invalid', `${flaw} Measure it again.`, { details: { runId } })
      if (samePipeline(run.manifest.pipeline, release.pipeline)) return run
      throw new AppError(
        'input-invalid',
        `The run "${run.name}" measured another pipeline than this draft. Measure the draft as it is now.`,
        { details: { runId } },
      )
    },
    async check(id) {
      const release = releaseLibrary.get(id)
      const line = releaseLibrary.line(release.lineId)
      const { gate } = line
      const production = line.production && line.production.id !== release.id ? line.production : null
      const ground = gate.datasetId === null ? undefined : knownGround(gate.datasetId, groundOf)
      const models = await modelsCheck(release)
      const around = [models, documentsCheck(release, ground)]
      if (!ground) {
        const against = production ? { releaseId: production.id, number: production.number ?? 0, runId: null } : null
        return { passed: false, checks: [noGate(line), ...around], against }
      }
      const { run, check: evidence } = evidenceFor(release, ground, gate)
      const other =
        production && run ? finishedRun(production.pipeline, ground, sameAs(run.manifest.settings)) : undefined
      const against = other && run && sameDocuments(other, run) ? other : undefined
      const checks = [
        evidence,
        ...(run ? thresholdChecks(gate, run) : []),
        ...(run && production ? gate.noLoss.map((metric) => lossCheck(metric, run, production, against, ground)) : []),
        ...(run && !production && gate.noLoss.length > 0 ? [nothingToLose(line)] : []),
        ...around,
      ]
      return {
        passed: checks.every(({ passed }) => passed),
        checks,
        against: production
          ? { releaseId: production.id, number: production.number ?? 0, runId: against?.id ?? null }
          : null,
      }
    },
  }
}

/** Runs of a dataset that are looked through for one that shows what a release does. */
const runsLookedAt = 1000

/** Whether a run was measured in some way. */
type IsAlike = (settings: RunSettings) => boolean

const sameAs =
  (one: RunSettings): IsAlike =>
  (other) =>
    canonicalJson(other) === canonicalJson(one)

/** In what a run was measured otherwise than the gate asks. What it was asked besides does no harm. */
function otherwiseIn(settings: RunSettings, gate: ReleaseGate): string[] {
  const { settings: asked } = gate
  const names = ['mode', 'filter', 'items', 'split', 'tag', 'limit'] as const
  const differences: string[] = names.filter((name) => settings[name] !== asked[name])
  if (asked.limit !== undefined && settings.seed !== asked.seed) differences.push('seed')
  if (settings.k < resultsWanted(withMetrics(asked, metricsOf(gate)))) differences.push('results looked at')
  if (asked.answers && !settings.answers) differences.push('answers')
  if (asked.judge && canonicalJson(settings.judge) !== canonicalJson(asked.judge)) differences.push('judge')
  return differences
}

function isUnderWay({ status }: Run): boolean {
  return status === 'queued' || status === 'running'
}

function timeLeft(remainingMs: number): string {
  const minutes = Math.round(remainingMs / 60_000)
  return minutes <= 1 ? 'about a minute' : `about ${minutes} minutes`
}

/** Why a run is no evidence, as a sentence; undefined: it is. */
function flawOf(run: Run): string | undefined {
  const { name, status, summary } = run
  if (isUnderWay(run)) return `The run "${name}" is not done yet.`
  if (status !== 'done' || !summary) return `The run "${name}" did not come to its end.`
  if (summary.isStopped) return `The run "${name}" was ended before all questions were asked.`
  if (summary.failed > 0) return `${summary.failed} questions of the run "${name}" could not be asked.`
  if (summary.disturbed) return `Documents changed while "${name}" ran.`
  return undefined
}

/** Whether both do the same, with every default written out. */
function samePipeline(a: Pipeline, b: Pipeline): boolean {
  try {
    return canonicalJson(withDefaults(a)) === canonicalJson(withDefaults(b))
  } catch {
    // One of them names what this version does not have.
    return canonicalJson(a) === canonicalJson(b)
  }
}

function sameDocuments(a: Run, b: Run): boolean {
  return a.facts?.collection.hash === b.facts?.collection.hash
}

function metricsOf({ rules, noLoss }: ReleaseGate): string[] {
  return [...rules.flatMap((rule) => parseGate(rule)?.metric ?? []), ...noLoss]
}

/** Undefined where the dataset was removed. */
function knownGround(id: DatasetId, groundOf: (id: DatasetId) => Ground): Ground | undefined {
  try {
    return groundOf(id)
  } catch (error) {
    if (error instanceof AppError && error.code === 'item-missing') return undefined
    throw error
  }
}

function noGate({ name, gate }: ReleaseLine): GateCheck {
  return {
    kind: 'evidence',
    label: 'It is measured',
    passed: false,
    isPending: false,
    detail:
      gate.datasetId === null
        ? `No dataset is chosen for the gate of "${name}". Choose one with what is asked of it, or sign for this release.`
        : `The dataset of the gate of "${name}" was removed. Choose another one, or sign for this release.`,
  }
}

function nothingToLose({ name }: ReleaseLine): GateCheck {
  const detail = `Nothing is in production in "${name}" yet.`
  return { kind: 'no-loss', label: 'No loss against what is in production', passed: true, isPending: false, detail }
}

function thresholdChecks({ rules }: ReleaseGate, run: Run): GateCheck[] {
  const gates = rules.flatMap((rule) => parseGate(rule) ?? [])
  return judgeGates(gates, meansOf(run.summary!.metrics)).map((result) => ({
    kind: 'threshold',
    label: result.rule,
    passed: result.passed,
    isPending: false,
    detail: thresholdIn(result),
  }))
}

function thresholdIn({ metric, operator, bound, value }: RuleResult): string {
  if (value === null) return `${metric} was not measured. Measure it again.`
  const words = { '>=': 'at least', '<=': 'at most', '>': 'more than', '<': 'less than' }[operator]
  return `${metric} is ${figure(value)}; ${words} ${figure(bound)} is asked.`
}

function differenceIn({ name, before, after, difference, verdict }: MetricComparison, cases: number): string {
  const { mean, low, high } = difference
  const interval = `${signed(mean)}, 95 % interval ${signed(low)} to ${signed(high)}`
  const what = { worse: 'a loss', better: 'a gain', 'no difference shown': 'no difference shown' }[verdict]
  return `${name} went from ${figure(before)} to ${figure(after)} over ${cases} questions: ${what} (${interval}).`
}

function figure(value: number): string {
  return String(Number(value.toFixed(3)))
}

function signed(value: number): string {
  return value < 0 ? `−${figure(-value)}` : `+${figure(value)}`
}
