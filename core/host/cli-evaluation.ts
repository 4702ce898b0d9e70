import { readFile, writeFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { InvalidArgumentError, Option } from 'commander'
import type { Client } from '../contract/client.ts'
import type { Dataset } from '../contract/datasets.ts'
import { AppError, fromErrorData } from '../contract/errors.ts'
import type { ChunkingResult } from '../contract/evaluation.ts'
import { type Choice, type Pipeline, pipelineSchema } from '../contract/pipeline.ts'
import { type Comparison, type MetricResult, type Run, runSettingsSchema } from '../contract/runs.ts'
import { type Parameter, strategies, type Tune, type TuneSpec, tuneSpecSchema } from '../contract/tune.ts'
import type { SearchMode } from '../contract/values.ts'
import type { JobId } from '../shared/ids.ts'
import { addTrackingCommands } from './cli-tracking.ts'
import { command, type GlobalOptions, modeOption, positiveInteger, run, terminal } from './command-line.ts'
import { type Gate, type GateResult, judgeGates, parseGate } from '../shared/gates.ts'
import { junitOf, type JunitCase } from './junit.ts'

/**
 * `quarry eval`, `runs`, `tune` and `chunk`: measuring without a page, for a terminal and for the machine that decides
 * whether a change lands. Exit code 3: it was measured, and a gate failed or something was lost against the baseline.
 */
export function addEvaluationCommands(): void {
  addEval()
  addRuns()
  addTune()
  addChunk()
}

const gateFailed = 3

interface MeasureOptions extends GlobalOptions {
  dataset: string
  pipeline?: string
  name?: string
  metrics?: string[]
  mode: SearchMode
  answers?: boolean
  split?: string
  tag?: string
  limit?: number
  seed: number
  k: number
  gate?: Gate[]
  baseline?: string
  junit?: string
}

function addEval(): void {
  const evaluation = command('eval', 'measure quality')

  command('run', 'measure a pipeline on a dataset, and hold it against gates and a baseline', evaluation, {
    isDefault: true,
  })
    .requiredOption('--dataset <name>', 'name or id of the dataset')
    .option(
      '--pipeline <file>',
      'JSON of the pipeline, or of what it has in place of the present one (- for standard input)',
    )
    .option('--name <text>', 'what the run is called')
    .option('--metrics <names...>', 'such as recall@5 span-iou@5 (default: all that the cases allow)')
    .addOption(modeOption())
    .option('--answers', 'measure answers too')
    .option('--split <name>', 'only this part of the dataset')
    .option('--tag <name>', 'only cases with this tag')
    .option('--limit <count>', 'so many of the cases, drawn by the seed', positiveInteger)
    .option('--seed <number>', 'for drawing and for intervals', wholeNumber, 1)
    .option('-k <count>', 'results asked for', positiveInteger, 10)
    .option('--gate <rule>', "what must hold, such as 'recall@5>=0.9'; may be given again", collectGate)
    .option('--baseline <run>', 'id of a run, or "pinned": a shown loss against it fails')
    .option('--junit <file>', 'write the outcome as a JUnit report')
    .action((options: MeasureOptions) =>
      run(options, { program: 'quarry eval' }, async (client) => {
        const dataset = await findDataset(client, options.dataset)
        const pipeline = options.pipeline ? await readPipeline(client, dataset, options.pipeline) : undefined
        const settings = runSettingsSchema.parse({
          metrics: options.metrics ?? [],
          mode: options.mode,
          answers: options.answers ?? false,
          split: options.split,
          tag: options.tag,
          limit: options.limit,
          seed: options.seed,
          k: options.k,
        })
        const baseline = options.baseline ? await findBaseline(client, dataset, options.baseline) : undefined
        const { runs } = await client.runs.start({
          datasetId: dataset.id,
          ...(pipeline ? { pipelines: [{ pipeline }] } : {}),
          settings,
        })
        const [started] = runs
        if (!started) throw new AppError('internal', 'No run was started.')
        await finishJob(client, started.jobId, options)
        const { name } = options
        const measured = await (name
          ? client.runs.update({ runId: started.run.id, name })
          : client.runs.get({ runId: started.run.id }))
        const comparison =
          baseline && (await client.runs.compare({ runId: baseline.id, otherId: measured.id, limit: 20 }))
        return await report(client, measured, comparison, options)
      }),
    )

  command('retrieval', 'nDCG@10, Recall@10, Recall@100, MRR@10 and latency on a folder in BEIR layout', evaluation)
    .argument('<dir>', 'folder with corpus.jsonl, queries.jsonl and qrels/test.tsv')
    .addOption(modeOption())
    .action((folder: string, options: GlobalOptions & { mode: SearchMode }) =>
      run(options, { program: 'quarry eval', temporary: options.workspace === undefined }, async (client) => {
        const events = await client.evaluation.retrieval({ folder: resolve(folder), mode: options.mode })
        const result = await lastOf(events, options)
        terminal.result(options.json, result, () => terminal.metrics(result))
        return 0
      }),
    )

  command(
    'chunking',
    'recall, precision and IoU over text, on a folder in the layout of chunking_evaluation',
    evaluation,
  )
    .argument('<dir>', 'folder with questions_df.csv and corpora/*.md')
    .option('--chunker <id>', 'which chunker', 'recursive')
    .option('--options <json>', 'further options of the chunker', jsonObject, {})
    .option('--size <count>', 'maxTokens of the chunker', wholeNumber)
    .option('--overlap <count>', 'overlapTokens of the chunker', wholeNumber)
    .option('--count <unit>', 'what a size counts: tokens, or characters divided by a number', charactersPerToken)
    .option('--retriever <json>', 'options of the retriever', jsonObject, {})
    .addOption(modeOption())
    .option('-k <count>', 'results that are looked at', positiveInteger, 5)
    .option('--seed <number>', 'for intervals', wholeNumber, 1)
    .option('--gate <rule>', "what must hold, such as 'recall>=0.9'; may be given again", collectGate)
    .option('--junit <file>', 'write the outcome as a JUnit report')
    .action(
      (
        folder: string,
        options: GlobalOptions & {
          chunker: string
          options: Record<string, unknown>
          size?: number
          overlap?: number
          count?: number
          retriever: Record<string, unknown>
          mode: SearchMode
          k: number
          seed: number
          gate?: Gate[]
          junit?: string
        },
      ) =>
        run(options, { program: 'quarry eval', temporary: options.workspace === undefined }, async (client) => {
          const { size, overlap } = options
          const sizes = {
            ...(size === undefined ? {} : { maxTokens: size }),
            ...(overlap === undefined ? {} : { overlapTokens: overlap }),
          }
          const events = await client.evaluation.chunking({
            folder: resolve(folder),
            chunker: { id: options.chunker, options: { ...options.options, ...sizes } },
            charactersPerToken: options.count,
            retriever: options.retriever,
            mode: options.mode,
            k: options.k,
            seed: options.seed,
          })
          const result = await lastOf(events, options)
          const gates = judgeGates(options.gate ?? [], result.metrics)
          const json = gates.length > 0 ? { ...result, gates } : result
          terminal.result(options.json, json, () => showChunking(result))
          showGates(gates, options)
          await writeJunit(options.junit, 'quarry eval chunking', gates.map(gateCase))
          return gates.every(({ passed }) => passed) ? 0 : gateFailed
        }),
    )
}

function addRuns(): void {
  const runs = command('runs', 'what was measured')
  addTrackingCommands(runs)
  const id = 'as quarry runs list shows it'

  command('list', 'list the runs, newest first', runs)
    .option('--dataset <name>', 'only those on this dataset')
    .option('--tag <name>', 'only those with this tag')
    .option('--tune <id>', 'the trials of a tuning')
    .action((options: GlobalOptions & { dataset?: string; tag?: string; tune?: string }) =>
      run(options, { program: 'quarry runs' }, async (client) => {
        const dataset = options.dataset ? await findDataset(client, options.dataset) : undefined
        const tuneId = options.tune as Tune['id'] | undefined
        const { runs: found } = await client.runs.list({
          datasetId: dataset?.id,
          tag: options.tag,
          tuneId,
          limit: 1000,
        })
        terminal.result(options.json, { runs: found.map(runRow) }, () =>
          terminal.table(
            found.map(tableRow),
            ['id', 'name', 'dataset', 'status', 'cases', 'ndcg@10', 'recall@5', 'p50 ms', 'baseline'],
            'No runs yet. Make one with: quarry eval run --dataset NAME',
          ),
        )
        return 0
      }),
    )

  command('show', 'show one run: settings, facts, metrics with intervals', runs)
    .argument('<run>', id)
    .option('--cases', 'and the result of every case')
    .action((runId: string, options: GlobalOptions & { cases?: boolean }) =>
      run(options, { program: 'quarry runs' }, async (client) => {
        const found = await client.runs.get({ runId: runId })
        const cases = options.cases ? await allCases(client, found.id) : undefined
        terminal.result(options.json, { ...found, ...(cases ? { results: cases } : {}) }, () => {
          showRun(found)
          for (const { caseId, question, scores, error } of cases ?? [])
            terminal.write(`${caseId}  ${error?.message ?? shortScores(scores)}  ${question}\n`)
        })
        return 0
      }),
    )

  command('compare', 'compare two runs case by case', runs)
    .argument('<before>', id)
    .argument('<after>', id)
    .option('--metric <name>', 'which one orders the cases')
    .action((before: string, after: string, options: GlobalOptions & { metric?: string }) =>
      run(options, { program: 'quarry runs' }, async (client) => {
        const ids = { runId: before as Run['id'], otherId: after as Run['id'] }
        const comparison = await client.runs.compare({ ...ids, metric: options.metric, limit: 20 })
        terminal.result(options.json, comparison, () => showComparison(comparison))
        return 0
      }),
    )

  command('rerun', 'do a run again from what is stored of it', runs)
    .argument('<run>', id)
    .action((runId: string, options: GlobalOptions) =>
      run(options, { program: 'quarry runs' }, async (client) => {
        const { run: again, jobId } = await client.runs.rerun({ runId: runId })
        await finishJob(client, jobId, options)
        const found = await client.runs.get({ runId: again.id })
        terminal.result(options.json, found, () => showRun(found))
        return 0
      }),
    )

  command('export', 'write a run with all its cases to a file', runs)
    .argument('<run>', id)
    .argument('[file]', 'ends in .json or .csv; by default the name of the run')
    .addOption(new Option('--format <format>', 'by default as the file ends').choices(['json', 'csv']))
    .action((runId: string, file: string | undefined, options: GlobalOptions & { format?: 'json' | 'csv' }) =>
      run(options, { program: 'quarry runs' }, async (client) => {
        const format = options.format ?? (file && extname(file) === '.csv' ? 'csv' : 'json')
        const { name, text } = await client.runs.export({ runId: runId, format })
        const path = resolve(file ?? name)
        await writeNew(path, text)
        terminal.result(options.json, { path, bytes: Buffer.byteLength(text) }, () => terminal.write(`${path}\n`))
        return 0
      }),
    )

  command('pin', 'make a run the baseline of its dataset', runs)
    .argument('<run>', id)
    .option('--off', 'let go of it')
    .action((runId: string, options: GlobalOptions & { off?: boolean }) =>
      run(options, { program: 'quarry runs' }, async (client) => {
        const found = await client.runs.pinBaseline({ runId: runId, pinned: !options.off })
        terminal.result(options.json, runRow(found), () =>
          terminal.write(`${found.name} is ${found.isBaseline ? 'the baseline' : 'not the baseline any more'}.\n`),
        )
        return 0
      }),
    )

  command('note', 'name, tag or describe a run', runs)
    .argument('<run>', id)
    .option('--name <text>')
    .option('--tags <tags...>')
    .option('--note <text>')
    .action((runId: string, options: GlobalOptions & { name?: string; tags?: string[]; note?: string }) =>
      run(options, { program: 'quarry runs' }, async (client) => {
        const { name, tags, note } = options
        const found = await client.runs.update({ runId: runId, name, tags, note })
        terminal.result(options.json, runRow(found), () => showRun(found))
        return 0
      }),
    )

  command('remove', 'remove runs', runs)
    .argument('<run...>', id)
    .action((ids: string[], options: GlobalOptions) =>
      run(options, { program: 'quarry runs' }, async (client) => {
        const { removed } = await client.runs.remove({ runIds: ids })
        terminal.result(options.json, { removed }, () => terminal.write(`${removed} removed\n`))
        return 0
      }),
    )
}

interface TuneOptions extends GlobalOptions {
  dataset: string
  space?: string
  set?: Parameter[]
  strategy: TuneSpec['strategy']
  metric: string
  trials?: number
  minutes?: number
  heldOut: number
  seed: number
  mode: SearchMode
  earlyStop: boolean
  resume?: string
  apply?: boolean
  junit?: string
}

function addTune(): void {
  command('tune', 'search for a better pipeline, and say whether it is one')
    .option('--dataset <name>', 'name or id of the dataset')
    .option('--space <file>', 'JSON of the search space: {"parameters": [{"path": …, "values": […]}], …}')
    .option(
      '--set <parameter>',
      "such as 'chunker.options.maxTokens=128,256,512'; may be given again",
      (text: string, before: Parameter[] | undefined) => [...(before ?? []), parseParameter(text)],
    )
    .addOption(new Option('--strategy <name>', 'how to go through the space').choices(strategies).default('grid'))
    .option('--metric <name>', 'what is looked for', 'ndcg@10')
    .option('--trials <count>', 'at most so many', wholeNumber)
    .option('--minutes <count>', 'at most so long', decimal)
    .option('--held-out <share>', 'cases that no trial sees and that decide', decimal, 0.3)
    .option('--seed <number>', 'for drawing', wholeNumber, 1)
    .addOption(modeOption())
    .option('--no-early-stop', 'measure every trial on every question')
    .option('--resume <id>', 'go on with a tuning that was stopped, or show one that is over')
    .option('--apply', 'make what is recommended the pipeline of the collection')
    .option('--junit <file>', 'write the outcome as a JUnit report')
    .action((options: TuneOptions) =>
      run(options, { program: 'quarry tune', resumeJobs: options.resume !== undefined }, async (client) => {
        const { tune, jobId } = options.resume
          ? { tune: { id: options.resume as Tune['id'] }, jobId: await jobOf(client, options.resume) }
          : await startTune(client, options)
        if (jobId) await finishJob(client, jobId, options)
        const found = await client.tunes.get({ tuneId: tune.id })
        const { result } = found
        const trial = result?.recommendation.trial ?? null
        if (options.apply && trial !== null) {
          const applied = await client.tunes.apply({ tuneId: found.id, trial })
          if (applied.jobId) await finishJob(client, applied.jobId, options)
        }
        terminal.result(options.json, found, () => showTune(found, options.apply === true && trial !== null))
        await writeJunit(options.junit, 'quarry tune', [
          { name: result?.recommendation.sentence ?? found.name, seconds: (result?.spentMs ?? 0) / 1000 },
        ])
        return 0
      }),
    )
}

function addChunk(): void {
  command('chunk', 'cut a file and show the chunks, without adding it to anything')
    .argument('<file>', 'a file on this machine')
    .option('--chunker <id>', 'which chunker', 'recursive')
    .option('--options <json>', 'options of the chunker', jsonObject, {})
    .action((file: string, options: GlobalOptions & { chunker: string; options: Record<string, unknown> }) =>
      run(options, { program: 'quarry chunk', temporary: options.workspace === undefined }, async (client) => {
        const { labId, name, type, textLength } = await client.lab.open({
          source: { kind: 'file', path: resolve(file) },
        })
        const chunkers: Choice[] = [{ id: options.chunker, options: options.options }]
        const { columns } = await client.lab.chunk({ labId, chunkers })
        const [cut] = columns
        if (!cut) throw new AppError('internal', 'Nothing was cut.')
        const text = await wholeText(client, labId, textLength)
        const chunks = cut.starts.map((start, ordinal) => ({
          ordinal,
          start,
          end: cut.ends[ordinal] ?? start,
          tokens: cut.tokens[ordinal] ?? 0,
          headings: cut.paths[cut.pathOf[ordinal] ?? 0] ?? [],
          text: text.slice(start, cut.ends[ordinal] ?? start),
        }))
        const json = { file: name, type, chunker: chunkers[0], chunks, statistics: cut.statistics, faults: cut.faults }
        terminal.result(options.json, json, () => {
          for (const chunk of chunks) {
            const headings = chunk.headings.length > 0 ? `  ${chunk.headings.join(' > ')}` : ''
            terminal.write(`--- ${chunk.ordinal + 1}  ${chunk.start}-${chunk.end}  ${chunk.tokens} tokens${headings}\n`)
            terminal.write(`${chunk.text}\n`)
          }
          const { statistics } = cut
          const faults = Object.entries(statistics.faults).map(([kind, count]) => `${count} ${kind}`)
          terminal.write(
            `\n${statistics.chunks} chunks of ${statistics.leastTokens} to ${statistics.mostTokens} tokens ` +
              `(mean ${statistics.meanTokens.toFixed(0)}); cut apart: ${faults.join(', ') || 'nothing'}\n`,
          )
        })
        return 0
      }),
    )
}

async function wholeText(client: Client, labId: string, length: number): Promise<string> {
  let text = ''
  while (text.length < length) {
    const part = await client.lab.text({ labId, start: text.length, end: length })
    if (part.text === '') break
    text += part.text
  }
  return text
}

/** Follows a stream that tells its progress; gives what it ends with. */
async function lastOf<Result>(
  events: AsyncIterable<
    | { type: 'progress'; done: number; total?: number | undefined; label: string }
    | { type: 'evaluation-end'; result: Result }
  >,
  options: GlobalOptions,
): Promise<Result> {
  using bar = terminal.progress(options.json)
  for await (const event of events) {
    if (event.type === 'evaluation-end') return event.result
    bar.update(event.done, event.total, event.label)
  }
  throw new AppError('internal', 'An evaluation ended without a result.')
}

/** Waits for a job of measuring; Ctrl-C cancels it. */
async function finishJob(client: Client, jobId: JobId, options: GlobalOptions): Promise<void> {
  using bar = terminal.progress(options.json)
  const cancel = (): void => {
    // That it was cancelled is seen when the job ends; that it had ended before is no trouble either.
    client.jobs.cancel({ jobId }).catch(() => {})
  }
  process.once('SIGINT', cancel)
  try {
    for await (const event of await client.jobs.watch({ jobId, after: 0 })) {
      if (event.type !== 'progress') continue
      const { done, total, label } = event.job.progress
      bar.update(done, total, label)
    }
  } finally {
    process.off('SIGINT', cancel)
  }
  const job = await client.jobs.get({ jobId })
  if (job.error) throw fromErrorData(job.error)
  if (job.status === 'cancelled') throw new AppError('cancelled', 'Cancelled. What was measured is kept.')
}

async function findDataset(client: Client, name: string): Promise<Dataset> {
  const { datasets } = await client.datasets.list()
  const found = datasets.find((one) => one.id === name || one.name.toLowerCase() === name.trim().toLowerCase())
  if (found) return found
  const known = datasets.map((one) => `"${one.name}"`).join(', ')
  const hint = known === '' ? 'There are none yet.' : `There are: ${known}.`
  throw new AppError('item-missing', `There is no dataset called "${name}" in this workspace. ${hint}`)
}

async function findBaseline(client: Client, dataset: Dataset, name: string): Promise<Run> {
  if (name !== 'pinned') return client.runs.get({ runId: name })
  const { runs } = await client.runs.list({ datasetId: dataset.id, limit: 1000 })
  const pinned = runs.find(({ isBaseline }) => isBaseline)
  if (pinned) return pinned
  throw new AppError('item-missing', `No run on "${dataset.name}" is pinned: quarry runs pin RUN`)
}

/** A whole pipeline, or members that replace those of the collection's own. */
async function readPipeline(client: Client, dataset: Dataset, file: string): Promise<Pipeline> {
  const given = await readJson(file)
  const { collections } = await client.collections.list()
  const present = collections.find(({ id }) => id === dataset.collectionId)?.pipeline
  const parsed = pipelineSchema.safeParse({ ...present, ...given })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new AppError(
    'input-invalid',
    `${file}: "${issue?.path.join('.') ?? ''}" of the pipeline: ${issue?.message ?? 'not valid'}.`,
  )
}

async function readJson(file: string): Promise<Record<string, unknown>> {
  const text = file === '-' ? await textOf(process.stdin) : await readFile(resolve(file), 'utf8')
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Told below, like every other wrong file.
  }
  throw new AppError('input-invalid', `${file} is not one JSON object. Check it with another program.`)
}

async function startTune(client: Client, options: TuneOptions) {
  if (!options.dataset) throw new AppError('input-invalid', 'Say which dataset to search with: --dataset NAME')
  const dataset = await findDataset(client, options.dataset)
  const file = options.space ? await readJson(options.space) : {}
  const given = Array.isArray(file.parameters) ? (file.parameters as unknown[]) : []
  const parsed = tuneSpecSchema.safeParse({
    strategy: options.strategy,
    metric: options.metric,
    budget: { trials: options.trials, minutes: options.minutes },
    heldOut: options.heldOut,
    earlyStop: options.earlyStop,
    ...file,
    parameters: [...given, ...(options.set ?? [])],
    settings: { mode: options.mode, seed: options.seed, ...(file.settings as object | undefined) },
  })
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new AppError(
      'input-invalid',
      `The search space, "${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'not valid'}`,
    )
  }
  return client.tunes.start({ datasetId: dataset.id, spec: parsed.data })
}

async function jobOf(client: Client, id: string): Promise<JobId | null> {
  const { jobId, status } = await client.tunes.get({ tuneId: id })
  return status === 'queued' || status === 'running' ? jobId : null
}

async function report(
  client: Client,
  measured: Run,
  comparison: Comparison | undefined,
  options: MeasureOptions,
): Promise<number> {
  const { summary } = measured
  if (!summary) throw new AppError('internal', 'The run ended without results.')
  const metrics = Object.fromEntries(summary.metrics.map(({ name, mean }) => [name, mean]))
  const gates = judgeGates(options.gate ?? [], metrics)
  const watched = new Set(gates.map(({ metric }) => metric))
  const losses = (comparison?.metrics ?? []).filter(
    ({ name, verdict }) => verdict === 'worse' && (watched.size === 0 || watched.has(name)),
  )
  const passed = gates.every((gate) => gate.passed) && losses.length === 0
  const json = {
    run: measured.id,
    metrics: metricsJson(summary.metrics),
    latency_ms: summary.latencyMs,
    cases: summary.cases,
    failed: summary.failed,
    stale: summary.stale,
    gates,
    ...(comparison
      ? { baseline: comparison.before.id, comparison: comparison.metrics, warnings: comparison.warnings }
      : {}),
    passed,
  }
  terminal.result(options.json, json, () => {
    showRun(measured)
    if (comparison) showComparison(comparison)
  })
  showGates(gates, options)
  for (const { name, before, after } of losses)
    terminal.complain(`${name} is worse than that of the baseline: ${after.toFixed(4)} instead of ${before.toFixed(4)}`)
  if (options.junit) {
    const cases = (await allCases(client, measured.id)).map(({ caseId, question, scores, error, latencyMs }) => ({
      name: `${caseId}: ${question}`,
      seconds: latencyMs / 1000,
      ...(error ? { error: error.message } : {}),
      output: shortScores(scores),
    }))
    const lost = losses.map(({ name, before, after }) => ({
      name: `${name} is no worse than that of the baseline`,
      failure: `${after} instead of ${before}`,
    }))
    await writeJunit(options.junit, 'quarry eval', [...gates.map(gateCase), ...lost, ...cases])
  }
  if (!passed) return gateFailed
  return summary.failed > 0 ? 1 : 0
}

async function allCases(client: Client, runId: Run['id']) {
  const cases = []
  for (;;) {
    const page = await client.runs.cases({ runId, limit: 1000, offset: cases.length })
    cases.push(...page.cases)
    if (page.cases.length === 0 || cases.length >= page.total) return cases
  }
}

function metricsJson(metrics: readonly MetricResult[]) {
  return Object.fromEntries(
    metrics.map(({ name, mean, low, high, cases, errors }) => [name, { mean, low, high, cases, errors }]),
  )
}

function runRow(found: Run) {
  const { id, name, status, done, tags, note, isBaseline, createdAt, summary, facts } = found
  return {
    id,
    name,
    status,
    dataset: facts?.dataset.name ?? null,
    cases: done,
    metrics: metricsJson(summary?.metrics ?? []),
    latency_ms: summary?.latencyMs ?? null,
    tags,
    note,
    baseline: isBaseline,
    created_at: new Date(createdAt).toISOString(),
    error: found.error?.message ?? null,
  }
}

function tableRow(found: Run) {
  const mean = (name: string): string => {
    const metric = found.summary?.metrics.find((one) => one.name === name)
    return metric ? metric.mean.toFixed(4) : ''
  }
  return {
    id: found.id,
    name: found.name,
    dataset: found.facts?.dataset.name ?? '',
    status: found.status,
    cases: found.done,
    'ndcg@10': mean('ndcg@10'),
    'recall@5': mean('recall@5'),
    'p50 ms': found.summary ? found.summary.latencyMs.p50.toFixed(1) : '',
    baseline: found.isBaseline ? 'yes' : '',
  }
}

function showRun({ id, name, status, summary, facts, error, note, tags }: Run): void {
  terminal.write(`${name} (${id}), ${status}\n`)
  if (error) terminal.complain(error.message)
  if (facts)
    terminal.write(
      `${facts.dataset.name} version ${facts.dataset.version} on ${facts.collection.name} (${facts.collection.documents} documents), ${facts.models.embedder}\n`,
    )
  if (tags.length > 0) terminal.write(`tags: ${tags.join(', ')}\n`)
  if (note) terminal.write(`${note}\n`)
  if (!summary) return
  terminal.table(
    summary.metrics.map(({ name: metric, mean, low, high, cases, errors }) => ({
      metric,
      mean: mean.toFixed(4),
      '95 % interval': `${low.toFixed(4)} to ${high.toFixed(4)}`,
      cases,
      errors,
    })),
    ['metric', 'mean', '95 % interval', 'cases', 'errors'],
    'No metrics.',
  )
  const { latencyMs, index, stale, failed } = summary
  terminal.write(
    `latency p50 ${latencyMs.p50.toFixed(1)} ms, p95 ${latencyMs.p95.toFixed(1)} ms; index ${index.chunks} chunks, ${(index.bytes / 1e6).toFixed(1)} MB\n`,
  )
  if (stale > 0) terminal.complain(`${stale} cases point at text that is not there any more, and were left out.`)
  if (failed > 0) terminal.complain(`${failed} questions could not be asked.`)
}

function showComparison({ before, after, parameters, warnings, metrics, cases }: Comparison): void {
  terminal.write(`\n${before.name} -> ${after.name}, ${cases} cases\n`)
  for (const warning of warnings) terminal.complain(warning)
  for (const { path, before: a, after: b } of parameters)
    terminal.write(`  ${path}: ${JSON.stringify(a)} -> ${JSON.stringify(b)}\n`)
  terminal.table(
    metrics.map((metric) => ({
      metric: metric.name,
      before: metric.before.toFixed(4),
      after: metric.after.toFixed(4),
      difference: `${metric.difference.mean.toFixed(4)} [${metric.difference.low.toFixed(4)}, ${metric.difference.high.toFixed(4)}]`,
      verdict: metric.verdict,
      'wins/losses': `${metric.wins}/${metric.losses}`,
    })),
    ['metric', 'before', 'after', 'difference', 'verdict', 'wins/losses'],
    'No metric is in both.',
  )
}

function showChunking({ metrics, intervals, chunks, mean_characters: characters, queries, k }: ChunkingResult): void {
  for (const [name, value] of Object.entries(metrics)) {
    const interval = intervals[name as keyof typeof intervals] as (typeof intervals)['recall'] | undefined
    const shown = interval ? `  95 % ${interval.low.toFixed(4)} to ${interval.high.toFixed(4)}` : ''
    terminal.write(`${name.padEnd(18)}${value.toFixed(4)}${shown}\n`)
  }
  terminal.write(
    `${chunks} chunks, ${characters.toFixed(0)} characters on average; ${queries} questions, ${k} results\n`,
  )
}

function showTune({ name, status, result, error, spec }: Tune, applied: boolean): void {
  terminal.write(`${name}, ${status}\n`)
  if (error) terminal.complain(error.message)
  if (!result) return
  terminal.table(
    result.trials.slice(0, 50).map((trial) => ({
      trial: trial.number,
      [spec.metric]: trial.score?.mean.toFixed(4) ?? '',
      interval: trial.score ? `${trial.score.low.toFixed(4)} to ${trial.score.high.toFixed(4)}` : '',
      'p50 ms': trial.latencyMs?.toFixed(1) ?? '',
      MB: trial.indexBytes === null ? '' : (trial.indexBytes / 1e6).toFixed(1),
      status: `${trial.status}${trial.pareto ? ' *' : ''}`,
      parameters: Object.entries(trial.parameters)
        .map(([path, value]) => `${path}=${JSON.stringify(value)}`)
        .join(' '),
    })),
    ['trial', spec.metric, 'interval', 'p50 ms', 'MB', 'status', 'parameters'],
    'No trials.',
  )
  for (const { path, range } of result.effects) terminal.write(`effect of ${path}: ${range.toFixed(4)}\n`)
  terminal.write(
    `${result.indexesBuilt} indexes built for ${result.trials.length} trials in ${(result.spentMs / 1000).toFixed(1)} s\n`,
  )
  if (result.unfinished) terminal.write(`${result.unfinished}\n`)
  terminal.write(`${result.recommendation.sentence}\n`)
  if (applied) terminal.write('It is the pipeline of the collection now.\n')
}

function showGates(gates: readonly GateResult[], { json }: GlobalOptions): void {
  for (const { rule, value, passed } of gates) {
    const what = `${rule}: ${value === null ? 'not measured' : value.toFixed(4)}`
    if (!passed) terminal.complain(`gate failed, ${what}`)
    else if (!json) terminal.write(`gate passed, ${what}\n`)
  }
}

function shortScores(scores: Readonly<Record<string, number>>): string {
  return Object.entries(scores)
    .map(([name, value]) => `${name} ${value.toFixed(3)}`)
    .join(', ')
}

function gateCase({ rule, value, passed }: GateResult): JunitCase {
  const name = `gate ${rule}`
  return passed ? { name } : { name, failure: value === null ? 'not measured' : `it is ${value}` }
}

async function writeJunit(file: string | undefined, suite: string, cases: readonly JunitCase[]): Promise<void> {
  if (file !== undefined) await writeFile(resolve(file), junitOf(suite, cases))
}

/** Never over something that is there. */
async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw new AppError('name-taken', `There is a file ${path} already. Choose another name.`)
    throw error
  }
}

function collectGate(text: string, before: Gate[] | undefined): Gate[] {
  const gate = parseGate(text)
  if (!gate) throw new InvalidArgumentError("A gate is a metric, a comparison and a number, such as 'recall@5>=0.9'.")
  return [...(before ?? []), gate]
}

/** 'chunker.options.maxTokens=128,256' or 'retriever.options.vectorWeight=0..1/0.25'. */
function parseParameter(text: string): Parameter {
  const [path, values] = [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]
  if (!text.includes('=') || values === '')
    throw new InvalidArgumentError("Such as 'chunker.options.maxTokens=128,256'.")
  const range = /^(-?[\d.]+)\.\.(-?[\d.]+)\/([\d.]+)$/.exec(values)
  if (range) return { path, from: Number(range[1]), to: Number(range[2]), step: Number(range[3]) }
  return { path, values: listOf(values) }
}

/** A JSON list, or values with commas between them; what is no JSON is a word. */
function listOf(text: string): unknown[] {
  const parse = (piece: string): unknown => {
    try {
      return JSON.parse(piece) as unknown
    } catch {
      return piece
    }
  }
  const whole = parse(text)
  if (Array.isArray(whole)) return whole as unknown[]
  return whole === text ? text.split(',').map((piece) => parse(piece.trim())) : [whole]
}

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Told below.
  }
  throw new InvalidArgumentError('It must be a JSON object, such as {"maxTokens": 256}.')
}

function charactersPerToken(text: string): number | undefined {
  if (text === 'tokens') return undefined
  const found = /^characters\/(\d+(?:\.\d+)?)$/.exec(text)
  const value = text === 'characters' ? 1 : Number(found?.[1])
  if (value >= 1 && value <= 100) return value
  throw new InvalidArgumentError("It must be 'tokens', 'characters' or such as 'characters/4.4'.")
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0 && value <= 4_294_967_295) return value
  throw new InvalidArgumentError('It must be a whole number.')
}

function decimal(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value
  throw new InvalidArgumentError('It must be a number.')
}
