import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Client } from '../core/contract/client.ts'
import type { NewCase } from '../core/contract/datasets.ts'
import { pipelineSchema, type Rule } from '../core/contract/pipeline.ts'
import { runSettingsSchema } from '../core/contract/runs.ts'
import { type Parameter, type Tune, tuneSpecSchema } from '../core/contract/tune.ts'
import { readBeir } from '../core/flows/read-beir.ts'
import { readChunkingSet } from '../core/flows/read-chunking-set.ts'
import { applyAssignment, pointsOf } from '../core/flows/tune.ts'
import { defaultPipeline } from '../core/services/default-pipeline.ts'
import { withDefaults } from '../core/services/pipelines.ts'
import { canonicalJson } from '../core/shared/hash.ts'
import { defaultRules } from '../core/shared/ingest-settings.ts'
import type { CollectionId, DatasetId, JobId } from '../core/shared/ids.ts'
import { demoCorpus, openTestApp, projectRoot, type TestApp } from '../core/testing/test-app.ts'

/**
 * What sharing work between trials saves: the same grid of 24 configurations (4 chunkings, 1 embedder, 6 retrievals) on the
 * demo documents, once as the product tunes, once with a workspace of its own for every configuration. Starting the host
 * and loading the model are in neither time.
 *
 *   npm run bench -- tune
 *
 * With sets, what tuning finds: coordinate descent from the product's defaults over sizes, fusion and grouping, decided by
 * questions that no trial saw.
 *
 *   npm run bench -- tune demo covidqa chroma [--minutes 3] [--metric ndcg@10]
 *
 * With `--reading` it searches among ways of reading the documents instead: cleaning, and what parsers can be told.
 *
 * With `--candidates`, each change of the defaults that a search liked, by itself: all questions of the sets that the
 * defaults and the changed pipeline were asked, compared case by case. With `--answers` three hundred of them are
 * answered, too.
 *
 *   npm run bench -- tune demo covidqa chroma --candidates [--only 'no limit by document'] [--answers]
 */
export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '3' },
      metric: { type: 'string', default: 'ndcg@10' },
      candidates: { type: 'boolean', default: false },
      only: { type: 'string' },
      answers: { type: 'boolean', default: false },
      reading: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  if (positionals.length === 0) await measureSharing()
  else if (values.candidates) await compareCandidates(positionals, values)
  else await findBetter(positionals, { ...values, minutes: Number(values.minutes) })
}

const dataFolder = join(projectRoot, '../shared/data')
const grid: Parameter[] = [
  { path: 'chunker.options.maxTokens', values: [96, 160, 256, 400] },
  { path: 'retriever.options.vectorWeight', values: [0, 0.25, 0.5] },
  { path: 'retriever.options.perDocument', values: [0, 3] },
]
const settings = runSettingsSchema.parse({ metrics: ['ndcg@10'] })

async function measureSharing(): Promise<void> {
  const load = loadavg()[0] ?? 0
  const shared = await tuneOnce()
  const alone = await measureAlone()
  const report = {
    command: 'npm run bench -- tune',
    machine: `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, load average ${load.toFixed(1)} at the start`,
    configurations: alone.length,
    indexesBuilt: shared.indexesBuilt,
    sharedMs: Math.round(shared.milliseconds),
    aloneMs: Math.round(alone.reduce((sum, one) => sum + one.milliseconds, 0)),
    ratio: alone.reduce((sum, one) => sum + one.milliseconds, 0) / shared.milliseconds,
    sameScores: alone.every(({ key, score }) => Math.abs((shared.scores.get(key) ?? NaN) - score) < 1e-9),
  }
  console.log(JSON.stringify(report, null, 2))
  write('tune.json', report)
}

async function tuneOnce() {
  await using test = await openTestApp()
  const { collectionId, datasetId } = await demo(test)
  const spec = tuneSpecSchema.parse({ parameters: grid, metric: 'ndcg@10', heldOut: 0, earlyStop: false, settings })
  const before = performance.now()
  // The documents themselves are read once, by the ingest that comes before any tuning.
  await ingestDemo(test, collectionId)
  await addCases(test.client, datasetId)
  const { tune, jobId } = await test.client.tunes.start({ datasetId, spec })
  await test.finished(jobId)
  const milliseconds = performance.now() - before
  const { result } = await test.client.tunes.get({ tuneId: tune.id })
  if (!result) throw new Error('The tuning has no result.')
  return {
    milliseconds,
    indexesBuilt: result.indexesBuilt,
    scores: new Map(result.trials.map((trial) => [keyOf(trial.pipeline), trial.score?.mean ?? NaN])),
  }
}

async function measureAlone() {
  const results: { key: string; milliseconds: number; score: number }[] = []
  for (const point of pointsOf(grid)) {
    const pipeline = pipelineSchema.parse(applyAssignment(defaultPipeline, point))
    await using test = await openTestApp()
    const { collectionId, datasetId } = await demo(test)
    const before = performance.now()
    await test.client.collections.setPipeline({ collectionId, pipeline })
    await ingestDemo(test, collectionId)
    await addCases(test.client, datasetId)
    const { runs } = await test.client.runs.start({ datasetId, settings })
    const [started] = runs
    if (!started) throw new Error('No run was started.')
    await test.finished(started.jobId)
    const milliseconds = performance.now() - before
    const { summary } = await test.client.runs.get({ runId: started.run.id })
    results.push({ key: keyOf(pipeline), milliseconds, score: summary?.metrics[0]?.mean ?? NaN })
    console.error(`${results.length} of 24 alone: ${Math.round(milliseconds)} ms`)
  }
  return results
}

/** An option that is left out is one with its default. */
function keyOf(pipeline: typeof defaultPipeline): string {
  return canonicalJson(withDefaults(pipeline))
}

async function demo(test: TestApp): Promise<{ collectionId: CollectionId; datasetId: DatasetId }> {
  const { id: collectionId } = await test.client.collections.create({ name: 'demo' })
  const { id: datasetId } = await test.client.datasets.create({ name: 'demo', collectionId })
  // Loads the model, which is in nobody's time.
  await test.app.services.openEmbedding({ pipeline: defaultPipeline })
  return { collectionId, datasetId }
}

async function ingestDemo(test: TestApp, collectionId: CollectionId): Promise<void> {
  await test.ingest(collectionId, demoCorpus)
}

interface DemoQuestions {
  cases: { id: string; question: string; answerable: boolean; expected: { path: string; quote: string }[] }[]
}

async function addCases(client: Client, datasetId: DatasetId): Promise<void> {
  const file = join(projectRoot, 'resources/demo/questions.json')
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as DemoQuestions
  for (const { id, question, answerable, expected } of cases) {
    const passages = expected.map(({ path, quote }) => ({ path, text: quote }))
    await client.datasets
      .addCase({ datasetId, case: { id, question, answerable, expected: passages } })
      .catch((error) => {
        console.error(`case ${id} was left out: ${String(error)}`)
      })
  }
}

/** Options that every collection has, with values around the defaults. */
const around: Parameter[] = [
  { path: 'retriever.options.perDocument', values: [0, 3, 5] },
  { path: 'retriever.options.mergeNeighbours', values: [true, false] },
  { path: 'chunker.options.maxTokens', values: [96, 128, 192, 256, 384, 512] },
  { path: 'chunker.options.minTokens', values: [0, 32, 64] },
  { path: 'chunker.options.overlapTokens', values: [0, 32] },
  { path: 'retriever.options.vectorWeight', values: [0, 0.15, 0.25, 0.4] },
  { path: 'retriever.options.phraseWeight', values: [0, 0.2, 0.5] },
  { path: 'retriever.options.feedbackWeight', values: [0, 0.2, 0.4, 0.8] },
]

const waysOfReading: Parameter[] = [
  { path: 'cleaning', values: [null, 'hyphenation', 'repeated-lines', 'drop-sections', 'urls', 'whitespace'] },
  { path: 'parsers.html.content', values: ['main', 'all'] },
  { path: 'parsers.pdf.tables', values: [true, false] },
]

async function findBetter(
  sets: readonly string[],
  { minutes, metric, reading }: { minutes: number; metric: string; reading: boolean },
): Promise<void> {
  const found: Record<string, unknown>[] = []
  for (const name of sets) {
    await using test = await openTestApp()
    const datasetId = await openSet(test, name)
    const spec = tuneSpecSchema.parse({
      parameters: reading ? waysOfReading : around,
      strategy: 'coordinate',
      metric,
      budget: { minutes },
      settings: { metrics: [metric, 'recall@5'], limit: 600 },
    })
    const { tune, jobId } = await test.client.tunes.start({ datasetId, spec })
    await watch(test.client, jobId, name)
    const summary = summarise(name, await test.client.tunes.get({ tuneId: tune.id }))
    console.log(JSON.stringify(summary, null, 2))
    found.push(summary)
  }
  const command = `npm run bench -- tune ${sets.join(' ')} --minutes ${minutes} --metric ${metric}${reading ? ' --reading' : ''}`
  write('tune-found.json', { command, load: loadavg(), found })
}

/** Changes of the defaults, one by one and then together. As they were found: before the second one became the default. */
const candidates: Record<string, Record<string, unknown>> = {
  '384 tokens': { 'chunker.options.maxTokens': 384 },
  'no limit by document': { 'retriever.options.perDocument': 0 },
  'least share .5': { 'retriever.options.leastShare': 0.5 },
  '384 tokens, no limit': { 'chunker.options.maxTokens': 384, 'retriever.options.perDocument': 0 },
  'no limit, least share .5': { 'retriever.options.perDocument': 0, 'retriever.options.leastShare': 0.5 },
  'rows of tables': { rules: withRule(['csv', 'tsv', 'xlsx', 'ods'], 'table-rows') },
}

/** The usual rules, with one before them. */
function withRule(types: string[], chunker: string): Rule[] {
  return [{ paths: [], types, chunker: { id: chunker, options: {} } }, ...defaultRules]
}

const compared = ['ndcg@10', 'recall@5', 'span-recall@5', 'span-iou@5']

/** What is compared with: the defaults, with the cap by document that they had. */
const before = pipelineSchema.parse(applyAssignment(defaultPipeline, { 'retriever.options.perDocument': 3 }))
const comparedAnswers = ['citation-recall', 'citation-precision', 'token-f1', 'refusal']

async function compareCandidates(
  sets: readonly string[],
  { only, answers = false }: { only?: string | undefined; answers?: boolean },
): Promise<void> {
  const found: unknown[] = []
  const settings = answers ? { metrics: comparedAnswers, answers, limit: 300 } : { metrics: compared }
  for (const name of sets) {
    await using test = await openTestApp()
    const datasetId = await openSet(test, name)
    const chosen = Object.entries(candidates).filter(([label]) => only === undefined || label === only)
    const changed = chosen.map(([label, point]) => ({
      name: label,
      pipeline: pipelineSchema.parse(applyAssignment(before, point)),
    }))
    const pipelines = [{ name: 'defaults', pipeline: before }, ...changed]
    const { runs } = await test.client.runs.start({ datasetId, pipelines, settings })
    for (const { jobId } of runs) await test.finished(jobId)
    const [first, ...others] = runs.map(({ run }) => run)
    if (!first) throw new Error('No run was started.')
    for (const { id, name: candidate } of others) {
      const comparison = await test.client.runs.compare({ runId: first.id, otherId: id, limit: 0 })
      const tokens = [comparison.before, comparison.after].map(({ summary }) =>
        Math.round(summary?.contextTokens ?? NaN),
      )
      const metrics = comparison.metrics.map((metric) => ({
        name: metric.name,
        before: round(metric.before),
        after: round(metric.after),
        difference: [metric.difference.mean, metric.difference.low, metric.difference.high].map(round),
        verdict: metric.verdict,
      }))
      const result = { set: name, candidate, cases: comparison.cases, contextTokens: tokens, metrics }
      console.log(JSON.stringify(result))
      found.push(result)
    }
  }
  const command = `npm run bench -- tune ${sets.join(' ')} --candidates${answers ? ' --answers' : ''}`
  write(answers ? 'tune-candidates-answers.json' : 'tune-candidates.json', { command, load: loadavg(), found })
}

const round = (value: number): number => Number(value.toFixed(4))

function summarise(name: string, { result, error, status }: Tune): Record<string, unknown> {
  if (!result) return { set: name, status, error }
  const baseline = result.trials.find(({ number }) => number === 0)
  const [best] = result.trials
  return {
    set: name,
    status,
    trials: result.trials.length,
    indexesBuilt: result.indexesBuilt,
    spentSeconds: Math.round(result.spentMs / 1000),
    baseline: baseline?.score,
    best: { number: best?.number, parameters: best?.parameters, score: best?.score },
    decision: result.decision,
    recommendation: result.recommendation.sentence,
    unfinished: result.unfinished,
    effects: result.effects.map(({ path, range }) => ({ path, range })),
  }
}

async function openSet(test: TestApp, name: string): Promise<DatasetId> {
  if (name === 'demo') {
    const { collectionId, datasetId } = await demo(test)
    await ingestDemo(test, collectionId)
    await addCases(test.client, datasetId)
    return datasetId
  }
  const { client } = test
  const { id: collectionId } = await client.collections.create({ name })
  const { id: datasetId } = await client.datasets.create({ name, collectionId })
  const set = name === 'chroma' ? await chromaSet() : await beirSet(name)
  const documents = join(test.folder, 'documents')
  mkdirSync(documents)
  for (const [file, bytes] of set.files) writeFileSync(join(documents, file), bytes)
  await test.ingest(collectionId, documents)
  for (const testCase of set.cases) await client.datasets.addCase({ datasetId, case: testCase })
  return datasetId
}

interface SetOfFiles {
  files: [name: string, bytes: string | Uint8Array][]
  cases: NewCase[]
}

async function chromaSet(): Promise<SetOfFiles> {
  const { documents, cases } = await readChunkingSet(join(dataFolder, 'chunking/chroma/general_evaluation_data'))
  return {
    files: documents.map(({ path, bytes }) => [path, bytes]),
    cases: cases.map(({ given: { id, question, expected, tags } }) => ({ id, question, tags, expected })),
  }
}

/** Every document is a text file; a case names those that answer it and, where the set has them, the spans in them. */
async function beirSet(name: string): Promise<SetOfFiles> {
  const { corpus, cases } = await readBeir(join(dataFolder, 'retrieval', name))
  const titles = new Map(corpus.map(({ id, title }) => [id, title ? `${title}\n\n` : '']))
  return {
    files: corpus.map(({ id, text }) => [`${id}.txt`, `${titles.get(id)}${text}`]),
    cases: cases.map(({ id, question, relevance, spans }) => ({
      id,
      question,
      expected: spans.map(({ document, text, start }) => ({
        path: `${document}.txt`,
        text,
        start: start + (titles.get(document)?.length ?? 0),
      })),
      relevant: [...relevance].map(([document, grade]) => ({ path: `${document}.txt`, grade })),
    })),
  }
}

async function watch(client: Client, jobId: JobId, name: string): Promise<void> {
  let last = ''
  for await (const event of await client.jobs.watch({ jobId })) {
    if (event.type !== 'progress') continue
    const { label, done } = event.job.progress
    const line = `${name}: ${done} trials, ${label.split(':')[0] ?? ''}`
    if (line !== last) console.error(line)
    last = line
  }
}

function write(file: string, report: unknown): void {
  const results = join(import.meta.dirname, 'results')
  mkdirSync(results, { recursive: true })
  writeFileSync(join(results, file), `${JSON.stringify(report, null, 2)}\n`)
}
