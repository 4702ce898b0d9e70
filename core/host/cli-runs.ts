import { readFile, writeFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { InvalidArgumentError, Option } from 'commander'
import { parseCaseLabels } from '../contract/case-labels.ts'
import { AppError } from '../contract/errors.ts'
import type { Run } from '../contract/runs.ts'
import type { Tune } from '../contract/tune.ts'
import { judgeGates, type Gate } from '../shared/gates.ts'
import { comparisonCase, gateCase, gateFailed, gateOption, lossesOf, showGates, showLosses } from './cli-gates.ts'
import { addTrackingCommands } from './cli-tracking.ts'
import { command, type GlobalOptions, run, terminal } from './command-line.ts'
import {
  finishJob,
  findDataset,
  allCases,
  metricsJson,
  showRun,
  showComparison,
  shortScores,
  writeJunit,
} from './evaluation-parts.ts'

interface CompareOptions {
  metric?: string
  gate?: Gate[]
  junit?: string
}

/** `quarry runs`: what was measured, compared, exported, pinned. */
export function addRunCommands(): void {
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
    .addOption(gateOption('recall@5>=0.9'))
    .option('--junit <file>', 'write the outcome as a JUnit report; like --gate, it makes a shown loss fail')
    .action((before: string, after: string, options: GlobalOptions & CompareOptions) =>
      run(options, { program: 'quarry runs' }, async (client) => {
        const ids = { runId: before as Run['id'], otherId: after as Run['id'] }
        const comparison = await client.runs.compare({ ...ids, metric: options.metric, limit: 20 })
        const means = Object.fromEntries(comparison.metrics.map((metric) => [metric.name, metric.after]))
        const gates = judgeGates(options.gate ?? [], means)
        // Who only looks is told what differs; who decides by it is told whether it is good enough.
        const decides = options.gate !== undefined || options.junit !== undefined
        const losses = decides ? lossesOf(comparison, gates) : []
        const passed = gates.every((gate) => gate.passed) && losses.length === 0
        const json = decides ? { ...comparison, gates, passed } : comparison
        terminal.result(options.json, json, () => showComparison(comparison))
        showGates(gates, options)
        showLosses(losses)
        const lines = comparison.metrics.map((metric) => comparisonCase(metric, losses.includes(metric)))
        await writeJunit(options.junit, 'quarry runs compare', [...gates.map(gateCase), ...lines])
        return passed ? 0 : gateFailed
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

  command('calibrate', 'how far a judge of a run agrees with people who labelled some of its cases', runs)
    .argument('<run>', id)
    .requiredOption('--labels <file>', 'CSV with the columns case and label (yes or no), or JSON {"case": true}')
    .requiredOption('--metric <name>', 'the metric that the judge scored, such as faithfulness')
    .option('--threshold <number>', 'a score from here on is a yes', share, 0.5)
    .action((runId: string, options: GlobalOptions & { labels: string; metric: string; threshold: number }) =>
      run(options, { program: 'quarry runs' }, async (client) => {
        const { metric, threshold } = options
        const labels = parseCaseLabels(await readFile(resolve(options.labels), 'utf8'), options.labels)
        const found = await client.runs.calibrate({ runId, metric, labels, threshold })
        const unused = Object.keys(labels).length - found.cases
        terminal.result(options.json, { ...found, metric, threshold, unused }, () => {
          terminal.write(`${metric} agrees with people on ${percent(found.agreement)} of ${found.cases} cases; `)
          terminal.write(
            found.kappa === null
              ? "Cohen's kappa says nothing here: one of the answers never came.\n"
              : `Cohen's kappa ${found.kappa.toFixed(2)} (1 whole, 0 no better than chance)\n`,
          )
          if (unused > 0) terminal.complain(`${unused} labels are of cases that have no such score in this run.`)
        })
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

function share(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && value <= 1) return value
  throw new InvalidArgumentError('It must be a number from 0 to 1.')
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`
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
