import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { standardPrompt } from './generators/model-answer/prompt-template.ts'
import { runSettingsSchema } from './contract/runs.ts'
import { writeManifest } from './model-files/manifest.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'
import { writeScriptedGenerator } from './testing/tiny-models/gguf-models.ts'

const mine = { system: 'Answer {{length}}. Today is {{today}}.', user: '{{sources}}\n\nAsked: {{question}}' }

describe('prompts', () => {
  it('are there from the beginning, with their variables', async () => {
    await using test = await openTestApp()
    const { prompts } = await test.client.prompts.list()
    expect(prompts).toMatchObject([{ name: 'Standard', version: 1 }])
    const standard = await test.client.prompts.get({ promptId: prompts[0]!.id })
    expect(standard.versions).toMatchObject([
      { number: 1, prompt: { name: 'Standard', version: 1, ...standardPrompt } },
    ])
    const { variables } = await test.client.prompts.variables()
    expect(variables.filter(({ isRequired }) => isRequired).map(({ name }) => name)).toEqual(['sources', 'question'])
  })

  it('keep every version, and make none where nothing changed', async () => {
    await using test = await openTestApp()
    const { client } = test
    const created = await client.prompts.create({ name: ' Curt ', ...mine, note: 'first' })
    expect(created).toMatchObject({ name: 'Curt', version: 1 })
    const same = await client.prompts.save({ promptId: created.id, ...mine, note: 'again' })
    expect(same.version).toBe(1)
    const changed = await client.prompts.save({ promptId: created.id, ...mine, system: 'Answer.', note: 'shorter' })
    expect(changed.versions.map(({ number, note, prompt }) => [number, note, prompt.system])).toEqual([
      [2, 'shorter', 'Answer.'],
      [1, 'first', mine.system],
    ])
    const { database } = test.app.services.workspace
    expect(() => database.prepare(`UPDATE prompt_versions SET system = 'x'`).run()).toThrow('never changes')
    expect(await client.prompts.remove({ promptId: created.id })).toEqual({ removed: true })
    await expect(client.prompts.get({ promptId: created.id })).rejects.toMatchObject({ code: 'item-missing' })
  })

  it.each([
    ['an unknown variable', { ...mine, system: 'Answer as {{whoever}}.' }],
    ['no sources', { ...mine, user: '{{question}}' }],
    ['no question', { ...mine, user: '{{sources}}' }],
    ['documents told as instructions', { ...mine, system: '{{sources}}' }],
  ])('refuse %s', async (_what, texts) => {
    await using test = await openTestApp()
    await expect(test.client.prompts.create({ name: 'bad', ...texts })).rejects.toMatchObject({ code: 'input-invalid' })
    const { id } = await test.client.prompts.create({ name: 'good', ...mine })
    await expect(test.client.prompts.save({ promptId: id, ...texts })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(test.client.prompts.create({ name: 'GOOD', ...mine })).rejects.toMatchObject({ code: 'name-taken' })
  })

  it('show what a model would be given, with passages that are really found', async () => {
    await using test = await openTestApp()
    const { client } = test
    const { id: collectionId } = await client.collections.create({ name: 'station' })
    writeFileSync(
      join(test.folder, 'boats.md'),
      '# Boats\n\nFulmar stays in harbour when waves are higher than two metres.\n',
    )
    await test.ingest(collectionId, test.folder)
    const question = 'When does Fulmar stay in harbour?'
    const shown = await client.prompts.preview({ ...mine, collectionId, question })
    expect(shown.messages.map(({ role }) => role)).toEqual(['system', 'user'])
    expect(shown.messages[0]!.content).toMatch(/^Answer briefly and to the point\. Today is \d{4}-\d\d-\d\d\.$/)
    expect(shown.messages[1]!.content).toContain('waves are higher than two metres')
    expect(shown.messages[1]!.content).toContain(question)
    expect(shown).toMatchObject({
      used: 1,
      contextTokens: null,
      countedBy: expect.stringContaining('static') as string,
    })
    expect(shown.passages).toHaveLength(1)
    expect(shown.tokens).toBeGreaterThan(20)
    const { lines } = await client.lines.list()
    const releaseId = lines[0]!.production!.id
    expect(await client.prompts.preview({ ...mine, collectionId, question, releaseId })).toEqual(shown)
    const bad = client.prompts.preview({ ...mine, user: '{{question}}', collectionId, question })
    await expect(bad).rejects.toMatchObject({ code: 'input-invalid' })
  })

  it('are tested with a language model or not at all', async () => {
    await using test = await openTestApp()
    const { client } = test
    const { id: collectionId } = await client.collections.create({ name: 'station' })
    const { id: datasetId } = await client.datasets.create({ name: 'questions', collectionId })
    const { lines } = await client.lines.list()
    const prompt = { name: 'Curt', version: 1, ...mine }
    const test2 = (releaseId: string, after: typeof prompt | null) =>
      client.prompts.test({ releaseId, datasetId, before: null, after })
    await expect(test2(lines[0]!.production!.id, prompt)).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('without a language model') as string,
    })
    const { pipeline } = lines[0]!.production!
    const draft = await client.releases.createDraft({
      lineId: lines[0]!.id,
      pipeline: { ...pipeline, generator: { id: 'llama', options: { model: 'none' } } },
    })
    await expect(test2(draft.id, null)).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('same words') as string,
    })
    await expect(test2(draft.id, { ...prompt, user: 'x' })).rejects.toMatchObject({ code: 'input-invalid' })
  })
})

describe('two prompts side by side', () => {
  const good = 'The winch is inspected every two days.'
  const vague = 'Perhaps some ask the keeper about that.'
  const facts = ['winch', 'jetty', 'lamp', 'pump', 'mast', 'gauge', 'hood', 'shed']
  const usual = { system: 'Answer {{length}}.', user: '{{sources}}\n\n{{question}}' }

  let bench: Awaited<ReturnType<typeof openBench>>
  beforeAll(async () => {
    bench = await openBench()
  })
  afterAll(() => bench.test[Symbol.asyncDispose]())

  /** A model that answers well where its prompt has a "¶" in it, and vaguely otherwise; eight questions; a release. */
  async function openBench(): Promise<{ test: TestApp; releaseId: string; datasetId: string }> {
    const test = await openTestApp()
    const { client } = test
    const folder = join(test.workspace, 'models', 'obedient')
    await writeScriptedGenerator(folder, `${vague} [1]`, { where: { sign: '¶', script: `${good} [1]` } })
    await writeManifest(folder, {
      id: 'obedient',
      kind: 'generator',
      format: 'gguf',
      label: 'obedient',
      licence: { id: 'MIT' },
      files: [{ path: 'model.gguf' }],
      languages: ['en'],
      use: 'Tests.',
      sources: [],
    })
    const text = facts.map((fact) => `The ${fact} is inspected every two days. Some ask the keeper.\n\n`).join('')
    writeFileSync(join(test.folder, 'rounds.md'), text)
    const { id: collectionId } = await client.collections.create({ name: 'Station' })
    await test.ingest(collectionId, test.folder)
    const { id: datasetId } = await client.datasets.create({ name: 'Rounds', collectionId })
    for (const fact of facts) {
      const answer = `The ${fact} is inspected every two days.`
      const expected = [{ path: 'rounds.md', text: answer }]
      await client.datasets.addCase({
        datasetId,
        case: { question: `How often is the ${fact} seen to?`, answer, expected },
      })
    }
    const { draft } = await client.lines.create({ name: 'Worded' })
    const generator = { id: 'llama', options: { model: 'obedient' } }
    await client.releases.edit({ releaseId: draft.id, pipeline: { ...draft.pipeline, passages: 2, generator } })
    return { test, releaseId: draft.id, datasetId }
  }

  it('are two runs: the one that is cancelled takes nothing from the other, and both are needed to compare', async () => {
    const { test, releaseId, datasetId } = bench
    const { client } = test
    const named = { name: 'House', ...usual }
    const settings = { ...runSettingsSchema.parse({}), limit: 2 }
    const ids = await client.prompts.test({
      ...{ releaseId, datasetId, before: null, settings },
      after: { ...named, version: 0, system: '¶ Answer {{length}}.' },
    })
    const [before, after] = await Promise.all(
      [ids.beforeRunId, ids.afterRunId].map((runId) => client.runs.get({ runId })),
    )
    await client.jobs.cancel({ jobId: after!.jobId! })
    expect([before!.name, after!.name]).toEqual(['A draft of "Worded", built-in prompt', 'A draft of "Worded", House'])
    expect(await test.finished(before!.jobId!)).toMatchObject({ status: 'done', progress: { ready: 2 } })
    expect(await client.runs.get({ runId: ids.beforeRunId })).toMatchObject({ status: 'done', summary: { cases: 2 } })
    expect(await client.runs.get({ runId: ids.afterRunId })).toMatchObject({ status: 'cancelled', summary: null })
    await expect(client.runs.compare({ runId: ids.beforeRunId, otherId: ids.afterRunId })).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('House" has no results') as string,
    })
  })

  it('answer every question twice, differ in the prompt alone, and are compared', async () => {
    const { test, releaseId, datasetId } = bench
    const { client } = test
    const created = await client.prompts.create({ name: 'House', ...usual })
    const { versions } = await client.prompts.save({ promptId: created.id, ...usual, system: '¶ Answer {{length}}.' })
    const [after, before] = versions.map(({ prompt }) => prompt)
    const ids = await client.prompts.test({ releaseId, datasetId, before: before!, after: after! })
    const runs = []
    for (const runId of [ids.beforeRunId, ids.afterRunId]) {
      const { jobId } = await client.runs.get({ runId })
      expect(await test.finished(jobId!)).toMatchObject({ status: 'done', progress: { ready: 8, failed: 0 } })
      runs.push(await client.runs.get({ runId }))
    }
    expect(runs.map(({ name, tags }) => [name, tags])).toEqual([
      ['A draft of "Worded", House 1', ['prompt']],
      ['A draft of "Worded", House 2', ['prompt']],
    ])
    expect(runs.map(({ summary }) => summary)).toMatchObject([
      { cases: 8, failed: 0, stale: 0 },
      { cases: 8, failed: 0, stale: 0 },
    ])
    const answersOf = async (runId: string) => {
      const { cases } = await client.runs.cases({ runId, limit: 100 })
      return [...new Set(cases.map(({ answer }) => answer?.text))]
    }
    expect(await answersOf(ids.beforeRunId)).toEqual([`${vague} [1]`])
    expect(await answersOf(ids.afterRunId)).toEqual([`${good} [1]`])

    const compared = await client.runs.compare({ runId: ids.beforeRunId, otherId: ids.afterRunId })
    expect(compared).toMatchObject({ cases: 8, warnings: [] })
    expect(compared.parameters.map(({ path }) => path)).toEqual(['prompt.version', 'prompt.system'])
    expect(compared.parameters.at(-1)).toMatchObject({ before: usual.system, after: `¶ ${usual.system}` })
    const metric = (name: string) => compared.metrics.find((one) => one.name === name)
    // What is found is the same, so it is the words that are better: every question, and for the right reason.
    expect(metric('recall@5')).toMatchObject({ verdict: 'no difference shown', before: 1, after: 1, ties: 8 })
    expect(metric('token-f1')).toMatchObject({ verdict: 'better', before: 0, wins: 8, losses: 0, ties: 0 })
    expect(metric('unsupported-rate')).toMatchObject({ verdict: 'better', before: 1, after: 0, wins: 8 })
    expect(metric('exact-match')).toMatchObject({ verdict: 'no difference shown', before: 0, after: 1 / 8, wins: 1 })
    const one = await client.runs.compare({ runId: ids.beforeRunId, otherId: ids.afterRunId, metric: 'exact-match' })
    expect(one.changes).toMatchObject([{ question: 'How often is the winch seen to?', before: 0, after: 1 }])
    // The other way round it is a loss.
    const back = await client.runs.compare({ runId: ids.afterRunId, otherId: ids.beforeRunId })
    expect(back.metrics.find(({ name }) => name === 'token-f1')).toMatchObject({ verdict: 'worse', losses: 8 })
  })
})
