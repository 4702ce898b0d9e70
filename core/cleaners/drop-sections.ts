import { z } from 'zod'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { headingTitle } from '../shared/heading-title.ts'
import type { CleanerDefinition } from './cleaner.ts'
import { rewrite, type Edit } from './parts/rewrite.ts'

const optionsSchema = z.object({
  headings: z
    .array(z.string().trim().min(1).max(200))
    .max(100)
    .default(['References', 'Bibliography', 'Works cited', 'Table of contents', 'Contents'])
    .describe(
      'Titles of the sections to leave out, without their numbers; capitals do not matter, * stands for any text.',
    ),
})

export type DropSectionsOptions = z.infer<typeof optionsSchema>

/** Takes sections out of the text, each from its heading to the next heading of the same or a higher level. */
export const dropSectionsCleaner: CleanerDefinition<DropSectionsOptions> = {
  id: 'drop-sections',
  label: 'Leave out sections',
  summary: 'Leaves out whole sections by their headings, such as lists of references and tables of contents.',
  version: 1,
  options: optionsSchema,
  create: (options) => ({
    clean(document) {
      const isUnwanted = createTitleMatcher(options.headings)
      const edits: Edit[] = []
      /** Level of the heading of the section that is being left out; 0 outside of those. */
      let level = 0
      for (const element of document.elements) {
        if (element.kind === 'heading') {
          const own = element.level ?? 1
          if (level > 0 && own <= level) level = 0
          if (level === 0 && isUnwanted(titleOf(document, element))) level = own
        }
        const isMargin = element.kind === 'page-header' || element.kind === 'page-footer'
        if (level > 0 && !isMargin) edits.push({ start: element.start, end: element.end, text: '' })
      }
      return rewrite(document, edits, 'Every section is one of those to leave out, so none was left out.')
    },
  }),
}

function titleOf(document: ParsedDocument, heading: { start: number; end: number }): string {
  return headingTitle(document.text.slice(heading.start, heading.end))
}

/** Whether a heading is one of these titles, with or without a number ("7. References", "A.2 References:"). */
function createTitleMatcher(titles: readonly string[]): (title: string) => boolean {
  const wanted = titles.map((title) => title.toLowerCase().replaceAll(/\s+/g, ' ').split('*'))
  return (title) => {
    const plain = title.toLowerCase().replaceAll(/[*_:.]+$|^[*_]+/g, '')
    const bare = plain.replace(/^(?:[\divxlc]{1,8}|[a-z])(?:\.[\da-z]{1,4}){0,6}[.):]?\s+/u, '')
    return wanted.some((parts) => fits(plain, parts) || fits(bare, parts))
  }
}

/** Whether a text is made of these parts in order, with any text between them. */
function fits(text: string, parts: readonly string[]): boolean {
  const first = parts[0] ?? ''
  const last = parts.at(-1) ?? ''
  if (parts.length === 1) return text === first
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  let position = first.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, position)
    if (found < 0) return false
    position = found + part.length
  }
  return position <= text.length - last.length
}
