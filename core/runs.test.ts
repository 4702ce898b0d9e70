import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { DatasetId, RunId } from './shared/ids.ts'
import { type Run, runSettingsSchema } from './contract/runs.ts'
import { defaultPipeline } from './services/default-pipeline.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'

const texts: Record<string, string> = {
  'boats.md':
    '# Boats\n\n## Fulmar\n\nFulmar stays in harbour when waves are higher than two metres. Her engine is serviced every 250 hours.\n\n## Petrel\n\nPetrel carries four people and a crane of half a ton.\n',
  'samples.md':
    '# Samples\n\n## Salt\n\nThe salinometer is calibrated with standard seawater every 24 samples.\n\n## Cold\n\nPlankton nets are rinsed with filtered water. Samples are frozen at minus eighty degrees.\n',
  'safety.md':
    '# Safety\n\nWho misses a radio call is called again after ten minutes. After forty minutes the coastguard is told.\n',
}
const questions = [
  ['How high may waves be for Fulmar?', 'boats.md', 'Fulmar stays in harbour when waves are higher than two metres.'],
  ['How often is the engine serviced?', 'boats.md', 'Her engine is serviced every 250 hours.'],
  ['What can the crane of Petrel lift?', 'boats.md', 'a crane of half a ton'],
  ['How is the salinometer calibrated?', 'samples.md', 'calibrated with standard seawater'],
  ['At which temperature are samples frozen?', 'samples.md', 'frozen at minus eighty degrees'],
  ['When is the coastguard told?', 'safety.md', 'After forty minutes the coastguard is told.'],
] as const

async function openMeasured(overrides: Parameters<typeof openTestApp>[0] = {}) {
  const test = await openTestApp(overrides)
  const { client } = test
  const known = (await client.collections.list()).collections[0]
  if (known) return { test, collectionId: known.id, datasetId: (await client.datasets.list()).datasets[0]!.id }
  const { id: collectionId } = await client.collections.create({ name: 'station' })
  const folder = join(test.folder, 'docs')
  mkdirSync(folder)
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text)
  await test.ingest(collectionId, folder)
  const { id: datasetId } = await client.datasets.create({ name: 'questions', collectionId })
  for (const [index, [question, path, text]] of questions.entries()) {
    const tags = [path.replace('.md', '')]
    await client.datasets.addCase({
      datasetId,
      case: { id: `q${index + 1}`, question, tags, expected: [{ path, text }] },
    })
  }
  return { test, collectionId, datasetId }
}

async function measured(
  test: TestApp,
  datasetId: DatasetId,
  more: Partial<Parameters<TestApp['client']['runs']['start']>[0]> = {},
) {
  const { runs } = await test.client.runs.start({ datasetId, ...more })
  const ended: Run[] = []
  for (const { run, jobId } of runs) {
    await test.finished(jobId)
    ended.push(await test.client.runs.get({ runId: run.id }))
  }
  return ended
}

const scoresOf = async (test: TestApp, runId: RunId) =>
  (await test.client.runs.cases({ runId })).cases.map(({ caseId, scores, retrieved }) => ({
    caseId,
    scores,
    retrieved,
  }))

const small = { ...defaultPipeline, rules: [], chunker: { id: 'recursive', options: { maxTokens: 16, minTokens: 0 } } }

describe('a run', () => {
  it('measures the present pipeline and keeps what does it again', async () => {
    const { test, datasetId, collectionId } = await openMeasured()
    await using _ = test
    const [run] = await measured(test, datasetId)
    expect(run).toMatchObject({ status: 'done', done: 6, error: null, collectionId })
    expect(run!.facts).toMatchObject({
      dataset: { name: 'questions', version: 6 },
      collection: { name: 'station', documents: 3 },
      models: { embedder: expect.stringContaining('static-512') as string, reranker: null, judge: null },
      code: { version: test.app.services.version, node: process.version },
    })
    const { summary } = run!
    expect(summary).toMatchObject({ cases: 6, failed: 0, stale: 0, disturbed: false, index: { documents: 3 } })
    const recall = summary!.metrics.find(({ name }) => name === 'recall@5')!
    expect(recall).toMatchObject({ mean: 1, cases: 6, errors: 0, better: 'higher' })
    expect(summary!.metrics.map(({ name }) => name)).toContain('span-precision-omega')
    // Without answers nothing is said about answers.
    expect(summary!.metrics.map(({ name }) => name)).not.toContain('token-f1')
    expect(Object.keys(summary!.byTag)).toEqual(['boats', 'safety', 'samples'])

    const { cases, total } = await test.client.runs.cases({ runId: run!.id })
    expect(total).toBe(6)
    const first = cases[0]!
    expect(first).toMatchObject({ number: 1, caseId: 'q1', error: null })
    expect(first.retrieved[0]).toMatchObject({ path: expect.stringContaining('boats.md') as string, brings: [0] })
    expect(first.retrieved[0]!.text).toContain('Fulmar stays in harbour')
    // No traces: nobody asked these questions.
    expect((await test.client.traces.list({})).traces).toEqual([])
  })

  it('builds another pipeline beside, without disturbing what answers, and uses it again', async () => {
    const { test, datasetId, collectionId } = await openMeasured()
    await using _ = test
    const before = await test.client.collections.indexes({ collectionId })
    const chunks = (await test.client.collections.list()).collections[0]!.chunks
    const [one] = await measured(test, datasetId, { pipelines: [{ name: 'small', pipeline: small }] })
    expect(one!.summary!.index.builtMs).toBeGreaterThan(0)
    expect(one!.summary!.index.chunks).toBeGreaterThan(chunks)
    expect(await test.client.collections.indexes({ collectionId })).toEqual(before)
    expect((await test.client.collections.list()).collections[0]!.chunks).toBe(chunks)

    // Another retriever over the same chunks: no new index.
    const other = { ...small, retriever: { id: 'hybrid', options: { vectorWeight: 0.9 } } }
    const [two] = await measured(test, datasetId, { pipelines: [{ name: 'vectors', pipeline: other }] })
    expect(two!.summary!.index.builtMs).toBeNull()
    expect(two!.facts!.indexFingerprint).toBe(one!.facts!.indexFingerprint)

    // What was measured can be taken over at once: its index is there.
    const { jobId } = await test.client.collections.setPipeline({ collectionId, pipeline: small })
    await test.finished(jobId!)
    expect((await test.client.collections.list()).collections[0]!.chunks).toBe(one!.summary!.index.chunks)
  })

  it('gives the same figures bit for bit when its manifest runs again, also from an index that is built anew', async () => {
    const { test, datasetId, collectionId } = await openMeasured()
    await using _ = test
    const [first] = await measured(test, datasetId, { pipelines: [{ pipeline: small }] })
    const expected = await scoresOf(test, first!.id)
    const again = async () => {
      const { run, jobId } = await test.client.runs.rerun({ runId: first!.id })
      await test.finished(jobId)
      const repeated = await test.client.runs.get({ runId: run.id })
      expect(repeated.summary!.metrics).toEqual(first!.summary!.metrics)
      expect(await scoresOf(test, run.id)).toEqual(expected)
      expect(repeated.facts).toEqual(first!.facts)
      return repeated
    }
    expect((await again()).summary!.index.builtMs).toBeNull()
    const { indexLibrary, workspace, collectionIndexes } = test.app.services
    workspace.database.exec(`UPDATE indexes SET used_at = 1 WHERE purpose = 'evaluation'`)
    expect(collectionIndexes.dropUnused()).toBe(1)
    expect(indexLibrary.all(collectionId)).toHaveLength(1)
    expect((await again()).summary!.index.builtMs).toBeGreaterThan(0)
  })

  it('measures answers without a model', async () => {
    const { test, datasetId } = await openMeasured()
    await using _ = test
    await test.client.datasets.addCase({
      datasetId,
      case: { id: 'none', question: 'Who won the chess championship of 1972?', answerable: false },
    })
    await test.client.datasets.updateCase({ datasetId, caseId: 'q5', change: { answer: 'Minus eighty degrees.' } })
    const settings = runSettingsSchema.parse({ answers: true })
    const [run] = await measured(test, datasetId, { settings })
    const names = run!.summary!.metrics.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['token-f1', 'citation-recall', 'refusal', 'unsupported-rate']))
    const refusal = run!.summary!.metrics.find(({ name }) => name === 'refusal')!
    expect(refusal.cases).toBe(7)
    expect(run!.summary!.metrics.find(({ name }) => name === 'token-f1')!.cases).toBe(1)
    const last = (await test.client.runs.cases({ runId: run!.id, caseId: 'none' })).cases[0]!
    expect(last.answer).toMatchObject({ refused: true, citations: 0 })
    // A question that has no passage says nothing about retrieval.
    expect(Object.keys(last.scores)).toEqual(['refusal'])
  })

  it('goes on where a process was stopped, without asking anything twice', async () => {
    const first = await openMeasured()
    const workspace = first.test.workspace
    const { runs } = await first.test.client.runs.start({
      datasetId: first.datasetId,
      pipelines: [{ pipeline: small }],
    })
    const { id: runId } = runs[0]!.run
    const { runLibrary } = first.test.app.services
    while (runLibrary.get(runId).done < 2) await new Promise((resolve) => setTimeout(resolve, 2))
    await using cleanup = new AsyncDisposableStack()
    cleanup.use(first.test)
    await first.test.app[Symbol.asyncDispose]()
    const { openWorkspace } = await import('./database/open-workspace.ts')
    {
      using again = openWorkspace(workspace, 'test')
      const done = again.database.prepare('SELECT count(*) FROM run_cases').pluck().get() as number
      expect(done).toBeGreaterThanOrEqual(2)
      // Whoever asked again would write another latency.
      again.database.exec(`UPDATE run_cases SET data = json_set(data, '$.latencyMs', -1)`)
    }
    await using second = await openTestApp({ dataFolder: workspace })
    for await (const { jobs } of await second.client.jobs.watchActive()) if (jobs.length === 0) break
    const run = await second.client.runs.get({ runId })
    expect(run).toMatchObject({ status: 'done', done: 6 })
    const { cases } = await second.client.runs.cases({ runId })
    expect(cases.filter(({ latencyMs }) => latencyMs === -1).length).toBeGreaterThanOrEqual(2)
    expect(cases.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6])
    const job = await second.client.jobs.get({ jobId: runs[0]!.jobId })
    expect(job.progress).toMatchObject({ done: 6, total: 6, unit: 'questions' })
  })

  it('is cancelled, and keeps what it had', async () => {
    const { test, datasetId } = await openMeasured()
    await using _ = test
    const { runs } = await test.client.runs.start({ datasetId })
    await test.client.jobs.cancel({ jobId: runs[0]!.jobId })
    expect(await test.client.runs.get({ runId: runs[0]!.run.id })).toMatchObject({ status: 'cancelled', summary: null })
    expect((await test.client.runs.remove({ runIds: [runs[0]!.run.id] })).removed).toBe(1)
  })

  it('keeps finished questions when the next one cannot be written down', async () => {
    const { test, datasetId } = await openMeasured()
    await using _ = test
    const { database } = test.app.services.workspace
    database.exec(`CREATE TRIGGER full BEFORE INSERT ON run_cases WHEN NEW.number = 4
      BEGIN SELECT RAISE(ABORT, 'no room'); END`)
    const [run] = await measured(test, datasetId)
    expect(run).toMatchObject({ status: 'failed', done: 3 })
    expect(run!.error!.message).toContain('no room')
  })
})

describe('two runs', () => {
  it('are compared case by case, with what differs and a verdict', async () => {
    const { test, datasetId } = await openMeasured()
    await using _ = test
    const [before, after] = await measured(test, datasetId, {
      pipelines: [
        { name: 'as it is', pipeline: defaultPipeline },
        { name: 'small', pipeline: { ...small, retriever: { id: 'hybrid', options: { vectorWeight: 0.25 } } } },
      ],
    })
    const comparison = await test.client.runs.compare({
      runId: before!.id,
      otherId: after!.id,
      metric: 'span-precision@5',
    })
    // A default that is written out is no difference.
    expect(comparison.parameters.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['chunker.options.maxTokens', 'chunker.options.minTokens']),
    )
    expect(comparison.parameters.map(({ path }) => path)).not.toContain('retriever.options.vectorWeight')
    expect(comparison.parameters.find(({ path }) => path === 'chunker.options.maxTokens')).toMatchObject({
      before: 256,
      after: 16,
    })
    expect(comparison).toMatchObject({ cases: 6, warnings: [] })
    const omega = comparison.metrics.find(({ name }) => name === 'span-precision-omega')!
    // Smaller chunks can only be more precise.
    expect(omega).toMatchObject({ verdict: 'better', losses: 0 })
    expect(omega.difference.low).toBeGreaterThan(0)
    const same = await test.client.runs.compare({ runId: before!.id, otherId: before!.id })
    expect(new Set(same.metrics.map(({ verdict }) => verdict))).toEqual(new Set(['no difference shown']))
    expect(same.changes).toEqual([])
  })

  it('say what makes them less comparable', async () => {
    const { test, datasetId, collectionId } = await openMeasured()
    await using _ = test
    const [before] = await measured(test, datasetId)
    writeFileSync(join(test.folder, 'new.md'), '# New\n\nA new document about tides.\n')
    await test.ingest(collectionId, join(test.folder, 'new.md'))
    await test.client.datasets.removeCases({ datasetId, caseIds: ['q1'] })
    const [after] = await measured(test, datasetId)
    const { warnings, cases } = await test.client.runs.compare({ runId: before!.id, otherId: after!.id })
    expect(cases).toBe(5)
    expect(warnings).toEqual([
      'The dataset changed between the two runs.',
      'The documents changed between the two runs.',
      'Only 5 of 6 cases are in both runs; the others are left out.',
    ])
    // The old version is still there to be measured.
    const { run, jobId } = await test.client.runs.rerun({ runId: before!.id })
    await test.finished(jobId)
    expect(await test.client.runs.get({ runId: run.id })).toMatchObject({ status: 'done', done: 6 })
  })

  it('are listed, named, tagged, pinned and exported', async () => {
    const { test, datasetId } = await openMeasured()
    await using _ = test
    const [one, two] = await measured(test, datasetId, {
      pipelines: [{ pipeline: defaultPipeline }, { pipeline: small }],
      tags: ['try'],
    })
    const { client } = test
    await client.runs.update({ runId: one!.id, name: 'first', tags: ['keep'], note: 'Good enough.' })
    expect((await client.runs.list({ tag: 'keep' })).runs).toMatchObject([
      { id: one!.id, name: 'first', note: 'Good enough.' },
    ])
    expect((await client.runs.list({ datasetId })).runs.map(({ id }) => id)).toEqual([two!.id, one!.id])
    const labels = { q1: true, q2: true, q3: false, gone: true }
    const calibrated = await client.runs.calibrate({ runId: one!.id, metric: 'recall@5', labels })
    expect(calibrated).toMatchObject({ cases: 3, agreement: 2 / 3, kappa: 0 })
    await expect(client.runs.calibrate({ runId: one!.id, metric: 'faithfulness', labels })).rejects.toThrow(
      'has a score',
    )
    await client.runs.pinBaseline({ runId: one!.id, pinned: true })
    await client.runs.pinBaseline({ runId: two!.id, pinned: true })
    expect((await client.runs.list({})).runs.map(({ isBaseline }) => isBaseline)).toEqual([true, false])
    const csv = await client.runs.export({ runId: one!.id, format: 'csv' })
    expect(csv.text.split('\n')[0]).toMatch(/^case,question,tags,ndcg@10,/)
    expect(csv.text.trim().split('\n')).toHaveLength(7)
    const json = JSON.parse((await client.runs.export({ runId: one!.id })).text) as { run: Run; cases: unknown[] }
    expect(json.run.manifest).toEqual((await client.runs.get({ runId: one!.id })).manifest)
    expect(json.cases).toHaveLength(6)
    // The run outlives its dataset.
    await client.datasets.remove({ datasetId })
    expect((await client.runs.get({ runId: one!.id })).summary!.cases).toBe(6)
    await expect(client.runs.rerun({ runId: one!.id })).rejects.toMatchObject({ code: 'item-missing' })
  })
})

describe('what cannot be measured', () => {
  it('is refused with a sentence that says what to do', async () => {
    const { test, datasetId, collectionId } = await openMeasured()
    await using _ = test
    const { client } = test
    const start = (pipeline: object, settings: object = {}) =>
      client.runs.start({
        datasetId,
        pipelines: [{ pipeline: { ...defaultPipeline, ...pipeline } }],
        settings: runSettingsSchema.parse(settings),
      })
    await expect(start({ chunker: { id: 'nobody', options: {} } })).rejects.toMatchObject({
      code: 'implementation-unknown',
      message: expect.stringContaining('There is no chunker called "nobody"') as string,
    })
    await expect(start({ chunker: { id: 'recursive', options: { maxTokens: 1 } } })).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('maxTokens') as string,
    })
    await expect(start({}, { metrics: ['beauty@5'] })).rejects.toMatchObject({ code: 'implementation-unknown' })
    await expect(start({}, { metrics: ['token-f1'] })).rejects.toThrow('about answers')
    await expect(start({}, { filter: 'type=' })).rejects.toMatchObject({ code: 'input-invalid' })
    const { id: emptySet } = await client.datasets.create({ name: 'empty', collectionId })
    await expect(client.runs.start({ datasetId: emptySet })).rejects.toThrow('no accepted cases')
    const { id: elsewhere } = await client.collections.create({ name: 'elsewhere' })
    await expect(client.runs.start({ datasetId, collectionId: elsewhere })).rejects.toThrow('not those of')
    const { id: bare } = await client.datasets.create({ name: 'bare' })
    await expect(client.runs.start({ datasetId: bare })).rejects.toThrow('Choose the collection')
    expect((await client.runs.list({})).runs).toEqual([])
  })

  it('leaves out cases whose documents are gone, and says how many', async () => {
    const { test, datasetId, collectionId } = await openMeasured()
    await using _ = test
    const { documents } = await test.client.documents.list({ collectionId })
    const boats = documents.find(({ name }) => name === 'boats.md')!
    await test.client.documents.remove({ documentIds: [boats.id] })
    const [run] = await measured(test, datasetId)
    expect(run!.summary).toMatchObject({ cases: 3, stale: 3 })
    await test.client.documents.remove({
      documentIds: documents
        .filter(({ id }) => id !== boats.id && id)
        .slice(0, 2)
        .map(({ id }) => id),
    })
    await expect(test.client.runs.start({ datasetId })).rejects.toThrow(/no documents|points at text/)
  })
})
