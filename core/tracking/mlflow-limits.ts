import type { TrackedMetric } from './tracked-run.ts'

/** What one request to a tracking server may hold: https://mlflow.org/docs/latest/rest-api.html#log-batch. */
export const mlflowLimits = {
  metricsPerBatch: 1000,
  paramsPerBatch: 100,
  tagsPerBatch: 100,
  itemsPerBatch: 1000,
  bytesPerBatch: 1_000_000,
  keyLength: 250,
  paramLength: 6000,
  tagLength: 5000,
  experimentNameLength: 500,
} as const

export interface KeyValue {
  key: string
  value: string
}

export interface LoggedMetric extends TrackedMetric {
  timestamp: number
  step: number
}

export interface MlflowBatch {
  metrics: LoggedMetric[]
  params: KeyValue[]
  tags: KeyValue[]
}

/**
 * A name as MLflow takes them: letters, digits and `_ . - / space`, and no path that means another one. "recall@5" is
 * "recall_at_5", as MLflow's own evaluators spell it.
 */
export function mlflowKey(name: string): string {
  const key = name
    .replaceAll('@', '_at_')
    .replaceAll(/[^\p{L}\p{N}_.\-/ ]/gu, '_')
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/')
    .slice(0, mlflowLimits.keyLength)
  return key === '' ? '_' : key
}

/** Everything in as few batches as the limits allow, in order. Values that are too long are cut, and end in "…". */
export function mlflowBatches(run: {
  params: Readonly<Record<string, string>>
  tags: Readonly<Record<string, string>>
  metrics: readonly LoggedMetric[]
}): MlflowBatch[] {
  const limits = mlflowLimits
  const batches: MlflowBatch[] = []
  let batch: MlflowBatch = { metrics: [], params: [], tags: [] }
  let bytes = 0
  const put = <Kind extends keyof MlflowBatch>(kind: Kind, item: MlflowBatch[Kind][number], most: number): void => {
    const size = Buffer.byteLength(JSON.stringify(item)) + 1
    const items = batch.metrics.length + batch.params.length + batch.tags.length
    // Room for the request's own words.
    const full = items + 1 > limits.itemsPerBatch || bytes + size > limits.bytesPerBatch - 1000
    if (full || batch[kind].length + 1 > most) {
      batches.push(batch)
      batch = { metrics: [], params: [], tags: [] }
      bytes = 0
    }
    // The item is of the kind that the list is of.
    ;(batch[kind] as MlflowBatch[Kind][number][]).push(item)
    bytes += size
  }
  for (const item of entries(run.params, limits.paramLength)) put('params', item, limits.paramsPerBatch)
  for (const item of entries(run.tags, limits.tagLength)) put('tags', item, limits.tagsPerBatch)
  for (const { key, ...rest } of run.metrics) put('metrics', { key: mlflowKey(key), ...rest }, limits.metricsPerBatch)
  if (batch.metrics.length + batch.params.length + batch.tags.length > 0) batches.push(batch)
  return batches
}

/** Two names that are one in MLflow's letters are told apart by a number: a value is never written over. */
function entries(values: Readonly<Record<string, string>>, length: number): KeyValue[] {
  const used = new Set<string>()
  return Object.entries(values).map(([name, value]) => {
    const base = mlflowKey(name)
    let key = base
    for (let number = 2; used.has(key); number += 1) key = `${base.slice(0, mlflowLimits.keyLength - 5)}_${number}`
    used.add(key)
    return { key, value: cut(value, length) }
  })
}

/** Characters outside the basic plane stay whole. */
function cut(value: string, length: number): string {
  if (value.length <= length) return value
  return `${value.slice(0, length - 1).replace(/[\ud800-\udbff]$/u, '')}…`
}
