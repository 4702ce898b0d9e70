import type { Box, ParsedDocument } from '../../contract/parsed-document.ts'
import { collapse, createDocumentBuilder } from './document-builder.ts'
import type { PageContent, Rule } from './pdf-content.ts'
import { findGrids } from './pdf-grids.ts'
import { bodyStyle, toBlocks } from './pdf-blocks.ts'
import { headingLevels } from './pdf-headings.ts'
import { type Rectangle, readingOrder, type Region } from './pdf-layout.ts'
import { findMargins, type Margin } from './pdf-margins.ts'
import { codeText, joinCell, joinLines, knownWords } from './pdf-text.ts'

export interface PdfPage {
  width: number
  height: number
  regions: Region[]
  /** Present where its text was read from a picture; confidence from 0 to 100. */
  ocr?: { confidence: number }
  /** Horizontal lines, as the page is read. */
  rules: Rule[]
}

export interface OutlineEntry {
  title: string
  /** 1 for the outermost. */
  level: number
}

export interface StructureOptions {
  tables: boolean
  outline: readonly OutlineEntry[]
  warnings: readonly string[]
}

/** A page's text in reading order. What runs another way than most of it, as stamps and the labels of axes, comes last. */
export function layOut(content: PageContent, page: { width: number; height: number }): PdfPage {
  const [main, ...others] = content.groups
  if (!main) return { width: page.width, height: page.height, regions: [], rules: [] }
  const rules = main.angle === 0 ? content.rules : []
  const turned =
    main.angle === 0 ? others.flatMap((group) => (group.angle === 1 || group.angle === 3 ? group.runs : [])) : []
  const { tables, rest, restTurned } = findGrids(rules, main.angle === 0 ? content.fills : [], main.runs, turned)
  const left = new Set(restTurned)
  const inTurned = new Set(turned)
  const beside = others
    .map((group) => group.runs.filter((run) => left.has(run) || !inTurned.has(run)))
    .filter((runs) => runs.length > 0)
  return {
    width: page.width,
    height: page.height,
    regions: [...readingOrder(rest, false, tables), ...beside.flatMap((runs) => readingOrder(runs, true))],
    rules: rules.filter((rule) => !rule.vertical),
  }
}

/** From lines in reading order to the elements of a document: what repeats, what is a heading, what belongs together. */
export function writePdf(pages: readonly PdfPage[], options: StructureOptions): ParsedDocument {
  const margins = findMargins(pages)
  const body = bodyStyle(pages, margins)
  const words = knownWords(pages)
  const pageBlocks = pages.map((page) => toBlocks(page, margins, body, options.tables))
  const levels = headingLevels(pageBlocks.flat(), body, options.outline)
  const builder = createDocumentBuilder()
  let title: { text: string; size: number } | undefined
  pages.forEach((page, index) => {
    const number = builder.beginPage({ width: round(page.width), height: round(page.height) })
    if (page.ocr) builder.notePage({ ocr: { confidence: round(page.ocr.confidence) } })
    const lines = page.regions.flatMap((region) => region.lines)
    const margin = (kind: Margin): void => {
      for (const line of lines) {
        if (margins.get(line) === kind) builder.add(kind, line.text, { boxes: [toBox(line.box, number)] })
      }
    }
    margin('page-header')
    for (const block of pageBlocks[index] ?? []) {
      const boxes = block.parts.map((part) => toBox(part, number))
      if (block.table) {
        const rows = block.table.rows.map((row) => row.map((cell) => joinCell(cell, words)))
        builder.addTable(rows, hasHeader(rows) ? 1 : 0, { boxes })
        continue
      }
      const level = levels.get(block)
      const kind = level === undefined ? block.kind : 'heading'
      const text = kind === 'code' ? codeText(block.lines) : joinLines(block, words, kind === 'heading')
      builder.add(kind, text, { ...(level === undefined ? {} : { level }), boxes })
      const size = block.lines[0]?.size ?? 0
      if (level !== undefined && index < 2 && size > (title?.size ?? 0) && !/^\d+(?:\.\d+)*\.?\s/.test(text))
        title = { text: collapse(text), size }
    }
    margin('page-footer')
  })
  return builder.finish(title?.text, options.warnings)
}

function hasHeader(rows: readonly (readonly string[])[]): boolean {
  const first = rows[0]
  if (!first || rows.length < 3) return false
  const filled = first.filter((cell) => cell !== '')
  return (
    filled.length >= first.length - 1 &&
    filled.every((cell) => cell.length <= 60 && !/^[-+(]?[\d.,$€£%\s)-]+$/.test(cell))
  )
}

function toBox(box: Rectangle, page: number): Box {
  return { page, x: round(box.x), y: round(box.y), width: round(box.width), height: round(box.height) }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
