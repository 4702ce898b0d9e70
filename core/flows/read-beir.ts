import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'

export interface BeirDocument {
  id: string
  title?: string
  /** May be empty: some sets have documents without text. */
  text: string
}

export interface BeirCase {
  id: string
  question: string
  /** Gain by document id; 0 means judged and not relevant. */
  relevance: ReadonlyMap<string, number>
  /** The name of the file of judgements that it is in: 'test', 'train' … */
  split: string
  /** Spans of documents that answer it, from spans.json where a set has one: [{qid, doc, answers: [{text, start}]}]. */
  spans: readonly { document: string; text: string; start: number }[]
  /** What the query says of itself beside its text. */
  metadata: Readonly<Record<string, unknown>>
  /** Its place among all queries. */
  order: number
}

export interface BeirSet {
  corpus: BeirDocument[]
  /** The queries that have at least one relevant document, in the order of queries.jsonl, as BEIR evaluates them. */
  cases: BeirCase[]
  /** The other queries, which no evaluation counts. */
  unjudged: Pick<BeirCase, 'id' | 'question' | 'metadata' | 'order'>[]
}

export interface BeirOptions {
  /** Which files of judgements, by name; 'all' for whichever there are. Of a query in several the first one counts. */
  splits?: readonly string[] | 'all'
  signal?: AbortSignal | undefined
}

/**
 * Reads a test set in BEIR layout (https://github.com/beir-cellar/beir/wiki/Load-your-custom-dataset): corpus.jsonl
 * (`_id`, `title`, `text`), queries.jsonl (`_id`, `text`), qrels/test.tsv (a header, then query-id, corpus-id, score).
 * Errors: file-missing; file-corrupt, naming file and line.
 */
export async function readBeir(folder: string, { splits = ['test'], signal }: BeirOptions = {}): Promise<BeirSet> {
  const corpus = new Map<string, BeirDocument>()
  await readLines(folder, 'corpus.jsonl', signal, (line, problem) => {
    const { _id: id, title, text } = parseJson(line, documentSchema, problem)
    if (corpus.has(id)) throw problem(`the document "${id}" is there a second time`)
    corpus.set(id, { id, text, ...(title ? { title } : {}) })
  })

  const queries = new Map<string, { text: string; metadata: Record<string, unknown>; order: number }>()
  await readLines(folder, 'queries.jsonl', signal, (line, problem) => {
    const { _id: id, text, metadata } = parseJson(line, querySchema, problem)
    if (queries.has(id)) throw problem(`the query "${id}" is there a second time`)
    queries.set(id, { text, metadata: metadata ?? {}, order: queries.size })
  })

  const judgments = new Map<string, { split: string; gains: Map<string, number> }>()
  for (const split of splits === 'all' ? await splitsIn(folder) : splits) {
    await readLines(folder, `qrels/${split}.tsv`, signal, (line, problem, number) => {
      const [query, document, score, ...rest] = line.split('\t')
      // The first line is a header in every published set; one without it is read all the same.
      if (number === 1 && !isScore(score)) return
      if (!query || !document || !isScore(score) || rest.length > 0) {
        throw problem('three values with tabs between them are wanted: query-id, corpus-id and a whole number')
      }
      const known = judgments.get(query) ?? { split, gains: new Map<string, number>() }
      if (known.split === split) known.gains.set(document, Number(score))
      judgments.set(query, known)
    })
  }

  const spans = Map.groupBy(await readSpans(folder, signal), ({ query }) => query)
  const cases = [...queries].flatMap(([id, { text: question, metadata, order }]) => {
    const judged = judgments.get(id)
    if (!judged || ![...judged.gains.values()].some((gain) => gain > 0)) return []
    const { split, gains: relevance } = judged
    return [{ id, question, relevance, split, metadata, order, spans: spans.get(id) ?? [] }]
  })
  // A judged document that the corpus lacks counts as never found, as with trec_eval; all of them is another matter.
  const judged = new Set(cases.map(({ id }) => id))
  const unjudged = [...queries]
    .filter(([id]) => !judged.has(id))
    .map(([id, { text: question, metadata, order }]) => ({ id, question, metadata, order }))

  const judgmentsAt = splits === 'all' ? join(folder, 'qrels') : join(folder, `qrels/${splits[0]}.tsv`)
  if (!cases.some(({ relevance }) => [...relevance].some(([id, gain]) => gain > 0 && corpus.has(id)))) {
    throw new AppError(
      'file-corrupt',
      `${judgmentsAt} judges no document of corpus.jsonl as relevant to a query of queries.jsonl. ` +
        'Check that the three files are of one test set.',
      { details: { file: judgmentsAt } },
    )
  }
  return { corpus: [...corpus.values()], cases, unjudged }
}

const identity = z.union([z.string().min(1), z.number()]).transform(String)
const documentSchema = z.object({ _id: identity, title: z.string().nullish(), text: z.string() })
const querySchema = z.object({
  _id: identity,
  text: z.string(),
  metadata: z.record(z.string(), z.unknown()).nullish().catch(null),
})
const spansSchema = z.array(
  z.object({
    qid: identity,
    doc: identity,
    answers: z.array(z.object({ text: z.string().min(1), start: z.int().min(0) })),
  }),
)

/** 'test' first, which most sets have, and which is what they are compared by. */
async function splitsIn(folder: string): Promise<string[]> {
  const files = await readdir(join(folder, 'qrels')).catch((error: unknown) => {
    throw isMissing(error) ? missing(join(folder, 'qrels'), error) : error
  })
  const names = files.filter((file) => file.endsWith('.tsv')).map((file) => file.slice(0, -'.tsv'.length))
  if (names.length === 0) throw missing(join(folder, 'qrels/test.tsv'))
  return names.sort((a, b) => Number(b === 'test') - Number(a === 'test') || (a < b ? -1 : 1))
}

async function readSpans(folder: string, signal: AbortSignal | undefined) {
  const path = join(folder, 'spans.json')
  const json = await readFile(path, { encoding: 'utf8', signal }).catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throwIfAborted(signal)
    throw error
  })
  if (json === undefined) return []
  const wrong = (what: string): AppError =>
    new AppError('file-corrupt', `${path}: ${what}.`, { details: { file: path } })
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw wrong('this is not JSON')
  }
  const parsed = spansSchema.safeParse(value)
  if (!parsed.success) throw wrong(`"${parsed.error.issues[0]?.path.join('.') ?? ''}" is missing or of the wrong kind`)
  return parsed.data.flatMap(({ qid, doc, answers }) =>
    answers.map((answer) => ({ query: qid, document: doc, ...answer })),
  )
}

type Problem = (what: string) => AppError

/** Line by line, so that a corpus of some gigabytes is never one string. Blank lines are passed over. */
async function readLines(
  folder: string,
  name: string,
  signal: AbortSignal | undefined,
  take: (line: string, problem: Problem, number: number) => void,
): Promise<void> {
  const path = join(folder, name)
  const input = createReadStream(path, 'utf8')
  let number = 0
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number += 1
      if (number % 1000 === 0) throwIfAborted(signal)
      const content = number === 1 ? line.replace(/^\uFEFF/, '') : line
      if (content.trim() !== '') take(content, problemAt(path, number), number)
    }
  } catch (error) {
    if (isMissing(error)) {
      throw missing(path, error)
    }
    throw error
  } finally {
    input.destroy()
  }
}

function missing(path: string, cause?: unknown): AppError {
  const what = `${path} is not there. A test set in BEIR layout has corpus.jsonl, queries.jsonl and qrels/test.tsv.`
  return new AppError('file-missing', what, { cause, details: { path } })
}

function problemAt(file: string, line: number): Problem {
  return (what) => new AppError('file-corrupt', `${file}, line ${line}: ${what}.`, { details: { file, line } })
}

function parseJson<Value>(line: string, schema: z.ZodType<Value>, problem: Problem): Value {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw problem('this is not a JSON object on one line')
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw problem(`"${issue?.path.join('.') || 'the line'}" is missing or of the wrong kind`)
}

function isScore(value: string | undefined): value is string {
  return value !== undefined && /^-?\d+$/.test(value.trim())
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
