import { createSheetGrid, type SheetArea, type SheetGridBuilder } from './sheet-grid.ts'
import type { NumberFormatter } from './sheet-numbers.ts'
import type { CellKind } from './sheet-tables.ts'
import type { XmlEvents } from './sheet-xml.ts'
import { elementAt, elementsOf, type XmlNode } from './xml-tree.ts'

/** What may still be read of a workbook, counted down while it is read. */
export interface SheetBudget {
  /** Unpacked bytes. */
  bytes: number
  cells: number
  /** UTF-16 code units of text. */
  characters: number
}

/** How the cells of one style look. */
export interface CellStyle {
  formatCode: string | undefined
  bold: boolean
}

/** Excel's own limits. */
const mostRows = 1_048_576
const mostColumns = 16_384

/** The styles of cells in the order in which cells count them (ECMA-376 part 1, 18.8.10). */
export function readStyles(root: XmlNode | undefined, builtIn: (id: number) => string | undefined): CellStyle[] {
  const custom = new Map<number, string>()
  for (const { attributes } of elementsOf(elementAt(root, 'numFmts'), 'numFmt')) {
    custom.set(Number(attributes['numFmtId']), attributes['formatCode'] ?? '')
  }
  const bold = elementsOf(elementAt(root, 'fonts'), 'font').map((font) => {
    const mark = elementsOf(font, 'b')[0]
    return mark !== undefined && !/^(?:0|false)$/.test(mark.attributes['val'] ?? '')
  })
  return elementsOf(elementAt(root, 'cellXfs'), 'xf').map(({ attributes }) => {
    const id = Number(attributes['numFmtId'] ?? 0)
    return { formatCode: custom.get(id) ?? builtIn(id), bold: bold[Number(attributes['fontId'] ?? 0)] ?? false }
  })
}

/** Reads the table of strings that cells share; phonetic readings are left out. */
export function sharedStringEvents(strings: string[], budget: SheetBudget): XmlEvents {
  let text = ''
  let inText = false
  let phonetic = 0
  return {
    open(name) {
      if (name === 'si') text = ''
      else if (name === 'rPh') phonetic++
      inText = name === 't' && phonetic === 0
    },
    close(name) {
      if (name === 'rPh') phonetic--
      inText = false
      if (name !== 'si') return
      strings.push(ownCopy(unescaped(text)))
      budget.characters -= text.length
    },
    text(piece) {
      if (inText) text += piece
    },
    isEnough: () => budget.characters <= 0,
  }
}

export interface SheetReader extends XmlEvents {
  readonly grid: SheetGridBuilder
  /** The number of the row that was read last. */
  readonly row: number
}

/** Reads a worksheet part (ECMA-376 part 1, 18.3): the cached values of its cells as they show, and its merges. */
export function worksheetEvents(context: {
  strings: readonly string[]
  styles: readonly CellStyle[]
  format: NumberFormatter
  budget: SheetBudget
}): SheetReader {
  const { strings, styles, format, budget } = context
  const grid = createSheetGrid()
  let row = 0
  let column = 0
  let type = 'n'
  let style: CellStyle | undefined
  let value = ''
  let collecting = false
  let phonetic = 0

  const add = (text: string, kind: CellKind): void => {
    if (row > mostRows || column > mostColumns || text === '') return
    budget.cells--
    budget.characters -= text.length
    grid.add(row, column, text, kind, style?.bold ?? false)
  }
  const closeCell = (): void => {
    if (value === '') return
    if (type === 's') add(strings[Number(value)] ?? '', 'text')
    else if (type === 'n') {
      const shown = format(value, style?.formatCode)
      add(shown.text, shown.kind)
    } else if (type === 'b') add(value === '1' || value === 'true' ? 'TRUE' : 'FALSE', 'boolean')
    else if (type === 'e') add(value, 'error')
    else if (type === 'd') add(value.replace('T', ' ').replace(/ 00:00:00(?:\.0+)?Z?$/, ''), 'date')
    else add(ownCopy(unescaped(value)), 'text')
  }

  return {
    grid,
    get row() {
      return row
    },
    open(name, attributes) {
      collecting = false
      if (name === 'c') {
        const reference = attributes['r']
        column = reference === undefined ? column + 1 : columnOf(reference)
        type = attributes['t'] ?? 'n'
        style = styles[Number(attributes['s'] ?? 0)]
        value = ''
      } else if (name === 'v' || (name === 't' && phonetic === 0)) collecting = true
      else if (name === 'row') {
        const number = Number(attributes['r'])
        row = Number.isInteger(number) && number > 0 ? number : row + 1
        column = 0
      } else if (name === 'rPh') phonetic++
      else if (name === 'mergeCell') {
        const area = areaOf(attributes['ref'] ?? '')
        if (area) grid.merge(area)
      }
    },
    close(name) {
      collecting = false
      if (name === 'c') closeCell()
      else if (name === 'rPh') phonetic--
    },
    text(piece) {
      if (collecting) value += piece
    },
    isEnough: () => budget.cells <= 0 || budget.characters <= 0,
  }
}

/** 'B2:D9' as an area; undefined where it is none. */
export function areaOf(reference: string): SheetArea | undefined {
  const found = /^\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?$/i.exec(reference)
  if (!found) return undefined
  const [, left = '', top = '', right = left, bottom = top] = found
  const area = { top: Number(top), left: columnOf(left), bottom: Number(bottom), right: columnOf(right) }
  return area.top > 0 && area.bottom >= area.top && area.right >= area.left ? area : undefined
}

/** The 1-based column of 'AB12'. */
function columnOf(reference: string): number {
  let column = 0
  for (let index = 0; index < reference.length; index++) {
    const letter = reference.charCodeAt(index) | 0x20
    if (letter < 97 || letter > 122) break
    column = column * 26 + letter - 96
  }
  return column
}

/** Signs that XML cannot hold are written as _x000D_ (ECMA-376 part 1, 22.9.2.19). */
function unescaped(text: string): string {
  if (!text.includes('_x')) return text
  return text.replaceAll(/_x([0-9A-F]{4})_/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
}

/** A string cut out of a long one keeps all of it in memory; a copy does not. */
function ownCopy(text: string): string {
  return text.length < 13 ? text : Buffer.from(text, 'utf16le').toString('utf16le')
}
