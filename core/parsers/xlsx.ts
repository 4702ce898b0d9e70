import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { detectType } from './detect-type.ts'
import { createDocumentBuilder } from './parts/document-builder.ts'
import { type ChartData, readChart } from './parts/drawing-chart.ts'
import { readOfficeProperties } from './parts/office-properties.ts'
import { openOfficePackage, relationIdOf, type OfficePackage } from './parts/package-parts.ts'
import { createSheetGrid } from './parts/sheet-grid.ts'
import { openSheetArchive, type SheetArchive } from './parts/sheet-archive.ts'
import { builtInFormats, createNumberFormatter } from './parts/sheet-numbers.ts'
import { areaOf, readStyles, type SheetBudget, sharedStringEvents, worksheetEvents } from './parts/sheet-ooxml.ts'
import { type CellNote, type WrittenSheet, writeSheet } from './parts/sheet-writer.ts'
import { readXmlEvents } from './parts/sheet-xml.ts'
import { descendants, elementAt, elementsOf, textOf, type XmlNode } from './parts/xml-tree.ts'
import { damaged, type Members } from './parts/zip-members.ts'
import type { ParseOptions, ParserDefinition } from './parser.ts'

const options = z.object({
  mostCells: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(3_000_000)
    .describe('How many filled cells are read of a workbook; what comes after them is left out with a warning.'),
})

/**
 * Excel workbooks (SpreadsheetML, ECMA-376): each visible sheet a page, its tables found by their blank rows and
 * columns, values as they show (dates as ISO 8601), formulas by the result that was saved. Comments, text boxes and
 * chart titles follow their sheet. Hidden rows and columns are read, hidden sheets are not. Large sheets are unpacked
 * piece by piece. Errors: file-empty, file-encrypted, file-corrupt, type-unsupported (.xlsb, or another format).
 */
export const xlsxParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'xlsx',
  label: 'Excel',
  summary: 'Reads Excel workbooks sheet by sheet; the header of a table travels with each chunk.',
  version: 1,
  types: ['xlsx'],
  capabilities: { pages: true, boxes: false, tables: true, headings: true },
  options,
  create: ({ mostCells }) => ({
    async parse(input, parseOptions = {}) {
      throwIfAborted(parseOptions.signal)
      const found = detectType(input.name, input.bytes, input.bytes.length)
      if (found.reason && found.type !== 'binary') {
        throw new AppError(found.reason.code, found.reason.message, { details: found.reason.details })
      }
      const archive = openSheetArchive(input.bytes, what)
      refuseBinaryWorkbook(archive)
      const office = openOfficePackage(readSmallMembers(archive))
      const reader = await openWorkbook(archive, office, mostCells, parseOptions)
      const builder = createDocumentBuilder()
      let written = 0
      for await (const sheet of reader.sheets()) {
        if (writeSheet(builder, sheet)) written++
      }
      if (written === 0) {
        if (reader.damagedParts > 0) throw damaged(what, undefined)
        throw new AppError('file-empty', `This ${what} has no cells with text in it. There is nothing to index.`)
      }
      const { title, metadata } = readOfficeProperties(office)
      return builder.finish(title, reader.warnings, Object.keys(metadata).length > 0 ? { metadata } : {})
    },
  }),
}

const what = 'Excel workbook'

/** What a workbook may unpack to and hold as text; a sheet of a million rows has some 400 MB. */
const mostBytes = 1024 * 1024 * 1024
const mostCharacters = 64 * 1024 * 1024
/** Parts that are read as a whole: styles, comments, tables, drawings. */
const largestSmallPartBytes = 16 * 1024 * 1024
const mostSmallBytes = 64 * 1024 * 1024

function refuseBinaryWorkbook(archive: SheetArchive): void {
  if (!archive.names.some((name) => /(?:^|\/)workbook\.bin$/i.test(name))) return
  const message = 'This is a binary Excel workbook (.xlsb), which cannot be read. Save it as .xlsx, then add that.'
  throw new AppError('type-unsupported', message, { details: { type: 'xlsx' } })
}

/** Everything but the sheets and their strings. A damaged or huge one is missing, and what it would say with it. */
function readSmallMembers(archive: SheetArchive): Members {
  const members: Members = {}
  let total = 0
  for (const name of archive.names) {
    if (
      !/\.(?:xml|rels)$/i.test(name) ||
      /\/(?:worksheets\/[^/]+\.xml|sharedStrings\.xml|pivot[^/]*\/.*)$/i.test(name)
    ) {
      continue
    }
    try {
      const bytes = archive.read(name, Math.min(largestSmallPartBytes, mostSmallBytes - total))
      if (bytes) members[name] = bytes
      total += bytes?.length ?? 0
    } catch {
      if (/workbook\.xml$/i.test(name)) throw damaged(what, undefined)
    }
  }
  return members
}

interface SheetEntry {
  name: string
  path: string
  isChart: boolean
}

interface WorkbookReader {
  sheets(): AsyncGenerator<WrittenSheet>
  readonly damagedParts: number
  readonly warnings: string[]
}

async function openWorkbook(
  archive: SheetArchive,
  office: OfficePackage,
  mostCells: number,
  { signal, onProgress }: ParseOptions,
): Promise<WorkbookReader> {
  const workbookPath = office.relations('').find((relation) => relation.type === 'officeDocument')?.target
  const path = workbookPath ?? 'xl/workbook.xml'
  const workbook = requiredXml(office, path)
  const relations = office.relations(path)
  const { entries, hidden } = listSheets(workbook, relations)
  const date1904 = /^(?:1|true)$/.test(elementAt(workbook, 'workbookPr')?.attributes['date1904'] ?? '')
  const styles = readStyles(
    optionalXml(office, relations.find(({ type }) => type === 'styles')?.target),
    await builtInFormats(),
  )
  const format = await createNumberFormatter(date1904)
  const persons = readPersons(office, relations.find(({ type }) => type === 'person')?.target)
  const budget: SheetBudget = { bytes: mostBytes, cells: mostCells, characters: mostCharacters }
  const warnings: string[] = []
  let damagedParts = 0
  if (hidden.length > 0) {
    warnings.push(
      `${hidden.length === 1 ? 'A hidden sheet was' : `${hidden.length} hidden sheets were`} left out: ${quoted(hidden)}.`,
    )
  }

  const strings: string[] = []
  const stringsPath = relations.find(({ type }) => type === 'sharedStrings')?.target
  if (stringsPath) {
    const reading = sharedStringEvents(strings, budget)
    const onPiece = (): void => onProgress?.({ done: strings.length, unit: 'strings', label: 'Reading strings' })
    const ending = await readXmlEvents(archive.stream(stringsPath), reading, { signal, budget, onPiece })
    if (ending === 'damaged') {
      damagedParts++
      warnings.push('The list of texts in this workbook is damaged: some cells may be missing.')
    } else if (ending === 'enough') {
      warnings.push(
        'This workbook has more text than can be read at once: some cells are missing. Split it into parts.',
      )
      budget.characters = Math.max(budget.characters, mostCharacters)
      budget.bytes = Math.max(budget.bytes, mostBytes / 4)
    }
  }

  async function* sheets(): AsyncGenerator<WrittenSheet> {
    for (const [index, { name, path: sheetPath, isChart }] of entries.entries()) {
      const extras = readExtras(office, sheetPath, persons)
      if (isChart) {
        yield { name, grid: createSheetGrid().finish(), ...extras }
        continue
      }
      if (budget.cells <= 0 || budget.characters <= 0 || budget.bytes <= 0) {
        warnings.push(
          `This workbook is too large to be read whole. Left out: ${quoted(entries.slice(index).map((entry) => entry.name))}.`,
        )
        return
      }
      const reading = worksheetEvents({ strings, styles, format, budget })
      const onPiece = (): void => onProgress?.({ done: reading.row, unit: 'rows', label: `Reading sheet "${name}"` })
      const ending = await readXmlEvents(archive.stream(sheetPath), reading, { signal, budget, onPiece })
      if (ending === 'damaged') damagedParts++
      if (ending !== 'whole') {
        const reason = ending === 'damaged' ? 'damaged' : 'too large to be read whole'
        warnings.push(`The sheet "${name}" is ${reason}: what comes after row ${reading.row} is missing.`)
      }
      for (const table of extras.namedTables) reading.grid.nameTable(table)
      yield { name, grid: reading.grid.finish(), ...extras }
      throwIfAborted(signal)
    }
  }
  return {
    sheets,
    warnings,
    get damagedParts() {
      return damagedParts
    },
  }
}

function requiredXml(office: OfficePackage, path: string): XmlNode {
  let root: XmlNode | undefined
  try {
    root = office.xml(path)
  } catch (error) {
    throw damaged(what, error)
  }
  if (!root) throw damaged(what, undefined)
  return root
}

function optionalXml(office: OfficePackage, path: string | undefined): XmlNode | undefined {
  try {
    return office.xml(path)
  } catch {
    return undefined
  }
}

function listSheets(
  workbook: XmlNode,
  relations: ReturnType<OfficePackage['relations']>,
): { entries: SheetEntry[]; hidden: string[] } {
  const entries: SheetEntry[] = []
  const hidden: string[] = []
  for (const node of elementsOf(elementAt(workbook, 'sheets'), 'sheet')) {
    const relation = relations.find(({ id }) => id === relationIdOf(node))
    if (!relation || (relation.type !== 'worksheet' && relation.type !== 'chartsheet')) continue
    const name = (node.attributes['name'] ?? '').slice(0, 200)
    if (/hidden$/i.test(node.attributes['state'] ?? '')) hidden.push(name)
    else entries.push({ name, path: relation.target, isChart: relation.type === 'chartsheet' })
  }
  return { entries, hidden }
}

function quoted(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => `"${name}"`)
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - shown.length} more` : shown.join(', ')
}

interface SheetExtras {
  namedTables: NonNullable<WrittenSheet['grid']['namedTables']>
  texts: string[]
  charts: ChartData[]
  notes: CellNote[]
}

/** What hangs on a sheet in parts of its own. Damaged ones are passed over: the cells are what matters. */
function readExtras(office: OfficePackage, path: string, persons: ReadonlyMap<string, string>): SheetExtras {
  const extras: SheetExtras = { namedTables: [], texts: [], charts: [], notes: [] }
  const plain: CellNote[] = []
  for (const { type, target } of office.relations(path)) {
    const root = /^(?:table|comments|threadedComment|drawing)$/.test(type) ? optionalXml(office, target) : undefined
    if (!root) continue
    if (type === 'table') {
      const area = areaOf(root.attributes['ref'] ?? '')
      if (area) extras.namedTables.push({ ...area, headerRows: Number(root.attributes['headerRowCount'] ?? 1) || 0 })
    } else if (type === 'comments') plain.push(...readComments(root))
    else if (type === 'threadedComment') extras.notes.push(...readThreads(root, persons))
    else readDrawing(office, target, root, extras)
  }
  // Discussions are written a second time as comments, for programs that do not know them.
  const discussed = new Set(extras.notes.map((note) => note.cell))
  extras.notes.push(...plain.filter((note) => !discussed.has(note.cell)))
  extras.notes.sort((a, b) => placeOfCell(a) - placeOfCell(b))
  return extras
}

function placeOfCell({ cell }: CellNote): number {
  const area = areaOf(cell)
  return area ? area.top * 100_000 + area.left : 0
}

function readComments(root: XmlNode): CellNote[] {
  const authors = elementsOf(elementAt(root, 'authors'), 'author').map(textOf)
  return elementsOf(elementAt(root, 'commentList'), 'comment').map((node) => {
    const author = authors[Number(node.attributes['authorId'])]?.trim() ?? ''
    let text = [...descendants(node, 't')].map(textOf).join('').trim()
    // Excel writes the author's name above the words as well.
    if (author !== '' && text.startsWith(`${author}:`)) text = text.slice(author.length + 1).trim()
    return { cell: node.attributes['ref'] ?? '', ...(author === '' ? {} : { author }), text }
  })
}

function readThreads(root: XmlNode, persons: ReadonlyMap<string, string>): CellNote[] {
  return elementsOf(root, 'threadedComment').map((node) => {
    const author = persons.get(node.attributes['personId'] ?? '')
    return { cell: node.attributes['ref'] ?? '', ...(author ? { author } : {}), text: textOf(elementAt(node, 'text')) }
  })
}

function readPersons(office: OfficePackage, path: string | undefined): Map<string, string> {
  const persons = elementsOf(optionalXml(office, path), 'person')
  return new Map(persons.map(({ attributes }) => [attributes['id'] ?? '', attributes['displayName'] ?? '']))
}

function readDrawing(office: OfficePackage, path: string, root: XmlNode, extras: SheetExtras): void {
  for (const body of descendants(root, 'txBody')) {
    const text = elementsOf(body, 'p').map(runsOf).join('\n').trim()
    if (text !== '') extras.texts.push(text)
  }
  for (const { type, target } of office.relations(path)) {
    const chart = type === 'chart' ? optionalXml(office, target) : undefined
    if (chart) extras.charts.push(readChart(chart))
  }
}

function runsOf(paragraph: XmlNode): string {
  return [...descendants(paragraph, 't')].map(textOf).join('')
}
