import { z } from 'zod'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import type { CleanerDefinition } from './cleaner.ts'
import { findBrokenWords, joinWord } from './parts/broken-words.ts'
import { rewrite, type Edit } from './parts/rewrite.ts'
import { segments, type Segment } from './parts/segments.ts'

const optionsSchema = z.object({
  invisible: z
    .boolean()
    .default(true)
    .describe(
      'Remove characters without width: soft hyphens, zero-width spaces, byte order marks, control characters.',
    ),
  spaces: z
    .boolean()
    .default(true)
    .describe('Make one plain space of each run of spaces, tabs and no-break spaces. Not in code.'),
  blankLines: z
    .int()
    .min(0)
    .max(20)
    .default(1)
    .describe('Blank lines that may follow one another. Text with line numbers keeps all of its lines.'),
})

export type WhitespaceOptions = z.infer<typeof optionsSchema>

/**
 * Puts white space in order: invisible characters, runs of blanks, runs of blank lines. Zero-width joiners stay, for
 * Indic and Persian writing and emoji need them. Code stays as it is, and the columns of tables whose cells are not known.
 */
export const whitespaceCleaner: CleanerDefinition<WhitespaceOptions> = {
  id: 'whitespace',
  label: 'Tidy white space',
  summary: 'Removes invisible characters and runs of spaces and blank lines; safe for every document.',
  version: 1,
  options: optionsSchema,
  create: (options) => ({
    clean(document) {
      const edits: Edit[] = []
      let cursor = 0
      for (const segment of segments(document)) {
        if (segment.start === segment.element.start) editGap(document, cursor, segment.start, options, edits)
        if (segment.place !== 'code') editSegment(document, segment, options, edits)
        cursor = Math.max(cursor, segment.element.end)
      }
      return rewrite(document, edits, 'No text would be left after "Tidy white space", so it was left out.')
    },
  }),
}

// What a UTF-16 code unit is. Line breaks are a kind of their own.
const plain = 0
const blank = 1
const invisible = 2
const lineBreak = 3
const kinds = new Uint8Array(0x10000)
for (let code = 0; code < 0x20; code++) kinds[code] = invisible
for (const code of [0x7f, 0xad, 0x200b, 0x2060, 0xfeff]) kinds[code] = invisible
for (const code of [0x09, 0x0b, 0x0c, 0x20, 0xa0, 0x1680, 0x202f, 0x205f, 0x3000, 0x85, 0x2028, 0x2029])
  kinds[code] = blank
for (let code = 0x2000; code <= 0x200a; code++) kinds[code] = blank
kinds[0x0a] = lineBreak

/** Between elements: nothing but line breaks, and not too many. */
function editGap(
  document: ParsedDocument,
  start: number,
  end: number,
  options: WhitespaceOptions,
  edits: Edit[],
): void {
  if (document.hasLines === true || start === 0) return
  const gap = document.text.slice(start, end)
  const breaks = gap.split('\n').length - 1
  if (breaks > options.blankLines + 1) edits.push({ start, end, text: '\n'.repeat(options.blankLines + 1) })
}

function editSegment(document: ParsedDocument, segment: Segment, options: WhitespaceOptions, edits: Edit[]): void {
  const { text } = document
  const { start, end, place } = segment
  // Soft hyphens before a line break hold two parts of a word together.
  const softBreaks = options.invisible && place === 'text' && text.slice(start, end).includes('\u00ad')
  const joints = softBreaks ? [...findBrokenWords(text, start, end)].filter((word) => word.isSoft) : []
  let joint = 0
  for (let position = start; position < end;) {
    if (kinds[text.charCodeAt(position)] === plain) {
      position++
      continue
    }
    while ((joints[joint]?.at ?? Infinity) < position) joint++
    const word = joints[joint]
    if (word?.at === position && word.hasLineBreak) {
      const edit = joinWord(text, word, end, '')
      edits.push(edit)
      position = edit.end
      continue
    }
    let runEnd = position + 1
    while (runEnd < end && kinds[text.charCodeAt(runEnd)] !== plain) runEnd++
    const run = text.slice(position, runEnd)
    const tidied = tidyRun(run, place, position === start || runEnd === end, document.hasLines === true, options)
    if (tidied !== run) edits.push({ start: position, end: runEnd, text: tidied })
    position = runEnd
  }
}

/** A run of white space and invisible characters as it should be. */
function tidyRun(
  given: string,
  place: Segment['place'],
  isEdge: boolean,
  hasLines: boolean,
  options: WhitespaceOptions,
): string {
  let run = ''
  for (const character of given) {
    const kind = kinds[character.charCodeAt(0)]
    if (kind === blank && options.spaces) run += place === 'row' && character === '\t' ? '\t' : ' '
    else if (kind !== invisible || !options.invisible) run += character
  }
  if (place === 'row') return run
  const lines = run.split('\n')
  if (lines.length === 1) {
    if (!options.spaces || !/^ +$/.test(run)) return run
    return isEdge ? '' : ' '
  }
  const indent = hasLines ? (lines.at(-1) ?? '') : ''
  const breaks = hasLines ? lines.length - 1 : Math.min(lines.length - 1, options.blankLines + 1)
  if (!options.spaces) return breaks === lines.length - 1 ? run : '\n'.repeat(breaks) + (lines.at(-1) ?? '')
  return '\n'.repeat(breaks) + indent
}
