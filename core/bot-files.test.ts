import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { strToU8, zipSync, type Zippable } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BotManifest } from './application/services/bot-manifest.ts'
import type { Bot } from './contract/bots.ts'
import { openZip } from './containers/zip.ts'
import { sha256 } from './shared/hash.ts'
import type { BotId, CollectionId } from './shared/ids.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'

let test: TestApp
let rules: CollectionId
let bot: Bot

beforeAll(async () => {
  test = await openTestApp()
  const folder = join(test.folder, 'rules')
  mkdirSync(folder)
  writeFileSync(join(folder, 'leave.md'), '# Leave\n\nEmployees have 30 days of annual leave.\n')
  writeFileSync(join(folder, 'gone.md'), '# Travel\n\nTrain journeys are booked in second class. Ümläute 🙂\n')
  rules = (await test.client.collections.create({ name: 'Rules' })).id
  await test.ingest(rules, folder)
  const settings = {
    name: 'Rules bot',
    tone: 'dry',
    greeting: 'Hello',
    collectionIds: [rules],
    starters: ['How many?'],
  }
  bot = await test.client.bots.create({ template: 'policy-assistant', settings })
})
afterAll(() => test[Symbol.asyncDispose]())

async function exported(botId: BotId, withDocuments: boolean, from = test) {
  const pieces: Buffer[] = []
  let name = ''
  let notes: string[] | undefined
  for await (const event of await from.client.bots.export({ botId, withDocuments })) {
    if (event.type === 'export-start') name = event.name
    if (event.type === 'export-piece') pieces.push(Buffer.from(event.base64, 'base64'))
    if (event.type === 'export-end') notes = event.notes
  }
  return { name, notes, bytes: Buffer.concat(pieces) }
}

async function imported(bytes: Uint8Array<ArrayBuffer> | Buffer, into = test) {
  const data = new Blob([new Uint8Array(bytes)])
  const { uploadId } = await into.client.ingest.upload({ path: 'bot.quarrybot', offset: 0, data, last: true })
  return into.client.bots.import({ uploadId })
}

async function manifestIn(bytes: Buffer): Promise<BotManifest> {
  await using archive = await openZip(bytes)
  return JSON.parse(Buffer.from(await archive.read('manifest.json', { maxBytes: 1e7 })).toString()) as BotManifest
}

describe('a bot as a file', () => {
  it('goes to another workspace with its settings, pipeline and documents, and answers there', async () => {
    const file = await exported(bot.id, true)
    expect(file.name).toBe('Rules bot.quarrybot')
    expect(file.notes).toEqual([])
    await using other = await openTestApp()
    const { bot: there, jobId, notes } = await imported(file.bytes, other)
    expect(notes).toEqual([])
    const {
      id: _id,
      collectionIds,
      release,
      conversations: _c,
      problems: _p,
      createdAt: _a,
      changedAt: _b,
      ...settings
    } = there
    expect(bot).toMatchObject(settings)
    // What new bots follow is the same pipeline here, and in production.
    expect(release.kind).toBe('production')
    await other.finished(jobId!)
    const { collections } = await other.client.collections.list()
    expect(collections).toMatchObject([{ id: collectionIds[0], name: 'Rules', documents: 2, ready: 2 }])
    const { documents } = await other.client.documents.list({ collectionId: collectionIds[0]! })
    expect(documents.map(({ path }) => path)).toEqual(['rules/gone.md', 'rules/leave.md'])
    const { id: conversationId } = await other.client.conversations.create({ botId: there.id })
    let answer = ''
    const text = 'How many days of annual leave are there?'
    for await (const event of await other.client.conversations.send({ conversationId, text })) {
      if (event.type === 'message-end') answer = event.answer.text
    }
    expect(answer).toContain('30 days')
    expect(uploadsIn(other)).toBe(2)
  })

  it('goes without documents, and says what it answered from', async () => {
    const { bytes } = await exported(bot.id, false)
    expect(bytes.toString('latin1')).not.toContain('annual leave')
    await using other = await openTestApp()
    const result = await imported(bytes, other)
    expect(result).toMatchObject({ jobId: null, bot: { collectionIds: [] } })
    expect(result.notes).toEqual([
      'The file has no documents. There the bot answered from "Rules" (2 documents). Choose collections in its settings.',
    ])
    expect(result.bot.problems.map(({ kind }) => kind)).toEqual(['no-collection'])
    expect(uploadsIn(other)).toBe(0)
  })

  it('comes beside what is there: names are kept apart, nothing is replaced', async () => {
    const { bytes } = await exported(bot.id, true)
    const first = await imported(bytes)
    const second = await imported(bytes)
    await test.finished(first.jobId!)
    await test.finished(second.jobId!)
    expect([first.bot.name, second.bot.name]).toEqual(['Rules bot (2)', 'Rules bot (3)'])
    const names = (await test.client.collections.list()).collections.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['Rules', 'Rules (2)', 'Rules (3)']))
    for (const { bot: made } of [first, second]) {
      await test.client.bots.remove({ botId: made.id })
      await test.client.collections.remove({ collectionId: made.collectionIds[0]! })
    }
  })

  it('holds the text of a document whose file is gone, and says so', async () => {
    await using here = await openTestApp()
    const path = join(here.folder, 'gone.md')
    const text = `# Travel\n\n${'Train journeys are booked in second class 🙂. '.repeat(20_000)}\n`
    writeFileSync(path, text)
    const { id } = await here.client.collections.create({ name: 'Gone' })
    await here.ingest(id, path)
    rmSync(path)
    const made = await here.client.bots.create({ settings: { name: 'Gone', collectionIds: [id], starters: [] } })
    const { bytes, notes } = await exported(made.id, true, here)
    expect(notes).toHaveLength(1)
    expect(notes![0]).toContain('"gone.md" is there as its text alone')
    const [document] = (await manifestIn(bytes)).collections[0]!.documents
    expect(document).toMatchObject({ path: 'gone.md.txt', content: 'text', sha256: sha256(text) })
    const { jobId, notes: told } = await imported(bytes, here)
    expect((await here.finished(jobId!)).status).toBe('done')
    expect(told[0]).toContain('text alone')
  })

  it('with a pipeline that is not here brings it as a draft', async () => {
    const { bytes } = await exported(bot.id, false)
    const manifest = await manifestIn(bytes)
    manifest.release = { ...manifest.release!, line: 'Theirs', number: 7 }
    manifest.release.pipeline.passages = 5
    const { bot: made, notes } = await imported(zipSync({ 'manifest.json': strToU8(JSON.stringify(manifest)) }))
    expect(made.release.kind).toBe('production')
    expect(notes[0]).toContain('Its pipeline (Theirs, release 7) is not one of the releases here.')
    expect(await drafts()).toMatchObject([{ stage: 'draft', pipeline: { passages: 5 } }])
    for (const { id } of await drafts()) await test.client.releases.discard({ releaseId: id })
    await test.client.bots.remove({ botId: made.id })
  })

  it('is imported from a place on this machine, too', async () => {
    const path = join(test.folder, 'a.quarrybot')
    writeFileSync(path, (await exported(bot.id, false)).bytes)
    const { bot: made } = await test.client.bots.import({ path })
    await test.client.bots.remove({ botId: made.id })
    await expect(test.client.bots.import({ path: 'a.quarrybot' })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(test.client.bots.import({ path: join(test.folder, 'none') })).rejects.toMatchObject({
      code: 'file-missing',
    })
  })
})

describe('a crafted file', () => {
  const content = strToU8('# A\n\nSome words.\n')
  const good = {
    path: 'a.md',
    sha256: sha256('# A\n\nSome words.\n'),
    bytes: content.length,
    member: 'documents/1/1.md',
    content: 'original',
  }
  type Change = (
    manifest: Record<string, unknown> & { bot: Record<string, unknown>; release: Record<string, unknown> },
  ) => void

  /** A file that is right but for what is changed in it. */
  async function crafted(
    change: Change,
    documents: object[] = [good],
    members: Zippable = { 'documents/1/1.md': content },
  ) {
    const manifest = structuredClone(await manifestIn((await exported(bot.id, false)).bytes)) as never
    Object.assign(manifest, { collections: [{ name: 'Theirs', description: '', count: 1, documents }] })
    change(manifest)
    return zipSync({ ...members, 'manifest.json': strToU8(JSON.stringify(manifest)) })
  }
  const none: Change = () => {}
  const document = (change: object) => crafted(none, [{ ...good, ...change }])

  it('is imported where nothing is wrong with it', async () => {
    const { bot: made, jobId } = await imported(await crafted(none))
    expect((await test.finished(jobId!)).status).toBe('done')
    await test.client.bots.remove({ botId: made.id })
    await test.client.collections.remove({ collectionId: made.collectionIds[0]! })
  })

  const files: Record<string, [code: string, make: () => Promise<Uint8Array>]> = {
    'no ZIP archive': ['file-corrupt', async () => strToU8('I am a bot')],
    'an archive without a list of contents': ['file-corrupt', async () => zipSync({ 'a.md': content })],
    'a list that is no JSON': ['file-corrupt', async () => zipSync({ 'manifest.json': strToU8('{') })],
    'a list that is deeper than can be read': [
      'file-corrupt',
      async () => zipSync({ 'manifest.json': strToU8('['.repeat(5_000_000)) }, { level: 0 }),
    ],
    'a list that is too large': [
      'file-too-large',
      async () => zipSync({ 'manifest.json': new Uint8Array(40_000_000).fill(32) }, { level: 0 }),
    ],
    'a list that unpacks to far more than it should': [
      'file-too-large',
      async () => zipSync({ 'manifest.json': new Uint8Array(30_000_000) }),
    ],
    'another format': ['file-corrupt', () => crafted((manifest) => (manifest.format = 'other'))],
    'a format of the future': ['input-invalid', () => crafted((manifest) => (manifest.version = 2))],
    'an implementation that nobody knows': [
      'implementation-unknown',
      () =>
        crafted(
          ({ release }) => ((release.pipeline as Record<string, unknown>).generator = { id: 'shell', options: {} }),
        ),
    ],
    'options that an implementation refuses': [
      'input-invalid',
      () =>
        crafted(
          ({ release }) =>
            ((release.pipeline as Record<string, unknown>).chunker = { id: 'recursive', options: { maxTokens: -5 } }),
        ),
    ],
    'a filter that is none': ['input-invalid', () => crafted(({ bot: settings }) => (settings.filter = 'type='))],
    'a name with control characters': [
      'file-corrupt',
      () => crafted(({ bot: settings }) => (settings.name = 'a\u0000b')),
    ],
    'a name of ten megabytes': [
      'file-corrupt',
      () => crafted(({ bot: settings }) => (settings.name = 'x'.repeat(10_000_000))),
    ],
    'settings of another form': ['file-corrupt', () => crafted(({ bot: settings }) => (settings.languages = 'all'))],
    'a path that leads out': ['file-corrupt', () => document({ path: '../../etc/passwd' })],
    'a path that leads out by backslashes': ['file-corrupt', () => document({ path: 'a\\..\\..\\b' })],
    'an absolute path': ['file-corrupt', () => document({ path: '/etc/passwd' })],
    'a path with a drive': ['file-corrupt', () => document({ path: 'C:\\windows\\a.md' })],
    'a path with control characters': ['file-corrupt', () => document({ path: 'a\nb.md' })],
    'a member that leads out': ['file-corrupt', () => document({ member: '../documents/1/1.md' })],
    'a member that is missing': ['file-corrupt', () => document({ member: 'documents/1/2.md' })],
    'a wrong hash': ['file-corrupt', () => document({ sha256: '0'.repeat(64) })],
    'a wrong size': ['file-corrupt', () => document({ bytes: 5 })],
    'two documents of one path': [
      'file-corrupt',
      () =>
        crafted(none, [good, { ...good, member: 'documents/1/2.md' }], {
          'documents/1/1.md': content,
          'documents/1/2.md': content,
        }),
    ],
    'two documents of one member': ['file-corrupt', () => crafted(none, [good, { ...good, path: 'b.md' }])],
    'a link in place of a document': [
      'file-corrupt',
      () =>
        crafted(none, [good], {
          'documents/1/1.md': [strToU8('/etc/passwd'), { os: 3, attrs: (0o120777 << 16) >>> 0 }],
        }),
    ],
    'a document that unpacks to far more than it should': [
      'file-too-large',
      () => {
        const zeros = new Uint8Array(50_000_000)
        return crafted(none, [{ ...good, bytes: zeros.length }], { 'documents/1/1.md': zeros })
      },
    ],
    'a good document before one with a wrong hash': [
      'file-corrupt',
      () =>
        crafted(none, [good, { ...good, path: 'b.md', member: 'documents/1/2.md', sha256: '0'.repeat(64) }], {
          'documents/1/1.md': content,
          'documents/1/2.md': content,
        }),
    ],
  }

  it.each(Object.entries(files))('%s is refused, and nothing is left behind', async (_name, [code, make]) => {
    const before = await everything()
    const error = await imported((await make()) as Uint8Array<ArrayBuffer>).then(
      () => undefined,
      (thrown: unknown) => thrown as Error & { code: string },
    )
    expect(error?.code, error?.message).toBe(code)
    expect(error?.message).toMatch(/[.!]$/)
    expect(error!.message.length).toBeLessThan(600)
    expect(await everything()).toEqual(before)
  })

  it('with markup in every name is imported as the words that it is', async () => {
    const name = '<img src=x onerror=alert(1)>'
    const bytes = await crafted((manifest) => {
      manifest.bot.name = name
      manifest.collections = [{ name, description: name, count: 1, documents: [{ ...good, path: `${name}.md` }] }]
    })
    const { bot: made, jobId } = await imported(bytes)
    expect(made.name).toBe(name)
    await test.finished(jobId!)
    await test.client.bots.remove({ botId: made.id })
    await test.client.collections.remove({ collectionId: made.collectionIds[0]! })
  })

  /** What an import may leave. The uploaded file itself goes as what was never used does. */
  async function everything() {
    const { database } = test.app.services.workspace
    const count = (table: string) => database.prepare(`SELECT count(*) FROM ${table}`).pluck().get()
    return {
      bots: (await test.client.bots.list()).bots.map(({ id }) => id),
      collections: (await test.client.collections.list()).collections.map(({ id }) => id),
      drafts: (await drafts()).map(({ id }) => id),
      documents: count('documents'),
      jobs: count('jobs'),
      uploads: database.prepare(`SELECT count(*) FROM uploads WHERE path <> 'bot.quarrybot'`).pluck().get(),
    }
  }
})

async function drafts() {
  const { lines } = await test.client.lines.list()
  const all = await Promise.all(lines.map(({ id }) => test.client.lines.get({ lineId: id })))
  return all.flatMap(({ releases }) => releases.filter(({ stage }) => stage === 'draft'))
}

function uploadsIn(app: TestApp): number {
  return readdirSync(app.app.services.workspace.filesFolder).length
}
