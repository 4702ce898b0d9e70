import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'

/**
 * A tracking server that takes requests as MLflow's REST API 2.0 documents them, field by field and limit by limit, and
 * refuses everything else with MLflow's own error codes. It keeps what it was given in memory.
 */
export interface MlflowStandIn extends AsyncDisposable {
  address: string
  experiments: Map<string, string>
  runs: Map<string, StoredRun>
  files: Map<string, Buffer>
  requests: string[]
  /** Answers the next requests with these instead. */
  next: { status: number; body: string }[]
}

export interface StoredRun {
  experimentId: string
  name: string
  status: string
  startTime: number
  endTime: number | undefined
  params: Map<string, string>
  tags: Map<string, string>
  metrics: { key: string; value: number; timestamp: number; step: number }[]
}

const name = z
  .string()
  .min(1)
  .max(250)
  .regex(/^[/\w.\- ]*$/, 'Names may only contain alphanumerics, underscores, dashes, periods, spaces and slashes.')
const tag = z.strictObject({ key: name, value: z.string().max(5000) })
const schemas: Record<string, z.ZodType> = {
  'experiments/create': z.strictObject({ name: z.string().min(1).max(500) }),
  'runs/create': z.strictObject({
    experiment_id: z.string(),
    run_name: z.string(),
    start_time: z.int().min(0),
    tags: z.array(tag).max(100),
  }),
  'runs/log-batch': z
    .strictObject({
      run_id: z.string(),
      metrics: z
        .array(z.strictObject({ key: name, value: z.number(), timestamp: z.int().min(0), step: z.int() }))
        .max(1000),
      params: z.array(z.strictObject({ key: name, value: z.string().max(6000) })).max(100),
      tags: z.array(tag).max(100),
    })
    .refine((batch) => batch.metrics.length + batch.params.length + batch.tags.length <= 1000),
  'runs/update': z.strictObject({
    run_id: z.string(),
    status: z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']),
    end_time: z.int().min(0),
  }),
  'runs/search': z.strictObject({
    experiment_ids: z.array(z.string()).min(1),
    filter: z.string().optional(),
    order_by: z.array(z.string()).optional(),
    max_results: z.int().min(1).max(50_000),
    page_token: z.string().optional(),
  }),
}

interface Body {
  name: string
  experiment_id: string
  experiment_ids: string[]
  run_name: string
  run_id: string
  start_time: number
  end_time: number
  status: string
  tags: z.infer<typeof tag>[]
  params: z.infer<typeof tag>[]
  metrics: StoredRun['metrics']
  max_results: number
  filter?: string
  page_token?: string
}

class Refusal extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export async function startMlflowStandIn({
  pageSize = 2,
  artifacts = 'mlflow-artifacts:',
} = {}): Promise<MlflowStandIn> {
  const experiments = new Map<string, string>()
  const runs = new Map<string, StoredRun>()
  const files = new Map<string, Buffer>()
  const requests: string[] = []
  const next: MlflowStandIn['next'] = []

  const shown = (id: string, run: StoredRun) => ({
    info: {
      run_id: id,
      run_uuid: id,
      run_name: run.name,
      experiment_id: run.experimentId,
      status: run.status,
      start_time: run.startTime,
      ...(run.endTime === undefined ? {} : { end_time: run.endTime }),
      artifact_uri: `${artifacts}/${run.experimentId}/${id}/artifacts`,
      lifecycle_stage: 'active',
    },
    data: {
      metrics: run.metrics,
      params: [...run.params].map(([key, value]) => ({ key, value })),
      tags: [...run.tags].map(([key, value]) => ({ key, value })),
    },
  })
  const runOf = (id: string): StoredRun => {
    const run = runs.get(id)
    if (!run) throw new Refusal(404, 'RESOURCE_DOES_NOT_EXIST', `Run with id=${id} not found`)
    return run
  }

  const post = (path: string, bytes: Buffer): unknown => {
    if (bytes.length > 1_000_000) throw new Refusal(400, 'INVALID_PARAMETER_VALUE', 'The request is too large.')
    const schema = schemas[path]
    if (!schema) throw new Refusal(404, 'ENDPOINT_NOT_FOUND', `No API found for ${path}`)
    const parsed = schema.safeParse(JSON.parse(bytes.toString()))
    if (!parsed.success) throw new Refusal(400, 'INVALID_PARAMETER_VALUE', z.prettifyError(parsed.error))
    // Each is there where its schema asks for it.
    const body = parsed.data as Body
    if (path === 'experiments/create') {
      if (experiments.has(body.name)) throw new Refusal(400, 'RESOURCE_ALREADY_EXISTS', 'Experiment already exists.')
      experiments.set(body.name, String(experiments.size + 1))
      return { experiment_id: experiments.get(body.name) }
    }
    if (path === 'runs/create') {
      const id = `run${runs.size + 1}`.padEnd(32, '0')
      const { experiment_id: experimentId, run_name: runName, start_time: startTime } = body
      if (![...experiments.values()].includes(experimentId))
        throw new Refusal(404, 'RESOURCE_DOES_NOT_EXIST', 'No such experiment')
      const tags = new Map(body.tags.map(({ key, value }) => [key, value]))
      const run = { experimentId, name: runName, startTime, status: 'RUNNING', endTime: undefined, tags }
      runs.set(id, { ...run, params: new Map(), metrics: [] })
      return { run: shown(id, runOf(id)) }
    }
    if (path === 'runs/log-batch') {
      const run = runOf(body.run_id)
      const { params, tags, metrics } = body
      for (const { key, value } of params) {
        if ((run.params.get(key) ?? value) !== value)
          throw new Refusal(400, 'INVALID_PARAMETER_VALUE', `Changing param values is not allowed: ${key}`)
        run.params.set(key, value)
      }
      for (const { key, value } of tags) run.tags.set(key, value)
      run.metrics.push(...metrics)
      return {}
    }
    if (path === 'runs/update') {
      const run = runOf(body.run_id)
      Object.assign(run, { status: body.status, endTime: body.end_time })
      return { run_info: shown(body.run_id, run).info }
    }
    const wanted = /^tags\.`([^`]+)` = '([^']*)'$/.exec(body.filter ?? '')
    const all = [...runs].filter(
      ([, run]) =>
        body.experiment_ids.includes(run.experimentId) && (!wanted || run.tags.get(wanted[1] ?? '') === wanted[2]),
    )
    const from = Number(body.page_token ?? 0)
    const to = from + Math.min(pageSize, body.max_results)
    return {
      runs: all.slice(from, to).map(([id, run]) => shown(id, run)),
      ...(to < all.length ? { next_page_token: String(to) } : {}),
    }
  }

  const answer = (method: string, url: URL, bytes: Buffer): { status: number; body: Buffer | string } => {
    const api = '/api/2.0/'
    if (method === 'GET' && url.pathname === '/get-artifact') {
      const run = runOf(url.searchParams.get('run_uuid') ?? '')
      const place = `${run.experimentId}/${url.searchParams.get('run_uuid')}/artifacts/${url.searchParams.get('path')}`
      const file = files.get(place)
      return file ? { status: 200, body: file } : { status: 500, body: 'No such file' }
    }
    const path = url.pathname.slice(api.length)
    if (!url.pathname.startsWith(api)) throw new Refusal(404, 'NOT_FOUND', 'Not found')
    if (method === 'PUT' && path.startsWith('mlflow-artifacts/artifacts/')) {
      files.set(decodeURIComponent(path.slice('mlflow-artifacts/artifacts/'.length)), bytes)
      return { status: 200, body: '{}' }
    }
    if (method === 'GET' && path === 'mlflow/experiments/get-by-name') {
      const id = experiments.get(url.searchParams.get('experiment_name') ?? '')
      if (id === undefined) throw new Refusal(404, 'RESOURCE_DOES_NOT_EXIST', 'Could not find experiment')
      return { status: 200, body: JSON.stringify({ experiment: { experiment_id: id, lifecycle_stage: 'active' } }) }
    }
    if (method !== 'POST' || !path.startsWith('mlflow/')) throw new Refusal(405, 'METHOD_NOT_ALLOWED', method)
    return { status: 200, body: JSON.stringify(post(path.slice('mlflow/'.length), bytes)) }
  }

  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1')
      requests.push(`${request.method} ${url.pathname}`)
      const bytes = await bodyOf(request)
      const instead = next.shift()
      try {
        const { status, body } = instead ?? answer(request.method ?? '', url, bytes)
        response.writeHead(status).end(body)
      } catch (error) {
        const { status, code, message } =
          error instanceof Refusal ? error : new Refusal(500, 'INTERNAL_ERROR', String(error))
        response.writeHead(status).end(JSON.stringify({ error_code: code, message }))
      }
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    experiments,
    runs,
    files,
    requests,
    next,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}
