import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Pipeline } from './contract/pipeline.ts'
import { isUndecided, type ReleaseChoice, type ReleaseGate } from './contract/releases.ts'
import { defaultPipeline } from './services/default-pipeline.ts'
import type { RunId } from './shared/ids.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'

const text =
  '# Boats\n\n## Fulmar\n\nFulmar stays in harbour when waves are higher than two metres. Her engine is serviced every 250 hours.\n\n## Petrel\n\nPetrel carries four people and a crane of half a ton. She is painted green every second spring.\n\n# Samples\n\nThe salinometer is calibrated with standard seawater every 24 samples. Plankton nets are rinsed with filtered water.\n'
const questions = [
  ['How high may waves be for Fulmar?', 'Fulmar stays in harbour when waves are higher than two metres.'],
  ['How often is the engine serviced?', 'Her engine is serviced every 250 hours.'],
  ['What can the crane of Petrel lift?', 'a crane of half a ton'],
  ['How is Petrel painted?', 'She is painted green every second spring.'],
  ['How is the salinometer calibrated?', 'calibrated with standard seawater'],
  ['How are plankton nets rinsed?', 'Plankton nets are rinsed with filtered water.'],
] as const
const small: Pipeline = {
  ...defaultPipeline,
  rules: [],
  chunker: { id: 'recursive', options: { maxTokens: 16, minTokens: 0 } },
}
/** One tiny chunk of a document and no more, found by its words alone. */
const poor: Pipeline = {
  ...small,
  chunker: { id: 'fixed', options: { maxTokens: 16, overlapTokens: 0 } },
  retriever: {
    id: 'hybrid',
    options: { vectorWeight: 0, candidates: 10, mergeNeighbours: false, perDocument: 1, leastShare: 0.9 },
  },
}

async function openLine(overrides: Parameters<typeof openTestApp>[0] = {}) {
  const test = await openTestApp(overrides)
  const { client } = test
  const { id: collectionId } = await client.collections.create({ name: 'station' })
  const folder = join(test.folder, 'docs')
  mkdirSync(folder)
  writeFileSync(join(folder, 'station.md'), text)
  await test.ingest(collectionId, folder)
  const { id: datasetId } = await client.datasets.create({ name: 'questions', collectionId })
  for (const [index, [question, words]] of questions.entries()) {
    const expected = [{ path: 'station.md', text: words }]
    await client.datasets.addCase({ datasetId, case: { id: `q${index}`, question, expected } })
  }
  const line = (await client.lines.list()).lines.find(({ isStandard }) => isStandard)!
  const gate: Partial<ReleaseGate> = { datasetId, rules: ['recall@5>=0.9'], noLoss: ['ndcg@10'] }
  await client.lines.update({ lineId: line.id, gate })
  return { test, client, collectionId, datasetId, folder, lineId: line.id, firstId: line.production!.id }
}

/** A draft with this pipeline, measured. */
async function measured({ client, finished }: TestApp, lineId: string, pipeline: Pipeline) {
  const { id: releaseId } = await client.releases.createDraft({ lineId, pipeline })
  const { runId, againstRunId, jobIds } = await client.releases.measure({ releaseId })
  for (const jobId of jobIds) await finished(jobId)
  return { releaseId, runId, againstRunId }
}

async function candidate(test: TestApp, lineId: string, pipeline: Pipeline) {
  const { releaseId, runId } = await measured(test, lineId, pipeline)
  return test.client.releases.propose({ releaseId, runId, who: 'Ada', reason: 'smaller chunks' })
}

const productionOf = async ({ client }: TestApp, lineId: string) =>
  (await client.lines.get({ lineId })).line.production!.number

describe('the way of a release', () => {
  it('goes from a draft through its gate into production, and back', async () => {
    const { test, client, lineId, firstId } = await openLine()
    await using _ = test
    const { releaseId, runId, againstRunId } = await measured(test, lineId, small)
    // What is in production is measured alike, once.
    expect(againstRunId).not.toBeNull()
    await expect(client.releases.promote({ releaseId })).rejects.toMatchObject({ code: 'input-invalid' })
    const proposed = await client.releases.propose({ releaseId, runId, who: 'Ada' })
    expect(proposed).toMatchObject({ number: 2, stage: 'candidate', runId })
    await expect(client.releases.edit({ releaseId, note: 'x' })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(client.releases.propose({ releaseId, runId })).rejects.toMatchObject({ code: 'input-invalid' })

    const gate = await client.releases.check({ releaseId })
    expect(gate).toMatchObject({ passed: true, against: { releaseId: firstId, number: 1, runId: againstRunId } })
    expect(gate.checks.map(({ kind }) => kind)).toEqual(['evidence', 'threshold', 'no-loss', 'models', 'documents'])
    expect(gate.checks[1]).toMatchObject({
      label: 'recall@5>=0.9',
      detail: expect.stringContaining('at least 0.9') as string,
    })
    expect(gate.checks[2]!.detail).toMatch(/^ndcg@10 went from .* over 6 questions: /)

    const promoted = await client.releases.promote({ releaseId, who: 'Bob', reason: 'passes' })
    expect(promoted).toMatchObject({ jobIds: [], line: { production: { number: 2 }, counts: { retired: 1 } } })
    expect((await client.collections.create({ name: 'later' })).pipeline.chunker).toEqual(small.chunker)
    // Once more, and a retired one.
    await expect(client.releases.promote({ releaseId })).rejects.toMatchObject({
      code: 'input-invalid',
      message: 'Release 2 of "Standard" is in production already.',
    })
    await expect(client.releases.promote({ releaseId: firstId })).rejects.toMatchObject({ code: 'input-invalid' })

    const back = await client.lines.rollBack({ lineId, who: 'Cy', reason: 'answers got worse' })
    expect(back).toMatchObject({ jobIds: [], line: { production: { number: 1 } } })
    const again = await client.lines.rollBack({ lineId, to: releaseId })
    expect(again.line.production!.number).toBe(2)
    const { events } = await client.lines.history({ lineId })
    expect(
      events.map(({ action, releaseNumber, fromNumber, isOverride }) => [
        action,
        releaseNumber,
        fromNumber,
        isOverride,
      ]),
    ).toEqual([
      ['rolled-back', 2, 1, false],
      ['rolled-back', 1, 2, false],
      ['production', 2, 1, false],
      ['candidate', 2, null, false],
      ['draft-created', null, null, false],
      ['gate-changed', null, null, false],
      ['production', 1, null, false],
    ])
    expect(events[2]).toMatchObject({ who: 'Bob', reason: 'passes', runId, gate: { passed: true } })
  })

  it('is refused by a loss, and goes through when somebody signs with name and reason', async () => {
    const { test, client, lineId, datasetId } = await openLine()
    await using _ = test
    const gate = { datasetId, rules: ['recall@5>=0.9'], noLoss: ['span-recall@5'] }
    await client.lines.update({ lineId, gate })
    const { id: releaseId } = await candidate(test, lineId, poor)
    const said = await client.releases.check({ releaseId })
    expect(said.passed).toBe(false)
    expect(said.checks.find(({ kind }) => kind === 'threshold')).toMatchObject({ passed: false })
    expect(said.checks.find(({ kind }) => kind === 'no-loss')).toMatchObject({
      passed: false,
      detail: expect.stringContaining('a loss') as string,
    })
    const refused = client.releases.promote({ releaseId, who: 'Bob', reason: 'now' })
    await expect(refused).rejects.toMatchObject({ code: 'gate-failed', details: { gate: { passed: false } } })
    for (const signed of [{ who: 'Bob' }, { reason: 'now' }, { who: ' ', reason: ' ' }])
      await expect(client.releases.promote({ releaseId, override: true, ...signed })).rejects.toMatchObject({
        code: 'input-invalid',
      })
    expect(await productionOf(test, lineId)).toBe(1)
    await client.releases.promote({ releaseId, override: true, who: 'Bob', reason: 'to show it' })
    expect(await productionOf(test, lineId)).toBe(2)
    const { events } = await client.lines.history({ lineId })
    expect(events[0]).toMatchObject({ isOverride: true, who: 'Bob', reason: 'to show it', gate: { passed: false } })
  })

  it('waits, and says for what, while it or what is in production is still being measured', async () => {
    const { test, client, lineId } = await openLine()
    await using _ = test
    const { id: releaseId } = await client.releases.createDraft({ lineId, pipeline: small })
    const { runId, againstRunId, jobIds } = await client.releases.measure({ releaseId })
    const name = async (id: RunId) => (await client.runs.get({ runId: id })).name
    // The two runs are done one after the other: nothing else has been waited for yet.
    await expect(client.releases.propose({ releaseId, runId })).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringMatching(
        new RegExp(
          `^A draft of "Standard" is being measured: .*Propose it when the run "${await name(runId)}" is done\\.$`,
        ),
      ) as string,
    })
    await test.finished(jobIds[0]!)
    // As it is in the file while the second one is under way.
    const { database } = test.app.services.workspace
    await test.finished(jobIds[1]!)
    const restore = database.prepare('UPDATE runs SET status = ?, summary = ? WHERE id = ?')
    const { summary } = database.prepare('SELECT summary FROM runs WHERE id = ?').get(againstRunId) as {
      summary: string
    }
    const pretend = (status: string) => restore.run(status, status === 'done' ? summary : null, againstRunId)
    pretend('running')
    await client.releases.propose({ releaseId, runId })
    const gate = await client.releases.check({ releaseId })
    expect(gate.checks.find(({ kind }) => kind === 'no-loss')).toMatchObject({
      passed: false,
      isPending: true,
      detail:
        'Release 1 of "Standard", which is in production, is being measured: 6 of 6 questions are asked. ' +
        `This can be said when the run "${await name(againstRunId!)}" is done.`,
    })
    expect(isUndecided(gate)).toBe(true)
    await expect(client.releases.promote({ releaseId })).rejects.toMatchObject({
      code: 'gate-failed',
      message: expect.stringContaining('cannot be judged by its gate yet. Release 1 of "Standard"') as string,
    })
    pretend('queued')
    expect((await client.releases.check({ releaseId })).checks[2]!.detail).toContain('waits for other work to end')
    pretend('done')
    expect(await client.releases.check({ releaseId })).toMatchObject({ passed: true })
  })

  it('counts no evidence that was measured otherwise than the gate asks', async () => {
    const { test, client, lineId, datasetId } = await openLine()
    await using _ = test
    const { releaseId, runId } = await measured(test, lineId, small)
    const gate = { datasetId, rules: ['recall@5>=0.9'] }
    const evidence = async (settings: Partial<ReleaseGate['settings']>) => {
      await client.lines.update({ lineId, gate: { ...gate, settings } })
      return (await client.releases.check({ releaseId })).checks[0]!
    }
    expect(await evidence({})).toMatchObject({ passed: true })
    expect(await evidence({ k: 11, limit: 4, seed: 7 })).toMatchObject({ passed: false })
    // A draft has no run of its own yet that could be named; a candidate has.
    await client.releases.propose({ releaseId, runId })
    expect((await evidence({ k: 11, limit: 4, seed: 7 })).detail).toContain(
      'was measured otherwise than the gate asks now (limit, seed, results looked at)',
    )
    expect((await evidence({ filter: 'type=markdown' })).detail).toContain('(filter)')
    for (const jobId of (await client.releases.measure({ releaseId })).jobIds) await test.finished(jobId)
    expect(await evidence({ filter: 'type=markdown' })).toMatchObject({ passed: true })
    // More than is asked for is no less evidence.
    expect(await evidence({ filter: 'type=markdown', k: 5 })).toMatchObject({ passed: true })
  })

  it('counts no evidence of other questions, other documents or another pipeline', async () => {
    const { test, client, lineId, datasetId, folder, collectionId } = await openLine()
    await using _ = test
    const { releaseId, runId } = await measured(test, lineId, small)
    const evidence = async (id = releaseId) => (await client.releases.check({ releaseId: id })).checks[0]!
    expect(await evidence()).toMatchObject({ kind: 'evidence', passed: true })
    const other = await client.releases.createDraft({ lineId, pipeline: poor })
    await expect(client.releases.propose({ releaseId: other.id, runId })).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('another pipeline') as string,
    })
    expect(await evidence(other.id)).toMatchObject({ passed: false })
    await client.releases.propose({ releaseId, runId })
    const expected = [{ path: 'station.md', text: 'every 24 samples' }]
    await client.datasets.addCase({ datasetId, case: { id: 'q9', question: 'After how many samples?', expected } })
    expect((await evidence()).detail).toContain('is of version 6; "questions" is at 7 now')
    for (const jobId of (await client.releases.measure({ releaseId })).jobIds) await test.finished(jobId)
    expect(await evidence()).toMatchObject({ passed: true })
    writeFileSync(join(folder, 'more.md'), '# More\n\nAnother document.\n')
    await test.ingest(collectionId, folder)
    expect((await evidence()).detail).toContain('The documents changed')
    await client.datasets.remove({ datasetId })
    expect((await evidence()).detail).toContain('was removed')
  })

  it('needs a dataset, a finished run, and its models', async () => {
    const { test, client, lineId, firstId } = await openLine()
    await using _ = test
    await expect(client.lines.rollBack({ lineId })).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('nothing to go back to') as string,
    })
    await expect(client.lines.rollBack({ lineId, to: firstId })).rejects.toMatchObject({ code: 'input-invalid' })
    const { id: releaseId } = await client.releases.createDraft({ lineId, pipeline: small })
    const { runId, jobIds } = await client.releases.measure({ releaseId })
    await client.jobs.cancel({ jobId: jobIds[0]! })
    await expect(client.releases.propose({ releaseId, runId })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(client.releases.propose({ releaseId, runId: 'run_none' })).rejects.toMatchObject({
      code: 'item-missing',
    })

    const missing = { ...small, embedder: { id: 'transformers', options: { model: 'not-here' } } }
    const { id } = await client.releases.createDraft({ lineId, pipeline: missing })
    await expect(client.releases.measure({ releaseId: id })).rejects.toMatchObject({ code: 'model-missing' })
    const gate = await client.releases.check({ releaseId: id })
    expect(gate.checks.find(({ kind }) => kind === 'models')).toMatchObject({
      passed: false,
      detail: expect.stringContaining('not-here') as string,
    })
    test.app.services.releaseLibrary.makeCandidate(id, null)
    const signed = { override: true, who: 'Bob', reason: 'now' }
    await expect(client.releases.promote({ releaseId: id, ...signed })).rejects.toMatchObject({ code: 'model-missing' })
    // It was in production once, with its model.
    const { releaseLibrary } = test.app.services
    releaseLibrary.setStage(firstId, 'retired')
    releaseLibrary.setStage(id, 'production')
    releaseLibrary.setStage(id, 'retired')
    releaseLibrary.setStage(firstId, 'production')
    await expect(client.lines.rollBack({ lineId })).rejects.toMatchObject({
      code: 'model-missing',
      message: expect.stringContaining('"not-here" is not on this machine') as string,
    })
    expect(await productionOf(test, lineId)).toBe(1)

    await client.lines.update({ lineId, gate: {} })
    await expect(client.releases.measure({ releaseId })).rejects.toMatchObject({ code: 'input-invalid' })
    const without = await client.releases.check({ releaseId })
    expect(without).toMatchObject({ passed: false, checks: [{ kind: 'evidence', passed: false }, {}, {}] })
  })
})

describe('a promotion that bots wait for', () => {
  async function openAsked() {
    const opened = await openLine()
    const choice: ReleaseChoice = { kind: 'production', lineId: opened.lineId }
    await opened.client.releases.prepare({ owner: 'bot', choice, collectionIds: [opened.collectionId] })
    return opened
  }
  /** The indexes that measuring left are taken away, so that there is something to build. */
  const forgetMeasured = ({ app }: TestApp) => {
    app.services.workspace.database
      .prepare(`UPDATE indexes SET used_at = 1, created_at = 1 WHERE purpose = 'evaluation'`)
      .run()
    app.services.collectionIndexes.dropUnused()
  }

  it('switches when the indexes are there, and keeps the old one to go back to', async () => {
    const { test, client, lineId, collectionId } = await openAsked()
    await using _ = test
    const { id: releaseId } = await candidate(test, lineId, small)
    forgetMeasured(test)
    const { jobIds, line } = await client.releases.promote({ releaseId, who: 'Bob' })
    expect(jobIds).toHaveLength(1)
    expect(line.production!.number).toBe(1)
    expect((await client.releases.get({ releaseId })).promotion).toMatchObject({ who: 'Bob' })
    // Twice at once, or another one meanwhile, is once.
    await expect(client.releases.promote({ releaseId })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(client.releases.discard({ releaseId })).rejects.toMatchObject({ code: 'input-invalid' })
    await test.finished(jobIds[0]!)
    expect(await client.releases.get({ releaseId })).toMatchObject({ stage: 'production', promotion: null })
    const { indexes } = await client.releases.indexes({ releaseId, collectionIds: [collectionId] })
    expect(indexes).toMatchObject([{ state: 'ready', waiting: 0 }])
    const back = await client.lines.rollBack({ lineId })
    expect(back).toMatchObject({ jobIds: [], line: { production: { number: 1 } } })
    // And forward again without building: the index of the last one is kept.
    expect(await client.lines.rollBack({ lineId })).toMatchObject({ jobIds: [], line: { production: { number: 2 } } })
  })

  it('is stopped by who cancels its job, and that is in the history', async () => {
    const { test, client, lineId } = await openAsked()
    await using _ = test
    const { id: releaseId } = await candidate(test, lineId, small)
    forgetMeasured(test)
    const { jobIds } = await client.releases.promote({ releaseId })
    await client.jobs.cancel({ jobId: jobIds[0]! })
    expect(await client.releases.get({ releaseId })).toMatchObject({ stage: 'candidate', promotion: null })
    expect(await productionOf(test, lineId)).toBe(1)
    const { events } = await client.lines.history({ lineId })
    expect(events[0]).toMatchObject({ action: 'promotion-stopped', releaseNumber: 2 })
  })

  it('does not wait for a collection that was removed', async () => {
    const opened = await openAsked()
    const { test, client, lineId, collectionId, folder } = opened
    await using _ = test
    const other = await client.collections.create({ name: 'other' })
    await test.ingest(other.id, folder)
    const choice: ReleaseChoice = { kind: 'production', lineId }
    await client.releases.prepare({ owner: 'two', choice, collectionIds: [other.id] })
    const { id: releaseId } = await candidate(test, lineId, small)
    forgetMeasured(test)
    const { jobIds } = await client.releases.promote({ releaseId })
    expect(jobIds).toHaveLength(2)
    await client.collections.remove({ collectionId: other.id })
    for (const jobId of jobIds) await test.finished(jobId).catch(() => {})
    expect(await productionOf(test, lineId)).toBe(2)
    const { indexes } = await client.releases.indexes({ releaseId, collectionIds: [collectionId] })
    expect(indexes[0]!.state).toBe('ready')
  })

  it('goes on where a process that was ended in the middle left it', async () => {
    const first = await openAsked()
    await using cleanup = new AsyncDisposableStack()
    cleanup.use(first.test)
    const { client, lineId, collectionId, test } = first
    const many = join(test.folder, 'many')
    mkdirSync(many)
    for (let number = 0; number < 120; number += 1)
      writeFileSync(join(many, `${number}.md`), `# Note ${number}\n\n${text} Number ${number}.\n`.repeat(3))
    await test.ingest(collectionId, many)
    const { id: releaseId } = await client.releases.createDraft({ lineId, pipeline: small })
    test.app.services.releaseLibrary.makeCandidate(releaseId, null)
    const signed = { override: true, who: 'Bob', reason: 'to break it off' }
    const { jobIds } = await client.releases.promote({ releaseId, ...signed })
    while ((await client.jobs.get({ jobId: jobIds[0]! })).progress.done < 1)
      await new Promise((again) => setTimeout(again, 2))
    await test.app[Symbol.asyncDispose]()

    await using second = await openTestApp({ dataFolder: test.workspace })
    for await (const { jobs } of await second.client.jobs.watchActive()) if (jobs.length === 0) break
    expect(await second.client.jobs.get({ jobId: jobIds[0]! })).toMatchObject({
      status: 'done',
      progress: { done: 121, total: 121 },
    })
    expect(await productionOf(second, lineId)).toBe(2)
    const { indexes } = await second.client.releases.indexes({ releaseId, collectionIds: [collectionId] })
    expect(indexes).toMatchObject([{ state: 'ready', waiting: 0 }])
  })

  it('of two candidates at once lets one through', async () => {
    const { test, client, lineId } = await openAsked()
    await using _ = test
    const one = await candidate(test, lineId, small)
    const two = await candidate(test, lineId, { ...small, passages: 6 })
    forgetMeasured(test)
    const outcomes = await Promise.allSettled(
      [one, two].map(({ id: releaseId }) => client.releases.promote({ releaseId })),
    )
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const won = outcomes.find(({ status }) => status === 'fulfilled') as PromiseFulfilledResult<{ jobIds: string[] }>
    for (const jobId of won.value.jobIds) await test.finished(jobId as never)
    const { releases } = await client.lines.get({ lineId })
    expect(releases.map(({ stage }) => stage).toSorted()).toEqual(['candidate', 'production', 'retired'])
  })
})
