import { describe, expect, it } from 'vitest'
import { rank } from './rank.ts'

const find = (texts: string[], query: string): string[] => rank(texts, query, (text) => text)

describe('rank', () => {
  it('prefers beginnings of the text, then of words, then anything', () => {
    expect(find(['ops/seaboats.md', 'ops/boats.md', 'boats and more.md'], 'boat')).toEqual([
      'boats and more.md',
      'ops/boats.md',
      'ops/seaboats.md',
    ])
  })
  it('asks for every word, in any order and case', () => {
    expect(find(['Handbook/Power.md', 'Handbook/Boats.md'], 'power HAND')).toEqual(['Handbook/Power.md'])
    expect(find(['a'], 'b')).toEqual([])
  })
  it('keeps everything in order without a query', () => {
    expect(find(['b', 'a'], '  ')).toEqual(['b', 'a'])
  })
})
