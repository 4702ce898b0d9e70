/// <reference lib="dom" />
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserPath, dropOn, expectAccessible, goTo, root, startWorkbench, type Workbench } from './workbench.ts'

const screenshots = process.env.QUARRY_SCREENSHOTS
const question = 'What is the maximum depth of the standard mixture?'
const answer = 'maximum depth on our tables is 30 m'

describe.skipIf(!browserPath)('the chunk lab', () => {
  let bench: Workbench
  /** Of the comparison that was made, to be opened elsewhere. */
  let address = ''

  beforeAll(async () => {
    bench = await startWorkbench()
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  it('teaches while there is nothing to look at', async () => {
    await using opened = await bench.open()
    const { page } = opened
    await page.getByRole('button', { name: 'Open the sample workspace' }).click()
    const ready = page.getByRole('button', { name: /^ready/i })
    await expect.poll(() => ready.first().textContent(), { timeout: 120_000 }).toMatch(/33/)
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Chunk lab' }).click()
    await page.getByRole('heading', { name: 'See how a document is cut' }).waitFor()
    await expectAccessible(page)
    await capture(page, 'lab-empty')
  })

  it('puts four ways of cutting side by side, and cuts again as a slider moves', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await openLab(page)
    await chooseDocument(page, 'dive-safety-manual-2025.pdf')
    await cut(page, 'A')
    await cut(page, 'B')
    const add = page.getByRole('button', { name: 'Add column' })
    await add.click()
    await add.click()
    await cut(page, 'D')
    await expect.poll(() => add.isDisabled()).toBe(true)
    // Both columns show the same text, with chunks of their own.
    await page.locator('[data-column="0"] [data-begins]').first().waitFor()
    await page.locator('[data-column="3"] [data-begins]').first().waitFor()
    await expectAccessible(page)

    const before = await chunkCount(page, 'A')
    const slider = column(page, 'A').getByRole('slider', { name: 'Max tokens' })
    const from = await slider.getAttribute('aria-valuetext')
    await slider.focus()
    for (let presses = 0; presses < 8; presses++) await page.keyboard.press('ArrowLeft')
    await expect.poll(async () => Number(await slider.getAttribute('aria-valuetext'))).toBeLessThan(Number(from))
    await expect.poll(() => chunkCount(page, 'A')).toBeGreaterThan(before)
    await expect.poll(() => page.url()).toContain('maxTokens')

    // What it does not take is said, and what was there stays.
    const overlap = column(page, 'B').getByRole('textbox', { name: 'Overlap tokens' })
    await overlap.fill('4000')
    await overlap.press('Enter')
    await column(page, 'B')
      .getByText(/at most half of the chunk size/)
      .first()
      .waitFor()
    expect(await chunkCount(page, 'B')).toBeGreaterThan(0)
    await overlap.fill('0')
    await overlap.press('Enter')
    // Windows that are blind to structure cut sentences; the chunker of the collection does not.
    await column(page, 'B')
      .getByRole('button', { name: /cut sentences/ })
      .waitFor()
    await expect
      .poll(() =>
        column(page, 'A')
          .getByRole('button', { name: /cut sentences/ })
          .count(),
      )
      .toBe(0)
    await column(page, 'B')
      .getByRole('button', { name: /cut sentences/ })
      .click()
    await page.locator('[data-column="1"] [data-flag="cut"]').first().waitFor()
    await capture(page, 'lab-faults')
    expect(complaints).toEqual([])
  })

  it('lights up what a question finds, and judges it by the passage that is marked', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await openLab(page)
    await chooseDocument(page, 'dive-safety-manual-2025.pdf')
    await cut(page, 'B')
    await page.getByRole('textbox', { name: 'Question' }).fill(question)
    await page.getByLabel('First').selectOption('1')
    for (const letter of ['A', 'B']) await ranks(page, letter).first().waitFor()
    await ranks(page, 'A').first().click()
    await page.locator('[data-column="0"] [data-lifted]').first().waitFor()

    await selectText(page, 0, answer)
    await page.getByRole('button', { name: 'Should be found' }).click()
    // Cut by structure its sentence is found first; what is found first of windows of equal size ends within it.
    await judged(page, 'A', 'Pass')
    await judged(page, 'B', 'Fail')
    await page.locator('[data-column="1"] mark').first().waitFor()
    await expect.poll(() => page.locator('[data-column="0"] mark').allTextContents()).toEqual([answer])
    await column(page, 'A')
      .getByText(/^recall 100 %$/)
      .waitFor()
    await expectAccessible(page)
    await capture(page, 'lab-verdicts')

    // Another question does not find it.
    await page
      .getByRole('textbox', { name: 'Question' })
      .fill('How long must I wait after a dive before getting on a plane?')
    await judged(page, 'A', 'Fail')
    await page.getByText('Words', { exact: true }).click()
    await ranks(page, 'A').first().waitFor()
    await page.getByRole('textbox', { name: 'Question' }).fill(question)
    await judged(page, 'A', 'Pass')
    await page.getByText('Both', { exact: true }).click()

    // The sample has a dataset of its own, which the case joins.
    const before = new Set((await savedCases(bench)).map(({ id }) => id))
    await page.getByRole('button', { name: 'Save as test case' }).click()
    await page.getByText(/Saved as a test case in/).waitFor()
    await page.getByRole('button', { name: 'Saved' }).waitFor()
    const added = (await savedCases(bench)).filter(({ id }) => !before.has(id))
    expect(added).toMatchObject([{ question, expected: [{ text: answer }] }])
    await expect.poll(() => page.url()).toContain('expect=')
    address = page.url()
    expect(complaints).toEqual([])
  })

  it('is as it was where its address is opened', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, new URL(address).hash)
    await judged(page, 'A', 'Pass')
    expect(await page.getByRole('textbox', { name: 'Question' }).inputValue()).toBe(question)
    // The list of documents may come later than what is cut.
    const document = page.getByRole('combobox', { name: 'Document' })
    await expect.poll(() => document.inputValue()).toContain('dive-safety-manual-2025')
    expect(complaints).toEqual([])
  })

  it('is worked by the keyboard alone', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    // Without an overlap windows of equal size cut sentences.
    const { hash } = new URL(address)
    const withFaults = hash.replace(/column=fixed[^&]*/, 'column=fixed+%7B%22overlapTokens%22%3A0%7D')
    expect(withFaults).not.toBe(hash)
    await goTo(page, withFaults)
    for (const letter of ['A', 'B']) await ranks(page, letter).first().waitFor()
    const text = page.getByRole('region', { name: /in 2 columns$/ })
    const said = page.getByRole('status').filter({ hasText: /^Column/ })
    await text.focus()
    await page.keyboard.press('Home')
    await said.getByText(/^Column A, chunk 1 of/).waitFor()
    await page.keyboard.press('ArrowDown')
    await said.getByText(/^Column A, chunk 2 of/).waitFor()
    await page.keyboard.press('ArrowRight')
    await said.getByText(/^Column B, chunk \d+ of/).waitFor()
    await page.keyboard.press('f')
    await text.locator('[data-column="1"] [data-flag="cut"][data-lit]').first().waitFor()
    await page.keyboard.press('r')
    await said.getByText(/rank 1$/).waitFor()
    await page.keyboard.press('m')
    await judged(page, 'B', 'Pass')
    await column(page, 'B').getByText('IoU 100 %').waitFor()
    // In the other column the same place is lit.
    await expect.poll(() => text.locator('[data-column="0"] [data-lit]').count()).toBeGreaterThan(0)
    await page.getByRole('button', { name: 'Unmark the expected passage' }).press('Enter')
    await page.getByText('Select what it should find').waitFor()
    expect(complaints).toEqual([])
  })

  it('makes a column the way a collection is cut', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, new URL(address).hash)
    await cut(page, 'B')
    await column(page, 'B').getByRole('button', { name: 'Use in a pipeline …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(/33 documents are cut and embedded anew/).waitFor()
    await expectAccessible(page)
    await capture(page, 'lab-use')
    await dialog.getByRole('button', { name: 'Use it' }).click()
    await dialog.waitFor({ state: 'detached' })
    const { collections } = await get<{ collections: { pipeline: { chunker: { id: string } } }[] }>(
      bench,
      'collections',
    )
    expect(collections.map(({ pipeline }) => pipeline.chunker.id)).toEqual(['fixed'])
    expect(complaints).toEqual([])
  })

  it('looks at a dropped file and at a pasted text without adding them', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await openLab(page)
    const path = join(bench.workspace, 'dropped notes.md')
    writeFileSync(path, '# Notes\n\nThe boats are painted in May. The slip is closed then.\n')
    await dropOn(page, [path])
    await page.getByText('dropped notes.md').waitFor()
    await page.locator('[data-column="0"]').getByText('The boats are painted in May.').waitFor()

    await page.getByRole('button', { name: 'Paste text …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Text' }).fill('# Tides\n\nHigh water is at noon. It is low at six.')
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Look at it' }).click()
    await page.locator('[data-column="0"]').getByText('High water is at noon.').waitFor()
    const { collections } = await get<{ collections: { documents: number }[] }>(bench, 'collections')
    expect(collections.map(({ documents }) => documents)).toEqual([33])
    expect(complaints).toEqual([])
  })

  it('keeps only what is near of a long text', async () => {
    await using opened = await bench.open()
    const { page, context, complaints } = opened
    await openLab(page)
    const long = Array.from(
      { length: 6000 },
      (_, number) => `Paragraph ${number} tells of the boats. It is as long as others are, and says as little.\n`,
    ).join('\n')
    await page.getByRole('button', { name: 'Paste text …' }).click()
    // Typed line by line, by a hand or a driver, half a megabyte takes minutes.
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.evaluate((text) => navigator.clipboard.writeText(text), long)
    await page.getByRole('dialog').getByRole('textbox', { name: 'Text' }).press('Control+v')
    await page.getByRole('button', { name: 'Look at it' }).click()
    await page.locator('[data-column="0"]').getByText('Paragraph 0 tells of the boats.').waitFor()
    expect(await page.locator('.lab-row').count()).toBeLessThan(20)
    await cut(page, 'A')
    await page.getByRole('region', { name: /columns?$/ }).focus()
    await page.keyboard.press('End')
    await page.locator('[data-column="0"]').getByText('Paragraph 5999 tells of the boats.').waitFor()
    expect(await page.locator('.lab-row').count()).toBeLessThan(20)
    // The text is too long for an address, and there when the page is opened again.
    await expect.poll(() => page.url()).toContain('kept=text')
    await page.reload()
    await page.locator('[data-column="0"]').getByText('Paragraph 0 tells of the boats.').waitFor()
    expect(complaints).toEqual([])
  })

  it.each([
    { width: 1280, height: 800, colorScheme: 'light' },
    { width: 1280, height: 800, colorScheme: 'dark' },
    { width: 1920, height: 1080, colorScheme: 'light' },
    { width: 1920, height: 1080, colorScheme: 'dark' },
    { width: 640, height: 400, colorScheme: 'light' },
  ] as const)('is accessible at $width × $height, $colorScheme', async (window) => {
    await using opened = await bench.open(window)
    const { page, complaints } = opened
    const hash = `${new URL(address).hash}&column=markdown&column=sentence`
    await goTo(page, hash)
    await column(page, 'D').locator('.lab-verdict').waitFor()
    await ranks(page, 'A').first().click()
    await page.locator('[data-lifted]').first().waitFor()
    await expectAccessible(page)
    await capture(page, `lab-${window.width}-${window.colorScheme}`)
    expect(complaints).toEqual([])
  })
})

async function openLab(page: Page): Promise<void> {
  await goTo(page, '#/lab')
  await page.getByRole('heading', { name: 'Chunk lab' }).waitFor()
  // How it was left last is remembered in this browser, which is a new one.
  const back = page.getByRole('button', { name: 'Back to documents' })
  if (await back.isVisible()) await back.click()
}

async function chooseDocument(page: Page, name: string): Promise<void> {
  const box = page.getByRole('combobox', { name: 'Document' })
  await box.click()
  await box.fill(name)
  await page.getByRole('option', { name: new RegExp(name) }).click()
}

function column(page: Page, letter: string): Locator {
  return page.getByRole('region', { name: `Column ${letter}`, exact: true })
}

/** Waits until a column has chunks. */
function cut(page: Page, letter: string): Promise<void> {
  return column(page, letter).locator('.lab-figures strong').waitFor()
}

/** Waits until a column passes or fails. */
function judged(page: Page, letter: string, verdict: 'Pass' | 'Fail'): Promise<void> {
  return column(page, letter).locator('.lab-verdict').filter({ hasText: verdict }).waitFor()
}

function ranks(page: Page, letter: string): Locator {
  return column(page, letter).getByRole('list', { name: 'Found, best first' }).getByRole('button')
}

async function chunkCount(page: Page, letter: string): Promise<number> {
  const words = (await column(page, letter).locator('.lab-figures').textContent()) ?? ''
  return Number(/([\d,]+) chunks?/.exec(words)?.[1]?.replace(',', ''))
}

/** Selects words in a column, as a hand would: they stand in one piece of the text or in neighbouring ones. */
async function selectText(page: Page, index: number, words: string): Promise<void> {
  const cell = page.locator(`[data-column="${index}"]`).filter({ hasText: words }).first()
  await cell.waitFor()
  await cell.hover()
  await cell.evaluate((element, wanted) => {
    element.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }))
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
    const nodes: Text[] = []
    while (walker.nextNode()) nodes.push(walker.currentNode as Text)
    const all = nodes.map((node) => node.data).join('')
    const at = (place: number): [Text, number] => {
      let before = 0
      for (const node of nodes) {
        if (place <= before + node.length) return [node, place - before]
        before += node.length
      }
      throw new Error('not in the text')
    }
    const start = all.indexOf(wanted)
    const [from, fromOffset] = at(start + 1)
    const [to, toOffset] = at(start + wanted.length)
    window.getSelection()?.setBaseAndExtent(from, fromOffset - 1, to, toOffset)
  }, words)
}

interface SavedCase {
  id: string
  question: string
  expected: { text: string }[]
}

/** Of all datasets. */
async function savedCases(bench: Workbench): Promise<SavedCase[]> {
  const { datasets } = await get<{ datasets: { id: string }[] }>(bench, 'datasets')
  const pages = datasets.map(({ id }) => get<{ cases: SavedCase[] }>(bench, `datasets/${id}/cases?limit=10000`))
  return (await Promise.all(pages)).flatMap(({ cases }) => cases)
}

async function get<Answer>(bench: Workbench, path: string): Promise<Answer> {
  const { origin, hash } = new URL(bench.url)
  const answered = await fetch(`${origin}/api/v1/${path}`, {
    headers: { authorization: `Bearer ${hash.replace('#token=', '')}` },
  })
  return (await answered.json()) as Answer
}

async function capture(page: Page, name: string): Promise<void> {
  if (screenshots) await page.screenshot({ path: join(root, screenshots, `${name}.png`) })
}
