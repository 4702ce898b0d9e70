import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { InvalidArgumentError } from 'commander'
import type { Client } from '../contract/client.ts'
import type { Dataset } from '../contract/datasets.ts'
import { AppError, fromErrorData } from '../contract/errors.ts'
import type { Comparison, MetricResult, Run } from '../contract/runs.ts'
import type { JobId } from '../shared/ids.ts'
import { type GlobalOptions, terminal } from './command-line.ts'
import { junitOf, type JunitCase } from './junit.ts'

/** What the commands that measure share: waiting, finding, reading options, showing what came out. */

/** Waits for a job of measuring; Ctrl-C cancels it. */
export async function finishJob(client: Client, jobId: JobId, options: GlobalOptions): Promise<void> {
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

export async function findDataset(client: Client, name: string): Promise<Dataset> {
  const { datasets } = await client.datasets.list()
  const found = datasets.find((one) => one.id === name || one.name.toLowerCase() === name.trim().toLowerCase())
  if (found) return found
  const known = datasets.map((one) => `"${one.name}"`).join(', ')
  const hint = known === '' ? 'There are none yet.' : `There are: ${known}.`
  throw new AppError('item-missing', `There is no dataset called "${name}" in this workspace. ${hint}`)
}

export async function readJson(file: string): Promise<Record<string, unknown>> {
  const text = file === '-' ? await textOf(process.stdin) : await readFile(resolve(file), 'utf8')
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Told below, like every other wrong file.
  }
  throw new AppError('input-invalid', `${file} is not one JSON object. Check it with another program.`)
}

export async function allCases(client: Client, runId: Run['id']) {
  const cases = []
  for (;;) {
    const page = await client.runs.cases({ runId, limit: 1000, offset: cases.length })
    cases.push(...page.cases)
    if (page.cases.length === 0 || cases.length >= page.total) return cases
  }
}

export function metricsJson(metrics: readonly MetricResult[]) {
  return Object.fromEntries(
    metrics.map(({ name, mean, low, high, cases, errors }) => [name, { mean, low, high, cases, errors }]),
  )
}

export function showRun({ id, name, status, summary, facts, error, note, tags }: Run): void {
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
      mean: cases === 0 ? '' : mean.toFixed(4),
      '95 % interval': cases === 0 ? 'not scored' : `${low.toFixed(4)} to ${high.toFixed(4)}`,
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

export function showComparison({ before, after, parameters, warnings, metrics, cases }: Comparison): void {
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

export function shortScores(scores: Readonly<Record<string, number>>): string {
  return Object.entries(scores)
    .map(([name, value]) => `${name} ${value.toFixed(3)}`)
    .join(', ')
}

export async function writeJunit(file: string | undefined, suite: string, cases: readonly JunitCase[]): Promise<void> {
  if (file !== undefined) await writeFile(resolve(file), junitOf(suite, cases))
}

export function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Told below.
  }
  throw new InvalidArgumentError('It must be a JSON object, such as {"maxTokens": 256}.')
}

export function wholeNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0 && value <= 4_294_967_295) return value
  throw new InvalidArgumentError('It must be a whole number.')
}
