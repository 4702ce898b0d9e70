import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRemoteServer } from '../core/testing/remote-server.ts'
import { browserPath, expectAccessible, type OpenPage, startWorkbench, type Workbench } from './workbench.ts'

/** Measuring on the sample workspace: two pipelines, their results, and whether the second one is better. */
describe.skipIf(!browserPath)('runs', () => {
  let workbench: Workbench
  let opened: OpenPage
  beforeAll(async () => {
    workbench = await startWorkbench()
    opened = await workbench.open()
    const { page } = opened
    await page.getByRole('button', { name: 'Open the sample workspace' }).click()
    await page.getByText('33 ready', { exact: false }).first().waitFor({ timeout: 120_000 })
  })
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]()
    await workbench?.[Symbol.asyncDispose]()
  })

  const post = async (path: string, body: object): Promise<void> => {
    const { origin, hash } = new URL(workbench.url)
    const authorization = `Bearer ${hash.replace('#token=', '')}`
    const headers = { authorization, 'content-type': 'application/json' }
    const answer = await fetch(`${origin}/api/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    expect(answer.status, await answer.text()).toBe(200)
  }

  const start = async (mode: string, name: string): Promise<void> => {
    const { page } = opened
    await page.goto(`${workbench.url.split('#')[0]}#/runs`)
    await page
      .getByRole('button', { name: /New run|Measure a pipeline/ })
      .first()
      .click()
    const dialog = page.getByRole('dialog', { name: 'New run' })
    await dialog.getByText('Skerry Point questions').first().waitFor()
    await dialog.getByLabel('Name (optional)').fill(name)
    await dialog.getByRole('button', { name: /Search by/ }).click()
    await page.getByRole('option', { name: mode }).click()
    await dialog.getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByRole('heading', { level: 1, name }).waitFor()
    await page.getByRole('heading', { name: 'Results' }).waitFor({ timeout: 120_000 })
  }

  it('measures the present pipeline and shows every metric with its interval', async () => {
    const { page } = opened
    await page.goto(`${workbench.url.split('#')[0]}#/runs`)
    await page.getByText('Nothing has been measured yet').waitFor()
    await expectAccessible(page)
    await start('Words only', 'words only')
    const rows = page.locator('.metric-table tbody tr')
    await expect.poll(() => rows.count()).toBeGreaterThan(3)
    expect(await rows.first().textContent()).toMatch(/\[.*,.*\]/)
    await page.locator('svg.plot').first().waitFor()
    await expectAccessible(page)
  })

  it('opens a case with what was found and what was expected', async () => {
    const { page } = opened
    await page.locator('.case-line').first().click()
    const detail = page.locator('.case-detail').first()
    await detail.getByRole('heading', { name: 'Found', exact: true }).waitFor()
    await expect.poll(() => detail.locator('.case-found > li').count()).toBeGreaterThan(0)
    await detail.locator('.case-found-head .link-button').first().click()
    await page.getByRole('complementary', { name: 'Inspector' }).waitFor()
    await expectAccessible(page)
    await page.keyboard.press('Escape')
  })

  it('keeps a note, tags and a baseline', async () => {
    const { page } = opened
    await page.getByLabel('Note', { exact: true }).fill('As it comes.')
    await page.getByLabel('Tags, with commas between').fill('first, words')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('button', { name: 'Make baseline' }).click()
    await page.getByRole('button', { name: 'Let go as baseline' }).waitFor()
    await page.reload()
    await expect.poll(() => page.getByLabel('Note', { exact: true }).inputValue()).toBe('As it comes.')
  })

  it('compares a second run with the baseline, and says what it shows', async () => {
    const { page } = opened
    await start('Words and meaning together', 'both')
    await page.getByRole('button', { name: 'Compare with the baseline' }).click()
    await page.getByRole('heading', { name: 'Did it help?' }).waitFor()
    await expect.poll(() => page.locator('.verdict').count()).toBeGreaterThan(3)
    const verdicts = await page.locator('.verdict').allTextContents()
    for (const verdict of verdicts) expect(['better', 'worse', 'no difference shown']).toContain(verdict)
    await page.getByRole('rowheader', { name: 'settings.mode' }).waitFor()
    await expectAccessible(page)
  })

  it('lists runs, plots quality against cost, and saves the plot', async () => {
    const { page } = opened
    await page.getByRole('button', { name: 'All runs' }).click()
    await page.getByRole('link', { name: 'both' }).waitFor()
    await page.getByRole('button', { name: 'Plot', exact: true }).click()
    await page.locator('svg.plot').waitFor()
    for (const type of ['SVG', 'PNG', 'CSV']) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: type, exact: true }).click(),
      ])
      expect(download.suggestedFilename()).toMatch(new RegExp(`\\.${type.toLowerCase()}$`))
    }
    await page.getByRole('checkbox', { name: 'Choose words only' }).click()
    await page.getByRole('checkbox', { name: 'Choose both' }).click()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Compare two' }).click()
    await page.getByRole('heading', { name: 'Did it help?' }).waitFor()

    await page.getByRole('button', { name: 'All runs' }).click()
    const [table] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export CSV', exact: true }).click(),
    ])
    const lines = readFileSync(await table.path(), 'utf8')
      .trim()
      .split('\r\n')
    expect(lines[0]).toMatch(/^run,id,state,pipeline,.*ndcg@10,ndcg@10 low,ndcg@10 high/)
    // Both have the same pipeline; one was searched by words only, and says so.
    expect(lines.slice(1).map((line) => /(?:hybrid|words only),Skerry/.exec(line)?.[0])).toEqual([
      'hybrid,Skerry',
      'words only,Skerry',
    ])
    await start('Meaning only', 'not wanted')
    await page.getByRole('button', { name: 'All runs' }).click()
    await page.getByRole('checkbox', { name: 'Choose not wanted' }).click()
    await page.getByRole('button', { name: 'Remove 1 …' }).click()
    await page.getByRole('button', { name: 'Remove it', exact: true }).click()
    await page.getByRole('link', { name: 'not wanted' }).waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'words only' }).waitFor()
    expect(opened.complaints).toEqual([])
  })

  it('sets what a judge said beside what a person says, by keys', async () => {
    await using server = await startRemoteServer()
    // Whatever it reads, it finds it all true.
    server.says('{"claims": [{"claim": "All of it.", "verdict": true}]}')
    await post('providers', { id: 'mine', kind: 'openai-compatible', baseUrl: server.baseUrl('openai-compatible') })
    await post('network/allowed', { host: server.host, purposes: ['chat'] })
    const { page, complaints } = opened
    await page.goto(`${workbench.url.split('#')[0]}#/datasets`)
    await page.getByRole('link', { name: 'Skerry Point questions' }).click()
    await page.getByRole('button', { name: 'Measure …' }).click()
    const dialog = page.getByRole('dialog', { name: 'New run' })
    await dialog.getByRole('button', { name: /Skerry Point questions/ }).waitFor()
    await dialog.getByText('Answer every question, too').click()
    await dialog.getByRole('button', { name: /Judged by/ }).click()
    await page.getByRole('option', { name: /^A model of/ }).click()
    const start = dialog.getByRole('button', { name: 'Start', exact: true })
    expect(await start.isDisabled()).toBe(true)
    await dialog.getByLabel(/^Model, as/).fill('good-model')
    await dialog.getByLabel('Name (optional)').fill('judged')
    await expectAccessible(page)
    await start.click()
    await page.getByRole('heading', { level: 1, name: 'judged' }).waitFor()
    await page.getByRole('heading', { name: 'Can the judge be trusted?' }).waitFor({ timeout: 120_000 })

    const panel = page.getByRole('region', { name: 'Can the judge be trusted?' })
    await panel.getByRole('button', { name: /Judged/ }).click()
    await page.getByRole('option', { name: 'faithfulness' }).click()
    const place = panel.getByText(/^Case \d+ of \d+/)
    // Its score is not shown before a person has said theirs.
    expect(await panel.getByText('The judge gave').count()).toBe(0)
    await panel.getByRole('button', { name: /^Yes, right/ }).focus()
    await page.keyboard.press('r')
    await panel.getByText('The judge gave 1.000: it agrees.').waitFor()
    await page.keyboard.press('n')
    await expect.poll(() => place.textContent()).toMatch(/^Case 2 of \d+, 1 labelled$/)
    await page.keyboard.press('w')
    await panel.getByText('The judge gave 1.000: it does not agree.').waitFor()
    const figures = panel.locator('.calibration-figures dd')
    await expect.poll(() => figures.allTextContents()).toEqual(['50.0 %', '.000', '2'])
    await expectAccessible(page)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      panel.getByRole('button', { name: 'Save labels' }).click(),
    ])
    const saved = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\r\n')
    expect(saved).toEqual(['case,label', expect.stringMatching(/,yes$/), expect.stringMatching(/,no$/)])

    // They outlast the page; a file brings more, and one that is none says what is wrong with it.
    await page.reload()
    await expect.poll(() => figures.allTextContents()).toEqual(['50.0 %', '.000', '2'])
    await panel.getByRole('list', { name: 'Where the judge does not agree' }).getByRole('button').click()
    await expect.poll(() => place.textContent()).toMatch(/^Case 2 of/)
    await panel.getByRole('button', { name: /^Take it back/ }).press('u')
    await expect.poll(() => figures.allTextContents()).toEqual(['100.0 %', '–', '1'])
    const bring = async (text: string): Promise<void> => {
      const [chooser] = await Promise.all([
        page.waitForEvent('filechooser'),
        panel.getByRole('button', { name: 'Import labels …' }).click(),
      ])
      await chooser.setFiles({ name: 'labels.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
    }
    await bring('case,label\nx,perhaps\n')
    await panel.getByText('labels.csv, line 2: "perhaps" is no label. Write yes or no.').waitFor()
    await bring(saved.join('\n'))
    await expect.poll(() => figures.allTextContents()).toEqual(['50.0 %', '.000', '2'])
    if (process.env.QUARRY_SCREENSHOTS) {
      await panel.scrollIntoViewIfNeeded()
      await page.screenshot({ path: `${process.env.QUARRY_SCREENSHOTS}/runs-judge.png` })
    }
    expect(complaints).toEqual([])
  })

  it.each([
    ['light', 1280, 800],
    ['dark', 1920, 1080],
  ] as const)('is accessible in %s at %i × %i', async (colorScheme, width, height) => {
    await using other = await workbench.open({ width, height, colorScheme })
    const { page } = other
    await page.goto(`${workbench.url.split('#')[0]}#/runs`)
    await page.getByRole('link', { name: 'both' }).waitFor()
    await expectAccessible(page)
    await page.getByRole('link', { name: 'both' }).click()
    await page.getByRole('heading', { name: 'Results' }).waitFor()
    await page.locator('svg.plot').first().waitFor()
    await expectAccessible(page)
    if (process.env.QUARRY_SCREENSHOTS) {
      const name = `${process.env.QUARRY_SCREENSHOTS}/runs-${colorScheme}-${width}`
      await page.screenshot({ path: `${name}-one.png` })
      await page.getByRole('button', { name: 'Compare with the baseline' }).click()
      await page.getByRole('heading', { name: 'Did it help?' }).waitFor()
      await page.screenshot({ path: `${name}-compare.png` })
      await page.getByRole('button', { name: 'All runs' }).click()
      await page.getByRole('button', { name: 'Plot', exact: true }).click()
      await page.locator('svg.plot').waitFor()
      await page.screenshot({ path: `${name}-list.png` })
    }
    expect(other.complaints).toEqual([])
  })
})
