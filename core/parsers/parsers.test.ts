import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { silentLog } from '../shared/log.ts'
import { detectType } from './detect-type.ts'
import { parserDefinitions } from './list.ts'
import type { Parser, ParserDefinition } from './parser.ts'
import {
  checkParsedDocument,
  damage,
  docxParagraph,
  expectDocumentOrAppError,
  makeDocx,
  makePdf,
  seededRandom,
  setLines,
} from './parsers.suite.ts'

const prose =
  'The harbour of the old town was rebuilt after the great storm, and its two piers have since been measured every ' +
  'spring. Ships of more than ninety metres must take a pilot on board. The lighthouse keeper notes wind and swell.'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A good file for each parser. */
const samples: Record<string, { name: string; bytes: Uint8Array; holds: string[] }> = {
  text: { name: 'a.txt', bytes: encode(`First\r\nline.\r\n\r\n\tSecond ${prose}\n`), holds: ['First\nline.', prose] },
  markdown: {
    name: 'a.md',
    bytes: encode(
      `---\ntitle: Harbour\n---\n# Piers\n\n${prose}\n\n- one\n  - two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n\`\`\`ts\nlet x\n\`\`\`\n`,
    ),
    holds: ['# Piers', '| 1 | 2 |', 'let x'],
  },
  html: {
    name: 'a.html',
    bytes: encode(
      `<html><head><title>Harbour</title></head><body><nav>Menu</nav><h1>Piers</h1><p>${prose}</p><script>alert(1)</script><table><tr><th>Name</th><th>Length</th></tr><tr><td>North</td><td>90</td></tr></table></body></html>`,
    ),
    holds: ['Piers', prose, 'North | 90'],
  },
  pdf: {
    name: 'a.pdf',
    bytes: makePdf([
      [{ text: 'Piers', x: 72, y: 80, size: 18, bold: true }, ...setLines(prose, 72, 110, 80)],
      setLines(prose, 72, 110, 80),
    ]),
    holds: ['Piers', prose],
  },
  docx: {
    name: 'a.docx',
    bytes: makeDocx(docxParagraph('Piers', 'Heading1') + docxParagraph(prose)),
    holds: ['Piers', prose],
  },
  csv: { name: 'a.csv', bytes: encode('name,length\n"North, outer",90\nSouth,"8\n0"\n'), holds: ['North, outer | 90'] },
}

function create(definition: ParserDefinition): Parser {
  return definition.create(definition.options.parse({}), { log: silentLog })
}

describe('the list of parsers', () => {
  it('has every parser in the folder', () => {
    const helpers =
      /^(parser|list|detect-type|decode-text|document-builder|html-elements|pdf-(layout|structure|tables))\.ts$/
    const files = readdirSync(import.meta.dirname)
      .filter((file) => file.endsWith('.ts') && !/\.(test|suite)\.ts$/.test(file) && !helpers.test(file))
      .map((file) => file.slice(0, -3))
    expect(parserDefinitions.map((definition) => definition.id).toSorted()).toEqual(files.toSorted())
  })

  it('reads every type that detection promises', () => {
    for (const definition of parserDefinitions) {
      for (const type of definition.types) {
        const sample = samples[definition.id]
        if (!sample) expect.fail(`no sample for ${definition.id}`)
        const name = type === 'tsv' ? 'a.tsv' : sample.name
        expect(detectType(name, sample.bytes, sample.bytes.length)).toEqual({ type, parserId: definition.id })
      }
    }
  })
})

describe.each(parserDefinitions.map((definition) => [definition.id, definition] as const))('%s', (id, definition) => {
  const sample = samples[id]
  if (!sample) throw new Error(`Write a sample for the parser "${id}".`)
  const parser = create(definition)

  it('reads a good file into a valid document', async () => {
    const document = await parser.parse(sample)
    checkParsedDocument(document)
    for (const part of sample.holds) expect(document.text).toContain(part)
  })

  it('claims only what it can do', async () => {
    const { elements, pages } = await parser.parse(sample)
    const { capabilities } = definition
    expect(pages.length > 0).toBe(capabilities.pages)
    expect(elements.some((element) => element.boxes !== undefined)).toBe(capabilities.boxes)
    expect(elements.some((element) => element.kind === 'heading')).toBe(capabilities.headings)
  })

  it('gives the same result for the same bytes, and leaves them as they are', async () => {
    const before = sample.bytes.slice()
    expect(await parser.parse(sample)).toEqual(await parser.parse(sample))
    expect(sample.bytes).toEqual(before)
  })

  it('stops when it is cancelled', async () => {
    await expect(parser.parse(sample, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
  })

  it('answers damaged files with a document or a true error, never with a crash', async () => {
    const random = seededRandom(20_261_122)
    for (let round = 0; round < 40; round++) {
      await expectDocumentOrAppError(parser, sample.name, damage(sample.bytes, random))
    }
    for (let length = 1; length < 5000; length *= 3) {
      const noise = Uint8Array.from({ length }, () => Math.floor(random() * 256))
      await expectDocumentOrAppError(parser, sample.name, noise)
    }
  })

  it('says file-empty or file-corrupt for nothing and for blanks', async () => {
    for (const text of ['', ' \n\t \n']) {
      const parsing = parser.parse({ name: sample.name, bytes: encode(text) })
      await expect(parsing).rejects.toMatchObject({ code: expect.stringMatching(/^file-(empty|corrupt)$/) as string })
    }
  })
})
