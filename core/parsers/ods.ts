import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import type { Metadata } from '../contract/parsed-document.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { collapse, createDocumentBuilder } from './parts/document-builder.ts'
import { openSheetArchive, type SheetArchive } from './parts/sheet-archive.ts'
import { odfSheetEvents } from './parts/sheet-odf.ts'
import type { SheetBudget } from './parts/sheet-ooxml.ts'
import { writeSheet } from './parts/sheet-writer.ts'
import { readXmlEvents } from './parts/sheet-xml.ts'
import { elementAt, elementsOf, parseXml, textOf, type XmlNode } from './parts/xml-tree.ts'
import { damaged } from './parts/zip-members.ts'
import type { ParserDefinition } from './parser.ts'

const options = z.object({
  mostCells: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(3_000_000)
    .describe('How many filled cells are read of a spreadsheet; what comes after them is left out with a warning.'),
})

/**
 * OpenDocument spreadsheets (OpenDocument 1.3): each visible sheet a page, its tables found as in Excel workbooks,
 * values as they were shown (dates as ISO 8601), comments and text boxes after their sheet. Hidden rows and columns
 * are read, hidden sheets are not. Errors: file-empty, file-encrypted, file-corrupt.
 */
export const odsParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'ods',
  label: 'OpenDocument spreadsheet',
  summary: 'Reads OpenDocument spreadsheets sheet by sheet; the header of a table travels with each chunk.',
  version: 1,
  types: ['ods'],
  capabilities: { pages: true, boxes: false, tables: true, headings: true },
  options,
  create: ({ mostCells }) => ({
    async parse(input, { signal, onProgress } = {}) {
      throwIfAborted(signal)
      if (input.bytes.length === 0) throw empty()
      const archive = openSheetArchive(input.bytes, what)
      refuseEncrypted(archive)
      const builder = createDocumentBuilder()
      const budget: SheetBudget = { bytes: mostBytes, cells: mostCells, characters: mostCharacters }
      const warnings: string[] = []
      let written = 0
      const reading = odfSheetEvents(budget, (sheet) => {
        if (writeSheet(builder, sheet)) written++
      })
      const onPiece = (): void => onProgress?.({ done: reading.row, unit: 'rows', label: 'Reading the spreadsheet' })
      const ending = await readXmlEvents(contentOf(archive), reading, { signal, budget, onPiece })
      if (ending !== 'whole') {
        const rest = reading.openSheet()
        if (rest && writeSheet(builder, rest)) written++
        const place = rest ? `row ${reading.row} of the sheet "${rest.name}"` : 'the sheets that are shown here'
        const reason = ending === 'damaged' ? 'damaged' : 'too large to be read whole'
        warnings.push(`This ${what} is ${reason}: what comes after ${place} is missing.`)
      }
      if (written === 0) throw ending === 'damaged' ? damaged(what, undefined) : empty()
      if (reading.hidden.length > 0) {
        const names = reading.hidden.slice(0, 10).map((name) => `"${name}"`)
        warnings.unshift(`Hidden sheets were left out (${reading.hidden.length}): ${names.join(', ')}.`)
      }
      const metadata = readMetadata(archive)
      const title = metadata['title']
      return builder.finish(
        typeof title === 'string' ? title : undefined,
        warnings,
        Object.keys(metadata).length > 0 ? { metadata } : {},
      )
    },
  }),
}

const what = 'OpenDocument spreadsheet'
const mostBytes = 1024 * 1024 * 1024
const mostCharacters = 64 * 1024 * 1024
const largestMetadataBytes = 1024 * 1024

function empty(): AppError {
  return new AppError('file-empty', `This ${what} has no cells with text in it. There is nothing to index.`)
}

function contentOf(archive: SheetArchive): Generator<Uint8Array, void> {
  if (!archive.names.includes('content.xml')) throw damaged(what, undefined)
  return archive.stream('content.xml')
}

function refuseEncrypted(archive: SheetArchive): void {
  const manifest = smallPart(archive, 'META-INF/manifest.xml')
  if (elementsOf(manifest).some((entry) => elementAt(entry, 'encryption-data') !== undefined)) {
    const message = 'This file is protected with a password. Save a copy without the password, then add that.'
    throw new AppError('file-encrypted', message, { details: { type: 'ods' } })
  }
}

/** What meta.xml says (OpenDocument 1.3 part 3, 4.3). */
function readMetadata(archive: SheetArchive): Metadata {
  const metadata: Metadata = {}
  const keywords: string[] = []
  for (const node of elementsOf(elementAt(smallPart(archive, 'meta.xml'), 'meta'))) {
    const text = collapse(textOf(node)).slice(0, 1000)
    const key = metadataKeys[node.name]
    if (text === '') continue
    if (node.name === 'keyword') keywords.push(text)
    // Who began it is the author; who saved it last is one only where nobody began it.
    else if (key && !(node.name === 'creator' && 'author' in metadata)) metadata[key] = text
  }
  if (keywords.length > 0) metadata['keywords'] = keywords.slice(0, 100)
  const date = metadata['modified'] ?? metadata['created']
  if (date !== undefined) metadata['date'] = date
  return metadata
}

const metadataKeys: Record<string, string> = {
  title: 'title',
  'initial-creator': 'author',
  creator: 'author',
  subject: 'subject',
  description: 'description',
  language: 'language',
  'creation-date': 'created',
  date: 'modified',
}

function smallPart(archive: SheetArchive, name: string): XmlNode | undefined {
  try {
    const bytes = archive.read(name, largestMetadataBytes)
    return bytes && parseXml(bytes)
  } catch {
    return undefined
  }
}
