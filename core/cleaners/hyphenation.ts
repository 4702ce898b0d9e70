import { z } from 'zod'
import type { CleanerDefinition } from './cleaner.ts'
import { findBrokenWords, joinWord, type BrokenWord } from './parts/broken-words.ts'
import { rewrite, type Edit } from './parts/rewrite.ts'
import { segments } from './parts/segments.ts'

const optionsSchema = z.object({
  otherWords: z
    .enum(['keep', 'join'])
    .default('keep')
    .describe('What to do with a word broken at the end of a line that the document has nowhere else in one piece.'),
})

export type HyphenationOptions = z.infer<typeof optionsSchema>

/**
 * Joins words broken at the ends of lines. The evidence needs no dictionary and no language: the joined word occurs
 * elsewhere in the document, more often than the same with a hyphen. "well-" and "known" keep their hyphen when the
 * document writes "well-known". Soft hyphens say themselves that the word is one.
 */
export const hyphenationCleaner: CleanerDefinition<HyphenationOptions> = {
  id: 'hyphenation',
  label: 'Join broken words',
  summary: 'Joins words that are broken at the ends of lines; for books, scans and text made from printed pages.',
  version: 1,
  options: optionsSchema,
  create: (options) => ({
    clean(document) {
      const broken: { word: BrokenWord; end: number }[] = []
      for (const { start, end, place } of segments(document)) {
        if (place === 'code' || place === 'row') continue
        for (const word of findBrokenWords(document.text, start, end)) broken.push({ word, end })
      }
      if (broken.length === 0) return document
      const counts = countForms(
        document.text,
        broken.map(({ word }) => word),
      )
      const edits: Edit[] = []
      for (const { word, end } of broken) {
        const joined = counts.get(joinedForm(word)) ?? 0
        const hyphened = counts.get(hyphenedForm(word)) ?? 0
        const hyphen = decide(word, joined, hyphened, options)
        // Two breaks in one word: the second one is inside of what the first one has joined.
        if (hyphen === undefined || (edits.at(-1)?.end ?? 0) > word.at) continue
        edits.push(joinWord(document.text, word, end, hyphen))
      }
      return rewrite(document, edits, 'No text would be left after "Join broken words", so it was left out.')
    },
  }),
}

/** What to put between the parts; undefined leaves them as they are. */
function decide(word: BrokenWord, joined: number, hyphened: number, options: HyphenationOptions): '' | '-' | undefined {
  if (word.isSoft) return ''
  if (joined > 0 && joined >= hyphened) return ''
  if (hyphened > 0) return '-'
  if (!word.hasLineBreak) return undefined
  const goesOnSmall = word.rest.toLowerCase() === word.rest && word.rest.toUpperCase() !== word.rest
  return options.otherWords === 'join' && goesOnSmall ? '' : undefined
}

const joinedForm = (word: BrokenWord): string => (word.before + word.rest).toLowerCase()
const hyphenedForm = (word: BrokenWord): string => `${word.before}-${word.rest}`.toLowerCase()

/** How often the document has each form in one piece. */
function countForms(text: string, words: readonly BrokenWord[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(joinedForm(word), 0).set(hyphenedForm(word), 0)
  const count = (form: string): void => {
    const known = counts.get(form)
    if (known !== undefined) counts.set(form, known + 1)
  }
  let previous = ''
  let previousEnd = -1
  for (const match of text.matchAll(/[\p{L}\p{M}]+/gu)) {
    const word = match[0].toLowerCase()
    count(word)
    const sign = text[match.index - 1]
    if (previousEnd === match.index - 1 && (sign === '-' || sign === '\u2010')) count(`${previous}-${word}`)
    previous = word
    previousEnd = match.index + match[0].length
  }
  return counts
}
