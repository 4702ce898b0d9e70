import { availableParallelism, cpus, platform, totalmem } from 'node:os'
import type { Database } from 'better-sqlite3'
import papaparse from 'papaparse'
import type { TestCase } from '../contract/datasets.ts'
import { AppError } from '../contract/errors.ts'
import type { Pipeline } from '../contract/pipeline.ts'
import type {
  CaseResult,
  Comparison,
  MetricComparison,
  Run,
  RunFacts,
  RunManifest,
  RunSettings,
  RunSummary,
} from '../contract/runs.ts'
import type { JudgeDependencies } from '../evaluators/evaluator.ts'
import { evaluate, type EvaluationCase, summarise, summariseByTag, summariseCosts } from '../flows/evaluate.ts'
import type { JobReporter, JobRunner, JobWork } from '../jobs/job-runner.ts'
import type { CollectionCore, CollectionLibrary } from '../library/collections.ts'
import type { DatasetLibrary } from '../library/datasets.ts'
import type { DocumentLibrary } from '../library/documents.ts'
import type { JobLibrary } from '../library/jobs.ts'
import type { RunLibrary } from '../library/runs.ts'
import { type Agreement, agreementOf } from '../shared/agreement.ts'
import { meanOf, pairedBootstrap } from '../shared/bootstrap.ts'
import { canonicalJson, sha256 } from '../shared/hash.ts'
import type { CollectionId, DatasetId, JobId, RunId } from '../shared/ids.ts'
import type { Progress } from '../shared/progress.ts'
import { indexFingerprint } from './collection-indexes.ts'
import type { Datasets } from './datasets.ts'
import { checkRunSettings, createMetrics, resultsWanted } from './evaluation-metrics.ts'
import { modelName } from './embedding.ts'
import type { EvaluationSubjects } from './evaluation-subjects.ts'
import { checkPipeline, languageModelOf, withDefaults } from './pipelines.ts'
import type { Readings } from './readings.ts'

/** Measurements: one pipeline on one dataset, kept with all that is needed to do it again. */
export interface Runs {
  /** Errors: see contract. */
  start(request: StartRuns): Promise<{ run: Run; jobId: JobId }[]>
  rerun(id: RunId): Promise<{ run: Run; jobId: JobId }>
  /** Checks a manifest as far as that goes without asking anything. Gives the cases. Errors: see contract. */
  check(manifest: RunManifest): Promise<EvaluationCase[]>
  /** Runs a stored run to its end, or until it is clear how it ends; goes on where an earlier process stopped. */
  measure(run: Run, options: MeasureOptions): Promise<Run>
  compare(before: RunId, after: RunId, options: { metric?: string | undefined; limit: number }): Comparison
  /** Errors: item-missing, input-invalid. */
  calibrate(id: RunId, metric: string, labels: Readonly<Record<string, boolean>>, threshold: number): Agreement
  export(id: RunId, format: 'json' | 'csv'): { name: string; type: string; text: string }
  remove(ids: readonly RunId[]): Promise<number>
  work: JobWork
}

export interface StartRuns {
  datasetId: DatasetId
  collectionId?: CollectionId | undefined
  datasetVersion?: number | undefined
  pipelines?: readonly { name?: string | undefined; pipeline: Pipeline }[] | undefined
  settings: RunSettings
  tags: readonly string[]
}

export interface MeasureOptions {
  signal: AbortSignal
  /** By default those of the manifest. */
  cases?: readonly EvaluationCase[]
  report(progress: Progress): void
  /** The case that was just done; false: an earlier process did it. */
  caseEnd(result: CaseResult, isNew: boolean): void
  isDecided?(results: readonly CaseResult[]): boolean
}

export interface RunParts {
  database: Database
  runs: RunLibrary
  datasets: Pick<Datasets, 'cases'>
  datasetLibrary: Pick<DatasetLibrary, 'get' | 'versions'>
  collections: CollectionLibrary
  documents: DocumentLibrary
  jobs: JobLibrary
  subjects: EvaluationSubjects
  readings: Pick<Readings, 'of' | 'keyOf'>
  openJudge(settings: RunSettings): Promise<(JudgeDependencies & { modelId: string }) | undefined>
  /** Given when both are there: the runner does this service's work. */
  jobRunner(): JobRunner
  version: string
}

/** Texts of retrieved passages are kept with a run of at most so many cases, and so much of each. */
const mostCasesWithTexts = 2000
const keptCharacters = 600

export function createRuns(parts: RunParts): Runs {
  const { runs, datasets, datasetLibrary, collections, jobs } = parts

  const select = async (manifest: RunManifest): Promise<{ cases: EvaluationCase[]; stale: number; all: number }> => {
    const { datasetId, datasetVersion: version, settings, fold } = manifest
    const { split, tag } = settings
    const filter = { version, state: 'accepted' as const, split, tag }
    const { cases } = await datasets.cases(datasetId, filter)
    const stale = cases.filter((testCase) => testCase.stale !== null).length
    const whole = cases.filter((testCase) => testCase.stale === null)
    const chosen = drawn(folded(whole, fold, settings.seed), settings)
    return { cases: chosen.map(toEvaluationCase), stale, all: cases.length }
  }

  const requireCases = ({ cases, stale, all }: Awaited<ReturnType<typeof select>>, name: string): void => {
    if (cases.length > 0) return
    if (all === 0) {
      throw new AppError(
        'input-invalid',
        `There are no accepted cases in "${name}" to measure with. Add questions, or accept proposed ones.`,
      )
    }
    throw new AppError(
      'input-invalid',
      stale === all
        ? `Every case of "${name}" points at text or documents that are not in the collection. Add the documents, or mark the passages again.`
        : `No case of "${name}" is left for this part. Choose a larger part or another split.`,
      { details: { stale, cases: all } },
    )
  }

  const check = async (manifest: RunManifest): Promise<EvaluationCase[]> => {
    const { pipeline, settings, collectionId, datasetId } = manifest
    checkPipeline(pipeline)
    checkRunSettings(settings)
    const collection = collections.getCore(collectionId)
    const dataset = datasetLibrary.get(datasetId)
    if (dataset.collectionId !== collectionId) {
      throw new AppError(
        'input-invalid',
        `The passages of "${dataset.name}" are not those of "${collection.name}". Choose this collection for the dataset first.`,
      )
    }
    if (parts.documents.read(collectionId).length === 0)
      throw new AppError('collection-empty', `There are no documents in "${collection.name}" yet. Add some first.`)
    await parts.readings.of({ id: collectionId, pipeline })
    await parts.subjects.models(pipeline)
    const selected = await select(manifest)
    requireCases(selected, dataset.name)
    return selected.cases
  }

  const launch = (run: Run, collection: CollectionCore, datasetName: string): { run: Run; jobId: JobId } => {
    const job = jobs.create('evaluate', `Measuring "${run.name}" with "${datasetName}"`, collection.id, {})
    runs.setJob(run.id, job.id)
    parts.jobRunner().enqueue(job.id)
    return { run: runs.get(run.id), jobId: job.id }
  }

  const service: Runs = {
    check,
    async start({ datasetId, pipelines, settings, tags, ...request }) {
      const dataset = datasetLibrary.get(datasetId)
      const collectionId = request.collectionId ?? dataset.collectionId
      if (collectionId === null) {
        throw new AppError('input-invalid', `Choose the collection whose documents "${dataset.name}" is about.`)
      }
      const collection = collections.getCore(collectionId)
      const wanted = pipelines ?? [{ name: collection.name, pipeline: collection.pipeline }]
      const datasetVersion = request.datasetVersion ?? dataset.version
      const manifests = wanted.map(({ pipeline }): RunManifest => ({
        collectionId,
        datasetId,
        datasetVersion,
        pipeline,
        settings: { ...settings, k: resultsWanted(settings) },
      }))
      for (const manifest of manifests) await check(manifest)
      return manifests.map((manifest, index) => {
        const name = wanted[index]?.name ?? nameOf(manifest.pipeline)
        return launch(runs.create({ name, manifest, tags }), collection, dataset.name)
      })
    },
    async rerun(id) {
      const { manifest, name, tags } = runs.get(id)
      await check(manifest)
      const dataset = datasetLibrary.get(manifest.datasetId)
      return launch(runs.create({ name, manifest, tags }), collections.getCore(manifest.collectionId), dataset.name)
    },
    async measure(run, { signal, report, caseEnd, isDecided, cases: given }) {
      const startedMs = performance.now()
      const { manifest } = run
      const { settings } = manifest
      const collection = { ...collections.getCore(manifest.collectionId), pipeline: manifest.pipeline }
      report(step('loading the models'))
      const judge = await parts.openJudge(settings)
      const metrics = createMetrics(settings, judge)
      const facts = await factsOf(manifest, collection, judge?.modelId ?? null, parts)
      const selected = await select(manifest)
      const cases = given ?? selected.cases
      runs.begin(run.id, facts)
      const finished = new Map(runs.cases(run.id).map((result) => [result.caseId, result]))
      const steps = {
        prepare: () => parts.subjects.open(collection, settings, report, signal),
        finished,
        save(result: CaseResult) {
          parts.database.transaction(() => {
            runs.addCase(run.id, result)
            caseEnd(result, true)
          })()
        },
        metrics,
        items: settings.items,
        // Hundreds of trials keep what they found, not its text.
        keptCharacters: cases.length <= mostCasesWithTexts && run.tuneId === null ? keptCharacters : 0,
        ...(isDecided ? { isDecided } : {}),
        clock: () => performance.now(),
      }
      for await (const event of evaluate(cases, steps, signal)) {
        if (event.type === 'index-ready') report(step('asking'))
        if (event.type === 'case-end' && finished.has(event.result.caseId)) caseEnd(event.result, false)
        if (event.type !== 'evaluation-end') continue
        const { results, index, reading, isComplete } = event
        const summary: RunSummary = {
          metrics: summarise(results, metrics, settings.seed),
          byTag: summariseByTag(results, metrics, settings.seed),
          cases: results.length,
          failed: results.filter(({ error }) => error !== null).length,
          stale: selected.stale,
          ...summariseCosts(results),
          index,
          reading,
          totalMs: performance.now() - startedMs,
          isStopped: !isComplete,
          disturbed: parts.documents.contentOf(collection.id).hash !== facts.collection.hash,
        }
        runs.end(run.id, 'done', { summary })
      }
      return runs.get(run.id)
    },
    compare: (before, after, options) => compareRuns(runs, before, after, options),
    calibrate(id, metric, labels, threshold) {
      runs.get(id)
      const labelled = runs.cases(id).flatMap(({ caseId, scores }) => {
        const [score, label] = [scores[metric], labels[caseId]]
        return score === undefined || label === undefined ? [] : [{ judge: score >= threshold, person: label }]
      })
      if (labelled.length === 0)
        throw new AppError('input-invalid', `None of the labelled cases has a score of "${metric}" in this run.`)
      return agreementOf(
        labelled.map(({ judge }) => judge),
        labelled.map(({ person }) => person),
      )
    },
    export: (id, format) => exportRun(runs, id, format),
    async remove(ids) {
      let removed = 0
      for (const id of ids) {
        const run = runs.find(id)
        if (run?.jobId && (run.status === 'queued' || run.status === 'running') && run.tuneId === null)
          await parts.jobRunner().cancel(run.jobId)
        if (runs.remove(id)) removed += 1
      }
      return removed
    },
    work: {
      async run(job, reporter) {
        const run = runs.ofJob(job.id)
        // Removed by a person meanwhile.
        if (!run) return
        await measureAsJob(run, reporter)
      },
      cancelled: (job) => endOf(job.id, (id) => runs.end(id, 'cancelled', {})),
      failed: (job, error) => endOf(job.id, (id) => runs.end(id, 'failed', { error })),
    },
  }

  async function measureAsJob(run: Run, reporter: JobReporter): Promise<void> {
    const cases = (await select(run.manifest)).cases
    reporter.listed(cases.length)
    await service.measure(run, {
      signal: reporter.signal,
      cases,
      report: ({ label, done, total }) => reporter.label(total === undefined ? label : `${label}: ${done} of ${total}`),
      caseEnd: ({ error }, isNew) => {
        if (isNew) reporter.itemEnd(error === null ? { ready: 1 } : { failed: 1 })
      },
    })
  }

  function endOf(jobId: JobId, act: (id: RunId) => void): void {
    const run = runs.ofJob(jobId)
    if (run && run.tuneId === null) act(run.id)
  }

  return service
}

function toEvaluationCase(testCase: TestCase): EvaluationCase {
  const { id, question, tags, answer, answerable } = testCase
  return {
    id,
    question,
    tags,
    answer,
    answerable,
    expected: testCase.expected.flatMap(({ documentId, path, start, end, grade, lost }) =>
      documentId !== null && lost === null && grade > 0 ? [{ documentId, path, start, end, grade }] : [],
    ),
    // What the collection lacks is kept under its own name: judged, and never found, as with trec_eval.
    documents: new Map(
      testCase.relevant.map(({ documentId, path, grade }) => [documentId ?? `missing:${path}`, grade]),
    ),
  }
}

/** Cases in an order that the seed fixes and that does not depend on their number or order in the dataset. */
function shuffled(cases: readonly TestCase[], seed: number): TestCase[] {
  return cases
    .map((testCase) => ({ testCase, key: sha256(`${seed} ${testCase.id}`) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ testCase }) => testCase)
}

function folded(cases: readonly TestCase[], fold: RunManifest['fold'], seed: number): readonly TestCase[] {
  if (!fold) return cases
  const order = shuffled(cases, seed)
  const held = new Set(
    fold.split === undefined
      ? order.slice(0, Math.round(order.length * fold.share)).map(({ id }) => id)
      : cases.filter(({ split }) => split === fold.split).map(({ id }) => id),
  )
  return cases.filter(({ id }) => held.has(id) === (fold.part === 'held-out'))
}

function drawn(cases: readonly TestCase[], { limit, seed }: RunSettings): readonly TestCase[] {
  if (limit === undefined || limit >= cases.length) return cases
  const chosen = new Set(shuffled(cases, seed).slice(0, limit))
  return cases.filter((testCase) => chosen.has(testCase))
}

/** Something without numbers that a person has to wait for. */
const step = (label: string): Progress => ({ done: 0, unit: 'steps', label })

function nameOf({ chunker, retriever }: Pipeline): string {
  return `${chunker.id}, ${retriever.id}`
}

async function factsOf(
  manifest: RunManifest,
  collection: CollectionCore,
  judge: string | null,
  parts: RunParts,
): Promise<RunFacts> {
  const { pipeline, settings } = manifest
  const dataset = parts.datasetLibrary.get(manifest.datasetId)
  const models = await parts.subjects.models(pipeline)
  const version = parts.datasetLibrary
    .versions(dataset.id, 1000)
    .find(({ number }) => number === manifest.datasetVersion)
  const language = languageModelOf(pipeline.generator)
  return {
    dataset: { name: dataset.name, version: manifest.datasetVersion, hash: version?.hash ?? dataset.hash },
    collection: { name: collection.name, ...parts.documents.contentOf(collection.id) },
    indexFingerprint: indexFingerprint(pipeline, models.embedder, parts.readings.keyOf(collection)),
    code: { version: parts.version, node: process.version },
    models: {
      ...models,
      generator: settings.answers ? (language ? modelName(language) || language.id : pipeline.generator.id) : null,
      judge,
    },
    machine: {
      processor: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      platform: platform(),
    },
  }
}

function compareRuns(
  runs: RunLibrary,
  beforeId: RunId,
  afterId: RunId,
  { metric, limit }: { metric?: string | undefined; limit: number },
): Comparison {
  const [before, after] = [runs.get(beforeId), runs.get(afterId)]
  if (!before.summary || !after.summary) {
    const missing = before.summary ? after : before
    throw new AppError('input-invalid', `The run "${missing.name}" has no results to compare. Run it to its end first.`)
  }
  const others = new Map(runs.cases(afterId).map((result) => [result.caseId, result]))
  const pairs = runs.cases(beforeId).flatMap((result) => {
    const other = others.get(result.caseId)
    return other ? [{ before: result, after: other }] : []
  })
  if (pairs.length === 0) {
    throw new AppError('input-invalid', 'These two runs have no case in common, so there is nothing to compare.')
  }
  const metrics = before.summary.metrics.flatMap((one): MetricComparison[] => {
    const { name, label, better } = one
    const scored = pairs.filter((pair) => name in pair.before.scores && name in pair.after.scores)
    if (scored.length === 0) return []
    const [a, b] = [scored.map((pair) => pair.before.scores[name]!), scored.map((pair) => pair.after.scores[name]!)]
    const { verdict, ...difference } = pairedBootstrap(a, b, { seed: before.manifest.settings.seed, better })
    const gains = b.map((value, index) => (better === 'higher' ? 1 : -1) * (value - a[index]!))
    const count = (wanted: (gain: number) => boolean): number => gains.filter(wanted).length
    return [
      {
        name,
        label,
        better,
        before: meanOf(a),
        after: meanOf(b),
        difference,
        verdict,
        wins: count((gain) => gain > 0),
        losses: count((gain) => gain < 0),
        ties: count((gain) => gain === 0),
      },
    ]
  })
  const chosen = metric ?? metrics[0]?.name ?? ''
  const changes = pairs
    .flatMap((pair) => {
      const [a, b] = [pair.before.scores[chosen], pair.after.scores[chosen]]
      const { caseId, question, tags } = pair.before
      return a === undefined || b === undefined || a === b ? [] : [{ caseId, question, tags, before: a, after: b }]
    })
    .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before))
  return {
    before,
    after,
    parameters: differences(before.manifest, after.manifest),
    warnings: warningsOf(before, after, pairs.length),
    cases: pairs.length,
    metrics,
    changes: changes.slice(0, limit),
  }
}

/** Every place where two pipelines or settings differ, defaults written out. */
function differences(before: RunManifest, after: RunManifest): Comparison['parameters'] {
  const flat = ({ pipeline, settings }: RunManifest): Map<string, unknown> =>
    new Map([...flatten('', knownDefaults(pipeline)), ...flatten('settings', settings)])
  const [a, b] = [flat(before), flat(after)]
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((path) => canonicalJson(a.get(path)) !== canonicalJson(b.get(path)))
    .map((path) => ({ path, before: a.get(path) ?? null, after: b.get(path) ?? null }))
}

/** A run of before may name what this version does not have any more: it is shown as it was stored. */
function knownDefaults(pipeline: Pipeline): Pipeline {
  try {
    return withDefaults(pipeline)
  } catch {
    return pipeline
  }
}

function* flatten(path: string, value: unknown): Generator<[string, unknown]> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, member] of Object.entries(value)) yield* flatten(path === '' ? key : `${path}.${key}`, member)
  } else {
    yield [path, value]
  }
}

function warningsOf(before: Run, after: Run, common: number): string[] {
  const [a, b] = [before.facts, after.facts]
  if (!a || !b) return []
  const warnings: string[] = []
  if (before.datasetId !== after.datasetId) warnings.push('The two runs used different datasets.')
  else if (a.dataset.hash !== b.dataset.hash) warnings.push('The dataset changed between the two runs.')
  if (a.collection.hash !== b.collection.hash) warnings.push('The documents changed between the two runs.')
  const most = Math.max(before.summary?.cases ?? 0, after.summary?.cases ?? 0)
  if (common < most) warnings.push(`Only ${common} of ${most} cases are in both runs; the others are left out.`)
  if (canonicalJson(a.machine) !== canonicalJson(b.machine))
    warnings.push('The runs were made on different machines: their times say nothing about each other.')
  if (a.code.version !== b.code.version)
    warnings.push(`They were made by different versions of Quarry: ${a.code.version} and ${b.code.version}.`)
  for (const run of [before, after]) {
    if (run.summary?.disturbed) warnings.push(`Documents changed while "${run.name}" ran.`)
    const { documents, passages, lost } = run.summary?.reading ?? { documents: 0, passages: 0, lost: 0 }
    if (lost > 0) {
      const others = documents === 1 ? 'one document' : `${documents} documents`
      warnings.push(
        `"${run.name}" read ${others} in another way, and ${lost} of ${passages} expected passages are not in those ` +
          'texts: they count as not found.',
      )
    }
    if (run.summary?.failed) warnings.push(`${run.summary.failed} questions of "${run.name}" could not be asked.`)
  }
  return warnings
}

function exportRun(runs: RunLibrary, id: RunId, format: 'json' | 'csv') {
  const run = runs.get(id)
  const cases = runs.cases(id)
  const name = `${run.name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, 60)}-${run.id}.${format}`
  if (format === 'json')
    return {
      name,
      type: 'application/json',
      text: `${JSON.stringify({ format: 'quarry-run@1', run, cases }, null, 2)}\n`,
    }
  const metrics = run.summary?.metrics.map((metric) => metric.name) ?? []
  const rows = cases.map((result) => ({
    case: result.caseId,
    question: result.question,
    tags: result.tags.join('; '),
    ...Object.fromEntries(metrics.map((metric) => [metric, result.scores[metric] ?? ''])),
    latency_ms: result.latencyMs,
    context_tokens: result.contextTokens,
    answer: result.answer?.text ?? '',
    error: result.error?.message ?? '',
  }))
  // A cell that begins like a formula must not become one in a spreadsheet.
  return { name, type: 'text/csv', text: `${papaparse.unparse(rows, { escapeFormulae: true, newline: '\n' })}\n` }
}
