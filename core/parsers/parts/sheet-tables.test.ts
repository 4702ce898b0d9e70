import { describe, expect, it } from 'vitest'
import { areaOf } from './sheet-ooxml.ts'
import { createSheetGrid } from './sheet-grid.ts'
import { findSheetBlocks } from './sheet-tables.ts'

/**
 * A sheet drawn as text, one line a row from row 1 on, cells parted by '|': digits are numbers, *bold*. Gives each
 * table as 'headerRows@column: row / row', with its titles before it, and each line of text as itself.
 */
function blocksOf(sheet: string, merges: readonly string[] = [], named: readonly string[] = []): string[] {
  const grid = createSheetGrid()
  sheet.split('\n').forEach((line, index) => {
    line.split('|').forEach((cell, column) => {
      const text = cell.trim()
      const bold = text.startsWith('*')
      const kind = /^[\d.]+$/.test(text) ? 'number' : 'text'
      grid.add(index + 1, column + 1, bold ? text.slice(1) : text, kind, bold)
    })
  })
  for (const merge of merges) grid.merge(areaOf(merge) ?? expect.fail(merge))
  for (const name of named) grid.nameTable({ ...(areaOf(name) ?? expect.fail(name)), headerRows: 1 })
  return findSheetBlocks(grid.finish()).map((block) => {
    if (block.kind === 'text') return block.text
    const titles = block.titles.map((title) => `[${title}] `).join('')
    return `${titles}${block.headerRows}@${block.sheet?.column}: ${block.rows.map((row) => row.join(',')).join(' / ')}`
  })
}

describe('findSheetBlocks', () => {
  it('finds the header by the values below it', () => {
    expect(blocksOf('Ship|Length\nNorth|90')).toEqual(['1@1: Ship,Length / North,90'])
    expect(blocksOf('North|90\nSouth|80')).toEqual(['0@1: North,90 / South,80'])
  })

  it('takes years beside text for names of columns', () => {
    expect(blocksOf('Region|2019|2020\nNorth|12.5|13\nSouth|9|8')).toEqual([
      '1@1: Region,2019,2020 / North,12.5,13 / South,9,8',
    ])
  })

  it('finds the header of nothing but text by its looks, and none in a list of names with their values', () => {
    expect(blocksOf('Team|Town|Coach\nBlues|St Louis|Ann\nFlyers|Ohio|Bob')[0]).toMatch(/^1@/)
    expect(blocksOf('*Team|*Town\nBlues|St Louis')[0]).toMatch(/^1@/)
    expect(blocksOf('Name|Ann\nTown|Ohio\nTeam|Blues')[0]).toMatch(/^0@/)
  })

  it('makes tables of their own of parts that blank rows or columns divide and that have a header each', () => {
    const sheet = 'a|b||\n1|2|||c|d\n3|4|||5|6\n||||7|8\n\n\nx|y\n9|9'
    expect(blocksOf(sheet)).toEqual(['1@1: a,b / 1,2 / 3,4', '1@5: c,d / 5,6 / 7,8', '1@1: x,y / 9,9'])
  })

  it('does not let a blank column or row for looks cut a table', () => {
    expect(blocksOf('Ship||Length\nNorth||90\nSouth||80')).toEqual(['1@1: Ship,,Length / North,,90 / South,,80'])
    expect(blocksOf('Ship|Length\n\nNorth|90\nSouth|80\n\nTotal|170')).toEqual([
      '1@1: Ship,Length / North,90 / South,80 / Total,170',
    ])
  })

  it('keeps tables apart that touch at a corner only', () => {
    expect(blocksOf('a|b\n1|2\n||c|d\n||3|4')).toEqual(['1@1: a,b / 1,2', '1@3: c,d / 3,4'])
  })

  it('takes lines above a table for titles and long lines below it for notes', () => {
    const note = '(a) Measured every spring, after the ice has gone from the harbour.'
    expect(blocksOf(`The fleet\n\nShips by length\nShip|Length\nNorth|90\n${note}`)).toEqual([
      '[The fleet] [Ships by length] 1@1: Ship,Length / North,90',
      note,
    ])
  })

  it('keeps sections inside a table as rows', () => {
    expect(blocksOf('Ship|Length\nLarge\nNorth|90\nSmall\nSouth|8')).toEqual([
      '1@1: Ship,Length / Large / North,90 / Small / South,8',
    ])
  })

  it('repeats merged names across a header and merged labels down their rows', () => {
    const sheet = 'Ship|2 piers||\n|Old|New\nNorth|90|80\n|91|81'
    expect(blocksOf(sheet, ['A1:A2', 'B1:C1', 'A3:A4'])).toEqual([
      '2@1: Ship,2 piers,2 piers / Ship,Old,New / North,90,80 / North,91,81',
    ])
  })

  it('believes what the file declares a table', () => {
    expect(blocksOf('one|two|note\nthree|four|more', [], ['A1:B2'])).toEqual([
      '1@1: one,two / three,four',
      'note',
      'more',
    ])
  })

  it('reads a long column of short lines as a table and a few lines as lines', () => {
    expect(blocksOf('Dashboard\nStatus: active')).toEqual(['Dashboard', 'Status: active'])
    expect(blocksOf('a\nb\nc\nd')).toEqual(['0@1: a / b / c / d'])
  })

  it('does not mind cells and rows that come out of order or twice', () => {
    const grid = createSheetGrid()
    grid.add(2, 2, '90', 'number', false)
    grid.add(2, 1, 'North', 'text', false)
    grid.add(1, 1, 'Ship', 'text', false)
    grid.add(2, 1, 'again', 'text', false)
    grid.add(1, 2, 'Length', 'text', false)
    expect(findSheetBlocks(grid.finish())).toMatchObject([
      {
        rows: [
          ['Ship', 'Length'],
          ['North', '90'],
        ],
        headerRows: 1,
      },
    ])
  })
})
