import { createSheetGrid, type SheetGridBuilder } from './sheet-grid.ts'
import type { SheetBudget } from './sheet-ooxml.ts'
import type { CellKind } from './sheet-tables.ts'
import { type CellNote, columnName, type WrittenSheet } from './sheet-writer.ts'
import type { XmlEvents } from './sheet-xml.ts'

export interface OdfReader extends XmlEvents {
  /** Names of sheets that are not shown; they are not given. */
  readonly hidden: string[]
  /** The sheet that is open, with what was read of it: at the end only where the document broke off. */
  openSheet(): WrittenSheet | undefined
  /** The number of the row that was read last. */
  readonly row: number
}

interface Cell {
  column: number
  repeat: number
  text: string
  kind: CellKind
}

const mostRows = 1_048_576
const mostColumns = 16_384

/**
 * Reads the content part of an OpenDocument spreadsheet (OpenDocument 1.3 part 3, chapter 9): each visible sheet is
 * given when it ends. Values are the text that was shown when the file was saved, dates in ISO 8601. Repeated cells
 * and rows are spread as far as the budget goes; blank ones, of which there are millions, cost nothing.
 */
export function odfSheetEvents(budget: SheetBudget, onSheet: (sheet: WrittenSheet) => void): OdfReader {
  const hiddenStyles = new Set<string>()
  const hidden: string[] = []
  let styleName = ''
  /** Tables may stand in cells; only the outermost ones are sheets. */
  let tables = 0
  let sheet: { name: string; grid: SheetGridBuilder; texts: string[]; notes: CellNote[]; isHidden: boolean } | undefined
  let row = 0
  let rowRepeat = 1
  let column = 0
  let cells: Cell[] = []
  let cell: Cell | undefined
  let span = { columns: 1, rows: 1 }
  let shown = ''
  let note: { author: string; text: string } | undefined
  let noteField = ''
  let paragraph: string | undefined
  let shapes = 0

  const endParagraph = (): void => {
    const text = paragraph ?? ''
    paragraph = undefined
    if (note) note.text += `${text}\n`
    else if (cell && shapes === 0) shown += shown === '' ? text : `\n${text}`
    else if (sheet && shapes > 0 && text.trim() !== '') sheet.texts.push(text)
  }
  const beginCell = (attributes: Record<string, string>): void => {
    const repeat = countOf(attributes['table:number-columns-repeated'])
    const [text, kind] = statedValue(attributes)
    cell = { column: column + 1, repeat, text, kind }
    span = {
      columns: countOf(attributes['table:number-columns-spanned']),
      rows: countOf(attributes['table:number-rows-spanned']),
    }
    shown = ''
    column += repeat
  }
  const endCell = (): void => {
    if (!cell || !sheet) return
    // A date is told in full; of numbers the text shows what the format makes of them.
    const text = cell.kind === 'date' ? cell.text || shown : shown || cell.text
    if (text.trim() !== '') {
      cells.push({ ...cell, text })
      if (span.columns > 1 || span.rows > 1) {
        const [left, top] = [cell.column, row + 1]
        sheet.grid.merge({ top, left, bottom: top + span.rows - 1, right: left + span.columns - 1 })
      }
    }
    cell = undefined
  }
  const endRow = (): void => {
    if (cells.length > 0 && sheet && !sheet.isHidden) {
      for (let number = row + 1; number <= Math.min(row + rowRepeat, mostRows) && hasBudget(); number++) {
        for (const { column: first, repeat, text, kind } of cells) {
          for (let at = first; at < Math.min(first + repeat, mostColumns + 1) && hasBudget(); at++) {
            sheet.grid.add(number, at, text, kind, false)
            budget.cells--
            budget.characters -= text.length
          }
        }
      }
    }
    row += rowRepeat
    cells = []
  }
  const hasBudget = (): boolean => budget.cells > 0 && budget.characters > 0
  const given = (): WrittenSheet | undefined =>
    sheet && { name: sheet.name, grid: sheet.grid.finish(), texts: sheet.texts, notes: sheet.notes }

  return {
    hidden,
    get row() {
      return row
    },
    openSheet: given,
    open(name, attributes) {
      if (note && (name === 'creator' || name === 'date')) noteField = name
      else if (name === 'p' || name === 'h') paragraph = ''
      else if (paragraph !== undefined) paragraph += spaceOf(name, attributes)
      else if (name === 'style') styleName = attributes['style:name'] ?? ''
      else if (name === 'table-properties' && attributes['table:display'] === 'false') hiddenStyles.add(styleName)
      else if (name === 'table' && ++tables === 1) {
        const isHidden = hiddenStyles.has(attributes['table:style-name'] ?? '')
        const sheetName = (attributes['table:name'] ?? '').slice(0, 200)
        if (isHidden) hidden.push(sheetName)
        sheet = { name: sheetName, grid: createSheetGrid(), texts: [], notes: [], isHidden }
        row = 0
      } else if (name === 'shapes') shapes++
      else if (name === 'annotation') note = { author: '', text: '' }
      else if (tables !== 1) return
      else if (name === 'table-row') {
        rowRepeat = countOf(attributes['table:number-rows-repeated'])
        column = 0
      } else if (name === 'table-cell' || name === 'covered-table-cell') beginCell(attributes)
    },
    close(name) {
      if (name === 'creator' || name === 'date') noteField = ''
      else if ((name === 'p' || name === 'h') && paragraph !== undefined) endParagraph()
      else if (name === 'shapes') shapes--
      else if (name === 'annotation' && note) {
        const author = note.author.trim()
        const at = `${columnName(cell?.column ?? column)}${row + 1}`
        sheet?.notes.push({ cell: at, ...(author === '' ? {} : { author }), text: note.text.trim() })
        note = undefined
      } else if (name === 'table' && --tables === 0) {
        const done = sheet?.isHidden ? undefined : given()
        sheet = undefined
        if (done) onSheet(done)
      } else if (tables !== 1) return
      else if (name === 'table-cell' || name === 'covered-table-cell') endCell()
      else if (name === 'table-row') endRow()
    },
    text(piece) {
      if (noteField === 'creator' && note) note.author += piece
      else if (noteField === '' && paragraph !== undefined) paragraph += piece
    },
    isEnough: () => !hasBudget(),
  }
}

/** The value that a cell's attributes state, for where no text is shown and for dates. */
function statedValue(attributes: Record<string, string>): [string, CellKind] {
  switch (attributes['office:value-type']) {
    case 'float':
    case 'currency':
    case 'percentage':
      return [attributes['office:value'] ?? '', 'number']
    case 'date':
      return [(attributes['office:date-value'] ?? '').replace('T', ' ').replace(/ 00:00:00(?:\.0+)?$/, ''), 'date']
    case 'time':
      return ['', 'number']
    case 'boolean':
      return [(attributes['office:boolean-value'] ?? '').toUpperCase(), 'boolean']
    default:
      return [attributes['office:string-value'] ?? '', 'text']
  }
}

function countOf(value: string | undefined): number {
  const count = Number(value ?? 1)
  return Number.isInteger(count) && count > 0 ? Math.min(count, mostRows) : 1
}

/** White space that is written as an element. */
function spaceOf(name: string, attributes: Record<string, string>): string {
  if (name === 's') return ' '.repeat(Math.min(countOf(attributes['text:c']), 100))
  if (name === 'tab') return '\t'
  return name === 'line-break' ? '\n' : ''
}
