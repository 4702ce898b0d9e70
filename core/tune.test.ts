import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type TuneSpec, tuneSpecSchema } from './contract/tune.ts'
import type { RunId } from './shared/ids.ts'
import { openTestApp } from './testing/test-app.ts'

const subjects = [
  'tide gauge',
  'winch',
  'fume hood',
  'net shed',
  'salinometer',
  'jetty lamp',
  'bilge pump',
  'radio mast',
]

/** Forty facts in eight documents, and a question about each. */
async function openStation(overrides: Parameters<typeof openTestApp>[0] = {}) {
  const test = await openTestApp(overrides)
  const { client } = test
  const { id: collectionId } = await client.collections.create({ name: 'station' })
  const folder = join(test.folder, 'docs')
  mkdirSync(folder)
  const facts = subjects.flatMap((subject, row) =>
    ['inspected', 'cleaned', 'painted', 'replaced', 'measured'].map((verb, column) => ({
      path: `${subject.replace(' ', '-')}.md`,
      text: `The ${subject} is ${verb} every ${row * 5 + column + 2} days.`,
      question: `How often is the ${subject} ${verb}?`,
    })),
  )
  for (const [path, own] of Map.groupBy(facts, (fact) => fact.path))
    writeFileSync(
      join(folder, path),
      `# ${path}\n\n${own.map(({ text }) => `${text} Ask the keeper if it was not done.\n\n`).join('')}`,
    )
  await test.ingest(collectionId, folder)
  const { id: datasetId } = await client.datasets.create({ name: 'facts', collectionId })
  for (const { question, path, text } of facts)
    await client.datasets.addCase({ datasetId, case: { question, expected: [{ path, text }] } })
  return { test, collectionId, datasetId }
}

const specOf = (more: Partial<Record<keyof TuneSpec, unknown>> = {}): TuneSpec =>
  tuneSpecSchema.parse({
    metric: 'span-iou@5',
    parameters: [
      { path: 'chunker.options.maxTokens', values: [16, 64] },
      { path: 'chunker.options.minTokens', values: [0] },
      { path: 'retriever.options.mergeNeighbours', values: [true, false] },
      { path: 'retriever.options.perDocument', values: [0, 1] },
    ],
    ...more,
  })

describe('a tuning', () => {
  it('finds what is better, builds each index once, and lets unseen questions decide', async () => {
    const { test, collectionId, datasetId } = await openStation()
    await using _ = test
    const { client } = test
    const spec = specOf()
    expect(await client.tunes.preview({ collectionId, spec })).toEqual({ combinations: 8, indexes: 2, readings: 0 })
    const { tune, jobId } = await client.tunes.start({ datasetId, spec })
    await test.finished(jobId)
    const { status, result, combinations } = await client.tunes.get({ tuneId: tune.id })
    expect({ status, combinations }).toEqual({ status: 'done', combinations: 8 })
    expect(result!.trials).toHaveLength(9)
    // The present pipeline's own index was there; the eight share two.
    expect(result!.indexesBuilt).toBe(2)
    expect(result!.unfinished).toBeNull()
    const [best] = result!.trials
    expect(best!.parameters).toMatchObject({ 'chunker.options.maxTokens': 16 })
    expect(best!.pareto).toBe(true)
    expect(result!.decision).toMatchObject({ trial: best!.number, cases: 12, verdict: 'better' })
    expect(result!.decision!.difference.low).toBeGreaterThan(0)
    expect(result!.recommendation.trial).toBe(best!.number)
    expect(result!.recommendation.sentence).toMatch(
      /^Take trial \d \(Max tokens 16, .*\): span-iou@5 on 12 questions that no trial saw/,
    )
    expect(result!.effects.map(({ path }) => path)).toContain('retriever.options.perDocument')
    // No question of the decision was seen by a trial.
    const seen = async (runId: RunId) => (await client.runs.cases({ runId })).cases.map(({ caseId }) => caseId)
    const [tuned, held] = [await seen(best!.runId), await seen(result!.decision!.bestRunId)]
    expect(tuned).toHaveLength(28)
    expect(tuned.filter((caseId) => held.includes(caseId))).toEqual([])
    // Trials are not among the runs that people made.
    expect((await client.runs.list({})).runs).toEqual([])

    const { jobId: reindex } = await client.tunes.apply({ tuneId: tune.id, trial: best!.number })
    await test.finished(reindex!)
    expect((await client.collections.list()).collections[0]!.pipeline.chunker.options).toMatchObject({ maxTokens: 16 })
  })

  it('counts the present pipeline among the trials of an option where it is one of the combinations', async () => {
    const { test, datasetId } = await openStation()
    await using _ = test
    const { client } = test
    const parameters = [{ path: 'retriever.options.mergeNeighbours', values: [true, false] }]
    const { tune, jobId } = await client.tunes.start({ datasetId, spec: specOf({ parameters, earlyStop: false }) })
    await test.finished(jobId)
    const { result } = await client.tunes.get({ tuneId: tune.id })
    const values = result!.effects[0]!.values
    expect(values.map(({ value, trials }) => [value, trials]).sort()).toEqual([
      [false, 1],
      [true, 1],
    ])
  })

  it('varies an option where what is chosen has it, and measures nothing twice where it has not', async () => {
    const { test, collectionId, datasetId } = await openStation()
    await using _ = test
    const { client } = test
    const parameters = [
      { path: 'chunker', values: ['recursive', 'page'] },
      { path: 'chunker.options.overlapTokens', values: [0, 32] },
      { path: 'chunker.options.maxTokens', values: [64, 128] },
      { path: 'reranker', values: [null] },
    ]
    const spec = specOf({ parameters, earlyStop: false })
    expect(await client.tunes.preview({ collectionId, spec })).toEqual({ combinations: 6, indexes: 6, readings: 0 })
    const { tune, jobId } = await client.tunes.start({ datasetId, spec })
    await test.finished(jobId)
    const { result, status } = await client.tunes.get({ tuneId: tune.id })
    expect(status).toBe('done')
    const points = result!.trials.map(({ parameters }) => parameters)
    expect(points).toHaveLength(7)
    const ofPage = points.filter(({ chunker }) => chunker === 'page')
    expect(ofPage.map((point) => Object.keys(point).sort())).toEqual(
      [0, 1].map(() => ['chunker', 'chunker.options.maxTokens', 'reranker']),
    )
    expect(points).toContainEqual({
      chunker: 'recursive',
      reranker: null,
      'chunker.options.overlapTokens': 32,
      'chunker.options.maxTokens': 128,
    })
    // A choice is one value of an option however its own options are varied.
    const effect = result!.effects.find(({ path }) => path === 'chunker')!
    expect(effect.values.map(({ value, trials }) => [value, trials]).sort()).toEqual([
      ['page', 2],
      ['recursive', 4],
    ])
    const whole = result!.effects.find(({ path }) => path === 'chunker.options.overlapTokens')!
    expect(whole.values.reduce((sum, { trials }) => sum + trials, 0)).toBe(4)
  })

  it('ends with the filter that helps, and builds no index for it', async () => {
    const { test, collectionId, datasetId } = await openStation()
    await using _ = test
    const { client } = test
    // The same facts as somebody proposed them once: nearly the same words, and never what a question expects.
    const drafts = join(test.folder, 'drafts')
    mkdirSync(drafts)
    for (const [index, subject] of subjects.entries()) {
      const lines = ['inspected', 'cleaned', 'painted', 'replaced', 'measured'].map(
        (verb) => `How often the ${subject} is ${verb}: the ${subject} is ${verb} every ${90 + index} days.`,
      )
      writeFileSync(join(drafts, `${subject.replace(' ', '-')}.md`), `# Draft\n\n${lines.join('\n\n')}\n`)
    }
    await test.ingest(collectionId, drafts)
    // The lamp's facts are left out by the second one, with their questions' passages.
    const values = ['not path:drafts/**', 'not path:drafts/** and not name=jetty-lamp.md']
    const spec = specOf({ metric: 'mrr@10', parameters: [{ path: 'filter', values }], earlyStop: false })
    expect(await client.tunes.preview({ collectionId, spec })).toEqual({ combinations: 2, indexes: 1, readings: 0 })
    const { tune, jobId } = await client.tunes.start({ datasetId, spec })
    await test.finished(jobId)
    const { result, status } = await client.tunes.get({ tuneId: tune.id })
    expect({ status, built: result!.indexesBuilt }).toEqual({ status: 'done', built: 0 })
    const score = (filter: unknown): number =>
      result!.trials.find(({ parameters }) => (parameters.filter ?? '') === filter)!.score!.mean
    expect(score(values[0])).toBeGreaterThan(score(''))
    expect(score(values[0])).toBeGreaterThan(score(values[1]))
    expect(result!.decision).toMatchObject({ verdict: 'better' })
    expect(result!.recommendation.sentence).toMatch(/^Take trial 1 \(Filter “not path:drafts\/\*\*”\): mrr@10 on/)
    expect(result!.effects[0]).toMatchObject({ path: 'filter', values: [{ value: values[0] }, { value: values[1] }] })
    expect(await client.tunes.apply({ tuneId: tune.id, trial: 1 })).toEqual({ jobId: null })
    expect((await client.collections.list()).collections[0]!.pipeline.filter).toBe(values[0])
  })

  it('goes on after its process was killed, without measuring a finished trial again', async () => {
    const first = await openStation()
    await using cleanup = new AsyncDisposableStack()
    cleanup.use(first.test)
    const spec = specOf({ earlyStop: false })
    const { tune } = await first.test.client.tunes.start({ datasetId: first.datasetId, spec })
    const finishedIn = (trials: readonly { status: string; runId: string }[]) =>
      trials.filter(({ status }) => status === 'done').map(({ runId }) => runId)
    const { tuning, runLibrary } = first.test.app.services
    while (finishedIn(tuning.get(tune.id).result?.trials ?? []).length < 3)
      await new Promise((again) => setTimeout(again, 2))
    const workspace = first.test.workspace
    const finished = finishedIn(tuning.get(tune.id).result!.trials)
    const times = new Map(finished.map((runId) => [runId, runLibrary.get(runId as never).finishedAt]))
    await first.test.app[Symbol.asyncDispose]()

    await using second = await openTestApp({ dataFolder: workspace })
    for await (const { jobs } of await second.client.jobs.watchActive()) if (jobs.length === 0) break
    const { status, result } = await second.client.tunes.get({ tuneId: tune.id })
    expect(status).toBe('done')
    expect(result!.trials).toHaveLength(9)
    for (const [runId, finishedAt] of times)
      expect((await second.client.runs.get({ runId: runId })).finishedAt).toBe(finishedAt)
    const { jobId } = await second.client.tunes.get({ tuneId: tune.id })
    expect((await second.client.jobs.get({ jobId: jobId! })).progress).toMatchObject({
      done: 9,
      total: 9,
      unit: 'trials',
    })
  })

  it('is cancelled, and shows what it had', async () => {
    const { test, datasetId } = await openStation()
    await using _ = test
    const { tune, jobId } = await test.client.tunes.start({ datasetId, spec: specOf() })
    const { tuning } = test.app.services
    while ((tuning.get(tune.id).result?.trials.filter(({ status }) => status === 'done').length ?? 0) < 1)
      await new Promise((again) => setTimeout(again, 2))
    await test.client.jobs.cancel({ jobId })
    const { status, result } = await test.client.tunes.get({ tuneId: tune.id })
    expect(status).toBe('cancelled')
    expect(result!.trials.length).toBeGreaterThanOrEqual(1)
    expect(result!.recommendation.trial).toBeNull()
    expect((await test.client.tunes.remove({ tuneId: tune.id })).removed).toBe(true)
    expect((await test.client.tunes.list({})).tunes).toEqual([])
  })

  it('stays with what there is where nothing is better, and says why a budget ended it', async () => {
    const { test, datasetId } = await openStation()
    await using _ = test
    const spec = specOf({
      metric: 'ndcg@10',
      parameters: [{ path: 'retriever.options.rankConstant', values: [10, 20, 40, 80] }],
      budget: { trials: 2 },
    })
    const { tune, jobId } = await test.client.tunes.start({ datasetId, spec })
    await test.finished(jobId)
    const { result } = await test.client.tunes.get({ tuneId: tune.id })
    expect(result!.recommendation).toEqual({
      sentence: 'Stay with the present pipeline: none of 2 others was better on the 28 questions of the search.',
      trial: null,
    })
    expect(result!.unfinished).toBe('2 trials were made, as was asked.')
    expect(result!.trials).toHaveLength(3)
  })

  it('refuses what cannot be searched', async () => {
    const { test, datasetId, collectionId } = await openStation()
    await using _ = test
    const start = (parameters: unknown, more: object = {}) =>
      test.client.tunes.start({ datasetId, spec: { ...specOf({ parameters }), ...more } })
    await expect(start([{ path: 'chunker.options.maxTokens', values: [64, 1] }])).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('maxTokens') as string,
    })
    await expect(start([{ path: 'chunker', values: ['recursive', 'nobody'] }])).rejects.toMatchObject({
      code: 'implementation-unknown',
    })
    await expect(start([{ path: 'filter', values: ['', 'type=pdf or'] }])).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining(
        'The pipeline\'s filter "type=pdf or" cannot be read at character 12.',
      ) as string,
    })
    await expect(start([{ path: 'filter', values: [5] }])).rejects.toThrow('"filter" of a pipeline cannot be that')
    await expect(start([{ path: 'reranker.options.candidates', values: [5] }])).rejects.toThrow('no place for')
    await expect(start([{ path: 'chunker.options.beauty', values: [5] }])).rejects.toThrow('no option "beauty"')
    await expect(
      start([
        { path: 'passages', values: [4] },
        { path: 'passages', values: [5] },
      ]),
    ).rejects.toThrow('there twice')
    await expect(start([{ path: 'passages', values: [4] }], { heldOut: 0.9 })).rejects.toThrow('Only 4 questions')
    await expect(start([{ path: 'passages', values: [4] }], { metric: 'beauty' })).rejects.toMatchObject({
      code: 'implementation-unknown',
    })
    const { id: empty } = await test.client.datasets.create({ name: 'empty', collectionId })
    await expect(test.client.tunes.start({ datasetId: empty, spec: specOf() })).rejects.toThrow('no accepted cases')
    expect((await test.client.tunes.list({})).tunes).toEqual([])
    // An overlap of 100 does not go with chunks of 64: only that is left out.
    const spec = specOf({
      parameters: [
        { path: 'chunker', values: ['recursive', 'sentence'] },
        { path: 'chunker.options.maxTokens', values: [64, 256] },
        { path: 'chunker.options.overlapTokens', values: [0, 100] },
      ],
    })
    expect(await test.client.tunes.preview({ collectionId, spec })).toEqual({
      combinations: 6,
      indexes: 6,
      readings: 0,
    })
  })
})
