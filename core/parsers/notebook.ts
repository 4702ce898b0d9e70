import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import type { Metadata } from '../contract/parsed-document.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { parseJson } from './json.ts'
import { headingWords, markdownParser } from './markdown.ts'
import { appendDocument } from './parts/append-document.ts'
import { type Data, type DataRecord, isRecord } from './parts/data-text.ts'
import { createDocumentBuilder, type DocumentBuilder } from './parts/document-builder.ts'
import { readPage } from './parts/html-page.ts'
import type { Parser, ParserDefinition } from './parser.ts'
import { readText } from './text.ts'

const options = z.object({
  mostOutputCharacters: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(2000)
    .describe('How much of each output is read. Outputs repeat, and logs are long; 0 leaves all of them out.'),
})

/**
 * Jupyter notebooks (nbformat 3 and 4): Markdown cells as Markdown is read, code cells as code in the kernel's
 * language, text outputs after their code up to a limit, tables of outputs as tables, errors by their name. Pictures
 * and execution counts are left out. Errors: file-empty, file-corrupt.
 */
export const notebookParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'notebook',
  label: 'Jupyter notebook',
  summary: 'Reads notebooks: their text with its headings, their code, and the beginning of each output.',
  version: 1,
  types: ['notebook'],
  capabilities: { pages: false, boxes: false, tables: true, headings: true },
  options,
  create: ({ mostOutputCharacters }, { log }) => ({
    async parse(input, { signal, onProgress } = {}) {
      throwIfAborted(signal)
      const { text, warnings: textWarnings } = readText(input.bytes)
      const { value: notebook, warnings: jsonWarnings } = parseJson(text, (value) => (cellsOf(value)?.length ?? 0) > 0)
      const warnings = [...textWarnings, ...jsonWarnings]
      const cells = cellsOf(notebook)
      if (!isRecord(notebook) || !cells) {
        const message = 'This file has no cells of a notebook in it. Open it in Jupyter and save it again.'
        throw new AppError('file-corrupt', message)
      }
      const about = recordAt(notebook, 'metadata')
      const language = languageOf(notebook, about)
      const writer: Writer = {
        builder: createDocumentBuilder(),
        markdown: markdownParser.create({}, { log }),
        language,
        mostOutputCharacters,
        shortened: 0,
      }
      for (const [index, cell] of cells.entries()) {
        throwIfAborted(signal)
        if (isRecord(cell)) await writeCell(writer, cell)
        onProgress?.({ done: index + 1, total: cells.length, unit: 'cells', label: 'Reading cells' })
      }
      const metadata = metadataOf(about, language)
      const stated = typeof metadata['title'] === 'string' ? metadata['title'] : undefined
      const document = writer.builder.finish(stated, warnings, Object.keys(metadata).length > 0 ? { metadata } : {})
      if (document.text === '') throw new AppError('file-empty', 'This notebook has no cells with text in them.')
      const first = document.elements.find((element) => element.kind === 'heading')
      if (document.title === undefined && first)
        document.title = document.text.slice(first.start, first.end).slice(0, 300)
      if (writer.shortened > 0) {
        const count = writer.shortened === 1 ? 'One output was' : `${writer.shortened} outputs were`
        document.warnings.push(`${count} cut off after ${mostOutputCharacters} characters.`)
      }
      return document
    },
  }),
}

interface Writer {
  builder: DocumentBuilder
  markdown: Parser
  language: string | undefined
  mostOutputCharacters: number
  /** How many outputs did not fit. */
  shortened: number
}

/** Version 4 has cells, version 3 has them in worksheets. */
function cellsOf(notebook: Data): readonly Data[] | undefined {
  if (!isRecord(notebook)) return undefined
  const cells = notebook['cells']
  if (Array.isArray(cells)) return cells
  const sheets = notebook['worksheets']
  if (!Array.isArray(sheets)) return undefined
  return sheets.flatMap((sheet) => {
    const own = isRecord(sheet) ? sheet['cells'] : undefined
    return Array.isArray(own) ? own : []
  })
}

async function writeCell(writer: Writer, cell: DataRecord): Promise<void> {
  const { builder } = writer
  const source = linesOf(cell['source'] ?? cell['input'])
  switch (cell['cell_type']) {
    case 'code': {
      const language = magicLanguage(source) ?? languageName(cell['language']) ?? writer.language
      builder.add('code', source, language === undefined ? {} : { language })
      const outputs = cell['outputs']
      for (const output of Array.isArray(outputs) ? outputs : []) {
        if (isRecord(output) && writer.mostOutputCharacters > 0) await writeOutput(writer, output)
      }
      return
    }
    case 'heading': {
      const level = Number(cell['level'])
      builder.add('heading', headingWords(source), { level: level >= 1 && level <= 6 ? Math.floor(level) : 1 })
      return
    }
    case 'raw':
      builder.add('code', source)
      return
    default:
      await writeMarkdown(writer, source)
  }
}

async function writeMarkdown({ builder, markdown }: Writer, given: string): Promise<void> {
  // Pictures can stand in the text as megabytes of letters.
  const source = given.replaceAll(/data:[\w./+-]+;base64,[\w+/=\s]{100,}/g, 'data:')
  if (source.trim() === '') return
  const { text, elements } = await markdown.parse({ name: 'cell.md', bytes: new TextEncoder().encode(source) })
  for (const { kind, start, end, level, language, rows } of elements) {
    const own = text.slice(start, end)
    if (kind === 'heading') builder.add('heading', headingWords(own), { level: level ?? 1 })
    else if (kind === 'table' && rows) {
      const [header, , ...body] = rows.map((row) => cellsOfRow(text.slice(row.start, row.end)))
      builder.addTable(header ? [header, ...body] : body, 1)
    } else builder.add(kind, own, language === undefined ? {} : { language })
  }
}

/** The cells of a row of a Markdown table; '\|' is a sign, not a border. */
function cellsOfRow(row: string): string[] {
  const inside = row
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '')
  return inside.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'))
}

async function writeOutput(writer: Writer, output: DataRecord): Promise<void> {
  switch (output['output_type']) {
    case 'stream':
      writeText(writer, linesOf(output['text']))
      return
    case 'error':
    case 'pyerr':
      writeText(writer, `${linesOf(output['ename'])}: ${linesOf(output['evalue'])}`)
      return
    default:
      await writeResult(writer, output)
  }
}

/** A result comes in several shapes at once; the one that reads best is taken. */
async function writeResult(writer: Writer, output: DataRecord): Promise<void> {
  const data = isRecord(output['data']) ? output['data'] : output
  const html = linesOf(data['text/html'] ?? data['html'])
  if (/<table[\s>]/i.test(html) && html.length <= longestHtml && (await writeTables(writer, html))) return
  const markdown = linesOf(data['text/markdown'])
  if (markdown !== '' && markdown.length <= writer.mostOutputCharacters) {
    await writeMarkdown(writer, markdown)
    return
  }
  // Beside a picture the text is only its name in the program.
  const hasPicture = Object.keys(data).some((key) => /^(?:image\/|png$|jpeg$|svg$)/.test(key))
  if (!hasPicture) writeText(writer, linesOf(data['text/plain'] ?? data['text']))
}

const longestHtml = 200_000

/** The tables of an output that is HTML; false where it has none to read. */
async function writeTables(writer: Writer, html: string): Promise<boolean> {
  try {
    const page = await readPage(html, 'all')
    if (!page.elements.some(({ kind }) => kind === 'table') || page.text.length > longestTable) return false
    appendDocument(writer.builder, { ...page, elements: page.elements.filter(({ kind }) => kind === 'table') })
    return true
  } catch {
    return false
  }
}

const longestTable = 20_000

function writeText(writer: Writer, text: string): void {
  const clean = withoutTerminalCodes(text)
  const most = writer.mostOutputCharacters
  if (clean.length > most) writer.shortened++
  writer.builder.add('code', clean.length > most ? `${clean.slice(0, most).trimEnd()} …` : clean)
}

/** Without colours, and with what a progress bar overwrites left out. */
function withoutTerminalCodes(text: string): string {
  return text
    .replaceAll(/\u001B\[[0-9;?]*[A-Za-z]/g, '')
    .split('\n')
    .map((line) => line.slice(line.trimEnd().lastIndexOf('\r') + 1))
    .join('\n')
}

/** Texts are written whole or as a list of lines. */
function linesOf(value: Data | undefined): string {
  if (Array.isArray(value)) return value.map((line) => (typeof line === 'string' ? line : '')).join('')
  return typeof value === 'string' ? value : ''
}

function recordAt(record: DataRecord, key: string): DataRecord {
  const value = record[key]
  return isRecord(value) ? value : {}
}

function languageName(value: Data | undefined): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim().toLowerCase().slice(0, 40) : undefined
}

function languageOf(notebook: DataRecord, about: DataRecord): string | undefined {
  return (
    languageName(recordAt(about, 'language_info')['name']) ??
    languageName(recordAt(about, 'kernelspec')['language']) ??
    (notebook['nbformat'] === 3 ? 'python' : undefined)
  )
}

/** A cell of a Python notebook can be in another language: its first line says so. */
function magicLanguage(source: string): string | undefined {
  const magic = /^\s*%%(\w+)/.exec(source)?.[1]?.toLowerCase()
  return magic === undefined ? undefined : magicLanguages[magic]
}

const magicLanguages: Record<string, string> = {
  bash: 'bash',
  sh: 'bash',
  script: 'bash',
  sql: 'sql',
  bigquery: 'sql',
  html: 'html',
  javascript: 'javascript',
  js: 'javascript',
  latex: 'latex',
  markdown: 'markdown',
  r: 'r',
  ruby: 'ruby',
  perl: 'perl',
  cython: 'python',
}

function metadataOf(about: DataRecord, language: string | undefined): Metadata {
  const metadata: Metadata = {}
  const set = (key: string, value: Data | undefined): void => {
    if (typeof value === 'string' && value.trim() !== '') metadata[key] = value.trim().slice(0, 1000)
  }
  set('title', about['title'])
  const authors = Array.isArray(about['authors']) ? about['authors'] : []
  const names = authors.map((author) => (isRecord(author) ? linesOf(author['name']) : linesOf(author)))
  set('author', names.filter(Boolean).join(', '))
  set('date', about['date'])
  set('kernel', recordAt(about, 'kernelspec')['display_name'])
  set('programming-language', language)
  return metadata
}
