import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { behavesAsParser, checkParsedDocument, encode, prose } from './parsers.suite.ts'
import { rstParser } from './rst.ts'

behavesAsParser(rstParser, {
  name: 'a.rst',
  bytes: encode(
    `Harbour\n=======\n\nPiers\n-----\n\n${prose}\n\n- north\n- south\n\n=====  ======\nPier   Length\n=====  ======\nNorth  90\n=====  ======\n`,
  ),
  holds: ['Piers', prose, '- north', 'North | 90'],
})

const parser = rstParser.create({}, { log: silentLog })
const read = async (source: string): Promise<ParsedDocument> => {
  const document = await parser.parse({ name: 'a.rst', bytes: encode(source) })
  checkParsedDocument(document)
  return document
}
const outline = async (source: string): Promise<string[]> => {
  const { text, elements } = await read(source)
  return elements.map((element) => `${element.kind}${element.level ?? ''}: ${text.slice(element.start, element.end)}`)
}

describe('rst', () => {
  it('takes the order of adornments for the levels of headings', async () => {
    const source = '=====\n Top\n=====\n\nOne\n===\n\ntext\n\nDeep\n~~~~\n\nTwo\n===\n\nno\n--\n\ntoo short\n--\n'
    expect(await outline(source)).toEqual([
      'heading1: Top',
      'heading2: One',
      'paragraph: text',
      'heading3: Deep',
      'heading2: Two',
      'heading4: no',
      'paragraph: too short --',
    ])
  })

  it('reads the fields after the title as metadata', async () => {
    const document = await read(
      'Harbour\n=======\n\n:Author: Ann Example\n:Date: 2024-05-03\n:Keywords: harbour, piers\n:orphan:\n\nText.\n\n:field: of a list\n',
    )
    expect(document.metadata).toEqual({
      title: 'Harbour',
      author: 'Ann Example',
      date: '2024-05-03',
      keywords: ['harbour', 'piers'],
    })
    expect(document.text).toBe(
      'Harbour\n\nAuthor: Ann Example\nDate: 2024-05-03\nKeywords: harbour, piers\n\nText.\n\nfield: of a list',
    )
  })

  it('resolves inline markup', async () => {
    const source =
      'The *old* **town**, ``a*b``, `its page <https://x.org>`_, :ref:`there <sec>`, :py:func:`~a.b.run`, Pier_, ' +
      '2 * 3 * 4, snake_case, \\*star\\*, |name| [1]_.\n\n.. |name| replace:: the *Mole*\n.. _Pier: https://x.org\n'
    expect(await outline(source)).toEqual([
      'paragraph: The old town, a*b, its page, there, run, Pier, 2 * 3 * 4, snake_case, *star*, the Mole [1].',
    ])
  })

  it('reads lists in lists, and tells them from sentences', async () => {
    const source =
      '- one\n  more\n\n  para\n\n  - inner\n- two\n\n1. first\n#. next\n\nterm : kind\n    what it is\n\n-a, --all  everything\n\nA. Einstein was\na physicist.\n'
    expect(await outline(source)).toEqual([
      'list-item: - one more',
      'paragraph: para',
      'list-item: - inner',
      'list-item: - two',
      'list-item: 1. first',
      'list-item: - next',
      'list-item: term: kind what it is',
      'list-item: -a, --all: everything',
      'paragraph: A. Einstein was a physicist.',
    ])
  })

  it('reads code with its language, literal blocks, doctests and verses', async () => {
    const source =
      '.. highlight:: ruby\n\nExample::\n\n    a = 1\n      b\n\n::\n\n> quoted\n> lines\n\n.. code-block:: python\n   :caption: Program\n\n   print(1)\n\n>>> 1 + 1\n2\n\n| one\n| two\n'
    expect(await outline(source)).toEqual([
      'paragraph: Example:',
      'code: a = 1\n  b',
      'code: > quoted\n> lines',
      'caption: Program',
      'code: print(1)',
      'code: >>> 1 + 1\n2',
      'paragraph: one\ntwo',
    ])
    expect((await read(source)).elements.map((element) => element.language).filter(Boolean)).toEqual([
      'ruby',
      'ruby',
      'python',
      'python',
    ])
  })

  it('reads grid tables with cells that reach over rows and columns', async () => {
    const source =
      '+-------+--------+\n| Pier  | Length |\n+=======+========+\n| North | 90     |\n|       | feet   |\n+-------+--------+\n| all of it      |\n+-------+--------+\n| South | 1      |\n|       +--------+\n|       | 2      |\n+-------+--------+\n'
    const document = await read(source)
    expect(document.text).toBe('Pier | Length\nNorth | 90 feet\nall of it\nSouth | 1\nSouth | 2')
    expect(document.elements[0]).toMatchObject({ kind: 'table', headerRows: 1 })
  })

  it('reads simple tables, lists as tables and commas as tables', async () => {
    expect(await outline('===  =====\na    two\n     lines\n\\    b\n===  =====\n')).toEqual([
      'table: a | two lines\n| b',
    ])
    const list = '.. list-table:: Sizes\n   :header-rows: 1\n\n   * - Pier\n     - Length\n   * - North\n     - 90\n'
    expect(await outline(list)).toEqual(['caption: Sizes', 'table: Pier | Length\nNorth | 90'])
    expect(await outline('.. csv-table::\n   :header: a, "b, c"\n\n   1, "x ""y"""\n')).toEqual([
      'table: a | b, c\n1 | x "y"',
    ])
  })

  it('reads notes, captions, footnotes and quotes, and leaves comments and targets out', async () => {
    const source =
      '.. note:: Mind\n   the tide.\n\n   More.\n\n.. figure:: pier.png\n   :alt: x\n\n   The *pier*.\n\n   Legend.\n\n.. A comment,\n   longer.\n\n.. _target:\n\n   Quoted.\n\n   -- Ann\n\nSee [#]_.\n\n.. [#] Said so.\n.. versionadded:: 2.0\n'
    expect(await outline(source)).toEqual([
      'paragraph: Note: Mind the tide.',
      'paragraph: More.',
      'caption: The pier.',
      'paragraph: Legend.',
      'quote: Quoted.',
      'quote: -- Ann',
      'paragraph: See [1].',
      'note: [1] Said so.',
      'paragraph: New in version 2.0.',
    ])
  })

  it('reads no other file, and says so', async () => {
    const document = await read('before\n\n.. include:: /etc/passwd\n\n.. raw:: html\n   :file: x.html\n\nafter\n')
    expect(document.text).toBe('before\n\nafter')
    expect(document.warnings).toEqual(['1 included file is not part of this document. Add the files themselves.'])
  })

  it('bounds nesting and unclosed markup', async () => {
    const steps = Array.from({ length: 2000 }, (_, index) => `${'  '.repeat(index)}- x`)
    expect((await read(steps.join('\n'))).elements.length).toBeGreaterThan(25)
    expect((await read('*a `b ``c |d **e '.repeat(20_000))).elements).toHaveLength(1)
  })
})
