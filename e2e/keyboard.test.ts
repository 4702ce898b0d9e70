/// <reference lib="dom" />
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserPath, openPalette, startWorkbench, type Workbench } from './workbench.ts'

describe.skipIf(!browserPath)('the main job by keyboard alone', () => {
  let bench: Workbench

  beforeAll(async () => {
    bench = await startWorkbench()
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  it('opens the sample, asks, opens a citation and closes it again without a mouse', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await page.getByRole('button', { name: 'Open the sample workspace' }).waitFor()
    await tabTo(page, 'Open the sample workspace')
    await page.keyboard.press('Enter')
    const ready = page.getByRole('button', { name: /^ready/i })
    await expect.poll(() => ready.first().textContent(), { timeout: 120_000 }).toMatch(/33/)

    await tabTo(page, 'Ask')
    await page.keyboard.press('Enter')
    await page.getByRole('textbox', { name: 'Question' }).waitFor()
    await tabTo(page, 'Question')
    await page.keyboard.type('What will I pay for a single room as an academic visitor?')
    await page.keyboard.press('Enter')
    await page.getByText('£36').first().waitFor({ timeout: 30_000 })

    await tabTo(page, /^Citation 1/)
    await page.keyboard.press('Enter')
    const inspector = page.getByRole('complementary', { name: 'Inspector' })
    await inspector.locator('mark, .pdf-mark').first().waitFor()
    await page.keyboard.press('Escape')
    await inspector.waitFor({ state: 'detached' })
    expect(complaints).toEqual([])
  })

  it('shows the keys and finds a document by name', async () => {
    await using opened = await bench.open()
    const { page } = opened
    await page.getByRole('textbox', { name: 'Question' }).waitFor()
    await openPalette(page)
    await page.keyboard.type('boats')
    await page.getByRole('dialog').getByText('boats.md').first().waitFor()
    await page.keyboard.press('Enter')
    await page
      .getByRole('complementary', { name: 'Inspector' })
      .getByText(/boats\.md/)
      .first()
      .waitFor()
  })

  it('stays where somebody went while the first page was still being chosen', async () => {
    await using opened = await bench.open()
    const { page } = opened
    // The address changes in the moment in which the answer arrives that chooses the page.
    await page.addInitScript(() => {
      const add = WebSocket.prototype.addEventListener
      WebSocket.prototype.addEventListener = function (this: WebSocket, type: string, listener: EventListener): void {
        add.call(this, type, (event) => {
          const data = event instanceof MessageEvent ? String(event.data) : ''
          if (data.includes('"bots"') && document.querySelector('nav')) location.hash = '#/models'
          listener(event)
        })
      } as typeof add
    })
    await page.goto(bench.url.replace(/#.*/, '#/'))
    await page.reload()
    await page.getByRole('heading', { name: 'Models' }).waitFor()
    await page.waitForTimeout(300)
    expect(new URL(page.url()).hash).toBe('#/models')
  })
})

/** Presses Tab until what has the focus is called this, as a person would; fails after a hundred presses. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  for (let presses = 0; presses < 100; presses += 1) {
    const focused = await page.evaluate(() => {
      const element = document.activeElement
      return (element?.getAttribute('aria-label') ?? element?.textContent ?? '').trim()
    })
    if (typeof name === 'string' ? focused === name : name.test(focused)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab never came to ${String(name)}.`)
}
