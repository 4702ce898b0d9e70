import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AskEvent } from './contract/ask.ts'
import { type Pipeline, pipelineSchema } from './contract/pipeline.ts'
import type { ReleaseChoice } from './contract/releases.ts'
import { indexFingerprint } from './services/collection-indexes.ts'
import { defaultPipeline } from './services/default-pipeline.ts'
import { withDefaults } from './services/pipelines.ts'
import { keyOf } from './services/search-space.ts'
import type { CollectionId, ReleaseId } from './shared/ids.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'

/** A pipeline that searches some of the documents alone, wherever something is found by it. */
let test: TestApp
/** The same three notes each, one of them a draft. */
let one: CollectionId
let two: CollectionId

const notes = {
  'tides.md':
    '# Tides\n\n## Reading the harbour gauge\n\nThe harbour gauge is read at noon. The tide table hangs in the shed.\n',
  'drafts/tides.md':
    '# Tides, a draft\n\n## Reading the harbour gauge\n\nThe harbour gauge is read at midnight. Nobody agreed to this.\n',
  'lamps.md':
    '# Lamps\n\n## Lighting the jetty lamp\n\nThe jetty lamp of the harbour is lit at dusk by the keeper, with a taper.\n',
}
const question = 'When is the harbour gauge read?'
const noDrafts = 'not path:drafts/**'

beforeAll(async () => {
  test = await openTestApp()
  const make = async (name: string): Promise<CollectionId> => {
    const { id } = await test.client.collections.create({ name })
    const folder = join(test.folder, name)
    mkdirSync(join(folder, 'drafts'), { recursive: true })
    for (const [path, text] of Object.entries(notes)) writeFileSync(join(folder, path), `${text}\nOf ${name}.\n`)
    await test.ingest(id, folder)
    return id
  }
  one = await make('one')
  two = await make('two')
})
afterAll(() => test[Symbol.asyncDispose]())
afterEach(async () => {
  for (const id of [one, two]) await setFilter(id, '')
})

async function pipelineOf(collectionId: CollectionId): Promise<Pipeline> {
  const { collections } = await test.client.collections.list()
  return collections.find(({ id }) => id === collectionId)!.pipeline
}
async function setFilter(collectionId: CollectionId, filter: string) {
  const pipeline = { ...(await pipelineOf(collectionId)), filter }
  return test.client.collections.setPipeline({ collectionId, pipeline })
}
async function ask(input: Omit<Parameters<TestApp['client']['ask']['run']>[0], 'question'> & { question?: string }) {
  const end = (await Array.fromAsync<AskEvent>(await test.client.ask.run({ question, ...input }))).at(-1)
  if (end?.type !== 'ask-end') throw new Error('The answer has no end.')
  const trace = await test.client.traces.get({ traceId: end.traceId })
  return { ...end, trace, paths: pathsOf(trace.passages) }
}
const pathsOf = (found: readonly { path: string }[]): string[] => [...new Set(found.map(({ path }) => path))].sort()
async function search(collectionId: CollectionId, filter?: string): Promise<string[]> {
  return pathsOf((await test.client.search.run({ collectionId, query: question, k: 10, filter })).results)
}
async function draftWith(filter: string): Promise<ReleaseId> {
  const { lines } = await test.client.lines.list()
  const pipeline = { ...(await pipelineOf(one)), filter }
  return (await test.client.releases.createDraft({ lineId: lines[0]!.id, pipeline })).id
}

describe("a pipeline's filter", () => {
  it('leaves documents out of searches and questions, within whatever these are narrowed to', async () => {
    expect(await search(one)).toContain('one/drafts/tides.md')
    await setFilter(one, noDrafts)
    expect(await search(one)).toEqual(['one/lamps.md', 'one/tides.md'])
    expect(await search(one, 'name=tides.md')).toEqual(['one/tides.md'])
    expect(await search(one, 'name=tides.md or name=lamps.md')).toEqual(['one/lamps.md', 'one/tides.md'])
    expect(await search(one, 'path:drafts/**')).toEqual([])
    const { answer, paths, trace, note } = await ask({ collectionIds: [one] })
    expect(answer).toContain('noon')
    expect(answer).not.toContain('midnight')
    expect({ paths, note }).toEqual({ paths: ['one/lamps.md', 'one/tides.md'], note: null })
    expect(trace.pipeline?.filter).toBe(noDrafts)
    const attributes = trace.spans.map((span) => span.attributes['quarry.pipeline.filter']).filter(Boolean)
    expect(attributes).toEqual([noDrafts])
    expect((await ask({ collectionIds: [one], filter: 'name=tides.md' })).paths).toEqual(['one/tides.md'])
  })

  it('says so where it leaves nothing of what is asked', async () => {
    await setFilter(one, noDrafts)
    const { documents } = await test.client.documents.list({ collectionId: one, filter: 'path:drafts/**' })
    const named = { collectionIds: [one], documentIds: [documents[0]!.id] }
    const sentence = `No document asked passes the pipeline's filter: ${noDrafts}.`
    expect(await ask(named)).toMatchObject({ refused: true, paths: [], note: sentence })
    await expect(ask({ ...named, scope: 'document' })).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringMatching(/^A whole document was asked for.* No document asked passes/) as string,
    })
    // Where a question itself leaves nothing, that is not the pipeline's doing.
    expect(await ask({ collectionIds: [one], filter: 'type=pdf' })).toMatchObject({ refused: true, note: null })
  })

  it('has one document read as a whole where it leaves one', async () => {
    await setFilter(one, 'name=tides.md and not path:drafts/**')
    const { passageMode, paths, answer } = await ask({ collectionIds: [one], question: 'Summarise this document.' })
    expect({ passageMode, paths }).toEqual({ passageMode: 'whole-document', paths: ['one/tides.md'] })
    expect(answer).not.toContain('midnight')
  })

  it('is that of each collection where several are asked, and that of the release where one is asked with', async () => {
    await setFilter(one, noDrafts)
    const both = await ask({ collectionIds: [one, two] })
    expect(both.paths).toContain('two/drafts/tides.md')
    expect(both.paths).not.toContain('one/drafts/tides.md')
    const attributes = both.trace.spans.flatMap((span) => span.attributes['quarry.pipeline.filter'] ?? [])
    expect(attributes).toEqual([`${one}: ${noDrafts}; ${two}: all documents`])
    await setFilter(two, 'name=lamps.md')
    expect((await ask({ collectionIds: [one, two] })).paths).toEqual(['one/lamps.md', 'one/tides.md', 'two/lamps.md'])
    const release: ReleaseChoice = { kind: 'pinned', releaseId: await draftWith('path:drafts/**') }
    const released = await ask({ collectionIds: [one, two], release })
    expect(released.paths).toEqual(['one/drafts/tides.md', 'two/drafts/tides.md'])
    expect(released.note).toBeNull()
  })

  it('counts for bots: what they answer from, and what they say that they answer from', async () => {
    const release: ReleaseChoice = { kind: 'pinned', releaseId: await draftWith(noDrafts) }
    const settings = { name: 'Keeper', collectionIds: [one], filter: 'name=tides.md', release }
    const bot = await test.client.bots.create({ settings })
    const { id: conversationId } = await test.client.conversations.create({ botId: bot.id })
    const say = async (text: string): Promise<string> => {
      const events = await Array.fromAsync(await test.client.conversations.send({ conversationId, text }))
      const end = events.find((event) => event.type === 'message-end')
      if (end?.type !== 'message-end') throw new Error('The message has no end.')
      return end.answer.text
    }
    const answer = await say(question)
    expect(answer).toContain('noon')
    expect(answer).not.toContain('midnight')
    expect(await say('Which documents do you have?')).toMatch(/^I answer from 1 document:/)
    const { total } = await test.client.documents.list({ collectionId: one, releaseId: release.releaseId })
    expect(total).toBe(2)
  })

  it('is of what a question is asked again with', async () => {
    const { traceId } = await ask({ collectionIds: [one], filter: 'name=tides.md' })
    const pipeline = { ...(await pipelineOf(one)), filter: noDrafts }
    const again = async (kind: 'pipeline' | 'collection'): Promise<string[]> => {
      const choice = kind === 'pipeline' ? { kind, pipeline } : { kind }
      const events = await Array.fromAsync<AskEvent | { type: 'progress' }>(
        await test.client.traces.replay({ traceId, with: choice }),
      )
      const found = events.find((event) => event.type === 'retrieval-end')
      return found?.type === 'retrieval-end' ? pathsOf(found.passages) : []
    }
    expect(await again('pipeline')).toEqual(['one/tides.md'])
    expect(await again('collection')).toEqual(['one/drafts/tides.md', 'one/tides.md'])
  })

  it('has questions to begin with proposed of what is left', async () => {
    await setFilter(one, 'name=lamps.md')
    const { questions } = await test.client.bots.proposeStarters({ collectionIds: [one], count: 4 })
    expect(questions.length).toBeGreaterThan(0)
    expect(questions.join(' ')).toMatch(/lamp/i)
    expect(questions.join(' ')).not.toMatch(/gauge/i)
  })

  it('has no effect on the one text that is open in the chunk lab', async () => {
    await setFilter(one, 'type=pdf')
    const source = { kind: 'text', text: notes['tides.md'] } as const
    const { labId } = await test.client.lab.open({ source, collectionId: one })
    const chunkers = [{ id: 'recursive', options: {} }]
    const { columns } = await test.client.lab.retrieve({ labId, chunkers, question, k: 3 })
    expect(columns[0]!.hits.length).toBeGreaterThan(0)
  })

  it('that cannot be read is refused, with what is wrong where, and changes nothing', async () => {
    const refusal = {
      code: 'input-invalid',
      message: expect.stringMatching(
        /^The pipeline's filter "type=pdf and year>" cannot be read at character 19\. Expected a value after "year>"/,
      ) as string,
    }
    const bad = 'type=pdf and year>'
    await expect(setFilter(one, bad)).rejects.toMatchObject(refusal)
    expect((await pipelineOf(one)).filter).toBe('')
    await expect(draftWith(bad)).rejects.toMatchObject(refusal)
    const { traceId } = await ask({ collectionIds: [one] })
    const pipeline = { ...(await pipelineOf(one)), filter: bad }
    const replay = async () =>
      Array.fromAsync(await test.client.traces.replay({ traceId, with: { kind: 'pipeline', pipeline } }))
    await expect(replay()).rejects.toMatchObject(refusal)
  })

  it('belongs to the ask half: no index is made for it, none is another one by it', async () => {
    const { indexes: before } = await test.client.collections.indexes({ collectionId: one })
    expect(await setFilter(one, `  ${noDrafts}  `)).toMatchObject({ jobId: null })
    expect((await pipelineOf(one)).filter).toBe(noDrafts)
    expect((await test.client.collections.indexes({ collectionId: one })).indexes).toEqual(before)
    const filtered = { ...defaultPipeline, filter: noDrafts }
    expect(indexFingerprint(filtered, 'model')).toBe(indexFingerprint(defaultPipeline, 'model'))
    // What was stored before there were filters is what has none now.
    const { filter: _, ...older } = defaultPipeline
    expect(withDefaults(pipelineSchema.parse(older))).toEqual(withDefaults(defaultPipeline))
    expect(keyOf(pipelineSchema.parse(older))).toBe(keyOf(defaultPipeline))
    expect(keyOf(filtered)).not.toBe(keyOf(defaultPipeline))
  })
})
