import { z } from 'zod'
import { slowPatternReason } from './slow-pattern.ts'

/** A regular expression as people write it in the settings: checked when the settings are, not when a document comes. */
export const patternSchema = z
  .string()
  .min(1)
  .max(500)
  .superRefine((pattern, context) => {
    const message = patternProblem(pattern)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })
  .describe('A regular expression as in JavaScript. ^ and $ stand for the ends of a line.')

/** Why this is no pattern that can be used, as a sentence that says what to do, or undefined. */
export function patternProblem(pattern: string): string | undefined {
  try {
    new RegExp(pattern, 'u')
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*\/[a-z]*: /su, '') : ''
    return `"${pattern}" is not a regular expression: ${reason}. To find a character such as ( or . itself, write \\ before it.`
  }
  const slow = slowPatternReason(pattern)
  return slow === undefined ? undefined : `"${pattern}" could take for ever: ${slow}`
}

export function compilePattern(pattern: string, ignoreCase: boolean): RegExp {
  return new RegExp(pattern, ignoreCase ? 'gimu' : 'gmu')
}

/** Matches only texts that it fits from the first to the last character. */
export function compileWholePattern(pattern: string, ignoreCase: boolean): RegExp {
  return new RegExp(`^(?:${pattern})$`, ignoreCase ? 'iu' : 'u')
}

/** Longest stretch that a pattern sees at a time, in UTF-16 code units: bounds what a slow pattern can cost. */
export const longestStretch = 4000

/**
 * Matches in [start, end) in order, without empty ones. What is longer than `longestStretch` is looked at in pieces,
 * cut at the end of a line or of a word.
 */
export function* findMatches(
  text: string,
  start: number,
  end: number,
  pattern: RegExp,
): Generator<{ start: number; end: number; match: RegExpExecArray }> {
  for (let from = start; from < end;) {
    const to = end - from <= longestStretch ? end : cutPlace(text, from, from + longestStretch)
    for (const match of text.slice(from, to).matchAll(pattern)) {
      const at = from + match.index
      if (match[0] !== '') yield { start: at, end: at + match[0].length, match }
    }
    from = to
  }
}

/** After the last line break or blank before `high`; between two characters where there is none. */
function cutPlace(text: string, low: number, high: number): number {
  const feed = text.lastIndexOf('\n', high - 1)
  if (feed > low) return feed + 1
  const blank = text.lastIndexOf(' ', high - 1)
  if (blank > low) return blank + 1
  const code = text.charCodeAt(high)
  return code >= 0xdc00 && code <= 0xdfff ? high - 1 : high
}
