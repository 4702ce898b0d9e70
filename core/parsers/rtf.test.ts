import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { behavesAsParser, checkParsedDocument, encode, prose } from './parsers.suite.ts'
import { rtfParser } from './rtf.ts'

const fonts = String.raw`{\fonttbl{\f0\fswiss\fcharset0 Arial;}{\f1\fmodern Courier New;}{\f2\fnil\fcharset2 Symbol;}{\f3\fnil\fcharset204 Arial CYR;}{\f4\fnil\fcharset128 MS Mincho;}}`
const styles = String.raw`{\stylesheet{\s0 Normal;}{\s1\sbasedon0 heading 1;}{\s2\sbasedon1 Own chapter;}{\s3\outlinelevel2 Third;}{\*\cs10 Default;}}`
const rtf = (body: string): Uint8Array =>
  encode(String.raw`{\rtf1\ansi\ansicpg1252\deff0` + fonts + styles + body + '}')

behavesAsParser(rtfParser, {
  name: 'a.rtf',
  bytes: rtf(String.raw`\pard\s1 Piers\par\pard ${prose}\par`),
  holds: ['Piers', prose],
})

const parser = rtfParser.create({}, { log: silentLog })
const read = async (bytes: Uint8Array): Promise<ParsedDocument> => {
  const document = await parser.parse({ name: 'a.rtf', bytes })
  checkParsedDocument(document)
  return document
}
const outline = async (body: string): Promise<[string, string][]> => {
  const { elements, text } = await read(rtf(body))
  return elements.map(({ kind, level, start, end }) => [`${kind}${level ?? ''}`, text.slice(start, end)])
}
const raw = String.raw

describe('rtf', () => {
  it('finds headings by style, by styles that descend from one and by outline level', async () => {
    const body = raw`\pard\s1 One\par\pard\s2 Two\par\pard\s3 Three\par\pard\outlinelevel3 Four\par\pard Text\par`
    expect(await outline(body)).toEqual([
      ['heading1', 'One'],
      ['heading1', 'Two'],
      ['heading3', 'Three'],
      ['heading4', 'Four'],
      ['paragraph', 'Text'],
    ])
  })

  it('reads letters in the code page of their font and in Unicode, without the fallback for old readers', async () => {
    const body =
      raw`caf\'e9 \u8364? {\uc2\u8212\'97\'97}\u-10179?\u-8704? {\f3\'ec\'ee\'f0\'e5} {\f4\'8a\'dd} {\f2\'61} ` +
      raw`{\uc0\u960}r\~2 \{a\\b\} a\-b a\_b \ldblquote x\rdblquote\emdash\par`
    expect(await outline(body)).toEqual([['paragraph', 'café € —😀 море 岸 α πr 2 {a\\b} ab a-b “x”—']])
  })

  it('leaves out pictures, binary data, instructions of fields, hidden and deleted text', async () => {
    const body =
      raw`A{\pict\pngblip 89504e470d0a}{\*\shppict{\pict 00ff}} {\field{\*\fldinst HYPERLINK "x"}{\fldrslt link}}` +
      raw`{\v hidden}{\deleted gone}{\*\unknown secret}{\object{\*\objdata 0102}{\result  shown}}\bin5 {{{}} end\par`
    expect(await outline(body)).toEqual([['paragraph', 'A link shown end']])
  })

  it('takes the Unicode form of a text that is there in two', async () => {
    expect(await outline(raw`{\upr{old}{\*\ud{\u1085?\u1086?}}} end\par`)).toEqual([['paragraph', 'но end']])
  })

  it('reads lists with the numbers they show', async () => {
    const body =
      raw`{\listtext\pard 1.\tab}\ls1 One\par{\listtext 2.\tab}Two\par\pard` +
      raw`{\listtext{\f2\'b7}\tab}\ls2 Point\par\pard\ls3 Unlabelled\par\pard After\par`
    expect(await outline(body)).toEqual([
      ['list-item', '1. One'],
      ['list-item', '2. Two'],
      ['list-item', '- Point'],
      ['list-item', '- Unlabelled'],
      ['paragraph', 'After'],
    ])
  })

  it('reads tables with merged cells', async () => {
    const body =
      raw`\trowd\trhdr\cellx1000\cellx2000\cellx3000\pard\intbl Pier\cell From\cell To\cell\row` +
      raw`\trowd\clvmgf\cellx1000\cellx2000\cellx3000\pard\intbl North\cell a\cell b\cell\row` +
      raw`\trowd\clvmrg\cellx1000\cellx3000\pard\intbl\cell both\cell\row` +
      raw`\trowd\cellx1000\clmgf\cellx2000\clmrg\cellx3000\pard\intbl South\cell one\cell\cell\row\pard After\par`
    const document = await read(rtf(body))
    expect(document.text).toBe('Pier | From | To\nNorth | a | b\nNorth | both\nSouth | one\n\nAfter')
    expect(document.elements[0]).toMatchObject({ kind: 'table', headerRows: 1 })
  })

  it('reads tables in tables', async () => {
    const inner = raw`\pard\intbl\itap2 1\nestcell 2\nestcell{\*\nesttableprops\trowd\cellx500\cellx900\nestrow}{\nonesttables\par}`
    const body =
      raw`\trowd\cellx1000\cellx2000\pard\intbl A\cell B\cell\row` +
      raw`\pard\intbl x\cell ${inner}\pard\intbl\itap1 y\cell\trowd\cellx1000\cellx2000\row\pard\par`
    expect(await outline(body)).toEqual([['table', 'A | B\nx | 1, 2 y']])
  })

  it('puts notes, comments and text boxes after their paragraph, and running heads once', async () => {
    const body =
      raw`{\header\pard Harbour office\par}{\headerf\pard Harbour office\par}{\footer\pard 12\par}` +
      raw`Deep{\super\chftn}{\footnote\pard\chftn  At low tide.\par} water{\footnote\ftnalt In metres.}` +
      raw`{\*\atnauthor Ann}{\*\annotation\pard Sure?\par}{\shp{\*\shpinst{\sp{\sn x}{\sv 1}}{\shptxt\pard Boxed\par}}{\shprslt Boxed}}` +
      raw`\par Next\par`
    expect(await outline(body)).toEqual([
      ['page-header', 'Harbour office'],
      ['paragraph', 'Deep[1] water[i]'],
      ['note', '[1] At low tide.'],
      ['note', '[i] In metres.'],
      ['note', 'Comment by Ann: Sure?'],
      ['paragraph', 'Boxed'],
      ['paragraph', 'Next'],
    ])
  })

  it('takes lines in a typewriter font for code and raised digits for powers', async () => {
    const body = raw`{\f1 if (a) \{}\par{\f1   b()}\par{\f1 \}}\par 10{\super 6} m\par`
    expect(await outline(body)).toEqual([
      ['code', 'if (a) {\n  b()\n}'],
      ['paragraph', '10⁶ m'],
    ])
  })

  it('says what the file says of itself', async () => {
    const body = raw`{\info{\title Tid\'e9s}{\author Ann}{\keywords tide, pier}{\creatim\yr2024\mo5\dy1\hr10\min7}{\revtim\yr2024\mo6\dy2}{\*\company Harbour}{\nofwords3}}Words.\par`
    const document = await read(rtf(body))
    expect(document.text).toBe('Words.')
    expect(document.title).toBe('Tidés')
    expect(document.metadata).toEqual({
      title: 'Tidés',
      author: 'Ann',
      keywords: ['tide', 'pier'],
      company: 'Harbour',
      created: '2024-05-01T10:07',
      modified: '2024-06-02T00:00',
      date: '2024-06-02T00:00',
    })
  })

  it('reads a file that breaks off up to there, and says so', async () => {
    const document = await read(encode(raw`{\rtf1\ansi Here it {\b brea`))
    expect(document.text).toBe('Here it brea')
    expect(document.warnings).toHaveLength(1)
  })

  it('survives groups nested without end and styles that descend from each other', async () => {
    const deep = `${'{\\b '.repeat(100_000)}deep${'}'.repeat(100_000)}`
    const loop = raw`{\stylesheet{\s7\sbasedon8 A;}{\s8\sbasedon7 B;}}\pard\s7 Round\par `
    expect((await read(encode(`{\\rtf1 ${loop}${deep} after}`))).text).toBe('Round\n\nafter')
  })

  it('refuses what is no rich text', async () => {
    const parsing = parser.parse({ name: 'a.rtf', bytes: encode('Just words.') })
    await expect(parsing).rejects.toMatchObject({ code: 'file-corrupt' })
  })
})

const shared = join(import.meta.dirname, '../../../shared/data/documents')

describe('real files', () => {
  it.skipIf(!existsSync(shared))(
    'fake-doc.rtf has a heading, text and a table (skipped without shared data)',
    async () => {
      const document = await read(readFileSync(join(shared, 'unstructured/fake-doc.rtf')))
      expect(document.text).toBe(
        'My First Heading\n\nMy first paragraph.\n\nTable Example:\n\nColumn 1 | Column 2\nRow 1, Cell 1 | Row 1, Cell 2\nRow 2, Cell 1 | Row 2, Cell 2',
      )
    },
  )
})
