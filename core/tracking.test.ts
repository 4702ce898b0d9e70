import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Run } from './contract/runs.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'
import { startMlflowStandIn } from './tracking/testing/mlflow-stand-in.ts'

/** A workspace with one measured run. */
async function measured(test: TestApp): Promise<Run> {
  const { client } = test
  const { id: collectionId } = await client.collections.create({ name: 'station' })
  const folder = join(test.folder, 'docs')
  mkdirSync(folder)
  writeFileSync(join(folder, 'boats.md'), '# Boats\n\nFulmar stays in harbour when waves are higher than two metres.\n')
  await test.ingest(collectionId, folder)
  const { id: datasetId } = await client.datasets.create({ name: 'questions', collectionId })
  const expected = [{ path: 'boats.md', text: 'Fulmar stays in harbour' }]
  await client.datasets.addCase({ datasetId, case: { question: 'When does Fulmar stay in harbour?', expected } })
  const { runs } = await client.runs.start({ datasetId, tags: ['first'] })
  await test.finished(runs[0]!.jobId)
  await client.runs.update({ runId: runs[0]!.run.id, note: 'As it comes.' })
  return client.runs.get({ runId: runs[0]!.run.id })
}

describe('runs and MLflow', () => {
  it('go to a server through the network door, once, and come back whole into another workspace', async () => {
    await using server = await startMlflowStandIn()
    await using test = await openTestApp()
    const run = await measured(test)
    const to = { kind: 'server', address: server.address } as const
    await expect(test.client.tracking.export({ runIds: [run.id], to })).rejects.toMatchObject({
      code: 'network-refused',
      message: expect.stringMatching(/run-export/) as string,
    })
    expect(server.requests).toEqual([])
    await test.client.network.allow({ host: new URL(server.address).host, purposes: ['run-export'] })
    expect(await test.client.tracking.export({ runIds: [run.id], to })).toEqual({
      written: 1,
      known: 0,
      withoutFiles: 0,
    })
    expect(await test.client.tracking.export({ runIds: [run.id], to })).toEqual({
      written: 0,
      known: 1,
      withoutFiles: 0,
    })
    const [stored] = server.runs.values()
    expect(stored?.params.get('pipeline.chunker.id')).toBe('recursive')
    expect(stored?.tags.get('mlflow.note.content')).toBe('As it comes.')
    const recall = run.summary!.metrics.find(({ name }) => name.startsWith('recall@'))!
    expect(stored?.metrics).toContainEqual(
      expect.objectContaining({ key: recall.name.replace('@', '_at_'), value: recall.mean }),
    )
    expect([...server.experiments.keys()]).toEqual(['questions'])

    await using other = await openTestApp()
    await other.client.network.allow({ host: new URL(server.address).host, purposes: ['run-export'] })
    const from = to
    await expect(other.client.tracking.import({ from })).rejects.toMatchObject({ code: 'input-invalid' })
    const read = await other.client.tracking.import({ from, experiment: 'questions' })
    expect(read).toEqual({ imported: [run.id], known: 0, foreign: 0 })
    const again = await other.client.tracking.import({ from, experiment: 'questions' })
    expect(again).toEqual({ imported: [], known: 1, foreign: 0 })
    const back = await other.client.runs.get({ runId: run.id })
    // The collection is not there, nor is the job that measured it.
    expect(back).toEqual({ ...run, collectionId: null, jobId: null })
    const [mine, theirs] = await Promise.all(
      [test, other].map(({ client }) => client.runs.cases({ runId: run.id, limit: 10, offset: 0 })),
    )
    expect(theirs).toEqual(mine)
  })

  it('go to a folder and come back; what is not Quarry’s is counted', async () => {
    await using test = await openTestApp()
    const run = await measured(test)
    const path = join(test.folder, 'mlruns')
    const to = { kind: 'folder', path } as const
    expect(await test.client.tracking.export({ runIds: [run.id], to })).toMatchObject({ written: 1 })
    const experiment = readdirSync(path).find((name) => /^\d+$/.test(name))!
    const other = join(path, experiment, 'f'.repeat(32))
    mkdirSync(other)
    writeFileSync(join(other, 'meta.yaml'), `run_id: ${'f'.repeat(32)}\nrun_name: other\nstatus: 3\nstart_time: 1\n`)
    await test.client.runs.remove({ runIds: [run.id] })
    expect(await test.client.tracking.import({ from: to })).toEqual({ imported: [run.id], known: 0, foreign: 1 })
    expect(await test.client.runs.get({ runId: run.id })).toMatchObject({ name: run.name, summary: run.summary })
    await expect(
      test.client.tracking.import({ from: { kind: 'folder', path: join(test.folder, 'nowhere') } }),
    ).rejects.toMatchObject({ code: 'file-missing' })
  })

  it('refuse what has no results', async () => {
    await using test = await openTestApp()
    const to = { kind: 'folder', path: join(test.folder, 'mlruns') } as const
    await expect(test.client.tracking.export({ runIds: ['run_nothing'], to })).rejects.toMatchObject({
      code: 'item-missing',
    })
  })
})
