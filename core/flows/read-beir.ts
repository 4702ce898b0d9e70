import { createReadStream } from 'node:fs'
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
}

export interface BeirSet {
  corpus: BeirDocument[]
  /** The queries that have at least one relevant document, in the order of queries.jsonl, as BEIR evaluates them. */
  cases: BeirCase[]
}

/**
 * Reads a test set in BEIR layout (https://github.com/beir-cellar/beir/wiki/Load-your-custom-dataset): corpus.jsonl
 * (`_id`, `title`, `text`), queries.jsonl (`_id`, `text`), qrels/test.tsv (a header, then query-id, corpus-id, score).
 * Errors: file-missing; file-corrupt, naming file and line.
 */
export async function readBeir(folder: string, { signal }: { signal?: AbortSignal } = {}): Promise<BeirSet> {
  const corpus = new Map<string, BeirDocument>()
  await readLines(folder, 'corpus.jsonl', signal, (line, problem) => {
    const { _id: id, title, text } = parseJson(line, documentSchema, problem)
    if (corpus.has(id)) throw problem(`the document "${id}" is there a second time`)
    corpus.set(id, { id, text, ...(title ? { title } : {}) })
  })

  const queries = new Map<string, string>()
  await readLines(folder, 'queries.jsonl', signal, (line, problem) => {
    const { _id: id, text } = parseJson(line, querySchema, problem)
    if (queries.has(id)) throw problem(`the query "${id}" is there a second time`)
    queries.set(id, text)
  })

  const judgments = new Map<string, Map<string, number>>()
  await readLines(folder, 'qrels/test.tsv', signal, (line, problem, number) => {
    const [query, document, score, ...rest] = line.split('\t')
    // The first line is a header in every published set; one without it is read all the same.
    if (number === 1 && !isScore(score)) return
    if (!query || !document || !isScore(score) || rest.length > 0) {
      throw problem('three values with tabs between them are wanted: query-id, corpus-id and a whole number')
    }
    const known = judgments.get(query) ?? new Map<string, number>()
    known.set(document, Number(score))
    judgments.set(query, known)
  })

  const cases = [...queries].flatMap(([id, question]) => {
    const relevance = judgments.get(id)
    return relevance && [...relevance.values()].some((gain) => gain > 0) ? [{ id, question, relevance }] : []
  })
  // A judged document that the corpus lacks counts as never found, as with trec_eval; all of them is another matter.
  if (!cases.some(({ relevance }) => [...relevance].some(([id, gain]) => gain > 0 && corpus.has(id)))) {
    throw new AppError(
      'file-corrupt',
      `${join(folder, 'qrels/test.tsv')} judges no document of corpus.jsonl as relevant to a query of queries.jsonl. ` +
        'Check that the three files are of one test set.',
      { details: { file: join(folder, 'qrels/test.tsv') } },
    )
  }
  return { corpus: [...corpus.values()], cases }
}

const identity = z.union([z.string().min(1), z.number()]).transform(String)
const documentSchema = z.object({ _id: identity, title: z.string().nullish(), text: z.string() })
const querySchema = z.object({ _id: identity, text: z.string() })

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
      throw new AppError(
        'file-missing',
        `${path} is not there. A test set in BEIR layout has corpus.jsonl, queries.jsonl and qrels/test.tsv.`,
        { cause: error, details: { path } },
      )
    }
    throw error
  } finally {
    input.destroy()
  }
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
