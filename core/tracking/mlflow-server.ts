import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { notReached, readAnswer } from '../shared/server-answer.ts'
import { type KeyValue, mlflowBatches, mlflowKey, mlflowLimits } from './mlflow-limits.ts'
import { type ForeignRun, runDocumentPath, runIdTag, type TrackedRun } from './tracked-run.ts'

export interface MlflowServerOptions {
  /** Such as 'http://127.0.0.1:5000'; a path before `/api` is kept. */
  address: string
  /** The door's. */
  fetch: typeof globalThis.fetch
  /** Sent as a bearer token; never written down. */
  token?: string
  /** For one request. */
  timeoutMs?: number
}

export interface ExportedRun {
  runId: string
  experimentId: string
  /** It was there, whole, from an earlier export. */
  known: boolean
  /** False where the server keeps files in a place that only it can reach. */
  artifacts: boolean
}

/** A tracking server of MLflow, through its REST API 2.0 (https://mlflow.org/docs/latest/rest-api.html). */
export interface MlflowServer {
  /**
   * Writes a run: experiment, run, parameters, metrics, tags, files. What an export that broke off has left is gone on
   * with. Errors: network-refused, connection-lost, request-refused, input-invalid (no MLflow there), cancelled.
   */
  export(run: TrackedRun, signal?: AbortSignal): Promise<ExportedRun>
  /** Finished runs of an experiment, oldest first. Errors as above, and item-missing (no such experiment). */
  import(experiment: string, signal?: AbortSignal): AsyncGenerator<ForeignRun>
}

const defaultTimeoutMs = 30_000
const largestAnswer = 64_000_000
const statuses = { finished: 'FINISHED', failed: 'FAILED', killed: 'KILLED' } as const

export function createMlflowServer(options: MlflowServerOptions): MlflowServer {
  const call = createCall(options)

  const experimentId = async (name: string, signal?: AbortSignal): Promise<string | undefined> => {
    const query = new URLSearchParams({ experiment_name: name })
    const found = await call('GET', `mlflow/experiments/get-by-name?${query.toString()}`, { signal })
    if (found.status === 404 || errorCode(found) === 'RESOURCE_DOES_NOT_EXIST') return undefined
    return read(experimentSchema, found).experiment.experiment_id
  }

  const ensureExperiment = async (name: string, signal?: AbortSignal): Promise<string> => {
    const known = await experimentId(name, signal)
    if (known !== undefined) return known
    const made = await call('POST', 'mlflow/experiments/create', { body: { name }, signal })
    // Somebody else was quicker, or it is in the server's bin.
    if (errorCode(made) === 'RESOURCE_ALREADY_EXISTS') {
      const again = await experimentId(name, signal)
      if (again !== undefined) return again
    }
    return read(z.object({ experiment_id: z.string() }), made).experiment_id
  }

  const findRun = async (id: string, experiment: string, signal?: AbortSignal) => {
    const body = {
      experiment_ids: [experiment],
      filter: `tags.\`${runIdTag}\` = '${id.replaceAll("'", '')}'`,
      max_results: 1,
    }
    const answer = await call('POST', 'mlflow/runs/search', { body, signal })
    return read(runsSchema, answer).runs[0]
  }

  const createRun = async (run: TrackedRun, experiment: string, signal?: AbortSignal) => {
    const tags: KeyValue[] = [
      { key: runIdTag, value: run.id },
      { key: 'mlflow.runName', value: run.name.slice(0, mlflowLimits.tagLength) },
      { key: 'mlflow.source.name', value: 'Quarry' },
      { key: 'mlflow.source.type', value: 'LOCAL' },
    ]
    const body = { experiment_id: experiment, run_name: run.name, start_time: run.startedAt, tags }
    return read(z.object({ run: runSchema }), await call('POST', 'mlflow/runs/create', { body, signal })).run
  }

  return {
    async export(run, signal) {
      const experiment = await ensureExperiment(run.experiment.slice(0, mlflowLimits.experimentNameLength), signal)
      const known = await findRun(run.id, experiment, signal)
      const target = known ?? (await createRun(run, experiment, signal))
      const { run_id: runId, artifact_uri: artifactUri = '' } = target.info
      const whole = { runId, experimentId: experiment, artifacts: isProxied(artifactUri) }
      if (known && known.info.status !== 'RUNNING') return { ...whole, known: true }

      const metrics = run.metrics.map((metric) => ({ ...metric, timestamp: run.endedAt, step: 0 }))
      const tags = { ...run.tags, ...(run.note === '' ? {} : { 'mlflow.note.content': run.note }) }
      for (const batch of mlflowBatches({ params: run.params, tags, metrics })) {
        throwIfAborted(signal)
        expectDone(await call('POST', 'mlflow/runs/log-batch', { body: { run_id: runId, ...batch }, signal }))
      }
      if (whole.artifacts) {
        for (const { path, bytes } of run.artifacts) {
          throwIfAborted(signal)
          const place = [...artifactPath(artifactUri), ...path.split('/')].map(encodeURIComponent).join('/')
          expectDone(await call('PUT', `mlflow-artifacts/artifacts/${place}`, { bytes, signal }))
        }
      }
      // Last: until it is said to be over, an export that breaks off is gone on with.
      const end = { run_id: runId, status: statuses[run.status], end_time: run.endedAt }
      expectDone(await call('POST', 'mlflow/runs/update', { body: end, signal }))
      return { ...whole, known: false }
    },

    async *import(name, signal) {
      const experiment = await experimentId(name, signal)
      if (experiment === undefined) {
        throw new AppError('item-missing', `The MLflow server has no experiment "${name}". Check its name.`)
      }
      let pageToken: string | undefined
      do {
        const body = {
          experiment_ids: [experiment],
          order_by: ['attributes.start_time ASC'],
          max_results: 100,
          ...(pageToken === undefined ? {} : { page_token: pageToken }),
        }
        const page = read(runsSchema, await call('POST', 'mlflow/runs/search', { body, signal }))
        for (const run of page.runs) {
          throwIfAborted(signal)
          if (run.info.status === 'RUNNING' || run.info.status === 'SCHEDULED') continue
          yield toForeign(run, name, await readDocument(run.info.run_id, signal))
        }
        pageToken = page.next_page_token === '' ? undefined : page.next_page_token
      } while (pageToken !== undefined)
    },
  }

  async function readDocument(runId: string, signal: AbortSignal | undefined): Promise<Uint8Array | null> {
    const query = new URLSearchParams({ path: runDocumentPath, run_uuid: runId })
    const answer = await call('GET', `/get-artifact?${query.toString()}`, { signal })
    return answer.status === 200 ? answer.bytes : null
  }
}

const keyValueSchema = z.object({ key: z.string(), value: z.string().default('') })
const runSchema = z.object({
  info: z.object({
    run_id: z.string(),
    run_name: z.string().default(''),
    status: z.string().default('RUNNING'),
    start_time: z.coerce.number().default(0),
    end_time: z.coerce.number().optional(),
    artifact_uri: z.string().optional(),
  }),
  data: z
    .object({
      // Python's JSON has numbers that JSON has not; servers send those as words.
      metrics: z.array(z.object({ key: z.string(), value: z.coerce.number() })).default([]),
      params: z.array(keyValueSchema).default([]),
      tags: z.array(keyValueSchema).default([]),
    })
    .prefault({}),
})
const runsSchema = z.object({ runs: z.array(runSchema).default([]), next_page_token: z.string().default('') })
const experimentSchema = z.object({ experiment: z.object({ experiment_id: z.string() }) })

interface Answer {
  status: number
  bytes: Uint8Array
  url: string
}

interface CallOptions {
  body?: unknown
  bytes?: Uint8Array
  signal?: AbortSignal | undefined
}

function createCall({ address, fetch, token, timeoutMs = defaultTimeoutMs }: MlflowServerOptions) {
  const base = URL.parse(address)
  if (!base || !/^https?:$/.test(base.protocol)) {
    throw new AppError('input-invalid', `"${address}" is no address of a server. It begins with http:// or https://.`)
  }
  const root = `${base.origin}${base.pathname.replace(/\/+$/, '')}`
  return async (method: string, path: string, { body, bytes, signal }: CallOptions): Promise<Answer> => {
    throwIfAborted(signal)
    const url = path.startsWith('/') ? `${root}${path}` : `${root}/api/2.0/${path}`
    const limit = AbortSignal.timeout(timeoutMs)
    const type = bytes ? 'application/octet-stream' : 'application/json'
    try {
      const response = await fetch(url, {
        method,
        headers: {
          ...(body === undefined && !bytes ? {} : { 'content-type': type }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(bytes ? { body: Uint8Array.from(bytes) } : {}),
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      })
      const { bytes: read, isWhole } = await readAnswer(response, largestAnswer)
      if (!isWhole) throw new AppError('input-invalid', 'The server’s answer is too long to be MLflow’s.')
      const answer = { status: response.status, bytes: read, url }
      if (answer.status === 401 || answer.status === 403) throw refused(base.host)
      return answer
    } catch (error) {
      throwIfAborted(signal)
      if (error instanceof AppError) throw error
      throw notReached(error, {
        server: `The MLflow server ${base.host}`,
        timeoutMs,
        advice: 'Check that it runs, then try again.',
      })
    }
  }
}

/** What the server says went wrong, such as 'RESOURCE_ALREADY_EXISTS'. */
function errorCode({ status, bytes }: Answer): string | undefined {
  if (status < 400) return undefined
  const parsed = z.object({ error_code: z.string() }).safeParse(parse(bytes))
  return parsed.data?.error_code
}

function read<Schema extends z.ZodType>(schema: Schema, answer: Answer): z.output<Schema> {
  expectDone(answer)
  const parsed = schema.safeParse(parse(answer.bytes))
  if (parsed.success) return parsed.data
  throw new AppError(
    'input-invalid',
    `The server at ${new URL(answer.url).host} does not answer as MLflow does. Check the address.`,
    { details: { url: answer.url, problem: z.prettifyError(parsed.error).slice(0, 500) } },
  )
}

function expectDone(answer: Answer): void {
  if (answer.status < 400) return
  const { host } = new URL(answer.url)
  const said = z.object({ message: z.string() }).safeParse(parse(answer.bytes)).data?.message.slice(0, 300)
  const retryable = answer.status === 429 || answer.status >= 500
  throw new AppError(
    'request-refused',
    `The MLflow server ${host} refused (${answer.status})${said === undefined ? '' : `: ${said}`}. ` +
      (retryable ? 'Try again later: what is there already is not written twice.' : 'Check its settings.'),
    { retryable, details: { status: answer.status, url: answer.url } },
  )
}

function refused(host: string): AppError {
  return new AppError(
    'request-refused',
    `The MLflow server ${host} wants a sign-in. Put its token into the variable QUARRY_MLFLOW_TOKEN.`,
  )
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown
  } catch {
    return undefined
  }
}

/** Files go through the server only where it keeps them for its clients: `mlflow server --serve-artifacts`, the default. */
function isProxied(uri: string): boolean {
  return uri.startsWith('mlflow-artifacts:')
}

function artifactPath(uri: string): string[] {
  return uri
    .replace(/^mlflow-artifacts:(?:\/\/[^/]*)?/, '')
    .split('/')
    .filter(Boolean)
}

function toForeign(
  { info, data }: z.output<typeof runSchema>,
  experiment: string,
  document: Uint8Array | null,
): ForeignRun {
  const pairs = (items: readonly KeyValue[]) => Object.fromEntries(items.map(({ key, value }) => [key, value]))
  return {
    id: info.run_id,
    experiment,
    name: info.run_name,
    startedAt: info.start_time,
    endedAt: info.end_time ?? null,
    status: info.status.toLowerCase(),
    params: pairs(data.params),
    metrics: data.metrics.map(({ key, value }) => ({ key: mlflowKey(key), value })),
    tags: pairs(data.tags),
    document,
  }
}
