import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { createDocumentBuilder, type DocumentBuilder } from './parts/document-builder.ts'
import { type ContentsEntry, isUntitled, openEpubPackage, parseXhtml } from './parts/epub-package.ts'
import { writeHtml } from './parts/html-elements.ts'
import { type HtmlElement, type HtmlNode, inlineText, isText } from './parts/html-nodes.ts'
import { damaged } from './parts/zip-members.ts'
import type { ParserDefinition } from './parser.ts'

const options = z.object({})

/**
 * EPUB books, versions 2 and 3: each file of the reading order is a chapter, named as the table of contents names it,
 * with the structure of its XHTML. The cover and the table of contents itself are left out, and so are pictures.
 * Errors: file-empty, file-encrypted (locked by a shop), file-corrupt, file-too-large.
 */
export const epubParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'epub',
  label: 'EPUB',
  summary: 'Reads EPUB books chapter by chapter, with headings, lists and tables.',
  version: 1,
  types: ['epub'],
  capabilities: { pages: true, boxes: false, tables: true, headings: true },
  options,
  create: () => ({
    async parse(input, { signal, onProgress } = {}) {
      throwIfAborted(signal)
      if (input.bytes.length === 0) throw new AppError('file-empty', 'This file is empty. There is nothing to index.')
      const book = await openEpubPackage(input.bytes, what)
      const builder = createDocumentBuilder()
      const unreadable: string[] = []
      let label: string | undefined
      const contents = Map.groupBy(book.contents, ({ path }) => path)
      for (const [index, path] of book.chapters.entries()) {
        throwIfAborted(signal)
        const entries = contents.get(path) ?? []
        try {
          label = (await writeChapter(builder, book.file(path), entries, label)) ?? label
        } catch {
          unreadable.push(entries[0]?.label ?? path)
        }
        onProgress?.({ done: index + 1, total: book.chapters.length, unit: 'chapters', label: 'Reading chapters' })
        // Lets a cancel be heard.
        await new Promise((resolve) => setImmediate(resolve))
      }
      if (unreadable.length > 0 && builder.length === 0) throw damaged(what, undefined)
      const names = unreadable.slice(0, 10).map((name) => `"${name}"`)
      const warnings = unreadable.length > 0 ? [`Chapters that cannot be read are missing: ${names.join(', ')}.`] : []
      const { metadata } = book
      const title = typeof metadata['title'] === 'string' ? metadata['title'] : ''
      const stated = title === '' || isUntitled(title) ? undefined : title
      const document = builder.finish(stated, warnings, { metadata })
      if (document.text === '') {
        throw new AppError('file-empty', 'This book has no text in it, only pictures. There is nothing to index.')
      }
      return document
    },
  }),
}

const what = 'EPUB book'

/**
 * Writes a chapter as a page and returns its label. A file without text adds nothing. `before` is the label of the
 * file before it, which goes on where a long chapter is spread over several files.
 */
async function writeChapter(
  builder: DocumentBuilder,
  bytes: Uint8Array | undefined,
  entries: readonly ContentsEntry[],
  before: string | undefined,
): Promise<string | undefined> {
  if (!bytes) throw new Error('There is no such file.')
  const body = await parseXhtml(bytes)
  if (inlineText(body) === '') return undefined
  const first = entries[0]
  const goesOn = first !== undefined && first.parent !== undefined && !beginsChapter(body, first)
  const heading = body.querySelector('h1,h2,h3,h4,h5,h6')
  const headingText = heading ? inlineText(heading) : ''
  const label = (goesOn ? first.parent?.label : first?.label) ?? (headingText === '' ? before : headingText)
  builder.beginPage({ kind: 'chapter', ...(label === undefined ? {} : { label: label.slice(0, 300) }) })
  // Many books set their chapters' titles as pictures or in large letters only.
  if (headingText === '' && first && !goesOn) builder.add('heading', first.label, { level: levelOf(first) })
  writeHtml(body, builder, { pictures: true })
  return label
}

/** Whether the place to which an entry leads stands at the beginning of its file. */
function beginsChapter(body: HtmlElement, { fragment }: ContentsEntry): boolean {
  if (fragment === '') return true
  const target = [...body.querySelectorAll('[id]')].find((element) => element.getAttribute('id') === fragment)
  if (!target) return true
  return textBefore(body, target).trim().length < 100
}

function textBefore(root: HtmlElement, target: HtmlElement): string {
  const parts: string[] = []
  const visit = (node: HtmlNode): boolean => {
    for (const child of Array.from(node.childNodes)) {
      if (child === target) return true
      if (isText(child)) parts.push(child.textContent ?? '')
      else if (visit(child)) return true
    }
    return false
  }
  visit(root)
  return parts.join('')
}

function levelOf(entry: ContentsEntry): number {
  let level = 1
  for (let parent = entry.parent; parent && level < 6; parent = parent.parent) level++
  return level
}
