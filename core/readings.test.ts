import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Pipeline } from './contract/pipeline.ts'
import { type Run, runSettingsSchema } from './contract/runs.ts'
import { tuneSpecSchema } from './contract/tune.ts'
import { defaultPipeline } from './services/default-pipeline.ts'
import type { DatasetId, RunId } from './shared/ids.ts'
import { drawText, encodePng } from './parsers/picture.suite.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'

const topics = ['gauge', 'winch', 'hood', 'shed', 'salinometer', 'lamp', 'pump', 'mast']

/** What a web page has around its content: the same words on every page, and its figures in them. */
const furniture = (topic: string) =>
  `<nav>Home Station Boats Samples Safety Search Contact ${topic} ${topic} inspected cleaned painted</nav>`

/** Three facts in each of eight pages, and a question about each; a log in Markdown besides. */
async function openStation(overrides: Parameters<typeof openTestApp>[0] = {}) {
  const test = await openTestApp(overrides)
  const { client } = test
  const known = (await client.collections.list()).collections[0]
  if (known) return { test, collectionId: known.id, datasetId: (await client.datasets.list()).datasets[0]!.id }
  const { id: collectionId } = await client.collections.create({ name: 'station' })
  const docs = join(test.folder, 'docs')
  mkdirSync(docs)
  const facts = topics.flatMap((topic, row) =>
    ['inspected', 'cleaned', 'painted'].map((verb, column) => ({
      path: `${topic}.html`,
      text: `The ${topic} of the station is ${verb} every ${row * 3 + column + 2} days by the keeper.`,
      question: `How often is the ${topic} ${verb}?`,
    })),
  )
  for (const [path, own] of Map.groupBy(facts, (fact) => fact.path)) {
    const topic = path.replace('.html', '')
    const article = own.map(({ text }) => `<p>${text}</p>`).join('\n')
    writeFileSync(
      join(docs, path),
      `<html><head><title>${topic}</title></head><body>${furniture(topic)}<article><h1>The ${topic}</h1>${article}` +
        `<h2>Sources</h2><p>The ${topic} is described at https://station.example/${topic}/manual in full.</p></article></body></html>`,
    )
  }
  writeFileSync(join(docs, 'log.md'), '# Log\n\nThe log of the station is kept for seven years in a dry room.\n')
  await test.ingest(collectionId, docs)
  const { id: datasetId } = await client.datasets.create({ name: 'facts', collectionId })
  for (const [index, { question, path, text }] of facts.entries())
    await client.datasets.addCase({ datasetId, case: { id: `q${index}`, question, expected: [{ path, text }] } })
  await client.datasets.addCase({
    datasetId,
    case: {
      id: 'log',
      question: 'For how long is the log kept?',
      expected: [{ path: 'log.md', text: 'kept for seven years' }],
    },
  })
  return { test, collectionId, datasetId }
}

const small: Pipeline = {
  ...defaultPipeline,
  rules: [],
  chunker: { id: 'recursive', options: { maxTokens: 24, minTokens: 0 } },
}
const everything: Pipeline = { ...small, parsers: { html: { content: 'all' } } }
const withoutSources: Pipeline = { ...small, cleaning: [{ id: 'drop-sections', options: { headings: ['Sources'] } }] }
const withoutFacts: Pipeline = {
  ...small,
  cleaning: [{ id: 'drop-pattern', options: { patterns: ['is painted every'] } }],
}

async function measured(test: TestApp, datasetId: DatasetId, pipeline: Pipeline): Promise<Run> {
  const settings = runSettingsSchema.parse({ metrics: ['ndcg@10', 'span-recall@5', 'span-iou@5'] })
  const { runs } = await test.client.runs.start({ datasetId, pipelines: [{ pipeline }], settings })
  await test.finished(runs[0]!.jobId)
  return test.client.runs.get({ runId: runs[0]!.run.id })
}

const scoresOf = async (test: TestApp, runId: RunId) =>
  (await test.client.runs.cases({ runId })).cases.map(({ caseId, scores }) => ({ caseId, scores }))

const textsIn = async ({ client, ...test }: TestApp) => {
  const { id: collectionId } = (await client.collections.list()).collections[0]!
  const { documents } = await client.documents.list({ collectionId })
  const texts = documents.map(({ id }) => test.app.services.texts.get(id).text)
  return { texts, versions: documents.map(({ version }) => version) }
}

describe('a pipeline that reads documents in another way', () => {
  it('is measured beside the collection, and scores what it scores once the collection has it', async () => {
    const { test, datasetId, collectionId } = await openStation()
    await using _ = test
    const before = await textsIn(test)
    const beside: Run[] = []
    for (const pipeline of [everything, withoutSources]) beside.push(await measured(test, datasetId, pipeline))
    expect(beside.map(({ status, error, summary }) => ({ status, error, reading: summary?.reading }))).toEqual([
      { status: 'done', error: null, reading: { documents: 8, passages: 25, lost: 0 } },
      // Cleaning concerns the log, too.
      { status: 'done', error: null, reading: { documents: 9, passages: 25, lost: 0 } },
    ])
    expect(new Set(beside.map(({ facts }) => facts!.indexFingerprint)).size).toBe(2)
    expect(beside[0]!.summary!.metrics).not.toEqual(beside[1]!.summary!.metrics)
    // Nobody's documents or answers are touched.
    expect(await textsIn(test)).toEqual(before)
    expect((await measured(test, datasetId, small)).summary!.reading).toBeNull()

    for (const [index, pipeline] of [everything, withoutSources].entries()) {
      const { jobId } = await test.client.collections.setPipeline({ collectionId, pipeline })
      await test.finished(jobId!)
      expect((await textsIn(test)).texts).not.toEqual(before.texts)
      const own = await measured(test, datasetId, pipeline)
      expect(own.summary!.reading).toBeNull()
      expect(await scoresOf(test, own.id)).toEqual(await scoresOf(test, beside[index]!.id))
    }
  }, 120_000)

  it('has what it takes away of the answers counted against it', async () => {
    const { test, datasetId } = await openStation()
    await using _ = test
    const [whole, less] = [await measured(test, datasetId, small), await measured(test, datasetId, withoutFacts)]
    expect(less.summary).toMatchObject({ reading: { documents: 9, passages: 25, lost: 8 }, cases: 25, failed: 0 })
    const { cases } = await test.client.runs.cases({ runId: less.id })
    const lost = cases.filter(({ question }) => question.endsWith('painted?'))
    expect(lost.map(({ scores }) => [scores['ndcg@10'], scores['span-recall@5']])).toEqual(lost.map(() => [0, 0]))
    // What was expected stays where people marked it.
    const other = (await test.client.runs.cases({ runId: whole.id })).cases
    expect(cases.map(({ expected }) => expected)).toEqual(other.map(({ expected }) => expected))
    const comparison = await test.client.runs.compare({ runId: whole.id, otherId: less.id, metric: 'span-recall@5' })
    expect(comparison.warnings).toEqual([expect.stringContaining('8 of 25 expected passages are not in those texts')])
    expect(comparison.metrics.find(({ name }) => name === 'span-recall@5')!.verdict).toBe('worse')
  }, 60_000)

  it('needs the files as they were, once', async () => {
    const { test, datasetId } = await openStation()
    await using _ = test
    const docs = join(test.folder, 'docs')
    const away = join(test.folder, 'away')
    renameSync(docs, away)
    await expect(measured(test, datasetId, everything)).rejects.toMatchObject({
      code: 'file-missing',
      message: expect.stringMatching(/gauge\.html, .*hood\.html.* and 5 more\. Put them back and sync/) as string,
    })
    expect((await test.client.runs.list({})).runs).toEqual([])
    renameSync(away, docs)
    writeFileSync(join(docs, 'lamp.html'), '<p>Another lamp.</p>')
    const changed = await measured(test, datasetId, everything)
    expect(changed).toMatchObject({ status: 'failed', error: { code: 'file-changed' } })
    expect(changed.error!.message).toContain('lamp.html')

    const first = await measured(test, datasetId, withoutSources).catch((error: unknown) => error)
    expect(first).toMatchObject({ status: 'failed' })
    await test.ingest((await test.client.collections.list()).collections[0]!.id, docs)
    const again = await measured(test, datasetId, withoutSources)
    expect(again.status).toBe('done')
    // What was read once is kept: neither files nor indexes are needed for it a second time.
    rmSync(docs, { recursive: true })
    expect(await scoresOf(test, (await measured(test, datasetId, withoutSources)).id)).toEqual(
      await scoresOf(test, again.id),
    )
  }, 60_000)

  it('goes on where it cannot read a file at all, which then brings nothing', async () => {
    const { test, datasetId, collectionId } = await openStation()
    await using _ = test
    const { client } = test
    const picture = join(test.folder, 'barometer.png')
    const line = { text: 'The barometer is read at noon.', x: 20, y: 30, dot: 3 }
    writeFileSync(picture, encodePng(drawText(620, 100, [line])))
    expect((await test.ingest(collectionId, picture)).progress.ready).toBe(1)
    const expected = [{ path: 'barometer.png', text: 'is read at noon' }]
    await client.datasets.addCase({
      datasetId,
      case: { id: 'noon', question: 'When is the barometer read?', expected },
    })
    const blind = { ...small, parsers: { image: { ocr: 'off' } } }
    for (const run of [await measured(test, datasetId, blind), await measured(test, datasetId, blind)]) {
      expect(run.error).toBeNull()
      expect(run).toMatchObject({ status: 'done', summary: { reading: { documents: 1, passages: 26, lost: 1 } } })
      const { cases } = await client.runs.cases({ runId: run.id, caseId: 'noon' })
      expect(cases[0]!.scores['ndcg@10']).toBe(0)
    }
    const sighted = await measured(test, datasetId, small)
    const { cases } = await client.runs.cases({ runId: sighted.id, caseId: 'noon' })
    expect(cases[0]!.scores['ndcg@10']).toBe(1)
  }, 60_000)
})

describe('a search over parsers and cleaning', () => {
  const spec = tuneSpecSchema.parse({
    metric: 'span-recall@5',
    earlyStop: false,
    parameters: [
      { path: 'parsers.html.content', values: ['main', 'all'] },
      {
        path: 'cleaning',
        values: [null, ['drop-sections'], 'urls', [{ id: 'drop-pattern', options: { patterns: ['painted'] } }]],
      },
      { path: 'chunker.options.maxTokens', values: [24, 64] },
      { path: 'chunker.options.minTokens', values: [0] },
    ],
  })

  it('shares what it reads and builds, and says what each way of reading is worth', async () => {
    const { test, datasetId, collectionId } = await openStation()
    await using _ = test
    const { client } = test
    expect(await client.tunes.preview({ collectionId, spec })).toEqual({ combinations: 16, indexes: 16, readings: 8 })
    const { tune, jobId } = await client.tunes.start({ datasetId, spec })
    await test.finished(jobId)
    const { status, result } = await client.tunes.get({ tuneId: tune.id })
    expect(status).toBe('done')
    expect(result!.trials.map((trial) => trial.status)).toEqual(Array.from({ length: 17 }, () => 'done'))
    const cleaning = result!.effects.find(({ path }) => path === 'cleaning')!
    const worst = cleaning.values.toSorted((a, b) => a.mean - b.mean)[0]!
    expect(worst.value).toEqual([{ id: 'drop-pattern', options: { patterns: ['painted'] } }])
    expect(cleaning.values.map(({ value }) => value)).toContainEqual(null)
    expect(result!.effects.find(({ path }) => path === 'parsers.html.content')!.values).toHaveLength(2)

    const wanted = result!.trials.find(({ parameters }) => parameters.cleaning === 'urls')!
    const { jobId: reindex } = await client.tunes.apply({ tuneId: tune.id, trial: wanted.number })
    await test.finished(reindex!)
    const { texts } = await textsIn(test)
    expect(texts.some((text) => text.includes('https://'))).toBe(false)
  }, 120_000)

  it('is refused before it starts where files are missing, or where no parser has such an option', async () => {
    const { test, datasetId } = await openStation()
    await using _ = test
    const start = (parameters: unknown[]) =>
      test.client.tunes.start({ datasetId, spec: tuneSpecSchema.parse({ ...spec, parameters }) })
    await expect(start([{ path: 'parsers.html.colour', values: ['red'] }])).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('colour') as string,
    })
    await expect(start([{ path: 'parsers.parchment.content', values: ['all'] }])).rejects.toThrow('parchment')
    await expect(start([{ path: 'cleaning', values: ['soap'] }])).rejects.toThrow('soap')
    rmSync(join(test.folder, 'docs'), { recursive: true })
    await expect(start([{ path: 'parsers.html.content', values: ['all'] }])).rejects.toMatchObject({
      code: 'file-missing',
    })
    expect((await test.client.tunes.list({})).tunes).toEqual([])
  }, 60_000)
})
