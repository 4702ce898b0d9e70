import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { readMlrunsFolder, writeMlrunsFolder } from './mlflow-folder.ts'
import { mlflowBatches, mlflowKey } from './mlflow-limits.ts'
import { createMlflowServer } from './mlflow-server.ts'
import { startMlflowStandIn } from './testing/mlflow-stand-in.ts'
import { type ForeignRun, runDocumentPath, type TrackedRun } from './tracked-run.ts'

const document = Buffer.from('{"whole":"run"}')
const run: TrackedRun = {
  id: 'run_1',
  experiment: 'Skerry Point',
  name: 'recursive 256',
  startedAt: 1_700_000_000_000,
  endedAt: 1_700_000_060_000,
  status: 'finished',
  params: { 'pipeline.chunker.id': 'recursive', 'pipeline.rules': 'a\nb', long: 'x'.repeat(9000) },
  metrics: [
    { key: 'recall@5', value: 0.9 },
    { key: 'span/iou', value: 0.037 },
  ],
  tags: { dataset: 'Skerry Point v1', 'odd name!': 'é' },
  note: 'First try.\nSecond line.',
  artifacts: [
    { path: runDocumentPath, bytes: document },
    { path: 'plots/pareto.svg', bytes: Buffer.from('<svg/>') },
  ],
}
const another = (id: string, more: Partial<TrackedRun> = {}): TrackedRun => ({ ...run, id, name: id, ...more })

async function all(runs: AsyncIterable<ForeignRun>): Promise<ForeignRun[]> {
  const list: ForeignRun[] = []
  for await (const each of runs) list.push(each)
  return list
}

describe('what MLflow takes', () => {
  it.each([
    ['recall@5', 'recall_at_5'],
    ['a/../b', 'a/b'],
    ['/x//y', 'x/y'],
    ['..', '_'],
    ['', '_'],
    ['50 % of it: yes', '50 _ of it_ yes'],
  ])('spells %s as %s', (name, key) => expect(mlflowKey(name)).toBe(key))

  it('is cut into batches within every limit, in order, nothing lost', () => {
    const params = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`p${index}`, 'v'.repeat(5900)]))
    const tags = Object.fromEntries(Array.from({ length: 130 }, (_, index) => [`t${index}`, String(index)]))
    const metrics = Array.from({ length: 2300 }, (_, index) => ({
      key: `m${index}`,
      value: index,
      timestamp: 1,
      step: 0,
    }))
    const batches = mlflowBatches({ params, tags, metrics })
    for (const batch of batches) {
      expect(batch.params.length).toBeLessThanOrEqual(100)
      expect(batch.tags.length).toBeLessThanOrEqual(100)
      expect(batch.metrics.length + batch.params.length + batch.tags.length).toBeLessThanOrEqual(1000)
      expect(Buffer.byteLength(JSON.stringify({ run_id: 'r'.repeat(32), ...batch }))).toBeLessThan(1_000_000)
    }
    expect(batches.flatMap((batch) => batch.params.map(({ key }) => key))).toEqual(Object.keys(params))
    expect(batches.flatMap((batch) => batch.metrics)).toEqual(metrics)
    expect(batches.flatMap((batch) => batch.tags)).toHaveLength(130)
  })

  it('keeps names apart that are one in its letters, and cuts values without cutting characters', () => {
    const [batch] = mlflowBatches({
      params: { 'a@': '1', a_at_: '2', c: `${'x'.repeat(5998)}🙂🙂` },
      tags: {},
      metrics: [],
    })
    expect(batch?.params.map(({ key }) => key)).toEqual(['a_at_', 'a_at__2', 'c'])
    expect(batch?.params[2]?.value).toBe(`${'x'.repeat(5998)}…`)
  })
})

describe('an MLflow server', () => {
  const open = (address: string, more: object = {}) => createMlflowServer({ address, fetch, ...more })

  it('is given a run with all that belongs to it, once', async () => {
    await using server = await startMlflowStandIn()
    const mlflow = open(`${server.address}/`)
    const first = await mlflow.export(run)
    expect(first).toMatchObject({ known: false, artifacts: true })
    const [stored] = server.runs.values()
    expect(stored).toMatchObject({ name: 'recursive 256', status: 'FINISHED', endTime: run.endedAt, experimentId: '1' })
    expect(stored?.params.get('long')).toHaveLength(6000)
    expect(stored?.metrics).toEqual([
      { key: 'recall_at_5', value: 0.9, timestamp: run.endedAt, step: 0 },
      { key: 'span/iou', value: 0.037, timestamp: run.endedAt, step: 0 },
    ])
    expect(Object.fromEntries(stored?.tags ?? [])).toMatchObject({
      dataset: 'Skerry Point v1',
      'mlflow.note.content': run.note,
      'quarry.run_id': 'run_1',
      'mlflow.source.type': 'LOCAL',
    })
    expect([...server.files.keys()]).toEqual([
      `1/${first.runId}/artifacts/quarry/run.json`,
      `1/${first.runId}/artifacts/plots/pareto.svg`,
    ])
    expect(await mlflow.export(run)).toMatchObject({ known: true, runId: first.runId })
    expect(server.runs.size).toBe(1)
  })

  it('goes on with a run that broke off', async () => {
    await using server = await startMlflowStandIn()
    const mlflow = open(server.address)
    const params = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`p${index}`, 'v']))
    const controller = new AbortController()
    const broken = createMlflowServer({
      address: server.address,
      fetch: async (input, init) => {
        const answer = await fetch(input, init)
        if (server.requests.at(-1)?.endsWith('log-batch')) controller.abort()
        return answer
      },
    })
    await expect(broken.export(another('run_2', { params }), controller.signal)).rejects.toMatchObject({
      code: 'cancelled',
    })
    expect([...server.runs.values()][0]?.status).toBe('RUNNING')
    await mlflow.export(another('run_2', { params }))
    expect(server.runs.size).toBe(1)
    expect([...server.runs.values()][0]).toMatchObject({ status: 'FINISHED' })
    expect([...server.runs.values()][0]?.params.size).toBe(150)
  })

  it('says that it keeps files where only it can put them', async () => {
    await using server = await startMlflowStandIn({ artifacts: 's3://bucket' })
    expect(await open(server.address).export(run)).toMatchObject({ artifacts: false })
    expect(server.files.size).toBe(0)
    expect([...server.runs.values()][0]?.status).toBe('FINISHED')
  })

  it('gives back all finished runs, page by page, Quarry’s own whole', async () => {
    await using server = await startMlflowStandIn({ pageSize: 2 })
    const mlflow = open(server.address)
    for (const id of ['a', 'b', 'c', 'd', 'e']) await mlflow.export(another(id, id === 'e' ? { artifacts: [] } : {}))
    for (const stored of server.runs.values()) if (stored.name === 'b') stored.status = 'RUNNING'
    const runs = await all(mlflow.import('Skerry Point'))
    expect(runs.map(({ name }) => name)).toEqual(['a', 'c', 'd', 'e'])
    expect(runs[0]).toMatchObject({
      experiment: 'Skerry Point',
      status: 'finished',
      startedAt: run.startedAt,
      endedAt: run.endedAt,
      metrics: [
        { key: 'recall_at_5', value: 0.9 },
        { key: 'span/iou', value: 0.037 },
      ],
    })
    expect(Buffer.from(runs[0]?.document ?? []).toString()).toBe(document.toString())
    expect(runs[3]?.document).toBeNull()
    await expect(all(mlflow.import('Nowhere'))).rejects.toMatchObject({ code: 'item-missing' })
  })

  it('says what is wrong: not there, not MLflow, a sign-in, a limit, no address', async () => {
    await using server = await startMlflowStandIn()
    const mlflow = open(server.address)
    server.next.push({ status: 200, body: '<html>' })
    await expect(mlflow.export(run)).rejects.toMatchObject({ code: 'input-invalid' })
    server.next.push({ status: 401, body: '' })
    await expect(mlflow.export(run)).rejects.toThrow(/QUARRY_MLFLOW_TOKEN/)
    server.next.push({ status: 429, body: '{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"slow down"}' })
    await expect(mlflow.export(run)).rejects.toMatchObject({ code: 'request-refused', retryable: true })
    expect(() => open('ftp://x')).toThrow(expect.objectContaining({ code: 'input-invalid' }) as Error)
    const { address } = server
    await server[Symbol.asyncDispose]()
    await expect(open(address).export(run)).rejects.toMatchObject({ code: 'connection-lost' })
  })

  it('never shows the token in an error', async () => {
    await using server = await startMlflowStandIn()
    server.next.push({ status: 403, body: 'Bearer secret-token' })
    const error = await open(server.address, { token: 'secret-token' })
      .export(run)
      .catch((thrown: unknown) => thrown)
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('secret-token')
  })
})

describe('the folder mlruns', () => {
  it('is as MLflow’s file store keeps it, and is read back', async () => {
    using temporary = temporaryFolder()
    const folder = join(temporary.path, 'mlruns')
    expect(await writeMlrunsFolder(folder, [run, another('run_2')])).toEqual({ written: 2, known: 0 })
    expect(await writeMlrunsFolder(folder, [run, another('run_3')])).toEqual({ written: 1, known: 1 })
    const runs = await all(readMlrunsFolder(folder))
    expect(runs.map(({ name }) => name).sort()).toEqual(['recursive 256', 'run_2', 'run_3'])
    const own = runs.find(({ name }) => name === run.name)
    expect(own).toMatchObject({ experiment: 'Skerry Point', status: 'finished', startedAt: run.startedAt })
    expect(own?.params).toMatchObject({ 'pipeline.rules': 'a b', 'pipeline.chunker.id': 'recursive' })
    expect(own?.tags['mlflow.note.content']).toBe(run.note)
    expect(own?.metrics).toContainEqual({ key: 'span/iou', value: 0.037 })
    expect(Buffer.from(own?.document ?? []).toString()).toBe(document.toString())
    const [experimentId] = own ? [readExperiment(folder)] : []
    expect(experimentId).toMatch(/^\d{18}$/)
    const meta = parse(readFileSync(join(folder, experimentId!, own!.id, 'meta.yaml'), 'utf8')) as Record<
      string,
      unknown
    >
    expect(meta).toMatchObject({
      run_id: own!.id,
      run_uuid: own!.id,
      experiment_id: experimentId,
      status: 3,
      source_type: 4,
    })
    expect(readFileSync(join(folder, experimentId!, own!.id, 'metrics/recall_at_5'), 'utf8')).toBe(
      `${run.endedAt} 0.9 0\n`,
    )
  })

  it('says which file is damaged, and that a folder is none of MLflow’s', async () => {
    using temporary = temporaryFolder()
    await expect(all(readMlrunsFolder(temporary.path))).rejects.toMatchObject({ code: 'file-corrupt' })
    await expect(all(readMlrunsFolder(join(temporary.path, 'nowhere')))).rejects.toMatchObject({ code: 'file-missing' })
    mkdirSync(join(temporary.path, '1'))
    writeFileSync(join(temporary.path, '1/meta.yaml'), 'name: [')
    await expect(all(readMlrunsFolder(temporary.path))).rejects.toThrow(/meta\.yaml/)
  })

  function readExperiment(folder: string): string {
    const [name] = readdirSync(folder)
    return name ?? ''
  }
})
