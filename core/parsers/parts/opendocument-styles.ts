import { inLetters, inRoman } from './number-forms.ts'
import { elementAt, elementsOf, type XmlNode } from './xml-tree.ts'

/** What a paragraph is by its style. */
export type ParagraphRole = 'paragraph' | 'title' | 'quote' | 'code' | 'caption'

/** How the items of one level of a list are marked. */
export interface ListLevel {
  /** 'bullet', 'none', or a number's form: '1', 'a', 'A', 'i', 'I'. */
  form: string
  prefix: string
  suffix: string
  start: number
  /** How many levels a number shows: 2 makes '3.1'. */
  shownLevels: number
}

export interface OpenDocumentStyles {
  role(styleName: string | undefined): ParagraphRole
  /** The heading level that a paragraph's style gives it. */
  headingLevel(styleName: string | undefined): number | undefined
  /** The list that a paragraph's style puts it in. */
  listOf(styleName: string | undefined): string | undefined
  /** Levels of a list style from the outermost; empty where there is no such style. */
  listLevels(listName: string | undefined): readonly (ListLevel | undefined)[]
  /** How headings are numbered. */
  readonly outline: readonly (ListLevel | undefined)[]
  isHiddenSlide(styleName: string | undefined): boolean
}

/** Reads styles (OpenDocument 1.3 part 3, 16) from the elements that hold them; later ones win. */
export function readOpenDocumentStyles(sheets: readonly XmlNode[]): OpenDocumentStyles {
  const paragraphs = new Map<string, XmlNode>()
  const pages = new Map<string, XmlNode>()
  const lists = new Map<string, (ListLevel | undefined)[]>()
  let outline: (ListLevel | undefined)[] = []
  for (const style of sheets.flatMap((sheet) => elementsOf(sheet))) {
    const name = style.attributes['style:name'] ?? ''
    const family = style.attributes['style:family']
    if (style.name === 'style' && family === 'paragraph') paragraphs.set(name, style)
    else if (style.name === 'style' && family === 'drawing-page') pages.set(name, style)
    else if (style.name === 'list-style') lists.set(name, levelsOf(style))
    else if (style.name === 'outline-style') outline = levelsOf(style)
  }
  /** A style and those that it descends from. */
  const lineage = (styleName: string | undefined): XmlNode[] => {
    const styles: XmlNode[] = []
    let style = paragraphs.get(styleName ?? '')
    for (; style && styles.length < 20; style = paragraphs.get(style.attributes['style:parent-style-name'] ?? '')) {
      styles.push(style)
    }
    return styles
  }
  return {
    role(styleName) {
      const styles = lineage(styleName)
      const names = [styleName ?? '', ...styles.map(nameOf), styles.at(-1)?.attributes['style:parent-style-name'] ?? '']
      return names.map((name) => roles.get(shownName(name))).find((role) => role !== undefined) ?? 'paragraph'
    },
    headingLevel(styleName) {
      for (const style of lineage(styleName)) {
        const level = Number(style.attributes['style:default-outline-level'])
        if (level > 0) return level
      }
      return undefined
    },
    listOf(styleName) {
      return lineage(styleName)
        .map((style) => style.attributes['style:list-style-name'])
        .find((name) => name !== undefined)
    },
    listLevels: (listName) => lists.get(listName ?? '') ?? [],
    outline,
    isHiddenSlide(styleName) {
      const properties = elementAt(pages.get(styleName ?? ''), 'drawing-page-properties')
      return properties?.attributes['presentation:visibility'] === 'hidden'
    },
  }
}

/** Marks list items and numbers headings, in the order of the document. */
export interface Numbering {
  /** What stands before the next item of this level (0 is the outermost): '- ', '3. ', or nothing. */
  next(level: number, start?: number): string
  restart(): void
}

export function createNumbering(levels: readonly (ListLevel | undefined)[], unknown: string): Numbering {
  let counters: number[] = []
  return {
    next(level, start) {
      const style = levels[level]
      const number = start ?? (counters[level] ?? (style?.start ?? 1) - 1) + 1
      counters = counters.slice(0, level)
      for (let above = 0; above < level; above++) counters[above] ??= levels[above]?.start ?? 1
      counters[level] = number
      if (!style) return unknown
      if (style.form === 'bullet') return '- '
      if (style.form === 'none') return style.prefix.trim() === '' ? '' : `${style.prefix.trim()} `
      const from = Math.max(0, level - style.shownLevels + 1)
      const numbers = counters.slice(from).map((counter, index) => formed(counter, levels[from + index]?.form ?? '1'))
      return `${style.prefix}${numbers.filter((text) => text !== '').join('.')}${style.suffix} `.trimStart()
    },
    restart() {
      counters = []
    },
  }
}

function formed(number: number, form: string): string {
  switch (form) {
    case 'a':
      return inLetters(number).toLowerCase()
    case 'A':
      return inLetters(number)
    case 'i':
      return inRoman(number).toLowerCase()
    case 'I':
      return inRoman(number)
    default:
      return form === 'none' || form === 'bullet' ? '' : String(number)
  }
}

function levelsOf(listStyle: XmlNode): (ListLevel | undefined)[] {
  const levels: (ListLevel | undefined)[] = []
  for (const { name, attributes } of elementsOf(listStyle)) {
    const level = Number(attributes['text:level']) - 1
    if (!(level >= 0 && level < 10)) continue
    const isNumber = name === 'list-level-style-number' || name === 'outline-level-style'
    levels[level] = {
      form: isNumber ? attributes['style:num-format'] || 'none' : 'bullet',
      prefix: attributes['style:num-prefix'] ?? '',
      suffix: attributes['style:num-suffix'] ?? '',
      start: Number(attributes['text:start-value'] ?? 1) || 1,
      shownLevels: Number(attributes['text:display-levels'] ?? 1) || 1,
    }
  }
  return levels
}

function nameOf(style: XmlNode): string {
  return style.attributes['style:display-name'] ?? style.attributes['style:name'] ?? ''
}

/** Names of styles are written with '_20_' for a space. */
function shownName(name: string): string {
  return name.replaceAll('_20_', ' ').toLowerCase()
}

const roles = new Map<string, ParagraphRole>([
  ['title', 'title'],
  ['quotations', 'quote'],
  ['quote', 'quote'],
  ['intense quote', 'quote'],
  ['preformatted text', 'code'],
  ['html preformatted', 'code'],
  ['source code', 'code'],
  ['caption', 'caption'],
  ['illustration', 'caption'],
  ['figure', 'caption'],
])
