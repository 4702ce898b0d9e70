import type { Passage } from '../generator.ts'
import { plainText } from './plain-text.ts'
import { contextHeader, isDelimiterRow, splitRow, tableAt, type Line } from './tables.ts'
import { isUnspaced } from './words.ts'

export type UnitKind = 'sentence' | 'list-item' | 'table-row' | 'heading' | 'code'

/** The smallest piece of a passage that an answer can consist of. */
export interface Unit {
  kind: UnitKind
  /** Index of the passage in the request's list order. */
  passage: number
  /** UTF-16 code units into the passage's text. */
  start: number
  end: number
  /** What is shown: without marks; a table row as "column: value" pairs. */
  text: string
  /** Units of one paragraph, list or table share it; blocks are numbered along the passage. */
  block: number
  /** Position in the passage. */
  order: number
  /** The nearest heading inside the passage, or ''. */
  heading: string
  /** Table rows: the header's cells that `text` repeats. */
  header?: string[]
  cells?: string[]
}

/** Longer sentences are cut at a clause or a space; a passage with one sentence of a megabyte is still readable. */
const maxUnitLength = 600
const maxUnspacedUnitLength = 240
/** A passage is read up to here. */
const maxPassageLength = 200_000

/** Cuts a passage into units, in order, not overlapping, each a trimmed span of the passage's text. */
export function unitsOf(passage: Passage, position: number): Unit[] {
  const text = passage.text.slice(0, maxPassageLength)
  const lines = linesOf(text)
  const knownHeadings = new Set([...passage.headings, passage.documentTitle].map(plainText))
  const units: Unit[] = []
  let block = 0
  let heading = ''
  const push = (
    kind: UnitKind,
    start: number,
    end: number,
    shown?: string,
    table?: { header: string[]; cells: string[] },
  ): void => {
    const span = trimSpan(text, start, end)
    const plain = shown ?? plainText(text.slice(span.start, span.end))
    if (!/[\p{L}\p{N}]/u.test(plain)) return
    units.push({ kind, passage: position, ...span, text: plain, block, order: units.length, heading, ...table })
  }
  const pushSentences = (start: number, end: number, kind: UnitKind = 'sentence'): void => {
    for (const span of sentenceSpans(text, start, end)) push(kind, span.start, span.end)
  }

  for (let at = 0; at < lines.length;) {
    const line = lines[at] as Line
    const trimmed = line.text.trim()
    if (trimmed === '' || isRule(trimmed)) {
      at += 1
      continue
    }
    block += 1

    const fence = /^(`{3,}|~{3,})/u.exec(trimmed)?.[1]
    if (fence !== undefined) {
      let last = at + 1
      while (last < lines.length && !(lines[last] as Line).text.trim().startsWith(fence)) last += 1
      for (let inner = at + 1; inner < last; inner += 1) {
        const { start, end } = lines[inner] as Line
        for (const span of cutLong(text, start, end)) push('code', span.start, span.end)
      }
      at = last + 1
      continue
    }

    const marks = /^#{1,6}\s+/u.exec(trimmed)
    const underlined = /^(=+|-{3,})$/u.test((lines[at + 1]?.text ?? '').trim()) && trimmed.length < 200
    const told = trimmed.length < 300 && knownHeadings.has(plainText(trimmed.slice(marks?.[0].length ?? 0)))
    if (marks || underlined || told || standsAlone(lines, at)) {
      heading = plainText(trimmed.slice(marks?.[0].length ?? 0, maxUnitLength).replace(/\s#+$/u, ''))
      push('heading', line.start, line.end, heading)
      at += underlined && !marks ? 2 : 1
      continue
    }

    const table = tableAt(lines, at, passage.context)
    if (table) {
      const rows = lines.slice(at, at + table.length)
      const named = rows.findIndex((row) => isDelimiterRow(row.text))
      const columns = splitRow(rows.find((row) => !isDelimiterRow(row.text))?.text ?? '', table.delimiter).length
      const given = contextHeader(passage.context)
      let header: string[] = []
      let firstRow = named === -1 ? 0 : named + 1
      if (named > 0) header = splitRow((rows[named - 1] as Line).text, table.delimiter)
      else if (given && given.cells.length === columns) header = given.cells
      else if (named === -1 && looksLikeHeader(rows.map((row) => splitRow(row.text, table.delimiter)))) {
        header = splitRow((rows[0] as Line).text, table.delimiter)
        firstRow = 1
      }
      header = header.map(plainText)
      for (const row of rows.slice(firstRow)) {
        const cells = splitRow(row.text, table.delimiter).map(plainText)
        // A chunk that begins with the header and carries it as context too.
        if (header.length > 0 && cells.join('\t') === header.join('\t')) continue
        push('table-row', row.start, row.end, rowText(header, cells), { header, cells })
      }
      at += table.length
      continue
    }

    if (listMark.test(line.text)) {
      let next = at
      while (next < lines.length && listMark.test((lines[next] as Line).text)) {
        const item = lines[next] as Line
        let last = next + 1
        while (last < lines.length && isContinuation(lines[last] as Line)) last += 1
        const begin = item.start + (listMark.exec(item.text)?.[0].length ?? 0)
        const end = (lines[last - 1] as Line).end
        if (end - begin <= maxUnitLength) push('list-item', begin, end)
        else pushSentences(begin, end, 'list-item')
        next = last
        // A blank line between items does not end the list.
        if (next + 1 < lines.length && blank(lines[next]) && listMark.test((lines[next + 1] as Line).text)) next += 1
      }
      at = next
      continue
    }

    let last = at + 1
    const record = recordMark.test(line.text)
    while (last < lines.length && !startsBlock(lines, last, record, passage.context)) last += 1
    pushSentences(line.start, (lines[last - 1] as Line).end)
    at = last
  }
  return units
}

const listMark = /^[\s>]*(?:[-*+•‣▪–]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s+(?=\S)/u
/** A time, or a short name and a colon, as logs, letters and forms have them. */
const recordMark =
  /^(?:\[?\d{1,2}:\d{2}(?::\d{2})?\]?\s|\d{4}-\d{2}-\d{2}[\sT]|[*_]{0,2}\p{Lu}[\p{L}\p{N} /()-]{0,40}:[*_]{0,2}\s+\S)/u

function blank(line: Line | undefined): boolean {
  return line === undefined || line.text.trim() === ''
}

function isRule(trimmed: string): boolean {
  return trimmed.length >= 3 && trimmed.length < 200 && /^([-*_=~#])(?:\s*\1)*$/u.test(trimmed)
}

function isContinuation(line: Line): boolean {
  const trimmed = line.text.trim()
  return trimmed !== '' && !listMark.test(line.text) && !/^(?:#{1,6}\s|`{3}|~{3}|\|)/u.test(trimmed) && !isRule(trimmed)
}

function startsBlock(lines: readonly Line[], at: number, inRecord: boolean, context: string): boolean {
  const line = lines[at] as Line
  if (!isContinuation(line)) return true
  if (recordMark.test(line.text)) return inRecord || blank(lines[at - 1])
  return line.text.includes('|') && tableAt(lines, at, context) !== undefined
}

/** A short line between blank lines without a full stop, and something below it: a heading of plain text or PDF. */
function standsAlone(lines: readonly Line[], at: number): boolean {
  const trimmed = (lines[at] as Line).text.trim()
  if (trimmed.length > 80 || !blank(lines[at + 1]) || (at > 0 && !blank(lines[at - 1]))) return false
  if (/[.!?。！？:：;；,，、…|\t]["'”’)*_]*$/u.test(trimmed) || /[|\t]/u.test(trimmed)) return false
  if (listMark.test(trimmed) && !/^\d/u.test(trimmed)) return false
  return lines.slice(at + 1).some((line) => !blank(line)) && !recordMark.test(trimmed)
}

function looksLikeHeader(rows: readonly string[][]): boolean {
  const [first, ...others] = rows
  if (!first || others.length === 0) return false
  const hasDigits = (cells: readonly string[]): boolean => cells.some((cell) => /\d/u.test(cell))
  return !hasDigits(first) && first.every((cell) => cell.length < 60) && others.some(hasDigits)
}

/**
 * "Subject — column: value; column: value", without the empty cells. The first cell is the subject where it is more than
 * a number or a date; a row without a known header is its values.
 */
function rowText(header: readonly string[], cells: readonly string[]): string {
  const first = cells[0] ?? ''
  if (header.length === 0 && cells.length === 2) return first === '' ? (cells[1] ?? '') : `${first}: ${cells[1] ?? ''}`
  const hasSubject = header.length > 0 && /\p{L}{2}/u.test(first)
  const pairs: string[] = []
  for (const [column, cell] of cells.entries()) {
    if (cell === '' || (column === 0 && hasSubject)) continue
    const name = header[column] ?? ''
    pairs.push(name === '' ? cell : `${readableName(name)}: ${cell}`)
  }
  // A cell that ends with a colon is the name of the next one.
  const told = pairs.reduce(
    (text, pair) => (text === '' ? pair : `${text}${text.endsWith(':') ? ' ' : '; '}${pair}`),
    '',
  )
  return (hasSubject ? `${first} — ` : '') + told
}

/** "last_calibrated" is a name for programs. */
function readableName(name: string): string {
  return /^[\p{L}\p{N}]+(?:_[\p{L}\p{N}]+)+$/u.test(name) ? name.replaceAll('_', ' ') : name
}

function linesOf(text: string): Line[] {
  const lines: Line[] = []
  let start = 0
  while (start <= text.length) {
    const found = text.indexOf('\n', start)
    let end = found === -1 ? text.length : found
    if (text[end - 1] === '\r' && end > start) end -= 1
    lines.push({ start, end, text: text.slice(start, end) })
    if (found === -1) break
    start = found + 1
  }
  return lines
}

const sentenceSegmenter = new Intl.Segmenter('und', { granularity: 'sentence' })

/** After these a full stop does not end a sentence. */
const abbreviation =
  /(?:^|[\s(["'“„*_])(?:Dr|Mr|Mrs|Ms|Prof|St|No|Nos|Nr|Fig|Figs|Abb|Tab|Eq|Ref|Sec|Ch|Vol|pp|p|S|vs|e\.\s?g|i\.\s?e|etc|approx|ca|cf|al|Inc|Ltd|Co|Corp|Jr|Sr|Gen|Col|Capt|Lt|Sgt|Rev|Hon|bzw|z\.\s?B|d\.\s?h|u\.\s?a|usw|inkl|max|min|evtl|ggf|Art|Abs|Str|Tel|\p{Lu}(?:\.\p{Lu})*)\.\s*$/u
const ordinal = /(?:^|\s)\d{1,2}\.\s*$/u
const monthOrCentury = /^(?:Jan|Feb|M[äa]r|Apr|Mai|Jun|Jul|Aug|Sep|O[kc]t|Nov|De[zc]|Jahrhundert|Jh|[a-zäöüß])/u

/** Sentences between two offsets, as trimmed spans. Line breaks inside a paragraph do not end a sentence. */
export function sentenceSpans(text: string, start: number, end: number): { start: number; end: number }[] {
  const blank = (mark: string): string => ' '.repeat(mark.length)
  const flat = text
    .slice(start, end)
    .replace(/[\r\n\u2028\u2029\u0085\v\f]/gu, ' ')
    .replace(/(?:^|  ?)>/gu, blank)
    // A reference number after the full stop hides the sentence's end.
    .replace(/\[(?:\d{1,4}(?:\s?[,–-]\s?\d{1,4})*|\^[^\]\s]{1,40})\]/gu, blank)
  const spans: { start: number; end: number }[] = []
  let open: { start: number; end: number } | undefined
  for (const { segment, index } of sentenceSegmenter.segment(flat)) {
    const segmentEnd = index + segment.length
    const before = open ? flat.slice(Math.max(open.start, open.end - 16), open.end) : ''
    const goesOn = open && (abbreviation.test(before) || (ordinal.test(before) && monthOrCentury.test(segment)))
    if (open && goesOn) open.end = segmentEnd
    else {
      if (open) spans.push(open)
      open = { start: index, end: segmentEnd }
    }
  }
  if (open) spans.push(open)
  return spans.flatMap((span) => cutLong(text, start + span.start, start + span.end))
}

function cutLong(text: string, start: number, end: number): { start: number; end: number }[] {
  const limit = isUnspaced(text.slice(start, Math.min(end, start + maxUnitLength)))
    ? maxUnspacedUnitLength
    : maxUnitLength
  const pieces: { start: number; end: number }[] = []
  let from = start
  while (end - from > limit) {
    const window = text.slice(from, from + limit)
    const clause = Math.max(...['; ', '；', '。', ', ', '，'].map((mark) => window.lastIndexOf(mark)))
    const space = window.search(/\s\S*$/u)
    let cut = clause > limit / 2 ? clause + 1 : space > limit / 2 ? space : limit
    // Never between the two halves of a surrogate pair.
    const code = text.charCodeAt(from + cut - 1)
    if (code >= 0xd800 && code <= 0xdbff) cut -= 1
    pieces.push({ start: from, end: from + cut })
    from += cut
  }
  pieces.push({ start: from, end })
  return pieces.map((piece) => trimSpan(text, piece.start, piece.end)).filter((piece) => piece.end > piece.start)
}

function trimSpan(text: string, start: number, end: number): { start: number; end: number } {
  const slice = text.slice(start, end)
  const lead = /^[\s>]*/u.exec(slice)?.[0].length ?? 0
  const kept = slice.trimEnd().length
  return kept <= lead ? { start, end: start } : { start: start + lead, end: start + kept }
}
