import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { createDocumentBuilder } from './parts/document-builder.ts'
import { openOpenDocument } from './parts/opendocument.ts'
import { readOpenDocumentSlide } from './parts/opendocument-slide.ts'
import { readOpenDocumentStyles } from './parts/opendocument-styles.ts'
import { createTextReader } from './parts/opendocument-text.ts'
import { slidesNamed, writeSlide } from './parts/slide-writer.ts'
import { elementsOf } from './parts/xml-tree.ts'
import type { ParserDefinition } from './parser.ts'

const options = z.object({})

/**
 * OpenDocument presentations (OASIS OpenDocument 1.3), in an archive or as one XML file: each slide is a page with its
 * title as heading, then texts, lists and tables in reading order, and speaker notes and comments after it.
 * Errors: file-empty, file-encrypted, file-corrupt, file-too-large.
 */
export const odpParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'odp',
  label: 'OpenDocument presentation',
  summary: 'Reads OpenDocument slides with titles, lists, tables and speaker notes.',
  version: 1,
  types: ['odp'],
  capabilities: { pages: true, boxes: false, tables: true, headings: true },
  options,
  create: () => ({
    async parse(input, { signal, onProgress } = {}) {
      throwIfAborted(signal)
      const opened = openOpenDocument(input.bytes, 'OpenDocument presentation')
      const styles = readOpenDocumentStyles(opened.styleSheets)
      const reader = createTextReader({ styles, object: opened.object })
      const builder = createDocumentBuilder()
      const hidden: number[] = []
      const pages = elementsOf(opened.body, 'page')
      for (const [index, page] of pages.entries()) {
        throwIfAborted(signal)
        const slide = readOpenDocumentSlide(page, reader, styles)
        if (slide.hidden) hidden.push(index + 1)
        writeSlide(builder, slide, { titleLevel: 1 })
        onProgress?.({ done: index + 1, total: pages.length, unit: 'slides', label: 'Reading slides' })
        // Lets a cancel be heard.
        if (index % 20 === 19) await new Promise((resolve) => setImmediate(resolve))
      }
      const warnings =
        hidden.length > 0 ? [`${slidesNamed(hidden)} hidden in the show; the text there is included.`] : []
      const { metadata } = opened
      const title = metadata['title']
      const document = builder.finish(typeof title === 'string' ? title : undefined, warnings, { metadata })
      if (document.text === '') {
        throw new AppError(
          'file-empty',
          'This presentation has no text in it, only pictures or drawings. There is nothing to index.',
        )
      }
      const label = document.pages.find((page) => page.label !== undefined)?.label
      if (document.title === undefined && label !== undefined) document.title = label
      return document
    },
  }),
}
