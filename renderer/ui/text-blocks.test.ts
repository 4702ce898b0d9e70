import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Element } from '../../core/contract/parsed-document.ts'
import { columnLetters, splitRow, toBlocks, type Block, type Run, type TextWindow } from './text-blocks.ts'

function windowOf(text: string, elements: Element[] = [], change: Partial<TextWindow> = {}): TextWindow {
  return { text, textStart: 0, elements, pages: [], type: 'text', ...change }
}
function runsOf(block: Block): Run[] {
  if (block.kind === 'page-break') return []
  if (block.kind === 'table') return [...block.header, ...block.rows].flat().flatMap((cell) => cell.runs)
  if (block.kind === 'facts') return block.facts.flatMap(({ name, value }) => [...name, ...value])
  return block.runs
}
const textOf = (block: Block): string =>
  runsOf(block)
    .map((run) => run.text)
    .join('')
const markedOf = (blocks: Block[]): string =>
  blocks
    .flatMap(runsOf)
    .filter((run) => run.marked)
    .map((run) => run.text)
    .join('')

describe('toBlocks', () => {
  it('shows every character that is not a blank, and marks exactly the passage, wherever the elements lie', () => {
    const pieces = fc.array(fc.constantFrom('Tide ', 'gauge', '\n', '\n\n', ' 潮位', '🌊', '\t'), { maxLength: 40 })
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(200), { minLength: 6, maxLength: 6 }), (parts, numbers) => {
        const text = parts.join('')
        const cuts = numbers.map((number) => number % (text.length + 1)).sort((a, b) => a - b)
        const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = cuts
        const elements: Element[] = [
          { kind: 'paragraph', start: a, end: b },
          { kind: 'quote', start: d, end: e },
        ]
        const blocks = toBlocks(windowOf(text, elements), { start: c, end: f })
        const bare = (value: string): string => value.replace(/\s/g, '')
        expect(bare(blocks.map(textOf).join(''))).toBe(bare(text))
        expect(bare(markedOf(blocks))).toBe(bare(text.slice(c, f)))
      }),
    )
  })

  it('takes the signs off Markdown and keeps the words', () => {
    const text = '## Power **now**\n\n- the `GEN` line\n\n> calm\n> sea\n\n[map](http://x.y/z)'
    const at = (part: string, kind: Element['kind']): Element => ({
      kind,
      start: text.indexOf(part),
      end: text.indexOf(part) + part.length,
    })
    const blocks = toBlocks(
      windowOf(
        text,
        [
          { ...at('## Power **now**', 'heading'), level: 2 },
          at('- the `GEN` line', 'list-item'),
          at('> calm\n> sea', 'quote'),
          at('[map](http://x.y/z)', 'paragraph'),
        ],
        { type: 'markdown' },
      ),
      null,
    )
    expect(blocks.map(textOf)).toEqual(['Power now', 'the GEN line', 'calm\nsea', 'map'])
    expect(blocks[0]).toMatchObject({ kind: 'heading', level: 2 })
    expect(runsOf(blocks[0] as Block)[1]).toMatchObject({ text: 'now', marked: false, look: 'strong' })
    expect(blocks[1]).toMatchObject({ kind: 'list-item', bullet: '•' })
  })

  it('makes tables of rows, without the line of dashes', () => {
    const text = '| A | B |\n| --- | --- |\n| 1 | **2** |'
    const rows = [...text.matchAll(/[^\n]+/g)].map(({ index, 0: row }) => ({ start: index, end: index + row.length }))
    const element: Element = { kind: 'table', start: 0, end: text.length, rows, headerRows: 2 }
    const [block] = toBlocks(windowOf(text, [element], { type: 'markdown' }), {
      start: text.indexOf('1'),
      end: text.length,
    })
    if (block?.kind !== 'table') throw new Error('not a table')
    const texts = (cells: { runs: Run[] }[][]): string[][] =>
      cells.map((row) => row.map((cell) => cell.runs.map((run) => run.text).join('')))
    expect(texts(block.header)).toEqual([['A', 'B']])
    expect(texts(block.rows)).toEqual([['1', '2']])
    expect(block.rows[0]?.[0]?.runs[0]?.marked).toBe(true)
  })

  it('marks page beginnings and skips those of empty pages', () => {
    const pages = [
      { number: 1, start: 0, end: 4 },
      { number: 2, start: 5, end: 5 },
      { number: 3, start: 5, end: 8 },
    ]
    const elements: Element[] = [
      { kind: 'paragraph', start: 0, end: 4 },
      { kind: 'paragraph', start: 5, end: 8 },
    ]
    const blocks = toBlocks(windowOf('aaaa\nbbb', elements, { pages }), null)
    expect(blocks.map((block) => (block.kind === 'page-break' ? block.page : textOf(block)))).toEqual([
      1,
      'aaaa',
      3,
      'bbb',
    ])
  })

  it('names slides and sheets, says what was recognised, and repeats no page that goes on', () => {
    const pages = [
      { number: 1, kind: 'slide' as const, label: 'Aims', start: 0, end: 4 },
      { number: 2, kind: 'sheet' as const, label: 'Costs', start: 5, end: 8, ocr: { confidence: 91.4 } },
    ]
    const elements: Element[] = pages.map(({ start, end }) => ({ kind: 'paragraph', start, end }))
    const labels = (change: Partial<TextWindow>): string[] =>
      toBlocks(windowOf('aaaa\nbbb', elements, { pages, ...change }), null).flatMap((block) =>
        block.kind === 'page-break' ? [block.label] : [],
      )
    expect(labels({})).toEqual(['Slide 1: Aims', 'Sheet Costs · text recognised in a picture (91 % sure)'])
    expect(labels({ text: 'aa\nbbb', textStart: 2, continues: true })).toHaveLength(1)
  })

  it('tells which spans hold each run, overlaps included, and where it stands', () => {
    const spans = [
      { id: 7, label: 'seven', tone: 'a', start: 0, end: 6 },
      { id: 8, label: 'eight', tone: 'b', start: 4, end: 9 },
    ]
    const [block] = toBlocks(windowOf('abcdefghi', [{ kind: 'paragraph', start: 0, end: 9 }]), null, spans)
    expect(runsOf(block as Block)).toMatchObject([
      { text: 'abcd', start: 0, spans: [7], tone: 'a', begins: 'seven' },
      { text: 'ef', start: 4, spans: [7, 8], tone: 'several', begins: 'eight' },
      { text: 'ghi', start: 6, spans: [8], tone: 'b' },
    ])
  })

  it('takes the cells of a row from the parser where it noted them', () => {
    const text = 'a | b | c'
    const rows = [{ start: 0, end: 9, cells: [0, 8] }]
    const [block] = toBlocks(windowOf(text, [{ kind: 'table', start: 0, end: 9, rows }]), null)
    if (block?.kind !== 'table') throw new Error('not a table')
    expect(block.rows[0]?.map((cell) => cell.runs.map((run) => run.text).join(''))).toEqual(['a | b', 'c'])
  })

  it('clips elements to the window', () => {
    const blocks = toBlocks(windowOf('lo wor', [{ kind: 'paragraph', start: 0, end: 50 }], { textStart: 3 }), {
      start: 6,
      end: 11,
    })
    expect(blocks.map(textOf)).toEqual(['lo wor'])
    expect(markedOf(blocks)).toBe('wor')
  })

  it('takes the fences off code and keeps its line breaks', () => {
    const text = '```ts\nlet a\n  b\n```'
    const [block] = toBlocks(windowOf(text, [{ kind: 'code', start: 0, end: text.length }], { type: 'markdown' }), null)
    expect(textOf(block as Block)).toBe('let a\n  b')
  })
})

describe('splitRow', () => {
  const cells = (row: string, separator: '|' | '\t' | ',' | ';' | null): string[] =>
    splitRow(row, separator).map(({ start, end }) => row.slice(start, end))
  it.each([
    ['| a | b |', '|', ['a', 'b']],
    ['a | | c', '|', ['a', '', 'c']],
    ['| a \\| b |', '|', ['a \\| b']],
    ['x\t\tz', '\t', ['x', '', 'z']],
    ['1,"2,140 GBP",', ',', ['1', '2,140 GBP', '']],
    ['one cell', null, ['one cell']],
  ] as const)('%j by %j', (row, separator, expected) => expect(cells(row, separator)).toEqual(expected))
})

it('gives the header of a table to its first part only', () => {
  const text = 'name | price\nbolt | 1\nnut | 2'
  const rows = [
    { start: 0, end: 12 },
    { start: 13, end: 21 },
    { start: 22, end: 29 },
  ]
  const elements: Element[] = [{ kind: 'table', start: 0, end: 29, rows, headerRows: 1 }]
  const parts = [
    { from: 0, to: 21 },
    { from: 22, to: 29 },
  ].map(({ from, to }) =>
    toBlocks({ text: text.slice(from, to), textStart: from, elements, pages: [], type: 'text' }, null),
  )
  expect(parts.map(([block]) => block?.kind === 'table' && [block.header.length, block.rows.length])).toEqual([
    [1, 1],
    [0, 1],
  ])
})

describe('spreadsheets and messages', () => {
  it('keeps the place of cells on their sheet, and marks the cited ones', () => {
    const text = 'Item | Cost\nWinch |  | 7'
    const rows = [
      { start: 0, end: 11, cells: [0, 7] },
      { start: 12, end: 24, cells: [12, 20, 23] },
    ]
    const element = {
      kind: 'table' as const,
      start: 0,
      end: 24,
      rows,
      headerRows: 1,
      sheet: { rows: [4, 6], column: 27 },
    }
    const [block] = toBlocks(
      { text, textStart: 0, elements: [element], pages: [], type: 'xlsx' },
      { start: 12, end: 24 },
    )
    if (block?.kind !== 'table') throw new Error('no table')
    expect(block.grid).toEqual({ column: 27, headerRows: [4], rows: [6] })
    expect(block.header[0]?.map((cell) => cell.marked)).toEqual([undefined, undefined])
    expect(block.rows[0]?.map((cell) => [cell.runs.map((run) => run.text).join(''), cell.marked])).toEqual([
      ['Winch', true],
      ['', true],
      ['7', true],
    ])
    expect(columnLetters(27)).toBe('AA')
  })

  it('keeps cells in their columns where the window begins in mid-row', () => {
    const text = 'Winch | 5 | 7'.slice(8)
    const rows = [{ start: 0, end: 13, cells: [0, 8, 12] }]
    const element = { kind: 'table' as const, start: 0, end: 13, rows, sheet: { rows: [2], column: 1 } }
    const [block] = toBlocks({ text, textStart: 8, elements: [element], pages: [], type: 'ods' }, null)
    if (block?.kind !== 'table') throw new Error('no table')
    expect(block.rows[0]?.map((cell) => cell.runs.map((run) => run.text).join(''))).toEqual(['', '5', '7'])
  })

  it('shows the header of a message as names and values, and other paragraphs as they are', () => {
    const text = 'Loan\nFrom: Ada <ada@example.org>\nTo: Ben\nNote: this is the body'
    const elements = [
      { kind: 'heading' as const, start: 0, end: 4, level: 1 },
      { kind: 'paragraph' as const, start: 5, end: 40 },
      { kind: 'paragraph' as const, start: 41, end: text.length },
    ]
    const blocks = toBlocks({ text, textStart: 0, elements, pages: [], type: 'email' }, { start: 11, end: 14 })
    expect(blocks.map((block) => block.kind)).toEqual(['heading', 'facts', 'paragraph'])
    const [, facts] = blocks
    if (facts?.kind !== 'facts') throw new Error('no facts')
    expect(facts.facts.map(({ name }) => name.map((run) => run.text).join(''))).toEqual(['From:', 'To:'])
    expect(facts.facts[0]?.value.filter((run) => run.marked).map((run) => run.text)).toEqual(['Ada'])
    expect(toBlocks({ text, textStart: 0, elements, pages: [], type: 'docx' }, null)[1]?.kind).toBe('paragraph')
  })
})
