/// <reference lib="dom" />
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { strFromU8, unzipSync } from 'fflate'
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserPath, dropOn, expectAccessible, goTo, root, startWorkbench, type Workbench } from './workbench.ts'

const screenshots = process.env.QUARRY_SCREENSHOTS
const sampleName = 'Skerry Point questions'
const question = 'How rough may the sea get before Fulmar has to stay in harbour?'

interface Case {
  id: string
  question: string
  state: string
  tags: string[]
  notes: string
  split: string
  expected: { path: string; text: string }[]
}

describe.skipIf(!browserPath)('datasets', () => {
  let bench: Workbench
  let sampleId = ''

  beforeAll(async () => {
    bench = await startWorkbench()
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  it('shows the dataset that came with the sample', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await page.getByRole('button', { name: 'Open the sample workspace' }).waitFor()
    await goTo(page, '#/datasets')
    await page.getByRole('heading', { name: 'No datasets yet' }).waitFor()
    await expectAccessible(page)
    await capture(page, 'datasets-empty')
    await goTo(page, '#/')
    await page.getByRole('button', { name: 'Open the sample workspace' }).click()
    const ready = page.getByRole('button', { name: /^ready/i })
    await expect.poll(() => ready.first().textContent(), { timeout: 120_000 }).toMatch(/33/)

    await page.keyboard.press('g')
    await page.keyboard.press('d')
    const table = page.getByRole('region', { name: 'Datasets' })
    await table.getByRole('link', { name: sampleName }).waitFor()
    await expectAccessible(page)
    await capture(page, 'datasets-list')
    await table.getByRole('link', { name: sampleName }).click()
    await page.getByRole('row', { name: new RegExp(question.slice(0, 40)) }).waitFor()
    sampleId = decodeURIComponent(new URL(page.url()).hash.split('/')[2] ?? '')
    expect(complaints).toEqual([])
  })

  it('opens a case with its passages in the document, and changes it', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, `#/datasets/${sampleId}`)
    const first = page.getByRole('row', { name: new RegExp(question.slice(0, 40)) })
    await first.focus()
    await page.keyboard.press('Enter')
    const panel = page.getByRole('complementary', { name: 'Test case' })
    await panel.locator('mark').first().waitFor()
    await expect.poll(() => panel.getByRole('textbox', { name: 'Question' }).inputValue()).toBe(question)
    await expectAccessible(page)
    await capture(page, 'datasets-case')

    await panel.getByRole('button', { name: 'Open in the document' }).first().click()
    const inspector = page.getByRole('complementary', { name: 'Inspector' })
    await inspector.locator('mark').first().waitFor()
    await capture(page, 'datasets-passage')
    await page.keyboard.press('Escape')
    await inspector.waitFor({ state: 'detached' })
    // The focus is back where it came from.
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.textContent ?? ''))
      .toContain('Open in the document')

    // What is typed and not saved outlives a look at another case.
    await panel.getByRole('textbox', { name: 'Tags, parted by ;' }).fill('boats; weather')
    await panel.getByText('Not saved').waitFor()
    await panel.getByRole('button', { name: 'Next (n)' }).click()
    await expect.poll(() => panel.getByRole('textbox', { name: 'Question' }).inputValue()).not.toBe(question)
    await panel.getByRole('button', { name: 'Previous (p)' }).click()
    await expect.poll(() => panel.getByRole('textbox', { name: 'Question' }).inputValue()).toBe(question)
    const tags = panel.getByRole('textbox', { name: 'Tags, parted by ;' })
    await expect.poll(() => tags.inputValue()).toBe('boats; weather')

    await panel.getByRole('textbox', { name: 'Notes' }).fill('Asked at every induction.')
    await panel.getByRole('textbox', { name: 'Split' }).fill('not a split')
    await panel.getByRole('button', { name: 'Save' }).click()
    await panel.getByText(/A split is one short word/).waitFor()
    await panel.getByRole('textbox', { name: 'Split' }).fill('test')
    await page.keyboard.press('Control+Enter')
    await expect.poll(() => panel.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
    const { cases } = await get<{ cases: Case[] }>(bench, `datasets/${sampleId}/cases?split=test`)
    expect(cases).toMatchObject([
      { question, tags: ['boats', 'weather'], notes: 'Asked at every induction.', split: 'test' },
    ])
    // Its expected passages are as they were.
    expect(cases[0]?.expected.length).toBe(2)

    await page.keyboard.press('Escape')
    await panel.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Tag', exact: true }).click()
    await page.getByRole('menuitem', { name: /weather/ }).click()
    await expect.poll(() => page.getByRole('grid').getAttribute('aria-rowcount')).toBe('2')
    await page.getByRole('searchbox', { name: 'Filter cases' }).fill('no question has these words')
    await page.getByRole('heading', { name: 'No case is like that' }).waitFor()
    await page.getByRole('button', { name: 'Show all cases' }).click()
    await page.getByRole('grid').waitFor()
    expect(complaints).toEqual([])
  })

  it('takes a case made by hand, with passages that were searched for and selected', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, `#/datasets/${sampleId}`)
    await page.getByRole('button', { name: 'New case …' }).click()
    const dialog = page.getByRole('dialog', { name: 'New test case' })
    const add = dialog.getByRole('button', { name: 'Add it' })
    const asked = 'Which tide does the slip need?'
    await dialog.getByRole('textbox', { name: 'Question' }).fill(asked)
    // A question alone says nothing of what should be found.
    expect(await add.isDisabled()).toBe(true)
    await dialog.getByRole('textbox', { name: 'Words of the passage' }).fill('Petrel slip tide')
    await page.keyboard.press('Enter')
    const found = dialog.getByRole('list', { name: 'Found passages' })
    await found.getByRole('button', { name: 'Take this passage' }).first().click()
    await found.getByRole('button', { name: 'Taken' }).waitFor()
    await expectAccessible(page)
    await capture(page, 'datasets-new-case')
    await add.click()
    const panel = page.getByRole('complementary', { name: 'Test case' })
    await expect.poll(() => panel.getByRole('textbox', { name: 'Question' }).inputValue()).toBe(asked)
    await panel.locator('mark').first().waitFor()

    // Another passage, typed as it stands in a document that is chosen.
    await panel.getByRole('button', { name: 'Add a passage …' }).click()
    const picker = page.getByRole('dialog', { name: 'Add a passage' })
    await picker.getByRole('button', { name: 'In a document' }).click()
    await picker.getByRole('combobox', { name: 'Document' }).fill('boats.md')
    await page.getByRole('option', { name: /boats\.md/ }).click()
    const text = picker.getByRole('region', { name: /^Text of/ })
    await text.waitFor()
    const words = picker.getByRole('textbox', { name: /^Selected words/ })
    await words.fill('no such words at all')
    await picker.getByRole('button', { name: 'Take these words' }).click()
    await picker
      .getByRole('alert')
      .getByText(/not in this part of the document/)
      .waitFor()
    // Selected with the mouse, they stand in the field.
    await text
      .locator('[data-start]')
      .nth(2)
      .dblclick({ position: { x: 6, y: 8 } })
    await expect.poll(() => words.inputValue()).toMatch(/\w/)
    await expectAccessible(page)
    await capture(page, 'datasets-passage-picker')
    await picker.getByRole('button', { name: 'Take these words' }).click()
    await panel.getByText('Not saved').waitFor()
    await panel.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => panel.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
    const { cases } = await get<{ cases: Case[] }>(bench, `datasets/${sampleId}/cases?search=Which+tide`)
    expect(cases.map(({ question: kept, expected }) => [kept, expected.length])).toEqual([[asked, 2]])
    expect(complaints).toEqual([])
  })

  it('changes many at once, sorts them, and shows what differs between versions', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, `#/datasets/${sampleId}`)
    const grid = page.getByRole('grid', { name: 'Test cases' })
    await grid.waitFor()
    const before = await get<{ version: number; cases: number }>(bench, `datasets/${sampleId}`)
    await grid.getByRole('button', { name: 'Question' }).click()
    const header = grid.getByRole('columnheader', { name: 'Question' })
    await expect.poll(() => header.getAttribute('aria-sort')).toBe('ascending')
    await grid.getByRole('button', { name: 'Question' }).click()
    await expect.poll(() => header.getAttribute('aria-sort')).toBe('descending')
    const sorted = await get<{ cases: Case[] }>(bench, `datasets/${sampleId}/cases?sort=question&descending=true`)
    const first = grid.locator('[role=row][data-index="0"]')
    await expect.poll(() => first.textContent()).toContain(sorted.cases[0]!.question)

    // By keys: two rows, then all.
    await first.focus()
    await page.keyboard.press(' ')
    await page.keyboard.press('Shift+ArrowDown')
    const bar = page.getByRole('status').filter({ hasText: 'selected' })
    await bar.getByText('2 cases selected').waitFor()
    await page.getByRole('button', { name: 'Tags …' }).click()
    await page.getByRole('textbox', { name: 'Add, parted by ;' }).fill('many')
    await expectAccessible(page)
    await capture(page, 'datasets-selection')
    await page.keyboard.press('Enter')
    await page.getByText('Changed 2 of 2 cases.').waitFor()
    await first.focus()
    await page.keyboard.press('Control+a')
    await bar.getByText(`${before.cases} cases selected`).waitFor()
    await page.getByRole('button', { name: 'Split …' }).click()
    await page.getByRole('textbox', { name: 'Split' }).fill('held')
    await page.keyboard.press('Enter')
    await page.getByText(`Changed ${before.cases} of ${before.cases} cases.`).waitFor()
    await page.getByRole('button', { name: 'Clear' }).click()
    await bar.waitFor({ state: 'detached' })
    await first.focus()
    await page.keyboard.press(' ')
    await page.getByRole('button', { name: 'Reject', exact: true }).click()
    await page.getByText('Changed 1 of 1 case.').waitFor()
    await page.getByRole('button', { name: 'Accept', exact: true }).click()
    await expect.poll(() => first.textContent()).toContain('accepted')
    await page.keyboard.press('Escape')
    await first.focus()
    await page.keyboard.press('Delete')
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove them' }).click()
    await page.getByText('Removed 1 case.').waitFor()
    const after = await get<{ version: number; cases: number }>(bench, `datasets/${sampleId}`)
    expect(after.cases).toBe(before.cases - 1)

    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Versions' }).click()
    const versions = page.getByRole('region', { name: 'Versions' })
    await versions.getByRole('link', { name: 'Came with the sample' }).waitFor()
    await page.getByText('0 cases added, 1 removed, 0 changed.').waitFor()
    await page.getByRole('list', { name: 'Cases that differ' }).getByText(sorted.cases[0]!.question).waitFor()
    await expectAccessible(page)
    await capture(page, 'datasets-versions')
    await page.getByRole('button', { name: /From$/ }).click()
    await page.getByRole('option', { name: new RegExp(`^Version ${before.version}\\b`) }).click()
    await page.getByText(/0 cases added, 1 removed, \d+ changed\./).waitFor()
    await versions.getByRole('link', { name: 'Came with the sample' }).click()
    await page.getByText(/as it was in version 1 · 30 cases/).waitFor()
    await page.locator('[role=row][data-index="0"]').click()
    await page.getByRole('complementary', { name: 'Test case' }).locator('mark').first().waitFor()
    await expectAccessible(page)
    await capture(page, 'datasets-earlier')
    expect(complaints).toEqual([])
  })

  it('is taken out as a BEIR folder', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, `#/datasets/${sampleId}`)
    await page.getByRole('button', { name: 'More' }).click()
    const downloading = page.waitForEvent('download')
    await page.getByRole('menuitem', { name: 'Export as a BEIR folder (ZIP)' }).click()
    const downloaded = await downloading
    expect(downloaded.suggestedFilename()).toMatch(/^Skerry Point questions v\d+ BEIR\.zip$/)
    const files = unzipSync(new Uint8Array(readFileSync(await downloaded.path())))
    const names = Object.keys(files).map((name) => name.split('/').slice(1).join('/'))
    expect(names.sort()).toEqual(expect.arrayContaining(['corpus.jsonl', 'queries.jsonl', 'spans.json']))
    const corpus = Object.entries(files).find(([name]) => name.endsWith('corpus.jsonl'))![1]
    expect(strFromU8(corpus).trim().split('\n')).toHaveLength(33)
    expect(complaints).toEqual([])
  })

  it('proposes questions, and reviews them by keys alone', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, `#/datasets/${sampleId}`)
    await page.getByRole('button', { name: 'Propose questions …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'How many at most' }).fill('6')
    await expectAccessible(page)
    await capture(page, 'datasets-propose')
    await dialog.getByRole('button', { name: 'Propose', exact: true }).click()
    await page.getByText('Proposed 6 questions.').waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Review 6' }).click()

    const counts = page.getByRole('status').filter({ hasText: /to review/ })
    await counts.getByText('6 to review, 0 decided now').waitFor()
    await page.locator('.review-passages mark').first().waitFor()
    await expectAccessible(page)
    await capture(page, 'datasets-review')
    const shown = page.locator('.review-question')
    const before = await shown.textContent()
    await page.keyboard.press('a')
    await expect.poll(() => shown.textContent()).not.toBe(before)
    await page.keyboard.press('r')
    await counts.getByText('4 to review, 2 decided now').waitFor()
    await page.keyboard.press('u')
    await counts.getByText('5 to review, 1 decided now').waitFor()
    await page.keyboard.press('u')
    await counts.getByText('6 to review, 0 decided now').waitFor()
    expect(await shown.textContent()).toBe(before)

    await page.keyboard.press('e')
    const field = page.getByRole('textbox', { name: 'Question' })
    await field.waitFor()
    // Letters are letters here.
    await field.press('Control+a')
    await page.keyboard.type('What are the areas for?')
    await expectAccessible(page)
    await page.keyboard.press('Enter')
    await expect.poll(() => shown.textContent()).toBe('What are the areas for?')
    await page.keyboard.press('a')
    await page.keyboard.press('r')
    for (let left = 4; left > 0; left--) {
      await counts.getByText(`${left} to review`).waitFor()
      await page.keyboard.press('a')
    }
    await page.getByText('You decided 6 questions: 5 accepted, 1 rejected.').waitFor()
    await expectAccessible(page)
    const { cases } = await get<{ cases: Case[] }>(bench, `datasets/${sampleId}/cases?search=areas+for`)
    expect(cases.map(({ question: kept, state }) => [kept, state])).toContainEqual([
      'What are the areas for?',
      'accepted',
    ])
    await page.getByRole('button', { name: 'Show all cases' }).click()
    await page.getByRole('button', { name: 'rejected 1' }).click()
    await expect.poll(() => page.getByRole('grid').getAttribute('aria-rowcount')).toBe('2')
    expect(complaints).toEqual([])
  })

  it('exports, and takes what was exported in again', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, `#/datasets/${sampleId}`)
    await page.getByRole('button', { name: 'More' }).click()
    const downloading = page.waitForEvent('download')
    await page.getByRole('menuitem', { name: 'Export as JSON lines' }).click()
    const downloaded = await downloading
    expect(downloaded.suggestedFilename()).toMatch(/^Skerry Point questions v\d+\.jsonl$/)
    const text = readFileSync(await downloaded.path(), 'utf8')
    const { cases } = await get<{ cases: number }>(bench, `datasets/${sampleId}`)
    expect(text.trim().split('\n').length).toBe(cases)

    const path = join(bench.workspace, 'exported.jsonl')
    writeFileSync(path, text)
    await goTo(page, '#/datasets')
    await page.getByRole('region', { name: 'Datasets' }).waitFor()
    await dropOn(page, [path])
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Taken in again')
    await expectAccessible(page)
    await capture(page, 'datasets-import')
    await dialog.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByText(`Imported ${cases} cases.`).waitFor({ timeout: 60_000 })
    await page.getByRole('heading', { name: 'Taken in again' }).waitFor()
    const id = new URL(page.url()).hash.split('/')[2] ?? ''
    const again = await get<{ cases: Case[] }>(bench, `datasets/${id}/cases`)
    const before = await get<{ cases: Case[] }>(bench, `datasets/${sampleId}/cases`)
    expect(again.cases.map(judged)).toEqual(before.cases.map(judged))
    const { hash } = await get<{ hash: string }>(bench, `datasets/${id}`)

    // A file with mistakes is refused whole, and says where they are.
    const wrong = join(bench.workspace, 'wrong.jsonl')
    writeFileSync(
      wrong,
      '{"question":""}\nnot json\n{"question":"Who?","expected":[{"path":"nowhere.md","quote":"x"}]}\n',
    )
    await dropOn(page, [wrong])
    await page.getByRole('dialog').getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByText('Importing wrong.jsonl failed').waitFor()
    await page
      .getByRole('list', { name: 'Problems of the file' })
      .getByText(/line 2/)
      .waitFor()
    await expectAccessible(page)
    await capture(page, 'datasets-problems')
    expect((await get<{ hash: string }>(bench, `datasets/${id}`)).hash).toBe(hash)

    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Remove …' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove it' }).click()
    await page.getByRole('heading', { name: 'Datasets', level: 1 }).waitFor()
    await page.getByRole('link', { name: 'Taken in again' }).waitFor({ state: 'detached' })
    expect(complaints).toEqual([])
  })

  it('makes a case of a trace', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, '#/ask')
    const asked = 'How long is the quarantine of new animals?'
    await page.getByRole('textbox', { name: 'Question' }).fill(asked)
    await page.keyboard.press('Enter')
    await page
      .getByRole('button', { name: /^Citation/ })
      .first()
      .waitFor()
    await goTo(page, '#/traces')
    await page.getByRole('link', { name: asked }).click()
    await page.getByRole('button', { name: 'Make a test case' }).click()
    await page.getByRole('menuitem', { name: new RegExp(sampleName) }).click()
    await page.getByRole('link', { name: 'Open the test case' }).click()
    const panel = page.getByRole('complementary', { name: 'Test case' })
    await expect.poll(() => panel.getByRole('textbox', { name: 'Question' }).inputValue()).toBe(asked)
    await panel.locator('mark').first().waitFor()
    expect(complaints).toEqual([])
  })

  it('says where a case went that is no more', async () => {
    await using opened = await bench.open()
    const { page } = opened
    await goTo(page, `#/datasets/${sampleId}/never-there`)
    await page.getByText('This case is not in the dataset any more.').waitFor()
    await goTo(page, '#/datasets/dts_never')
    await page.getByRole('alert').first().waitFor()
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
    await goTo(page, `#/datasets/${sampleId}/q01`)
    const panel = page.getByRole('complementary', { name: 'Test case' })
    await panel.locator('mark').first().waitFor()
    await expectAccessible(page)
    await capture(page, `datasets-${window.width}-${window.colorScheme}`)
    await panel.getByRole('button', { name: 'Open in the document' }).first().click()
    await page.getByRole('complementary', { name: 'Inspector' }).locator('mark').first().waitFor()
    await capture(page, `datasets-both-${window.width}-${window.colorScheme}`)
    await goTo(page, `#/datasets/${sampleId}`)
    await page.getByRole('grid').waitFor()
    await page.getByRole('button', { name: 'Propose questions …' }).click()
    await page.getByRole('dialog').getByRole('textbox').fill('20')
    await page.getByRole('dialog').getByRole('button', { name: 'Propose', exact: true }).click()
    await page.getByRole('button', { name: /^Review/ }).click({ timeout: 60_000 })
    await page.locator('.review-passages mark').first().waitFor()
    await expectAccessible(page)
    await capture(page, `datasets-review-${window.width}-${window.colorScheme}`)
    expect(complaints).toEqual([])
  })
})

/** What is the same of a case wherever it is taken. White space of a passage is that of its document. */
function judged({ id, question, state, tags, notes, split, expected }: Case) {
  const passages = expected.map(({ path, text }) => `${path}: ${text.replace(/\s+/g, ' ')}`)
  return { id, question, state, tags, notes, split, passages }
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
