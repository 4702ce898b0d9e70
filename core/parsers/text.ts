import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import type { Element } from '../contract/parsed-document.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { decodeText, garbageShare } from './parts/decode-text.ts'
import { cleanText } from './parts/document-builder.ts'
import type { ParserDefinition } from './parser.ts'

const options = z.object({})

/**
 * Plain text in any common encoding. The document's text is the file's own, with '\n' line ends; blank lines part the
 * paragraphs. Headings are not guessed: a short line in a text file may be anything.
 * Errors: file-empty, file-corrupt (the bytes are no text).
 */
export const textParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'text',
  label: 'Plain text',
  summary: 'Reads plain text in any common encoding; blank lines part the paragraphs.',
  version: 2,
  types: ['text'],
  capabilities: { pages: false, boxes: false, tables: false, headings: false },
  options,
  create: () => ({
    async parse(input, { signal } = {}) {
      throwIfAborted(signal)
      const { text, warnings } = readText(input.bytes)
      return { text, elements: paragraphs(text), pages: [], warnings, hasLines: true }
    },
  }),
}

/** The decoded, cleaned text of a file, or file-empty or file-corrupt. Shared by the parsers of text formats. */
export function readText(bytes: Uint8Array, stated?: string): { text: string; warnings: string[] } {
  const decoded = decodeText(bytes, stated)
  const text = cleanText(decoded.text)
  if (text.trim() === '') throw new AppError('file-empty', 'This file has no text in it. There is nothing to index.')
  if (garbageShare(text) > 0.05) {
    throw new AppError('file-corrupt', 'This file should be text, but most of it cannot be read. Get a fresh copy.')
  }
  return { text, warnings: decoded.warnings }
}

function paragraphs(text: string): Element[] {
  const elements: Element[] = []
  let start = -1
  let end = 0
  const close = (): void => {
    if (start >= 0) elements.push({ kind: 'paragraph', start, end })
    start = -1
  }
  for (let lineStart = 0; lineStart < text.length;) {
    const found = text.indexOf('\n', lineStart)
    const lineEnd = found < 0 ? text.length : found
    const line = text.slice(lineStart, lineEnd)
    const trimmed = line.trimEnd()
    if (trimmed === '') {
      close()
    } else {
      const leading = line.length - line.trimStart().length
      if (start < 0) start = lineStart + leading
      // A form feed begins a new page of an old text file, so a new paragraph too.
      else if (line.startsWith('\f')) {
        close()
        start = lineStart + leading
      }
      end = lineStart + trimmed.length
    }
    lineStart = lineEnd + 1
  }
  close()
  return elements
}
