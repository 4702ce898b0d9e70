import type { Angle, ContentFont, Viewport } from './pdf-content.ts'
import type { GlyphSpan, Run } from './pdf-layout.ts'
import { turn } from './pdf-content.ts'

/** One glyph, in points along and across the way its text runs. */
export interface PlacedGlyph {
  text: string
  x: number
  right: number
  top: number
  bottom: number
  baseline: number
  size: number
  /** What the text's own letter spacing adds after each glyph. */
  spacing: number
  bold: boolean
  monospace: boolean
  font: ContentFont
  /** Marked by the producer as no part of the document's text: a running header, for instance. */
  artifact: boolean
  /** Drawn without ink, as the text that recognition lays under a scan. */
  hidden: boolean
}

/** Parts of the font size. */
const wordGap = 0.13
const columnGap = 0.95

/** Glyphs that follow one another in the page's content and on its lines become runs. */
export function assembleRuns(glyphs: readonly PlacedGlyph[], angle: Angle, viewport: Viewport): Run[] {
  const runs: Run[] = []
  let current: PlacedGlyph[] = []
  let spaceBefore = false
  let blank: PlacedGlyph | undefined
  let right = 0
  let left = 0
  const flush = (): void => {
    const run = toRun(current, spaceBefore, angle, viewport)
    if (run) runs.push(run)
    current = []
  }
  for (const glyph of withoutHiddenTwins(glyphs)) {
    if (!Number.isFinite(glyph.x + glyph.right + glyph.baseline + glyph.size) || glyph.size < 0.5) continue
    if (glyph.text.trim() === '') {
      blank = glyph
      const near = current[0] && Math.abs(current[0].baseline - glyph.baseline) < glyph.size * 0.1
      if (near && glyph.x > left - glyph.size && glyph.x < right + glyph.size) current.push(glyph)
      continue
    }
    const last = current.findLast((other) => other.text.trim() !== '')
    const begins = !last || !goesOn(last, glyph, left, right)
    if (begins) {
      if (last) flush()
      spaceBefore = blank !== undefined
      current = blank && isBeside(blank, glyph) ? [blank] : []
    } else if (isOverprint(last, glyph)) {
      last.bold = true
      continue
    }
    left = begins ? glyph.x : Math.min(left, glyph.x)
    right = begins ? glyph.right : Math.max(right, glyph.right)
    current.push(glyph)
    blank = undefined
  }
  flush()
  return runs
}

/** Recognised text that lies under the same text in ink would be read twice. */
function withoutHiddenTwins(glyphs: readonly PlacedGlyph[]): readonly PlacedGlyph[] {
  const hidden = glyphs.filter((glyph) => glyph.hidden)
  if (hidden.length === 0 || hidden.length === glyphs.length) return glyphs
  const place = (glyph: PlacedGlyph, x: number): string => `${Math.round(x / 6)} ${Math.round(glyph.baseline / 6)}`
  const inked = new Set<string>()
  for (const glyph of glyphs) {
    if (glyph.hidden || glyph.text.trim() === '') continue
    for (const x of [glyph.x - 6, glyph.x, glyph.right, glyph.right + 6]) {
      for (const shift of [-5, 0, 5]) inked.add(place({ ...glyph, baseline: glyph.baseline + shift }, x))
    }
  }
  const letters = hidden.filter((glyph) => glyph.text.trim() !== '')
  const covered = letters.filter((glyph) => inked.has(place(glyph, (glyph.x + glyph.right) / 2)))
  if (covered.length < letters.length * 0.6) return glyphs
  return glyphs.filter((glyph) => !glyph.hidden)
}

/** `left` and `right` are the edges of the run that `last` ends. */
function goesOn(last: PlacedGlyph, glyph: PlacedGlyph, left: number, right: number): boolean {
  if (last.font !== glyph.font || Math.abs(last.size - glyph.size) > last.size * 0.05) return false
  if (last.artifact !== glyph.artifact || last.hidden !== glyph.hidden) return false
  if (Math.abs(last.baseline - glyph.baseline) > last.size * 0.1) return false
  const gap = glyph.x - right
  if (gap < last.size * columnGap && gap > -last.size * 0.6) return true
  if (!isRightToLeft(glyph.text)) return false
  // To the left of what there is, or after a letter that itself went there.
  return [left - glyph.right, glyph.x - last.right].some(
    (apart) => apart < last.size * columnGap && apart > -last.size * 0.6,
  )
}

function isBeside(space: PlacedGlyph, glyph: PlacedGlyph): boolean {
  if (Math.abs(space.baseline - glyph.baseline) > glyph.size * 0.1) return false
  return space.right > glyph.x - glyph.size && space.x < glyph.right + glyph.size
}

/** Bold is sometimes made by printing each letter twice, a hair apart. */
function isOverprint(last: PlacedGlyph, glyph: PlacedGlyph): boolean {
  return last.text === glyph.text && Math.abs(glyph.x - last.x) < Math.min(last.size * 0.2, (last.right - last.x) * 0.4)
}

function toRun(given: readonly PlacedGlyph[], spaceBefore: boolean, angle: Angle, viewport: Viewport): Run | undefined {
  const letters = given.filter((glyph) => glyph.text.trim() !== '')
  const first = letters[0]
  if (!first) return undefined
  const mirrored = letters.some((glyph) => isRightToLeft(glyph.text))
  const ordered = mirrored ? inOrder(given) : given
  const threshold = wordThreshold(ordered, mirrored)
  const glyphs: GlyphSpan[] = []
  let space: PlacedGlyph | undefined
  let before: PlacedGlyph | undefined
  for (const glyph of ordered) {
    if (glyph.text.trim() === '') {
      space ??= glyph
      continue
    }
    if (before) {
      const gap = glyph.x - before.right
      // A space that the next glyph is set back over is none.
      const real = space && (gap > before.size * 0.05 || glyph.x - space.x > before.size * 0.05)
      if (real || gap > threshold) glyphs.push({ text: ' ', x: before.right, right: Math.max(before.right, glyph.x) })
    }
    glyphs.push({ text: glyph.text, x: glyph.x, right: glyph.right })
    space = undefined
    before = glyph
  }
  const x = Math.min(...letters.map((glyph) => glyph.x))
  const right = Math.max(...letters.map((glyph) => glyph.right))
  // Spaces at the ends part this run from its neighbours on the line.
  for (const blank of [given[0], given.at(-1)]) {
    if (!blank || blank.text.trim() !== '') continue
    if (blank.x < x && glyphs[0]?.text !== ' ') glyphs.unshift({ text: ' ', x: blank.x, right: x })
    else if (blank.right > right) glyphs.push({ text: ' ', x: right, right: blank.right })
  }
  const quarters = angle % 4
  const corners = [turn(x, first.top, quarters), turn(right, first.bottom, quarters)]
  const box = boxOf(corners, viewport)
  if (!box) return undefined
  return {
    text: glyphs
      .map((glyph) => glyph.text)
      .join('')
      .trim(),
    glyphs,
    x,
    right,
    top: first.top,
    bottom: first.bottom,
    baseline: first.baseline,
    size: first.size,
    bold: letters.every((glyph) => glyph.bold),
    italic: first.font.italic,
    monospace: first.monospace,
    font: first.font.name,
    rightToLeft: mirrored,
    artifact: first.artifact,
    spaceBefore,
    box,
  }
}

/** From left to right; an accent goes with the letter that it stands on. */
function inOrder(glyphs: readonly PlacedGlyph[]): PlacedGlyph[] {
  const centre = (glyph: PlacedGlyph): number => (glyph.x + glyph.right) / 2
  return glyphs.toSorted((one, other) => centre(one) - centre(other))
}

/** The gap that parts words: wider where the letters themselves are set apart. */
function wordThreshold(glyphs: readonly PlacedGlyph[], mirrored: boolean): number {
  const size = glyphs[0]?.size ?? 10
  const gaps: number[] = []
  for (let index = 1; index < glyphs.length; index++) {
    const glyph = glyphs[index]
    const before = glyphs[index - 1]
    if (glyph && before && glyph.text.trim() !== '' && before.text.trim() !== '') {
      gaps.push(glyph.x - before.right)
    }
  }
  // The letters of Arabic words may stand apart; there, words are parted by characters.
  const least = mirrored ? size * wordGap * 2 : size * wordGap
  const wide = gaps.filter((gap) => gap > least)
  const stated = Math.min(...glyphs.slice(0, -1).map((glyph) => glyph.spacing))
  if (stated > 0 && Number.isFinite(stated) && gaps.every((gap) => gap > stated * 0.8)) return least + stated
  if (gaps.length < 5 || wide.length < gaps.length * 0.7) return least
  const sorted = gaps.toSorted((a, b) => a - b)
  return Math.max(least, (sorted[Math.floor(sorted.length / 2)] ?? 0) * 1.6 + size * 0.02)
}

export function isRightToLeft(text: string): boolean {
  const point = text.codePointAt(0) ?? 0
  return (
    (point >= 0x590 && point <= 0x8ff && !(point >= 0x660 && point <= 0x669) && !(point >= 0x6f0 && point <= 0x6f9)) ||
    (point >= 0xfb1d && point <= 0xfdff) ||
    (point >= 0xfe70 && point <= 0xfefc)
  )
}

function boxOf(corners: readonly (readonly [number, number])[], page: Viewport): Run['box'] | undefined {
  const xs = corners.map((corner) => corner[0])
  const ys = corners.map((corner) => corner[1])
  const left = Math.min(...xs)
  const right = Math.max(...xs)
  const top = Math.min(...ys)
  const bottom = Math.max(...ys)
  // What stands outside the page is not seen.
  if (right < 0 || bottom < 0 || left > page.width || top > page.height) return undefined
  const x = Math.max(0, left)
  const y = Math.max(0, top)
  return { x, y, width: Math.min(right, page.width) - x, height: Math.min(bottom, page.height) - y }
}
