import { describe, expect, it } from 'vitest'
import {
  conditionOf,
  hasCondition,
  joinFilter,
  replaceCondition,
  splitFilter,
  toggleCondition,
} from './filter-expression.ts'

describe('filters taken apart', () => {
  it.each([
    ['', []],
    ['type=pdf', ['type=pdf']],
    ['type=pdf and year>=2024', ['type=pdf', 'year>=2024']],
    ['type = pdf  AND year >= 2024', ['type=pdf', 'year>=2024']],
    ['type=pdf has:author', ['type=pdf', 'has:author']],
    ['not tag=draft and type=pdf', ['not tag=draft', 'type=pdf']],
    ['tag="to read and keep" and a=b', ['tag="to read and keep"', 'a=b']],
    ["author~'O\\'Neil and' b=c", ["author~'O\\'Neil and'", 'b=c']],
    ['(author~smith or from~smith) and modified>2024-06-01', ['(author~smith or from~smith)', 'modified>2024-06-01']],
    ['tag=draft or tag=old', ['tag=draft or tag=old']],
    ['path:contracts/** not', ['path:contracts/**', 'not']],
    ['tag="open', ['tag="open']],
  ])('%s', (filter, conditions) => expect(splitFilter(filter)).toEqual(conditions))

  it('are put together again with their meaning', () => {
    expect(joinFilter(['tag=draft or tag=old'])).toBe('tag=draft or tag=old')
    expect(joinFilter(['tag=draft or tag=old', 'type=pdf'])).toBe('(tag=draft or tag=old) and type=pdf')
  })
})

describe('chips', () => {
  it('put a condition in and take it out, in any case', () => {
    const filter = toggleCondition('type=pdf', 'has:author')
    expect(filter).toBe('type=pdf and has:author')
    expect(hasCondition('TYPE=PDF', 'type=pdf')).toBe(true)
    expect(toggleCondition(filter, 'has:author')).toBe('type=pdf')
    expect(toggleCondition('', 'has:author')).toBe('has:author')
    expect(toggleCondition('a=1 or b=2', 'has:author')).toBe('(a=1 or b=2) and has:author')
  })

  it('replace a condition on the same key', () => {
    expect(replaceCondition('type=pdf and tag=x', 'type=', 'type=docx')).toBe('tag=x and type=docx')
    expect(replaceCondition('type=pdf and tag=x', 'type=', null)).toBe('tag=x')
  })

  it.each([
    ['draft', 'tag=draft'],
    ['to read', 'tag="to read"'],
    ['a"b\\c', 'tag="a\\"b\\\\c"'],
    ['(x)', 'tag="(x)"'],
  ])('quote %s where it is needed', (value, condition) => expect(conditionOf('tag', value)).toBe(condition))
})
