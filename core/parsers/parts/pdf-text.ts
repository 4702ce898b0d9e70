import type { Block } from './pdf-blocks.ts'
import type { Line } from './pdf-layout.ts'
import type { PdfPage } from './pdf-structure.ts'

/** The words that stand whole somewhere in the document: they tell a broken word from one with a hyphen of its own. */
export function knownWords(pages: readonly PdfPage[]): Set<string> {
  const words = new Set<string>()
  for (const line of pages.flatMap((page) => page.regions.flatMap((region) => region.lines))) {
    const whole = line.text.toLowerCase().match(/[\p{L}\p{N}]+(?:[-‐][\p{L}\p{N}]+)*/gu) ?? []
    const broken = /[-‐\u00AD]$/.test(line.text)
    for (const word of broken ? whole.slice(0, -1) : whole) if (words.size < 500_000) words.add(word)
  }
  return words
}

export function joinLines(block: Block, words: ReadonlySet<string>, flow: boolean): string {
  let text = ''
  block.lines.forEach((line, index) => {
    const before = block.lines[index - 1]
    const own = line.text.replace(leaders, ' … ')
    if (!before) text = own
    else {
      const apart = !flow && (endsEarly(before, block.column) || leaders.test(before.text))
      text = joinTwo(text, own, words, apart ? '\n' : ' ')
    }
  })
  // Bullets from symbol fonts have no character of their own.
  return text.replace(/^[\uE000-\uF8FF]\s*/, '• ')
}

/** The dots between an entry of a table of contents and its page number. */
const leaders = /\s*(?:\.\s?){5,}\s*/

/** A line that stops long before the margin was ended on purpose, as in an address or a poem. */
export function endsEarly(line: Line, column: { left: number; right: number }): boolean {
  const width = column.right - column.left
  return line.rightToLeft ? line.x - column.left > width * 0.35 : column.right - line.right > width * 0.35
}

export function joinCell(lines: readonly string[], words: ReadonlySet<string>): string {
  return lines.reduce((text, line) => (text === '' ? line : joinTwo(text, line, words, ' ')), '')
}

function joinTwo(before: string, after: string, words: ReadonlySet<string>, separator: string): string {
  if (before.endsWith('\u00AD')) return before.slice(0, -1) + after
  const head = /([\p{L}\p{N}]+(?:[-‐][\p{L}\p{N}]+)*)[-‐]$/u.exec(before)?.[1]
  const tail = /^[\p{L}\p{N}]+/u.exec(after)?.[0]
  if (head !== undefined && tail !== undefined) {
    const joined = (head + tail).toLowerCase()
    const hyphened = `${head}-${tail}`.toLowerCase()
    const last = head.split(/[-‐]/).at(-1) ?? head
    if (words.has(joined)) return before.slice(0, -1) + after
    if (words.has(hyphened)) return before + after
    const brokenWord = /^\p{Ll}{2,}/u.test(tail) && /\p{L}{2,}$/u.test(last) && !head.includes('-')
    return brokenWord ? before.slice(0, -1) + after : before + after
  }
  const dense = /[\u3000-\u30FF\u3400-\u9FFF\uFF00-\uFFEF]/
  if (dense.test(before.at(-1) ?? '') && dense.test(after[0] ?? '')) return before + after
  return before + separator + after
}

/** Code keeps its lines, and its indentation as far as the places of its lines tell it. */
export function codeText(lines: readonly Line[]): string {
  const left = Math.min(...lines.map((line) => line.x))
  return lines
    .map((line) => {
      const width = (line.right - line.x) / Math.max(1, line.text.length)
      const indent = width > 0 ? Math.min(40, Math.round((line.x - left) / width)) : 0
      return ' '.repeat(indent) + line.text
    })
    .join('\n')
}
