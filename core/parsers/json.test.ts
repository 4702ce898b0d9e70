import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { jsonParser } from './json.ts'
import { behavesAsParser, checkParsedDocument, encode, prose } from './parsers.suite.ts'

behavesAsParser(jsonParser, {
  name: 'a.json',
  bytes: encode(
    JSON.stringify({
      title: 'Fleet',
      ships: [
        { id: 1, name: 'North', size: { length: 90 } },
        { id: 2, name: 'South', size: { length: 80 } },
        { id: 3, name: 'East', size: { length: 70 } },
      ],
    }),
  ),
  holds: ['title: Fleet', 'ships', 'id | name | size.length', '1 | North | 90'],
})

const read = async (source: unknown, name = 'a.json'): Promise<ParsedDocument> => {
  const bytes = encode(typeof source === 'string' ? source : JSON.stringify(source))
  const document = await jsonParser.create({}, { log: silentLog }).parse({ name, bytes })
  checkParsedDocument(document)
  return document
}
/** Each element as its kind and text. */
const outline = ({ text, elements }: ParsedDocument): string[] =>
  elements.map(({ kind, level = '', start, end }) => `${kind}${level}: ${text.slice(start, end)}`)

describe('json', () => {
  it('writes a list of alike records as a table', async () => {
    const { text, elements } = await read([
      { name: 'North', length: 90 },
      { name: 'South', length: 80, ports: ['A', 'B'] },
    ])
    expect(text).toBe('name | length | ports\nNorth | 90\nSouth | 80 | A, B')
    expect(elements).toMatchObject([{ kind: 'table', headerRows: 1 }])
  })

  it('writes small records as indented lines, and paths where there is nothing beside them', async () => {
    const source = {
      owner: { name: 'Ann', home: { city: 'Kiel', zip: 1 } },
      store: { books: { count: 3 } },
      none: null,
    }
    expect(outline(await read(source))).toEqual([
      'paragraph: owner:\n  name: Ann\n  home:\n    city: Kiel\n    zip: 1\nstore.books.count: 3',
    ])
  })

  it('writes large records as sections after the lines, and long texts as paragraphs', async () => {
    const large = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`key${index}`, index]))
    const lines = outline(await read({ large, about: `${prose}\n\n${prose}`, small: 1 }))
    expect(lines.map((line) => line.slice(0, 18))).toEqual([
      'paragraph: small: ',
      'paragraph: about: ',
      'heading1: large',
      'paragraph: key0: 0',
    ])
  })

  it('names the sections of records that are no table by what they call themselves', async () => {
    const articles = [
      { title: 'Storm', body: `${prose}\n${prose}` },
      { id: 7, parts: [{ deep: [[1], [2]] }, 'x'], body: `${prose}\n${prose}` },
      { body: `${prose}\n${prose}`, other: 1 },
    ]
    const headings = outline(await read({ articles })).filter((line) => line.startsWith('heading'))
    expect(headings.slice(0, 3)).toEqual(['heading1: articles', 'heading2: Storm', 'heading2: 7'])
    expect(headings.at(-1)).toBe('heading2: articles 3')
  })

  it('writes rows of numbers as a table without a header', async () => {
    const { elements, text } = await read({
      matrix: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    })
    expect(text).toBe('matrix\n\n1 | 2\n3 | 4\n5 | 6')
    expect(elements.at(-1)?.headerRows).toBe(0)
  })

  it('takes metadata from the keys that say it', async () => {
    const { title, metadata } = await read({
      title: 'Fleet',
      author: { name: 'Ann' },
      date: '9 Mar 2024',
      keywords: ['a'],
    })
    expect(title).toBe('Fleet')
    expect(metadata).toEqual({ title: 'Fleet', author: 'Ann', date: '2024-03-09', keywords: ['a'] })
  })

  it('reads past comments, trailing commas, single quotes and bare keys', async () => {
    expect((await read(`{ // fleet\n a: 'x', "b": [1, 2,], /* end */ }`)).text).toBe('a: x\nb: 1, 2')
  })

  it('reads a broken file up to the mistake where most of it is good', async () => {
    const { text, warnings } = await read('{\n"name": "North",\n"length": 90,\n"beam" 12}')
    expect(text).toBe('name: North\nlength: 90\n\n12}')
    expect(warnings).toEqual([
      'This JSON file has a mistake in line 4, column 8. What follows there is shown as it stands.',
    ])
  })

  it('says where the mistake is in a file that is broken from the start', async () => {
    const source = `{"a": 1,\n "b": ?, ${'"c": "more and more and more", '.repeat(20)}}`
    await expect(read(source)).rejects.toMatchObject({
      code: 'file-corrupt',
      message: expect.stringContaining('line 2, column 7') as string,
    })
  })

  it('bounds nesting, deep or broken', async () => {
    const deep = `${'{"a":[1,'.repeat(3000)}0${']}'.repeat(3000)}`
    expect((await read(deep)).text).toContain('…')
    await expect(read('['.repeat(100_000))).rejects.toMatchObject({ code: 'file-corrupt' })
  })

  it('says that a file without values is empty', async () => {
    await expect(read('{}')).rejects.toMatchObject({ code: 'file-empty' })
    await expect(read('null')).rejects.toMatchObject({ code: 'file-empty' })
  })
})

describe('json lines', () => {
  it('writes alike records as one table, whatever the name of the file', async () => {
    const source = '{"ship":"North","length":90}\n{"ship":"South","length":80}\n'
    const text = 'ship | length\nNorth | 90\nSouth | 80'
    expect((await read(source, 'a.jsonl')).text).toBe(text)
    expect((await read(source, 'a.json')).text).toBe(text)
  })

  it('writes other records as numbered sections', async () => {
    const line = (index: number): string => JSON.stringify({ text: `${prose}\n\n${index}`, source: 'log' })
    const headings = outline(await read(`${line(1)}\n${line(2)}`, 'a.jsonl')).filter((it) => it.startsWith('heading'))
    expect(headings).toEqual(['heading1: record 1', 'heading1: record 2'])
  })

  it('puts lines that are no JSON at the end and says so', async () => {
    const { text, warnings } = await read('{"a":1,"b":2}\n{bad\n{"a":3,"b":4}', 'a.ndjson')
    expect(text).toBe('a | b\n1 | 2\n3 | 4\n\n{bad')
    expect(warnings).toEqual(['One line is no valid JSON (the first is line 2) and stands at the end.'])
    await expect(read('{bad\n{worse\n{"a":1}', 'a.jsonl')).rejects.toMatchObject({ code: 'file-corrupt' })
  })

  it('reads pretty-printed JSON under this name', async () => {
    expect((await read('{\n  "a": 1\n}', 'a.jsonl')).text).toBe('a: 1')
  })
})
