import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { type CaseResult, caseResultSchema, type Run, runSchema } from '../contract/runs.ts'
import type { Tracker } from '../contract/tracking.ts'
import type { RunLibrary } from '../library/runs.ts'
import type { NetworkFetch } from '../network/door.ts'
import { throwIfAborted } from '../shared/abort.ts'
import type { RunId } from '../shared/ids.ts'
import { readMlrunsFolder, writeMlrunsFolder } from '../tracking/mlflow-folder.ts'
import { createMlflowServer } from '../tracking/mlflow-server.ts'
import { type ForeignRun, runDocumentPath, type TrackedMetric, type TrackedRun } from '../tracking/tracked-run.ts'
import type { Runs } from './runs.ts'

/** Runs to MLflow and back. */
export interface Tracking {
  /** Errors: see contract. */
  export(
    ids: readonly RunId[],
    to: Tracker,
    signal?: AbortSignal,
  ): Promise<{ written: number; known: number; withoutFiles: number }>
  /** Errors: see contract. */
  import(
    from: Tracker,
    experiment: string | undefined,
    signal?: AbortSignal,
  ): Promise<{ imported: RunId[]; known: number; foreign: number }>
}

export interface TrackingParts {
  runLibrary: RunLibrary
  runs: Pick<Runs, 'export'>
  /** The door's. */
  fetch: NetworkFetch
  /** Of the server; read when it is needed, kept nowhere. */
  token(): string | undefined
}

export function createTracking(parts: TrackingParts): Tracking {
  const { runLibrary } = parts
  const server = (address: string) => {
    const token = parts.token()
    return createMlflowServer({ address, fetch: parts.fetch, ...(token === undefined ? {} : { token }) })
  }
  return {
    async export(ids, to, signal) {
      const tracked = ids.map((id) => toTracked(runLibrary.get(id), parts))
      if (to.kind === 'folder') return { ...(await writeMlrunsFolder(to.path, tracked, signal)), withoutFiles: 0 }
      const mlflow = server(to.address)
      const counts = { written: 0, known: 0, withoutFiles: 0 }
      for (const run of tracked) {
        const { known, artifacts } = await mlflow.export(run, signal)
        counts[known ? 'known' : 'written'] += 1
        if (!artifacts) counts.withoutFiles += 1
      }
      return counts
    },
    async import(from, experiment, signal) {
      if (from.kind === 'server' && experiment === undefined) {
        throw new AppError('input-invalid', 'Name the experiment whose runs are to be read.')
      }
      const found =
        from.kind === 'folder'
          ? readMlrunsFolder(from.path, signal)
          : server(from.address).import(experiment ?? '', signal)
      const result = { imported: [] as RunId[], known: 0, foreign: 0 }
      for await (const foreign of found) {
        throwIfAborted(signal)
        if (experiment !== undefined && foreign.experiment !== experiment) continue
        const document = readDocument(foreign)
        if (!document) result.foreign += 1
        else if (runLibrary.find(document.run.id)) result.known += 1
        else {
          runLibrary.restore(document.run, document.cases)
          result.imported.push(document.run.id)
        }
      }
      return result
    },
  }
}

const documentSchema = z.object({
  format: z.literal('quarry-run'),
  version: z.literal(1),
  run: runSchema,
  cases: z.array(caseResultSchema).max(1_000_000),
})

/** Undefined for a run of another program, and for a document that this version does not read. */
function readDocument({ document }: ForeignRun): { run: Run; cases: CaseResult[] } | undefined {
  if (!document) return undefined
  try {
    return documentSchema.parse(JSON.parse(Buffer.from(document).toString('utf8')))
  } catch {
    return undefined
  }
}

function toTracked(run: Run, { runLibrary, runs }: TrackingParts): TrackedRun {
  const { facts, summary, manifest } = run
  if (!summary || !facts) {
    throw new AppError(
      'input-invalid',
      `The run "${run.name}" has no results yet. Wait for its end, or choose another one.`,
    )
  }
  const cases = runLibrary.cases(run.id)
  const document = { format: 'quarry-run', version: 1, run, cases }
  return {
    id: run.id,
    experiment: facts.dataset.name,
    name: run.name,
    startedAt: run.startedAt ?? run.createdAt,
    endedAt: run.finishedAt ?? run.createdAt,
    status: run.status === 'failed' ? 'failed' : run.status === 'cancelled' ? 'killed' : 'finished',
    params: Object.fromEntries([...flatten(manifest.pipeline, 'pipeline'), ...flatten(manifest.settings, 'settings')]),
    metrics: metricsOf(summary),
    tags: {
      'quarry.dataset': facts.dataset.name,
      'quarry.dataset_version': String(facts.dataset.version),
      'quarry.dataset_hash': facts.dataset.hash,
      'quarry.collection': facts.collection.name,
      'quarry.collection_hash': facts.collection.hash,
      'quarry.index_fingerprint': facts.indexFingerprint,
      'quarry.version': facts.code.version,
      'quarry.embedder': facts.models.embedder,
      'quarry.machine': `${facts.machine.processor}, ${facts.machine.cores} cores, ${facts.machine.platform}`,
      'quarry.baseline': String(run.isBaseline),
      ...Object.fromEntries(run.tags.map((tag) => [`tag.${tag}`, 'true'])),
    },
    note: run.note,
    artifacts: [
      { path: runDocumentPath, bytes: Buffer.from(JSON.stringify(document)) },
      { path: 'quarry/cases.csv', bytes: Buffer.from(runs.export(run.id, 'csv').text) },
      { path: 'quarry/pipeline.json', bytes: Buffer.from(JSON.stringify(manifest.pipeline, null, 2)) },
    ],
  }
}

/** Means with both ends of their intervals, and what the run cost. JSON has no numbers that are none. */
function metricsOf({
  metrics,
  latencyMs,
  contextTokens,
  index,
  cases,
  totalMs,
}: NonNullable<Run['summary']>): TrackedMetric[] {
  return [
    ...metrics.flatMap(({ name, mean, low, high }) => [
      { key: name, value: mean },
      { key: `${name}.low`, value: low },
      { key: `${name}.high`, value: high },
    ]),
    { key: 'latency_ms.p50', value: latencyMs.p50 },
    { key: 'latency_ms.p95', value: latencyMs.p95 },
    { key: 'context_tokens', value: contextTokens },
    { key: 'index.bytes', value: index.bytes },
    { key: 'index.chunks', value: index.chunks },
    { key: 'cases', value: cases },
    { key: 'total_ms', value: totalMs },
  ].filter(({ value }) => Number.isFinite(value))
}

/** Dotted paths and values: 'pipeline.chunker.options.maxTokens' → '256'. */
function flatten(value: unknown, path: string): [string, string][] {
  if (typeof value === 'string') return [[path, value]]
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) {
    return value === undefined ? [] : [[path, JSON.stringify(value)]]
  }
  return Object.entries(value).flatMap(([key, member]) => flatten(member, `${path}.${key}`))
}
