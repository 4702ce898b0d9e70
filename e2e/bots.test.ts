/// <reference lib="dom" />
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  browserPath,
  demoCorpus,
  dropOn,
  expectAccessible,
  expectFocus,
  goTo,
  holdAnswers,
  openPalette,
  root,
  startWorkbench,
  type Workbench,
} from './workbench.ts'

const screenshots = process.env.QUARRY_SCREENSHOTS

describe.skipIf(!browserPath)('bots in a browser', () => {
  let bench: Workbench
  let files: string

  beforeAll(async () => {
    bench = await startWorkbench()
    files = mkdtempSync(join(tmpdir(), 'quarry-e2e-bots-'))
    cpSync(demoCorpus, join(files, 'Skerry Point'), { recursive: true })
  })
  afterAll(async () => {
    await bench[Symbol.asyncDispose]()
    rmSync(files, { recursive: true, force: true })
  })

  it('makes a bot of a folder, and talks to it while it is still reading', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, '#/bots')
    await page.getByRole('heading', { name: 'No bots yet' }).waitFor()
    await expectAccessible(page)

    await dropOn(page, [join(files, 'Skerry Point')])
    await page.getByRole('heading', { name: 'New bot' }).waitFor()
    const name = page.getByRole('textbox', { name: 'Name' })
    await expect.poll(() => name.inputValue()).toBe('Skerry Point')
    await page.getByRole('radio', { name: /Policy assistant/ }).check({ force: true })
    await expectAccessible(page)
    await capture(page, 'bot-new')
    await name.press('Enter')

    const trial = page.getByRole('region', { name: 'Try it' })
    await trial.getByRole('heading', { name: /Skerry Point/ }).waitFor()
    await trial.getByRole('progressbar').first().waitFor()
    await capture(page, 'bot-reading')
    // Questions to begin with come with the documents, and can be asked at once.
    const starters = trial.getByRole('list', { name: 'Questions to begin with' }).getByRole('button')
    await starters.first().waitFor({ timeout: 120_000 })
    await expect.poll(() => starters.first().isEnabled(), { timeout: 60_000 }).toBe(true)
    await page.getByText(/Its release answers with sentences of the documents, without a language model/).waitFor()
    await expectAccessible(page)
    await starters.first().click()
    const answer = trial.getByRole('article').last()
    await answer.getByRole('button', { name: 'Answer again' }).waitFor({ timeout: 60_000 })
    await expect.poll(() => trial.getByRole('progressbar').count(), { timeout: 120_000 }).toBe(0)
    await expectAccessible(page)
    await capture(page, 'bot-settings')
    expect(complaints).toEqual([])
  })

  it('changes its settings, which hold from the next question on', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await openSettings(page, 'Skerry Point')
    const form = page.getByRole('form', { name: 'Settings' })
    await form.getByLabel('Greeting').fill('Ask me about the station.')
    await form.getByLabel('When the documents do not say').fill('I only know the station.')
    await form.getByLabel('Question 1', { exact: true }).fill('What was the highest water level of 2024, and when?')
    // The template answers from single rules only.
    await form.getByRole('checkbox', { name: /Summarise a document/ }).check()
    const filter = form.getByRole('searchbox', { name: 'Filter' })
    await filter.fill('type=')
    await expect.poll(() => filter.getAttribute('aria-invalid')).toBe('true')
    await filter.fill('')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Saved. The next question is answered so.').waitFor()
    const trial = page.getByRole('region', { name: 'Try it' })
    await trial.getByText('Ask me about the station.').waitFor()
    await ask(trial, 'Who won the Nobel Prize in Physics in 1998?')
    await trial.getByText('I only know the station.').first().waitFor({ timeout: 60_000 })
    expect(
      await trial
        .getByRole('article')
        .last()
        .getByRole('button', { name: /^Citation/ })
        .count(),
    ).toBe(0)
    // What was found all the same can be looked at.
    await trial.getByRole('button', { name: 'Show what came closest' }).last().click()
    const inspector = page.getByRole('complementary', { name: 'Inspector' })
    await inspector.getByText('Closest passage 1').waitFor()
    await page.keyboard.press('Escape')
    await inspector.waitFor({ state: 'detached' })
    // A tag that nobody gave is said to be none, and a greeting is no question to the documents.
    const box = trial.getByRole('textbox', { name: 'Question' })
    await box.pressSequentially('#nothing')
    await trial.getByText(/^No tag has “nothing” in it/).waitFor()
    await box.fill('')
    await ask(trial, 'hello')
    await trial.getByRole('article').last().getByText('Ask me about the station.').waitFor({ timeout: 60_000 })
    expect(complaints).toEqual([])
  })

  it('keeps what is typed while a change is being saved', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await holdAnswers(page, 'bots/update')
    await page.reload()
    await openSettings(page, 'Skerry Point')
    const form = page.getByRole('form', { name: 'Settings' })
    const save = page.getByRole('button', { name: 'Save', exact: true })
    await form.getByLabel('Greeting').fill('Ask me about the station, please.')
    await save.click()
    await page.getByRole('button', { name: 'Saving …' }).waitFor()
    const refusal = form.getByLabel('When the documents do not say')
    await refusal.fill('I only know the station and its boats.')
    await page.evaluate(() => (window as unknown as { letAnswersCome(): void }).letAnswersCome())
    await page.getByText('Saved. The next question is answered so.').waitFor()
    await expect.poll(() => refusal.inputValue()).toBe('I only know the station and its boats.')
    await page.getByRole('button', { name: 'Discard changes' }).click()
    await expect.poll(() => refusal.inputValue()).toBe('I only know the station.')
    await expect.poll(() => form.getByLabel('Greeting').inputValue()).toBe('Ask me about the station, please.')
    expect(complaints).toEqual([])
  })

  it('answers with citations, follows up, narrows, branches, and keeps what was said of it', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await page.getByRole('link', { name: 'Chat', exact: true }).click()
    const chat = page.getByRole('region', { name: 'Conversation', exact: true })
    await chat.getByRole('button', { name: /highest water level of 2024/ }).click()
    const first = chat.getByRole('article', { name: /highest water level/ })
    await first.getByText('4.87 m').first().waitFor({ timeout: 60_000 })
    await expectAccessible(page)

    // A citation opens the passage; the next one is a key away.
    await first
      .getByRole('button', { name: /^Citation 1/ })
      .first()
      .click()
    const inspector = page.getByRole('complementary', { name: 'Inspector' })
    await inspector.locator('mark, .pdf-mark').first().waitFor({ timeout: 60_000 })
    await capture(page, 'chat')
    await page.keyboard.press('Escape')
    await inspector.waitFor({ state: 'detached' })

    // A follow-up is understood from what went before.
    await ask(chat, 'And the lowest?')
    const second = chat.getByRole('article', { name: 'And the lowest?' })
    await second.getByText(/Searched for:/).waitFor({ timeout: 60_000 })
    await second.getByRole('button', { name: 'Answer again' }).waitFor({ timeout: 60_000 })

    // Answered again, there are two answers to go between.
    await second.getByRole('button', { name: 'Answer again' }).click()
    await second.getByText('2 / 2').waitFor({ timeout: 60_000 })
    await second.getByRole('button', { name: 'Previous answer' }).click()
    await second.getByText('1 / 2').waitFor()

    // A question that is changed is a branch, and what was there stays.
    await second.getByRole('button', { name: 'Edit the question' }).click()
    const editor = second.getByRole('textbox', { name: 'Change the question' })
    await editor.fill('What will I pay for a single room as an academic visitor?')
    await editor.press('Enter')
    const changed = chat.getByRole('article', { name: /single room/ })
    await changed.getByText('£36').first().waitFor({ timeout: 60_000 })
    await changed.getByText('2 / 2').first().waitFor()
    await changed.getByRole('button', { name: 'Previous question' }).click()
    await second.waitFor()
    await second.getByRole('button', { name: 'Next question' }).click()
    await changed.waitFor()

    // Good, with a comment.
    await changed.getByRole('button', { name: 'Good answer' }).click()
    await expect
      .poll(() => changed.getByRole('button', { name: 'Good answer' }).getAttribute('aria-pressed'))
      .toBe('true')
    await changed.getByRole('button', { name: 'Comment on this answer' }).click()
    await changed.getByRole('textbox', { name: /What is good or wrong/ }).fill('Exactly the table.')
    await changed.getByRole('button', { name: 'Save comment' }).click()
    await changed.getByText('Exactly the table.').waitFor()

    // One document, by a few letters, as a whole.
    const box = chat.getByRole('textbox', { name: 'Question' })
    await box.pressSequentially('@boats')
    const option = page.getByRole('option', { name: /boats\.md/ })
    await option.first().waitFor()
    await expectAccessible(page)
    await capture(page, 'chat-mention')
    await box.press('Enter')
    await chat.getByRole('button', { name: /Take out .*boats\.md/ }).waitFor()
    await chat.getByRole('checkbox', { name: 'Read the whole document' }).check()
    await ask(chat, 'Summarise this document.')
    const summary = chat.getByRole('article', { name: 'Summarise this document.' })
    await summary.getByText(/Whole document:/).waitFor({ timeout: 60_000 })
    await summary
      .getByRole('button', { name: /^Citation 1: boats\.md/ })
      .first()
      .waitFor({ timeout: 60_000 })
    await expectAccessible(page)
    await capture(page, 'chat-summary')
    await chat.getByRole('button', { name: /Take out .*boats\.md/ }).click()

    // The window is closed and opened again: everything is there.
    const address = page.url().replace(/.*#/, '#')
    await using again = await bench.open()
    await goTo(again.page, address)
    const kept = again.page.getByRole('article', { name: /single room/ })
    await again.page.getByRole('article', { name: 'Summarise this document.' }).waitFor()
    // The end is gone to first, as soon as the heights of the messages are known.
    const goUp = async (): Promise<number> => {
      await again.page.getByRole('region', { name: 'Messages' }).press('Home')
      return kept.getByText('Exactly the table.').count()
    }
    await expect.poll(goUp, { timeout: 20_000 }).toBe(1)
    expect(again.complaints).toEqual([])
    expect(complaints).toEqual([])
  })

  it('finds conversations by their words, names them, files them, and hands them over', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, '#/chat')
    const list = page.getByRole('navigation', { name: 'Conversations' })
    await list.getByRole('searchbox').fill('academic visitor')
    const found = list.getByRole('listitem').filter({ hasText: /academic visitor/i })
    await found.first().waitFor()
    await expectAccessible(page)
    await capture(page, 'chat-search')
    await found.first().getByRole('link').click()
    await page.getByRole('article', { name: /Summarise this document/ }).waitFor()
    await page.getByRole('button', { name: 'Actions for this conversation' }).click()
    await page.getByRole('menuitem', { name: /Name and folder/ }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Water and rooms')
    await dialog.getByRole('combobox', { name: /Folder/ }).fill('Station')
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Water and rooms' }).waitFor()
    await list.getByRole('searchbox').fill('')
    await list.getByRole('button', { name: 'All folders' }).click()
    await page.getByRole('menuitem', { name: 'Station' }).click()
    await expect.poll(() => list.getByRole('listitem').count()).toBe(1)

    for (const [label, end, holds] of [
      ['Markdown', /\.md$/, '4.87 m'],
      ['HTML', /\.html$/, '4.87 m'],
      ['JSON', /\.json$/, '"citations"'],
    ] as const) {
      const download = page.waitForEvent('download')
      await page.getByRole('button', { name: 'Export' }).click()
      await page.getByRole('menuitem', { name: label }).click()
      const file = await download
      expect(file.suggestedFilename()).toMatch(end)
      expect(readFileSync(await file.path(), 'utf8')).toContain(holds)
    }
    await page.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('menuitem', { name: /PDF/ }).click()
    const frame = page.frameLocator('iframe.print-frame')
    await frame.getByText('4.87 m').first().waitFor({ state: 'attached' })
    expect(complaints).toEqual([])
  })

  it('stops an answer, and keeps what there is when the window is closed in the middle', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    // However quick the machine is, the answer is still on its way when it is stopped.
    await holdAnswers(page, 'conversations/send')
    await page.reload()
    await goTo(page, '#/chat')
    const chat = page.getByRole('region', { name: 'Conversation', exact: true })
    const long = `What do these notes say about boats? ${'The tide was noted again and again. '.repeat(5000)}`
    await chat.getByRole('textbox', { name: 'Question' }).fill(long)
    await chat.getByRole('button', { name: 'Send' }).click()
    await chat.getByRole('button', { name: 'Stop' }).click()
    await page.evaluate(() => (window as unknown as { letAnswersCome(): void }).letAnswersCome())
    await chat
      .getByText(/Stopped\.|characters/)
      .first()
      .waitFor({ timeout: 60_000 })
    await expect.poll(() => chat.getByRole('button', { name: 'Stop' }).count(), { timeout: 60_000 }).toBe(0)
    const address = page.url().replace(/.*#/, '#')

    const again = chat.getByRole('button', { name: 'Answer again' }).last()
    await again.click()
    await page.close()
    await using back = await bench.open()
    await goTo(back.page, address)
    const article = back.page.getByRole('article').last()
    await article.getByText(/Show all of it/).waitFor()
    await expect
      .poll(() => article.getByRole('button', { name: 'Answer again' }).count(), { timeout: 60_000 })
      .toBeGreaterThan(0)
    expect(back.complaints).toEqual([])
    expect(complaints).toEqual([])
  })

  it('keeps what is typed and not sent', async () => {
    await using opened = await bench.open()
    const { page } = opened
    await goTo(page, '#/chat')
    const box = page.getByRole('textbox', { name: 'Question' })
    await box.fill('A question I am still thinking about')
    await page.reload()
    await expect.poll(() => box.inputValue()).toBe('A question I am still thinking about')
  })

  it('duplicates, exports, imports and removes a bot', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, '#/bots')
    await page.getByRole('button', { name: 'Actions for Skerry Point' }).click()
    await page.getByRole('menuitem', { name: 'Duplicate' }).click()
    await page.getByText(/has the settings of “Skerry Point”/).waitFor()
    await page.getByRole('link', { name: 'All bots' }).click()
    await expect.poll(() => page.locator('.bot-item').count()).toBe(2)
    await capture(page, 'bots')

    await page.getByRole('button', { name: 'Actions for Skerry Point', exact: true }).click()
    await page.getByRole('menuitem', { name: /Export/ }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('checkbox', { name: /With its documents/ }).check()
    await expectAccessible(page)
    const download = page.waitForEvent('download')
    await dialog.getByRole('button', { name: 'Export' }).click()
    const file = await download
    expect(file.suggestedFilename()).toMatch(/\.quarrybot$/)
    mkdirSync(join(files, 'out'))
    const path = join(files, 'out', file.suggestedFilename())
    await file.saveAs(path)
    await dialog.waitFor({ state: 'detached' })

    await dropOn(page, [path])
    await page.getByText(/^Imported “/).waitFor({ timeout: 60_000 })
    await expect.poll(() => page.url()).toMatch(/#\/bots\/.+/)
    await page
      .getByRole('region', { name: 'Try it' })
      .getByRole('heading', { name: /Skerry Point/ })
      .waitFor()
    await page.getByRole('link', { name: 'All bots' }).click()
    await expect.poll(() => page.locator('.bot-item').count()).toBe(3)

    writeFileSync(join(files, 'crafted.quarrybot'), 'this is no bot')
    await dropOn(page, [join(files, 'crafted.quarrybot')])
    await page.locator('.notice-danger').first().waitFor({ timeout: 30_000 })
    await expect.poll(() => page.locator('.bot-item').count()).toBe(3)

    await page.getByRole('button', { name: 'Actions for Skerry Point', exact: true }).click()
    await page.getByRole('menuitem', { name: /Remove/ }).click()
    const confirm = page.getByRole('alertdialog')
    await confirm.getByText(/otherwise they stay and can be read/).waitFor()
    await expectAccessible(page)
    await confirm.getByRole('button', { name: 'Remove bot' }).click()
    await expect.poll(() => page.locator('.bot-item').count()).toBe(2)
    // What was said stays, and can be read.
    await goTo(page, '#/chat')
    const list = page.getByRole('navigation', { name: 'Conversations' })
    await list.getByRole('link', { name: /Water and rooms/ }).click()
    await page.getByPlaceholder('The bot of this conversation was removed').waitFor()
    await page.getByRole('article', { name: /Summarise this document/ }).waitFor()
    await expectAccessible(page)
    expect(complaints.filter((text) => !/status of 4\d\d/.test(text))).toEqual([])
  })

  it('says what keeps a bot from answering', async () => {
    await using opened = await bench.open()
    const { page } = opened
    await goTo(page, '#/bots/new')
    await page.getByRole('textbox', { name: 'Name' }).fill('Empty handed')
    await page.getByRole('button', { name: 'Make the bot' }).click()
    await page
      .getByRole('list', { name: /What keeps this bot/ })
      .first()
      .waitFor()
    await page.getByPlaceholder('This bot has no documents yet').waitFor()
    await expectAccessible(page)
  })

  it('is done in the dark, wide, and at twice the size too', async () => {
    await using dark = await bench.open({ width: 1920, height: 1080, colorScheme: 'dark' })
    await visitAll(dark.page, 'dark')
    expect(dark.complaints).toEqual([])
    await using narrow = await bench.open({ width: 640, height: 400 })
    await visitAll(narrow.page, 'narrow')
  })

  it('is done by keyboard alone', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await page.getByRole('navigation').first().waitFor()
    await openPalette(page)
    await page.keyboard.type('bots')
    await page.keyboard.press('Enter')
    await page.locator('.bot-item').first().waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('h')
    await page.getByRole('navigation', { name: 'Conversations' }).waitFor()
    const box = page.getByRole('textbox', { name: 'Question' })
    await box.waitFor()
    await expectFocus(box)
    await page.keyboard.type('What will I pay for a single room as an academic visitor?')
    await page.keyboard.press('Enter')
    const article = page.getByRole('article', { name: /single room/ }).last()
    await article.getByText('£36').first().waitFor({ timeout: 60_000 })
    await page.keyboard.press('Shift+Tab')
    for (let presses = 0; presses < 40; presses += 1) {
      const focused = await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '')
      if (/^Citation/.test(focused)) break
      await page.keyboard.press('Shift+Tab')
    }
    await page.keyboard.press('Enter')
    const inspector = page.getByRole('complementary', { name: 'Inspector' })
    await inspector.locator('mark, .pdf-mark').first().waitFor({ timeout: 60_000 })
    await page.keyboard.press('Escape')
    await inspector.waitFor({ state: 'detached' })
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).getByText('Ask one document').waitFor()
    await page.keyboard.press('Escape')
    // Up in the empty box changes the last question; Escape leaves it.
    await page.keyboard.press('/')
    await page.keyboard.press('ArrowUp')
    const editor = page.getByRole('textbox', { name: 'Change the question' })
    await editor.waitFor()
    await page.keyboard.press('Escape')
    await editor.waitFor({ state: 'detached' })
    expect(complaints).toEqual([])
  })
})

async function visitAll(page: Page, name: string): Promise<void> {
  const places = [
    ['#/chat', page.getByRole('textbox', { name: 'Question' })],
    ['#/bots', page.locator('.bot-item').first()],
    ['#/bots/new', page.getByRole('textbox', { name: 'Name' })],
  ] as const
  for (const [address, shown] of places) {
    await goTo(page, address)
    await shown.waitFor()
    await expectAccessible(page)
    await capture(page, `${name}-${address.slice(2).replace('/', '-')}`)
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(overflow).toBeLessThanOrEqual(0)
  }
  await goTo(page, '#/chat')
  await page.keyboard.press('Escape')
  const list = page.getByRole('navigation', { name: 'Conversations' })
  const button = page.getByRole('button', { name: 'Conversations' })
  await list.or(button).first().waitFor()
  if (await button.isVisible()) await button.click()
  await list.getByRole('link', { name: /Water and rooms/ }).click()
  await page.getByRole('article', { name: /Summarise this document/ }).waitFor()
  await expectAccessible(page)
  await capture(page, `${name}-conversation`)
  await openSettings(page, /Skerry Point/)
  await expectAccessible(page)
  await capture(page, `${name}-settings`)
}

async function openSettings(page: Page, name: string | RegExp): Promise<void> {
  await goTo(page, '#/bots')
  const item = page.locator('.bot-item').filter({ hasText: name }).first()
  await item.getByRole('button', { name: 'Settings' }).click()
  await page.getByRole('form', { name: 'Settings' }).waitFor()
}

async function ask(place: Locator, question: string): Promise<void> {
  const box = place.getByRole('textbox', { name: 'Question' })
  await box.fill(question)
  await box.press('Enter')
}

async function capture(page: Page, name: string): Promise<void> {
  if (screenshots) await page.screenshot({ path: join(root, screenshots, `${name}.png`) })
}
