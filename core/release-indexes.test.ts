import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import type { Pipeline } from './contract/pipeline.ts'
import type { ReleaseChoice } from './contract/releases.ts'
import { defaultPipeline } from './services/default-pipeline.ts'
import type { CollectionId, DocumentId, JobId } from './shared/ids.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'

const texts: Record<string, string> = {
  'boats.md':
    '# Boats\n\n## Fulmar\n\nFulmar stays in harbour when waves are higher than two metres. Her engine is serviced every 250 hours.\n\n## Petrel\n\nPetrel carries four people and a crane of half a ton.\n',
  'samples.md':
    '# Samples\n\n## Salt\n\nThe salinometer is calibrated with standard seawater every 24 samples.\n\n## Cold\n\nPlankton nets are rinsed with filtered water. Samples are frozen at minus eighty degrees.\n',
}
const small: Pipeline = {
  ...defaultPipeline,
  rules: [],
  chunker: { id: 'recursive', options: { maxTokens: 16, minTokens: 0 } },
}

/** A collection of two documents, and a release of its own making that can be pinned. */
async function openStation(pipeline: Pipeline = small, overrides: Parameters<typeof openTestApp>[0] = {}) {
  const test = await openTestApp(overrides)
  const { client } = test
  const { id: collectionId } = await client.collections.create({ name: 'station' })
  const folder = join(test.folder, 'docs')
  mkdirSync(folder)
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text)
  await test.ingest(collectionId, folder)
  const { line, draft } = await client.lines.create({ name: 'Small' })
  await client.releases.edit({ releaseId: draft.id, pipeline })
  test.app.services.releaseLibrary.makeCandidate(draft.id, null)
  const choice: ReleaseChoice = { kind: 'pinned', releaseId: draft.id }
  return { test, client, collectionId, folder, lineId: line.id, releaseId: draft.id, choice }
}

async function stateOf({ client }: TestApp, releaseId: string, collectionId: CollectionId) {
  const { indexes } = await client.releases.indexes({ releaseId, collectionIds: [collectionId] })
  return indexes[0]!
}

/** Until no job is at work or waits. */
async function settled({ client }: TestApp): Promise<void> {
  for await (const { jobs } of await client.jobs.watchActive()) if (jobs.length === 0) return
}

async function ask({ client }: TestApp, collectionIds: CollectionId[], release: ReleaseChoice, question: string) {
  return (await retrieved({ client }, collectionIds, release, question)).passages
}

async function retrieved(
  { client }: Pick<TestApp, 'client'>,
  collectionIds: CollectionId[],
  release: ReleaseChoice,
  question: string,
) {
  for await (const event of await client.ask.run({ collectionIds, question, release })) {
    if (event.type === 'retrieval-end') return event
  }
  throw new Error('Nothing was retrieved.')
}

const rowsOf = ({ app }: TestApp, id: CollectionId) => app.services.indexLibrary.all(id)

describe('the index of a release', () => {
  it('is the collection’s own where that is made alike', async () => {
    const { test, client, collectionId } = await openStation()
    await using _ = test
    const { lines } = await client.lines.list()
    const standard = lines.find(({ isStandard }) => isStandard)!
    const choice = { kind: 'production', lineId: standard.id } as const
    const { jobIds } = await client.releases.prepare({ owner: 'bot', choice, collectionIds: [collectionId] })
    expect(jobIds).toEqual([])
    const { id } = standard.production!
    expect(await stateOf(test, id, collectionId)).toMatchObject({ state: 'ready', waiting: 0, collection: 'station' })
    expect(rowsOf(test, collectionId)).toHaveLength(1)
    const passages = await ask(test, [collectionId], choice, 'When does Fulmar stay in harbour?')
    expect(passages[0]!.text).toContain('two metres')
  })

  it('is built beside by a job, answers with its own chunks, and leaves the collection’s alone', async () => {
    const { test, client, collectionId, releaseId, choice } = await openStation()
    await using _ = test
    const before = await client.collections.indexes({ collectionId })
    expect(await stateOf(test, releaseId, collectionId)).toMatchObject({ state: 'missing', waiting: 2 })
    // Until then the collection's own index is searched, and that is said.
    const meanwhile = await retrieved(test, [collectionId], choice, 'When does Fulmar stay in harbour?')
    expect(meanwhile.note).toContain('"station" has no index for release 1 of "Small" yet.')
    expect(meanwhile.passages[0]!.text).toContain('two metres')
    const { jobIds } = await client.releases.prepare({ owner: 'bot', choice, collectionIds: [collectionId] })
    expect(jobIds).toHaveLength(1)
    const job = await test.finished(jobIds[0]!)
    expect(job).toMatchObject({
      kind: 'release-index',
      status: 'done',
      label: 'Prepared "station" for release 1 of "Small"',
      progress: { done: 2, total: 2, unit: 'documents' },
    })
    expect(await stateOf(test, releaseId, collectionId)).toMatchObject({ state: 'ready', waiting: 0, jobId: null })
    expect(await client.collections.indexes({ collectionId })).toEqual(before)
    const { passages: own, note } = await retrieved(test, [collectionId], choice, 'When does Fulmar stay in harbour?')
    const chunks = rowsOf(test, collectionId).map(({ id }) => test.app.services.indexLibrary.countIn(id).chunks)
    expect(chunks[1]).toBeGreaterThan(chunks[0]!)
    expect(note).toBeNull()
    const { chunkId, documentId } = own[0]!
    const beside = rowsOf(test, collectionId)[1]!
    expect(test.app.services.indexLibrary.chunkIds(beside.id, documentId as DocumentId)).toContain(chunkId)
    // The same again has nothing to do.
    expect(await client.releases.prepare({ owner: 'bot', choice, collectionIds: [collectionId] })).toEqual({
      jobIds: [],
    })
  })

  it('follows the documents: added, changed, removed, edited', async () => {
    const { test, client, collectionId, releaseId, choice, folder } = await openStation()
    await using _ = test
    const { jobIds } = await client.releases.prepare({ owner: 'bot', choice, collectionIds: [collectionId] })
    await test.finished(jobIds[0]!)
    writeFileSync(join(folder, 'safety.md'), '# Safety\n\nWho misses a radio call is called again after ten minutes.\n')
    writeFileSync(join(folder, 'boats.md'), '# Boats\n\nFulmar is painted green every second spring.\n')
    rmSync(join(folder, 'samples.md'))
    await test.ingest(collectionId, folder)
    await settled(test)
    expect(await stateOf(test, releaseId, collectionId)).toMatchObject({ state: 'ready', waiting: 0 })
    const found = async (question: string) =>
      (await ask(test, [collectionId], choice, question)).map(({ text }) => text).join('\n')
    expect(await found('When is a missed radio call made again?')).toContain('ten minutes')
    expect(await found('How is Fulmar painted?')).toContain('green')
    const all = await found('How is the salinometer calibrated?')
    expect(all).not.toContain('standard seawater')

    const { documents } = await client.documents.list({ collectionId })
    const boats = documents.find(({ path }) => path.endsWith('boats.md'))!
    await client.chunks.setText({ documentId: boats.id, ordinal: 0, text: 'Fulmar is painted red now.' })
    await settled(test)
    expect(await stateOf(test, releaseId, collectionId)).toMatchObject({ state: 'ready', waiting: 0 })
    await client.documents.remove({ documentIds: [boats.id] })
    const [, beside] = rowsOf(test, collectionId)
    expect(test.app.services.indexLibrary.chunkIds(beside!.id, boats.id)).toEqual([])
  })

  it('is there as long as somebody asks', async () => {
    const { test, client, collectionId, choice } = await openStation()
    await using _ = test
    const prepare = (owner: string, collectionIds: CollectionId[]) =>
      client.releases.prepare({ owner, choice, collectionIds })
    await test.finished((await prepare('one', [collectionId])).jobIds[0]!)
    await prepare('two', [collectionId])
    await prepare('one', [])
    expect(rowsOf(test, collectionId)).toHaveLength(2)
    // Long after it was used, too.
    test.app.services.workspace.database.prepare('UPDATE indexes SET used_at = 1, created_at = 1').run()
    expect(test.app.services.collectionIndexes.dropUnused()).toBe(0)
    await prepare('two', [])
    expect(rowsOf(test, collectionId)).toHaveLength(1)
  })

  it('is built for a bot that is saved, and goes with it', async () => {
    const { test, client, collectionId, releaseId, choice } = await openStation()
    await using _ = test
    const settings = { name: 'Harbour', collectionIds: [collectionId], release: choice }
    const { id: botId } = await client.bots.create({ settings })
    await settled(test)
    expect(await stateOf(test, releaseId, collectionId)).toMatchObject({ state: 'ready' })
    expect((await client.bots.get({ botId })).problems).toEqual([])
    await expect(client.releases.discard({ releaseId })).rejects.toMatchObject({ code: 'input-invalid' })
    await client.bots.remove({ botId })
    expect(rowsOf(test, collectionId)).toHaveLength(1)
    expect(await client.releases.discard({ releaseId })).toEqual({ discarded: true })
  })

  it('outlives a change of the collection’s pipeline that retires it', async () => {
    const { test, client, collectionId, folder } = await openStation()
    await using _ = test
    const { lines } = await client.lines.list()
    const standard = lines.find(({ isStandard }) => isStandard)!
    const choice = { kind: 'production', lineId: standard.id } as const
    await client.releases.prepare({ owner: 'bot', choice, collectionIds: [collectionId] })
    const { jobId } = await client.collections.setPipeline({ collectionId, pipeline: small })
    await test.finished(jobId!)
    await client.collections.dropRetired({ collectionId })
    expect(rowsOf(test, collectionId).map(({ state }) => state)).toEqual(['retired', 'active'])
    writeFileSync(join(folder, 'safety.md'), '# Safety\n\nA missed radio call is made again after ten minutes.\n')
    await test.ingest(collectionId, folder)
    await settled(test)
    expect(await stateOf(test, standard.production!.id, collectionId)).toMatchObject({ state: 'ready', waiting: 0 })
    const passages = await ask(test, [collectionId], choice, 'When is a missed radio call made again?')
    expect(passages.map(({ text }) => text).join('\n')).toContain('ten minutes')
  })

  it('waits for the first documents', async () => {
    const { test, client, releaseId, choice, folder } = await openStation()
    await using _ = test
    const { id } = await client.collections.create({ name: 'new' })
    expect(await client.releases.prepare({ owner: 'bot', choice, collectionIds: [id] })).toEqual({ jobIds: [] })
    expect(await stateOf(test, releaseId, id)).toMatchObject({ state: 'ready', waiting: 0 })
    expect(await ask(test, [id], choice, 'Fulmar?')).toEqual([])
    await test.ingest(id, folder)
    await settled(test)
    expect(await stateOf(test, releaseId, id)).toMatchObject({ state: 'ready', waiting: 0 })
    expect((await ask(test, [id], choice, 'Which boat stays in harbour?')).length).toBeGreaterThan(0)
  })
})

describe('what goes wrong with the index of a release', () => {
  it('reads otherwise: says so, and others are asked without it', async () => {
    const cleaning = [{ id: 'urls', options: {} }]
    const { test, client, collectionId, releaseId, choice, folder } = await openStation({ ...small, cleaning })
    await using _ = test
    await expect(
      client.releases.prepare({ owner: 'bot', choice, collectionIds: [collectionId] }),
    ).rejects.toMatchObject({
      code: 'pipeline-mismatch',
      message: expect.stringContaining('"station"') as string,
    })
    expect(await stateOf(test, releaseId, collectionId)).toMatchObject({ state: 'reads-otherwise' })
    expect((await retrieved(test, [collectionId], choice, 'Fulmar?')).note).toContain('reads or cleans')

    const other = await client.collections.create({ name: 'other' })
    const alike = await client.collections.setPipeline({
      collectionId: other.id,
      pipeline: { ...defaultPipeline, cleaning },
    })
    if (alike.jobId) await test.finished(alike.jobId)
    await test.ingest(other.id, folder)
    const { jobIds } = await client.releases.prepare({ owner: 'two', choice, collectionIds: [other.id] })
    await test.finished(jobIds[0]!)
    const both = await retrieved(test, [collectionId, other.id], choice, 'When does Fulmar stay in harbour?')
    expect(both.note).toContain('"station"')
    expect(both.note).not.toContain('"other"')
  })

  it('has no model: the job says which, and it is built once the model is there', async () => {
    const { test, client, collectionId, choice, releaseId } = await openStation({
      ...small,
      embedder: { id: 'transformers', options: { model: 'not-here' } },
    })
    await using _ = test
    const { jobIds } = await client.releases.prepare({ owner: 'bot', choice, collectionIds: [collectionId] })
    const job = await test.finished(jobIds[0]!)
    expect(job).toMatchObject({ status: 'failed', error: { code: 'model-missing' } })
    expect(job.error!.message).toContain('not-here')
    expect(await stateOf(test, releaseId, collectionId)).toMatchObject({ state: 'missing', waiting: 2 })
    await expect(ask(test, [collectionId], choice, 'Fulmar?')).rejects.toMatchObject({ code: 'model-missing' })
  })

  it('takes no draft, no unknown release and no unknown collection', async () => {
    const { test, client, collectionId, choice, lineId } = await openStation()
    await using _ = test
    const draft = await client.releases.createDraft({ lineId, from: choice.kind === 'pinned' ? choice.releaseId : '' })
    const prepare = (given: Parameters<typeof client.releases.prepare>[0]['choice'], id: string = collectionId) =>
      client.releases.prepare({ owner: 'bot', choice: given, collectionIds: [id] })
    await expect(prepare({ kind: 'pinned', releaseId: draft.id })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(prepare({ kind: 'pinned', releaseId: 'rel_none' })).rejects.toMatchObject({ code: 'item-missing' })
    await expect(prepare(choice, 'col_none')).rejects.toMatchObject({ code: 'item-missing' })
  })

  it('is cancelled by a person, and its collection removed in the middle', async () => {
    const { test, client, collectionId, choice, releaseId } = await openStation()
    await using _ = test
    const many = join(test.folder, 'many')
    mkdirSync(many)
    for (let number = 0; number < 200; number += 1)
      writeFileSync(
        join(many, `${number}.md`),
        `# Note ${number}\n\n${texts['boats.md']} Number ${number}.\n`.repeat(4),
      )
    await test.ingest(collectionId, many)
    const first = await client.releases.prepare({ owner: 'bot', choice, collectionIds: [collectionId] })
    await client.jobs.cancel({ jobId: first.jobIds[0]! })
    expect(await client.jobs.get({ jobId: first.jobIds[0]! })).toMatchObject({ status: 'cancelled' })
    expect(await stateOf(test, releaseId, collectionId)).toMatchObject({ state: 'missing' })

    const again = await client.releases.prepare({ owner: 'bot', choice, collectionIds: [collectionId] })
    await working(test, again.jobIds[0]!)
    expect(await client.collections.remove({ collectionId })).toEqual({ removed: true })
    expect(rowsOf(test, collectionId)).toEqual([])
    await settled(test)
    const { database } = test.app.services.workspace
    expect(database.prepare('SELECT count(*) FROM release_indexes').pluck().get()).toBe(0)
    expect(database.prepare('SELECT count(*) FROM release_uses').pluck().get()).toBe(0)
    expect(database.pragma('foreign_key_check')).toEqual([])
  })

  it('is left half done: what was cut already and waits for its turn is not counted twice', async () => {
    const { test, client, collectionId, choice } = await openStation()
    await using _ = test
    const many = join(test.folder, 'many')
    mkdirSync(many)
    // The first one by its path takes long, and those after it are put in after it.
    writeFileSync(join(many, 'a.md'), `# All\n\n${texts['boats.md']} ${texts['samples.md']}\n`.repeat(2000))
    for (let number = 0; number < 30; number += 1)
      writeFileSync(join(many, `b${number}.md`), `# Note ${number}\n\n${texts['boats.md']} Number ${number}.\n`)
    await test.ingest(collectionId, many)
    const count = (await client.documents.list({ collectionId })).total
    const { jobIds } = await client.releases.prepare({ owner: 'bot', choice, collectionIds: [collectionId] })
    const jobId = jobIds[0]!
    for await (const event of await client.jobs.watch({ jobId }))
      if (event.type === 'progress' && /indexing: ([5-9]|\d\d)/.test(event.job.progress.label)) break
    const putIn = (database: Database): number =>
      database
        .prepare<[], number>(
          'SELECT count(DISTINCT document_id) FROM chunks WHERE index_id = (SELECT max(id) FROM indexes)',
        )
        .pluck()
        .get()!
    const before = putIn(test.app.services.workspace.database)
    await test.app[Symbol.asyncDispose]()
    await using second = await openTestApp({ dataFolder: test.workspace })
    await settled(second)
    const { progress } = await second.client.jobs.get({ jobId })
    expect(before).toBeLessThan(5)
    expect(putIn(second.app.services.workspace.database)).toBe(count)
    expect(progress).toMatchObject({ done: count, total: count, ready: count })
  })
})

/** Until the job has done at least one document. */
async function working({ client }: TestApp, jobId: JobId): Promise<void> {
  for await (const event of await client.jobs.watch({ jobId })) {
    if (event.type === 'progress' && event.job.progress.done > 0) return
  }
}
