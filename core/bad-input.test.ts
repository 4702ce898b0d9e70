import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AskEvent } from './contract/ask.ts'
import type { DocumentStatus } from './contract/documents.ts'
import { openWorkspace } from './database/open-workspace.ts'
import type { CollectionId } from './shared/ids.ts'
import { temporaryFolder } from './shared/temporary-folder.ts'
import { copyDemoCorpus, demoCorpus, openTestApp, projectRoot, type TestApp } from './testing/test-app.ts'

/** Everything a disk, a person or another program can do to it; through the contract, with the real parts. */
const isRoot = process.getuid?.() === 0

describe('bad files', () => {
  let test: TestApp
  beforeAll(async () => {
    test = await openTestApp({ maximumFileBytes: 2_000_000 })
  })
  afterAll(() => test[Symbol.asyncDispose]())

  it('are each refused for what they are, while everything else goes on', async () => {
    const folder = newFolder(test)
    const file = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, name), content)
    const pdf = readFileSync(join(demoCorpus, findDemo('.pdf')))
    const docx = readFileSync(join(demoCorpus, findDemo('.docx')))
    const noise = Uint8Array.from({ length: 5000 }, (_, index) => (index * 7919) % 251)
    file('good.md', '# Kelp\n\nThe kelp survey takes place in June.')
    file('pdf-called.txt', pdf)
    file('empty.txt', '')
    file('blank.md', ' \n\n \t')
    file('corrupt.pdf', '%PDF-1.7\nthis is no PDF')
    file('truncated.docx', docx.subarray(0, docx.length / 2))
    file('encrypted.docx', oleFile('EncryptedPackage'))
    file('binary.txt', noise)
    file('text-called.pdf', 'This is plain text about kelp, and only its name is wrong.')
    file('picture.md', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'))
    file('huge.txt', 'x')
    truncateSync(join(folder, 'huge.txt'), 200_000_000)

    const { id } = await test.client.collections.create({ name: folder })
    const job = await test.ingest(id, folder)
    expect(job).toMatchObject({ status: 'done', progress: { done: 11, total: 11 } })
    const outcomes = await outcomesOf(test, id)
    expect(outcomes).toEqual({
      'good.md': 'ready',
      'pdf-called.txt': 'ready',
      'text-called.pdf': 'ready',
      'empty.txt': 'file-empty',
      'blank.md': 'file-empty',
      'corrupt.pdf': 'file-corrupt',
      'truncated.docx': 'file-corrupt',
      'encrypted.docx': 'file-encrypted',
      'binary.txt': 'type-unsupported',
      'picture.md': 'file-corrupt',
      'huge.txt': 'file-too-large',
    } satisfies Record<string, string>)
    const { documents } = await test.client.documents.list({ collectionId: id, status: 'failed' })
    const huge = documents.find(({ name }) => name === 'huge.txt')
    expect(huge?.reason).toMatchObject({ details: { size: 200_000_000, limit: 2_000_000 } })
    expect(huge?.reason?.message).toMatch(/200 MB.*2\.0 MB/)
    for (const { name, reason } of documents) expect(reason?.message, name).toMatch(/\.$/)
    expect((await search(test, id, 'kelp survey')).length).toBeGreaterThan(0)
  })

  it('that disappear while they wait fail as missing', async () => {
    const folder = newFolder(test)
    manyFiles(folder, 60)
    const { id } = await test.client.collections.create({ name: folder })
    const { jobId } = await test.client.ingest.start({ collectionId: id, paths: [folder] })
    await until(test, id, 'ready', 3)
    for (let index = 50; index < 60; index += 1) rmSync(join(folder, `${index}.txt`))
    expect(await test.finished(jobId)).toMatchObject({ status: 'done', progress: { done: 60, failed: 10, ready: 50 } })
    const failed = Object.values(await outcomesOf(test, id)).filter((outcome) => outcome !== 'ready')
    expect(new Set(failed)).toEqual(new Set(['file-missing']))
    expectWhole(test.app.services.workspace.database)
  })

  it('with hostile names are named without harm and found', async () => {
    const folder = newFolder(test)
    const names = [
      'two\nlines.txt',
      '\u001b[2J\u001b]0;owned\u0007.txt',
      '\u202egpj.txt',
      `${'n'.repeat(250)}.txt`,
      '-rf.txt',
      `"quoted' $(touch x) \`y\`.txt`,
      '🚢🌊.txt',
      '<img src=x onerror=alert(1)>.txt',
      'C:\\windows.txt',
    ]
    for (const [index, name] of names.entries()) writeFileSync(join(folder, name), `Kelp in file ${index} of its own.`)
    const { id } = await test.client.collections.create({ name: folder })
    expect(await test.ingest(id, folder)).toMatchObject({ progress: { ready: names.length, failed: 0 } })
    const found = await search(test, id, 'kelp', 100)
    expect(found.map(({ document }) => document).sort()).toEqual([...names].sort())
  })

  it.skipIf(process.platform !== 'linux')('whose name is no text at all say so, instead of "not there"', async () => {
    const folder = newFolder(test)
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9]), Buffer.from('.txt')]), 'Kelp.')
    writeFileSync(join(folder, 'good.txt'), 'Kelp.')
    const { id } = await test.client.collections.create({ name: folder })
    const { jobId } = await test.client.ingest.start({ collectionId: id, paths: [folder] })
    const reasons = []
    for await (const event of await test.client.jobs.watch({ jobId })) {
      if (event.type === 'document-end' && event.reason) reasons.push(event.reason)
    }
    expect(reasons).toMatchObject([{ code: 'file-unreadable', message: expect.stringContaining('UTF-8') as string }])
    expect(await test.client.jobs.get({ jobId })).toMatchObject({ progress: { ready: 1, failed: 1 } })
  })

  it('with hostile HTML leave no script behind', async () => {
    const folder = newFolder(test)
    const html = `<html><head><title>Kelp<script>alert('title')</script></title><style>p{}</style></head>
      <body onload="alert('load')"><h1>Kelp</h1><p onclick="alert('click')">The survey of kelp is in June, they say, and
      <a href="javascript:alert('href')">the boats</a> go out at eight.</p><script>alert('body')</script>
      <svg><script>alert('svg')</script></svg><noscript><img src=x onerror="alert('noscript')"></noscript>
      <iframe srcdoc="<script>alert('frame')</script>"></iframe><template><script>alert('template')</script></template>
      <!-- <script>alert('comment')</script> --></body></html>`
    writeFileSync(join(folder, 'page.html'), html)
    const { id } = await test.client.collections.create({ name: folder })
    expect(await test.ingest(id, folder)).toMatchObject({ progress: { ready: 1 } })
    const { documents } = await test.client.documents.list({ collectionId: id })
    const { text } = await test.client.documents.text({ documentId: documents[0]?.id ?? '' })
    expect(text).toContain('The survey of kelp is in June')
    expect(text).not.toMatch(/alert|javascript:|onload|onclick|onerror/)
  })

  it.skipIf(!isRoot || !existsSync('/usr/bin/setpriv'))(
    'in a folder without permission fail, the others do not (needs root and setpriv to test)',
    async () => {
      using temporary = temporaryFolder()
      chmodSync(temporary.path, 0o777)
      const files = join(temporary.path, 'files')
      mkdirSync(join(files, 'closed'), { recursive: true })
      writeFileSync(join(files, 'closed/a.txt'), 'Kelp.')
      writeFileSync(join(files, 'b-closed.txt'), 'Kelp.')
      writeFileSync(join(files, 'open.txt'), 'Kelp.')
      chmodSync(join(files, 'closed'), 0o000)
      chmodSync(join(files, 'b-closed.txt'), 0o000)
      const args = ['ingest', files, '--collection', 'c', '--json', '--workspace', join(temporary.path, 'workspace')]
      const rights = ['--reuid', '65534', '--regid', '65534', '--clear-groups']
      const { code, output } = await finished(spawn('setpriv', [...rights, process.execPath, cli, ...args]))
      expect(code).toBe(1)
      const { ready, failures } = JSON.parse(output) as { ready: number; failures: { path: string; code: string }[] }
      expect(ready).toBe(1)
      expect(failures.map(({ path, code }) => [path, code]).sort()).toEqual([
        ['files/b-closed.txt', 'file-unreadable'],
        ['files/closed', 'file-unreadable'],
      ])
    },
  )
})

describe('bad questions', () => {
  let test: TestApp
  beforeAll(async () => {
    test = await openTestApp()
  })
  afterAll(() => test[Symbol.asyncDispose]())

  it.each(['hybrid', 'text', 'vector'] as const)('are taken as text by %s', async (mode) => {
    const folder = newFolder(test)
    writeFileSync(join(folder, 'a.txt'), 'The kelp survey takes place in June each year.')
    const { id } = await test.client.collections.create({ name: folder })
    await test.ingest(id, folder)
    const queries = [
      '',
      '🚢🌊🧪'.repeat(500),
      'kelp AND (survey OR "',
      `NEAR(kelp survey, 5) * ^x {body}: -y body:kelp 'a''b' ";--`,
      'kelp\u0000survey\u0000',
      '\ud800kelp\udfff \ud83d',
      'kelp '.repeat(20_000),
      'x'.repeat(100_000),
      '海'.repeat(30_000),
      '\u0301\u0301\u0301',
    ]
    for (const query of queries) {
      const { results } = await test.client.search.run({ collectionId: id, query, mode })
      if (query.includes('kelp')) expect(results[0]?.document, query.slice(0, 40)).toBe('a.txt')
      if (query.trim() === '') continue
      const end = await ask(test, id, query, mode)
      expect(end.answer.length, query.slice(0, 40)).toBeGreaterThan(0)
      const trace = await test.client.traces.get({ traceId: end.traceId })
      expect(trace.error).toBeNull()
    }
    await expect(test.client.search.run({ collectionId: id, query: 'x'.repeat(200_001), mode })).rejects.toMatchObject({
      code: 'input-invalid',
    })
  })
})

describe('a job that others get in the way of', () => {
  let test: TestApp
  beforeAll(async () => {
    test = await openTestApp({ cores: 1 })
  })
  afterAll(() => test[Symbol.asyncDispose]())

  it('documents are removed while their job runs: they are gone and have not failed', async () => {
    const folder = newFolder(test)
    manyFiles(folder, 60)
    const { id } = await test.client.collections.create({ name: folder })
    const { jobId } = await test.client.ingest.start({ collectionId: id, paths: [folder] })
    await until(test, id, 'ready', 3)
    const { documents } = await test.client.documents.list({ collectionId: id })
    const removed = documents.filter((_, index) => index % 2 === 1).map((document) => document.id)
    await test.client.documents.remove({ documentIds: removed })
    const job = await test.finished(jobId)
    expect(job).toMatchObject({ status: 'done', progress: { failed: 0 } })
    expect(job.progress.done).toBe(job.progress.total)
    expect(await test.client.documents.list({ collectionId: id })).toMatchObject({ total: 30, byStatus: { ready: 30 } })
    expectWhole(test.app.services.workspace.database)
  })

  it.each<DocumentStatus | 'listing'>(['listing', 'reading', 'embedding'])(
    'a job is cancelled while %s: what was never ready vanishes, what was ready stays as it was',
    async (moment) => {
      const folder = newFolder(test)
      // Text of its own, so that no vector is known from another test.
      manyFiles(folder, 40, `${folder} has kelp and gulls. `.repeat(200))
      const { id } = await test.client.collections.create({ name: folder })
      await test.ingest(id, join(folder, '0.txt'), join(folder, '39.txt'))
      for (const name of ['0.txt', '39.txt']) writeFileSync(join(folder, name), `Changed ${name} about gulls.`)
      const { jobId } = await test.client.ingest.start({ collectionId: id, paths: [folder] })
      if (moment !== 'listing') await until(test, id, moment, 1)
      expect(await test.client.jobs.cancel({ jobId })).toMatchObject({ status: 'cancelled' })
      const { byStatus, total } = await test.client.documents.list({ collectionId: id })
      expect(byStatus).toEqual({ ready: total })
      expect(total).toBeLessThan(40)
      const found = await search(test, id, 'number 39', 100)
      expect(found.some(({ document }) => document === '39.txt')).toBe(true)
      expectWhole(test.app.services.workspace.database)
      expect(await test.ingest(id, folder)).toMatchObject({ status: 'done', progress: { done: 40, failed: 0 } })
    },
  )

  it('the same folder is added twice at once: it is there once', async () => {
    const folder = newFolder(test)
    manyFiles(folder, 30)
    const { id } = await test.client.collections.create({ name: folder })
    const input = { collectionId: id, paths: [folder] }
    const jobs = await Promise.all([test.client.ingest.start(input), test.client.ingest.start(input)])
    expect(await test.finished(jobs[0].jobId)).toMatchObject({ progress: { ready: 30, done: 30, total: 30 } })
    expect(await test.finished(jobs[1].jobId)).toMatchObject({ progress: { unchanged: 30, done: 30, total: 30 } })
    expectWhole(test.app.services.workspace.database)
  })
})

describe('things that happen meanwhile', () => {
  it('a collection is removed while its job runs and another waits', async () => {
    await using test = await openTestApp()
    manyFiles(test.folder, 80)
    const { id } = await test.client.collections.create({ name: 'c' })
    const first = await test.client.ingest.start({ collectionId: id, paths: [test.folder] })
    const second = await test.client.ingest.start({ collectionId: id, paths: [test.folder] })
    await until(test, id, 'ready', 3)
    expect(await test.client.collections.remove({ collectionId: id })).toEqual({ removed: true })
    expect(await test.finished(first.jobId)).toMatchObject({ status: 'cancelled', collectionId: null })
    expect(await test.finished(second.jobId)).toMatchObject({ status: 'cancelled' })
    const { database } = test.app.services.workspace
    for (const table of ['documents', 'document_versions', 'chunks', 'indexes', 'sources']) {
      expect(database.prepare(`SELECT count(*) FROM ${table}`).pluck().get(), table).toBe(0)
    }
    // The line goes on.
    const other = await test.client.collections.create({ name: 'c' })
    expect(await test.ingest(other.id, join(test.folder, '0.txt'))).toMatchObject({ status: 'done' })
  })

  it('uploads come out of order, incomplete or too large', async () => {
    await using test = await openTestApp({ maximumFileBytes: 1000 })
    const { client } = test
    const { id } = await client.collections.create({ name: 'c' })
    const path = 'a.txt'
    const piece = (text: string) => new Blob([text])
    const first = await client.ingest.upload({ path, data: piece('The kelp survey '), last: false })
    const { uploadId } = first
    await expect(client.ingest.start({ collectionId: id, uploadIds: [uploadId] })).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('not arrived completely') as string,
    })
    await expect(
      client.ingest.upload({ path, uploadId, offset: 99, data: piece('x'), last: false }),
    ).rejects.toMatchObject({ code: 'input-invalid', details: { received: 16 } })
    await client.ingest.upload({ path, uploadId, offset: 16, data: piece('is in June.'), last: true })
    await expect(
      client.ingest.upload({ path, uploadId, offset: 27, data: piece('more'), last: true }),
    ).rejects.toMatchObject({ code: 'input-invalid' })
    const { jobId } = await client.ingest.start({ collectionId: id, uploadIds: [uploadId] })
    expect(await test.finished(jobId)).toMatchObject({ progress: { ready: 1 } })

    const large = await client.ingest.upload({ path: 'b.txt', data: piece('y'.repeat(900)), last: false })
    await expect(
      client.ingest.upload({ ...large, path: 'b.txt', offset: 900, data: piece('y'.repeat(200)), last: true }),
    ).rejects.toMatchObject({ code: 'file-too-large' })
    expect(existsSync(join(test.workspace, 'files', large.uploadId))).toBe(false)
    await expect(client.ingest.start({ collectionId: id, uploadIds: ['upl_none'] })).rejects.toMatchObject({
      code: 'item-missing',
    })
  })

  it('the process is killed: no half document, the job goes on, the counts are right', async () => {
    using temporary = temporaryFolder()
    const workspace = join(temporary.path, 'workspace')
    const files = join(temporary.path, 'files')
    mkdirSync(files)
    manyFiles(files, 150)
    copyDemoCorpus(files)
    const args = ['ingest', files, '--collection', 'c', '--json', '--workspace', workspace]
    const child = spawn(process.execPath, [cli, ...args])
    const ended = finished(child)
    await untilCounted(workspace, 20)
    child.kill('SIGKILL')
    await ended

    let left: { ready: number; total: number }
    {
      using opened = openWorkspace(workspace, 'test')
      expectWhole(opened.database)
      left = opened.database
        .prepare<[], { ready: number; total: number }>(
          `SELECT (SELECT count(*) FROM documents WHERE status = 'ready') AS ready, count(*) AS total FROM documents`,
        )
        .get() ?? { ready: 0, total: 0 }
      expect(left.ready).toBeGreaterThanOrEqual(20)
      expect(left.ready).toBeLessThan(left.total)
      expect(opened.database.prepare('SELECT status, ready FROM jobs').all()).toEqual([
        { status: 'running', ready: left.ready },
      ])
    }
    await using test = await openTestApp({ dataFolder: workspace, resumeJobs: true })
    const { jobs } = await test.client.jobs.list({})
    const job = await test.finished(jobs[0]?.id ?? ('' as never))
    expect(job).toMatchObject({ status: 'done', progress: { ready: left.total, failed: 0, done: left.total } })
    expectWhole(test.app.services.workspace.database)
  })

  const canMount = isRoot && process.platform === 'linux' && mounts()
  it.skipIf(!canMount)('the disk fills up (needs the right to mount a small one)', async () => {
    using temporary = temporaryFolder()
    const disk = join(temporary.path, 'disk')
    mkdirSync(disk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'none', disk])
    try {
      await using test = await openTestApp({ dataFolder: join(disk, 'workspace') })
      const { id } = await test.client.collections.create({ name: 'c' })
      const early = join(test.folder, 'early.txt')
      writeFileSync(early, 'The kelp survey takes place in June.')
      await test.ingest(id, early)

      const filler = join(disk, 'filler')
      execFileSync('sh', ['-c', `head -c 100m /dev/zero > ${filler} 2>/dev/null || true`])
      truncateSync(filler, Math.max(0, readFileSync(filler).length - 300_000))
      const many = join(test.folder, 'many')
      mkdirSync(many)
      manyFiles(many, 40, 'Kelp and gulls. '.repeat(800))
      const { jobId } = await test.client.ingest.start({ collectionId: id, paths: [many] })
      const job = await test.finished(jobId)
      expect(job).toMatchObject({ status: 'failed', error: { code: 'disk-full' } })
      expect((await search(test, id, 'kelp survey June'))[0]?.document).toBe('early.txt')
      const question = await ask(test, id, 'When does the kelp survey take place?', 'hybrid')
      expect(question.answer).toContain('June')

      rmSync(filler)
      test.app.services.jobRunner.storeEnds()
      expect((await test.client.jobs.get({ jobId })).status).toBe('failed')
      expect(await test.ingest(id, many)).toMatchObject({ status: 'done', progress: { done: 40, failed: 0 } })
      expect((await test.client.documents.list({ collectionId: id })).byStatus).toEqual({ ready: 41 })
      expectWhole(test.app.services.workspace.database)
    } finally {
      execFileSync('umount', [disk])
    }
  })
})

describe('ten thousand files', () => {
  it('are all ready, and go away again', { timeout: 300_000 }, async () => {
    await using test = await openTestApp()
    for (let folder = 0; folder < 20; folder += 1) {
      const path = join(test.folder, String(folder))
      mkdirSync(path)
      manyFiles(path, 500, `In folder ${folder}.`)
    }
    const { id } = await test.client.collections.create({ name: 'c' })
    const job = await test.ingest(id, test.folder)
    expect(job).toMatchObject({ status: 'done', progress: { ready: 10_000, failed: 0, total: 10_000 } })
    expectWhole(test.app.services.workspace.database)
    expect(await test.client.collections.remove({ collectionId: id })).toEqual({ removed: true })
  })
})

const cli = join(projectRoot, 'core/host/cli.ts')

/** For one test among several that share an app. */
function newFolder(test: TestApp): string {
  return mkdtempSync(join(test.folder, 'files-'))
}

/** '0.txt' … with a few words each. */
function manyFiles(folder: string, count: number, more = ''): void {
  for (let index = 0; index < count; index += 1) {
    writeFileSync(join(folder, `${index}.txt`), `Note number ${index} on kelp. ${more}`)
  }
}

function findDemo(extension: string): string {
  const names = execFileSync('find', ['.', '-name', `*${extension}`], { cwd: demoCorpus, encoding: 'utf8' })
  return names.split('\n')[0] ?? ''
}

/** The beginning of a compound file (MS-CFB) with one named entry, as encrypted Office documents are. */
function oleFile(entry: string): Uint8Array {
  const bytes = new Uint8Array(2048)
  bytes.set([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])
  bytes.set(Buffer.from(entry, 'utf16le'), 512)
  return bytes
}

async function outcomesOf(test: TestApp, collectionId: CollectionId): Promise<Record<string, string>> {
  const { documents } = await test.client.documents.list({ collectionId })
  return Object.fromEntries(documents.map(({ name, status, reason }) => [name, reason?.code ?? status]))
}

async function search(test: TestApp, collectionId: CollectionId, query: string, k = 10) {
  return (await test.client.search.run({ collectionId, query, k })).results
}

async function ask(
  test: TestApp,
  collectionId: CollectionId,
  question: string,
  mode: 'hybrid' | 'text' | 'vector',
): Promise<Extract<AskEvent, { type: 'ask-end' }>> {
  for await (const event of await test.client.ask.run({ collectionIds: [collectionId], question, mode })) {
    if (event.type === 'ask-end') return event
  }
  throw new Error('The answer never ended.')
}

/** Waits until at least this many documents are in the state. */
async function until(test: TestApp, collectionId: CollectionId, status: DocumentStatus, count: number): Promise<void> {
  const { documents, jobRunner } = test.app.services
  while ((documents.countByStatus(collectionId)[status] ?? 0) < count) {
    if (jobRunner.active().length === 0) throw new Error(`The job ended before ${count} documents were ${status}.`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** Looks into the database of another process until its job has this many ready documents. */
async function untilCounted(workspace: string, count: number): Promise<void> {
  const { default: Sqlite } = await import('better-sqlite3')
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    let database: Database | undefined
    try {
      database = new Sqlite(join(workspace, 'workspace.sqlite'), { readonly: true })
      const ready = database.prepare<[], number>('SELECT coalesce(sum(ready), 0) FROM jobs').pluck().get() ?? 0
      if (ready >= count) return
    } catch {
      // Not there yet.
    } finally {
      database?.close()
    }
  }
}

/** Every document with chunks has all of its present version, and chunks, full text and vectors agree. */
function expectWhole(database: Database): void {
  const all = <Row>(sql: string): Row[] => database.prepare<[], Row>(sql).all()
  const count = (sql: string): number => database.prepare<[], number>(sql).pluck().get() ?? -1
  expect(
    all(`SELECT d.id, d.status FROM documents d WHERE d.version > 0 AND NOT EXISTS
      (SELECT 1 FROM chunks k WHERE k.document_id = d.id AND k.version = d.version)`),
    'documents with a version and without its chunks',
  ).toEqual([])
  expect(all(`SELECT id FROM documents WHERE status = 'ready' AND version = 0`), 'ready and empty').toEqual([])
  expect(
    all(`SELECT k.id FROM chunks k JOIN documents d ON d.id = k.document_id WHERE k.version <> d.version`),
    'chunks of another version',
  ).toEqual([])
  expect(
    all(`SELECT document_id FROM chunks GROUP BY index_id, document_id
      HAVING count(*) <> max(ordinal) + 1 OR min(ordinal) <> 0`),
    'documents with gaps',
  ).toEqual([])
  expect(
    all(`SELECT document_id FROM document_versions GROUP BY document_id HAVING count(*) <> 1`),
    'documents with several texts',
  ).toEqual([])
  for (const { id } of all<{ id: number }>('SELECT id FROM indexes')) {
    const chunks = count(`SELECT count(*) FROM chunks WHERE index_id = ${id}`)
    expect(count(`SELECT count(*) FROM index_${id}_members`), 'members').toBe(chunks)
    expect(count(`SELECT count(*) FROM index_${id}_text_docsize`), 'full text').toBe(chunks)
    expect(count(`SELECT count(*) FROM index_${id}_vectors`), 'vectors').toBe(chunks)
  }
}

/** Whether a small file system can be mounted here. */
function mounts(): boolean {
  using temporary = temporaryFolder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', temporary.path], { stdio: 'ignore' })
    execFileSync('umount', [temporary.path])
    return true
  } catch {
    return false
  }
}

function finished(child: ReturnType<typeof spawn>): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout?.on('data', (data: Buffer) => (output += data.toString()))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}
