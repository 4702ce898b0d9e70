/// <reference lib="dom" />
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserPath, expectAccessible, goTo, holdAnswers, startWorkbench, type Workbench } from './workbench.ts'

const screenshots = process.env.QUARRY_SCREENSHOTS
const dataset = 'Skerry Point questions'
const question = 'How rough may the sea get before Fulmar has to stay in harbour?'

/** A pipeline is released through its gate, over it, and taken back; each time a bot is answered by another number. */
describe.skipIf(!browserPath)('pipelines over time', () => {
  let bench: Workbench
  let collectionId = ''
  let lineId = ''

  beforeAll(async () => {
    bench = await startWorkbench()
    const sample = (await call('POST', '/workspace/sample')) as { collectionId: string; jobId: string }
    collectionId = sample.collectionId
    const isRead = async (): Promise<boolean> => {
      const { status } = (await call('GET', `/jobs/${sample.jobId}`)) as { status: string }
      return status === 'done'
    }
    while (!(await isRead())) await new Promise((resolve) => setTimeout(resolve, 250))
    const { lines } = (await call('GET', '/lines')) as { lines: { id: string; name: string }[] }
    lineId = lines.find(({ name }) => name === 'Standard')?.id ?? ''
    await call('POST', '/bots', { settings: { name: 'Harbour desk', collectionIds: [collectionId] } })
  }, 180_000)
  afterAll(() => bench?.[Symbol.asyncDispose]())

  /** A procedure of the core, as any program of this machine calls it. */
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await ask(method, path, body)
    expect(response.status, `${method} ${path}`).toBeLessThan(300)
    return response.json()
  }
  const ask = (method: string, path: string, body?: unknown): Promise<Response> => {
    const { origin, hash } = new URL(bench.url)
    const headers = { authorization: `Bearer ${hash.replace('#token=', '')}`, 'content-type': 'application/json' }
    return fetch(`${origin}/api/v1${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  }
  /** The number of the release that answers whoever follows the line. */
  const answeredBy = async (): Promise<number | null> => {
    const release = { kind: 'production', lineId }
    const response = await ask('POST', '/ask', { collectionIds: [collectionId], question, release })
    const text = await response.text()
    expect(text, text).toContain('ask-end')
    const number = /"number":(\d+|null)/.exec(text.slice(text.indexOf('"ask-start"')))?.[1]
    return number === undefined || number === 'null' ? null : Number(number)
  }

  it('shows what bots are answered by, and who follows it', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    // Not where what is typed is a question.
    await goTo(page, '#/settings')
    await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('i')
    const row = page.getByRole('row', { name: /Standard/ })
    await row.getByText('Release 1').waitFor()
    await row.getByText('Harbour desk').waitFor()
    await row.getByText('Quarry', { exact: true }).waitFor()
    await expectAccessible(page)
    await capture(page, 'pipelines')
    await page.getByRole('link', { name: 'Standard' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'In production' }).waitFor()
    await page.getByText('1 bot follows it: Harbour desk.').waitFor()
    expect(await answeredBy()).toBe(1)
    expect(complaints).toEqual([])
  })

  it('sets a gate that asks for more than can be', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, `#/pipelines/${lineId}`)
    const gate = page.getByRole('region', { name: 'Gate' })
    await gate.getByText('No gate is set').waitFor()
    await pick(page, gate.getByRole('button', { name: /Measured on/ }), new RegExp(dataset))
    await gate.getByRole('button', { name: 'Add a rule' }).click()
    const rule = gate.getByRole('group', { name: 'Rule 1' })
    await rule.getByLabel('Bound').fill('0.99')
    await gate.getByRole('button', { name: 'Add a metric' }).click()
    await gate.getByText(`On ${dataset}: recall@5 at least 0.99, no loss in ndcg@10.`).waitFor()
    await expectAccessible(page)
    await gate.getByRole('button', { name: 'Save the gate' }).click()
    await page.getByText('The gate is saved').waitFor()
    await page.getByRole('list', { name: 'History' }).getByText('The gate was changed').waitFor()
    expect(complaints).toEqual([])
  })

  it('does not fetch back who has gone elsewhere while a draft was being made', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await holdAnswers(page, 'releases/createDraft')
    await page.reload()
    await goTo(page, `#/pipelines/${lineId}`)
    await page.getByRole('button', { name: 'New draft' }).click()
    await page.getByRole('menuitem', { name: /As release 1/ }).click()
    const drafts = async (): Promise<{ id: string; stage: string }[]> => {
      const { releases } = (await call('GET', `/lines/${lineId}`)) as { releases: { id: string; stage: string }[] }
      return releases.filter(({ stage }) => stage === 'draft')
    }
    await expect.poll(async () => (await drafts()).length).toBe(1)
    // It is made, and the page has not heard of it.
    expect(new URL(page.url()).hash).toBe(`#/pipelines/${lineId}`)
    await goTo(page, '#/settings')
    await page.evaluate(() => (window as unknown as { letAnswersCome(): void }).letAnswersCome())
    await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
    // Long enough for an answer that has come to have been taken.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 200)))
    expect(new URL(page.url()).hash).toBe('#/settings')
    for (const { id } of await drafts()) await call('DELETE', `/releases/${id}`, { who: 'Ada' })
    expect(complaints).toEqual([])
  })

  it('makes a draft that is measured, becomes a candidate, does not pass, and is signed for', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, `#/pipelines/${lineId}`)
    await beginDraft(page, /As release 1/)
    await setNumber(page, 'Search', 'Passages', '6')
    await page
      .getByRole('row', { name: /Passages given to an answer/ })
      .getByText('6')
      .waitFor()
    await page.getByText('Save the draft first').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Save the draft' }).click()
    await page.getByRole('button', { name: 'Save the draft' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Measure', exact: true }).click()
    await page.getByRole('list', { name: 'Runs of these settings' }).waitFor()
    // Leaving stops nothing.
    await goTo(page, '#/settings')
    await page.goBack()
    await propose(page, 'Fewer passages.')
    await page.getByRole('heading', { level: 1, name: 'Release 2' }).waitFor()
    const gate = page.getByRole('region', { name: 'Gate' })
    await gate.getByText('It does not pass its gate.').waitFor({ timeout: 60_000 })
    await expectAccessible(page)
    await capture(page, 'release-gate')
    await expect.poll(() => gate.getByRole('button', { name: 'Promote …' }).isDisabled()).toBe(true)

    await gate.getByRole('button', { name: 'Sign an override …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Your name').fill('')
    await dialog.getByRole('button', { name: 'Sign and promote' }).click()
    await dialog
      .getByRole('alert')
      .getByText(/give your name and the reason/)
      .waitFor()
    await dialog.getByLabel('Your name').fill('Ada')
    await dialog.getByRole('button', { name: 'Sign and promote' }).click()
    await dialog
      .getByRole('alert')
      .getByText(/give your name and the reason/)
      .waitFor()
    await dialog.getByLabel('Reason').fill('The gate asks for what nobody reaches.')
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Sign and promote' }).click()
    await dialog.waitFor({ state: 'detached' })
    await waitForProduction(page, 'Release 2')
    await page.getByRole('list', { name: 'History' }).getByText('signed override').waitFor()
    expect(await answeredBy()).toBe(2)
    expect(complaints).toEqual([])
  })

  it('puts one that passes its gate into production, with the keyboard alone', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, `#/pipelines/${lineId}`)
    const form = page.getByRole('region', { name: 'Gate' })
    await form.getByRole('group', { name: 'Rule 1' }).getByLabel('Bound').fill('0.5')
    await form.getByRole('button', { name: 'Save the gate' }).click()
    await page.getByText('The gate is saved').waitFor()
    await beginDraft(page, /As release 2/)
    await setNumber(page, 'Cutting', 'Max tokens', '192')
    await capture(page, 'release-draft')
    await page.getByRole('button', { name: 'Save the draft' }).press('Enter')
    await page.getByRole('button', { name: 'Save the draft' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Measure', exact: true }).press('Enter')
    await propose(page, 'Smaller chunks.')
    await page.getByRole('heading', { level: 1, name: 'Release 3' }).waitFor()
    const gate = page.getByRole('region', { name: 'Gate' })
    await gate.getByText('It passes its gate.').waitFor({ timeout: 60_000 })
    await gate.getByRole('link', { name: /Compare with release 2/ }).waitFor()
    await gate.getByRole('button', { name: 'Promote …' }).press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.getByText(/1 bot follows Standard and will be answered by release 3/).waitFor()
    await dialog.getByLabel(/Your name/).fill('Ben')
    await dialog.getByLabel(/Your name/).press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await waitForProduction(page, 'Release 3')
    await expect.poll(answeredBy, { timeout: 60_000 }).toBe(3)
    await goTo(page, `#/pipelines/${lineId}`)
    await page.getByRole('heading', { name: 'In production' }).waitFor()
    await expectAccessible(page)
    await capture(page, 'pipeline-line')
    expect(complaints).toEqual([])
  })

  it('rolls back, and answers by the number from before', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, `#/pipelines/${lineId}`)
    await page.getByRole('button', { name: 'Roll back …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(/Your name/).fill('Cy')
    await dialog.getByLabel(/Reason/).fill('Answers about boats were too short.')
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Roll back', exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
    await page
      .getByRole('list', { name: 'History' })
      .getByText(/Release 2 was put back into production/)
      .waitFor()
    await expect.poll(answeredBy, { timeout: 60_000 }).toBe(2)
    await page.getByText('Answers about boats were too short.').first().waitFor()
    await capture(page, 'pipeline-history', 'History')
    expect(complaints).toEqual([])
  })

  it('makes what a collection and a run have a draft, and discards it', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, `#/library/${collectionId}?view=pipeline`)
    await page.getByRole('button', { name: 'Release this pipeline …' }).click()
    const dialog = page.getByRole('dialog', { name: 'Release this pipeline' })
    await pick(page, dialog.getByRole('button', { name: /Of which pipeline/ }), /A new one/)
    await dialog.getByLabel('Name').fill('Station alone')
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Make the draft' }).click()
    await page.getByRole('heading', { level: 1, name: /^Draft of/ }).waitFor()
    await page.getByRole('button', { name: 'Edit as JSON' }).click()
    const json = page.getByLabel('The pipeline as JSON')
    const before = await json.inputValue()
    await json.fill('{"chunker":')
    await page.getByText(/^This is not JSON/).waitFor()
    await json.fill(before.replace('"passages": 8', '"passages": 4'))
    await page.getByRole('button', { name: 'Save the draft' }).click()
    await page.getByRole('button', { name: 'Save the draft' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Back to the form' }).click()
    await expect
      .poll(() =>
        page
          .getByRole('region', { name: 'Search' })
          .getByRole('textbox', { name: 'Passages', exact: true })
          .inputValue(),
      )
      .toBe('4')
    await page.getByRole('button', { name: 'Discard …' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Discard it' }).click()
    await page.getByRole('list', { name: 'History' }).getByText('A draft was discarded').waitFor()
    expect(complaints).toEqual([])
  })

  it('edits a prompt, shows what a model gets, and what differs', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, '#/settings')
    await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('o')
    await page.getByRole('link', { name: 'Standard' }).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'New prompt …' }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('Brief')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Brief' }).waitFor()
    const system = page.getByLabel('Instructions', { exact: true })
    const words = await system.inputValue()
    await system.fill(`${words}\nNever more than two sentences. {{moon}}`)
    await page.getByText('{{moon}} is no variable', { exact: false }).waitFor()
    await expect.poll(() => page.getByRole('button', { name: 'Save as version 2' }).isDisabled()).toBe(true)
    await capture(page, 'prompt-unknown')
    await system.fill(`${words}\nNever more than two sentences. Today is `)
    await page.getByRole('button', { name: 'Insert today' }).click()
    await expect.poll(() => system.inputValue()).toMatch(/Today is \{\{today\}\}$/)
    await page.getByLabel('What this version changes').fill('Two sentences at most.')

    await page.getByLabel('Question', { exact: true }).fill(question)
    await page.getByLabel('Question', { exact: true }).press('Enter')
    const message = page.getByRole('region', { name: 'Message' })
    await message.getByText(question, { exact: false }).waitFor({ timeout: 60_000 })
    await page
      .getByRole('region', { name: 'Instructions' })
      .getByText(/Today is \d{4}-\d\d-\d\d/)
      .waitFor()
    await page
      .getByText(/\d+ tokens?/)
      .first()
      .waitFor()
    await expectAccessible(page)
    await capture(page, 'prompt-preview')

    await page.getByRole('button', { name: 'Save as version 2' }).click()
    await page.getByText('It is version 2 now.', { exact: false }).waitFor()
    await page.getByRole('tab', { name: 'Versions' }).click()
    await page.locator('.prompt-text ins').getByText('Never more than two sentences', { exact: false }).waitFor()
    await page.getByText('Two sentences at most.').waitFor()
    await expectAccessible(page)
    await capture(page, 'prompt-diff')
    await page.getByRole('tab', { name: 'Test' }).click()
    await page.getByText('A prompt is for a language model', { exact: false }).waitFor()
    await expectAccessible(page)
    expect(complaints).toEqual([])
  })

  it('carries a version of a prompt in a draft, and keeps it when the prompt is removed', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, `#/pipelines/${lineId}`)
    await beginDraft(page, /As release 2/)
    const section = page.getByRole('region', { name: 'Prompt' })
    await pick(page, section.getByRole('button', { name: /Prompt/ }), /Brief/)
    await page
      .getByRole('row', { name: /Prompt/ })
      .getByText('Brief, version 2')
      .waitFor()
    await pick(page, section.getByRole('button', { name: /Version/ }), 'Version 1')
    await page
      .getByRole('row', { name: /Prompt/ })
      .getByText('Brief, version 1')
      .waitFor()
    await page.getByRole('button', { name: 'Save the draft' }).click()
    await page.getByRole('button', { name: 'Save the draft' }).waitFor({ state: 'detached' })
    const address = page.url()
    await section.getByRole('link', { name: 'Open the prompt' }).click()
    await page.getByRole('button', { name: 'Remove …' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove it' }).click()
    await page.getByRole('heading', { level: 1, name: 'Prompts' }).waitFor()
    await goTo(page, new URL(address).hash)
    await page
      .getByRole('row', { name: /Prompt/ })
      .getByText('Brief, version 1')
      .waitFor()
    await page.getByText('Brief', { exact: true }).first().waitFor()
    expect(complaints).toEqual([])
  })

  it('edits all that the evidence of a candidate is made of', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, `#/pipelines/${lineId}`)
    const gate = page.getByRole('region', { name: 'Gate' })
    const group = gate.getByRole('group', { name: 'How candidates are measured' })
    const filter = group.getByRole('searchbox', { name: 'Filter' })
    await filter.fill('type=')
    await expect.poll(() => filter.getAttribute('aria-invalid')).toBe('true')
    await gate.getByRole('button', { name: 'Save the gate' }).click()
    await gate.getByText('The gate was not saved').waitFor()
    await filter.fill('type=markdown')
    await group.getByText(/^\d+ documents can be found$/).waitFor()
    const most = group.getByRole('textbox', { name: 'At most so many' })
    await most.fill('many')
    await group.getByText('Give a whole number, or nothing for all.').waitFor()
    await most.fill('12')
    await group.getByRole('textbox', { name: 'Drawn by' }).fill('7')
    await group.getByRole('textbox', { name: 'Drawn by' }).press('Tab')
    await pick(page, group.getByRole('button', { name: /Part of the questions/ }), /Those in no part/)
    await pick(page, group.getByRole('button', { name: /Right is/ }), /expected document/)
    await group.getByRole('button', { name: /Judged by/ }).waitFor()
    await expectAccessible(page)
    await most.scrollIntoViewIfNeeded()
    await capture(page, 'gate-evidence')
    await gate.getByRole('button', { name: 'Save the gate' }).click()
    await page.getByText('The gate is saved').waitFor()
    const saved = (await call('GET', `/lines/${lineId}`)) as { line: { gate: { settings: Record<string, unknown> } } }
    expect(saved.line.gate.settings).toMatchObject({
      ...{ filter: 'type=markdown', limit: 12, seed: 7, split: 'all', items: 'documents' },
    })
    // What is chosen can be taken back.
    await most.fill('')
    await filter.fill('')
    await pick(page, group.getByRole('button', { name: /Part of the questions/ }), 'All parts')
    await gate.getByRole('button', { name: 'Save the gate' }).click()
    await gate.getByRole('button', { name: 'Save the gate' }).waitFor({ state: 'detached' })
    const { line } = (await call('GET', `/lines/${lineId}`)) as typeof saved
    expect(Object.keys(line.gate.settings).filter((name) => ['filter', 'limit', 'split'].includes(name))).toEqual([])
    expect(complaints.filter((text) => !/status of 4\d\d/.test(text))).toEqual([])
  })

  it.each([
    ['light', 1280, 800],
    ['dark', 1920, 1080],
    // 200 % on a screen of 1280 × 800.
    ['dark', 640, 400],
  ] as const)('is accessible in %s at %i × %i', async (colorScheme, width, height) => {
    await using opened = await bench.open({ colorScheme, width, height })
    const { page, complaints } = opened
    const { lines } = (await call('GET', '/lines')) as { lines: { id: string; production: { id: string } }[] }
    const line = lines.find(({ id }) => id === lineId)
    const { releases } = (await call('GET', `/lines/${lineId}`)) as { releases: { id: string; stage: string }[] }
    const draft = releases.find(({ stage }) => stage === 'draft')
    const { prompts } = (await call('GET', '/prompts')) as { prompts: { id: string }[] }
    const places: [string, string, string][] = [
      ['list', '#/pipelines', 'Pipelines'],
      ['line', `#/pipelines/${lineId}`, 'Standard'],
      ['release', `#/pipelines/${lineId}/${line?.production.id ?? ''}`, 'Release 2'],
      ['draft', `#/pipelines/${lineId}/${draft?.id ?? ''}`, 'Draft of'],
      ['prompt', `#/prompts/${prompts[0]?.id ?? ''}`, 'Standard'],
    ]
    for (const [name, address, heading] of places) {
      await goTo(page, address)
      await page.getByRole('heading', { level: 1, name: heading }).waitFor()
      await page.locator('.page-note').waitFor({ state: 'detached' })
      await expectAccessible(page)
      expect(await overflow(page), `${name} is wider than the window`).toBe(false)
      await capture(page, `pipelines-${colorScheme}-${width}-${name}`)
    }
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).getByText('Pipelines', { exact: true }).waitFor()
    expect(complaints).toEqual([])
  })
})

async function pick(page: Page, button: Locator, option: string | RegExp): Promise<void> {
  await button.click()
  await page.getByRole('option', { name: option }).click()
}

async function beginDraft(page: Page, as: RegExp): Promise<void> {
  await page.getByRole('button', { name: 'New draft' }).click()
  await page.getByRole('menuitem', { name: as }).click()
  await page.getByRole('heading', { level: 1, name: /^Draft of/ }).waitFor()
  await page.getByRole('heading', { name: 'What comes next' }).waitFor()
}

async function setNumber(page: Page, section: string, label: string, value: string): Promise<void> {
  const field = page
    .getByRole('region', { name: section, exact: true })
    .getByRole('textbox', { name: label, exact: true })
  await field.fill(value)
  await field.press('Tab')
}

/** With the run that is finished, whenever that is. */
async function propose(page: Page, reason: string): Promise<void> {
  await page.getByRole('button', { name: 'Make it a candidate …' }).first().click({ timeout: 180_000 })
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(/Reason/).fill(reason)
  await dialog.getByRole('button', { name: 'Make it a candidate', exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
}

async function waitForProduction(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name }).waitFor()
  await page.locator('.page-scope').getByText('In production').waitFor({ timeout: 120_000 })
}

/** Whether the page scrolls sideways as a whole (WCAG 1.4.10). */
function overflow(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)
}

async function capture(page: Page, name: string, heading?: string): Promise<void> {
  if (!screenshots) return
  mkdirSync(screenshots, { recursive: true })
  if (heading) await page.getByRole('heading', { name: heading, exact: true }).scrollIntoViewIfNeeded()
  await page.screenshot({ path: join(screenshots, `${name}.png`) })
}
