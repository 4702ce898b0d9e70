import { SaxesParser } from 'saxes'
import { decodeText } from './decode-text.ts'

/** An element of an XML document. Names are without their namespace prefix, attribute names with it ('r:id'). */
export interface XmlNode {
  name: string
  attributes: Record<string, string>
  children: (XmlNode | string)[]
}

/**
 * Reads a whole XML document into a tree. External entities are never loaded. A document that breaks off or breaks the
 * rules of XML throws an Error; the caller says which file is damaged. For large files read events (saxes) instead.
 */
export function parseXml(bytes: Uint8Array): XmlNode {
  const parser = new SaxesParser()
  const root: XmlNode = { name: '', attributes: {}, children: [] }
  const open: XmlNode[] = [root]
  let problem: Error | undefined
  parser.on('error', (error) => (problem ??= error))
  parser.on('opentag', ({ name, attributes }) => {
    const node: XmlNode = { name: localName(name), attributes: attributes, children: [] }
    open.at(-1)?.children.push(node)
    open.push(node)
    if (open.length > 1000) throw new Error('The document is nested too deep.')
  })
  parser.on('closetag', () => void open.pop())
  parser.on('text', (text) => void open.at(-1)?.children.push(text))
  parser.on('cdata', (text) => void open.at(-1)?.children.push(text))
  parser.write(decodeText(bytes, 'utf-8').text).close()
  if (problem) throw problem
  const top = root.children.find((child) => typeof child !== 'string')
  if (!top) throw new Error('There is no element in this document.')
  return top
}

export function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

/** Child elements, all or those with this name. */
export function elementsOf(node: XmlNode | undefined, name?: string): XmlNode[] {
  if (!node) return []
  return node.children.filter(
    (child): child is XmlNode => typeof child !== 'string' && (name === undefined || child.name === name),
  )
}

/** The first element at the end of a path of child names. */
export function elementAt(node: XmlNode | undefined, ...path: string[]): XmlNode | undefined {
  let found = node
  for (const name of path) found = elementsOf(found, name)[0]
  return found
}

/** Every descendant with this name, in document order. */
export function* descendants(node: XmlNode, name: string): Generator<XmlNode> {
  for (const child of elementsOf(node)) {
    if (child.name === name) yield child
    yield* descendants(child, name)
  }
}

/** All text below a node. */
export function textOf(node: XmlNode | undefined): string {
  if (!node) return ''
  return node.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('')
}
