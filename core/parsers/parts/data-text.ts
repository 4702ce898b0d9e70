import type { Metadata } from '../../contract/parsed-document.ts'
import { collapse, type DocumentBuilder } from './document-builder.ts'
import { isoDate } from './iso-date.ts'

/** Data as JSON has it. XML, JSON and JSON Lines are brought into this shape and written in one way. */
export type Data = null | boolean | number | string | Data[] | DataRecord
export interface DataRecord {
  [key: string]: Data
}

export function isRecord(value: Data | undefined): value is DataRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Writes data for people: lists of alike records as tables, records as lines "key: value" with smaller ones indented
 * below their key, large ones as sections under a heading, long texts as paragraphs. `level` is that of the first
 * headings (1 to 6). `check` is called now and then, to cancel.
 */
export function writeData(builder: DocumentBuilder, value: Data, level = 1, check?: () => void): void {
  const writer: Writer = { builder, check: check ?? (() => undefined) }
  if (isRecord(value)) writeRecord(writer, value, level, 0)
  else if (Array.isArray(value)) writeList(writer, 'item', value, level, 0)
  else builder.add('paragraph', scalarText(value))
}

/** Writes records that come in portions (each large enough to tell whether they are alike). */
export function writeRecords(
  builder: DocumentBuilder,
  records: readonly Data[],
  from: number,
  check: () => void,
): void {
  writeList({ builder, check }, 'record', records, 1, 0, from)
}

/** What a record says of the document that it is, under the standard keys. */
export function metadataOfRecord(record: DataRecord): Metadata {
  const metadata: Metadata = {}
  for (const [own, value] of Object.entries(record)) {
    const key = standardKeys[own.toLowerCase()]
    const text = key === undefined ? '' : collapse(wordsIn(value)).slice(0, 1000)
    if (key === undefined || text === '' || key in metadata) continue
    if (key === 'keywords') {
      const words = (Array.isArray(value) ? value.map(wordsIn) : text.split(/[,;]/)).map(collapse).filter(Boolean)
      metadata[key] = words.slice(0, 100)
    } else if (/^(?:date|created|modified)$/.test(key)) {
      const date = isoDate(text)
      if (date !== undefined) metadata[key] = date
    } else metadata[key] = text
  }
  return metadata
}

const standardKeys: Record<string, string> = {
  title: 'title',
  headline: 'title',
  author: 'author',
  authors: 'author',
  creator: 'author',
  date: 'date',
  pubdate: 'date',
  published: 'date',
  datepublished: 'date',
  created: 'created',
  datecreated: 'created',
  modified: 'modified',
  datemodified: 'modified',
  updated: 'modified',
  subject: 'subject',
  keywords: 'keywords',
  language: 'language',
}

/** The texts in a value: a name that is written in parts, or several names. */
function wordsIn(value: Data): string {
  if (Array.isArray(value)) return value.slice(0, 20).map(wordsIn).filter(Boolean).join(', ')
  if (!isRecord(value)) return typeof value === 'string' ? value : ''
  return typeof value['name'] === 'string' ? value['name'] : Object.values(value).slice(0, 5).map(flatWord).join(' ')
}

function flatWord(value: Data): string {
  if (!isRecord(value)) return typeof value === 'string' ? value : ''
  return Object.values(value)
    .filter((part) => typeof part === 'string')
    .join(' ')
}

/** What a record calls itself, if it does. */
export function nameOfRecord(record: DataRecord): { key: string; name: string } | undefined {
  for (const key of nameKeys) {
    const found = Object.keys(record).find((own) => own.toLowerCase() === key)
    const value = found === undefined ? undefined : record[found]
    if (found === undefined || (typeof value !== 'string' && typeof value !== 'number')) continue
    const name = collapse(String(value))
    if (name !== '' && name.length <= longestName) return { key: found, name }
  }
  return undefined
}

const nameKeys = ['title', 'name', 'label', 'heading', 'headline', 'subject', 'displayname', 'question', 'id', 'key']
const longestName = 120

interface Writer {
  builder: DocumentBuilder
  check: () => void
}

/** Texts beyond this, or with several lines, are paragraphs of their own. */
const longestInline = 300
/** Records that need more lines than this get a heading. */
const mostIndentedLines = 10
/** Data that nests deeper is written on one line, and beyond `deepest` not at all. */
const deepestSections = 40
const deepest = 60

function writeRecord(writer: Writer, record: DataRecord, level: number, depth: number, named?: string): void {
  const { builder } = writer
  writer.check()
  const lines: string[] = []
  const texts: [string, string][] = []
  const sections: [string, Data][] = []
  for (const [given, outer] of Object.entries(record)) {
    if (given === named || isBlank(outer)) continue
    const [key, value] = pathTo(given, outer)
    if (typeof value === 'string' && isLong(value)) texts.push([key, value])
    else {
      const isTable =
        depth < 2 && Array.isArray(value) && value.length > 2 && tableOf(value.slice(0, portion)) !== undefined
      const own =
        depth >= deepestSections ? [`${key}: ${compact(value)}`] : isTable ? undefined : indentedLines(key, value)
      if (own) lines.push(...own)
      else sections.push([key, value])
    }
  }
  // What has a heading comes last, or the lines after it would seem to belong to it.
  builder.add('paragraph', lines.join('\n'))
  for (const [key, text] of texts) builder.add('paragraph', `${key}: ${text}`)
  for (const [key, value] of sections) {
    builder.add('heading', collapse(key).slice(0, longestName), { level: Math.min(6, level) })
    if (Array.isArray(value)) writeList(writer, key, value, level + 1, depth + 1)
    else if (isRecord(value)) writeRecord(writer, value, level + 1, depth + 1)
  }
}

/** A record with one entry only adds to the path of what it holds: 'store.books'. */
function pathTo(key: string, value: Data): [string, Data] {
  let path = key
  let inner = value
  for (let steps = 0; isRecord(inner) && steps < deepestSections; steps++) {
    const entries = Object.entries(inner)
    const [only] = entries
    if (!only || entries.length !== 1 || isBlank(only[1])) break
    path += `.${only[0]}`
    inner = only[1]
  }
  return [path, inner]
}

function writeList(writer: Writer, label: string, list: readonly Data[], level: number, depth: number, from = 0): void {
  const { builder } = writer
  for (let start = 0; start < list.length; start += portion) {
    writer.check()
    const part = list.slice(start, start + portion)
    const table = tableOf(part)
    if (table) builder.addTable(table.rows, table.headerRows)
    else part.forEach((item, index) => writeItem(writer, label, item, from + start + index, level, depth))
  }
}

/** Records that make one table at most: bounds what is in memory twice. */
const portion = 5000

function writeItem(writer: Writer, label: string, item: Data, index: number, level: number, depth: number): void {
  const { builder } = writer
  if (index % 200 === 0) writer.check()
  if (isRecord(item)) {
    const keys = Object.keys(item)
    const [only] = keys
    const text = only === undefined ? undefined : item[only]
    // A wrapper around a text says nothing more than the text.
    if (keys.length === 1 && typeof text === 'string') {
      builder.add('paragraph', text)
      return
    }
    const named = nameOfRecord(item)
    const title = named?.name ?? `${collapse(label).slice(0, longestName)} ${index + 1}`
    builder.add('heading', title, { level: Math.min(6, level) })
    writeRecord(writer, item, level + 1, depth + 1, named?.key)
  } else if (Array.isArray(item)) {
    if (depth < deepestSections && !isFlatList(item)) writeList(writer, label, item, level, depth + 1)
    else builder.add('list-item', `- ${compact(item)}`)
  } else if (typeof item === 'string' && isLong(item)) builder.add('paragraph', item)
  else builder.add('list-item', isBlank(item) ? '' : `- ${scalarText(item)}`)
}

/** "key: value" with what is inside indented below; undefined where it is too much for that. */
function indentedLines(key: string, value: Data): string[] | undefined {
  const lines: string[] = []
  return pushLines(lines, collapse(key), value, 0) ? lines : undefined
}

function pushLines(lines: string[], label: string, value: Data, indent: number): boolean {
  const space = '  '.repeat(indent)
  if (lines.length >= mostIndentedLines) return false
  if (Array.isArray(value) && !isFlatList(value)) {
    if (indent >= 3 || value.length > mostIndentedLines) return false
    lines.push(`${space}${label}:`)
    return value.every((item) => {
      if (isBlank(item)) return true
      const flat = isRecord(item) ? flatRecord(item) : Array.isArray(item) ? undefined : scalarText(item)
      if (!flat || isLong(flat)) return false
      lines.push(`${space}  - ${flat}`)
      return lines.length <= mostIndentedLines
    })
  }
  if (isRecord(value)) {
    if (indent >= 3) return false
    lines.push(`${space}${label}:`)
    return Object.entries(value).every(
      ([key, inner]) => isBlank(inner) || pushLines(lines, collapse(key), inner, indent + 1),
    )
  }
  const text = Array.isArray(value) ? value.map(scalarText).filter(Boolean).join(', ') : scalarText(value)
  if (isLong(text)) return false
  lines.push(`${space}${label}: ${text}`)
  return true
}

/** A record without inner ones on one line. */
function flatRecord(record: DataRecord): string | undefined {
  const parts: string[] = []
  for (const [key, value] of Object.entries(record)) {
    if (isBlank(value)) continue
    if (typeof value === 'object' && !(Array.isArray(value) && isFlatList(value))) return undefined
    parts.push(`${collapse(key)}: ${Array.isArray(value) ? value.map(scalarText).join(', ') : scalarText(value)}`)
  }
  return parts.join('; ')
}

interface Table {
  rows: string[][]
  headerRows: number
}

const mostColumns = 40
const longestCell = 400
const longestRow = 600

/** A list as a table: of alike records with short values, or of lists of one length. */
function tableOf(list: readonly Data[]): Table | undefined {
  if (list.length < 2) return undefined
  if (list.every((item) => Array.isArray(item))) return matrixOf(list)
  const records: Map<string, string>[] = []
  const columns = new Set<string>()
  let filled = 0
  let length = 0
  for (const item of list) {
    const cells = new Map<string, string>()
    if (!isRecord(item) || !flatten(item, '', cells, 0)) return undefined
    for (const [key, text] of cells) {
      columns.add(key)
      length += text.length
    }
    filled += cells.size
    records.push(cells)
    if (columns.size > mostColumns) return undefined
  }
  if (columns.size < 2 || filled < columns.size * records.length * 0.4 || length > records.length * longestRow) {
    return undefined
  }
  const header = [...columns]
  return { rows: [header, ...records.map((cells) => header.map((key) => cells.get(key) ?? ''))], headerRows: 1 }
}

/** Values by their path ('address.city'); false where one does not fit in a cell. */
function flatten(record: DataRecord, path: string, cells: Map<string, string>, depth: number): boolean {
  for (const [key, value] of Object.entries(record)) {
    if (isBlank(value)) continue
    const place = path + collapse(key)
    if (isRecord(value)) {
      if (depth >= 3 || !flatten(value, `${place}.`, cells, depth + 1)) return false
      continue
    }
    if (Array.isArray(value) && !isFlatList(value)) return false
    const text = Array.isArray(value) ? value.map(scalarText).join(', ') : scalarText(value)
    if (text.length > longestCell || /\n.*\n/.test(text.trim()) || cells.size > mostColumns) return false
    cells.set(place, text)
  }
  return true
}

function matrixOf(list: readonly Data[][]): Table | undefined {
  const width = list[0]?.length ?? 0
  if (width < 2 || width > mostColumns) return undefined
  if (!list.every((row) => row.length === width && isFlatList(row))) return undefined
  const rows = list.map((row) => row.map(scalarText))
  const [first = [], ...rest] = list
  const named =
    first.every((cell) => typeof cell === 'string') && rest.some((row) => row.some((cell) => typeof cell === 'number'))
  return { rows, headerRows: named ? 1 : 0 }
}

function isFlatList(list: readonly Data[]): boolean {
  return list.every((item) => item === null || typeof item !== 'object')
}

function isBlank(value: Data | undefined): boolean {
  if (value === null || value === undefined) return true
  if (typeof value === 'string') return value.trim() === ''
  if (typeof value !== 'object') return false
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0
}

function isLong(text: string): boolean {
  return text.length > longestInline || text.trim().includes('\n')
}

function scalarText(value: Data): string {
  if (value === null) return ''
  return typeof value === 'object' ? compact(value) : String(value).trim()
}

/** Data on one line: what nests too deep to be laid out. */
function compact(value: Data, depth = 0): string {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : String(value)
  if (depth > deepest) return '…'
  if (Array.isArray(value)) return `[${value.map((item) => compact(item, depth + 1)).join(', ')}]`
  const parts = Object.entries(value).map(([key, inner]) => `${key}: ${compact(inner, depth + 1)}`)
  return `{${parts.join(', ')}}`
}
