import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { collectProblems } from './case-problems.ts'
import { startInUnits } from './place-passage.ts'
import { importedCaseSchema, type ReadCase, readCaseText, tableOf } from './read-cases.ts'

/** A document that comes with a set: its file name in the collection, and its bytes. */
export interface SetDocument {
  path: string
  bytes: Uint8Array<ArrayBuffer>
}

export interface ChunkingSet {
  documents: SetDocument[]
  cases: ReadCase[]
}

const questionsFile = 'questions_df.csv'

/**
 * Reads the layout of "Evaluating Chunking Strategies for Retrieval": questions_df.csv (question, references, corpus_id;
 * references are JSON `[{content, start_index, end_index}]`) and corpora/CORPUS_ID.md. Every reference must be the text
 * that stands at its place, in characters or in UTF-16 units. A case has its corpus as tag, and its row in its id.
 * Errors: file-missing; file-corrupt, with every line that is wrong.
 */
export async function readChunkingSet(folder: string, signal?: AbortSignal): Promise<ChunkingSet> {
  const texts = new Map<string, string>()
  const documents: SetDocument[] = []
  for (const name of (await readdir(join(folder, 'corpora'))).sort()) {
    throwIfAborted(signal)
    if (!name.endsWith('.md')) continue
    const bytes = await readFile(join(folder, 'corpora', name))
    documents.push({ path: name, bytes: new Uint8Array(bytes) })
    texts.set(name.slice(0, -'.md'.length), bytes.toString('utf8'))
  }
  const file = join(folder, questionsFile)
  const problems = collectProblems(file)
  const { header, rows } = tableOf(readCaseText(await readFile(file), file).text, problems)
  const columns = ['question', 'references', 'corpus_id'].map((name) => header.indexOf(name))
  if (columns.includes(-1)) {
    throw new AppError('file-corrupt', `${file}, line 1: the columns question, references and corpus_id are wanted.`, {
      details: { file, line: 1 },
    })
  }
  const cases = rows.flatMap(({ line, cells }, index): ReadCase[] => {
    const [question = '', json = '', corpus = ''] = columns.map((column) => cells[column])
    const text = texts.get(corpus)
    const references = referencesIn(json)
    const wrong =
      text === undefined
        ? `there is no corpora/${corpus}.md.`
        : references === undefined
          ? '"references" is not JSON of content, start_index and end_index.'
          : undefined
    if (wrong !== undefined || text === undefined || references === undefined) {
      problems.add(line, wrong ?? '')
      return []
    }
    const expected = references.map(({ content, start_index: given, end_index: end }) => {
      const start = startInUnits(text, content, given)
      if (!text.startsWith(content, start)) {
        problems.add(line, `the reference at ${given} to ${end} is not what stands there in corpora/${corpus}.md.`)
      }
      return { path: `${corpus}.md`, start, end: start + content.length, text: content }
    })
    const parsed = importedCaseSchema.safeParse({ id: `${corpus}-${index + 1}`, question, expected, tags: [corpus] })
    if (parsed.success) return [{ line, given: parsed.data }]
    problems.add(line, parsed.error.issues[0]?.message ?? 'this is no case.')
    return []
  })
  problems.throwIfAny()
  return { documents, cases }
}

const referenceSchema = z.object({ content: z.string().min(1), start_index: z.int().min(0), end_index: z.int().min(0) })

function referencesIn(json: string): z.infer<typeof referenceSchema>[] | undefined {
  try {
    const parsed = z.array(referenceSchema).min(1).safeParse(JSON.parse(json))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
