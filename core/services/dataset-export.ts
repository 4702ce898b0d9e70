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
import type { Progress } from '../shared/progress.ts'
import type { Datasets } from './datasets.ts'
import type { ImportWatch } from './dataset-import.ts'

export interface DatasetExportParts {
  datasets: Datasets
  library: DatasetLibrary
  documents: DocumentLibrary
}

export type ExportFormat = 'jsonl' | 'csv' | 'beir'

/** A piece of one of the files of an export, by its path in the folder; '' where the export is one file. */
export interface ExportPiece {
  file: string
  text: string
  /** Told with some of them. */
  progress?: Progress
}

/** An export in pieces of some hundred cases, or of a document. Errors: item-missing, input-invalid. */
export function exportPieces(
  id: DatasetId,
  format: ExportFormat,
  parts: DatasetExportParts,
  signal?: AbortSignal,
): AsyncGenerator<ExportPiece> {
  return format === 'beir' ? beirPieces(id, parts, signal) : textPieces(id, format, parts, signal)
}

async function* textPieces(
  id: DatasetId,
  format: 'jsonl' | 'csv',
  parts: DatasetExportParts,
  signal?: AbortSignal,
): AsyncGenerator<ExportPiece> {
  const pathOf = pathsIn(parts.documents)
  const line = format === 'csv' ? csvLine : jsonlLine
  const lineEnd = format === 'csv' ? '\r\n' : '\n'
  if (format === 'csv') yield { file: '', text: `${csvHeader()}${lineEnd}` }
  for await (const { cases, ...counts } of parts.datasets.batches(id, signal)) {
    const text = cases.map((testCase) => line(testCase, pathOf) + lineEnd).join('')
    yield { file: '', text, progress: { ...counts, unit: 'cases', label: 'writing cases' } }
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
    if (format === 'beir') await mkdir(join(temporary, 'qrels'), { recursive: true })
    await using cleanup = new AsyncDisposableStack()
    const files = new Map<string, TextFile>()
    const fileOf = (file: string): TextFile => {
      const known = files.get(file) ?? cleanup.use(openFile(join(temporary, file)))
      files.set(file, known)
      return known
    }
    // A set without cases is a file without lines.
    if (format !== 'beir') fileOf('')
    for await (const { file, text, progress } of exportPieces(id, format, parts, signal)) {
      await fileOf(file).write(text)
      if (progress) onProgress(progress)
    }
    for (const file of files.values()) await file.end()
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
async function* beirPieces(
  id: DatasetId,
  parts: DatasetExportParts,
  signal?: AbortSignal,
): AsyncGenerator<ExportPiece> {
  const { collectionId } = parts.library.getCore(id)
  if (collectionId === null) {
    throw new AppError(
      'input-invalid',
      'A BEIR folder holds the documents too. Choose the collection of this dataset first.',
    )
  }
  const pathOf = pathsIn(parts.documents)
  const names = new Map<DocumentId, string>()
  const splits = new Set<string>()
  yield { file: 'queries.jsonl', text: '' }
  yield { file: 'spans.json', text: '[' }
  let isFirst = true
  for await (const { cases, ...counts } of parts.datasets.batches(id, signal)) {
    let queries = ''
    let spans = ''
    const judgements = new Map<string, string>()
    for (const testCase of cases) {
      const { question, split } = testCase
      const quarry = exportedCase(testCase, pathOf)
      queries += `${JSON.stringify({ _id: testCase.id, text: question, metadata: { quarry } })}\n`
      for (const { documentId, path } of [...testCase.expected, ...testCase.relevant]) {
        if (documentId !== null && !names.has(documentId)) names.set(documentId, path)
      }
      const file = `qrels/${split === 'all' ? 'test' : split}.tsv`
      if (!splits.has(file)) yield { file, text: 'query-id\tcorpus-id\tscore\n' }
      splits.add(file)
      const lines = [...gainsOf(testCase)].map(([document, grade]) => `${testCase.id}\t${document}\t${grade}\n`)
      judgements.set(file, (judgements.get(file) ?? '') + lines.join(''))
      for (const [doc, answers] of Map.groupBy(testCase.expected, ({ path }) => path)) {
        const entry = { qid: testCase.id, doc, answers: answers.map(({ text, start }) => ({ text, start })) }
        spans += `${isFirst ? '' : ',\n'}${JSON.stringify(entry)}`
        isFirst = false
      }
    }
    yield { file: 'queries.jsonl', text: queries, progress: { ...counts, unit: 'cases', label: 'writing cases' } }
    yield { file: 'spans.json', text: spans }
    for (const [file, text] of judgements) yield { file, text }
  }
  yield { file: 'spans.json', text: ']\n' }
  const ids = parts.documents.idsIn(collectionId).filter((documentId) => parts.documents.get(documentId).version > 0)
  yield { file: 'corpus.jsonl', text: '' }
  for (const [index, documentId] of ids.entries()) {
    throwIfAborted(signal)
    const { document, text } = parts.documents.getText(documentId)
    const _id = names.get(documentId) ?? document.path
    yield {
      file: 'corpus.jsonl',
      text: `${JSON.stringify({ _id, title: '', text })}\n`,
      progress: { done: index + 1, total: ids.length, unit: 'documents', label: 'writing documents' },
    }
  }
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
