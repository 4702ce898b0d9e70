import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { behavesAsCleaner, build, cellTexts, paragraph } from './cleaners.suite.ts'
import { urlsCleaner } from './urls.ts'

behavesAsCleaner(urlsCleaner, { linkTexts: 'drop' }, { bare: false })

const clean = (document: ParsedDocument, options: Record<string, unknown> = {}): ParsedDocument =>
  urlsCleaner.create(urlsCleaner.options.parse(options)).clean(document)
const cleanText = (text: string, options?: Record<string, unknown>): string =>
  clean(build(paragraph(`Begin ${text} end`)), options).text.slice(6, -4)

describe('web addresses', () => {
  it.each([
    ['see https://example.org/a?b=c#d, then', 'see, then'],
    ['(https://example.org/a_(b))', ''],
    ['the page (see https://example.org/a_(b)) says', 'the page (see) says'],
    ['<https://example.org> and www.example.org.', 'and.'],
    ['[the report](https://example.org/r "Title") says', 'the report says'],
    ['a picture ![of a boat](boat.png) here', 'a picture of a boat here'],
    ['a picture ![](boat.png) here', 'a picture here'],
    ['[![a boat](boat.png)](https://example.org) here', 'a boat here'],
    ['[https://example.org](https://example.org) here', 'here'],
    ['an array[3](x) and [x] (y)', 'an array3 and [x] (y)'],
    ['no addresses: www., http, a.b', 'no addresses: www., http, a.b'],
    ['https://a.org https://b.org/', ''],
  ])('%j becomes %j', (given, expected) => expect(cleanText(given).trim()).toBe(expected))

  it('go with the words of links, or only with links, if asked to', () => {
    expect(cleanText('[the report](https://a.b) says', { linkTexts: 'drop' })).toBe('says')
    expect(cleanText('[the report](https://a.b) https://c.d', { bare: false })).toBe('the report https://c.d')
  })

  it('go with the lines that say where references lead', () => {
    const document = build(paragraph('See [this][1].\n\n[1]: https://example.org "Title"\n[two]: <https://b.org>'))
    expect(clean(document).text.trim()).toBe('See [this][1].')
  })

  it('stay in code, and go from cells', () => {
    const document = clean(
      build(
        { kind: 'code', text: 'get("https://a.b")' },
        {
          table: [
            ['Name', 'Link'],
            ['A', 'https://a.b'],
          ],
        },
      ),
    )
    expect(document.text).toContain('get("https://a.b")')
    expect(cellTexts(document, document.elements[1])).toEqual([
      ['Name', 'Link'],
      ['A', ''],
    ])
  })
})
