import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { cellSpans, type Element, type ParsedDocument } from '../core/contract/parsed-document.ts'
import { chooseParser } from '../core/parsers/choose-parser.ts'
import { parserDefinitions } from '../core/parsers/list.ts'
import { headingWords } from '../core/parsers/markdown.ts'
import type { Parser } from '../core/parsers/parser.ts'
import { silentLog } from '../core/shared/log.ts'
import { type Content, readMarkdown } from './parsing/markdown-content.ts'
import { plainText } from './parsing/plain-text.ts'
import { f1, normalized, type Overlap, overlap, readingOrder, sum, wordsOf } from './parsing/scores.ts'

/**
 * What the parsers get out of documents, against the Markdown that the docling project keeps as the truth of its test
 * files (`shared/data/documents/docling`), beside what a plain text extraction of the same file gives.
 *
 *   npm run bench -- parsing [--type docx] [--files]
 *
 * Every file goes through the parser that the product chooses for it, with its default options, in this process and
 * without reading text from pictures. For each type, as the mean over its files and pooled (all words together):
 * - words: F1 of the multisets of words (`wordsOf` says what a word is; case, punctuation and symbols do not count);
 * - order: the longest common subsequence of the words as a part of the words that both have;
 * - headings: F1 of the multisets of headings' words, levels aside, over files whose truth has headings;
 * - cells: F1 of the multisets of cells that are not empty, places aside, over files whose truth has tables.
 *
 * The truth leaves headers and footers of pages out, as chunks do, so they are left out of ours; `wordsWithFurniture`
 * is word F1 with them, as the document's text has them. Text of Markdown documents is their source: ours, the truth
 * and the plain bytes are all read the same way (`readMarkdown`) before their words are counted. Of our tables the
 * cells are those the parser noted. A file that the parser fails on counts as one without words; a file of a type that
 * nothing reads is named and does not count.
 */
export async function run(args: string[]): Promise<void> {
  if (!existsSync(folder)) {
    console.log(`parsing: skipped, there is no ${folder}`)
    return
  }
  const only = args.includes('--type') ? args[args.indexOf('--type') + 1] : undefined
  const chosen = only === undefined ? types : types.filter((type) => type === only)
  if (chosen.length === 0) throw new Error(`There are no files of type "${only}". Known: ${types.join(', ')}.`)
  const rows: TypeRow[] = []
  for (const type of chosen) {
    const files = pairsOf(type)
    const scores: FileScores[] = []
    const unsupported: string[] = []
    for (const file of files) {
      const score = await scoreFile(type, file)
      if (score) scores.push(score)
      else unsupported.push(file.name)
    }
    rows.push(summarize(type, scores, unsupported))
    if (args.includes('--files')) showFiles(type, scores)
  }
  show(rows)
  const pdfSpeed = chosen.includes('pdf') ? await measurePdfSpeed() : undefined
  if (only !== undefined) return
  const result = {
    command: 'npm run bench -- parsing',
    machine: `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, load average ${round(loadavg()[0] ?? 0)}`,
    node: process.version,
    types: rows,
    pdfSpeed: pdfSpeed ?? null,
  }
  const results = join(import.meta.dirname, 'results')
  mkdirSync(results, { recursive: true })
  writeFileSync(join(results, 'parsing.json'), `${JSON.stringify(result, null, 2)}\n`)
}

const folder = join(import.meta.dirname, '../../shared/data/documents/docling')
const types = ['pdf', 'docx', 'html', 'pptx', 'xlsx', 'csv', 'md', 'epub']

interface Pair {
  name: string
  path: string
  truth: string
}

/** Sources with their truth, which is named like the source with '.md' after it or, for PDF, in place of '.pdf'. */
function pairsOf(type: string): Pair[] {
  const truths = join(folder, type, 'groundtruth')
  return readdirSync(join(folder, type, 'sources'))
    .sort()
    .flatMap((name) => {
      const truth = [`${name}.md`, name.replace(/\.\w+$/, '.md')].find((candidate) =>
        existsSync(join(truths, candidate)),
      )
      if (truth === undefined) return []
      return [{ name, path: join(folder, type, 'sources', name), truth: readFileSync(join(truths, truth), 'utf8') }]
    })
}

interface FileScores {
  name: string
  words: Overlap
  order: number
  wordsWithFurniture: Overlap
  /** Undefined where the truth has none. */
  headings: Overlap | undefined
  cells: Overlap | undefined
  /** Undefined where there is no tool for it. */
  plain: { words: Overlap; order: number } | undefined
  failure?: string
}

async function scoreFile(type: string, file: Pair): Promise<FileScores | undefined> {
  const bytes = new Uint8Array(readFileSync(file.path))
  const parser = parserFor(file.name, bytes)
  if (!parser) return undefined
  let document: ParsedDocument = { text: '', elements: [], pages: [], warnings: [] }
  let failure: string | undefined
  try {
    document = await parser.parse({ name: file.name, bytes })
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error)
  }
  const isMarkdown = type === 'md'
  const truth = readMarkdown(file.truth)
  const truthWords = wordsOf(truth.text)
  const all = contentOf(document.text, document.elements, isMarkdown)
  const body = contentOf(document.text, document.elements.filter(isBody), isMarkdown)
  const bodyWords = wordsOf(body.text)
  const plain = plainText(type, file.path, bytes)
  const plainWords = plain === undefined ? undefined : wordsOf(isMarkdown ? readMarkdown(plain).text : plain)
  return {
    name: file.name,
    words: overlap(bodyWords, truthWords),
    order: readingOrder(bodyWords, truthWords),
    wordsWithFurniture: overlap(wordsOf(all.text), truthWords),
    headings: truth.headings.length > 0 ? compare(body.headings, truth.headings) : undefined,
    cells: truth.tables > 0 ? compare(body.cells, truth.cells) : undefined,
    plain: plainWords && { words: overlap(plainWords, truthWords), order: readingOrder(plainWords, truthWords) },
    ...(failure === undefined ? {} : { failure }),
  }
}

function parserFor(name: string, bytes: Uint8Array): Parser | undefined {
  const { parserId } = chooseParser(name, bytes, bytes.length)
  const definition = parserDefinitions.find(({ id }) => id === parserId)
  return definition?.create(definition.options.parse({}), { log: silentLog })
}

function isBody({ kind }: Element): boolean {
  return kind !== 'page-header' && kind !== 'page-footer'
}

function contentOf(text: string, elements: readonly Element[], isMarkdown: boolean): Content {
  const content: Content = { text: '', headings: [], cells: [], tables: 0 }
  for (const element of elements) {
    const own = text.slice(element.start, element.end)
    const read = isMarkdown ? readMarkdown(own) : undefined
    content.text += `${read?.text ?? own}\n`
    if (element.kind === 'heading') content.headings.push(isMarkdown ? headingWords(own) : own)
    if (element.kind !== 'table') continue
    content.tables++
    if (read) content.cells.push(...read.cells)
    else
      for (const row of element.rows ?? [])
        for (const { start, end } of cellSpans(row)) content.cells.push(text.slice(start, end))
  }
  return content
}

function compare(found: readonly string[], truth: readonly string[]): Overlap {
  const filled = (items: readonly string[]): string[] => items.map(normalized).filter((item) => item !== '')
  return overlap(filled(found), filled(truth))
}

interface Figures {
  words: number | null
  order: number | null
  wordsWithFurniture: number | null
  headings: number | null
  cells: number | null
  plainWords: number | null
  plainOrder: number | null
}

interface TypeRow {
  type: string
  files: number
  mean: Figures
  /** All files as one; order has no such figure. */
  pooled: Omit<Figures, 'order' | 'plainOrder'>
  unsupported: string[]
  failed: string[]
}

function summarize(type: string, scores: readonly FileScores[], unsupported: string[]): TypeRow {
  const plain = scores.map((score) => score.plain).filter((entry) => entry !== undefined)
  const overlaps = {
    words: scores.map((score) => score.words),
    wordsWithFurniture: scores.map((score) => score.wordsWithFurniture),
    headings: scores.map((score) => score.headings).filter((entry) => entry !== undefined),
    cells: scores.map((score) => score.cells).filter((entry) => entry !== undefined),
    plainWords: plain.map((entry) => entry.words),
  }
  const of = (figure: (key: keyof typeof overlaps) => number | null): TypeRow['pooled'] => ({
    words: figure('words'),
    wordsWithFurniture: figure('wordsWithFurniture'),
    headings: figure('headings'),
    cells: figure('cells'),
    plainWords: figure('plainWords'),
  })
  return {
    type,
    files: scores.length,
    mean: {
      ...of((key) => mean(overlaps[key].map(f1))),
      order: mean(scores.map((score) => score.order)),
      plainOrder: mean(plain.map((entry) => entry.order)),
    },
    pooled: of((key) => (overlaps[key].length === 0 ? null : round(f1(sum(overlaps[key]))))),
    unsupported,
    failed: scores.flatMap(({ name, failure }) => (failure === undefined ? [] : [`${name}: ${failure}`])),
  }
}

function show(rows: readonly TypeRow[]): void {
  console.table(
    rows.map(({ type, files, mean: means, pooled }) => ({
      type,
      files,
      words: means.words,
      order: means.order,
      headings: means.headings,
      cells: means.cells,
      plainWords: means.plainWords,
      plainOrder: means.plainOrder,
      'pooled words': pooled.words,
      'with furniture': pooled.wordsWithFurniture,
      'pooled headings': pooled.headings,
      'pooled cells': pooled.cells,
      'pooled plainWords': pooled.plainWords,
    })),
  )
  for (const { type, unsupported, failed } of rows) {
    if (unsupported.length > 0) console.log(`${type}: nothing reads ${unsupported.join(', ')}`)
    for (const failure of failed) console.log(`${type}: failed, ${failure}`)
  }
}

function showFiles(type: string, scores: readonly FileScores[]): void {
  console.log(`${type}, worst first`)
  const worst = ({ words, headings, cells }: FileScores): number =>
    f1(words) * 3 + (headings ? f1(headings) : 1) + (cells ? f1(cells) : 1)
  console.table(
    scores
      .toSorted((a, b) => worst(a) - worst(b))
      .map((score) => ({
        name: score.name.slice(0, 40),
        words: round(f1(score.words)),
        order: round(score.order),
        headings: score.headings ? round(f1(score.headings)) : '',
        cells: score.cells ? round(f1(score.cells)) : '',
        plain: score.plain ? round(f1(score.plain.words)) : '',
        'true words': score.words.true,
        'found words': score.words.found,
        'with furniture': round(f1(score.wordsWithFurniture)),
      })),
  )
}

interface PdfSpeed {
  files: number
  pages: number
  pagesPerSecond: number
  pdftotextPagesPerSecond: number | null
  /** Ours as a part of pdftotext's. */
  ratio: number | null
}

/**
 * Pages of all PDF sources a second, median of three rounds in which both take turns: our parser in this process, warm,
 * against `pdftotext -bbox-layout`, one process a file.
 */
async function measurePdfSpeed(): Promise<PdfSpeed> {
  const sources = join(folder, 'pdf/sources')
  const names = readdirSync(sources).filter((name) => name.endsWith('.pdf'))
  const files = names.map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(sources, name))) }))
  const own: number[] = []
  const other: number[] = []
  let pages = 0
  for (let roundNumber = 0; roundNumber < 3; roundNumber++) {
    pages = 0
    const start = performance.now()
    for (const file of files) {
      const document = await parserFor(file.name, file.bytes)
        ?.parse(file)
        .catch(() => undefined)
      pages += document?.pages.length ?? 0
    }
    own.push(performance.now() - start)
    const otherStart = performance.now()
    const done = names.every(
      (name) => spawnSync('pdftotext', ['-bbox-layout', join(sources, name), '-'], { maxBuffer: 1e9 }).status === 0,
    )
    if (done) other.push(performance.now() - otherStart)
  }
  const perSecond = (times: readonly number[]): number =>
    (pages / times.toSorted((a, b) => a - b)[times.length >> 1]!) * 1000
  const result: PdfSpeed = {
    files: files.length,
    pages,
    pagesPerSecond: round(perSecond(own)),
    pdftotextPagesPerSecond: other.length > 0 ? round(perSecond(other)) : null,
    ratio: other.length > 0 ? round(perSecond(own) / perSecond(other)) : null,
  }
  console.log(
    other.length > 0
      ? `pdf: ${result.pagesPerSecond} pages/s, pdftotext -bbox-layout ${result.pdftotextPagesPerSecond} pages/s (${pages} pages in ${files.length} files): ${result.ratio} times its speed`
      : `pdf: ${result.pagesPerSecond} pages/s; pdftotext (poppler-utils) is not installed, so nothing to compare with`,
  )
  return result
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : round(values.reduce((total, value) => total + value, 0) / values.length)
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
