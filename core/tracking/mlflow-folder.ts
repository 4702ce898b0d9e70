import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { mlflowBatches, mlflowLimits } from './mlflow-limits.ts'
import { type ForeignRun, runDocumentPath, runIdTag, type TrackedRun } from './tracked-run.ts'

/**
 * The folder `mlruns` as MLflow's file store keeps it: `EXPERIMENT/meta.yaml`, `EXPERIMENT/RUN/meta.yaml` and a file for
 * each parameter, metric and tag. MLflow has gone over to a database; `mlflow migrate-filestore` takes such a folder in,
 * and `mlflow ui --backend-store-uri FOLDER` still opens it.
 */
export async function writeMlrunsFolder(
  folder: string,
  runs: readonly TrackedRun[],
  signal?: AbortSignal,
): Promise<{ written: number; known: number }> {
  let known = 0
  for (const run of runs) {
    throwIfAborted(signal)
    const experimentId = numericId(run.experiment)
    const experimentFolder = join(resolve(folder), experimentId)
    await writeExperiment(experimentFolder, experimentId, run)
    const runId = hexId(run.id)
    const target = join(experimentFolder, runId)
    if (await exists(target)) {
      known += 1
      continue
    }
    // Under another name until it is whole: MLflow reads whatever folder it finds.
    const draft = join(experimentFolder, `.${runId}.part`)
    await rm(draft, { recursive: true, force: true })
    await writeRun(draft, target, experimentId, runId, run)
    await rename(draft, target)
  }
  return { written: runs.length - known, known }
}

/** Finished runs in such a folder, oldest first in each experiment. Errors: file-missing, file-corrupt. */
export async function* readMlrunsFolder(folder: string, signal?: AbortSignal): AsyncGenerator<ForeignRun> {
  const experiments = await foldersIn(resolve(folder))
  let found = false
  for (const experiment of experiments) {
    const meta = await readMeta(experiment, experimentSchema)
    if (!meta) continue
    found = true
    const runs = await Promise.all(
      (await foldersIn(experiment)).map(async (path) => ({ path, meta: await readMeta(path, runSchema) })),
    )
    const ended = runs.flatMap(({ path, meta }) => (meta && meta.status >= 3 ? [{ path, meta }] : []))
    for (const { path, meta: run } of ended.sort((a, b) => a.meta.start_time - b.meta.start_time)) {
      throwIfAborted(signal)
      yield await readRun(path, run, meta.name)
    }
  }
  if (!found) {
    throw new AppError('file-corrupt', `${folder} holds no experiments of MLflow. Name the folder "mlruns" itself.`)
  }
}

const statuses = { finished: 3, failed: 4, killed: 5 } as const
const statusNames: Record<number, string> = { 3: 'finished', 4: 'failed', 5: 'killed' }
/** SourceType.LOCAL */
const localSource = 4

const experimentSchema = z.object({ name: z.string() })
const runSchema = z.object({
  run_id: z.string(),
  run_name: z.string().default(''),
  status: z.number().default(1),
  start_time: z.number().default(0),
  end_time: z.number().nullish(),
})

async function writeExperiment(folder: string, id: string, run: TrackedRun): Promise<void> {
  if (await exists(join(folder, 'meta.yaml'))) return
  await write(
    join(folder, 'meta.yaml'),
    stringify({
      artifact_location: pathToFileURL(folder).href,
      creation_time: run.startedAt,
      experiment_id: id,
      last_update_time: run.endedAt,
      lifecycle_stage: 'active',
      name: run.experiment.slice(0, mlflowLimits.experimentNameLength),
    }),
  )
}

async function writeRun(
  draft: string,
  target: string,
  experimentId: string,
  runId: string,
  run: TrackedRun,
): Promise<void> {
  await write(
    join(draft, 'meta.yaml'),
    stringify({
      artifact_uri: pathToFileURL(join(target, 'artifacts')).href,
      end_time: run.endedAt,
      entry_point_name: '',
      experiment_id: experimentId,
      lifecycle_stage: 'active',
      run_id: runId,
      run_name: run.name,
      run_uuid: runId,
      source_name: 'Quarry',
      source_type: localSource,
      source_version: '',
      start_time: run.startedAt,
      status: statuses[run.status],
      tags: [],
      user_id: 'quarry',
    }),
  )
  const tags = {
    ...run.tags,
    [runIdTag]: run.id,
    'mlflow.runName': run.name,
    'mlflow.source.name': 'Quarry',
    'mlflow.source.type': 'LOCAL',
    'mlflow.user': 'quarry',
    ...(run.note === '' ? {} : { 'mlflow.note.content': run.note }),
  }
  const metrics = run.metrics.map((metric) => ({ ...metric, timestamp: run.endedAt, step: 0 }))
  for (const batch of mlflowBatches({ params: run.params, tags, metrics })) {
    for (const { key, value } of batch.metrics) {
      await write(join(draft, 'metrics', ...key.split('/')), `${run.endedAt} ${value} 0\n`)
    }
    // One line: the file store takes a second one for damage.
    for (const { key, value } of batch.params) {
      await write(join(draft, 'params', ...key.split('/')), value.replaceAll(/\s*\n\s*/g, ' '))
    }
    for (const { key, value } of batch.tags) await write(join(draft, 'tags', ...key.split('/')), value)
  }
  await mkdir(join(draft, 'artifacts'), { recursive: true })
  for (const { path, bytes } of run.artifacts) await write(join(draft, 'artifacts', ...path.split('/')), bytes)
}

async function readRun(folder: string, run: z.output<typeof runSchema>, experiment: string): Promise<ForeignRun> {
  const values = async (kind: string): Promise<Record<string, string>> => {
    const root = join(folder, kind)
    const names = (await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])).filter((entry) =>
      entry.isFile(),
    )
    const read = names.map(async (entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path.slice(root.length + 1).replaceAll('\\', '/'), await readFile(path, 'utf8')] as const
    })
    return Object.fromEntries(await Promise.all(read))
  }
  const [params, tags, metrics] = await Promise.all([values('params'), values('tags'), values('metrics')])
  return {
    id: run.run_id,
    experiment,
    name: run.run_name,
    startedAt: run.start_time,
    endedAt: run.end_time ?? null,
    status: statusNames[run.status] ?? 'unknown',
    params,
    tags,
    // A metric that was written several times: the last one counts, as in MLflow's own lists.
    metrics: Object.entries(metrics).flatMap(([key, lines]) => {
      const value = Number(lines.trim().split('\n').at(-1)?.split(' ')[1] ?? Number.NaN)
      return Number.isFinite(value) ? [{ key, value }] : []
    }),
    document: await readFile(join(folder, 'artifacts', ...runDocumentPath.split('/'))).catch(() => null),
  }
}

async function readMeta<Schema extends z.ZodType>(
  folder: string,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  const path = join(folder, 'meta.yaml')
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return schema.parse(parse(text, { maxAliasCount: 10 }))
  } catch (cause) {
    throw new AppError('file-corrupt', `${path} is not as MLflow writes it. Copy the folder again.`, { cause })
  }
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => join(folder, entry.name))
      .sort()
  } catch (cause) {
    throw new AppError('file-missing', `There is no folder ${folder} that can be read. Check the path.`, { cause })
  }
}

async function write(path: string, contents: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, contents)
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** MLflow's own ids of runs are 32 hexadecimal digits; the same run has the same one every time. */
function hexId(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** Those of experiments are 18 decimal digits. */
function numericId(text: string): string {
  const digits = BigInt(`0x${hexId(`experiment ${text}`)}`) % 900_000_000_000_000_000n
  return (digits + 100_000_000_000_000_000n).toString()
}
