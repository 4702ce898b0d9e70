import Papa from 'papaparse'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { createDocumentBuilder } from './parts/document-builder.ts'
import type { ParseOptions, ParserDefinition } from './parser.ts'
import { readText } from './text.ts'

const options = z.object({
  header: z
    .enum(['detect', 'first-row', 'none'])
    .default('detect')
    .describe('Whether the first row names the columns; it then travels with each chunk.'),
})

/**
 * Comma, tab, semicolon or pipe separated values (RFC 4180 and its relatives) as one table, one line a row, cells
 * joined with ' | '. The delimiter is found from the content. Line breaks inside quoted cells become spaces.
 * Errors: file-empty, file-corrupt.
 */
export const csvParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'csv',
  label: 'CSV and TSV',
  summary: 'Reads delimited tables; the header row travels with each chunk.',
  version: 3,
  types: ['csv', 'tsv'],
  capabilities: { pages: false, boxes: false, tables: true, headings: false },
  options,
  create: ({ header }) => ({
    async parse(input, parseOptions = {}) {
      const { signal } = parseOptions
      throwIfAborted(signal)
      const { text, warnings } = readText(input.bytes)
      const { rows, delimiter } = await readRows(text, input.name, parseOptions)
      throwIfAborted(signal)
      const headerRows = header === 'none' ? 0 : header === 'first-row' || looksLikeHeader(rows) ? 1 : 0
      const builder = createDocumentBuilder()
      builder.addTable(rows, headerRows)
      const document = builder.finish(undefined, warnings)
      if (document.text === '') throw new AppError('file-empty', 'This table has no cells with text in it.')
      const uneven = countUnevenRows(rows)
      if (uneven > 0 && delimiter !== '') {
        document.warnings.push(`${uneven} of ${rows.length} rows have another number of cells than the first row.`)
      }
      return document
    },
  }),
}

const delimiters = [',', '\t', ';', '|']

async function readRows(
  text: string,
  name: string,
  { signal, onProgress }: ParseOptions,
): Promise<{ rows: string[][]; delimiter: string }> {
  const preferred = name.toLowerCase().endsWith('.tsv') || name.toLowerCase().endsWith('.tab') ? '\t' : ','
  const delimiter = guessDelimiter(text, preferred)
  const rows: string[][] = []
  await new Promise<void>((resolve, reject) => {
    // In pieces, between which a cancel can arrive and a large file can say that it moves on.
    parseInPieces(text, {
      delimiter: delimiter === '' ? preferred : delimiter,
      skipEmptyLines: 'greedy',
      newline: '\n',
      chunkSize: charactersAtOnce,
      chunk: ({ data, meta }, reader) => {
        for (const row of data) rows.push(row)
        onProgress?.({
          done: Math.min(meta.cursor, text.length),
          total: text.length,
          unit: 'characters',
          label: 'Reading',
        })
        reader.pause()
        setImmediate(() => {
          if (signal?.aborted) reader.abort()
          else reader.resume()
        })
      },
      complete: () => {
        resolve()
      },
      error: reject,
    })
  })
  throwIfAborted(signal)
  return { rows, delimiter }
}

const charactersAtOnce = 2_000_000

/** The library reads texts piece by piece as it reads files; its types only say so of files. */
const parseInPieces = Papa.parse as unknown as (text: string, config: Papa.ParseLocalConfig<string[], string>) => void

/** The delimiter under which the first rows have the most cells with the least difference; '' for a single column. */
function guessDelimiter(text: string, preferred: string): string {
  let best = ''
  let bestScore = 0
  for (const delimiter of [preferred, ...delimiters.filter((other) => other !== preferred)]) {
    if (!text.includes(delimiter)) continue
    const { data } = Papa.parse<string[]>(text, { delimiter, preview: 50, skipEmptyLines: 'greedy', newline: '\n' })
    const widths = data.map((row) => row.length)
    if (widths.length === 0) continue
    const common = mode(widths)
    const agreeing = widths.filter((width) => width === common).length / widths.length
    const score = common > 1 ? agreeing * agreeing * (1 + Math.log2(Math.min(common, 64))) : 0.1
    if (score > bestScore * 1.05) {
      best = delimiter
      bestScore = score
    }
  }
  return best
}

function mode(values: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0]?.[0] ?? 0
}

/** Names, not data: the first row is filled, has no numbers or dates, and no cell twice. */
function looksLikeHeader(rows: readonly (readonly string[])[]): boolean {
  const first = rows[0]?.map((cell) => cell.trim())
  if (!first || rows.length < 2) return false
  if (first.some((cell) => /^[-+]?[\d.,:/%$€£\s-]+$/.test(cell) && !/^(19|20)\d\d$/.test(cell))) return false
  if (first.some((cell) => cell.length > 120)) return false
  const filled = first.filter((cell) => cell !== '')
  return filled.length >= first.length / 2 && new Set(filled).size === filled.length
}

function countUnevenRows(rows: readonly (readonly string[])[]): number {
  const width = rows[0]?.length ?? 0
  return rows.filter((row) => row.length !== width).length
}
