import { meanConfidence, type OcrLine, type OcrResult, type OcrWord } from '../ocr.ts'
import type { PageContent } from './pdf-content.ts'
import type { GlyphSpan, Rectangle, Run } from './pdf-layout.ts'

/** What was read from the picture of one page. */
export interface ReadPicture {
  result: OcrResult
  pixelsPerPoint: number
}

export interface ScannedPage {
  content: PageContent
  /** Mean over the words that were kept, 0 to 100; 0 where there are none. */
  confidence: number
}

/**
 * The pages of one document as if their PDF had drawn the text itself, so that headings, lists, tables and running
 * headers are found in scans by the same rules. Boxes are in points. What is more likely a stain than a word is left
 * out.
 */
export function toPageContents(pictures: readonly ReadPicture[]): ScannedPage[] {
  const pages = pictures.map((picture) => ({ ...picture, lines: picture.result.lines.filter(isText) }))
  const body = bodySize(pages.flatMap(({ lines, pixelsPerPoint }) => lines.map((line) => sized(line, pixelsPerPoint))))
  return pages.map(({ result, lines, pixelsPerPoint }) => {
    const across = lines.filter((line) => !isTurned(line))
    const sizes = lineSizes(across, pixelsPerPoint, body)
    const runs = across.flatMap((line) => toRuns(line, pixelsPerPoint, sizes.get(line) ?? body))
    const down = lines.filter(isTurned).map((line) => toTurnedRun(line, pixelsPerPoint))
    const groups = [group(result, 0, runs, pixelsPerPoint), group(result, 1, down, pixelsPerPoint)]
    return {
      content: { groups: groups.filter((one) => one.runs.length > 0), rules: [], fills: [] },
      confidence: meanConfidence(lines.flatMap((line) => line.words)),
    }
  })
}

/** Text in one direction, with its boxes on the page as a person sees it. `quarters` is beside the page's own turn. */
function group(
  { turn, width, height }: OcrResult,
  quarters: 0 | 1,
  runs: readonly Run[],
  pixelsPerPoint: number,
): PageContent['groups'][number] {
  const page = { width: width / pixelsPerPoint, height: height / pixelsPerPoint }
  return {
    angle: ((turn + quarters) % 4) as 0 | 1 | 2 | 3,
    runs: runs.map((run) => ({ ...run, box: turnBox(run.box, turn, page) })),
    characters: runs.reduce((sum, run) => sum + run.text.length, 0),
  }
}

/** From a page turned for reading to the page as it is: by so many quarter turns clockwise. `page`: its own size. */
function turnBox(box: Rectangle, quarters: number, page: { width: number; height: number }): Rectangle {
  const { x, y, width, height } = box
  if (quarters === 1) return { x: page.width - y - height, y: x, width: height, height: width }
  if (quarters === 2) return { x: page.width - x - width, y: page.height - y - height, width, height }
  if (quarters === 3) return { x: y, y: page.height - x - width, width: height, height: width }
  return box
}

function isText(line: OcrLine): boolean {
  const signs = line.text.match(/[\p{L}\p{N}]/gu)?.length ?? 0
  if (signs === 0) return line.confidence >= 80
  // A letter or two are found in every drawing.
  return line.confidence >= (signs <= 2 ? 60 : 40)
}

function isTurned(line: OcrLine): boolean {
  return line.text.length > 3 && line.box.height > line.box.width * 2
}

interface Sized {
  characters: number
  points: number
}

/** Small print in a drawing is sometimes said to be as high as the row of text beside it. */
function sized(line: OcrLine, pixelsPerPoint: number): Sized {
  const pixels = Math.min(line.size, line.box.height * 1.6)
  return { characters: line.text.length, points: pixels / pixelsPerPoint }
}

/** The size that the middle character of the text has. */
function bodySize(lines: readonly Sized[]): number {
  const sorted = lines.toSorted((a, b) => a.points - b.points)
  const half = sorted.reduce((sum, line) => sum + line.characters, 0) / 2
  let seen = 0
  for (const line of sorted) {
    seen += line.characters
    if (seen >= half) return halfPoints(line.points)
  }
  return 10
}

/**
 * Sizes measured from pictures scatter by a fifth. What is near to the body's size is of that size; beyond, the lines
 * of a paragraph are of one size.
 */
function lineSizes(lines: readonly OcrLine[], pixelsPerPoint: number, body: number): Map<OcrLine, number> {
  const byParagraph = Map.groupBy(lines, (line) => line.paragraph)
  const sizes = new Map<OcrLine, number>()
  for (const paragraph of byParagraph.values()) {
    const own = bodySize(paragraph.map((line) => sized(line, pixelsPerPoint)))
    for (const line of paragraph) {
      const { points } = sized(line, pixelsPerPoint)
      const size = Math.abs(points / own - 1) < 0.2 ? own : halfPoints(points)
      sizes.set(line, size > body * 0.75 && size < body * 1.25 ? body : size)
    }
  }
  return sizes
}

function halfPoints(points: number): number {
  return Math.max(1, Math.round(points * 2) / 2)
}

/** A line in pieces where a gap is too wide for a space: the cells of a table's row. */
function toRuns(line: OcrLine, pixelsPerPoint: number, size: number): Run[] {
  const groups: OcrWord[][] = []
  for (const word of line.words) {
    const last = groups.at(-1)?.at(-1)
    const gap = last ? (word.box.x - last.box.x - last.box.width) / pixelsPerPoint : Infinity
    if (gap < size * 1.1) groups.at(-1)?.push(word)
    else groups.push([word])
  }
  const top = line.box.y / pixelsPerPoint
  const bottom = (line.box.y + line.box.height) / pixelsPerPoint
  return groups.map((words) => {
    const box = toPoints(words, pixelsPerPoint)
    return {
      ...plainRun,
      text: words.map((word) => word.text).join(' '),
      x: box.x,
      right: box.x + box.width,
      top,
      bottom,
      baseline: line.baseline / pixelsPerPoint,
      size,
      box,
      glyphs: words.flatMap((word, index) => {
        const { x, width } = toPoints([word], pixelsPerPoint)
        const glyphs = toGlyphs(word.text, x, x + width)
        const before = words[index - 1]
        const left = before ? toPoints([before], pixelsPerPoint) : undefined
        return left ? [{ text: ' ', x: left.x + left.width, right: x }, ...glyphs] : glyphs
      }),
    }
  })
}

/** Text that runs up or down the page, as if the page were turned for reading it. */
function toTurnedRun(line: OcrLine, pixelsPerPoint: number): Run {
  const box = toPoints([line], pixelsPerPoint)
  return {
    ...plainRun,
    text: line.text,
    x: box.y,
    right: box.y + box.height,
    top: box.x,
    bottom: box.x + box.width,
    baseline: box.x + box.width,
    size: halfPoints(box.width),
    box,
    glyphs: toGlyphs(line.text, box.y, box.y + box.height),
  }
}

/** What recognition does not tell. */
const plainRun = {
  bold: false,
  italic: false,
  monospace: false,
  font: '',
  rightToLeft: false,
  artifact: false,
  spaceBefore: true,
}

/** The characters of a word, each as wide as the next. */
function toGlyphs(text: string, left: number, right: number): GlyphSpan[] {
  const characters = [...text]
  const width = (right - left) / Math.max(1, characters.length)
  return characters.map((character, index) => ({
    text: character,
    x: left + index * width,
    right: left + (index + 1) * width,
  }))
}

function toPoints(parts: readonly { box: Rectangle }[], pixelsPerPoint: number): Rectangle {
  const x = Math.min(...parts.map((part) => part.box.x))
  const y = Math.min(...parts.map((part) => part.box.y))
  const right = Math.max(...parts.map((part) => part.box.x + part.box.width))
  const bottom = Math.max(...parts.map((part) => part.box.y + part.box.height))
  return {
    x: x / pixelsPerPoint,
    y: y / pixelsPerPoint,
    width: (right - x) / pixelsPerPoint,
    height: (bottom - y) / pixelsPerPoint,
  }
}
