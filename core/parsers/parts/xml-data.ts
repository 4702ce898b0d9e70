import { type Data, type DataRecord } from './data-text.ts'
import { collapse } from './document-builder.ts'
import { elementsOf, textOf, type XmlNode } from './xml-tree.ts'

/**
 * XML that holds data in the shape of data: attributes and children become entries, children of one name a list.
 * Text with markup inside is its words. What programs need to read the file (namespaces, schemas) is left out.
 * With `release` the tree is given up while it is read, so that a large one is not in memory twice.
 */
export function xmlToData(node: XmlNode, release = false): Data {
  const attributes = Object.entries(node.attributes).filter(
    ([name, value]) => !isTechnical(name) && value.trim() !== '',
  )
  const children = elementsOf(node)
  if (children.length === 0 || hasLooseText(node)) {
    const text = isPreformatted(node) ? textOf(node).trim() : collapse(textOf(node))
    if (attributes.length === 0) return text
    return Object.fromEntries([...attributes, ...(text === '' ? [] : [['text', text] as const])])
  }
  const entries = new Map<string, Data[]>(attributes.map(([name, value]) => [name, [value]]))
  for (const child of children) {
    const values = entries.get(child.name)
    const value = xmlToData(child, release)
    if (release) child.children = []
    if (values) values.push(value)
    else entries.set(child.name, [value])
  }
  const record: DataRecord = Object.fromEntries(
    [...entries].map(([name, values]): [string, Data] => [name, values.length === 1 ? (values[0] ?? null) : values]),
  )
  return record
}

/** Whether words stand beside elements. */
export function hasLooseText(node: XmlNode): boolean {
  return node.children.some((child) => typeof child === 'string' && child.trim() !== '')
}

/** Line breaks mean something where several lines begin at the margin or are indented in their own way. */
function isPreformatted(node: XmlNode): boolean {
  return (
    node.attributes['xml:space'] === 'preserve' ||
    node.children.some((child) => typeof child === 'string' && /\S\n\n\S/.test(child))
  )
}

function isTechnical(name: string): boolean {
  return /^(?:xmlns|xsi|xml)(?::|$)/.test(name)
}
