import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { join } from 'node:path'
import type { TestCase } from '../contract/datasets.ts'
import { AppError, toAppError } from '../contract/errors.ts'
import { csvHeader, csvLine, exportedCase, jsonlLine, type PathOf } from '../flows/write-cases.ts'
import type { DatasetLibrary } from '../library/datasets.ts'
import type { DocumentLibrary } from '../library/documents.ts'
import { throwIfAborted } from '../shared/abort.ts'
import type { DatasetId, DocumentId } from '../shared/ids.ts'
import type { Datasets } from './datasets.ts'
import type { ImportWatch } from './dataset-import.ts'

export interface DatasetExportParts {
  datasets: Datasets
  library: DatasetLibrary
  documents: DocumentLibrary
}

export type ExportFormat = 'jsonl' | 'csv' | 'beir'

/** The text of an export, in pieces of some hundred cases. */
export async function* exportText(
  id: DatasetId,
  format: 'jsonl' | 'csv',
  parts: DatasetExportParts,
  signal?: AbortSignal,
): AsyncGenerator<{ text: string; done: number; total: number }> {
  const pathOf = pathsIn(parts.documents)
  const line = format === 'csv' ? csvLine : jsonlLine
  const lineEnd = format === 'csv' ? '\r\n' : '\n'
  if (format === 'csv') yield { text: `${csvHeader()}${lineEnd}`, done: 0, total: parts.library.get(id).cases }
  for await (const { cases, done, total } of parts.datasets.batches(id, signal)) {
    yield { text: cases.map((testCase) => line(testCase, pathOf) + lineEnd).join(''), done, total }
  }
}

/**
 * Writes a dataset to a new file, or for BEIR to a new folder, which is there only when it is complete.
 * Errors: name-taken, disk-full, cancelled.
 */
export async function writeExport(
  id: DatasetId,
  format: ExportFormat,
  path: string,
  parts: DatasetExportParts,
  { signal, onProgress }: ImportWatch,
): Promise<{ path: string; cases: number; hash: string }> {
  const { cases, hash } = await parts.datasets.get(id)
  await requireFree(path)
  const temporary = `${path}.part`
  await rm(temporary, { recursive: true, force: true })
  try {
    if (format === 'beir') await writeBeir(id, temporary, parts, { signal, onProgress })
    else {
      await using file = openFile(temporary)
      for await (const { text, done, total } of exportText(id, format, parts, signal)) {
        await file.write(text)
        onProgress({ done, total, unit: 'cases', label: 'writing cases' })
      }
      await file.end()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw toAppError(error)
  }
  return { path, cases, hash }
}

/**
 * corpus.jsonl with every document of the collection, queries.jsonl, qrels/SPLIT.tsv, and spans.json for the expected
 * passages. BEIR knows judgements of whole documents only: a passage makes its document relevant. All of a case is in
 * its query's metadata besides, so that nothing is lost when it is imported again.
 */
async function writeBeir(
  id: DatasetId,
  folder: string,
  parts: DatasetExportParts,
  { signal, onProgress }: ImportWatch,
): Promise<void> {
  const { collectionId } = parts.library.getCore(id)
  if (collectionId === null) {
    throw new AppError(
      'input-invalid',
      'A BEIR folder holds the documents too. Choose the collection of this dataset first.',
    )
  }
  await mkdir(join(folder, 'qrels'), { recursive: true })
  const pathOf = pathsIn(parts.documents)
  const names = new Map<DocumentId, string>()
  const splits = new Map<string, TextFile>()
  await using cleanup = new AsyncDisposableStack()
  const queries = cleanup.use(openFile(join(folder, 'queries.jsonl')))
  const spans = cleanup.use(openFile(join(folder, 'spans.json')))
  await spans.write('[')
  let isFirst = true
  for await (const { cases, done, total } of parts.datasets.batches(id, signal)) {
    for (const testCase of cases) {
      const { question, split } = testCase
      const quarry = exportedCase(testCase, pathOf)
      await queries.write(`${JSON.stringify({ _id: testCase.id, text: question, metadata: { quarry } })}\n`)
      for (const { documentId, path } of [...testCase.expected, ...testCase.relevant]) {
        if (documentId !== null && !names.has(documentId)) names.set(documentId, path)
      }
      const name = split === 'all' ? 'test' : split
      let file = splits.get(name)
      if (!file) {
        file = cleanup.use(openFile(join(folder, 'qrels', `${name}.tsv`)))
        splits.set(name, file)
        await file.write('query-id\tcorpus-id\tscore\n')
      }
      for (const [document, grade] of gainsOf(testCase)) await file.write(`${testCase.id}\t${document}\t${grade}\n`)
      for (const [doc, answers] of Map.groupBy(testCase.expected, ({ path }) => path)) {
        const entry = { qid: testCase.id, doc, answers: answers.map(({ text, start }) => ({ text, start })) }
        await spans.write(`${isFirst ? '' : ',\n'}${JSON.stringify(entry)}`)
        isFirst = false
      }
    }
    onProgress({ done, total, unit: 'cases', label: 'writing cases' })
  }
  await spans.write(']\n')
  const corpus = cleanup.use(openFile(join(folder, 'corpus.jsonl')))
  const ids = parts.documents.idsIn(collectionId).filter((documentId) => parts.documents.get(documentId).version > 0)
  for (const [index, documentId] of ids.entries()) {
    throwIfAborted(signal)
    const { document, text } = parts.documents.getText(documentId)
    const _id = names.get(documentId) ?? document.path
    await corpus.write(`${JSON.stringify({ _id, title: '', text })}\n`)
    onProgress({ done: index + 1, total: ids.length, unit: 'documents', label: 'writing documents' })
  }
  for (const file of [queries, spans, corpus, ...splits.values()]) await file.end()
}

/** Whole numbers, as the layout has them. */
function gainsOf({ expected, relevant }: TestCase): Map<string, number> {
  const gains = new Map<string, number>()
  for (const { path, grade } of [...relevant, ...expected]) {
    gains.set(path, Math.max(gains.get(path) ?? 0, grade > 0 ? Math.max(1, Math.round(grade)) : 0))
  }
  return gains
}

function pathsIn(documents: DocumentLibrary): PathOf {
  const paths = new Map<DocumentId, string | undefined>()
  return (id) => {
    if (!paths.has(id)) paths.set(id, documents.exists(id) ? documents.get(id).path : undefined)
    return paths.get(id)
  }
}

async function requireFree(path: string): Promise<void> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  )
  if (isThere) throw new AppError('name-taken', `${path} is there already. Choose another name, or move it away.`)
}

interface TextFile extends AsyncDisposable {
  /** Waits while the disk is slower than we are. Errors: the system's own. */
  write(text: string): Promise<void>
  end(): Promise<void>
}

function openFile(path: string): TextFile {
  const stream: WriteStream = createWriteStream(path, { flags: 'wx', encoding: 'utf8' })
  // A failed write is told by the next one and by the end.
  stream.on('error', () => {})
  return {
    async write(text) {
      if (stream.errored) throw stream.errored
      if (!stream.write(text)) await once(stream, 'drain')
    },
    async end() {
      stream.end()
      await finished(stream)
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => stream.close(() => resolve())),
  }
}
