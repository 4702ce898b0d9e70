import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { asciidocParser } from './asciidoc.ts'
import { behavesAsParser, checkParsedDocument, encode, prose } from './parsers.suite.ts'

behavesAsParser(asciidocParser, {
  name: 'a.adoc',
  bytes: encode(`= Harbour\n\n== Piers\n\n${prose}\n\n* north\n* south\n\n|===\n|Pier |Length\n\n|North |90\n|===\n`),
  holds: ['Piers', prose, '- north', 'North | 90'],
})

const parser = asciidocParser.create({}, { log: silentLog })
const read = async (source: string): Promise<ParsedDocument> => {
  const document = await parser.parse({ name: 'a.adoc', bytes: encode(source) })
  checkParsedDocument(document)
  return document
}
const outline = (document: ParsedDocument): string[] =>
  document.elements.map((element) => `${element.kind}: ${document.text.slice(element.start, element.end)}`)

describe('asciidoc', () => {
  it('reads the header as metadata', async () => {
    const document = await read(
      '= The _Harbour_\nAnn Example <ann@example.org>; Bob Example\nv1.2, 2024-05-03\n:keywords: harbour, piers\n:lang: en\n\nText.',
    )
    expect(document.title).toBe('The Harbour')
    expect(document.metadata).toEqual({
      title: 'The Harbour',
      author: ['Ann Example', 'Bob Example'],
      date: '2024-05-03',
      version: '1.2',
      language: 'en',
      keywords: ['harbour', 'piers'],
    })
    expect(outline(document)).toEqual(['heading: The Harbour', 'paragraph: Text.'])
  })

  it('resolves inline markup, attributes, references and footnotes', async () => {
    const document = await read(
      ":pier: North\n\n[[figures]]\n== Figures\n\nThe *{pier}* pier, `a < b`, https://example.org[its page], <<figures>>.footnote:[Said so.] It's stem:[x^2].",
    )
    expect(outline(document)).toEqual([
      'heading: Figures',
      'paragraph: The North pier, a < b, its page, Figures.[1] It’s $x^2$.',
      'note: [1] Said so.',
    ])
  })

  it('reads lists in lists, definitions, callouts and code', async () => {
    const document = await read(
      '. one\n.. inner\n. [ ] two\n+\nmore\n\n* [x] done\n\nterm:: what it is\n\n.Program\n[source,python]\n----\nprint("<") # <1>\n----\n<1> Prints\n',
    )
    expect(outline(document)).toEqual([
      'list-item: 1. one',
      'list-item: 1. inner',
      'list-item: 2. [ ] two',
      'paragraph: more',
      'list-item: - [x] done',
      'list-item: term: what it is',
      'caption: Program',
      'code: print("<") # <1>',
      'list-item: <1> Prints',
    ])
    expect(document.elements.find((element) => element.kind === 'code')?.language).toBe('python')
  })

  it('reads tables with captions and spans', async () => {
    const document = await read(
      '.Sizes\n[options="header"]\n|===\n|Pier |Length\n.2+|North |90\n|91\n2+|all\na|* x\n|a {vbar} b\n|===\n',
    )
    expect(outline(document)).toEqual([
      'caption: Table 1. Sizes',
      'table: Pier | Length\nNorth | 90\nNorth | 91\nall\n- x | a | b',
    ])
    expect(document.elements[1]?.headerRows).toBe(1)
  })

  it('reads admonitions, quotes and captions of pictures', async () => {
    const document = await read(
      'NOTE: Mind the tide.\n\n[WARNING]\n====\nDo not\n\nswim.\n====\n\n[quote, Ann, Letters]\n____\nThey stand.\n____\n\n.The pier\nimage::pier.png[]\n\nimage::pier.png[]\n',
    )
    expect(outline(document)).toEqual([
      'paragraph: Note: Mind the tide.',
      'paragraph: Warning: Do not',
      'paragraph: swim.',
      'quote: They stand.',
      'quote: — Ann, Letters',
      'caption: Figure 1. The pier',
    ])
  })

  it('reads no other file, and says so', async () => {
    const document = await read(
      'before\n\ninclude::/etc/passwd[]\n\n----\ninclude::/etc/hostname[]\n----\n\nafter {docdate}.',
    )
    expect(outline(document)).toEqual(['paragraph: before', 'paragraph: after .'])
    expect(document.warnings).toEqual(['2 included files are not part of this document. Add the files themselves.'])
  })

  it('bounds what attributes and blocks grow to', async () => {
    const lines = Array.from({ length: 40 }, (_, index) => `:a${index + 1}: {a${index}}{a${index}}{a${index}}`)
    const document = await read(`:a0: pier\n${lines.join('\n')}\n\n{a40}.\n`)
    expect(document.text.length).toBeLessThan(20_000)
    const items = Array.from({ length: 400 }, (_, index) => `${'*'.repeat(index + 1)} item`)
    await expect(read(items.join('\n'))).rejects.toMatchObject({ code: 'file-corrupt' })
  })
})
