import { z } from 'zod'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import type { CleanerDefinition } from './cleaner.ts'
import { compilePattern, findMatches, patternSchema } from '../shared/pattern.ts'
import { rewrite, type Edit } from './parts/rewrite.ts'
import { segments } from './parts/segments.ts'

const optionsSchema = z.object({
  pairs: z
    .array(
      z.object({
        pattern: patternSchema,
        replacement: z
          .string()
          .max(1000)
          .default('')
          .describe(
            'What comes in its place. $1, $2 … or $<name> stand for the groups of the pattern, $& for all of it.',
          ),
      }),
    )
    .max(100)
    .default([])
    .describe('What to find and what to put in its place, one after the other.'),
  ignoreCase: z.boolean().default(false).describe('Capitals and small letters are the same.'),
  code: z.boolean().default(false).describe('Replace in code too.'),
})

export type ReplaceOptions = z.infer<typeof optionsSchema>

/** Replaces what patterns find, in one paragraph, list item or cell at a time. */
export const replaceCleaner: CleanerDefinition<ReplaceOptions> = {
  id: 'replace',
  label: 'Find and replace',
  summary: 'Replaces text by regular expressions: old product names, wrong characters, marks of a converter.',
  version: 1,
  options: optionsSchema,
  create: (options) => {
    const pairs = options.pairs.map(({ pattern, replacement }) => ({
      pattern: compilePattern(pattern, options.ignoreCase),
      replacement: replacement.replaceAll(/\r\n?/g, '\n').replaceAll('\0', '\ufffd'),
    }))
    return {
      clean: (document) =>
        pairs.reduce((current, pair) => replaceAll(current, pair.pattern, pair.replacement, options.code), document),
    }
  },
}

function replaceAll(document: ParsedDocument, pattern: RegExp, replacement: string, inCode: boolean): ParsedDocument {
  const edits: Edit[] = []
  for (const { start, end, place } of segments(document)) {
    if (place === 'code' && !inCode) continue
    for (const found of findMatches(document.text, start, end, pattern)) {
      const filled = fill(replacement, found.match).toWellFormed()
      // A row of a table is one line.
      const text = place === 'cell' || place === 'row' ? filled.replaceAll(/\s*\n\s*/g, ' ') : filled
      edits.push({ start: found.start, end: found.end, text })
    }
  }
  return rewrite(document, edits, 'Nothing would be left after "Find and replace", so nothing was replaced.')
}

/** The replacement with its `$` signs filled in, as `String.prototype.replace` does. */
function fill(replacement: string, match: RegExpExecArray): string {
  if (!replacement.includes('$')) return replacement
  return replacement.replaceAll(/\$(?:\$|&|<([^>]*)>|([1-9]\d?))/g, (sign, name?: string, number?: string) => {
    if (sign === '$$') return '$'
    if (sign === '$&') return match[0]
    if (name !== undefined) return match.groups ? (match.groups[name] ?? '') : sign
    const index = Number(number)
    if (index < match.length) return match[index] ?? ''
    // "$12" with fewer than twelve groups is the first group and a 2.
    const first = Number(number?.[0])
    return first < match.length ? (match[first] ?? '') + (number?.slice(1) ?? '') : sign
  })
}
