import { strToU8, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { behavesAsParser, checkParsedDocument } from './parsers.suite.ts'
import { xlsxParser } from './xlsx.ts'

interface Sheet {
  name: string
  /** Rows of SpreadsheetML. */
  rows: string
  /** What follows the rows, such as merged cells. */
  after?: string
  state?: string
  /** Relations of the sheet: type and target. */
  relations?: [string, string][]
}

const officeUrl = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const relationsXml = (relations: readonly (readonly [string, string])[]): Uint8Array =>
  strToU8(
    `<Relationships>${relations
      .map(
        ([type, target], index) => `<Relationship Id="r${index + 1}" Type="${officeUrl}/${type}" Target="${target}"/>`,
      )
      .join('')}</Relationships>`,
  )

/** Styles: 0 general, 1 date, 2 date and time, 3 percent, 4 dollars, 5 bold, 6 hours past 24, 7 month, 8 thousands. */
const styles = `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="&quot;$&quot;#,##0.00"/><numFmt numFmtId="165" formatCode="[h]:mm"/><numFmt numFmtId="166" formatCode="mmm\\-yy"/></numFmts><fonts><font/><font><b/></font></fonts><cellXfs>${[
  [0, 0],
  [14, 0],
  [22, 0],
  [10, 0],
  [164, 0],
  [0, 1],
  [165, 0],
  [166, 0],
  [3, 0],
]
  .map(([format, font]) => `<xf numFmtId="${format}" fontId="${font}"/>`)
  .join('')}</cellXfs></styleSheet>`

function makeXlsx(
  sheets: readonly Sheet[],
  { strings = '', members = {} }: { strings?: string; members?: Record<string, string> } = {},
): Uint8Array {
  const files: Record<string, Uint8Array> = {
    '[Content_Types].xml': strToU8('<Types/>'),
    '_rels/.rels': relationsXml([['officeDocument', 'xl/workbook.xml']]),
    'xl/workbook.xml': strToU8(
      `<workbook xmlns:r="${officeUrl}"><sheets>${sheets
        .map(
          ({ name, state }, index) =>
            `<sheet name="${name}" sheetId="${index + 1}" r:id="r${index + 1}"${state ? ` state="${state}"` : ''}/>`,
        )
        .join('')}</sheets></workbook>`,
    ),
    'xl/_rels/workbook.xml.rels': relationsXml([
      ...sheets.map((_, index) => ['worksheet', `worksheets/sheet${index + 1}.xml`] as const),
      ['styles', 'styles.xml'],
      ['sharedStrings', 'sharedStrings.xml'],
    ]),
    'xl/styles.xml': strToU8(styles),
    'xl/sharedStrings.xml': strToU8(`<sst>${strings}</sst>`),
  }
  sheets.forEach(({ rows, after = '', relations }, index) => {
    files[`xl/worksheets/sheet${index + 1}.xml`] = strToU8(
      `<?xml version="1.0"?><worksheet><sheetData>${rows}</sheetData>${after}</worksheet>`,
    )
    if (relations) files[`xl/worksheets/_rels/sheet${index + 1}.xml.rels`] = relationsXml(relations)
  })
  for (const [name, source] of Object.entries(members)) files[name] = strToU8(source)
  return zipSync(files)
}

/** Rows of inline strings and numbers; null is no cell. The first cell is `from`. */
function grid(cells: readonly (readonly (string | number | null)[])[], from = 'A1'): string {
  const column = from.charCodeAt(0) - 65
  const top = Number(from.slice(1))
  return cells
    .map((row, down) => {
      const items = row.map((cell, right) => {
        if (cell === null) return ''
        const reference = `${String.fromCharCode(65 + column + right)}${top + down}`
        return typeof cell === 'number'
          ? `<c r="${reference}"><v>${cell}</v></c>`
          : `<c r="${reference}" t="inlineStr"><is><t>${cell}</t></is></c>`
      })
      return `<row r="${top + down}">${items.join('')}</row>`
    })
    .join('')
}

const read = async (bytes: Uint8Array, given: Record<string, unknown> = {}): Promise<ParsedDocument> => {
  const parser = xlsxParser.create(xlsxParser.options.parse(given), { log: silentLog })
  const document = await parser.parse({ name: 'a.xlsx', bytes })
  checkParsedDocument(document)
  return document
}
const oneSheet = (rows: string, after = ''): Promise<ParsedDocument> => read(makeXlsx([{ name: 'Data', rows, after }]))
/** Each element as its kind and text. */
const outline = ({ text, elements }: ParsedDocument): string[] =>
  elements.map(({ kind, start, end }) => `${kind}: ${text.slice(start, end)}`)

const ships = grid([
  ['Ship', 'Length'],
  ['North', 90],
  ['South', 120.5],
])

behavesAsParser(xlsxParser, {
  name: 'a.xlsx',
  bytes: makeXlsx([{ name: 'Ships', rows: ships }]),
  holds: ['Ship | Length', 'North | 90', 'South | 120.5'],
})

describe('values', () => {
  const value = async (cell: string, strings = ''): Promise<string> => {
    const rows = `<row r="1"><c r="A1" t="str"><v>x</v></c>${cell}</row>`
    const { text } = await read(makeXlsx([{ name: 'S', rows }], { strings }))
    return text.slice('S\n\nx | '.length)
  }

  it.each([
    ['a number without the noise of binary fractions', '<c r="B1"><v>0.30000000000000004</v></c>', '0.3'],
    ['a long number', '<c r="B1"><v>123456789012345</v></c>', '123456789012345'],
    ['a date in ISO 8601', '<c r="B1" s="1"><v>45292</v></c>', '2024-01-01'],
    ['a date with its time', '<c r="B1" s="2"><v>45292.75</v></c>', '2024-01-01 18:00'],
    ['a month', '<c r="B1" s="7"><v>45292</v></c>', '2024-01'],
    ['a duration', '<c r="B1" s="6"><v>1.5</v></c>', '36:00'],
    ['a percentage', '<c r="B1" s="3"><v>0.125</v></c>', '12.50%'],
    ['an amount', '<c r="B1" s="4"><v>1234.5</v></c>', '$1,234.50'],
    ['thousands', '<c r="B1" s="8"><v>-1234567</v></c>', '-1,234,567'],
    ['a truth value', '<c r="B1" t="b"><v>1</v></c>', 'TRUE'],
    ['an error', '<c r="B1" t="e"><v>#DIV/0!</v></c>', '#DIV/0!'],
    ['the saved result of a formula', '<c r="B1"><f>SUM(C1:C9)</f><v>42</v></c>', '42'],
    ['a date that is written out', '<c r="B1" t="d"><v>2024-01-01T00:00:00</v></c>', '2024-01-01'],
    ['an escaped sign', '<c r="B1" t="str"><v>a_x0041_b</v></c>', 'aAb'],
    ['a number that is none', '<c r="B1"><v>oops</v></c>', 'oops'],
  ])('shows %s', async (_, cell, shown) => {
    expect(await value(cell)).toBe(shown)
  })

  it('joins the runs of rich text and leaves phonetic readings out', async () => {
    const strings = '<si><t>other</t></si><si><r><t>Har</t></r><r><t>bour</t></r><rPh sb="0"><t>kana</t></rPh></si>'
    expect(await value('<c r="B1" t="s"><v>1</v></c>', strings)).toBe('Harbour')
  })

  it('counts days from 1904 where the workbook says so', async () => {
    const bytes = makeXlsx([{ name: 'S', rows: '<row r="1"><c r="A1" s="1"><v>1</v></c></row>' }], {
      members: {
        'xl/workbook.xml': `<workbook xmlns:r="${officeUrl}"><workbookPr date1904="1"/><sheets><sheet name="S" r:id="r1"/></sheets></workbook>`,
      },
    })
    expect((await read(bytes)).text).toBe('S\n\n1904-01-02')
  })

  it('places cells that do not say where they stand', async () => {
    const { text } = await oneSheet(
      '<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c><c><v>4</v></c></row>',
    )
    expect(text).toBe('Data\n\n1 | 2\n3 | 4')
  })
})

describe('sheets', () => {
  it('makes a page with a heading of each visible sheet and names the hidden ones', async () => {
    const document = await read(
      makeXlsx([
        { name: 'First', rows: ships },
        { name: 'Secret', rows: ships, state: 'veryHidden' },
        { name: 'Blank', rows: '' },
        { name: 'Second', rows: ships },
      ]),
    )
    expect(document.pages).toMatchObject([
      { number: 1, kind: 'sheet', label: 'First' },
      { number: 2, kind: 'sheet', label: 'Second' },
    ])
    expect(outline(document).filter((line) => line.startsWith('heading'))).toEqual([
      'heading: First',
      'heading: Second',
    ])
    expect(document.warnings).toEqual(['A hidden sheet was left out: "Secret".'])
  })

  it('says where a table stands', async () => {
    const { elements } = await oneSheet(
      grid(
        [
          ['Ship', 'Length'],
          ['North', 90],
        ],
        'C5',
      ),
    )
    expect(elements.at(-1)).toMatchObject({ headerRows: 1, sheet: { rows: [5, 6], column: 3 } })
  })

  it('writes comments, discussions and text boxes after the cells', async () => {
    const document = await read(
      makeXlsx(
        [
          {
            name: 'S',
            rows: ships,
            relations: [
              ['comments', '../comments1.xml'],
              ['threadedComment', '../threaded.xml'],
              ['drawing', '../drawings/drawing1.xml'],
            ],
          },
        ],
        {
          members: {
            'xl/comments1.xml':
              '<comments><authors><author>Ann</author></authors><commentList><comment ref="B3" authorId="0"><text><r><t>Ann:\nMeasured twice</t></r></text></comment><comment ref="B2" authorId="0"><text><t>[Threaded comment]</t></text></comment></commentList></comments>',
            'xl/threaded.xml':
              '<ThreadedComments><threadedComment ref="B2" personId="{1}"><text>Really?</text></threadedComment></ThreadedComments>',
            'xl/drawings/drawing1.xml':
              '<wsDr xmlns:a="a" xmlns:xdr="x"><xdr:sp><xdr:txBody><a:p><a:r><a:t>Mind the </a:t></a:r><a:r><a:t>pier</a:t></a:r></a:p></xdr:txBody></xdr:sp></wsDr>',
          },
        },
      ),
    )
    expect(outline(document).slice(2)).toEqual([
      'paragraph: Mind the pier',
      'note: Comment on B2: Really?',
      'note: Comment on B3 by Ann: Measured twice',
    ])
  })

  it('reads the properties of the file', async () => {
    const members = {
      'docProps/core.xml':
        '<cp:coreProperties xmlns:cp="c" xmlns:dc="d" xmlns:dcterms="t"><dc:title>Fleet</dc:title><dc:creator>Ann</dc:creator><dcterms:created>2024-03-01T10:00:00Z</dcterms:created></cp:coreProperties>',
    }
    const { title, metadata } = await read(makeXlsx([{ name: 'S', rows: ships }], { members }))
    expect(title).toBe('Fleet')
    expect(metadata).toMatchObject({ author: 'Ann', created: '2024-03-01T10:00:00Z' })
  })
})

describe('large and hostile workbooks', () => {
  it('stops at its limit of cells and says what is missing', async () => {
    const rows = grid(Array.from({ length: 3000 }, (_, index) => [`Ship ${index}`, index]))
    const bytes = makeXlsx([
      { name: 'Large', rows: rows.repeat(1) },
      { name: 'Rest', rows: ships },
    ])
    const { warnings, pages } = await read(bytes, { mostCells: 50 })
    expect(pages).toHaveLength(1)
    expect(warnings[0]).toMatch(
      /^The sheet "Large" is too large to be read whole: what comes after row \d+ is missing\.$/,
    )
    expect(warnings[1]).toBe('This workbook is too large to be read whole. Left out: "Rest".')
  })

  it('keeps what stands before a damaged place', async () => {
    const rows = `${ships}<row r="4"><c r="A4"><v>1</x></c></row>`
    const { text, warnings } = await oneSheet(rows)
    expect(text).toContain('South | 120.5')
    expect(warnings).toEqual(['The sheet "Data" is damaged: what comes after row 4 is missing.'])
  })

  it('writes cells that are far apart without the blanks between them', async () => {
    const far = (row: number): string =>
      `<row r="${row}"><c r="A${row}"><v>${row}</v></c><c r="XFD${row}"><v>${row}</v></c></row>`
    const rows = `<row r="1">${Array.from({ length: 16_384 }, () => '<c><v>7</v></c>').join('')}</row>${Array.from({ length: 3000 }, (_, row) => far(row + 2)).join('')}`
    const { text } = await oneSheet(rows, '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>')
    expect(text).toContain('\n3001 | 3001')
    expect(text.length).toBeLessThan(200_000)
  })

  it('reads cells scattered like sand in linear time', async () => {
    const rows = Array.from({ length: 400 }, (_, row) =>
      grid([Array.from({ length: 24 }, (__, column) => ((row + column) % 2 === 0 ? row : null))], `A${row + 1}`),
    )
    expect((await oneSheet(rows.join(''))).elements.filter(({ kind }) => kind === 'table')).toHaveLength(1)
  })

  it('refuses locked and binary workbooks with a way out', async () => {
    const parser = xlsxParser.create({ mostCells: 100 }, { log: silentLog })
    const binary = zipSync({ 'xl/workbook.bin': strToU8('x') })
    await expect(parser.parse({ name: 'a.xlsb', bytes: binary })).rejects.toMatchObject({ code: 'type-unsupported' })
    const locked = new Uint8Array(600)
    locked.set([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])
    await expect(parser.parse({ name: 'a.xlsx', bytes: locked })).rejects.toMatchObject({ code: 'file-encrypted' })
    const blank = makeXlsx([{ name: 'S', rows: '' }])
    await expect(parser.parse({ name: 'a.xlsx', bytes: blank })).rejects.toMatchObject({ code: 'file-empty' })
  })
})
