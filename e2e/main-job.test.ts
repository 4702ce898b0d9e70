/// <reference lib="dom" />
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  browserPath,
  demoCorpus,
  dropOn,
  expectAccessible,
  goTo,
  root,
  startWorkbench,
  type Workbench,
} from './workbench.ts'

const screenshots = process.env.QUARRY_SCREENSHOTS

describe.skipIf(!browserPath)('the main job in a browser', () => {
  let bench: Workbench
  let files: string

  beforeAll(async () => {
    bench = await startWorkbench()
    files = mkdtempSync(join(tmpdir(), 'quarry-e2e-files-'))
    cpSync(demoCorpus, join(files, 'Skerry Point'), { recursive: true })
  })
  afterAll(async () => {
    await bench[Symbol.asyncDispose]()
    rmSync(files, { recursive: true, force: true })
  })

  it('drops a folder, watches it being read, asks, and opens the exact passage of a citation', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await page.getByRole('heading', { name: /Ask your documents/ }).waitFor()
    await expectAccessible(page)

    await dropOn(page, [join(files, 'Skerry Point')])
    await chooseCollection(page, 'Skerry Point')
    await page.getByRole('progressbar').first().waitFor()
    const ready = page.getByRole('radio', { name: /ready/i }).or(page.getByRole('button', { name: /^ready/i }))
    await expect.poll(() => ready.first().textContent(), { timeout: 120_000 }).toMatch(/33/)
    await expectAccessible(page)
    await capture(page, 'library')

    await page.getByRole('link', { name: 'Ask', exact: true }).click()
    await ask(page, 'What was the highest water level of 2024, and when?')
    const answer = page.getByRole('article').last()
    await answer.getByText('4.87 m').first().waitFor({ timeout: 30_000 })
    await answer
      .getByRole('button', { name: /^Citation 1/ })
      .first()
      .click()

    const inspector = page.getByRole('complementary', { name: 'Inspector' })
    // A PDF is shown as its page, the words marked on it; its text is a press away.
    const place = inspector.locator('.pdf-mark').first()
    await place.waitFor({ timeout: 60_000 })
    await expect.poll(() => place.evaluate(inView)).toBe(true)
    await inspector.getByRole('radio', { name: 'Text', exact: true }).click()
    const mark = inspector.locator('mark').first()
    await mark.waitFor()
    expect(
      await inspector
        .locator('mark')
        .allTextContents()
        .then((parts) => parts.join('')),
    ).toContain('4.87 m')
    await expect.poll(() => mark.evaluate(inView)).toBe(true)
    await inspector
      .getByText(/page \d/i)
      .first()
      .waitFor()
    await expectAccessible(page)
    await capture(page, 'ask')
    expect(complaints).toEqual([])
  })

  it('says that nothing was found instead of answering', async () => {
    await using opened = await bench.open()
    const { page } = opened
    await page.getByRole('link', { name: 'Ask', exact: true }).click()
    await ask(page, 'Who won the Nobel Prize in Physics in 1998?')
    const answer = page.getByRole('article').last()
    await answer.getByText(/Nothing in these documents/).waitFor({ timeout: 30_000 })
    expect(await answer.getByRole('button', { name: /^Citation/ }).count()).toBe(0)
    await expectAccessible(page)
  })

  it('shows a trace of the question with its steps', async () => {
    await using opened = await bench.open()
    const { page } = opened
    await page.getByRole('link', { name: 'Traces' }).click()
    await page.getByText('Who won the Nobel Prize').first().click()
    for (const step of ['retrieve', 'fit', 'generate']) await page.getByText(step).first().waitFor()
    await expectAccessible(page)
  })

  it('does everything in the dark, wide, and at twice the size too', async () => {
    await using dark = await bench.open({ width: 1920, height: 1080, colorScheme: 'dark' })
    await visitAll(dark.page)
    expect(dark.complaints).toEqual([])
    // 1280 pixels at 200 % are 640 CSS pixels.
    await using narrow = await bench.open({ width: 640, height: 400 })
    await visitAll(narrow.page)
    const overflow = await narrow.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(overflow).toBeLessThanOrEqual(0)
  })

  it('never runs what a document brings, and shows it as text', async () => {
    const folder = join(files, 'hostile')
    mkdirSync(folder)
    const attack = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
    writeFileSync(join(folder, 'note.txt'), `The zorblatt password hint is ${attack} and nothing else.`)
    writeFileSync(
      join(folder, 'page.html'),
      `<html><head><title>${'Zorblatt page'}</title><script>window.hacked=1</script></head><body onload="window.hacked=1"><p>The zorblatt page mentions a lighthouse and ${attack.repeat(2)} much more text about it.</p><a href="javascript:window.hacked=1">link</a></body></html>`,
    )
    writeFileSync(
      join(folder, `${'<b onmouseover=alert(1)>name'}.md`),
      `# Zorblatt ${attack}\n\n[click](javascript:window.hacked=1) the zorblatt.\n`,
    )
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, '#/library')
    await page.getByText('Skerry Point').first().waitFor()
    await dropOn(page, [folder])
    await chooseCollection(page, 'hostile')
    await page.getByText('note.txt').first().waitFor({ timeout: 60_000 })
    const ready = page.getByRole('radio', { name: /^ready/i }).or(page.getByRole('button', { name: /^ready/i }))
    await expect.poll(() => ready.first().textContent(), { timeout: 60_000 }).toMatch(/3/)
    await goTo(page, page.url().replace(/.*#\/library/, '#/ask'))
    await ask(page, 'What is the zorblatt password hint?')
    const answer = page.getByRole('article').last()
    await answer
      .getByRole('button', { name: /^Citation 1/ })
      .first()
      .click({ timeout: 30_000 })
    await page.getByRole('complementary', { name: 'Inspector' }).locator('mark').first().waitFor()
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false)
    expect(complaints).toEqual([])
  })

  it('rejoins a running job after a reload, and goes on after the host was killed', async () => {
    const folder = join(files, 'many')
    mkdirSync(folder)
    for (let index = 0; index < 400; index += 1) {
      writeFileSync(
        join(folder, `note-${index}.md`),
        `# Note ${index}\n\n${`Kelp survey number ${index}. `.repeat(200)}\n`,
      )
    }
    await using opened = await bench.open()
    const { page } = opened
    await goTo(page, '#/library')
    await page.getByText('Skerry Point').first().waitFor()
    await dropOn(page, [folder])
    await chooseCollection(page, 'many')
    // Copied into the workspace, listed, and the first ones read.
    const chip = page.getByRole('radio', { name: /^ready/i }).or(page.getByRole('button', { name: /^ready/i }))
    await expect.poll(() => chip.first().textContent(), { timeout: 100_000 }).toMatch(/[1-9]/)
    await page.reload()
    await bench.crashAndRestart()
    await expect
      .poll(
        () =>
          page
            .getByRole('radio', { name: /ready/i })
            .or(page.getByRole('button', { name: /^ready/i }))
            .first()
            .textContent(),
        { timeout: 150_000 },
      )
      .toMatch(/400/)
  })
})

async function ask(page: Page, question: string): Promise<void> {
  const box = page.getByRole('textbox', { name: 'Question' })
  await box.fill(question)
  await box.press('Enter')
}

/** Answers the dialog that asks where dropped files go, if it asks. */
async function chooseCollection(page: Page, name: string): Promise<void> {
  const dialog = page.getByRole('dialog')
  const heading = page.getByRole('heading', { name })
  await dialog.or(heading).first().waitFor({ timeout: 30_000 })
  if ((await dialog.count()) > 0) {
    const field = dialog.getByRole('textbox').first()
    await field.fill(name)
    await field.press('Enter')
    await dialog.waitFor({ state: 'detached' })
  }
  // What is counted next is counted of this one.
  await page.getByRole('heading', { level: 1, name }).waitFor()
}

async function visitAll(page: Page): Promise<void> {
  await page.getByRole('textbox', { name: 'Question' }).waitFor()
  for (const address of ['ask', 'library', 'traces', 'settings']) {
    await goTo(page, `#/${address}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await expectAccessible(page)
  }
}

/** Whether an element is inside the window; runs in the page. */
function inView(element: Element): boolean {
  const { top, bottom } = element.getBoundingClientRect()
  return top >= 0 && bottom <= window.innerHeight
}

async function capture(page: Page, name: string): Promise<void> {
  if (screenshots) await page.screenshot({ path: join(root, screenshots, `${name}.png`) })
}
