import type { z } from 'zod'

/** What a schema refuses of a value, as a sentence without its full stop: 'It must be at least 8'. */
export function issueWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_small' && isNumber(issue.origin)) {
    return `It must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`
  }
  if (issue.code === 'too_big' && isNumber(issue.origin)) {
    return `It must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`
  }
  if (issue.code === 'invalid_type' && issue.expected in types) return `It must be ${types[issue.expected]}`
  if (issue.code === 'invalid_value') return `It must be one of: ${issue.values.map(String).join(', ')}`
  return issue.message.replace(/\.$/, '')
}

function isNumber(origin: string): boolean {
  return origin === 'number' || origin === 'int'
}

const types: Record<string, string> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
}
