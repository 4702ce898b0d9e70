/// <reference lib="dom" />
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserPath, expectAccessible, expectFocus, goTo, root, startWorkbench, type Workbench } from './workbench.ts'

const screenshots = process.env.QUARRY_SCREENSHOTS

describe.skipIf(!browserPath)('tuning', () => {
  let bench: Workbench
  /** Of the search that was made. */
  let address = ''

  beforeAll(async () => {
    bench = await startWorkbench()
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  it('teaches while nothing was searched', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await page.getByRole('button', { name: 'Open the sample workspace' }).click()
    const ready = page.getByRole('button', { name: /^ready/i })
    await expect.poll(() => ready.first().textContent(), { timeout: 120_000 }).toMatch(/33/)
    await page.keyboard.press('g')
    await page.keyboard.press('u')
    await page.getByRole('heading', { name: 'Let the questions choose the settings' }).waitFor()
    await capture(page, 'tune-empty')
    await expectAccessible(page)
    expect(complaints).toEqual([])
  })

  it('is set up in a form that says what it costs, or as JSON', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, '#/tune')
    await page.getByRole('button', { name: 'Set up a search' }).click()
    const preview = page.getByRole('status').filter({ hasText: /index|option|value|number/ })
    await preview.getByText('9 combinations, 3 indexes').waitFor()
    await page.getByText('About 9 of 30 questions, seen by no trial, decide in the end.').waitFor()
    await capture(page, 'tune-new')
    await expectAccessible(page)

    // What cannot be is said, and not started.
    const start = page.getByRole('button', { name: 'Start the search' })
    await values(page, 'max tokens').fill('128, many')
    await page.getByRole('alert').getByText('"many" is no whole number').waitFor()
    await expect.poll(() => start.isDisabled()).toBe(true)
    await values(page, 'max tokens').fill('128, 256')
    await preview.getByText('6 combinations, 2 indexes').waitFor()
    const space = page.getByRole('group', { name: /max tokens/ })
    await space.getByRole('button', { name: 'A range' }).click()
    await space.getByLabel('To', { exact: true }).fill('512')
    await preview.getByText('12 combinations, 4 indexes').waitFor()
    await space.getByRole('button', { name: 'Single values' }).click()
    await values(page, 'vector weight').fill('0.25 0.5')
    await preview.getByText('4 combinations, 2 indexes').waitFor()

    // Options come with what may be chosen, and go again.
    await page.getByRole('button', { name: 'Vary another option' }).click()
    await page.getByRole('menuitem', { name: 'Search: merge neighbours' }).click()
    await preview.getByText('8 combinations, 2 indexes').waitFor()
    await page.getByRole('button', { name: 'Leave out Search: merge neighbours' }).click()
    await preview.getByText('4 combinations, 2 indexes').waitFor()

    // Filters are checked as they are typed, and need no index of their own.
    await page.getByRole('button', { name: 'Vary another option' }).click()
    await page.getByRole('menuitem', { name: 'Search: documents searched' }).click()
    const filters = page.getByRole('group', { name: 'Search: documents searched' })
    await filters.getByText('Now all documents.').waitFor()
    const filter = filters.getByLabel('Filter 1', { exact: true }).getByRole('searchbox')
    await filter.fill('type=pdf or')
    await filters.getByText(/^The filter cannot be read at character 12\./).waitFor()
    await page
      .locator('.tune-preview')
      .getByText(/^The pipeline's filter "type=pdf or" cannot be read/)
      .waitFor()
    expect(await start.isDisabled()).toBe(true)
    await filter.fill('not type=pdf')
    await filters.getByText(/^\d+ documents are searched$/).waitFor()
    await preview.getByText('8 combinations, 2 indexes').waitFor()
    await filters.getByRole('button', { name: 'Add a filter' }).click()
    await filters.getByLabel('Filter 2', { exact: true }).getByRole('searchbox').fill('type=markdown')
    await preview.getByText('12 combinations, 2 indexes').waitFor()
    await capture(page, 'tune-filters')
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Edit as JSON' }).click()
    await expect
      .poll(() =>
        page
          .getByLabel('As JSON')
          .inputValue()
          .then((text) => JSON.parse(text) as unknown),
      )
      .toMatchObject({ parameters: [{}, {}, { path: 'filter', values: ['', 'not type=pdf', 'type=markdown'] }] })
    await page.getByRole('button', { name: 'Back to the form' }).click()
    await filters.getByRole('button', { name: 'Take out filter 2' }).click()
    await preview.getByText('8 combinations, 2 indexes').waitFor()
    await page.getByRole('button', { name: 'Leave out Search: documents searched' }).click()
    await preview.getByText('4 combinations, 2 indexes').waitFor()

    // The same search, written down; a path that leads nowhere is refused by the core.
    await page.getByRole('button', { name: 'Edit as JSON' }).click()
    const json = page.getByLabel('As JSON')
    const written = JSON.parse(await json.inputValue()) as { parameters: unknown[] }
    expect(written.parameters).toEqual([
      { path: 'chunker.options.maxTokens', values: [128, 256] },
      { path: 'retriever.options.vectorWeight', values: [0.25, 0.5] },
    ])
    await json.fill(JSON.stringify({ ...written, parameters: [{ path: 'chunker.options.maxTokens', values: [-5] }] }))
    await expect.poll(() => start.isDisabled()).toBe(true)
    await page.locator('.tune-preview .tone-danger').waitFor()
    await json.fill('{')
    await page.getByText(/This is not JSON/).waitFor()
    await json.fill(JSON.stringify(written, null, 2))
    await preview.getByText('4 combinations, 2 indexes').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Back to the form' }).click()

    await page.getByLabel('Name (optional)').fill('Sizes and weights')
    await start.click()
    await page.getByRole('heading', { name: 'Sizes and weights' }).waitFor()
    address = new URL(page.url()).hash
    expect(address).toMatch(/^#\/tune\/tun_/)
    expect(complaints).toEqual([])
  })

  it('ends in a recommendation with its evidence', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, address)
    await page.getByRole('heading', { name: 'Recommendation' }).waitFor({ timeout: 180_000 })
    // Unseen questions decide, unless what was there came out first.
    await page.getByText(/^(Take trial \d|Stay with the present pipeline)/).waitFor()
    const table = page.getByRole('region', { name: 'Trials' })
    // 256 and 0.25 are what the collection has: that combination is the present pipeline.
    await expect
      .poll(async () => (await table.locator('[data-row-link]').allTextContents()).toSorted())
      .toEqual([
        'As it was',
        'Max tokens 128, vector weight 0.25',
        'Max tokens 128, vector weight 0.5',
        'Max tokens 256, vector weight 0.5',
      ])
    await table.getByText('the pipeline now').waitFor()
    await page.getByText('All 4 combinations were tried.').waitFor()
    await page.getByText(/1 index built for 4 trials/).waitFor()
    await page.locator('.plot-holder svg').nth(1).waitFor()
    await capture(page, 'tune-result')
    await expectAccessible(page)

    const first = table.locator('[data-row-link]').first()
    await first.focus()
    await page.keyboard.press('ArrowDown')
    await expectFocus(table.locator('[data-row-link]').nth(1))
    await page.keyboard.press('Enter')
    await expect.poll(() => new URL(page.url()).hash).toMatch(/^#\/runs\/run_/)
    await page.getByRole('heading', { name: 'Results' }).waitFor()
    expect(complaints).toEqual([])
  })

  it.each([
    { width: 1280, height: 800, colorScheme: 'dark' as const },
    { width: 1920, height: 1080, colorScheme: 'light' as const },
    { width: 1920, height: 1080, colorScheme: 'dark' as const },
  ])('holds up at $width × $height, $colorScheme', async (window) => {
    await using opened = await bench.open(window)
    const { page, complaints } = opened
    await goTo(page, address)
    await page.getByRole('heading', { name: 'Recommendation' }).waitFor()
    await page.locator('.plot-holder svg').nth(1).waitFor()
    await capture(page, `tune-result-${window.width}-${window.colorScheme}`)
    await expectAccessible(page)
    await goTo(page, '#/tune/new')
    await page.getByText('9 combinations, 3 indexes').waitFor()
    await capture(page, `tune-new-${window.width}-${window.colorScheme}`)
    await expectAccessible(page)
    await goTo(page, '#/tune')
    await page.getByRole('link', { name: 'Sizes and weights' }).waitFor()
    await capture(page, `tune-list-${window.width}-${window.colorScheme}`)
    await expectAccessible(page)
    expect(complaints).toEqual([])
  })

  it('makes the pipeline of a trial that of the collection', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, address)
    await page.getByRole('button', { name: /^Use trial \d: Max tokens 128, vector weight 0.5/ }).click()
    const dialog = page.getByRole('dialog', { name: 'Make this the pipeline?' })
    await dialog.getByText('Max tokens', { exact: true }).waitFor()
    await capture(page, 'tune-apply')
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Make it the pipeline' }).click()
    await expect
      .poll(() => pipelineOf(bench), { timeout: 60_000 })
      .toMatchObject({
        chunker: { id: 'recursive', options: { maxTokens: 128 } },
        retriever: { id: 'hybrid', options: { vectorWeight: 0.5 } },
      })
    const row = page.getByRole('row', { name: /Max tokens 128, vector weight 0.5/ })
    await row.getByText('the pipeline now').waitFor({ timeout: 30_000 })
    expect(complaints).toEqual([])
  })

  it.each([
    ['Drawn at random', 'random'],
    ['Knock-out', 'halving'],
    ['One option at a time', 'coordinate'],
  ])('goes through the combinations: %s', async (label, name) => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, '#/tune/new')
    await values(page, 'max tokens').fill('128, 256')
    await values(page, 'vector weight').fill('0 0.25')
    await page.getByText(label, { exact: true }).click()
    await page.getByLabel('Name (optional)').fill(`By ${name}`)
    await page.getByRole('button', { name: 'Start the search' }).click()
    await page.getByRole('heading', { name: 'Recommendation' }).waitFor({ timeout: 180_000 })
    await page.getByText(/^(Take trial \d|Stay with the present pipeline)/).waitFor()
    const { tunes } = await ask<{ tunes: { name: string; spec: { strategy: string }; status: string }[] }>(
      bench,
      'tunes',
    )
    expect(tunes[0]).toMatchObject({ name: `By ${name}`, status: 'done', spec: { strategy: name } })
    await page.getByRole('region', { name: 'Trials' }).getByRole('link', { name: 'As it was' }).waitFor()
    await expectAccessible(page)
    expect(complaints).toEqual([])
  })

  it('takes what is recommended with one button', async () => {
    await makeStation(bench)
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, '#/tune/new')
    await page.getByRole('button', { name: /Dataset$/ }).click()
    await page.getByRole('option', { name: /^Rounds/ }).click()
    await page.getByRole('button', { name: 'Edit as JSON' }).click()
    const spec = {
      metric: 'span-iou@5',
      parameters: [
        { path: 'chunker', values: ['recursive', 'page'] },
        { path: 'chunker.options.maxTokens', values: [16] },
        { path: 'chunker.options.minTokens', values: [0] },
      ],
    }
    await page.getByLabel('As JSON').fill(JSON.stringify(spec))
    await page.getByText('2 combinations, 2 indexes').waitFor()
    await page.getByRole('button', { name: 'Start the search' }).click()
    await page.getByText(/^Take trial 1 \(Max tokens 16, min tokens 0\): span-iou@5 on 12 questions/).waitFor({
      timeout: 180_000,
    })
    await expectAccessible(page)
    await capture(page, 'tune-recommended')
    await page.getByRole('button', { name: 'Make this the pipeline …' }).click()
    await page
      .getByRole('dialog', { name: 'Make this the pipeline?' })
      .getByRole('button', { name: 'Make it the pipeline' })
      .click()
    const pipeline = async () => (await findStation(bench)).pipeline
    await expect.poll(pipeline, { timeout: 60_000 }).toMatchObject({
      chunker: { id: 'recursive', options: { maxTokens: 16, minTokens: 0 } },
    })
    await page
      .getByRole('region', { name: 'Recommendation' })
      .getByText('the pipeline now')
      .waitFor({ timeout: 30_000 })
    expect(complaints).toEqual([])
  })

  it('searches among ways of reading, which leave the collection as it is', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    const before = await pipelineOf(bench)
    await goTo(page, '#/tune/new')
    // Which one comes first depends on what other journeys made.
    await page.getByRole('button', { name: /Dataset$/ }).click()
    await page.getByRole('option', { name: /^Skerry Point/ }).click()
    const preview = page.getByRole('status').filter({ hasText: /index|option|value|number/ })
    for (const name of ['Cutting: max tokens', 'Search: vector weight'])
      await page.getByRole('button', { name: `Leave out ${name}` }).click()
    const vary = async (option: RegExp): Promise<void> => {
      await page.getByRole('button', { name: 'Vary another option' }).click()
      await page.getByRole('menuitem', { name: option }).click()
    }
    await vary(/^Cleaning: which step/)
    await page.getByRole('group', { name: 'Cleaning: which step' }).getByText('Join broken words').click()
    await capture(page, 'tune-reading')
    await preview.getByText(/Documents are read again in 4 other ways, beside the collection\./).waitFor()
    await expectAccessible(page)
    await page.getByLabel('Name (optional)').fill('Ways of reading')
    await page.getByRole('button', { name: 'Start the search' }).click()
    await page.getByRole('heading', { name: 'Recommendation' }).waitFor({ timeout: 180_000 })
    await capture(page, 'tune-reading-result')
    const table = page.getByRole('region', { name: 'Trials' })
    await table.getByRole('link', { name: /^Cleaning urls/ }).click()
    await page.getByText('33 documents were read again, in another way than the collection reads them.').waitFor()
    await capture(page, 'tune-reading-run')
    await expectAccessible(page)
    expect(await pipelineOf(bench)).toEqual(before)
    expect(complaints).toEqual([])
  })

  it('ends with the filter that leaves out what misleads, and takes it over without a new index', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    const station = await findStation(bench)
    const folder = join(bench.workspace, 'drafts')
    mkdirSync(folder)
    for (const subject of subjects)
      writeFileSync(
        join(folder, `${subject.replace(' ', '-')}.md`),
        `# Draft\n\n${verbs.map((verb) => `How often the ${subject} is ${verb}: the ${subject} is ${verb} every 90 days.\n\n`).join('')}`,
      )
    await addFolder(bench, station.id, folder)
    await goTo(page, '#/tune/new')
    await page.getByRole('button', { name: /Dataset$/ }).click()
    await page.getByRole('option', { name: /^Rounds/ }).click()
    for (const name of ['Cutting: max tokens', 'Search: vector weight'])
      await page.getByRole('button', { name: `Leave out ${name}` }).click()
    await page.getByRole('button', { name: 'Vary another option' }).click()
    await page.getByRole('menuitem', { name: 'Search: documents searched' }).click()
    await page.getByLabel('Filter 1', { exact: true }).getByRole('searchbox').fill('not path:drafts/**')
    await page.getByText('8 documents are searched').waitFor()
    await page.getByText('2 combinations, 1 index', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Start the search' }).click()
    await page.getByText(/^Take trial 1 \(Filter “not path:drafts\/\*\*”\): ndcg@10 on/).waitFor({ timeout: 180_000 })
    await page.getByText(/0 indexes built for 2 trials/).waitFor()
    await capture(page, 'tune-filter-recommended')
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Make this the pipeline …' }).click()
    const dialog = page.getByRole('dialog', { name: 'Make this the pipeline?' })
    await dialog.getByText('not path:drafts/**', { exact: true }).waitFor()
    await dialog.getByRole('button', { name: 'Make it the pipeline' }).click()
    await expect
      .poll(async () => (await findStation(bench)).pipeline, { timeout: 60_000 })
      .toMatchObject({ filter: 'not path:drafts/**' })
    await page
      .getByRole('region', { name: 'Recommendation' })
      .getByText('the pipeline now')
      .waitFor({ timeout: 30_000 })
    expect(complaints).toEqual([])
  })

  it('is cancelled with what it has measured, and removed', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, '#/tune/new')
    await values(page, 'max tokens').fill('80, 96, 160, 192, 224, 320, 384, 448')
    await page.getByRole('button', { name: 'Start the search' }).click()
    await page.getByRole('main').getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('It was cancelled.').waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Remove …' }).click()
    await page.getByRole('button', { name: 'Remove it' }).click()
    await page.getByRole('link', { name: 'Sizes and weights' }).waitFor()
    // It, three more strategies, ways of reading, and the station's two.
    await expect.poll(() => page.locator('[data-row-link]').count()).toBe(7)
    expect(complaints).toEqual([])
  })
})

function values(page: Page, option: string) {
  return page.getByRole('group', { name: new RegExp(option) }).getByLabel('Values')
}

async function pipelineOf(bench: Workbench): Promise<unknown> {
  const { collections } = await ask<{ collections: { name: string; pipeline: unknown }[] }>(bench, 'collections')
  return collections.find(({ name }) => name !== 'Station')?.pipeline
}

const subjects = ['tide gauge', 'winch', 'fume hood', 'net shed', 'salinometer', 'jetty lamp', 'bilge pump', 'mast']
const verbs = ['inspected', 'cleaned', 'painted', 'replaced', 'measured']

/** Forty facts in eight documents, and a question about each: small chunks are what finds them. */
async function makeStation(bench: Workbench): Promise<void> {
  const { id: collectionId } = await ask<{ id: string }>(bench, 'collections', { name: 'Station' })
  const folder = join(bench.workspace, 'station')
  mkdirSync(folder)
  const facts = subjects.flatMap((subject, row) =>
    verbs.map((verb, column) => ({
      path: `station/${subject.replace(' ', '-')}.md`,
      text: `The ${subject} is ${verb} every ${row * 5 + column + 2} days.`,
      question: `How often is the ${subject} ${verb}?`,
    })),
  )
  for (const [path, own] of Map.groupBy(facts, (fact) => fact.path))
    writeFileSync(
      join(bench.workspace, path),
      `# ${path}\n\n${own.map(({ text }) => `${text} Ask the keeper if it was not done.\n\n`).join('')}`,
    )
  await addFolder(bench, collectionId, folder)
  const { id: datasetId } = await ask<{ id: string }>(bench, 'datasets', { name: 'Rounds', collectionId })
  for (const { question, path, text } of facts)
    await ask(bench, `datasets/${datasetId}/cases`, { datasetId, case: { question, expected: [{ path, text }] } })
}

async function findStation(bench: Workbench): Promise<{ id: string; name: string; pipeline: unknown }> {
  const { collections } = await ask<{ collections: { id: string; name: string; pipeline: unknown }[] }>(
    bench,
    'collections',
  )
  return collections.find(({ name }) => name === 'Station')!
}

/** Adds a folder to a collection, and waits until it is read. */
async function addFolder(bench: Workbench, collectionId: string, location: string): Promise<void> {
  const { jobId } = await ask<{ jobId: string }>(bench, 'sources', { collectionId, location })
  await expect
    .poll(() => ask<{ status: string }>(bench, `jobs/${jobId}`).then(({ status }) => status), { timeout: 60_000 })
    .toBe('done')
}

/** The contract over HTTP: a command where something is given, else a query. */
async function ask<Answer>(bench: Workbench, path: string, given?: unknown): Promise<Answer> {
  const { origin, hash } = new URL(bench.url)
  const response = await fetch(`${origin}/api/v1/${path}`, {
    method: given === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${hash.replace('#token=', '')}`, 'content-type': 'application/json' },
    ...(given === undefined ? {} : { body: JSON.stringify(given) }),
  })
  expect(response.ok).toBe(true)
  return (await response.json()) as Answer
}

async function capture(page: Page, name: string): Promise<void> {
  if (screenshots) await page.screenshot({ path: join(root, screenshots, `${name}.png`) })
}
