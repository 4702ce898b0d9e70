import type { Block, BodyStyle } from './pdf-blocks.ts'
import { type Line, median } from './pdf-layout.ts'
import type { OutlineEntry } from './pdf-structure.ts'

/**
 * Which blocks are headings, and their levels. A heading is short, no sentence, and larger or bolder than the text or
 * set in a type that the document keeps for such lines; or the document's outline names it. Levels come from the outline
 * where there is one, else from the style: the largest is 1.
 */
export function headingLevels(
  blocks: readonly Block[],
  body: BodyStyle,
  outline: readonly OutlineEntry[],
): Map<Block, number> {
  const outlined = new Map(outline.map((entry) => [headingKey(entry.title), entry.level]))
  const named = new Map<Block, number>()
  const styled: Styled[] = []
  const reserved = reservedFonts(blocks, body)
  for (const block of blocks) {
    const line = block.lines[0]
    if (!line || !mayBeHeading(block)) continue
    const text = block.lines.map((other) => other.text).join(' ')
    const level = text.length <= 250 ? outlined.get(headingKey(text)) : undefined
    if (level !== undefined) named.set(block, Math.min(6, level))
    const heading = level !== undefined || isHeading(block, text, line, body)
    if (heading || (reserved.has(fontKey(line)) && isLabel(block, text, line, body))) {
      styled.push({ block, size: Math.round(line.size * 2) / 2, bold: line.bold, font: line.font })
    }
  }
  const tooMany = characters(styled.map((entry) => entry.block)) > characters(blocks) * 0.3 && blocks.length > 8
  // Where much of the text would be headings, weight means something else here; size alone may still tell.
  const chosen = tooMany ? styled.filter((entry) => named.has(entry.block) || entry.size > body.size * 1.25) : styled
  return levelsOf(chosen, named)
}

interface Styled {
  block: Block
  size: number
  bold: boolean
  font: string
}

function mayBeHeading(block: Block): boolean {
  if (block.table || block.turned || block.lines.length > 4) return false
  return block.kind !== 'caption' && block.kind !== 'code' && block.kind !== 'note'
}

function characters(blocks: readonly Block[]): number {
  return blocks.reduce((sum, block) => sum + block.lines.reduce((inner, line) => inner + line.text.length, 0), 0)
}

const fontKey = (line: Line): string => `${line.font} ${Math.round(line.size * 2)}`

/**
 * Fonts that stand, but for a few places, on lines of their own: some documents set their headings in italics or in
 * another family at the size of the text.
 */
function reservedFonts(blocks: readonly Block[], body: BodyStyle): Set<string> {
  const uses = new Map<string, { labels: number; inLabels: number; all: number }>()
  for (const block of blocks) {
    const line = block.lines[0]
    if (!line || block.table) continue
    for (const each of block.lines) {
      const use = uses.get(fontKey(each)) ?? { labels: 0, inLabels: 0, all: 0 }
      use.all += each.text.length
      uses.set(fontKey(each), use)
    }
    const text = block.lines.map((other) => other.text).join(' ')
    const use = uses.get(fontKey(line))
    if (use && mayBeHeading(block) && isLabel(block, text, line, body)) {
      use.labels++
      use.inLabels += text.length
    }
  }
  return new Set([...uses].filter(([, use]) => use.labels >= 3 && use.inLabels > use.all * 0.7).map(([key]) => key))
}

/** A short line in another font than the text, over text in the text's own font. */
function isLabel(block: Block, text: string, line: Line, body: BodyStyle): boolean {
  if (line.font === body.font || block.lines.length > 2 || line.size < body.size * 0.97 || !block.leads) return false
  if (text.length > 90 || !/^[\p{Lu}\p{Lo}\d(]/u.test(text) || /[,;:]$/.test(text)) return false
  return (text.match(/\p{L}/gu)?.length ?? 0) >= 3 && !/[.!?]$/.test(text) && !line.monospace
}

function isHeading(block: Block, text: string, line: Line, body: BodyStyle): boolean {
  if (text.length > 200 || (text.match(/\p{L}/gu)?.length ?? 0) < 3) return false
  if (/^[^\p{L}\d]*$/u.test(text) || /(?:\.\s?){5,}/.test(text)) return false
  const numbered = /^(?:\d+(?:\.\d+)*\.?|[IVX]+\.|[A-Z]\.)\s+\p{Lu}/u.test(text)
  const bulleted = block.kind === 'list-item' && !numbered
  if (bulleted || (line.monospace && !body.monospace)) return false
  const sentence = /[.,;]$/.test(text) && text.length > 40
  const ratio = line.size / body.size
  if (ratio >= 1.15) return !sentence || ratio >= 1.5
  if (sentence || /[,;]$/.test(text) || text.length > 120 || block.lines.length > 2) return false
  if (line.bold && !body.bold && ratio > 0.93) return !/\.$/.test(text) || numbered
  const capitals = text.replaceAll(/[^\p{L}]/gu, '')
  return (
    ratio > 0.97 &&
    block.lines.length === 1 &&
    capitals.length >= 6 &&
    text.length <= 70 &&
    capitals === capitals.toUpperCase() &&
    capitals !== capitals.toLowerCase() &&
    !/\d{3,}|[$€£%=_]/.test(text)
  )
}

/** One level a style: sizes half a point apart are one; styles of a cover page share a level with their neighbours. */
function levelsOf(styled: readonly Styled[], named: ReadonlyMap<Block, number>): Map<Block, number> {
  const ranks: Styled[][] = []
  for (const entry of styled.toSorted((a, b) => b.size - a.size || Number(b.bold) - Number(a.bold))) {
    const last = ranks.at(-1)?.[0]
    if (last && last.size - entry.size <= 0.6 && last.bold === entry.bold) ranks.at(-1)?.push(entry)
    else ranks.push([entry])
  }
  while (ranks.length > 4) {
    const rare = rarestPair(ranks)
    if (rare === undefined) break
    ranks[rare]?.push(...(ranks[rare + 1] ?? []))
    ranks.splice(rare + 1, 1)
  }
  const levels = new Map<Block, number>()
  let least = 1
  for (const rank of ranks) {
    const known = rank.flatMap((entry) => named.get(entry.block) ?? [])
    const level = Math.min(6, known.length > 0 ? Math.max(least, median(known)) : least)
    for (const entry of rank) levels.set(entry.block, named.get(entry.block) ?? level)
    least = level + 1
  }
  return levels
}

/** The first rank that occurs once or twice, as type on a cover does, and may be joined with the next. */
function rarestPair(ranks: readonly Styled[][]): number | undefined {
  const counts = ranks.slice(0, -1).map((rank, index) => Math.min(rank.length, ranks[index + 1]?.length ?? 0))
  const fewest = Math.min(...counts)
  return fewest <= 2 || ranks.length > 6 ? counts.indexOf(fewest) : undefined
}

function headingKey(text: string): string {
  return text
    .toLowerCase()
    .replace(/^\s*(?:(?:chapter|section|appendix|kapitel)\s+)?(?:\d+(?:\.\d+)*\.?|[ivx]+\.)\s+/, '')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
}
