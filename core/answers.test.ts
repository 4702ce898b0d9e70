import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AskEvent } from './contract/ask.ts'
import type { Pipeline } from './contract/pipeline.ts'
import { writeManifest } from './model-files/manifest.ts'
import { defaultPipeline } from './services/default-pipeline.ts'
import type { CollectionId } from './shared/ids.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'
import { writeScriptedGenerator, writeTinyGenerator } from './testing/tiny-models/gguf-models.ts'

/** Answers worded by real GGUF models in real workers: some write what a test gave them to write, one writes on and on. */
let test: TestApp
let collectionId: CollectionId

const question = 'What is the wave height limit for Fulmar?'
const fulmar = 'The wave height limit for Fulmar is 1.5 m.'

beforeAll(async () => {
  test = await openTestApp()
  await addModel('talker', (folder) => writeTinyGenerator(folder, { contextTokens: 4096 }))
  collectionId = (await test.client.collections.create({ name: 'Harbour' })).id
  const paths = [
    ['fulmar.md', `# Fulmar\n\n${fulmar} She carries twelve people.\n`],
    ['wool.md', '# Sheep\n\nSheep graze on the hill all year. Their wool is sold in Strandwick.\n'],
  ].map(async ([name = '', text = '']) => {
    const path = join(test.folder, name)
    await writeFile(path, text)
    return path
  })
  expect(await test.ingest(collectionId, ...(await Promise.all(paths)))).toMatchObject({ status: 'done' })
})
afterAll(() => test[Symbol.asyncDispose]())

async function addModel(id: string, write: (folder: string) => Promise<unknown>): Promise<void> {
  const folder = join(test.workspace, 'models', id)
  await write(folder)
  await writeManifest(folder, {
    id,
    kind: 'generator',
    format: 'gguf',
    label: id,
    licence: { id: 'MIT' },
    files: [{ path: 'model.gguf' }],
    languages: ['en'],
    use: 'Tests.',
    sources: [],
  })
}

function wordedBy(model: string, options: Record<string, unknown> = {}): Pipeline {
  return { ...defaultPipeline, generator: { id: 'llama', options: { model, ...options } } }
}

async function use(pipeline: Pipeline): Promise<void> {
  await test.client.collections.setPipeline({ collectionId, pipeline })
}

/** A model that writes this, in use. */
async function script(text: string): Promise<void> {
  const id = `script-${(scripts += 1)}`
  await addModel(id, (folder) => writeScriptedGenerator(folder, text))
  await use(wordedBy(id))
}
let scripts = 0

async function ask(more: { question?: string } = {}): Promise<AskEvent[]> {
  return Array.fromAsync(await test.client.ask.run({ collectionId, question, ...more }))
}

function end(events: readonly AskEvent[]): Extract<AskEvent, { type: 'ask-end' }> {
  const last = events.at(-1)
  if (last?.type !== 'ask-end') throw new Error('The answer has no end.')
  return last
}

describe('an answer worded by a local model', () => {
  it('cites the words that say it, in the order in which it is written', async () => {
    await script(`${fulmar} [1] Wool is sold in Strandwick [2].`)
    const events = await ask()
    const { answer, citations, unsupported, refused } = end(events)
    expect(answer).toBe(`${fulmar} [1] Wool is sold in Strandwick [2].`)
    expect(citations.map(({ marker, path, text }) => ({ marker, path, text }))).toEqual([
      { marker: 1, path: 'fulmar.md', text: fulmar },
      { marker: 2, path: 'wool.md', text: 'Their wool is sold in Strandwick.' },
    ])
    expect(unsupported).toEqual([])
    expect(refused).toBe(false)
    const streamed = events.map((event) => (event.type === 'answer-delta' ? event.text : '')).join('')
    expect(streamed).toBe(answer)
    const first = events.findIndex((event) => event.type === 'citation')
    expect(events.slice(first).some((event) => event.type === 'answer-delta')).toBe(true)
  })

  it('is checked when the pipeline is applied, and the model kept while it is used', async () => {
    await expect(use(wordedBy('nowhere'))).rejects.toMatchObject({ code: 'model-missing' })
    await expect(use(wordedBy(''))).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(use(wordedBy('static-256'))).rejects.toMatchObject({ code: 'model-invalid' })
    await expect(use(wordedBy('talker', { answerTokens: 1 }))).rejects.toMatchObject({ code: 'input-invalid' })
    await use(wordedBy('talker'))
    const { models } = await test.client.models.list()
    expect(models.find(({ manifest }) => manifest.id === 'talker')?.usedBy).toEqual([{ collectionId, name: 'Harbour' }])
    await expect(test.client.models.remove({ id: 'talker' })).rejects.toMatchObject({ code: 'model-in-use' })
  })
})
