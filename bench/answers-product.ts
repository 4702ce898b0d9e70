import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createApp } from '../core/app.ts'
import type { AskEvent } from '../core/contract/ask.ts'
import type { Client } from '../core/contract/client.ts'
import { connectInProcess } from '../core/wire/wire-in-process.ts'
import { sha256 } from '../core/shared/hash.ts'
import { silentLog } from '../core/shared/log.ts'
import { nodeWorkers } from '../core/compute/worker-process.ts'

/**
 * Answers as a person gets them: the whole product (parse, chunk, embed, retrieve, answer) on questions in other words
 * than the documents, some of which nothing answers. The demonstration questions, and those of
 * `answers-questions.json`, which are split in halves by a hash of the question: weights were fitted with the
 * calibration half in view. The Chroma corpora are left out where they are absent.
 *
 *   npm run bench -- answers-product [--show]
 */
export async function run(args: string[]): Promise<void> {
  const demo = readCases(join(root, 'resources/demo/questions.json')).map((each) => ({ ...each, set: 'demonstration' }))
  const others = readCases(join(root, 'bench/answers-questions.json')).map((each) => ({
    ...each,
    set: `${each.collection === 'demo' ? 'demonstration corpus' : 'Chroma corpora'}, ${half(each.question)}`,
  }))
  const outcomes: Outcome[] = []
  for (const [collection, folder] of Object.entries(folders)) {
    if (!existsSync(folder)) {
      console.log(`answers-product: ${collection} skipped, there is no ${folder}`)
      continue
    }
    const cases = [...(collection === 'demo' ? demo : []), ...others.filter((each) => each.collection === collection)]
    outcomes.push(...(await askAll(folder, cases)))
  }
  const rows = [...new Set(outcomes.map(({ set }) => set))].sort().map((set) => rowOf(set, outcomes))
  console.table(rows)
  if (args.includes('--show')) for (const each of outcomes.filter(isWrong)) console.log(`${each.id} ${each.question}\n  ${each.answer}`) // prettier-ignore
  mkdirSync(join(root, 'bench/results'), { recursive: true })
  const report = { command: 'npm run bench -- answers-product', rows, wrong: outcomes.filter(isWrong).map(({ id }) => id) } // prettier-ignore
  writeFileSync(join(root, 'bench/results/answers-product.json'), `${JSON.stringify(report, null, 2)}\n`)
}

export const root = fileURLToPath(new URL('..', import.meta.url))
export const folders = {
  demo: join(root, 'resources/demo/corpus'),
  chroma: join(root, '../shared/data/chunking/chroma/general_evaluation_data/corpora'),
}

export interface Case {
  id: string
  collection: string
  question: string
  answerable: boolean
  /** Any of them answers, or is a part of the answer. Without a path: in any document. */
  expected: { path?: string; quote: string }[]
}

export interface Outcome extends Case {
  set: string
  retrieved: boolean
  right: boolean
  refused: boolean
  statements: number
  answer: string
  /** How likely the passages answer it, as the trace has it; null: they were not asked for that. */
  likelihood: number | null
}

export function readCases(path: string): Case[] {
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: (Partial<Case> & { quotes?: string[] })[] }
  return cases.map((each) => ({
    id: each.id ?? '',
    collection: each.collection ?? 'demo',
    question: each.question ?? '',
    answerable: each.answerable ?? true,
    expected: each.expected ?? each.quotes?.map((quote) => ({ quote })) ?? [],
  }))
}

export async function askAll(folder: string, cases: readonly (Case & { set: string })[]): Promise<Outcome[]> {
  const workspace = mkdtempSync(join(tmpdir(), 'quarry-answers-'))
  try {
    await using app = await createApp({
      dataFolder: workspace,
      program: 'bench',
      modelFolders: [join(root, 'models')],
      demoFolder: '',
      startWorker: nodeWorkers({ compute: new URL('../core/compute/worker.ts', import.meta.url) }),
      log: silentLog,
    })
    const { client, ...connection } = connectInProcess<Client>(app.router, { log: silentLog })
    const { id: collectionId } = await client.collections.create({ name: 'bench' })
    const { jobId } = await client.ingest.start({ collectionId, paths: [folder] })
    for await (const event of await client.jobs.watch({ jobId })) void event
    const outcomes: Outcome[] = []
    for (const each of cases) {
      const events: AskEvent[] = []
      for await (const event of await client.ask.run({ collectionIds: [collectionId], question: each.question }))
        events.push(event)
      const end = events.find((event) => event.type === 'ask-end')
      const trace = end && (await client.traces.get({ traceId: end.traceId }))
      const assessed = trace?.spans.find(({ name }) => name === 'relevance')?.output as
        { likelihood: number } | undefined
      outcomes.push({ ...outcomeOf(each, events), likelihood: assessed?.likelihood ?? null })
    }
    await connection[Symbol.asyncDispose]()
    return outcomes
  } finally {
    rmSync(workspace, { recursive: true, force: true })
  }
}

/** Right: a citation holds an expected quote, or is a part of one. */
function outcomeOf(each: Case & { set: string }, events: readonly AskEvent[]): Omit<Outcome, 'likelihood'> {
  const passages = events.flatMap((event) => (event.type === 'retrieval-end' ? event.passages : []))
  const end = events.find((event) => event.type === 'ask-end')
  const citations = end?.citations ?? []
  const inPlace = (path: string, expected: string | undefined): boolean =>
    expected === undefined || path.endsWith(`/${expected}`)
  const holds = (text: string, quote: string): boolean => squeezed(text).includes(squeezed(quote))
  return {
    ...each,
    retrieved: each.expected.some(({ path, quote }) =>
      passages.some((passage) => inPlace(passage.path, path) && holds(passage.text, quote)),
    ),
    right: each.expected.some(({ path, quote }) =>
      citations.some((cited) => inPlace(cited.path, path) && (holds(cited.text, quote) || holds(quote, cited.text))),
    ),
    refused: end?.refused ?? true,
    statements: citations.length,
    answer: end?.answer ?? '',
  }
}

/** Tables, hyphens at line ends and Markdown marks differ between a file and its text. */
function squeezed(text: string): string {
  return text.replaceAll(/[\s|*_`\u00ad-]+/g, '')
}

export function isWrong({ answerable, right, refused }: Outcome): boolean {
  return answerable ? !right : !refused
}

function rowOf(set: string, outcomes: readonly Outcome[]) {
  const answerable = outcomes.filter((each) => each.set === set && each.answerable)
  const unanswerable = outcomes.filter((each) => each.set === set && !each.answerable)
  const answered = answerable.filter(({ refused }) => !refused)
  const statements = answered.reduce((sum, each) => sum + each.statements, 0) / Math.max(1, answered.length)
  return {
    set,
    answerable: answerable.length,
    retrieved: answerable.filter(({ retrieved }) => retrieved).length,
    right: answerable.filter(({ right }) => right).length,
    refused: answerable.filter(({ refused }) => refused).length,
    statements: Math.round(statements * 100) / 100,
    unanswerable: unanswerable.length,
    rightlyRefused: unanswerable.filter(({ refused }) => refused).length,
  }
}

function half(question: string): string {
  return Number.parseInt(sha256(question).slice(0, 8), 16) % 2 === 0 ? 'calibration half' : 'test half'
}
