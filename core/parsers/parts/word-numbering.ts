import { attributeOf } from './xml-pieces.ts'
import { elementAt, elementsOf, type XmlNode } from './xml-tree.ts'

/** The list that a paragraph belongs to: `level` from 0; undefined where only the style of the paragraph says it. */
export interface ListPlace {
  listId: string
  level: number | undefined
}

/** Labels of the paragraphs of a document, asked in document order. */
export interface Numbering {
  /**
   * The label of the next paragraph at this place: '1.2', 'a)', '-' for every bullet, '' for a level without one;
   * undefined where there is no such list. `style` is the paragraph's own, which may be tied to a level.
   */
  next(place: ListPlace, style: string | undefined): string | undefined
}

export interface ListLevel {
  start: number
  /** ST_NumberFormat: 'decimal', 'lowerRoman', 'bullet' … */
  format: string
  /** '%1.%2)': '%1' is the number of the outermost level. */
  text: string
  style: string | undefined
  /** All numbers of the label in Arabic digits. */
  legal: boolean
  /** Begins anew after a paragraph of a level below this one (0-based count of levels); 0: never. */
  restartAfter: number | undefined
}

/** A list; those with one `abstractId` count on together. */
export interface List {
  abstractId: string
  levels: Map<number, ListLevel>
  startOverrides: Map<number, number>
}

/**
 * Lists of a Word document (word/numbering.xml, ECMA-376 part 1, 17.9). `listOfStyle` gives the list that a numbering
 * style names.
 */
export function readNumbering(
  root: XmlNode | undefined,
  listOfStyle: (styleId: string) => string | undefined,
): Numbering {
  const abstracts = new Map<string, XmlNode>()
  for (const node of elementsOf(root, 'abstractNum')) {
    const id = attributeOf(node, 'abstractNumId')
    if (id !== undefined) abstracts.set(id, node)
  }
  const instances = new Map<string, XmlNode>()
  for (const node of elementsOf(root, 'num')) {
    const id = attributeOf(node, 'numId')
    if (id !== undefined) instances.set(id, node)
  }
  const readList = (listId: string): List | undefined => {
    const instance = instances.get(listId)
    let abstractId = attributeOf(elementAt(instance, 'abstractNumId'), 'val')
    let abstract = abstractId === undefined ? undefined : abstracts.get(abstractId)
    for (let steps = 0; steps < 10; steps++) {
      const link = attributeOf(elementAt(abstract, 'numStyleLink'), 'val')
      const linked = link === undefined ? undefined : listOfStyle(link)
      if (linked === undefined) break
      abstractId = attributeOf(elementAt(instances.get(linked), 'abstractNumId'), 'val')
      abstract = abstractId === undefined ? undefined : abstracts.get(abstractId)
    }
    if (abstractId === undefined || !abstract) return undefined
    const list: List = { abstractId, levels: new Map(), startOverrides: new Map() }
    for (const node of elementsOf(abstract, 'lvl')) list.levels.set(levelNumber(node), readLevel(node))
    for (const node of elementsOf(instance, 'lvlOverride')) {
      const level = elementAt(node, 'lvl')
      if (level) list.levels.set(levelNumber(node), readLevel(level))
      const start = attributeOf(elementAt(node, 'startOverride'), 'val')
      if (start !== undefined) list.startOverrides.set(levelNumber(node), wholeNumber(start, 1))
    }
    return list
  }

  return createNumbering(readList)
}

/** Counts the paragraphs of lists. */
export function createNumbering(readList: (listId: string) => List | undefined): Numbering {
  const lists = new Map<string, List | undefined>()
  const listOf = (listId: string): List | undefined => {
    if (!lists.has(listId)) lists.set(listId, readList(listId))
    return lists.get(listId)
  }
  const counters = new Map<string, (number | undefined)[]>()
  const overridden = new Set<string>()

  return {
    next({ listId, level: stated }, style) {
      const list = listOf(listId)
      if (!list) return undefined
      const ofStyle = style === undefined ? undefined : [...list.levels].find(([, level]) => level.style === style)?.[0]
      const depth = Math.min(stated ?? ofStyle ?? 0, deepestLevel)
      const level = list.levels.get(depth)
      if (!level) return undefined
      const counts = counters.get(list.abstractId) ?? []
      counters.set(list.abstractId, counts)
      const override = list.startOverrides.get(depth)
      const overrideKey = `${listId} ${depth}`
      if (override !== undefined && !overridden.has(overrideKey)) {
        overridden.add(overrideKey)
        counts[depth] = override
      } else counts[depth] = counts[depth] === undefined ? level.start : counts[depth] + 1
      for (let above = 0; above < depth; above++) counts[above] ??= list.levels.get(above)?.start ?? 1
      for (let below = depth + 1; below <= deepestLevel; below++) {
        const restart = list.levels.get(below)?.restartAfter
        if (restart === undefined || depth < restart) counts[below] = undefined
      }
      if (level.format === 'bullet') return '-'
      return level.text
        .replaceAll(/%([1-9])/g, (_, digit: string) => {
          const place = Number(digit) - 1
          const format = level.legal ? 'decimal' : (list.levels.get(place)?.format ?? 'decimal')
          return formatNumber(counts[place] ?? 1, format)
        })
        .trim()
    },
  }
}

const deepestLevel = 8

function levelNumber(node: XmlNode): number {
  return Math.min(wholeNumber(attributeOf(node, 'ilvl'), 0), deepestLevel)
}

function readLevel(node: XmlNode): ListLevel {
  const value = (name: string): string | undefined => attributeOf(elementAt(node, name), 'val')
  const restart = value('lvlRestart')
  const legal = elementAt(node, 'isLgl')
  return {
    start: wholeNumber(value('start'), 0),
    format: value('numFmt') ?? 'decimal',
    text: (value('lvlText') ?? '').slice(0, 100),
    style: value('pStyle'),
    legal: legal !== undefined && !['0', 'false', 'off'].includes(attributeOf(legal, 'val') ?? ''),
    restartAfter: restart === undefined ? undefined : wholeNumber(restart, 0),
  }
}

/** A whole number of a file, bounded so that no label grows long. */
export function wholeNumber(value: string | undefined, otherwise: number): number {
  const number = Number.parseInt(value ?? '', 10)
  return Number.isFinite(number) ? Math.min(Math.max(number, 0), 1_000_000) : otherwise
}

/** A number as a list shows it (ST_NumberFormat, and \levelnfc of RTF by the same names). */
export function formatNumber(number: number, format: string): string {
  switch (format) {
    case 'none':
      return ''
    case 'decimalZero':
      return String(number).padStart(2, '0')
    case 'lowerLetter':
      return letters(number)
    case 'upperLetter':
      return letters(number).toUpperCase()
    case 'lowerRoman':
      return roman(number).toLowerCase()
    case 'upperRoman':
      return roman(number)
    case 'ordinal':
      return `${number}${ordinalEnding(number)}`
    default:
      return String(number)
  }
}

/** a … z, aa, bb …: as Word counts on. */
function letters(number: number): string {
  if (number < 1) return String(number)
  const letter = String.fromCharCode(97 + ((number - 1) % 26))
  return letter.repeat(Math.min(Math.ceil(number / 26), 20))
}

function roman(number: number): string {
  if (number < 1 || number > 3999) return String(number)
  const signs: [number, string][] = [
    [1000, 'M'],
    [900, 'CM'],
    [500, 'D'],
    [400, 'CD'],
    [100, 'C'],
    [90, 'XC'],
    [50, 'L'],
    [40, 'XL'],
    [10, 'X'],
    [9, 'IX'],
    [5, 'V'],
    [4, 'IV'],
    [1, 'I'],
  ]
  let rest = number
  let out = ''
  for (const [value, sign] of signs) {
    out += sign.repeat(Math.floor(rest / value))
    rest %= value
  }
  return out
}

function ordinalEnding(number: number): string {
  const tens = number % 100
  if (tens >= 11 && tens <= 13) return 'th'
  return ['th', 'st', 'nd', 'rd'][number % 10] ?? 'th'
}
