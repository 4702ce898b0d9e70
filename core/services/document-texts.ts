import type { Box, Element, Page } from '../contract/parsed-document.ts'
import type { DocumentLibrary, StoredText } from '../library/documents.ts'
import { headingTitle } from '../shared/heading-title.ts'
import type { DocumentId } from '../shared/ids.ts'

/** Stored texts, the last used ones kept in memory so that a question need not read a long document ten times. */
export interface DocumentTexts {
  /** Errors: item-missing. */
  get(id: DocumentId): StoredText
  /** Call after a document changed or went away. */
  forget(id: DocumentId): void
}

const maximumCharacters = 20_000_000

export function createDocumentTexts(documents: Pick<DocumentLibrary, 'getText'>): DocumentTexts {
  const kept = new Map<DocumentId, StoredText>()
  let characters = 0
  const forget = (id: DocumentId): void => {
    const text = kept.get(id)
    if (!text) return
    kept.delete(id)
    characters -= text.text.length
  }
  return {
    forget,
    get(id) {
      const known = kept.get(id)
      if (known) {
        kept.delete(id)
        kept.set(id, known)
        return known
      }
      const text = documents.getText(id)
      kept.set(id, text)
      characters += text.text.length
      for (const oldest of kept.keys()) {
        if (characters <= maximumCharacters || oldest === id) break
        forget(oldest)
      }
      return text
    },
  }
}

/** The headings above an offset, outermost first, as text. A heading that holds the offset counts. */
export function headingsAt(text: string, elements: readonly Element[], offset: number): string[] {
  const path: { level: number; text: string }[] = []
  for (const element of elements) {
    if (element.start > offset) break
    if (element.kind !== 'heading') continue
    const level = element.level ?? 1
    while ((path.at(-1)?.level ?? 0) >= level) path.pop()
    path.push({ level, text: headingTitle(text.slice(element.start, element.end)) })
  }
  return path.map((heading) => heading.text)
}

export function pageAt(pages: readonly Page[], offset: number): number | null {
  let found: number | null = null
  for (const page of pages) {
    if (page.start > offset) break
    found = page.number
  }
  return found
}

/** Where the elements that touch [start, end) stand on their pages. */
export function boxesOf(elements: readonly Element[], start: number, end: number): Box[] {
  return elements
    .filter((element) => element.start < end && element.end > start && element.kind !== 'page-header')
    .flatMap((element) => element.boxes ?? [])
}
