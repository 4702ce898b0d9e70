import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { pageContents, readPage, statedEncoding } from './parts/html-page.ts'
import { isoDate } from './parts/iso-date.ts'
import type { ParserDefinition } from './parser.ts'
import { readText } from './text.ts'

const options = z.object({
  content: z
    .enum(pageContents)
    .default('page')
    .describe('Everything but menus, or only the main article of the page, or all that is visible on it.'),
})

/**
 * Web pages that a browser saved into one file (.mht, .mhtml; RFC 2557): the page is read as the HTML parser reads it;
 * its pictures, styles and frames are left out. The address and the day it was saved become metadata.
 * Errors: file-empty (no visible text), file-corrupt (no page in it).
 */
export const mhtmlParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'mhtml',
  label: 'Saved web page (MHTML)',
  summary: 'Reads web pages saved as a single file, without menus, scripts and styles.',
  version: 1,
  types: ['mhtml'],
  capabilities: { pages: false, boxes: false, tables: true, headings: true },
  options,
  create: ({ content }) => ({
    async parse(input, { signal } = {}) {
      throwIfAborted(signal)
      const file = Buffer.from(input.bytes.buffer, input.bytes.byteOffset, input.bytes.byteLength)
      if (file.toString('latin1').trim() === '') {
        throw new AppError('file-empty', 'This file has no text in it. There is nothing to index.')
      }
      let empty: AppError | undefined
      for (const part of pageParts(file)) {
        throwIfAborted(signal)
        try {
          return withOrigin(await readPart(part, content), await readOrigin(file))
        } catch (error) {
          // A page of frames has no text of its own: the frames are parts of their own.
          if (!(error instanceof AppError) || error.code !== 'file-empty') throw error
          empty ??= error
        }
      }
      throw empty ?? notAnArchive()
    },
  }),
}

function notAnArchive(): AppError {
  return new AppError(
    'file-corrupt',
    'This file is named like a saved web page but no page can be found in it. Save the page again, or as PDF.',
  )
}

/** How many pages, and how many parts within parts, are looked at: archives have one, with its frames a few. */
const mostPages = 20
const deepestParts = 5

/** The parts that are HTML, each with its header lines, in order. */
function pageParts(part: Buffer, depth = 0): Buffer[] {
  const headers = readHeaders(part)
  const type = headers.get('content-type') ?? ''
  if (/^\s*text\/html/i.test(type)) return [part]
  const boundary = /boundary\s*=\s*(?:"([^"\r\n]+)"|([^\s;"]+))/i.exec(type)
  const mark = boundary?.[1] ?? boundary?.[2]
  if (mark === undefined || depth === deepestParts) return []
  const found: Buffer[] = []
  const line = Buffer.from(`\n--${mark}`, 'latin1')
  for (let at = part.indexOf(line); at >= 0 && found.length < mostPages;) {
    const next = part.indexOf(line, at + line.length)
    const start = part.indexOf('\n', at + line.length)
    if (start < 0 || next < 0) {
      // The end of the file is missing: what there is of the last part is read.
      if (start >= 0 && next < 0) found.push(...pageParts(part.subarray(start + 1), depth + 1))
      break
    }
    found.push(...pageParts(part.subarray(start + 1, next), depth + 1))
    at = next
  }
  return found.slice(0, mostPages)
}

/** Header lines, unfolded, by name in lower case. */
function readHeaders(part: Buffer): Map<string, string> {
  const head = part
    .subarray(0, 64 * 1024)
    .toString('latin1')
    .replaceAll('\r\n', '\n')
    .trimStart()
  const end = head.indexOf('\n\n')
  const headers = new Map<string, string>()
  for (const line of head
    .slice(0, end < 0 ? head.length : end)
    .replaceAll(/\n[ \t]+/g, ' ')
    .split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim())
  }
  return headers
}

async function readPart(part: Buffer, content: (typeof pageContents)[number]): Promise<ParsedDocument> {
  const { default: PostalMime } = await import('postal-mime')
  // As an attachment its transfer encoding is undone and its characters are left to us, for the page may state theirs.
  const message = Buffer.concat([Buffer.from('Content-Disposition: attachment\r\n'), part])
  let bytes: Uint8Array | undefined
  try {
    const { attachments } = await PostalMime.parse(message)
    const decoded = attachments[0]?.content
    bytes = typeof decoded === 'string' ? new TextEncoder().encode(decoded) : decoded && new Uint8Array(decoded)
  } catch {
    throw notAnArchive()
  }
  if (!bytes) throw new AppError('file-empty', 'The web page in this file is empty. Save the page again.')
  const charset = /charset\s*=\s*"?([\w-]+)/i.exec(readHeaders(part).get('content-type') ?? '')?.[1]
  const { text, warnings } = readText(bytes, charset ?? statedEncoding(bytes))
  return readPage(text, content, warnings)
}

interface Origin {
  title: string | undefined
  url: string | undefined
  saved: string | undefined
}

async function readOrigin(file: Buffer): Promise<Origin> {
  const { decodeWords } = await import('postal-mime')
  const headers = readHeaders(file)
  const subject = decodeWords(headers.get('subject') ?? '').trim()
  const url = headers.get('snapshot-content-location') ?? headers.get('content-location') ?? ''
  return {
    title: subject === '' ? undefined : subject.slice(0, 300).toWellFormed(),
    url: /^https?:\/\//i.test(url) ? url.slice(0, 2000) : undefined,
    saved: isoDate(headers.get('date') ?? ''),
  }
}

function withOrigin(document: ParsedDocument, { title, url, saved }: Origin): ParsedDocument {
  const metadata = {
    ...document.metadata,
    ...(url === undefined ? {} : { url }),
    ...(saved === undefined ? {} : { saved }),
  }
  // A heading is the title only where neither the page nor the archive states one.
  const known = document.metadata?.['title'] === undefined ? (title ?? document.title) : document.title
  return { ...document, ...(known === undefined ? {} : { title: known }), metadata }
}
