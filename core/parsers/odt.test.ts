import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { odtParser } from './odt.ts'
import { behavesAsParser, checkParsedDocument, encode } from './parsers.suite.ts'
import { makeOpenDocument, namespaces, paragraph } from './parts/opendocument.samples.ts'

const list = (name: string, items: string, more = ''): string =>
  `<text:list text:style-name="${name}"${more}>${items}</text:list>`
const item = (content: string): string => `<text:list-item>${content}</text:list-item>`

behavesAsParser(odtParser, {
  name: 'letter.odt',
  bytes: makeOpenDocument('text', {
    body: `<text:h text:outline-level="1">Harbour</text:h>${paragraph('Two piers.')}${list('Bullets', item(paragraph('West')))}`,
  }),
  holds: ['Harbour', 'Two piers.', '- West'],
})

describe('the OpenDocument text parser', () => {
  it('numbers list items and headings as their styles say', async () => {
    const body = [
      '<text:h text:outline-level="1">Scope</text:h>',
      '<text:h text:outline-level="2">Terms</text:h>',
      list('Numbers', item(paragraph('One') + list('Numbers', item(paragraph('Deep')))) + item(paragraph('Two'))),
      paragraph('Between'),
      list('Numbers', item(paragraph('Three')), ' text:continue-numbering="true"'),
      list('Numbers', item(paragraph('Anew') + paragraph('Second paragraph'))),
      '<text:h text:outline-level="2">Dates</text:h>',
    ]
    const outline = `<text:outline-style style:name="Outline">${[1, 2].map((level) => `<text:outline-level-style text:level="${level}" style:num-format="1" text:display-levels="${level}"/>`).join('')}</text:outline-style>`
    const numbers = `<text:list-style style:name="Numbers"><text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/><text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")"/></text:list-style>`
    const document = await parse(makeOpenDocument('text', { body: body.join(''), styles: outline + numbers }))
    expect(linesOf(document)).toEqual([
      'heading1 1 Scope',
      'heading2 1.1 Terms',
      'list-item 1. One',
      'list-item a) Deep',
      'list-item 2. Two',
      'paragraph Between',
      'list-item 3. Three',
      'list-item 1. Anew',
      'paragraph Second paragraph',
      'heading2 1.2 Dates',
    ])
  })

  it('knows titles, quotes, captions and code by the style or its parents', async () => {
    const style = (name: string, parent: string): string =>
      `<style:style style:name="${name}" style:family="paragraph" style:parent-style-name="${parent}"/>`
    const styles =
      style('P1', 'Title') +
      style('P2', 'Quotations') +
      style('P3', 'Illustration') +
      style('P4', 'Loop') +
      style('Loop', 'P4')
    const code = (text: string): string => paragraph(text, 'Preformatted_20_Text')
    const body = [
      paragraph('Report', 'P1'),
      paragraph('Well said', 'P2'),
      paragraph('Figure 1', 'P3'),
      code('if a:'),
      code('<text:s text:c="2"/>b()<text:line-break/>c()'),
      paragraph('End', 'P4'),
    ]
    const document = await parse(makeOpenDocument('text', { body: body.join(''), styles }))
    expect(linesOf(document)).toEqual([
      'heading1 Report',
      'quote Well said',
      'caption Figure 1',
      'code if a:\n  b()\nc()',
      'paragraph End',
    ])
    expect(document.title).toBe('Report')
  })

  it('puts footnotes and comments after their paragraph, and leaves out what was deleted and the contents', async () => {
    const note = `<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body>${paragraph('A pier is no quay.')}</text:note-body></text:note>`
    const comment = `<office:annotation><dc:creator>Ada</dc:creator><dc:date>2026-02-03T10:00:00.000000000</dc:date>${paragraph('Check')}</office:annotation>`
    const body = [
      `<text:tracked-changes><text:changed-region><text:deletion>${paragraph('Gone')}</text:deletion></text:changed-region></text:tracked-changes>`,
      `<text:table-of-content><text:index-body>${paragraph('Piers 1')}</text:index-body></text:table-of-content>`,
      `<text:p>Two piers${note} stand<text:change text:change-id="c1"/> here${comment}.</text:p>`,
      paragraph('Next<text:tab/>and<text:s text:c="3"/><text:a xlink:href="#x">spaces</text:a>'),
      `<text:section text:name="S">${paragraph('In a section')}</text:section>`,
    ]
    expect(linesOf(await parse(makeOpenDocument('text', { body: body.join('') })))).toEqual([
      'paragraph Two piers[1] stand here.',
      'note [1] A pier is no quay.',
      'note Ada (2026-02-03): Check',
      'paragraph Next and spaces',
      'paragraph In a section',
    ])
  })

  it('fills merged cells of tables, reads text boxes, pictures, formulas and charts, and bounds repeated cells', async () => {
    const cell = (text: string, more = ''): string => `<table:table-cell ${more}>${paragraph(text)}</table:table-cell>`
    const covered = '<table:covered-table-cell/>'
    const row = (...cells: string[]): string => `<table:table-row>${cells.join('')}</table:table-row>`
    const table = (...rows: string[]): string => `<table:table>${rows.join('')}</table:table>`
    const frame = (content: string): string => `<text:p><draw:frame>${content}</draw:frame></text:p>`
    const body = [
      table(
        `<table:table-header-rows>${row(cell('Pier'), cell('Depth', 'table:number-columns-spanned="2"'), covered)}</table:table-header-rows>`,
        row(cell('West', 'table:number-rows-spanned="2"'), cell('1'), cell('2')),
        row(covered, cell('3'), cell('4')),
      ),
      table(row(cell('Boxed text'))),
      frame(`<draw:text-box>${paragraph('In a box')}</draw:text-box>`),
      frame('<draw:image xlink:href="p.png"/><svg:desc>The old lighthouse</svg:desc>'),
      '<text:p>Where <draw:frame><draw:object xlink:href="./Object 1"/></draw:frame> holds</text:p>',
      frame('<draw:object xlink:href="./Object 2"/><draw:image xlink:href="./ObjectReplacements/Object 2"/>'),
      table(
        row('<table:table-cell table:number-columns-repeated="1000000000"/>', cell('far')),
        `<table:table-row table:number-rows-repeated="1000000000">${cell('again')}${cell('and again')}</table:table-row>`,
      ),
    ]
    const math =
      '<math><semantics><mrow><mi>v</mi><mo>=</mo><mfrac><mi>s</mi><mi>t</mi></mfrac></mrow><annotation>v = s over t</annotation></semantics></math>'
    const chart = `<office:document-content ${namespaces}><office:body><office:chart><chart:chart><chart:title><text:p>Tides</text:p></chart:title>${table(row(cell(''), cell('High')), row(cell('May'), cell('4')))}</chart:chart></office:chart></office:body></office:document-content>`
    const document = await parse(
      makeOpenDocument('text', {
        body: body.join(''),
        parts: { 'Object 1/content.xml': math, 'Object 2/content.xml': chart },
      }),
    )
    const lines = linesOf(document)
    expect(lines.slice(0, 7)).toEqual([
      'table Pier | Depth | Depth\nWest | 1 | 2\nWest | 3 | 4',
      'paragraph Boxed text',
      'paragraph In a box',
      'caption The old lighthouse',
      'paragraph Where v = s/t holds',
      'caption Tides',
      'table | High\nMay | 4',
    ])
    expect(document.elements[0]).toMatchObject({ headerRows: 1 })
    expect(document.text.length).toBeLessThan(1_000_000)
  })

  it('takes what the file says of itself', async () => {
    const meta = `<dc:title>Piers</dc:title><meta:initial-creator>Ada</meta:initial-creator><dc:creator>Bo</dc:creator><meta:creation-date>2025-03-04T05:06:07.123456789</meta:creation-date><dc:date>2026-01-02T03:04:05</dc:date><meta:keyword>port</meta:keyword><meta:keyword>quay</meta:keyword><dc:language>en-GB</dc:language>`
    const { title, metadata } = await parse(makeOpenDocument('text', { body: paragraph('Text'), meta }))
    expect(title).toBe('Piers')
    expect(metadata).toEqual({
      title: 'Piers',
      author: 'Ada',
      created: '2025-03-04T05:06:07',
      modified: '2026-01-02T03:04:05',
      date: '2026-01-02T03:04:05',
      keywords: ['port', 'quay'],
      language: 'en-GB',
    })
  })

  it('reads a document in one XML file', async () => {
    const flat = `<office:document ${namespaces} office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>${paragraph('Flat')}</office:text></office:body></office:document>`
    expect((await parse(encode(`<?xml version="1.0"?>${flat}`))).text).toBe('Flat')
  })

  it('says when a file is locked with a password, empty or damaged', async () => {
    const locked = `<manifest:manifest ${namespaces}><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>`
    const parts = { 'META-INF/manifest.xml': locked, 'content.xml': 'noise' }
    await expect(parse(makeOpenDocument('text', { body: '', parts }))).rejects.toMatchObject({ code: 'file-encrypted' })
    await expect(parse(makeOpenDocument('text', { body: paragraph(' ') }))).rejects.toMatchObject({
      code: 'file-empty',
    })
    await expect(parse(makeOpenDocument('text', { body: '<text:p>' }))).rejects.toMatchObject({ code: 'file-corrupt' })
  })

  it('reads what is nested deep and what names itself in good time', async () => {
    const nest = (depth: number, content: string): string =>
      depth === 0
        ? content
        : nest(
            depth - 1,
            `<table:table><table:table-row><table:table-cell>${content}</table:table-cell></table:table-row></table:table>`,
          )
    const frame = '<text:p><draw:frame><draw:object xlink:href="./Object 1"/></draw:frame></text:p>'
    const row = `<table:table-row><table:table-cell>${frame}${frame}</table:table-cell><table:table-cell>${paragraph('x')}</table:table-cell></table:table-row>`
    const parts = {
      'Object 1/content.xml': `<office:document-content ${namespaces}><table:table>${row}</table:table></office:document-content>`,
    }
    const document = await parse(makeOpenDocument('text', { body: nest(200, paragraph('Deep')) + frame, parts }))
    expect(linesOf(document)).toEqual(['paragraph Deep', 'table | x'])
  })

  const folder = join(import.meta.dirname, '../../../shared/data/documents/unstructured')
  it.skipIf(!existsSync(folder))('reads real documents (skipped where ../shared/data is absent)', async () => {
    const document = await parse(new Uint8Array(readFileSync(join(folder, 'fake.odt'))))
    expect(document.text).toContain('Leader | Sarah | Mark | Ryan')
    const simple = await parse(new Uint8Array(readFileSync(join(folder, 'simple.odt'))))
    expect(linesOf(simple)[0]).toBe('heading1 These are a few of my favorite things:')
  })
})

async function parse(bytes: Uint8Array): Promise<ParsedDocument> {
  const document = await odtParser.create({}, { log: silentLog }).parse({ name: 'letter.odt', bytes })
  checkParsedDocument(document)
  return document
}

function linesOf(document: ParsedDocument): string[] {
  return document.elements.map(
    ({ kind, level, start, end }) => `${kind}${level ?? ''} ${document.text.slice(start, end)}`,
  )
}
