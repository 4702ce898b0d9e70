import { SaxesParser } from 'saxes'
import { localName, type XmlNode } from './xml-tree.ts'

export interface LenientXml {
  /** The outermost element; undefined where there is none before the first mistake. */
  root: XmlNode | undefined
  /** The mistake at which reading stopped. Lines and columns are 1-based. */
  problem?: { line: number; column: number; message: string }
}

/**
 * Reads XML into a tree as far as it is well-formed: what was open at a mistake is closed there. Entities that the
 * document declares as plain text are understood, all others stay as they are written; nothing is ever expanded twice
 * or loaded. Nesting beyond 1000 and more than two million elements count as mistakes.
 */
export function readLenientXml(text: string): LenientXml {
  const parser = new SaxesParser()
  const top: XmlNode = { name: '', attributes: {}, children: [] }
  const open: XmlNode[] = [top]
  let elements = 0
  let problem: LenientXml['problem']
  const stop = (message: string): never => {
    problem ??= { line: parser.line, column: Math.max(1, parser.columnIndex + 1), message }
    throw new Error(message)
  }
  parser.on('error', ({ message }) => {
    const words = message.replace(/^[^ ]*\d+:\d+: /, '')
    if (!/^(?:undefined entity|disallowed character|duplicate attribute)/.test(words)) stop(words)
  })
  parser.on('doctype', (doctype) => {
    for (const [, name = '', value = ''] of doctype.matchAll(/<!ENTITY\s+([\w.-]+)\s+["']([^"'&%<]{0,200})["']\s*>/g)) {
      parser.ENTITIES[name] = value
    }
  })
  parser.on('opentag', ({ name, attributes }) => {
    const node: XmlNode = { name: localName(name), attributes: hasAny(attributes) ? attributes : none, children: [] }
    open.at(-1)?.children.push(node)
    open.push(node)
    if (open.length > deepest) stop('It is nested too deep.')
    if (++elements > mostElements) stop('It has more elements than can be read at once.')
  })
  parser.on('closetag', () => void open.pop())
  const onText = (piece: string): void => void open.at(-1)?.children.push(piece)
  parser.on('text', onText)
  parser.on('cdata', onText)
  Object.assign(parser.ENTITIES, commonEntities)
  try {
    parser.write(text).close()
  } catch (error) {
    if (problem === undefined) throw error
  }
  const root = top.children.find((child): child is XmlNode => typeof child !== 'string')
  return { root, ...(problem ? { problem } : {}) }
}

/** Most elements have no attributes; one object for all of them saves a third of the memory. */
const none: Readonly<Record<string, string>> = Object.freeze({})

function hasAny(attributes: Record<string, string>): boolean {
  for (const name in attributes) return name !== ''
  return false
}

const deepest = 1000
const mostElements = 2_000_000

/** Those of HTML that documents use without a word about it. */
const commonEntities = {
  nbsp: '\u00A0',
  mdash: '—',
  ndash: '–',
  hellip: '…',
  copy: '©',
  reg: '®',
  euro: '€',
  middot: '·',
}
