import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import type { Metadata } from '../contract/parsed-document.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { isRecord, metadataOfRecord, nameOfRecord, writeData } from './parts/data-text.ts'
import { collapse, createDocumentBuilder } from './parts/document-builder.ts'
import { isFeed, writeFeed } from './parts/feed.ts'
import { statedEncoding } from './parts/html-page.ts'
import { readLenientXml } from './parts/lenient-xml.ts'
import { xmlToData } from './parts/xml-data.ts'
import { isXmlProse, metadataOfProse, writeXmlProse } from './parts/xml-prose.ts'
import { descendants, textOf } from './parts/xml-tree.ts'
import type { ParserDefinition } from './parser.ts'
import { readText } from './text.ts'

const options = z.object({})

/**
 * XML 1.0 of any kind: feeds (RSS, Atom) entry by entry, prose (DocBook, JATS, TEI, DITA …) with its sections, lists
 * and tables, anything else as data: alike elements as tables, others as sections and "name: value" lines. Nothing is
 * loaded, no entity is expanded twice. A document that breaks off is read up to there, with a warning.
 * Errors: file-empty, file-corrupt (with line and column), file-too-large.
 */
export const xmlParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'xml',
  label: 'XML',
  summary: 'Reads XML: feeds by entry, prose by section, data as tables and lines.',
  version: 1,
  types: ['xml'],
  capabilities: { pages: false, boxes: false, tables: true, headings: true },
  options,
  create: () => ({
    async parse(input, { signal } = {}) {
      const check = (): void => throwIfAborted(signal)
      check()
      const { text, warnings } = readText(input.bytes, statedEncoding(input.bytes))
      if (text.length > mostCharacters) {
        const message = 'This XML file is too large to be read at once. Split it into parts, then add those.'
        throw new AppError('file-too-large', message, { details: { characters: text.length, limit: mostCharacters } })
      }
      check()
      const { root, problem } = readLenientXml(text)
      const place = problem ? `line ${problem.line}, column ${problem.column}` : ''
      const broken = new AppError(
        'file-corrupt',
        `This XML file is damaged${place === '' ? '' : ` in ${place}`}. Correct it, or get a fresh copy.`,
        { details: { ...problem } },
      )
      if (!root) throw broken
      check()
      const builder = createDocumentBuilder()
      let title: string | undefined
      let metadata: Metadata = {}
      if (isFeed(root)) {
        const about = await writeFeed(builder, root, check)
        title = about.title
        metadata = about.metadata
      } else if (isXmlProse(root)) {
        writeXmlProse(builder, root)
        const [first] = descendants(root, 'title')
        title = first && collapse(textOf(first))
        metadata = metadataOfProse(root)
      } else {
        const value = xmlToData(root, true)
        writeData(builder, value, 1, check)
        if (isRecord(value)) {
          title = nameOfRecord(value)?.name
          metadata = metadataOfRecord(value)
        }
      }
      const notes = problem ? [`This XML file is damaged in ${place}. What follows there is missing.`] : []
      const document = builder.finish(
        title,
        [...warnings, ...notes],
        Object.keys(metadata).length > 0 ? { metadata } : {},
      )
      if (document.text === '') {
        if (problem) throw broken
        throw new AppError('file-empty', 'This XML file has no words in it. There is nothing to index.')
      }
      return document
    },
  }),
}

/** A tree takes some twenty times the size of its text. */
const mostCharacters = 32 * 1024 * 1024
