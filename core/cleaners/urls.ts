import { z } from 'zod'
import type { CleanerDefinition } from './cleaner.ts'
import { rewrite, type Edit } from './parts/rewrite.ts'
import { segments } from './parts/segments.ts'

const optionsSchema = z.object({
  linkTexts: z
    .enum(['keep', 'drop'])
    .default('keep')
    .describe('What to do with the words of a Markdown link such as [the report](https://…) when its address goes.'),
  bare: z.boolean().default(true).describe('Also remove addresses that stand in the text by themselves.'),
})

export type UrlsOptions = z.infer<typeof optionsSchema>

/** Removes web addresses, which cost tokens and say little to a model; the words of links stay if wanted. Not in code. */
export const urlsCleaner: CleanerDefinition<UrlsOptions> = {
  id: 'urls',
  label: 'Remove web addresses',
  summary: 'Removes web addresses and keeps the words of links; for saved pages and texts full of links.',
  version: 1,
  options: optionsSchema,
  create: (options) => ({
    clean(document) {
      const edits: Edit[] = []
      for (const { start, end, place } of segments(document)) {
        if (place === 'code') continue
        const text = document.text.slice(start, end)
        if (!text.includes('](') && !beginsAddress.test(text)) continue
        for (const edit of editsIn(text, options)) {
          edits.push({ start: start + edit.start, end: start + edit.end, text: edit.text })
        }
      }
      return rewrite(document, edits, 'The text is nothing but web addresses, so none was removed.')
    },
  }),
}

/** Where an address or a Markdown link may begin. */
const marks = /!?\[|https?:\/\/|ftp:\/\/|\bwww\.(?=[\p{L}\p{N}])/giu
const beginsAddress = /https?:\/\/|ftp:\/\/|\bwww\.(?=[\p{L}\p{N}])/iu
const longestLink = 2000

function* editsIn(text: string, options: UrlsOptions): Generator<Edit> {
  let done = 0
  for (const mark of text.matchAll(marks)) {
    if (mark.index < done) continue
    let edits: Edit[] = []
    if (mark[0].endsWith('[')) {
      const link = readLink(text, mark.index, mark.index + mark[0].length)
      if (link) edits = editsOfLink(text, link, done, options)
    } else if (options.bare) {
      edits = [aroundAddress(text, mark.index, endOfAddress(text, mark.index), done)]
    }
    for (const edit of edits) {
      yield edit
      done = edit.end
    }
  }
}

interface Link {
  start: number
  textStart: number
  textEnd: number
  end: number
}

/** A Markdown link or image, `[text](address "title")`, whose text begins here. */
function readLink(text: string, start: number, textStart: number): Link | undefined {
  const limit = Math.min(text.length, start + longestLink)
  let depth = 1
  let position = textStart
  for (; position < limit && depth > 0; position++) {
    if (text[position] === '\\') position++
    else if (text[position] === '[') depth++
    else if (text[position] === ']') depth--
  }
  if (depth > 0 || text[position] !== '(') return undefined
  const textEnd = position - 1
  depth = 1
  for (position++; position < limit && depth > 0; position++) {
    if (text[position] === '\\') position++
    else if (text[position] === '(') depth++
    else if (text[position] === ')') depth--
    else if (text[position] === '\n' && text[position + 1] === '\n') return undefined
  }
  return depth > 0 ? undefined : { start, textStart, textEnd, end: position }
}

function editsOfLink(text: string, link: Link, done: number, options: UrlsOptions): Edit[] {
  const words = text.slice(link.textStart, link.textEnd)
  // The text of a link may be an address itself, or a picture in turn.
  if (options.linkTexts === 'drop' || words.trim() === '' || beginsAddress.test(words) || words.includes('](')) {
    const inner = options.linkTexts === 'drop' ? '' : innerWords(words)
    return [
      inner === '' ? withBlank(text, link.start, link.end, done) : { start: link.start, end: link.end, text: inner },
    ]
  }
  return [
    { start: link.start, end: link.textStart, text: '' },
    { start: link.textEnd, end: link.end, text: '' },
  ]
}

/** The words of what stands in the text of a link: a picture's description, for instance. */
function innerWords(words: string): string {
  const picture = /^\s*!?\[([^\][]*)\]\([^()]*\)\s*$/u.exec(words)
  if (picture) return (picture[1] ?? '').trim()
  return beginsAddress.test(words) ? '' : words.trim()
}

function endOfAddress(text: string, start: number): number {
  let end = start
  const limit = Math.min(text.length, start + longestLink)
  while (end < limit && !/[\s<>"'`|\\^{}\u00ab\u00bb\u201c-\u201f\u3000-\u303f\uff00-\uff0f]/u.test(text[end]!)) end++
  // Marks at the end belong to the sentence; a bracket does if its partner stands before the address.
  for (;;) {
    const last = text[end - 1]
    if (last === undefined || end <= start) return end
    const address = text.slice(start, end)
    const isOpened = (open: string): boolean => address.split(open).length >= address.split(last).length
    if ('.,;:!?*_'.includes(last) || (last === ')' && !isOpened('(')) || (last === ']' && !isOpened('['))) end--
    else return end
  }
}

/**
 * With the brackets that hold nothing but the address, and one of the blanks beside it. The line that says where a
 * Markdown reference leads goes as a whole.
 */
function aroundAddress(text: string, from: number, to: number, done: number): Edit {
  const lineStart = text.lastIndexOf('\n', from) + 1
  if (lineStart >= done && from - lineStart < 300 && /^ {0,3}\[[^\]]+\]:[ \t]*<?$/u.test(text.slice(lineStart, from))) {
    const feed = text.indexOf('\n', to)
    return { start: lineStart, end: feed < 0 ? text.length : feed + 1, text: '' }
  }
  let start = from
  let end = to
  const pairs = ['()', '<>', '[]']
  while (start > done && pairs.includes(text[start - 1]! + (text[end] ?? ''))) {
    start--
    end++
  }
  return withBlank(text, start, end, done)
}

function withBlank(text: string, start: number, end: number, done: number): Edit {
  const before = text[start - 1]
  const after = text[end]
  if (start > done && before === ' ' && (after === undefined || /[\s.,;:!?)\]]/u.test(after))) {
    return { start: start - 1, end, text: '' }
  }
  if (after === ' ' && (before === undefined || before === '\n')) return { start, end: end + 1, text: '' }
  return { start, end, text: '' }
}
