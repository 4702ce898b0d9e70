import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import type { Metadata } from '../contract/parsed-document.ts'
import { cancelled, throwIfAborted } from '../shared/abort.ts'
import { readCompoundStreams } from './parts/compound-streams.ts'
import { createDocumentBuilder } from './parts/document-builder.ts'
import { flattenProse, writeProse } from './parts/prose-blocks.ts'
import { readSummaryInformation, summaryStream } from './parts/summary-information.ts'
import { type BinaryDocument, OlderDocument, openBinaryWord, ProtectedDocument } from './parts/word-binary.ts'
import { type Breathe, readBinaryText } from './parts/word-binary-text.ts'
import { damaged } from './parts/zip-members.ts'
import type { ParserDefinition } from './parser.ts'

const options = z.object({})

/**
 * Documents of Word 97 to 2003 (Microsoft's MS-DOC): headings by style and outline level, paragraphs, lists with their
 * numbers, tables, footnotes, endnotes and comments as notes, running heads once, what
 * the file says of itself; text boxes come at the end. Deleted
 * and hidden text, pictures and embedded objects are left out.
 * Errors: file-empty, file-encrypted, file-corrupt, type-unsupported (older than Word 97).
 */
export const docParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'doc',
  label: 'Word 97-2003',
  summary: 'Reads old Word documents (.doc) with headings, lists, tables and notes.',
  version: 1,
  types: ['doc'],
  capabilities: { pages: false, boxes: false, tables: true, headings: true },
  options,
  create: () => ({
    async parse({ bytes }, { signal, onProgress } = {}) {
      throwIfAborted(signal)
      const breathe: Breathe = async (done, total) => {
        await new Promise((resolve) => setImmediate(resolve))
        if (signal?.aborted) throw cancelled()
        onProgress?.({ done, total, unit: 'characters', label: 'Reading the document' })
      }
      const builder = createDocumentBuilder()
      let metadata: Metadata
      try {
        const streams = readCompoundStreams(bytes, ['WordDocument', '0Table', '1Table', summaryStream])
        metadata = readSummaryInformation(streams.get(summaryStream))
        const document = openBinaryWord(streams)
        const heads = await readHeads(document, breathe)
        for (const text of heads.header) builder.add('page-header', text)
        const body = await readBinaryText(document, document.parts.body, breathe)
        writeProse([...body, ...(await readBinaryText(document, document.parts.boxes, breathe))], builder)
        for (const text of heads.footer) builder.add('page-footer', text)
      } catch (error) {
        throw toFileError(error)
      }
      const title = typeof metadata['title'] === 'string' ? metadata['title'] : undefined
      const document = builder.finish(title, [], { metadata })
      if (!document.elements.some(({ kind }) => kind !== 'page-header' && kind !== 'page-footer')) {
        throw new AppError('file-empty', 'This Word document has no text in it. There is nothing to index.')
      }
      const first = document.elements.find((element) => element.kind === 'heading')
      if (first && document.title === undefined)
        document.title = document.text.slice(first.start, first.end).slice(0, 300)
      return document
    },
  }),
}

async function readHeads(
  document: BinaryDocument,
  breathe: Breathe,
): Promise<{ header: Set<string>; footer: Set<string> }> {
  const heads = { header: new Set<string>(), footer: new Set<string>() }
  for (const head of document.heads) {
    const text = flattenProse(await readBinaryText(document, head, breathe))
    if (/\p{L}/u.test(text)) heads[head.kind].add(text)
  }
  return heads
}

function toFileError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof ProtectedDocument) {
    return new AppError(
      'file-encrypted',
      'This file is protected with a password. Save a copy without the password, then add that.',
    )
  }
  if (error instanceof OlderDocument) {
    return new AppError(
      'type-unsupported',
      'This Word file is of a kind older than Word 97. Open it in Word or LibreOffice, save it as .docx, then add that.',
      { details: { type: 'doc' } },
    )
  }
  return damaged('Word file', error)
}
