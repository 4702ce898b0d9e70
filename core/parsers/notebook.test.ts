import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { notebookParser } from './notebook.ts'
import { behavesAsParser, checkParsedDocument, encode } from './parsers.suite.ts'

const markdown = (...source: string[]): unknown => ({ cell_type: 'markdown', metadata: {}, source })
const code = (source: string, ...outputs: unknown[]): unknown => ({
  cell_type: 'code',
  execution_count: 7,
  source,
  outputs,
})
const makeNotebook = (cells: readonly unknown[], metadata: unknown = {}): Uint8Array =>
  encode(JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells }))
const python = { kernelspec: { display_name: 'Python 3', language: 'python' }, language_info: { name: 'python' } }

behavesAsParser(notebookParser, {
  name: 'a.ipynb',
  bytes: makeNotebook([markdown('# Tides\n', '\n', 'Measured *daily*.'), code('print(42)')], python),
  holds: ['Tides', 'Measured *daily*.', 'print(42)'],
})

const read = async (bytes: Uint8Array, given: Record<string, unknown> = {}): Promise<ParsedDocument> => {
  const parser = notebookParser.create(notebookParser.options.parse(given), { log: silentLog })
  const document = await parser.parse({ name: 'a.ipynb', bytes })
  checkParsedDocument(document)
  return document
}
const outline = ({ text, elements }: ParsedDocument): string[] =>
  elements.map(
    ({ kind, level = '', language = '', start, end }) => `${kind}${level}${language}: ${text.slice(start, end)}`,
  )

describe('notebook', () => {
  it('reads Markdown with its headings, lists and tables, and code in the language of the kernel', async () => {
    const document = await read(
      makeNotebook(
        [
          markdown(
            '## The **harbour**\n',
            '- one\n',
            '- two\n',
            '\n',
            '| Ship | Length |\n',
            '|---|---|\n',
            '| A\\|B | 90 |',
          ),
          code('x = 1'),
          code('%%bash\nls'),
        ],
        python,
      ),
    )
    expect(outline(document)).toEqual([
      'heading2: The harbour',
      'list-item: - one',
      'list-item: - two',
      'table: Ship | Length\nA|B | 90',
      'codepython: x = 1',
      'codebash: %%bash\nls',
    ])
    expect(document.title).toBe('The harbour')
  })

  it('reads what outputs say, and passes over pictures', async () => {
    const document = await read(
      makeNotebook([
        code(
          'run()',
          { output_type: 'stream', name: 'stdout', text: ['10%\r', '100%\n', '\u001B[31mred\u001B[0m'] },
          { output_type: 'display_data', data: { 'image/png': 'AAAA', 'text/plain': '<Figure>' } },
          { output_type: 'execute_result', data: { 'text/plain': ['a b\n', '1 2'] } },
          { output_type: 'error', ename: 'ValueError', evalue: 'too deep', traceback: ['long'] },
        ),
      ]),
    )
    expect(outline(document)).toEqual([
      'code: run()',
      'code: 100%\nred',
      'code: a b\n1 2',
      'code: ValueError: too deep',
    ])
  })

  it('reads the table of a result rather than its drawing in letters', async () => {
    const html =
      '<div><style>td {}</style><table><thead><tr><th>ship</th><th>length</th></tr></thead><tbody><tr><td>North</td><td>90</td></tr></tbody></table><p>1 row</p></div>'
    const output = { output_type: 'execute_result', data: { 'text/html': html, 'text/plain': 'ship length' } }
    const document = await read(makeNotebook([code('ships', output)]))
    expect(outline(document)).toEqual(['code: ships', 'table: ship | length\nNorth | 90'])
    expect(document.elements[1]?.headerRows).toBe(1)
  })

  it('cuts long outputs off and says so, or leaves all out', async () => {
    const bytes = makeNotebook([code('run()', { output_type: 'stream', text: 'wave '.repeat(1000) })])
    const { text, warnings } = await read(bytes)
    expect(text.length).toBeLessThan(2100)
    expect(warnings).toEqual(['One output was cut off after 2000 characters.'])
    expect((await read(bytes, { mostOutputCharacters: 0 })).text).toBe('run()')
  })

  it('reads version 3', async () => {
    const cells = [
      { cell_type: 'heading', level: 2, source: ['Tides'] },
      {
        cell_type: 'code',
        input: ['x = 1'],
        prompt_number: 3,
        language: 'python',
        outputs: [{ output_type: 'pyout', text: ['1'] }],
      },
    ]
    const bytes = encode(JSON.stringify({ nbformat: 3, metadata: { name: '' }, worksheets: [{ cells }] }))
    expect(outline(await read(bytes))).toEqual(['heading2: Tides', 'codepython: x = 1', 'code: 1'])
  })

  it('takes metadata from the notebook', async () => {
    const about = { ...python, title: 'Tides', authors: [{ name: 'Ann' }, { name: 'Bob' }] }
    const { title, metadata } = await read(makeNotebook([code('x')], about))
    expect(title).toBe('Tides')
    expect(metadata).toEqual({
      title: 'Tides',
      author: 'Ann, Bob',
      kernel: 'Python 3',
      'programming-language': 'python',
    })
  })

  it('leaves pictures that stand in the text as letters out', async () => {
    const picture = `![map](data:image/png;base64,${'QUJD'.repeat(5000)})`
    expect((await read(makeNotebook([markdown(`Here: ${picture}`)]))).text).toBe('Here: ![map](data:)')
  })

  it('reads the cells before the place where a file breaks off', async () => {
    const bytes = makeNotebook([markdown('First words'), code('second()'), markdown('third')])
    const { text, warnings } = await read(bytes.subarray(0, bytes.length - 20))
    expect(text).toContain('First words\n\nsecond()')
    expect(warnings).toEqual([expect.stringMatching(/^This file has a mistake in line 1, column \d+\./)])
  })

  it('says what is wrong with a file that is no notebook or breaks off', async () => {
    await expect(read(encode('{"a": 1}'))).rejects.toMatchObject({ code: 'file-corrupt' })
    await expect(read(encode('{"cells": ['))).rejects.toMatchObject({
      code: 'file-corrupt',
      message: expect.stringContaining('line 1, column 12') as string,
    })
    await expect(read(makeNotebook([]))).rejects.toMatchObject({ code: 'file-empty' })
  })
})
