import { cpSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Collection } from './contract/collections.ts'
import type { Document } from './contract/documents.ts'
import type { Job } from './contract/jobs.ts'
import type { Source, SourceOptions } from './contract/sources.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'

/** Sources on a real workspace: what a sync finds, keeps, takes over and takes out. */
let test: TestApp
let collection: Collection
let root: string
let round = 0

beforeAll(async () => {
  test = await openTestApp()
})
afterAll(() => test[Symbol.asyncDispose]())
beforeEach(async () => {
  round += 1
  collection = await test.client.collections.create({ name: `Sources ${round}` })
  root = join(test.folder, `round-${round}`)
  mkdirSync(root)
})

function write(name: string, text: string): string {
  const path = join(root, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}
async function add(options: Partial<SourceOptions> = {}, location = root): Promise<{ source: Source; job: Job }> {
  const { source, jobId } = await test.client.sources.add({ collectionId: collection.id, location, options })
  return { source, job: await test.finished(jobId) }
}
async function sync(more: { verify?: boolean; allowEmpty?: boolean } = {}): Promise<Job> {
  const { jobId } = await test.client.sources.sync({ collectionId: collection.id, ...more })
  return test.finished(jobId)
}
async function documents(): Promise<Document[]> {
  return (await test.client.documents.list({ collectionId: collection.id })).documents
}
async function paths(): Promise<string[]> {
  return (await documents()).map((document) => document.path)
}
async function found(query: string): Promise<string[]> {
  const { results } = await test.client.search.run({ collectionId: collection.id, query, mode: 'text', k: 20 })
  return [...new Set(results.map((result) => result.path))]
}
async function source(): Promise<Source> {
  const { sources } = await test.client.sources.list({ collectionId: collection.id })
  return sources[0] as Source
}
/** Index rows that belong to nothing, or miss what they should have. */
function orphans(): Record<string, number> {
  const { database } = test.app.services.workspace
  const count = (sql: string): number => database.prepare<[], number>(sql).pluck().get() ?? 0
  const result: Record<string, number> = {
    chunks: count(
      'SELECT count(*) FROM chunks k WHERE NOT EXISTS (SELECT 1 FROM documents d WHERE d.id = k.document_id)',
    ),
    versions: count(
      'SELECT count(*) FROM document_versions v JOIN documents d ON d.id = v.document_id WHERE v.number <> d.version',
    ),
  }
  for (const { id } of test.app.services.indexLibrary.all(collection.id)) {
    result[`members ${id}`] = count(
      `SELECT count(*) FROM index_${id}_members m WHERE NOT EXISTS (SELECT 1 FROM chunks k WHERE k.id = m.chunk_id)`,
    )
    result[`missing ${id}`] = count(
      `SELECT count(*) FROM chunks k WHERE k.index_id = ${id} AND k.disabled = 0
       AND NOT EXISTS (SELECT 1 FROM index_${id}_members m WHERE m.chunk_id = k.id)`,
    )
    result[`vectors ${id}`] = count(
      `SELECT abs((SELECT count(*) FROM index_${id}_vectors) - (SELECT count(*) FROM index_${id}_members WHERE has_vector = 1))`,
    )
  }
  return Object.fromEntries(Object.entries(result).filter(([, rows]) => rows > 0))
}

describe('a folder as a source', () => {
  it('takes over what was added, changed and removed, and leaves the rest alone', async () => {
    write('kelp.md', '# Kelp\n\nThe kelp grows in the bay.\n')
    write('gulls.md', '# Gulls\n\nThe gulls breed on cliffs.\n')
    write('seals.md', '# Seals\n\nThe seals rest on the rocks.\n')
    expect((await add()).job.progress).toMatchObject({ ready: 3, added: 3, failed: 0 })
    const before = await documents()

    write('kelp.md', '# Kelp\n\nThe kelp has moved to the lagoon.\n')
    write('deep/terns.md', '# Terns\n\nTerns arrive in May.\n')
    rmSync(join(root, 'gulls.md'))
    const job = await sync()
    expect(job.status).toBe('done')
    expect(job.progress).toMatchObject({ added: 1, changed: 1, removed: 1, unchanged: 1, failed: 0 })
    expect(job.label).toMatch(/^Synced "/)
    const counts = { added: 1, changed: 1, removed: 1, unchanged: 1, failed: 0, waiting: 0 }
    expect((await source()).result).toEqual({ ...counts, jobId: job.id })
    expect(await found('lagoon')).toEqual([`round-${round}/kelp.md`])
    expect(await found('gulls')).toEqual([])
    const after = await documents()
    const seals = (list: Document[]) => list.find((document) => document.name === 'seals.md')
    expect(seals(after)).toEqual(seals(before))
    expect(orphans()).toEqual({})
  })

  it('reads nothing where nothing has changed, unless told to verify', async () => {
    write('a.md', 'Alpha text of this file.')
    await add()
    expect((await sync()).progress).toMatchObject({ ready: 0, unchanged: 1 })
    const times = new Date(Date.now() - 5000)
    // The same size and time with other content is what `verify` is for.
    writeFileSync(join(root, 'a.md'), 'Omega text of this file.')
    const { modifiedAt } = (await documents())[0] as Document
    utimesSync(join(root, 'a.md'), times, (modifiedAt ?? 0) / 1000)
    expect((await sync()).progress).toMatchObject({ ready: 0, unchanged: 1 })
    expect((await sync({ verify: true })).progress).toMatchObject({ changed: 1 })
    expect(await found('omega')).toHaveLength(1)
  })

  it('keeps the document, its chunks and its tags when a file is renamed or moved', async () => {
    write('report.md', '# Report\n\nThe lighthouse was painted white.\n')
    await add()
    const [before] = await documents()
    await test.client.documents.tag({ documentIds: [before!.id], add: ['keep'] })
    mkdirSync(join(root, 'archive'))
    renameSync(join(root, 'report.md'), join(root, 'archive', 'old report.md'))
    const job = await sync()
    expect(job.progress).toMatchObject({ added: 0, removed: 0, unchanged: 1 })
    const [after, ...others] = await documents()
    expect(others).toEqual([])
    expect(after).toMatchObject({
      id: before!.id,
      version: before!.version,
      path: `round-${round}/archive/old report.md`,
      tags: ['keep'],
    })
    expect(await found('lighthouse')).toEqual([`round-${round}/archive/old report.md`])
    expect(orphans()).toEqual({})
  })

  it('makes one document with two paths of identical content, and two of it when one changes', async () => {
    write('one.md', 'The very same words stand here.')
    write('two.md', 'The very same words stand here.')
    await add()
    const [only, ...others] = await documents()
    expect(others).toEqual([])
    expect([only!.path, ...only!.otherPaths].toSorted()).toEqual([`round-${round}/one.md`, `round-${round}/two.md`])
    expect(await found('very same words')).toHaveLength(1)

    writeFileSync(join(root, only!.name), 'Now these words are different ones.')
    expect((await sync()).progress).toMatchObject({ failed: 0, removed: 0 })
    expect(await paths()).toEqual([`round-${round}/one.md`, `round-${round}/two.md`])
    expect(await found('different')).toEqual([only!.path])
    expect(await found('very same')).toHaveLength(1)
    writeFileSync(join(root, only!.name), 'The very same words stand here.')
    await sync()
    expect(await documents()).toHaveLength(1)
    expect(await found('different')).toEqual([])
    expect(orphans()).toEqual({})
  })

  it('takes a folder that is gone or empty for an error, and deletes nothing', async () => {
    write('a.md', 'Alpha words.')
    write('b/c.md', 'Gamma words.')
    await add()
    renameSync(root, `${root}-away`)
    const gone = await sync()
    expect(gone.progress).toMatchObject({ removed: 0, failed: 1 })
    expect((await source()).error).toMatchObject({ code: 'file-missing' })
    expect(await documents()).toHaveLength(2)
    mkdirSync(root)
    expect((await sync()).progress).toMatchObject({ removed: 0, failed: 1 })
    expect((await source()).error?.message).toMatch(/is empty, although 2 documents/)
    expect(await found('gamma')).toHaveLength(1)
    expect((await sync({ allowEmpty: true })).progress).toMatchObject({ removed: 2, failed: 0 })
    expect(await documents()).toEqual([])
    expect(orphans()).toEqual({})
  })

  it('obeys globs and takes out what is excluded later', async () => {
    write('a.md', 'Alpha words.')
    write('drafts/b.md', 'Beta words.')
    const { source: added } = await add({ exclude: ['**/*.tmp'] })
    expect(await paths()).toHaveLength(2)
    await test.client.sources.update({ sourceId: added.id, options: { exclude: ['drafts/**'] } })
    await sync()
    expect(await paths()).toEqual([`round-${round}/a.md`])
  })

  it('lets new files wait for approval where it is asked to', async () => {
    write('a.md', 'Alpha words.')
    await add({ review: true })
    expect(await documents()).toMatchObject([{ status: 'waiting', chunks: 0 }])
    write('b.md', 'Beta words.')
    expect((await sync()).progress).toMatchObject({ ready: 0 })
    expect((await source()).result).toMatchObject({ waiting: 2 })
    const [first, second] = await documents()
    const { jobId } = await test.client.documents.review({
      collectionId: collection.id,
      documentIds: [first!.id],
      approve: true,
    })
    await test.finished(jobId!)
    await test.client.documents.review({ collectionId: collection.id, documentIds: [second!.id], approve: false })
    expect(await documents()).toMatchObject([{ name: 'a.md', status: 'ready' }])
    await sync()
    expect(await paths()).toEqual([`round-${round}/a.md`])
    // What was turned away asks again when it has become another file.
    write('b.md', 'Beta words, rewritten.')
    await sync()
    expect(await documents()).toMatchObject([{ name: 'a.md' }, { name: 'b.md', status: 'waiting' }])
  })

  it('tries what fails for a lasting reason only once, until the file changes', async () => {
    write('broken.pdf', '%PDF-1.7 this is none')
    expect((await add()).job.progress).toMatchObject({ failed: 1 })
    const { jobId } = await test.client.sources.sync({ collectionId: collection.id })
    const events = await Array.fromAsync(await test.client.jobs.watch({ jobId }))
    expect(events.filter((event) => event.type === 'document-end')).toEqual([])
    expect((await source()).result).toMatchObject({ failed: 1, added: 0 })
    write('broken.pdf', 'Now it is text.')
    expect((await sync()).progress).toMatchObject({ ready: 1, failed: 0 })
  })

  it('removes its documents with it, or leaves them', async () => {
    write('a.md', 'Alpha words.')
    const { source: added } = await add()
    await test.client.sources.remove({ sourceId: added.id, keepDocuments: true })
    expect(await documents()).toMatchObject([{ sourceId: null }])
    const again = await add()
    expect(again.job.progress).toMatchObject({ failed: 0 })
    expect(await documents()).toMatchObject([{ sourceId: again.source.id }])
    expect(await test.client.sources.remove({ sourceId: again.source.id })).toEqual({ removed: 1 })
    expect(await documents()).toEqual([])
    expect(orphans()).toEqual({})
  })
})

describe('archives and attachments', () => {
  it('reads a ZIP archive as a folder and follows its changes', async () => {
    const archive = join(root, 'papers.zip')
    writeFileSync(archive, zipSync({ 'a.md': strToU8('Alpha words.'), 'deep/b.md': strToU8('Beta words.') }))
    const { job, source: added } = await add({}, archive)
    expect([added.kind, job.progress.ready]).toEqual(['zip', 2])
    expect(await paths()).toEqual(['papers.zip/a.md', 'papers.zip/deep/b.md'])
    writeFileSync(archive, zipSync({ 'deep/b.md': strToU8('Beta words.'), 'c.md': strToU8('Gamma words.') }))
    expect((await sync()).progress).toMatchObject({ added: 1, removed: 1, unchanged: 1 })
    expect(await found('gamma')).toEqual(['papers.zip/c.md'])
    expect(orphans()).toEqual({})
  })

  it('makes documents of what is attached to a message, and lets them go with it', async () => {
    const attached = (name: string, text: string): string =>
      `--b\r\nContent-Type: text/plain; name="${name}"\r\nContent-Disposition: attachment; filename="${name}"\r\n\r\n${text}\r\n`
    const message = (...parts: string[]): string =>
      `From: ada@example.org\r\nTo: ben@example.org\r\nSubject: Tide tables\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the tables attached.\r\n${parts.join('')}--b--\r\n`
    write(
      'mail.eml',
      message(attached('tides.txt', 'High water at noon.'), attached('wind.txt', 'Gale from the west.')),
    )
    expect((await add()).job.progress).toMatchObject({ ready: 3, failed: 0 })
    const list = await documents()
    expect(list.map(({ path }) => path)).toEqual([
      `round-${round}/mail.eml`,
      `round-${round}/mail.eml/tides.txt`,
      `round-${round}/mail.eml/wind.txt`,
    ])
    expect(list[1]!.parentId).toBe(list[0]!.id)
    expect(list[0]!.metadata).toMatchObject({ from: expect.stringContaining('ada@example.org') as string })
    expect(await found('gale')).toEqual([`round-${round}/mail.eml/wind.txt`])

    write('mail.eml', message(attached('tides.txt', 'High water at noon.')))
    await sync()
    expect(await paths()).toEqual([`round-${round}/mail.eml`, `round-${round}/mail.eml/tides.txt`])
    renameSync(join(root, 'mail.eml'), join(root, 'letter.eml'))
    await sync()
    expect(await paths()).toEqual([`round-${round}/letter.eml`, `round-${round}/letter.eml/tides.txt`])
    expect(await found('high water')).toEqual([`round-${round}/letter.eml/tides.txt`])
    write('other.md', 'So that the folder is not empty.')
    rmSync(join(root, 'letter.eml'))
    await sync()
    expect(await paths()).toEqual([`round-${round}/other.md`])
    expect(orphans()).toEqual({})
  })
})

describe('files named one by one', () => {
  it('are one source, and a missing one is told and keeps its text', async () => {
    const first = write('a.md', 'Alpha words.')
    await test.ingest(collection.id, first, write('b.md', 'Beta words.'))
    expect((await test.client.sources.list({ collectionId: collection.id })).sources).toMatchObject([
      { kind: 'files', documents: 2 },
    ])
    rmSync(first)
    expect((await sync()).progress).toMatchObject({ failed: 1, unchanged: 1 })
    expect(await documents()).toMatchObject([
      { name: 'a.md', status: 'failed', reason: { code: 'file-missing' }, stale: true },
      { name: 'b.md', status: 'ready' },
    ])
    expect(await found('alpha')).toEqual(['a.md'])
    cpSync(join(root, 'b.md'), first)
    await sync()
    expect(await found('alpha')).toEqual([])
  })
})

describe('live sources', () => {
  it('take over changes by themselves', { timeout: 60_000 }, async () => {
    await using live = await openTestApp({ watchSources: true })
    const folder = join(live.folder, 'live')
    mkdirSync(folder)
    writeFileSync(join(folder, 'a.md'), 'Alpha words.')
    const { id: collectionId } = await live.client.collections.create({ name: 'Live' })
    const options = { schedule: { kind: 'live' as const, pollMinutes: 60 } }
    const { jobId } = await live.client.sources.add({ collectionId, location: folder, options })
    await live.finished(jobId)
    const names = async (): Promise<string[]> =>
      (await live.client.documents.list({ collectionId })).documents.map((document) => document.name)
    mkdirSync(join(folder, 'new'))
    writeFileSync(join(folder, 'new', 'b.md'), 'Beta words.')
    await expect.poll(names, { timeout: 25_000, interval: 200 }).toEqual(['a.md', 'b.md'])
    rmSync(join(folder, 'a.md'))
    await expect.poll(names, { timeout: 25_000, interval: 200 }).toEqual(['b.md'])
  })

  it('are looked through by their schedule', { timeout: 60_000 }, async () => {
    await using app = await openTestApp({ watchSources: true })
    const folder = join(app.folder, 'hourly')
    mkdirSync(folder)
    writeFileSync(join(folder, 'a.md'), 'Alpha words.')
    const { id: collectionId } = await app.client.collections.create({ name: 'Hourly' })
    const options = { schedule: { kind: 'every' as const, hours: 1 } }
    const { jobId, source: added } = await app.client.sources.add({ collectionId, location: folder, options })
    await app.finished(jobId)
    const { sources } = await app.client.sources.list({ collectionId })
    expect(sources[0]!.dueAt).toBeGreaterThan(Date.now() + 3_500_000)
    // As if the machine had slept for an hour.
    const { database } = app.app.services.workspace
    database.prepare('UPDATE sources SET synced_at = synced_at - 3600001 WHERE id = ?').run(added.id)
    writeFileSync(join(folder, 'b.md'), 'Beta words.')
    const count = async (): Promise<number> => (await app.client.documents.list({ collectionId })).total
    await expect.poll(count, { timeout: 25_000, interval: 200 }).toBe(2)
  })
})
