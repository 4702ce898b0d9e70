import fc from 'fast-check'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { gfm } from 'micromark-extension-gfm'
import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { headingWords, markdownParser } from './markdown.ts'
import { behavesAsParser, checkParsedDocument, encode, prose } from './parsers.suite.ts'

behavesAsParser(markdownParser, {
  name: 'a.md',
  bytes: encode(
    `---\ntitle: Harbour\n---\n# Piers\n\n${prose}\n\n- one\n  - two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n\`\`\`ts\nlet x\n\`\`\`\n`,
  ),
  holds: ['# Piers', '| 1 | 2 |', 'let x'],
})

const parser = markdownParser.create({}, { log: silentLog })
const read = (source: string): Promise<ParsedDocument> =>
  parser.parse({ name: 'a.md', bytes: new TextEncoder().encode(source) })

/** Pieces that meet in every order, so that the quick reading of plain blocks is tried against their neighbours. */
const pieces = [
  '# Heading',
  '## Next ##',
  'Setext\n===',
  'Plain words\nin two lines',
  'Words with | a pipe\n--- | ---\nx | y',
  '- item\n- item two',
  '1. one\n\n   more of one',
  '  - nested',
  '> quoted\nlazy',
  '| a | b |\n|---|---|\n| 1 | 2 |',
  '| a |\n|---|---|\nno table',
  '```js\n# no heading\n\ntext\n```',
  '~~~\nopen',
  '    indented code',
  '<div>\n\n# in html\n\n</div>',
  '<!-- comment\n\n# hidden\n\n-->',
  '<script>\n\n# no\n\n</script>',
  '***',
  '[a]: http://example.org',
  'é ñ 漢字',
]

describe('markdown', () => {
  it('finds the same headings, tables, code and paragraphs as the library does, in any mixture', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...pieces), fc.constantFrom('\n', '\n\n')), { minLength: 1, maxLength: 8 }),
        async (parts) => {
          const source = parts.map(([piece, end]) => piece + end).join('')
          const document = await read(source)
          checkParsedDocument(document)
          const tree = fromMarkdown(source, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] })
          for (const node of tree.children) {
            if (!['heading', 'table', 'code', 'paragraph'].includes(node.type)) continue
            const kind = node.type as 'heading' | 'table' | 'code' | 'paragraph'
            const { start, end } = span(source, node.position)
            // A rule after a paragraph lengthens it; link definitions right before a heading are not part of it.
            const same = document.elements.some(
              (element) => element.kind === kind && (element.start === start || element.end === end),
            )
            if (!same) expect.fail(`no ${kind} at ${start}-${end} of ${JSON.stringify(source)}`)
          }
        },
      ),
      { numRuns: 300, seed: 7 },
    )
  })

  it('ends the last row of a table before the spaces that end the file', async () => {
    const document = await read('a|b\n-|-\n| ')
    checkParsedDocument(document)
    expect(document.elements.map(({ kind }) => kind)).toEqual(['table'])
  })

  it('gives tables their rows, code its language, front matter its title', async () => {
    const document = await read('---\ntitle: "The piers"\n---\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n\n```ts x\n1\n```\n')
    expect(document.title).toBe('The piers')
    const [, table, code] = document.elements
    expect(table?.rows?.map((row) => document.text.slice(row.start, row.end))).toEqual([
      '| a | b |',
      '|:--|--:|',
      '| 1 | 2 |',
    ])
    expect(table?.headerRows).toBe(2)
    expect(code?.language).toBe('ts')
  })

  it('makes metadata of front matter', async () => {
    const source = [
      'title: The piers',
      'Authors: [{ name: Ann Keeper, email: a@b.c }, Bo]',
      'date: 2024-03-09',
      'tags: [pier, harbour]',
      'category: works, pier',
      'Weight in tons: 12',
      'draft: false',
      'reviewers: [Cy, Di]',
      'map: { nested: left out }',
      'nothing:',
    ]
    const document = await read(`---\n${source.join('\n')}\n---\n\n# Heading\n`)
    checkParsedDocument(document)
    expect(document.title).toBe('The piers')
    expect(document.metadata).toEqual({
      title: 'The piers',
      author: 'Ann Keeper, Bo',
      date: '2024-03-09',
      keywords: ['pier', 'harbour', 'works'],
      'weight-in-tons': 12,
      draft: 'false',
      reviewers: ['Cy', 'Di'],
    })
    expect(document.hasLines).toBe(true)
  })

  it('says when front matter cannot be read, or would grow without bound', async () => {
    expect(await read('---\ntitle: "open\n---\n\n# Piers\n')).toMatchObject({
      title: 'Piers',
      warnings: ['The front matter is not valid YAML, so its fields are not known.'],
    })
    const bomb = await read('---\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n---\n\n# Piers\n')
    expect(bomb.warnings).toHaveLength(1)
  })

  it('keeps the source but for line ends', async () => {
    expect((await read('# A\r\n\r\ntext \u0000 <b>bold</b>\r\n')).text).toBe('# A\n\ntext \uFFFD <b>bold</b>\n')
  })

  it('tells the words of a heading from its markup', () => {
    expect(headingWords('## The **old** [pier](x.md) `code` ##')).toBe('The old pier code')
    expect(headingWords('Title\n=====')).toBe('Title')
    expect(headingWords('# snake_case_name and *one*')).toBe('snake_case_name and one')
  })
})

/** The offsets of a node without white space at its ends. */
function span(
  source: string,
  position: { start: { offset?: number | undefined }; end: { offset?: number | undefined } } | undefined,
): { start: number; end: number } {
  const start = position?.start.offset ?? 0
  const text = source.slice(start, position?.end.offset)
  return { start: start + text.length - text.trimStart().length, end: start + text.trimEnd().length }
}
