import { deflateSync } from 'node:zlib'
import { strToU8, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { AppError } from '../contract/errors.ts'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { documentProblems } from '../testing/document-problems.ts'
import { seededRandom } from '../shared/random.ts'
import { chooseParser } from './choose-parser.ts'
import type { Parser, ParserDefinition, ParserDependencies } from './parser.ts'

export { seededRandom }

/** Asserts everything that core/contract/parsed-document.ts promises of a parsed document. */
export function checkParsedDocument(document: ParsedDocument): void {
  expect(documentProblems(document)).toEqual([])
}

/** Parses damaged bytes; whatever comes of it must be a valid document or an AppError that is not 'internal'. */
export async function expectDocumentOrAppError(parser: Parser, name: string, bytes: Uint8Array): Promise<void> {
  let document: ParsedDocument
  try {
    document = await parser.parse({ name, bytes })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    expect(error.code).toMatch(/^(file-|type-unsupported)/)
    return
  }
  checkParsedDocument(document)
}

/** English prose, long enough to be taken for what a page is about. */
export const prose =
  'The harbour of the old town was rebuilt after the great storm, and its two piers have since been measured every ' +
  'spring. Ships of more than ninety metres must take a pilot on board. The lighthouse keeper notes wind and swell.'

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A good file for a parser, and what has to be found in its text. */
export interface ParserSample {
  name: string
  bytes: Uint8Array
  holds: readonly string[]
  /** The type that detection gives it; by default the first one of the parser. */
  type?: string
  /** What the parser is given beside the log. */
  dependencies?: Partial<ParserDependencies>
}

/** What every parser must do, run on a good file: call it at the top of the parser's own test file. */
export function behavesAsParser(definition: ParserDefinition, sample: ParserSample): void {
  describe(`${definition.id} as a parser`, () => {
    const parser = definition.create(definition.options.parse({}), { log: silentLog, ...sample.dependencies })

    it('is the one that is chosen for its files', () => {
      const type = sample.type ?? definition.types[0]
      expect(chooseParser(sample.name, sample.bytes, sample.bytes.length)).toEqual({ type, parserId: definition.id })
    })

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
        const parsing = parser.parse({ name: sample.name, bytes: new TextEncoder().encode(text) })
        await expect(parsing).rejects.toMatchObject({ code: expect.stringMatching(/^file-(empty|corrupt)$/) as string })
      }
    })
  })
}

/** Cut off, with flipped bits, with a hole, with a part doubled, or noise after the first bytes. */
export function damage(bytes: Uint8Array, random: () => number): Uint8Array {
  const at = Math.floor(random() * bytes.length)
  const copy = bytes.slice()
  switch (Math.floor(random() * 5)) {
    case 0:
      return copy.slice(0, at)
    case 1:
      for (let flips = 0; flips < 1 + random() * 30; flips++) {
        const place = Math.floor(random() * copy.length)
        copy[place] = (copy[place] ?? 0) ^ (1 << Math.floor(random() * 8))
      }
      return copy
    case 2:
      return copy.fill(0, at, at + Math.floor(random() * 200))
    case 3:
      return new Uint8Array(Buffer.concat([copy.subarray(0, at), copy.subarray(Math.floor(at / 2))]))
    default:
      for (let place = Math.min(at, 64); place < copy.length; place++) copy[place] = Math.floor(random() * 256)
      return copy
  }
}

export interface PdfText {
  text: string
  x: number
  /** From the top of the page, in points. */
  y: number
  size?: number
  bold?: boolean
}

/** A small PDF with these texts on its pages (612 × 792 points, Helvetica). */
export function makePdf(pages: readonly (readonly PdfText[])[], { compress = false } = {}): Uint8Array {
  const objects: (string | Buffer)[] = []
  const add = (body: string | Buffer): number => objects.push(body)
  add('<< /Type /Catalog /Pages 2 0 R >>')
  add('')
  const regular = add('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>')
  const bold = add('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>')
  const kids: number[] = []
  for (const texts of pages) {
    const source = texts
      .map(({ text, x, y, size = 10, bold: isBold = false }) => {
        const escaped = text.replaceAll(/[\\()]/g, '\\$&')
        return `BT /${isBold ? 'F2' : 'F1'} ${size} Tf ${x} ${792 - y} Td (${escaped}) Tj ET`
      })
      .join('\n')
    const raw = Buffer.from(source, 'latin1')
    const data = compress ? deflateSync(raw) : raw
    const head = `<< /Length ${data.length}${compress ? ' /Filter /FlateDecode' : ''} >>\nstream\n`
    const content = add(Buffer.concat([Buffer.from(head), data, Buffer.from('\nendstream')]))
    const fonts = `<< /Font << /F1 ${regular} 0 R /F2 ${bold} 0 R >> >>`
    kids.push(
      add(`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${content} 0 R /Resources ${fonts} >>`),
    )
  }
  objects[1] = `<< /Type /Pages /Count ${kids.length} /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] >>`
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')]
  const offsets: number[] = []
  objects.forEach((body, index) => {
    offsets.push(Buffer.concat(parts).length)
    parts.push(Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(body), Buffer.from('\nendobj\n'))
  })
  const start = Buffer.concat(parts).length
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  parts.push(
    Buffer.from(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}`),
    Buffer.from(`trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`),
  )
  return new Uint8Array(Buffer.concat(parts))
}

/** Prose set in lines of a column, as a typesetter would. */
export function setLines(text: string, x: number, y: number, charactersPerLine: number, leading = 12): PdfText[] {
  const lines: string[] = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? ''
    if (last.length + word.length + 1 > charactersPerLine) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines.map((line, index) => ({ text: line, x, y: y + index * leading }))
}

/** A small Word file around this body (WordprocessingML). */
export function makeDocx(body: string, members: Record<string, Uint8Array> = {}): Uint8Array {
  const wordNamespace = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main'
  const mathNamespace = 'http://schemas.openxmlformats.org/officeDocument/2006/math'
  const packageUrl = 'http://schemas.openxmlformats.org/package/2006'
  const officeUrl = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
  const style = (id: string, name: string): string =>
    `<w:style w:type="paragraph" w:styleId="${id}"><w:name w:val="${name}"/></w:style>`
  return zipSync({
    '[Content_Types].xml': strToU8(
      `<?xml version="1.0"?><Types xmlns="${packageUrl}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
    ),
    '_rels/.rels': strToU8(
      `<?xml version="1.0"?><Relationships xmlns="${packageUrl}/relationships"><Relationship Id="rId1" Type="${officeUrl}/officeDocument" Target="word/document.xml"/></Relationships>`,
    ),
    'word/_rels/document.xml.rels': strToU8(
      `<?xml version="1.0"?><Relationships xmlns="${packageUrl}/relationships"><Relationship Id="rId1" Type="${officeUrl}/styles" Target="styles.xml"/></Relationships>`,
    ),
    'word/styles.xml': strToU8(
      `<?xml version="1.0"?><w:styles xmlns:w="${wordNamespace}">${style('Heading1', 'heading 1')}${style('Heading2', 'heading 2')}<w:style w:type="paragraph" w:styleId="Own"><w:name w:val="Chapter of ours"/><w:basedOn w:val="Heading2"/></w:style></w:styles>`,
    ),
    'word/document.xml': strToU8(
      `<?xml version="1.0"?><w:document xmlns:w="${wordNamespace}" xmlns:m="${mathNamespace}"><w:body>${body}</w:body></w:document>`,
    ),
    ...members,
  })
}

/** One paragraph of WordprocessingML. */
export function docxParagraph(text: string, style?: string): string {
  const properties = style ? `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>` : ''
  return `<w:p>${properties}<w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`
}
