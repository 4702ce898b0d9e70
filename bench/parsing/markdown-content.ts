import type { Nodes } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { gfm } from 'micromark-extension-gfm'

/** What a reader sees of a document, as the benchmark compares it. */
export interface Content {
  text: string
  headings: string[]
  /** The text of each cell that is not empty, of all tables. */
  cells: string[]
  tables: number
}

/**
 * The words, headings and table cells of Markdown (CommonMark with GitHub's extensions): entities and escapes are
 * resolved, emphasis and link targets dropped; of raw HTML the comments (`<!-- image -->`) and tags are dropped and
 * the text stays; the words that stand for a picture are dropped, for a parser of text has none; items of numbered
 * lists begin with their number, as they are shown.
 */
export function readMarkdown(source: string): Content {
  const tree = fromMarkdown(source, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] })
  const content: Content = { text: '', headings: [], cells: [], tables: 0 }
  gather(tree, content)
  content.text = visibleText(tree)
  return content
}

function gather(node: Nodes, content: Content): void {
  if (node.type === 'heading') content.headings.push(visibleText(node))
  else if (node.type === 'table') {
    content.tables++
    for (const row of node.children) for (const cell of row.children) content.cells.push(visibleText(cell))
  } else if ('children' in node) for (const child of node.children) gather(child, content)
}

const inline = new Set(['emphasis', 'strong', 'delete', 'link', 'linkReference', 'footnoteReference'])

function visibleText(node: Nodes): string {
  if (node.type === 'html') return node.value.replaceAll(/<!--[\s\S]*?-->/g, ' ').replaceAll(/<[^>]*>/g, ' ')
  if (node.type === 'break') return '\n'
  if ('value' in node) return node.value
  if (!('children' in node)) return ''
  if (node.type === 'list' && node.ordered) {
    const first = node.start ?? 1
    return node.children.map((item, index) => `${first + index}. ${visibleText(item)}`).join('')
  }
  const text = node.children.map(visibleText).join('')
  return inline.has(node.type) ? text : `${text}\n`
}
