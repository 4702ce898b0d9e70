import { z } from 'zod'
import { throwIfAborted } from '../shared/abort.ts'
import { pageContents, readPage, statedEncoding } from './parts/html-page.ts'
import type { ParserDefinition } from './parser.ts'
import { readText } from './text.ts'

const options = z.object({
  content: z
    .enum(pageContents)
    .default('page')
    .describe('Everything but menus, or only the main article of the page, or all that is visible on it.'),
})

/**
 * A web page as a reader sees it, with its structure: headings, paragraphs, lists, tables, code, captions. By default
 * all of the page is read but what is clearly navigation; 'main' keeps the article that Readability finds, where it
 * finds one that is most of the page. Nothing on the page runs or is fetched. Author, date, keywords and language come
 * from <meta> and <html lang>.
 * Errors: file-empty (no visible text), file-corrupt.
 */
export const htmlParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'html',
  label: 'HTML',
  summary: 'Reads web pages with headings, lists and tables, without menus, scripts and styles.',
  version: 2,
  types: ['html'],
  capabilities: { pages: false, boxes: false, tables: true, headings: true },
  options,
  create: ({ content }) => ({
    async parse(input, { signal } = {}) {
      throwIfAborted(signal)
      const { text, warnings } = readText(input.bytes, statedEncoding(input.bytes))
      throwIfAborted(signal)
      return readPage(text, content, warnings)
    },
  }),
}
