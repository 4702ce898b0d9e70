/// <reference lib="dom" />
import { join } from 'node:path'
import type { Locator, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserPath, expectAccessible, expectFocus, goTo, root, startWorkbench, type Workbench } from './workbench.ts'

const screenshots = process.env.QUARRY_SCREENSHOTS

describe.skipIf(!browserPath)('chunks and pipelines', () => {
  let bench: Workbench

  beforeAll(async () => {
    bench = await startWorkbench()
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  it('reads the demo documents', async () => {
    await using opened = await bench.open()
    const { page } = opened
    await page.getByRole('button', { name: 'Open the sample workspace' }).click()
    const ready = page.getByRole('button', { name: /^ready/i })
    await expect.poll(() => ready.first().textContent(), { timeout: 120_000 }).toMatch(/33/)
  })

  it('shows the chunks of a document beside its text, linked both ways', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    const { chunks, source } = await openChunks(page, 'boats.md')
    await expectAccessible(page)
    await capture(page, 'chunks')

    await row(chunks, 3).hover()
    await expect.poll(() => litText(source)).toContain('wave height limit')
    await page.mouse.move(5, 5)

    await source.getByText('Inshore boat', { exact: false }).or(source.locator('[data-spans="4"]')).first().click()
    await expect.poll(() => selectedNumber(chunks)).not.toBe(1)

    await row(chunks, 1).click()
    await page.keyboard.press('ArrowDown')
    await expect.poll(() => selectedNumber(chunks)).toBe(2)
    await page.keyboard.press('End')
    await expect.poll(() => selectedNumber(chunks)).toBeGreaterThan(5)
    const last = await selectedNumber(chunks)
    await expect
      .poll(
        () =>
          source
            .locator(`[data-spans~="${last - 1}"]`)
            .first()
            .evaluate(inView),
        { timeout: 10_000 },
      )
      .toBe(true)
    await page.keyboard.press('Enter')
    await expectFocus(source)
    await page.keyboard.press('Escape')
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('row')

    await page.getByText('Elements').click()
    await source.getByText('heading 2', { exact: true }).first().waitFor()
    await expectAccessible(page)
    expect(complaints).toEqual([])
  })

  it('switches a chunk off, edits one, adds one from a selection, and takes all of it back', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    const { chunks, source } = await openChunks(page, 'boats.md')
    const before = await chunks.getAttribute('aria-rowcount')
    const limit = row(chunks, 3)
    await limit.click()
    const question = 'wave height limit for Fulmar was 2.0 m until 31 January 2025'
    expect(await textsFound(page, bench, question)).toContain('was 2.0 m until 31 January 2025')
    await limit.getByRole('button', { name: 'Switch off' }).click()
    await limit.getByText('Switched off').waitFor()
    expect(await textsFound(page, bench, question)).not.toContain('was 2.0 m until 31 January 2025')
    await expectAccessible(page)
    await limit.getByRole('button', { name: 'Switch on' }).click()
    await limit.getByText('Switched off').waitFor({ state: 'detached' })

    await page.keyboard.press('Escape')
    await limit.click()
    await limit.getByRole('button', { name: 'Edit text …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Text of the chunk' }).fill('The zorblatt rule counts for every boat.')
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Save' }).click()
    await limit.getByText('Edited', { exact: true }).waitFor()
    expect(await textsFound(page, bench, 'zorblatt')).toContain('zorblatt rule')
    await limit.getByRole('button', { name: 'Take the change back' }).click()
    await limit.getByText('Edited', { exact: true }).waitFor({ state: 'detached' })
    expect(await textsFound(page, bench, 'zorblatt')).not.toContain('zorblatt rule')

    await selectWords(source)
    await page.getByRole('button', { name: 'New chunk from selection' }).click()
    await dialog.getByText('Selected text').waitFor()
    await dialog.getByRole('button', { name: 'Add chunk' }).click()
    await dialog.waitFor({ state: 'detached' })
    const added = chunks.getByRole('row').filter({ hasText: 'Added by hand' })
    await added.waitFor()
    await expect.poll(() => chunks.getAttribute('aria-rowcount')).toBe(String(Number(before) + 1))
    await source.locator('[data-tone="several"]').first().waitFor()
    await added.getByRole('button', { name: 'Remove chunk' }).click()
    await expect.poll(() => chunks.getAttribute('aria-rowcount')).toBe(before)
    expect(complaints).toEqual([])
  })

  it('adds a chunk by keyboard alone', async () => {
    await using opened = await bench.open()
    const { page } = opened
    const { chunks } = await openChunks(page, 'calibration-guide.md')
    const before = Number(await chunks.getAttribute('aria-rowcount'))
    await page.getByRole('button', { name: 'New chunk …' }).press('Enter')
    const area = page.getByRole('dialog').getByRole('textbox', { name: /around the chosen chunk/ })
    await expectFocus(area)
    await page.keyboard.press('Control+Home')
    for (let presses = 0; presses < 30; presses += 1) await page.keyboard.press('Shift+ArrowRight')
    await page.getByText('30 characters selected').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Add chunk' }).press('Enter')
    await expect.poll(async () => Number(await chunks.getAttribute('aria-rowcount'))).toBe(before + 1)
  })

  it('tries smaller chunks, applies them beside the present index, and goes back', async () => {
    await using opened = await bench.open({ width: 1920, height: 1080 })
    const { page, complaints } = opened
    await openPipeline(page)
    await page.getByRole('grid', { name: 'Chunks' }).waitFor()
    await expectAccessible(page)
    const size = page.getByRole('region', { name: 'Cutting' }).getByRole('textbox', { name: 'Max tokens' })
    await size.fill('128')
    await size.press('Tab')
    await page.getByText(/^Now \d+ chunks of/).waitFor()
    await expect.poll(() => mostTokens(page)).toBeLessThanOrEqual(128)
    await capture(page, 'pipeline')

    // Unsaved changes stay while other pages are looked at.
    await page.getByRole('link', { name: 'Documents', exact: true }).click()
    await page.getByRole('link', { name: 'Pipeline', exact: true }).click()
    await expect.poll(() => size.inputValue(), { timeout: 30_000 }).toBe('128')

    const header = page.locator('.page-scope')
    const before = await header.textContent()
    await page.getByRole('button', { name: 'Apply …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(/new index beside the present one, over 33 documents/).waitFor()
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Apply', exact: true }).click()
    await page.getByRole('button', { name: 'Go back' }).waitFor({ timeout: 60_000 })
    await expect.poll(() => header.textContent(), { timeout: 60_000 }).not.toBe(before)
    await page.getByText('128 tokens').waitFor()
    await expect.poll(() => page.getByRole('button', { name: 'Go back' }).isEnabled(), { timeout: 60_000 }).toBe(true)
    await page.getByRole('button', { name: 'Go back' }).click()
    await expect.poll(() => header.textContent(), { timeout: 60_000 }).toBe(before)
    await expect.poll(() => size.inputValue()).toBe('256')

    await page.getByRole('button', { name: 'Drop the old index …' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Drop it' }).click()
    await page.getByRole('button', { name: 'Go back' }).waitFor({ state: 'detached' })
    expect(complaints).toEqual([])
  })

  it('searches only the documents that a filter lets through, without a new index', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await openPipeline(page)
    const search = page.getByRole('region', { name: 'Search', exact: true })
    const filter = search.getByRole('searchbox', { name: 'Documents searched' })
    await search.getByText('All documents').waitFor()
    await filter.fill('type=pdf and')
    await search.getByText(/^The filter cannot be read at character 13\. Expected a condition/).waitFor()
    expect(await filter.getAttribute('aria-invalid')).toBe('true')
    await filter.scrollIntoViewIfNeeded()
    await capture(page, 'pipeline-filter-refused')
    await expectAccessible(page)
    const apply = async (): Promise<void> => {
      await page.getByRole('button', { name: 'Apply …' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByText('Changes nothing about the chunks.').waitFor()
      await dialog.getByRole('button', { name: 'Apply', exact: true }).click()
    }
    await apply()
    await page.getByText(/^The pipeline's filter "type=pdf and" cannot be read at character 13\./).waitFor()

    await filter.fill('type=pdf')
    await search.getByText(/^\d+ documents are searched$/).waitFor()
    const question = 'wave height limit for Fulmar was 2.0 m until 31 January 2025'
    expect(await textsFound(page, bench, question)).toContain('was 2.0 m until 31 January 2025')
    await apply()
    await page.getByText('The settings are applied. No document had to be read or cut again.').waitFor()
    await expect.poll(() => textsFound(page, bench, question)).not.toContain('was 2.0 m until 31 January 2025')
    expect(await page.getByRole('button', { name: 'Go back' }).count()).toBe(0)
    await search.getByText(/^\d+ documents are searched$/).waitFor()
    await capture(page, 'pipeline-filter')

    await filter.fill('')
    await apply()
    await expect.poll(() => textsFound(page, bench, question)).toContain('was 2.0 m until 31 January 2025')
    expect(complaints).toEqual([])
  })

  it('edits rules and cleaning, and discards them', async () => {
    await using opened = await bench.open()
    const { page } = opened
    await openPipeline(page)
    await page.getByRole('button', { name: 'Add a step' }).click()
    await page.getByRole('menuitem', { name: 'Remove web addresses' }).click()
    await page.getByRole('button', { name: 'Add a step' }).click()
    await page.getByRole('menuitem', { name: 'Tidy white space' }).click()
    const steps = page.getByRole('list', { name: 'Cleaning steps' })
    await page.getByRole('button', { name: 'Move up: Tidy white space' }).click()
    await expect.poll(() => steps.getByRole('listitem').first().textContent()).toContain('Tidy white space')

    await page.getByRole('button', { name: 'Add a rule' }).click()
    const rule = page.getByRole('list', { name: 'Rules' }).getByRole('listitem').last()
    await rule.getByRole('textbox', { name: 'Paths' }).fill('operations/**')
    await rule.getByText('operations/**').first().waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Discard' }).click()
    await expect.poll(() => steps.getByRole('listitem').count()).toBe(0)
    await page.getByRole('button', { name: 'Apply …' }).waitFor({ state: 'detached' })
  })

  it('shows what is answered with where small chunks are found', async () => {
    await using opened = await bench.open({ width: 1920, height: 1080 })
    const { page, complaints } = opened
    await openPipeline(page)
    const chunks = page.getByRole('grid', { name: 'Chunks' })
    await chunks.waitFor()
    expect(await chunks.getByText('Answers with').count()).toBe(0)
    const cutting = page.getByRole('radiogroup', { name: 'Chunker' }).first()
    await cutting.getByText('Small parts of large passages', { exact: true }).click()
    await chunks.getByText('Answers with').first().waitFor({ timeout: 30_000 })
    await chunks.getByText('Answers with').first().click()
    // The passage is underlined in the source, the found part of it lit up.
    await expect.poll(() => page.locator('.origin [data-answers]').count()).toBeGreaterThan(1)
    await expectAccessible(page)
    await capture(page, 'chunks-answers')
    await page.getByRole('button', { name: 'Discard' }).click()
    expect(complaints).toEqual([])
  })

  it('is as accessible in the dark and at twice the size', async () => {
    await using dark = await bench.open({ width: 1920, height: 1080, colorScheme: 'dark' })
    await openChunks(dark.page, 'annual-report')
    await expectAccessible(dark.page)
    await capture(dark.page, 'chunks-dark')
    await openPipeline(dark.page)
    await dark.page.getByRole('grid', { name: 'Chunks' }).waitFor()
    await expectAccessible(dark.page)
    expect(dark.complaints).toEqual([])
    await using narrow = await bench.open({ width: 640, height: 400 })
    await openPipeline(narrow.page)
    await narrow.page.getByRole('grid', { name: 'Chunks' }).waitFor()
    await expectAccessible(narrow.page)
    const overflow = await narrow.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(overflow).toBeLessThanOrEqual(0)
  })
})

async function openLibrary(page: Page): Promise<void> {
  await goTo(page, '#/library')
  await page.locator('.collection-link').first().click()
}

async function openChunks(page: Page, name: string): Promise<{ chunks: Locator; source: Locator }> {
  await openLibrary(page)
  await page.getByRole('row').filter({ hasText: name }).first().click()
  await page.getByRole('complementary', { name: 'Inspector' }).getByRole('link', { name: 'Chunks' }).click()
  const chunks = page.getByRole('grid', { name: 'Chunks' })
  await chunks.getByRole('row').first().waitFor()
  const source = page.getByRole('region', { name: /^Text of/ })
  await source.locator('[data-lit]').first().waitFor()
  return { chunks, source }
}

async function openPipeline(page: Page): Promise<void> {
  await openLibrary(page)
  await page.getByRole('link', { name: 'Pipeline', exact: true }).click()
  await page.getByRole('heading', { name: 'Cutting' }).waitFor()
}

function row(chunks: Locator, number: number): Locator {
  return chunks.locator(`[role=row][aria-rowindex="${number}"]`)
}

async function selectedNumber(chunks: Locator): Promise<number> {
  return Number(await chunks.locator('[aria-selected=true]').getAttribute('aria-rowindex'))
}

async function litText(source: Locator): Promise<string> {
  return (await source.locator('[data-lit]').allTextContents()).join('')
}

/** Selects from the middle of the second paragraph of the text into the third, as a hand would. */
async function selectWords(source: Locator): Promise<void> {
  await source.evaluate((pane) => {
    const pieces = [...pane.querySelectorAll('.block-paragraph [data-start]')].filter(
      (piece) => (piece.textContent ?? '').length > 40,
    )
    const [first, second] = pieces
    const start = first?.firstChild
    const end = second?.firstChild
    if (start && end) window.getSelection()?.setBaseAndExtent(start, 10, end, 20)
  })
}

/** The texts that a search in the collection of this page finds, one after the other. */
async function textsFound(page: Page, bench: Workbench, query: string): Promise<string> {
  const { origin, hash } = new URL(bench.url)
  const answer = await fetch(`${origin}/api/v1/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${hash.replace('#token=', '')}` },
    body: JSON.stringify({
      collectionId: /library\/([^/?]+)/.exec(page.url())?.[1],
      query,
      mode: 'text',
      k: 20,
    }),
  })
  const { results } = (await answer.json()) as { results: { text: string }[] }
  return results.map(({ text }) => text).join('\n')
}

async function mostTokens(page: Page): Promise<number> {
  const words = (await page.locator('.chunk-figures').textContent()) ?? ''
  return Number(/–(\d+) tokens/.exec(words)?.[1] ?? Number.NaN)
}

/** Whether an element is inside the window; runs in the page. */
function inView(element: Element): boolean {
  const { top, bottom } = element.getBoundingClientRect()
  return bottom > 0 && top < window.innerHeight
}

async function capture(page: Page, name: string): Promise<void> {
  if (screenshots) await page.screenshot({ path: join(root, screenshots, `${name}.png`) })
}
