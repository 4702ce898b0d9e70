import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { createDocumentBuilder } from './parts/document-builder.ts'
import { writeProse } from './parts/prose-blocks.ts'
import { readRtf } from './parts/rtf-reader.ts'
import { damaged } from './parts/zip-members.ts'
import type { ParserDefinition } from './parser.ts'

const options = z.object({})

/**
 * Rich text (Microsoft's RTF specification 1.9.1): headings by outline level or style, paragraphs, lists with their
 * numbers, tables (also nested ones), text boxes, footnotes, endnotes and comments as notes, running heads once, what
 * the file says of itself. Text in any code page. Pictures and embedded objects are left out. No pages: the format
 * has none. Errors: file-empty, file-corrupt.
 */
export const rtfParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'rtf',
  label: 'Rich text',
  summary: 'Reads rich text (RTF) with headings, lists, tables and notes.',
  version: 1,
  types: ['rtf'],
  capabilities: { pages: false, boxes: false, tables: true, headings: true },
  options,
  create: () => ({
    async parse({ bytes }, parseOptions = {}) {
      throwIfAborted(parseOptions.signal)
      if (!isRichText(bytes)) throw damaged('RTF file', new Error('It does not begin as RTF does.'))
      const { header, body, footer, metadata, isWhole } = await readRtf(bytes, parseOptions)
      const builder = createDocumentBuilder()
      for (const text of header) builder.add('page-header', text)
      writeProse(body, builder)
      for (const text of footer) builder.add('page-footer', text)
      const warnings = isWhole ? [] : ['This RTF file breaks off: its end is missing. Get a fresh copy.']
      const title = typeof metadata['title'] === 'string' ? metadata['title'] : undefined
      const document = builder.finish(title, warnings, { metadata })
      if (!document.elements.some(({ kind }) => kind !== 'page-header' && kind !== 'page-footer')) {
        throw new AppError('file-empty', 'This RTF document has no text in it. There is nothing to index.')
      }
      if (document.title === undefined) {
        const first = document.elements.find((element) => element.kind === 'heading')
        if (first) document.title = document.text.slice(first.start, first.end).slice(0, 300)
      }
      return document
    },
  }),
}

function isRichText(bytes: Uint8Array): boolean {
  const start = String.fromCharCode(...bytes.subarray(0, 64))
  return start.replace(/^[\s\u00EF\u00BB\u00BF]+/, '').startsWith('{\\rtf')
}
