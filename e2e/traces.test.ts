/// <reference lib="dom" />
import { join } from 'node:path'
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalCollector, openLocalCollector } from '../core/telemetry/testing/local-collector.ts'
import { browserPath, expectAccessible, goTo, startWorkbench, type Workbench } from './workbench.ts'

const screenshots = process.env.QUARRY_SCREENSHOTS
const asked = 'How long is the quarantine of new animals?'
const refused = 'Who won the Nobel Prize in Physics in 1998?'

describe.skipIf(!browserPath)('traces', () => {
  let bench: Workbench
  let collector: LocalCollector

  beforeAll(async () => {
    bench = await startWorkbench()
    collector = await openLocalCollector()
  })
  afterAll(async () => {
    await bench[Symbol.asyncDispose]()
    await collector[Symbol.asyncDispose]()
  })

  it('begin with the first question', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await page.getByRole('button', { name: 'Open the sample workspace' }).waitFor()
    await goTo(page, '#/traces')
    await page.getByRole('heading', { name: 'No questions yet' }).waitFor()
    await expectAccessible(page)
    await goTo(page, '#/')
    await page.getByRole('button', { name: 'Open the sample workspace' }).click()
    const ready = page.getByRole('button', { name: /^ready/i })
    await expect.poll(() => ready.first().textContent(), { timeout: 120_000 }).toMatch(/33/)
    await goTo(page, '#/ask')
    for (const [index, question] of [asked, refused, 'How high is the mast of Fulmar?'].entries()) {
      await page.getByRole('textbox', { name: 'Question' }).fill(question)
      await page.keyboard.press('Enter')
      await expect.poll(() => page.locator('a[href^="#/traces/"]').count(), { timeout: 30_000 }).toBe(index + 1)
      await expect.poll(() => page.getByRole('button', { name: 'Stop' }).count(), { timeout: 30_000 }).toBe(0)
    }
    expect(complaints).toEqual([])
  })

  it('are found by words and by what came of them, with charts above', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, '#/traces')
    const rows = page.getByRole('grid', { name: 'Questions' }).getByRole('row')
    await expect.poll(() => rows.count()).toBe(4)
    await page.getByRole('img', { name: /^Seconds to the whole answer/ }).waitFor()
    await page.getByRole('img', { name: /^Questions by hour/ }).waitFor()
    await expectAccessible(page)
    await capture(page, 'traces-list')
    await page.getByRole('button', { name: /^nothing relevant 1/ }).click()
    await expect.poll(() => rows.count()).toBe(2)
    await rows.last().getByText(refused).waitFor()
    await page.getByRole('button', { name: /^all 3/ }).click()
    await page.keyboard.press('/')
    await page.keyboard.type('quarant anim')
    await expect.poll(() => rows.count()).toBe(2)
    await page.getByRole('searchbox', { name: 'Search traces' }).fill('no such words anywhere')
    await page.getByRole('heading', { name: 'No question is like that' }).waitFor()
    await page.getByRole('button', { name: 'Show all questions' }).click()
    await expect.poll(() => rows.count()).toBe(4)
    await page.getByRole('button', { name: 'Time', exact: true }).first().click()
    await page.getByRole('menuitem', { name: 'Last 24 hours' }).click()
    await page.getByRole('button', { name: 'Last 24 hours' }).waitFor()
    await page.getByRole('columnheader', { name: 'Time' }).getByRole('button').click()
    await expect
      .poll(() => page.getByRole('columnheader', { name: 'Time' }).getAttribute('aria-sort'))
      .toBe('descending')
    expect(complaints).toEqual([])
  })

  it('show every step as a tree, what was found and what was not used', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await openTrace(page)
    for (const step of ['retrieve', 'search words', 'embed', 'search vectors', 'fit', 'generate']) {
      await page
        .getByRole('button', { name: new RegExp(`^${step}`) })
        .first()
        .waitFor()
    }
    const embed = page.getByRole('button', { name: /^embed/ })
    await embed.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: 'Attributes' }).getByText('gen_ai.operation.name').waitFor()
    await expectAccessible(page)
    await capture(page, 'trace')
    await page.getByRole('button', { name: /^Retrieved \d+ passages/ }).click()
    const unused = page.getByRole('region', { name: 'Found and not used' })
    await unused
      .getByText(/others came before it|its document had its share/)
      .first()
      .waitFor()
    await unused.getByRole('button').first().click()
    await page.getByRole('complementary', { name: 'Inspector' }).waitFor()
    await page.keyboard.press('Escape')
    await page
      .getByRole('button', { name: /^Citation 1/ })
      .first()
      .click()
    await page.getByRole('complementary', { name: 'Inspector' }).locator('mark').first().waitFor()
    await expectAccessible(page)
    expect(complaints).toEqual([])
  })

  it('become test cases', async () => {
    await using opened = await bench.open()
    const { page } = opened
    await openTrace(page)
    await page.getByRole('button', { name: 'Make a test case' }).click()
    await page.getByRole('menuitem', { name: /Skerry Point questions/ }).click()
    await page.getByRole('link', { name: 'Open the test case' }).click()
    const panel = page.getByRole('complementary', { name: 'Test case' })
    await expect.poll(() => panel.getByRole('textbox', { name: 'Question' }).inputValue()).toBe(asked)
  })

  it('are asked again with another pipeline, and both answers stand side by side', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await openTrace(page)
    await page.getByRole('button', { name: 'Replay with …' }).click()
    const dialog = page.getByRole('dialog', { name: 'Replay with …' })
    await dialog.getByText('An edited pipeline').click()
    const editor = dialog.getByRole('textbox', { name: 'Pipeline, as JSON' })
    const pipeline = JSON.parse(await editor.inputValue()) as Record<string, unknown>
    await editor.fill('{')
    await dialog.getByRole('button', { name: 'Replay', exact: true }).click()
    await dialog
      .getByRole('alert')
      .getByText(/This is not JSON/)
      .waitFor()
    await editor.fill(JSON.stringify({ ...pipeline, passages: 2 }))
    await expectAccessible(page)
    await capture(page, 'trace-replay')
    await dialog.getByRole('button', { name: 'Replay', exact: true }).click()
    await page.getByRole('heading', { name: 'Compare' }).waitFor()
    await page.getByRole('region', { name: 'Before' }).getByText(/\w/).first().waitFor()
    await page.getByRole('region', { name: 'After' }).getByRole('link', { name: 'Open this trace' }).waitFor()
    await page.getByRole('region', { name: 'Options that differ' }).getByText('passages').waitFor()
    await page.getByRole('region', { name: 'Passages of both' }).getByText('before only').first().waitFor()
    await expectAccessible(page)
    await capture(page, 'trace-compare')
    await page.getByRole('region', { name: 'After' }).getByRole('link', { name: 'Open this trace' }).click()
    await page.getByText('Replay of').waitFor()
    expect(complaints).toEqual([])
  })

  it('are sent to a collector once somebody says so and lets it through', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, '#/traces')
    await page.getByRole('button', { name: 'Keep and send …' }).click()
    const dialog = page.getByRole('dialog', { name: 'Keep and send traces' })
    await dialog.getByText(/^4 traces/).waitFor()
    await expectAccessible(page)
    await expect.poll(() => dialog.getByRole('switch', { name: 'Send new traces' }).isDisabled()).toBe(true)
    await dialog.getByRole('textbox', { name: 'Address of the collector' }).fill(collector.endpoint)
    await dialog.getByRole('textbox', { name: 'Headers, one a line' }).fill('x-mlflow-experiment-id: 7')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByRole('button', { name: 'Send a test trace' }).click()
    await dialog
      .getByRole('alert')
      .getByText(/not among the hosts/)
      .waitFor()
    await capture(page, 'traces-sending')
    await dialog.getByRole('button', { name: /^Allow .* for traces/ }).click()
    await dialog.getByRole('button', { name: /^Allow .* for traces/ }).waitFor({ state: 'detached' })
    await dialog.getByRole('button', { name: 'Send a test trace' }).click()
    await dialog.getByText(/^The collector took the test trace/).waitFor()
    expect(collector.requests.map(({ headers }) => headers['x-mlflow-experiment-id'])).toEqual(['7'])
    await dialog.getByText('Send new traces').click()
    await dialog.getByText(/^None sent yet/).waitFor()
    await expectAccessible(page)
    await page.keyboard.press('Escape')
    await goTo(page, '#/ask')
    await page.getByRole('textbox', { name: 'Question' }).fill('Which boats are there?')
    await page.keyboard.press('Enter')
    await expect.poll(() => collector.requests.length, { timeout: 30_000 }).toBe(2)
    expect(collector.requests[1]?.bytes.includes('boats')).toBe(false)
    expect(complaints).toEqual([])
  })

  it('of a chat know what was thought of the answer, are found by it, and lead back to exactly this answer', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, '#/bots/new')
    await page.getByRole('textbox', { name: 'Name' }).fill('Harbour desk')
    await page.getByRole('checkbox').first().check({ force: true })
    await page.getByRole('button', { name: 'Make the bot' }).click()
    const trial = page.getByRole('region', { name: 'Try it' })
    await trial.getByRole('heading', { name: /Harbour desk/ }).waitFor()
    await goTo(page, '#/chat')
    const chat = page.getByRole('region', { name: 'Conversation', exact: true })
    const box = chat.getByRole('textbox', { name: 'Question' })
    for (const question of [asked, 'How high is the mast of Fulmar?', 'Which boats are there?']) {
      await box.fill(question)
      await box.press('Enter')
      const turn = chat.getByRole('article', { name: question })
      await turn.getByRole('button', { name: 'Answer again' }).waitFor({ timeout: 60_000 })
    }
    const rated = chat.getByRole('article', { name: asked })
    await page.getByRole('region', { name: 'Messages' }).press('Home')
    await rated.getByRole('button', { name: 'Bad answer' }).click()
    await rated.getByRole('textbox', { name: /What is good or wrong/ }).fill('Since which year?')
    await rated.getByRole('button', { name: 'Save comment' }).click()
    await rated.getByText('Since which year?').waitFor()
    // It is answered once more: what was rated is on the branch that is not shown.
    await rated.getByRole('button', { name: 'Answer again' }).click()
    await rated.getByText('2 / 2').waitFor({ timeout: 60_000 })

    await goTo(page, '#/traces')
    const rows = page.getByRole('grid', { name: 'Questions' }).getByRole('row')
    await expect.poll(() => rows.count()).toBeGreaterThan(5)
    await page.getByRole('img', { name: /^Questions by/ }).waitFor()
    await page.getByRole('button', { name: 'Rating', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Found good' }).click()
    await page.getByRole('heading', { name: 'No question is like that' }).waitFor()
    await page.getByRole('button', { name: 'Found good' }).click()
    await page.getByRole('menuitem', { name: 'Found bad' }).click()
    await expect.poll(() => rows.count()).toBe(2)
    await rows.last().getByRole('img', { name: 'found bad' }).waitFor()
    await rows.last().getByRole('img', { name: 'commented on' }).waitFor()
    await expectAccessible(page)
    await capture(page, 'traces-rated')
    await rows.last().click()
    await page.getByText('The answer was found bad: Since which year?').waitFor()
    const back = page.getByRole('link', { name: /with Harbour desk$/ })
    await back.waitFor()
    await expectAccessible(page)
    await capture(page, 'trace-rated')
    await back.click()
    await rated.getByText('1 / 2').waitFor()
    await rated.getByText('Since which year?').waitFor()
    expect(complaints).toEqual([])
  })

  it('are there in the dark, wide, and at twice the size', async () => {
    await using dark = await bench.open({ width: 1920, height: 1080, colorScheme: 'dark' })
    await goTo(dark.page, '#/traces')
    await dark.page.getByRole('grid', { name: 'Questions' }).getByText(asked).first().waitFor()
    await dark.page.getByRole('img', { name: /^Questions by/ }).waitFor()
    await expectAccessible(dark.page)
    await capture(dark.page, 'traces-list-dark')
    await openTrace(dark.page)
    await dark.page.getByRole('button', { name: /^generate/ }).click()
    await expectAccessible(dark.page)
    await capture(dark.page, 'trace-dark')
    expect(dark.complaints).toEqual([])
    await using narrow = await bench.open({ width: 640, height: 400 })
    for (const address of ['#/traces']) {
      await goTo(narrow.page, address)
      await narrow.page.getByRole('heading', { name: 'Traces' }).waitFor()
      const overflow = await narrow.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(overflow).toBeLessThanOrEqual(0)
    }
  })
})

async function openTrace(page: Page): Promise<void> {
  await goTo(page, '#/traces')
  await page.getByRole('searchbox', { name: 'Search traces' }).fill('quarantine new animals')
  const rows = page.getByRole('grid', { name: 'Questions' }).getByRole('row')
  // The other questions are gone from the list, and what is focused stays.
  await expect.poll(() => rows.filter({ hasText: 'Fulmar' }).count()).toBe(0)
  await expect.poll(() => rows.filter({ hasText: asked }).count()).toBeGreaterThan(0)
  const row = rows.filter({ hasText: asked }).last()
  await row.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: asked }).waitFor()
}

async function capture(page: Page, name: string): Promise<void> {
  if (screenshots) await page.screenshot({ path: join(screenshots, `${name}.png`) })
}
