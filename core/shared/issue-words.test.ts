import { expect, it } from 'vitest'
import { z } from 'zod'
import { issueWords } from './issue-words.ts'

it.each([
  [z.int().min(8), 4, 'It must be at least 8'],
  [z.number().max(1), 2, 'It must be at most 1'],
  [z.number().gt(0), 0, 'It must be more than 0'],
  [z.number(), 'x', 'It must be a number'],
  [z.int(), 1.5, 'It must be a whole number'],
  [z.enum(['tokens', 'words']), 'bytes', 'It must be one of: tokens, words'],
  [z.string().min(1, 'Give it a name.'), '', 'Give it a name'],
  [z.number().refine(() => false, 'At most half of the size.'), 1, 'At most half of the size'],
])('says what to do about %#', (schema: z.ZodType, value, words) => {
  const [issue] = schema.safeParse(value).error!.issues
  expect(issueWords(issue!)).toBe(words)
})
