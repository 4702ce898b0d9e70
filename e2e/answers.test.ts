/// <reference lib="dom" />
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Collection } from '../core/contract/collections.ts'
import { writeManifest } from '../core/model-files/manifest.ts'
import { writeScriptedGenerator } from '../core/testing/tiny-models/gguf-models.ts'
import { browserPath, expectAccessible, goTo, startWorkbench, type Workbench } from './workbench.ts'

const limit = 'The wave height limit for Fulmar is 1.5 m.'

describe.skipIf(!browserPath)('answers worded by a local model in a browser', () => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await startWorkbench()
    const folder = join(bench.workspace, 'models', 'tiny-writer')
    await writeScriptedGenerator(folder, `${limit} [1] Otters paint the pontoon in 1987 [8].`)
    await writeManifest(folder, {
      ...{ id: 'tiny-writer', kind: 'generator', format: 'gguf', label: 'Tiny writer', licence: { id: 'MIT' } },
      ...{ files: [{ path: 'model.gguf' }], languages: ['en'], use: 'Tests.', sources: [] },
    })
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  it('are chosen in the pipeline, cited, marked where no source says it, and read a whole document', async () => {
    const station = await api<Collection>('/collections', { name: 'Station' })
    const path = join(bench.workspace, 'fulmar.md')
    await writeFile(path, `# Fulmar\n\n${limit} She carries twelve people.\n`)
    await api('/ingest', { collectionId: station.id, paths: [path] })
    await using opened = await bench.open()
    const { page, complaints } = opened
    await goTo(page, '#/library')
    await page.locator('.collection-link').first().click()
    await page.getByRole('link', { name: 'Pipeline', exact: true }).click()
    const answers = page.getByRole('region', { name: 'Answers' })
    await answers.getByRole('button', { name: /Extractive/ }).click()
    await page.getByRole('option', { name: /Local model \(GGUF\)/ }).click()
    await answers.getByRole('button', { name: /Choose/ }).click()
    await page.getByRole('option', { name: /tiny-writer/ }).click()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Apply …' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Apply', exact: true }).click()
    await page.getByText('The settings are applied.').waitFor()

    await page.getByRole('link', { name: /^Ask/ }).first().click()
    const box = page.getByRole('textbox', { name: 'Question' })
    await box.fill('What is the wave height limit for Fulmar?')
    await box.press('Enter')
    await page
      .getByRole('button', { name: /^Citation 1: fulmar\.md/ })
      .first()
      .waitFor({ timeout: 60_000 })
    await page.getByRole('region', { name: 'Not supported by the sources' }).getByText('Otters paint').waitFor()
    await page.getByText('1 made-up citation taken out.').waitFor()
    await box.fill('Summarise this document.')
    await box.press('Enter')
    await page.getByText('Answered from the whole document.').waitFor({ timeout: 60_000 })
    await expectAccessible(page)
    expect(complaints).toEqual([])
  })

  async function api<Answer>(path: string, body: unknown): Promise<Answer> {
    const { origin, hash } = new URL(bench.url)
    const response = await fetch(`${origin}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${hash.replace('#token=', '')}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(await response.text())
    return (await response.json()) as Answer
  }
})
