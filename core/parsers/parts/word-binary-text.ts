import type { BinaryDocument, BinaryParagraph, BinaryRun } from './word-binary.ts'
import { flattenProse, type ProseBlock, type TextBlock } from './prose-blocks.ts'
import { appendRun, emptyLine, isAllBold, raisedDigits, type StyledLine } from './styled-line.ts'
import { addRow, closeTables, holderAt, newRow, type TableFlow } from './table-flow.ts'
import { formatNumber } from './word-numbering.ts'
import { outlineLevel, roleOfName } from './word-styles.ts'

/** Gives other work a chance; throws where the work is cancelled. */
export type Breathe = (done: number, total: number) => Promise<void>

/** The blocks of a stretch of an old Word file, and of the notes that are referred to in it. */
export async function readBinaryText(
  document: BinaryDocument,
  part: { start: number; end: number },
  breathe: Breathe,
): Promise<ProseBlock[]> {
  const flow: TableFlow = { blocks: [], tables: [] }
  /** Notes that follow the paragraph or table in which they are referred to. */
  let after: ProseBlock[] = []
  let line = emptyLine()
  /** Characters of one run that wait to be added together. */
  let waiting = ''
  let waitingRun: BinaryRun | undefined
  /** Fields that are open; text in the code of one does not show. */
  let fields: ('code' | 'result')[] = []
  const counts = { footnote: 0, endnote: 0, comment: 0 }

  const flush = (): void => {
    if (waiting === '' || !waitingRun) return
    const text = waitingRun.isRaised ? raisedDigits(waiting, line.text) : waiting
    appendRun(line, text, { isBold: waitingRun.isBold })
    waiting = ''
  }
  const endParagraph = (paragraph: BinaryParagraph, depth: number): void => {
    closeTables(flow, depth)
    const holder = holderAt(flow, depth)
    const block = paragraphBlock(document, line, paragraph)
    line = emptyLine()
    fields = []
    if (block) holder.push(block)
    if (depth > 0) return
    flow.blocks.push(...after)
    after = []
  }
  const endCell = (paragraph: BinaryParagraph, depth: number): void => {
    endParagraph(paragraph, depth)
    const table = flow.tables[depth - 1]
    if (!table) return
    table.cells.push(table.blocks)
    table.blocks = []
  }
  const endRow = (paragraph: BinaryParagraph, depth: number): void => {
    closeTables(flow, depth)
    holderAt(flow, depth)
    line = emptyLine()
    const table = flow.tables[depth - 1]
    if (table) addRow(table, { ...newRow(), isHeader: paragraph.isHeader, cells: paragraph.cells })
  }
  const note = async (place: number): Promise<void> => {
    const found = document.notes.get(place)
    const text = found ? flattenProse(await readBinaryText({ ...document, notes: new Map() }, found, breathe)) : ''
    if (!found || text === '') return
    counts[found.kind]++
    if (found.kind === 'comment') {
      after.push({ kind: 'note', text: `Comment${found.author === '' ? '' : ` by ${found.author}`}: ${text}` })
      return
    }
    const label = found.kind === 'footnote' ? String(counts.footnote) : formatNumber(counts.endnote, 'lowerRoman')
    appendRun(line, `[${label}]`, {})
    after.push({ kind: 'note', text: `[${label}] ${text}` })
  }

  for (let place = part.start; place < part.end; place++) {
    if ((place - part.start) % breathEvery === breathEvery - 1) await breathe(place - part.start, part.end - part.start)
    const sign = document.text[place] ?? ''
    if (sign === '\r' || sign === '\f' || sign === '\u0007') {
      flush()
      const paragraph = document.paragraphAt(place)
      const depth = sign === '\u0007' ? Math.max(1, paragraph.depth) : paragraph.depth
      if (depth > 0 && paragraph.endsRow) endRow(paragraph, depth)
      else if (sign === '\u0007' || (depth > 1 && paragraph.endsInnerCell)) endCell(paragraph, depth)
      else endParagraph(paragraph, depth)
      continue
    }
    const run = document.runAt(place)
    if (run.isHidden) continue
    if (run !== waitingRun) flush()
    waitingRun = run
    if (sign === '\u0013') fields.push('code')
    else if (sign === '\u0014') fields.splice(-1, 1, 'result')
    else if (sign === '\u0015') fields.pop()
    else if (fields.includes('code')) continue
    else if (sign === '\u0002' || sign === '\u0005') {
      flush()
      await note(place)
    } else waiting += shown(sign, run.symbol)
  }
  flush()
  endParagraph(document.paragraphAt(Math.max(part.start, part.end - 1)), 0)
  return flow.blocks
}

/** Characters between two chances for other work. */
const breathEvery = 200_000

/** What a character of the file shows; nothing for pictures and other objects. */
function shown(sign: string, symbol: number | undefined): string {
  if (symbol !== undefined) return symbol >= 0xf000 ? '•' : String.fromCharCode(symbol)
  if (sign === '\u000b' || sign === '\u000e') return '\n'
  if (sign === '\u001e') return '-'
  return sign < ' ' && sign !== '\t' ? '' : sign
}

function paragraphBlock(document: BinaryDocument, line: StyledLine, paragraph: BinaryParagraph): TextBlock | undefined {
  const style = resolveStyle(document, paragraph)
  const label =
    style.listId === undefined || style.listId === 0 || style.listId > 0xf000
      ? undefined
      : document.numbering.next({ listId: String(style.listId), level: style.listLevel ?? 0 }, undefined)
  if (line.text.trim() === '') return undefined
  if (style.outline > 0 && line.text.trim().length <= longestHeading) {
    const number = label === undefined || label === '' || label === '-' ? '' : `${label} `
    return { kind: 'heading', text: number + line.text, level: Math.min(style.outline, 6) }
  }
  if (style.role === 'caption') return { kind: 'caption', text: line.text }
  if (style.role === 'code') return { kind: 'code', text: line.text }
  if (label !== undefined)
    return { kind: 'list-item', text: label === '' ? line.text : `${label} ${line.text.trimStart()}` }
  if (style.role === 'toc') return { kind: 'list-item', text: line.text }
  if (style.role === 'quote') return { kind: 'quote', text: line.text }
  return { kind: 'paragraph', text: line.text, bold: isAllBold(line) }
}

/** Paragraphs with a heading's style that are longer are text whose style was chosen for its looks. */
const longestHeading = 400

interface ResolvedStyle {
  role: string | undefined
  /** 1 to 9; 0 for body text. */
  outline: number
  listId: number | undefined
  listLevel: number | undefined
}

function resolveStyle(document: BinaryDocument, paragraph: BinaryParagraph): ResolvedStyle {
  let role: string | undefined
  let outline = paragraph.outline === undefined ? undefined : outlineLevel(paragraph.outline)
  let { listId, listLevel } = paragraph
  let number = paragraph.style
  for (let steps = 0; steps < 20; steps++) {
    const style = document.style(number)
    if (!style) break
    role ??= style.heading === undefined ? roleOfName(style.name) : `heading ${style.heading}`
    outline ??= style.heading
    if (style.paragraph.outline !== undefined) outline ??= outlineLevel(style.paragraph.outline)
    listId ??= style.paragraph.listId
    listLevel ??= style.paragraph.listLevel
    if (style.parent === number) break
    number = style.parent
  }
  return { role, outline: outline ?? (role === 'title' ? 1 : 0), listId, listLevel }
}
