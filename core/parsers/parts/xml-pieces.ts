import { SaxesParser } from 'saxes'
import { cancelled } from '../../shared/abort.ts'
import type { ParseOptions } from '../parser.ts'
import { decodeText } from './decode-text.ts'
import { localName, type XmlNode } from './xml-tree.ts'

export interface XmlPiecesOptions extends ParseOptions {
  /** What is being read, for progress: 'Reading the document'. */
  label?: string
}

/**
 * Reads a large XML document piece by piece: the outermost elements with one of these names, each as a tree, in
 * document order, so that memory holds one piece at a time. Lets other work run between stretches, so that a cancel is
 * heard. Throws an Error where the document breaks the rules of XML or nests deeper than 1000; pieces before that
 * place have been given by then. Errors: cancelled.
 */
export async function* xmlPieces(
  bytes: Uint8Array,
  names: readonly string[],
  { signal, onProgress, label = 'Reading' }: XmlPiecesOptions = {},
): AsyncGenerator<XmlNode> {
  const isPiece = new Set(names)
  const parser = new SaxesParser()
  const ready: XmlNode[] = []
  const open: XmlNode[] = []
  let depth = 0
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) => {
    depth++
    if (depth > deepest) throw new Error('The document is nested too deep.')
    const node: XmlNode = { name: localName(name), attributes, children: [] }
    const parent = open.at(-1)
    if (parent) parent.children.push(node)
    if (parent || isPiece.has(node.name)) open.push(node)
  })
  parser.on('closetag', () => {
    depth--
    const node = open.pop()
    if (node && open.length === 0) ready.push(node)
  })
  const onText = (text: string): void => void open.at(-1)?.children.push(text)
  parser.on('text', onText)
  parser.on('cdata', onText)

  const source = decodeText(bytes, 'utf-8').text
  let problem: unknown
  for (let at = 0; at < source.length && problem === undefined; at += stretch) {
    if (at > 0) await new Promise((resolve) => setImmediate(resolve))
    if (signal?.aborted) throw cancelled()
    try {
      parser.write(source.slice(at, at + stretch))
      if (at + stretch >= source.length) parser.close()
    } catch (error) {
      problem = error
    }
    yield* ready.splice(0)
    onProgress?.({ done: Math.min(source.length, at + stretch), total: source.length, unit: 'characters', label })
  }
  if (problem !== undefined) throw problem instanceof Error ? problem : new Error('The document is damaged.')
}

/** An attribute by its local name: 'w:val' is 'val', whatever the prefix. */
export function attributeOf(node: XmlNode | undefined, name: string): string | undefined {
  if (!node) return undefined
  const direct = node.attributes[`w:${name}`] ?? node.attributes[name]
  if (direct !== undefined) return direct
  for (const key in node.attributes) if (localName(key) === name) return node.attributes[key]
  return undefined
}

const deepest = 1000
/** Characters between two chances for other work. */
const stretch = 512 * 1024
