import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserPath, expectAccessible, startWorkbench, type Workbench } from './workbench.ts'

describe.skipIf(!browserPath)('sources in a browser', () => {
  let bench: Workbench
  let folder: string

  beforeAll(async () => {
    bench = await startWorkbench()
    folder = join(mkdtempSync(join(tmpdir(), 'quarry-e2e-sources-')), 'papers')
    write('kelp.md', '---\nauthor: Ada Smith\n---\n\n# Kelp\n\nThe kelp grows in the bay.\n')
    write('gulls.md', '# Gulls\n\nThe gulls breed on cliffs.\n')
    write('seals.txt', 'The seals rest on the rocks.\n')
    write('drafts/plan.md', '# Plan\n\nThe plan is a draft.\n')
  })
  afterAll(async () => {
    await bench[Symbol.asyncDispose]()
    rmSync(join(folder, '..'), { recursive: true, force: true })
  })
  const write = (name: string, text: string): void => {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }

  it('adds a folder by its path and says what a path has to be', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await page.getByRole('link', { name: 'Library', exact: true }).click()
    await page.getByRole('button', { name: 'New collection' }).first().click()
    await page.getByRole('textbox', { name: 'Name' }).fill('Station')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Sources', exact: true }).click()
    await page.getByRole('heading', { name: 'No sources yet' }).waitFor()
    await expectAccessible(page)

    await page.getByRole('button', { name: 'Add source' }).click()
    const dialog = page.getByRole('dialog')
    const place = dialog.getByRole('textbox', { name: 'Folder or ZIP archive' })
    await place.fill('papers')
    await place.press('Enter')
    await dialog.getByText('is not an absolute path').waitFor()
    await place.fill(folder)
    await dialog.getByText('Only when asked').click()
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Add and sync' }).click()
    await expectCounts(source(page), ['+4 added', '~0 changed', '−0 removed'])
    await source(page).getByText('Last synced just now').waitFor()
    await expectAccessible(page)
    expect(complaints).toEqual([])
  })

  it('syncs what was added, changed and removed, and lists it', async () => {
    write('terns.md', '# Terns\n\nTerns arrive in May.\n')
    write('kelp.md', '---\nauthor: Ada Smith\n---\n\n# Kelp\n\nThe kelp has moved to the lagoon.\n')
    rmSync(join(folder, 'gulls.md'))
    await using opened = await openSources()
    const { page, complaints } = opened
    await source(page).getByRole('button', { name: 'Sync papers now' }).click()
    await expectCounts(source(page), ['+1 added', '~1 changed', '−1 removed', '=2 unchanged'])

    await source(page).getByRole('button', { name: 'See the list of papers' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('region', { name: 'Added' }).getByText('papers/terns.md').waitFor()
    await dialog.getByRole('region', { name: 'Removed' }).getByText('papers/gulls.md').waitFor()
    await expectAccessible(page)
    await dialog.getByRole('region', { name: 'Changed' }).getByRole('link', { name: 'papers/kelp.md' }).click()
    const inspector = page.getByRole('complementary', { name: 'Inspector' })
    await inspector.getByText('The kelp has moved to the lagoon.').waitFor()
    await inspector.getByRole('button', { name: 'Details' }).click()
    await inspector.getByText('Ada Smith', { exact: true }).waitFor()
    await expectAccessible(page)
    expect(complaints).toEqual([])
  })

  it('leaves out what is excluded, and lets new files wait for approval', async () => {
    await using opened = await openSources()
    const { page, complaints } = opened
    await source(page).getByRole('button', { name: 'Actions for papers' }).click()
    await page.getByRole('menuitem', { name: 'Edit …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Leave out' }).fill('drafts/**')
    await dialog.getByText('New files wait for approval').click()
    await dialog.getByRole('button', { name: 'Save and sync' }).click()
    await expectCounts(source(page), ['+0 added', '−1 removed', '=3 unchanged'])
    await source(page).getByText('drafts/**').waitFor()

    for (const name of ['auks', 'skuas', 'terns-2']) write(`${name}.md`, `# ${name}\n\nA note on ${name}.\n`)
    await source(page).getByRole('button', { name: 'Sync papers now' }).click()
    await expectCounts(source(page), ['?3 waiting'])
    await page.getByRole('link', { name: 'Documents', exact: true }).click()
    await page.getByText('3 new files wait for approval').waitFor()
    await expectAccessible(page)

    // One by its row, one by a selection with the keyboard alone, the rest by the banner.
    await page.getByRole('button', { name: 'Approve auks.md' }).click()
    await page.getByText('2 new files wait for approval').waitFor()
    await page.getByRole('button', { name: 'Choose in the table' }).click()
    const row = page.getByRole('row', { name: /skuas\.md/ })
    await row.focus()
    await page.keyboard.press('Space')
    await page.getByRole('button', { name: 'Approve 1' }).press('Enter')
    await page.getByText('1 new file waits for approval').waitFor()
    await page.getByRole('button', { name: 'Turn away all …' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Turn away' }).click()
    await expect.poll(() => page.getByText('for approval').count()).toBe(0)
    await expect.poll(() => chip(page, 'Ready').textContent(), { timeout: 20_000 }).toMatch(/5/)
    await expect.poll(() => page.getByRole('row', { name: /terns-2/ }).count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it('filters the table, keeps it where a filter cannot be read, and tags', async () => {
    await using opened = await openSources()
    const { page, complaints } = opened
    await page.getByRole('link', { name: 'Documents', exact: true }).click()
    const filter = page.getByRole('searchbox', { name: 'Filter', exact: true })
    await filter.fill('author~smith')
    await expectRows(page, 1)
    await page.getByText('1 document of 5').waitFor()
    await filter.fill('author~')
    await page.getByText(/The filter cannot be read/).waitFor()
    await expectRows(page, 1)
    await expectAccessible(page)
    await filter.fill('')
    await expectRows(page, 5)
    await page.getByRole('button', { name: 'Has an author' }).click()
    await expect.poll(() => filter.inputValue()).toBe('has:author')
    await expectRows(page, 1)
    await page.getByRole('button', { name: 'Has an author' }).click()

    const row = page.getByRole('row', { name: /seals\.txt/ })
    await row.focus()
    await page.keyboard.press('Space')
    await page.getByRole('button', { name: 'Tags …' }).click()
    await page.getByRole('textbox', { name: 'Add a tag' }).fill('to read')
    await page.keyboard.press('Enter')
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Save tags' }).click()
    await row.getByText('to read').waitFor()
    await page.getByRole('button', { name: 'Tag', exact: true }).click()
    await page.getByRole('menuitem', { name: /to read/ }).click()
    await expect.poll(() => filter.inputValue()).toBe('tag="to read"')
    await expectRows(page, 1)
    expect(complaints).toEqual([])
  })

  it('asks only what the filter lets through, and says so', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await page.getByRole('button', { name: 'Filter', exact: true }).click()
    await page.getByRole('searchbox', { name: 'Filter', exact: true }).fill('type=text')
    await page.getByText('1 document to ask').waitFor()
    await expectAccessible(page)
    const box = page.getByRole('textbox', { name: 'Question' })
    await box.fill('Where do the seals rest?')
    await box.press('Enter')
    const answer = page.getByRole('article').last()
    await answer.getByText('Only: type=text').waitFor()
    await answer
      .getByText(/lines? 1/)
      .first()
      .waitFor({ timeout: 30_000 })
    await page.getByRole('button', { name: 'Filter', exact: true }).click()
    await page.getByRole('button', { name: 'Take out type=text' }).waitFor()
    await expectAccessible(page)
    expect(complaints).toEqual([])
  })

  it('keeps the documents of a folder that is gone, and asks before it takes one for empty', async () => {
    renameSync(folder, `${folder}-away`)
    mkdirSync(folder)
    await using opened = await openSources()
    const { page } = opened
    await source(page).getByRole('button', { name: 'Sync papers now' }).click()
    await source(page)
      .getByText(/is empty, although \d documents came from it/)
      .waitFor()
    await source(page).getByText('Out of date: the last sync failed').waitFor()
    await expectAccessible(page)
    await source(page).getByRole('button', { name: 'Allow empty …' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Sync as empty' }).click()
    await source(page)
      .getByText(/^−[1-9] removed$/)
      .waitFor()
    rmSync(folder, { recursive: true })
    renameSync(`${folder}-away`, folder)
  })

  it('is as usable in the dark and at twice the size, and removes a source', async () => {
    await using opened = await openSources({ width: 640, height: 400, colorScheme: 'dark' })
    const { page } = opened
    await expectAccessible(page)
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(overflow).toBeLessThanOrEqual(0)
    await page.getByRole('button', { name: 'Add source' }).click()
    await expectAccessible(page)
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'Documents', exact: true }).click()
    await expectAccessible(page)
    await page.getByRole('link', { name: 'Sources', exact: true }).click()
    await source(page).getByRole('button', { name: 'Actions for papers' }).click()
    await page.getByRole('menuitem', { name: 'Remove …' }).click()
    await expectAccessible(page)
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove source and documents' }).click()
    await page.getByRole('heading', { name: 'No sources yet' }).waitFor()
  })

  async function openSources(options: Parameters<Workbench['open']>[0] = {}) {
    const opened = await bench.open(options)
    const { page } = opened
    await page.getByRole('link', { name: 'Library', exact: true }).click()
    await page.getByRole('link', { name: /Station/ }).click()
    await page.getByRole('link', { name: 'Sources', exact: true }).click()
    return opened
  }
})

const source = (page: Page): Locator => page.getByRole('region', { name: 'papers', exact: true })
const chip = (page: Page, name: string): Locator => page.getByRole('button', { name: new RegExp(`^${name}`) })

async function expectCounts(item: Locator, counts: string[]): Promise<void> {
  for (const count of counts) await item.getByText(count, { exact: true }).waitFor({ timeout: 20_000 })
}

/** Rows of the table besides its head. */
async function expectRows(page: Page, count: number): Promise<void> {
  await expect.poll(() => page.getByRole('row').count()).toBe(count + 1)
}
