/// <reference lib="dom" />
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Collection } from '../core/contract/collections.ts'
import { writeTinyGenerator } from '../core/testing/tiny-models/gguf-models.ts'
import { writeTinyEncoder } from '../core/testing/tiny-models/onnx-models.ts'
import {
  browserPath,
  dropOn,
  expectAccessible,
  goTo,
  openPalette,
  root,
  startWorkbench,
  type Workbench,
} from './workbench.ts'

const screenshots = process.env.QUARRY_SCREENSHOTS

describe.skipIf(!browserPath)('models, providers and the network in a browser', () => {
  let bench: Workbench
  let files: string

  beforeAll(async () => {
    bench = await startWorkbench()
    files = mkdtempSync(join(tmpdir(), 'quarry-e2e-models-'))
    await writeTinyEncoder(join(files, 'tiny-encoder'))
  })
  afterAll(async () => {
    await bench[Symbol.asyncDispose]()
    rmSync(files, { recursive: true, force: true })
  })

  it('shows every model, filters them, and says why nothing is downloaded and what to do instead', async () => {
    await using opened = await openModels()
    const { page, complaints } = opened
    await row(page, /static-256|bundled/i)
      .first()
      .waitFor()
    await expectAccessible(page)
    await page.getByRole('searchbox', { name: 'Filter models' }).fill('bge-small v1.5')
    await expect.poll(() => page.getByRole('row').count()).toBe(2)
    await page.getByRole('button', { name: /^Rerankers/ }).click()
    await page.getByRole('heading', { name: 'No model is like that' }).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Show all models' }).click()

    await page.getByRole('link', { name: 'BGE small (English) v1.5' }).click()
    const panel = details(page)
    await panel.getByText('Quarry is offline', { exact: true }).waitFor()
    expect(await panel.getByRole('button', { name: /^Download/ }).isDisabled()).toBe(true)
    expect(page.url()).toContain('#/models/bge-small-en-v1.5')
    await panel.getByText('Represent this sentence').waitFor()
    await expectAccessible(page)
    await capture(page, 'models')
    await page.keyboard.press('Escape')
    await panel.waitFor({ state: 'detached' })
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('BGE small (English) v1.5')
    expect(complaints).toEqual([])
  })

  it('imports a folder and a GGUF file that are dropped, and says what was assumed', async () => {
    await using opened = await openModels()
    const { page, complaints } = opened
    await dropOn(page, [join(files, 'tiny-encoder')])
    const card = page.getByRole('region', { name: 'Importing tiny-encoder' })
    await card.getByText('Imported tiny-encoder', { exact: true }).waitFor({ timeout: 30_000 })
    await card.getByRole('paragraph').filter({ hasText: 'Pooling is not named' }).waitFor()
    await expectAccessible(page)
    await card.getByRole('link', { name: 'Show' }).click()
    await details(page).getByText('mean of the tokens').waitFor()

    // A pack or a GGUF file is a model wherever it is dropped.
    await page.getByRole('link', { name: 'Library', exact: true }).click()
    const gguf = await writeTinyGenerator(join(files, 'writer'))
    await dropOn(page, [gguf])
    await page.getByText('Imported model', { exact: true }).waitFor({ timeout: 30_000 })
    await page.getByRole('link', { name: 'tiny generator' }).click()
    await details(page).getByText('GGUF (llama.cpp)').waitFor()
    await expectAccessible(page)

    const notes = join(files, 'notes')
    mkdirSync(notes)
    await dropOn(page, [join(root, 'LICENSE')])
    await page.getByText('LICENSE is no model: give a folder, a .quarrypack, a .zip or a .gguf file.').waitFor()
    await expectAccessible(page)
    expect(complaints.filter((text) => !text.includes('status of 4'))).toEqual([])
  })

  it('verifies, measures and exports it, and finds it whole again from its pack', async () => {
    await using opened = await openModels('tiny-encoder')
    const { page, complaints } = opened
    const panel = details(page)
    await panel.getByRole('button', { name: 'Verify' }).click()
    await page.getByText('All 4 files are as they were when the model came here.').first().waitFor()
    await expect.poll(() => panel.getByLabel('As noted: ').count()).toBe(4)

    await panel.getByRole('button', { name: 'Measure speed' }).click()
    await panel.getByText(/^\d[\d,.]* texts\/s$/).waitFor({ timeout: 60_000 })
    await expectAccessible(page)

    const pack = join(files, 'tiny.quarrypack')
    await panel.getByRole('button', { name: 'Export …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox').fill(pack)
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Export' }).click()
    await page.getByText(`It is in ${pack}.`).first().waitFor({ timeout: 30_000 })
    expect(existsSync(pack)).toBe(true)

    await panel.getByRole('button', { name: 'Remove …' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove', exact: true }).click()
    await page.getByRole('heading', { name: 'There is no such model' }).waitFor()
    await dropOn(page, [pack])
    await panel.getByRole('heading', { name: 'tiny-encoder' }).waitFor({ timeout: 30_000 })
    expect(complaints).toEqual([])
  })

  it('refuses to remove a model in use and names who uses it; a pipeline says where one is missing', async () => {
    const station = await api<Collection>('POST', '/collections', { name: 'Station' })
    const choose = (model: string) =>
      api('POST', `/collections/${station.id}/pipeline`, {
        pipeline: { ...station.pipeline, embedder: { id: 'transformers', options: { model } } },
      })
    await choose('tiny-encoder')
    await using opened = await openModels('tiny-encoder')
    const { page } = opened
    await details(page).getByRole('button', { name: 'Remove …' }).click()
    const dialog = page.getByRole('alertdialog')
    await dialog.getByRole('heading', { name: '“tiny-encoder” is in use' }).waitFor()
    expect(await dialog.getByRole('button', { name: 'Remove', exact: true }).count()).toBe(0)
    await expectAccessible(page)
    await dialog.getByRole('link', { name: 'Station' }).click()
    await page.getByRole('link', { name: 'tiny-encoder' }).waitFor()
    await page.getByRole('link', { name: 'tiny-encoder' }).click()
    await details(page).getByRole('heading', { name: 'tiny-encoder' }).waitFor()

    // Its files go behind Quarry's back, as people do it.
    rmSync(join(bench.workspace, 'models/tiny-encoder'), { recursive: true })
    await details(page).getByRole('link', { name: 'Station' }).click()
    await page.getByText('is not on this machine: import or download it').waitFor()
    await expectAccessible(page)
    await page.getByRole('link', { name: 'tiny-encoder' }).click()
    await page.getByRole('heading', { name: 'There is no such model' }).waitFor()
    await choose('static-256')
  })

  it('has a provider asked only after its host is allowed, and lists both attempts', async () => {
    await using server = await startOllama()
    await using opened = await bench.open()
    const { page, complaints } = opened
    await page.getByRole('link', { name: /Offline: nothing leaves this machine/ }).click()
    await page.getByText('Nothing has been tried.', { exact: true }).waitFor()
    await page.getByText('Nothing has been tried: 0 connections asked for, 0 made.').waitFor()
    await expectAccessible(page)

    await page.keyboard.press('g')
    await page.keyboard.press('p')
    await page.getByRole('heading', { name: 'No providers' }).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Add provider' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: /Kind/ }).click()
    await page.getByRole('option', { name: 'Ollama' }).click()
    expect(await dialog.getByLabel('Name in pipelines').inputValue()).toBe('ollama')
    await dialog.getByLabel('Address where the API begins').fill(`http://127.0.0.1:${server.port}`)
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Add', exact: true }).click()

    const provider = page.getByRole('region', { name: 'Ollama', exact: true })
    await provider.getByText(/^Nothing leaves this machine/).waitFor()
    await provider.getByText('is not allowed', { exact: false }).first().waitFor()
    await provider.getByRole('button', { name: 'Test' }).click()
    await provider.getByText('It was not asked.').waitFor()
    await expectAccessible(page)
    await provider.getByRole('button', { name: /^Allow 127\.0\.0\.1:\d+ for answers and embeddings$/ }).click()
    await provider.getByText('The network lets it be asked for answers and embeddings.').waitFor()
    await provider.getByRole('button', { name: 'Test' }).click()
    await provider.getByText('It answers.').waitFor()
    await provider.getByRole('button', { name: 'Show its models' }).click()
    await provider.getByText('tiny:latest').first().waitFor()
    await expectAccessible(page)

    await page.getByRole('link', { name: 'Network', exact: true }).click()
    const attempts = page.getByRole('region', { name: 'List of attempts' })
    await attempts.getByText('Refused: the host is not allowed').first().waitFor()
    await attempts.getByText('Allowed', { exact: true }).first().waitFor()
    await page.getByText(/\d connections? allowed, 1 attempt refused; while offline only to servers on this/).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: /^Refused/ }).click()
    await expect.poll(() => attempts.getByRole('row').count()).toBe(2)
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export CSV' }).click(),
    ])
    expect(saved.suggestedFilename()).toBe('network attempts.csv')
    expect(complaints).toEqual([])
  })

  it('goes online and back, allows, changes and takes off a host, and offers the download when it may', async () => {
    await using opened = await bench.open()
    const { page, complaints } = opened
    await page.getByRole('link', { name: 'Network', exact: true }).click()
    const offline = page.getByRole('switch', { name: 'Offline' })
    await offline.press('Space')
    await page.getByRole('heading', { name: 'Online', exact: true }).waitFor()
    await page.getByRole('contentinfo').getByText('Online: allowed hosts can be reached').waitFor()
    await expectAccessible(page)

    await page.getByRole('button', { name: 'Allow a host' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Allow', exact: true }).click()
    await dialog.getByText('Give a host.').waitFor()
    await dialog.getByRole('textbox').fill('not a host')
    await purpose(dialog, /^Answers/).click()
    await dialog.getByRole('button', { name: 'Allow', exact: true }).click()
    await dialog.getByText(/is not a host/).waitFor()
    await expectAccessible(page)
    await dialog.getByRole('textbox').fill('https://api.example.com/v1')
    await dialog.getByRole('button', { name: 'Allow', exact: true }).click()
    const host = page.getByRole('listitem').filter({ hasText: 'api.example.com' })
    await host.getByText('Can be reached now: Yes').waitFor()

    await host.getByRole('button', { name: 'Change api.example.com' }).click()
    await purpose(dialog, /^Reranking/).click()
    await purpose(dialog, /^Answers/).click()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await host.getByText('Reranking').waitFor()
    await expect.poll(() => host.getByText('Answers').count()).toBe(0)
    await capture(page, 'network')

    await page.getByRole('link', { name: 'Models', exact: true }).click()
    await page.getByRole('link', { name: 'BGE small (English) v1.5' }).click()
    const panel = details(page)
    await panel.getByRole('button', { name: 'Allow huggingface.co and *.hf.co for model downloads' }).click()
    const download = panel.getByRole('button', { name: /^Download \(\d+ MB\)$/ })
    await expect.poll(() => download.isEnabled()).toBe(true)
    await expectAccessible(page)

    await page.getByRole('link', { name: 'Network', exact: true }).click()
    for (const name of ['api.example.com', 'huggingface.co', '*.hf.co']) {
      await page.getByRole('button', { name: `Take ${name} from the list` }).click()
      await page.getByRole('alertdialog').getByRole('button', { name: 'Take it off' }).click()
      await page.getByRole('button', { name: `Take ${name} from the list` }).waitFor({ state: 'detached' })
    }
    await offline.press('Space')
    await page.getByRole('heading', { name: 'Offline: nothing leaves this machine' }).waitFor()
    expect(complaints).toEqual([])
  })

  it('shows who locked it, and offers nothing that cannot be done', async () => {
    await using locked = await startWorkbench({ QUARRY_OFFLINE: 'locked' })
    await using opened = await locked.open()
    const { page, complaints } = opened
    await page
      .getByRole('contentinfo')
      .getByRole('link', { name: /Offline: nothing leaves this machine locked by an administrator/ })
      .click()
    await page.getByText('Locked by an administrator.').waitFor()
    await page.getByText('QUARRY_OFFLINE').first().waitFor()
    expect(await page.getByRole('switch', { name: 'Offline' }).isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: 'Allow a host' }).count()).toBe(0)
    await expectAccessible(page)
    await capture(page, 'network-locked')
    await page.getByRole('link', { name: 'Models', exact: true }).click()
    await page.getByRole('link', { name: 'GTE small' }).click()
    expect(await details(page).getByRole('link', { name: 'Network page' }).count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it('is as usable in light and dark, at 1280 and 1920 pixels and at twice the size, and by keyboard', async () => {
    for (const [width, height] of [[1280, 800] as const, [1920, 1080] as const])
      for (const colorScheme of ['light', 'dark'] as const) {
        await using opened = await bench.open({ width, height, colorScheme })
        await visitAll(opened.page, async (name) => {
          await expectAccessible(opened.page)
          await capture(opened.page, `${name}-${colorScheme}-${width}`)
        })
        expect(opened.complaints).toEqual([])
      }
    // 1280 pixels at 200 % are 640 CSS pixels.
    await using narrow = await bench.open({ width: 640, height: 400 })
    await visitAll(narrow.page, async (name) => {
      await expectAccessible(narrow.page)
      const overflow = await narrow.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(overflow).toBeLessThanOrEqual(0)
      await capture(narrow.page, `${name}-narrow`)
    })

    await using opened = await openModels()
    const { page } = opened
    const [first, second] = await page.locator('[data-row-link]').allTextContents()
    await page.locator('[data-row-link]').first().focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await details(page)
      .getByRole('heading', { name: second ?? '', exact: true })
      .waitFor()
    await page.keyboard.press('p')
    await details(page)
      .getByRole('heading', { name: first ?? '', exact: true })
      .waitFor()
    await openPalette(page)
    await page.keyboard.type('qwen3 4b')
    await page.getByRole('option', { name: /Qwen3 4B/ }).waitFor()
    await page.keyboard.press('Enter')
    await details(page).getByRole('heading', { name: 'Qwen3 4B' }).waitFor()
  })

  async function openModels(id?: string) {
    const opened = await bench.open()
    await opened.page.getByRole('link', { name: 'Models', exact: true }).click()
    await opened.page.getByRole('region', { name: 'Models' }).waitFor()
    if (id) {
      await opened.page.getByRole('link', { name: id, exact: true }).click()
      await details(opened.page).waitFor()
    }
    return opened
  }

  async function visitAll(page: Page, look: (name: string) => Promise<void>): Promise<void> {
    await page.getByRole('navigation').first().waitFor()
    const places = [
      ['models', '#/models'],
      ['model', '#/models/nomic-embed-text-v1.5'],
      ['providers', '#/providers'],
      ['network', '#/network'],
    ] as const
    for (const [name, hash] of places) {
      await goTo(page, hash)
      await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor()
      await expect.poll(() => page.getByText(/^Reading /).count()).toBe(0)
      await look(name)
    }
  }

  /** What the page has no button for, over REST. */
  async function api<Answer>(method: string, path: string, body: unknown): Promise<Answer> {
    const { origin, hash } = new URL(bench.url)
    const response = await fetch(`${origin}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${hash.replace('#token=', '')}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(await response.text())
    return (await response.json()) as Answer
  }
})

const details = (page: Page): Locator => page.getByRole('complementary', { name: 'Model', exact: true })
const purpose = (dialog: Locator, name: RegExp): Locator => dialog.locator('label').filter({ hasText: name })
const row = (page: Page, name: RegExp): Locator => page.getByRole('row', { name })

/** As much of an Ollama server as a list of models takes. */
async function startOllama(): Promise<AsyncDisposable & { port: number }> {
  const server: Server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    if (request.url === '/api/tags')
      response.end(JSON.stringify({ models: [{ name: 'tiny:latest', model: 'tiny:latest' }] }))
    else response.writeHead(404).end('{"error":"not found"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

async function capture(page: Page, name: string): Promise<void> {
  if (screenshots) await page.screenshot({ path: join(root, screenshots, `${name}.png`) })
}
