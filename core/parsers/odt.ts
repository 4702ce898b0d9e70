import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { createDocumentBuilder } from './parts/document-builder.ts'
import { openOpenDocument } from './parts/opendocument.ts'
import { readOpenDocumentStyles } from './parts/opendocument-styles.ts'
import { createTextReader, type TextSink } from './parts/opendocument-text.ts'
import { elementsOf } from './parts/xml-tree.ts'
import type { ParserDefinition } from './parser.ts'

const options = z.object({})

/**
 * OpenDocument texts (OASIS OpenDocument 1.3), in an archive or as one XML file: headings with their numbers, lists,
 * tables, captions, text boxes; footnotes and comments after the paragraph that they belong to. Such a text has no
 * fixed pages, so none are given. Errors: file-empty, file-encrypted, file-corrupt, file-too-large.
 */
export const odtParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'odt',
  label: 'OpenDocument text',
  summary: 'Reads OpenDocument texts with headings, lists, tables and footnotes.',
  version: 1,
  types: ['odt'],
  capabilities: { pages: false, boxes: false, tables: true, headings: true },
  options,
  create: () => ({
    async parse(input, { signal, onProgress } = {}) {
      throwIfAborted(signal)
      const opened = openOpenDocument(input.bytes, 'OpenDocument text')
      const reader = createTextReader({ styles: readOpenDocumentStyles(opened.styleSheets), object: opened.object })
      const builder = createDocumentBuilder()
      const sink: TextSink = {
        add: (kind, text) => void builder.add(kind, text),
        addHeading: (text, level) => void builder.add('heading', text, { level }),
        addTable: (rows, headerRows) => void builder.addTable(rows, headerRows),
      }
      const stream = reader.into(sink)
      const blocks = elementsOf(opened.body)
      for (const [index, block] of blocks.entries()) {
        stream.block(block)
        if (index % 200 !== 199) continue
        onProgress?.({ done: index + 1, total: blocks.length, unit: 'paragraphs', label: 'Reading the document' })
        // Lets a cancel be heard.
        await new Promise((resolve) => setImmediate(resolve))
        throwIfAborted(signal)
      }
      stream.end()
      const { metadata } = opened
      const title = metadata['title']
      const document = builder.finish(typeof title === 'string' ? title : undefined, [], { metadata })
      if (document.text === '') {
        throw new AppError('file-empty', 'This document has no text in it. There is nothing to index.')
      }
      const first = document.elements.find((element) => element.kind === 'heading')
      if (document.title === undefined && first)
        document.title = document.text.slice(first.start, first.end).slice(0, 300)
      return document
    },
  }),
}
