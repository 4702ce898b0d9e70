import { InvalidArgumentError, Option } from 'commander'
import type { Client } from '../contract/client.ts'
import { AppError } from '../contract/errors.ts'
import { type Parameter, strategies, type Tune, type TuneSpec, tuneSpecSchema } from '../contract/tune.ts'
import type { SearchMode } from '../contract/values.ts'
import type { JobId } from '../shared/ids.ts'
import { command, type GlobalOptions, modeOption, run, terminal } from './command-line.ts'
import { finishJob, findDataset, readJson, writeJunit, wholeNumber } from './evaluation-parts.ts'

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

/** `quarry tune`: a search for a better pipeline. */
export function addTuneCommand(): void {
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
  if (result.trials.some(({ pareto }) => pareto))
    terminal.write('* no other trial is at least as good, as fast and as small, and better in one of them\n')
  for (const { path, range } of result.effects) terminal.write(`effect of ${path}: ${range.toFixed(4)}\n`)
  terminal.write(
    `${result.indexesBuilt} indexes built for ${result.trials.length} trials in ${(result.spentMs / 1000).toFixed(1)} s\n`,
  )
  if (result.unfinished) terminal.write(`${result.unfinished}\n`)
  terminal.write(`${result.recommendation.sentence}\n`)
  if (applied) terminal.write('It is the pipeline of the collection now.\n')
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

function decimal(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value
  throw new InvalidArgumentError('It must be a number.')
}
