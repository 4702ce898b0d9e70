import type { DocumentBuilder } from './document-builder.ts'

/** Something on a slide that is read as one. */
export type SlideBlock =
  | { kind: 'paragraph' | 'list-item' | 'quote' | 'code' | 'caption' | 'page-footer'; text: string }
  | { kind: 'heading'; text: string; level: number }
  | { kind: 'table'; rows: string[][]; headerRows: number }

/** What a person finds on a slide, whichever program made it. */
export interface Slide {
  /** Left out of the show. */
  hidden: boolean
  /** Empty where it has none. */
  title: string
  /** In reading order, without the title. */
  blocks: SlideBlock[]
  /** What the speaker says to it, then what others noted on it. */
  notes: string[]
}

export interface SlideContext {
  /** The section that begins with this slide. */
  section?: string | undefined
  /** Level of the title as a heading. */
  titleLevel: number
}

/** Writes a slide as a page of its own: section, title, what stands on it, notes. */
export function writeSlide(builder: DocumentBuilder, slide: Slide, { section, titleLevel }: SlideContext): void {
  builder.beginPage({ kind: 'slide', ...(slide.title === '' ? {} : { label: slide.title.slice(0, 300) }) })
  if (section !== undefined) builder.add('heading', section, { level: Math.max(1, titleLevel - 1) })
  builder.add('heading', slide.title, { level: titleLevel })
  for (const block of slide.blocks) {
    if (block.kind === 'table') builder.addTable(block.rows, block.headerRows)
    else if (block.kind === 'heading') builder.add('heading', block.text, { level: block.level })
    else builder.add(block.kind, block.text)
  }
  for (const note of slide.notes) builder.add('note', note)
}

/** 'Slide 3 is', 'Slides 3, 4 are': the beginning of a warning. */
export function slidesNamed(numbers: readonly number[]): string {
  const named = numbers.slice(0, 10).join(', ') + (numbers.length > 10 ? ' …' : '')
  return numbers.length === 1 ? `Slide ${named} is` : `Slides ${named} are`
}
