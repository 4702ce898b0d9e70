import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readMarkdown } from './markdown-content.ts'
import { plainText } from './plain-text.ts'
import { f1, longestCommonSubsequence, normalized, overlap, readingOrder, wordsOf } from './scores.ts'

describe('scores of the parsing benchmark', () => {
  it('takes runs of letters and digits, and single signs of Chinese and Japanese, for words', () => {
    expect(wordsOf('The ﬁrst _pier_: co\u00ADoperate, 9.5 m')).toEqual([
      'the',
      'first',
      'pier',
      'cooperate',
      '9',
      '5',
      'm',
    ])
    expect(wordsOf('港口2号 naïve')).toEqual(['港', '口', '2', '号', 'naïve'])
  })

  it('counts what both have as multisets', () => {
    const counted = overlap(['a', 'a', 'b'], ['a', 'b', 'b', 'c'])
    expect(counted).toEqual({ shared: 2, found: 3, true: 4 })
    expect(f1(counted)).toBeCloseTo(4 / 7)
    expect(f1(overlap([], []))).toBe(1)
  })

  it('finds the longest common subsequence, as the textbook does', () => {
    const words = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 150 })
    fc.assert(
      fc.property(words, words, (a, b) => {
        expect(longestCommonSubsequence(a, b)).toBe(byTable(a, b))
      }),
    )
  })

  it('scores the order of shared words only', () => {
    expect(readingOrder(['a', 'b', 'c', 'd'], ['c', 'd', 'a', 'b'])).toBe(0.5)
    expect(readingOrder(['a', 'x', 'b'], ['a', 'b', 'y'])).toBe(1)
    expect(readingOrder([], ['a'])).toBe(0)
  })

  it('compares cells by their words, or signs where they have none', () => {
    expect(normalized('The  Pier!')).toBe('the pier')
    expect(normalized(' + ')).toBe('+')
  })

  it('reads what Markdown shows: no entities, comments, link targets or pictures', () => {
    const content = readMarkdown(
      '# A &amp; [b](x.md)\n\n<!-- image -->\n\n![words](x.png)\n\n| c | |\n|-|-|\n| a\\|b | **d**e |\n\n```\nf\n```\n',
    )
    expect(content.headings).toEqual(['A & b\n'])
    expect(content.cells.map((cell) => cell.trim())).toEqual(['c', '', 'a|b', 'de'])
    expect(wordsOf(content.text)).toEqual(['a', 'b', 'c', 'a', 'b', 'de', 'f'])
  })

  it('strips scripts, styles and tags from HTML', () => {
    const html =
      '<html><head><title>t</title></head><body><script>s</script><p>o<b>n</b>e</p><p>&lt;two&#33;</p></body></html>'
    expect(plainText('html', '', new TextEncoder().encode(html))?.trim().split(/\s+/)).toEqual(['one', '<two!'])
  })
})

function byTable(a: readonly string[], b: readonly string[]): number {
  let above = new Array<number>(b.length + 1).fill(0)
  for (const word of a) {
    const row = [0]
    b.forEach((other, index) => row.push(word === other ? above[index]! + 1 : Math.max(above[index + 1]!, row[index]!)))
    above = row
  }
  return above[b.length]!
}
