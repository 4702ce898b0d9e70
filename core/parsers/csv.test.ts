import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { csvParser } from './csv.ts'
import { behavesAsParser, checkParsedDocument, encode } from './parsers.suite.ts'

behavesAsParser(csvParser, {
  name: 'a.csv',
  bytes: encode('name,length\n"North, outer",90\nSouth,"8\n0"\n'),
  holds: ['North, outer | 90'],
})

const read = async (source: string, name = 'a.csv'): Promise<ParsedDocument> => {
  const parser = csvParser.create({ header: 'detect' }, { log: silentLog })
  const document = await parser.parse({ name, bytes: new TextEncoder().encode(source) })
  checkParsedDocument(document)
  return document
}

describe('csv', () => {
  it.each([',', ';', '\t', '|'])('finds the delimiter %j', async (delimiter) => {
    const source = [
      ['name', 'note'],
      ['North', '"one, two; three"'],
      ['South', 'four'],
    ]
    const { text, elements } = await read(source.map((row) => row.join(delimiter)).join('\r\n'))
    expect(text).toBe('name | note\nNorth | one, two; three\nSouth | four')
    expect(elements).toMatchObject([{ kind: 'table', headerRows: 1 }])
  })

  it('makes one line of a quoted cell with line breaks and leaves blank rows out', async () => {
    expect((await read('a,b\n"one\ntwo",2\n\n,\n"say ""hi""",3\n')).text).toBe('a | b\none two | 2\nsay "hi" | 3')
  })

  it('takes a first row of numbers for data', async () => {
    expect((await read('1,2\n3,4\n')).elements[0]?.headerRows).toBe(0)
  })

  it('reads a single column, and says when rows are uneven', async () => {
    expect((await read('name\nNorth\nSouth\n')).text).toBe('name\nNorth\nSouth')
    expect((await read('a,b\n1,2,3\n4,5\n')).warnings).toEqual([
      '1 of 3 rows have another number of cells than the first row.',
    ])
  })

  it('reads a long table in pieces, says how far it is, and stops when it is cancelled on the way', async () => {
    const lines = Array.from({ length: 60_000 }, (_, index) => `${index},"pier, number\n${index}",${'x'.repeat(60)}`)
    const bytes = encode(`id,name,note\n${lines.join('\n')}\n`)
    const parser = csvParser.create({ header: 'detect' }, { log: silentLog })
    const done: number[] = []
    const document = await parser.parse(
      { name: 'a.csv', bytes },
      { onProgress: (progress) => done.push(progress.done) },
    )
    expect(document.elements[0]?.rows).toHaveLength(60_001)
    expect(document.text).toContain('59999 | pier, number 59999 | x')
    expect(document.warnings).toEqual([])
    expect(done.length).toBeGreaterThan(1)
    expect(done).toEqual(done.toSorted((a, b) => a - b))
    const controller = new AbortController()
    const parsing = parser.parse(
      { name: 'a.csv', bytes },
      { signal: controller.signal, onProgress: () => controller.abort() },
    )
    await expect(parsing).rejects.toMatchObject({ code: 'cancelled' })
  })
})
