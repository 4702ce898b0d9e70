import { resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import type { Client } from '../contract/client.ts'
import type { Dataset } from '../contract/datasets.ts'
import { AppError } from '../contract/errors.ts'
import type { ChunkingResult } from '../contract/evaluation.ts'
import { type Choice, type Pipeline, pipelineSchema } from '../contract/pipeline.ts'
import { type Comparison, type Run, runSettingsSchema } from '../contract/runs.ts'
import type { SearchMode } from '../contract/values.ts'
import { type Gate, judgeGates, meansOf } from '../shared/gates.ts'
import { gateCase, gateFailed, gateOption, lossCase, lossesOf, showGates, showLosses } from './cli-gates.ts'
import { command, type GlobalOptions, modeOption, positiveInteger, run, terminal } from './command-line.ts'
import {
  finishJob,
  findDataset,
  readJson,
  allCases,
  metricsJson,
  showRun,
  showComparison,
  shortScores,
  writeJunit,
  jsonObject,
  wholeNumber,
} from './evaluation-parts.ts'

interface MeasureOptions extends GlobalOptions {
  dataset: string
  pipeline?: string
  name?: string
  metrics?: string[]
  mode: SearchMode
  answers?: boolean
  judge?: string
  split?: string
  tag?: string
  limit?: number
  seed: number
  k: number
  gate?: Gate[]
  baseline?: string
  junit?: string
}

/**
 * `quarry eval`: measuring without a page, for a terminal and for the machine that decides whether a change lands. Exit code
 * 3: it was measured, and a gate failed or something was lost against the baseline.
 */
export function addEvalCommands(): void {
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
    .option(
      '--judge <model>',
      'and have a language model judge them: its id here (quarry models list), or PROVIDER/MODEL',
    )
    .option('--split <name>', 'only this part of the dataset')
    .option('--tag <name>', 'only cases with this tag')
    .option('--limit <count>', 'so many of the cases, drawn by the seed', positiveInteger)
    .option('--seed <number>', 'for drawing and for intervals', wholeNumber, 1)
    .option('-k <count>', 'results asked for', positiveInteger, 10)
    .addOption(gateOption('recall@5>=0.9'))
    .option('--baseline <run>', 'id of a run, or "pinned": a shown loss against it fails')
    .option('--junit <file>', 'write the outcome as a JUnit report')
    .action((options: MeasureOptions) =>
      run(options, { program: 'quarry eval' }, async (client) => {
        const dataset = await findDataset(client, options.dataset)
        const pipeline = options.pipeline ? await readPipeline(client, dataset, options.pipeline) : undefined
        const judge = options.judge === undefined ? null : await findJudge(client, options.judge)
        const settings = runSettingsSchema.parse({
          metrics: options.metrics ?? [],
          mode: options.mode,
          answers: options.answers ?? judge !== null,
          judge,
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
    .addOption(gateOption('recall>=0.9'))
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

async function findBaseline(client: Client, dataset: Dataset, name: string): Promise<Run> {
  if (name !== 'pinned') return client.runs.get({ runId: name })
  const { runs } = await client.runs.list({ datasetId: dataset.id, limit: 1000 })
  const pinned = runs.find(({ isBaseline }) => isBaseline)
  if (pinned) return pinned
  throw new AppError('item-missing', `No run on "${dataset.name}" is pinned: quarry runs pin RUN`)
}

/** A model of a provider where the name begins with that of one, else a model on this machine. */
async function findJudge(client: Client, name: string): Promise<Choice> {
  const slash = name.indexOf('/')
  const { providers } = await client.providers.list()
  const provider = providers.find(({ id }) => id === name.slice(0, Math.max(0, slash)))
  if (!provider) return { id: 'llama', options: { model: name } }
  return { id: provider.kind, options: { provider: provider.id, model: name.slice(slash + 1) } }
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

async function report(
  client: Client,
  measured: Run,
  comparison: Comparison | undefined,
  options: MeasureOptions,
): Promise<number> {
  const { summary } = measured
  if (!summary) throw new AppError('internal', 'The run ended without results.')
  const gates = judgeGates(options.gate ?? [], meansOf(summary.metrics))
  const losses = lossesOf(comparison, gates)
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
  showLosses(losses)
  if (options.junit) {
    const cases = (await allCases(client, measured.id)).map(({ caseId, question, scores, error, latencyMs }) => ({
      name: `${caseId}: ${question}`,
      seconds: latencyMs / 1000,
      ...(error ? { error: error.message } : {}),
      output: shortScores(scores),
    }))
    await writeJunit(options.junit, 'quarry eval', [...gates.map(gateCase), ...losses.map(lossCase), ...cases])
  }
  if (!passed) return gateFailed
  return summary.failed > 0 ? 1 : 0
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

function charactersPerToken(text: string): number | undefined {
  if (text === 'tokens') return undefined
  const found = /^characters\/(\d+(?:\.\d+)?)$/.exec(text)
  const value = text === 'characters' ? 1 : Number(found?.[1])
  if (value >= 1 && value <= 100) return value
  throw new InvalidArgumentError("It must be 'tokens', 'characters' or such as 'characters/4.4'.")
}
