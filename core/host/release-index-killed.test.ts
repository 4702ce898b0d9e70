import { type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { afterEach, expect, it } from 'vitest'
import type { Job } from '../contract/jobs.ts'
import type { ReleaseLine } from '../contract/releases.ts'
import { openWorkspace } from '../database/open-workspace.ts'
import { defaultPipeline } from '../services/default-pipeline.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { problemsOf } from '../testing/faults/inspect.ts'
import { openTestApp } from '../testing/test-app.ts'
import { firstLine, startQuarry } from './testing/quarry.ts'

const documents = 120
const question = 'How many kelp plants did survey 7 count?'

const running: ChildProcess[] = []
afterEach(() => running.splice(0).forEach((child) => child.kill('SIGKILL')))

/** A `quarry serve` that is killed while a release on its way into production is indexed, as often as it takes. */
it(
  'a host that is killed while it builds the index of a release goes on with it, and is asked meanwhile',
  { timeout: 300_000 },
  async () => {
    using folder = temporaryFolder()
    const workspace = join(folder.path, 'workspace')
    const made = await makeWorkspace(workspace, join(folder.path, 'notes'))
    const undisturbed = join(folder.path, 'undisturbed')
    cpSync(workspace, undisturbed, { recursive: true })
    const wanted = await buildUndisturbed(undisturbed, made)

    let host = await serve(workspace)
    await call(host, 'POST', `/releases/${made.releaseId}/promote`, {
      ...{ who: 'Ada', reason: 'Smaller chunks.', override: true },
    })
    const indexed: number[] = []
    for (const share of [0.1, 0.4, 0.7]) {
      await untilIndexed(host, share * documents)
      // What is in production answers, as it did before.
      expect(await ask(host, made)).toMatchObject({
        release: 1,
        answer: expect.stringContaining('107 plants') as string,
      })
      host.process.kill('SIGKILL')
      await once(host.process, 'exit')
      indexed.push(inspect(workspace))
      host = await serve(workspace)
      expect(await ask(host, made)).toMatchObject({ release: 1 })
    }
    // Each time it was in the middle, and went on from there.
    expect(indexed[0]).toBeGreaterThan(0)
    expect(indexed.at(-1)).toBeLessThan(documents)
    expect(indexed).toEqual(indexed.toSorted((a, b) => a - b))

    await expect.poll(async () => (await lineOf(host, made)).production?.number, { timeout: 120_000 }).toBe(2)
    expect(await ask(host, made)).toMatchObject({ release: 2, answer: expect.stringContaining('107 plants') as string })
    const { jobs } = await call<{ jobs: Job[] }>(host, 'GET', '/jobs')
    expect(jobs.filter(({ kind }) => kind === 'release-index')).toMatchObject([
      { status: 'done', progress: { done: documents, total: documents, ready: documents, failed: 0 } },
    ])
    host.process.kill('SIGTERM')
    await once(host.process, 'exit')
    expect(inspect(workspace)).toBe(documents)
    using opened = openWorkspace(workspace, 'test')
    expect(contentOf(opened.database)).toEqual(wanted)
  },
)

interface Made {
  collectionId: string
  lineId: string
  releaseId: string
}

/** Many documents, read; and a release of smaller chunks that has been measured enough to be promoted. */
async function makeWorkspace(workspace: string, notes: string): Promise<Made> {
  mkdirSync(notes)
  for (let number = 0; number < documents; number += 1) {
    const counted = Array.from(
      { length: 40 },
      (_, day) => `On day ${day} of survey ${number} nobody saw a seal near buoy ${(number * 7 + day) % 50}.`,
    )
    const text = `# Survey ${number}\n\nSurvey ${number} counted ${100 + number} plants of kelp.\n\n${counted.join('\n\n')}\n`
    writeFileSync(join(notes, `${number}.md`), text)
  }
  await using test = await openTestApp({ dataFolder: workspace })
  const { client } = test
  const { id: collectionId } = await client.collections.create({ name: 'station' })
  await test.ingest(collectionId, notes)
  const { lines } = await client.lines.list()
  const line = lines.find(({ isStandard }) => isStandard)!
  const release = { kind: 'production', lineId: line.id } as const
  await client.bots.create({ settings: { name: 'Harbour', collectionIds: [collectionId], release } })
  const chunker = { id: 'recursive', options: { maxTokens: 16, minTokens: 0 } }
  const draft = await client.releases.createDraft({ lineId: line.id, pipeline: { ...defaultPipeline, chunker } })
  test.app.services.releaseLibrary.makeCandidate(draft.id, null)
  return { collectionId, lineId: line.id, releaseId: draft.id }
}

async function buildUndisturbed(workspace: string, { releaseId }: Made) {
  await using test = await openTestApp({ dataFolder: workspace })
  const { jobIds } = await test.client.releases.promote({ releaseId, who: 'Ada', reason: 'Smaller.', override: true })
  expect(jobIds).toHaveLength(1)
  expect(await test.finished(jobIds[0]!)).toMatchObject({ status: 'done' })
  return contentOf(test.app.services.workspace.database)
}

/** Every chunk of the index beside, in the order in which it was put there, by the path of its document. */
function contentOf(database: Database): unknown[] {
  return database
    .prepare(
      `SELECT d.path, k.ordinal, k.start_offset, k.end_offset, k.text FROM chunks k JOIN documents d ON d.id = k.document_id
       WHERE k.index_id = (SELECT max(index_id) FROM release_indexes) ORDER BY k.id`,
    )
    .all()
}

/** A host that was killed, or stopped, left nothing that is wrong. Gives the documents in the index beside. */
function inspect(workspace: string): number {
  using opened = openWorkspace(workspace, 'test')
  const { database } = opened
  expect(problemsOf(database)).toEqual([])
  expect(database.prepare(`SELECT count(*) FROM indexes`).pluck().get()).toBe(2)
  const sql = `SELECT count(DISTINCT document_id) FROM chunks WHERE index_id = (SELECT max(id) FROM indexes)`
  return database.prepare(sql).pluck().get() as number
}

interface Host {
  url: string
  process: ChildProcessWithoutNullStreams
}

async function serve(workspace: string): Promise<Host> {
  const child = startQuarry(['serve', '--workspace', workspace, '--json'])
  running.push(child)
  child.stderr.resume()
  const { url } = JSON.parse(await firstLine(child)) as { url: string }
  return { url, process: child }
}

async function call<Answer>(host: Host, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await send(host, method, path, body)
  return (await response.json()) as Answer
}

async function send({ url }: Host, method: string, path: string, body: unknown): Promise<Response> {
  const { origin, hash } = new URL(url)
  const headers = { authorization: `Bearer ${hash.replace('#token=', '')}`, 'content-type': 'application/json' }
  const given = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(`${origin}/api/v1${path}`, { method, headers, ...given })
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
  return response
}

async function lineOf(host: Host, { lineId }: Made): Promise<ReleaseLine> {
  return (await call<{ line: ReleaseLine }>(host, 'GET', `/lines/${lineId}`)).line
}

/** Which release answers whoever follows the line, and what. */
async function ask(host: Host, { collectionId, lineId }: Made): Promise<{ release: number; answer: string }> {
  const release = { kind: 'production', lineId }
  const response = await send(host, 'POST', '/ask', { collectionIds: [collectionId], question, release })
  const events = (await response.text())
    .split('\n')
    .flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice(6)) as Record<string, unknown>] : []))
  const start = events.find(({ type }) => type === 'ask-start') as { release: { number: number } | null }
  const end = events.find(({ type }) => type === 'ask-end') as { answer: string }
  return { release: start.release?.number ?? 0, answer: end.answer }
}

async function untilIndexed(host: Host, count: number): Promise<void> {
  for (;;) {
    const { jobs } = await call<{ jobs: Job[] }>(host, 'GET', '/jobs')
    const job = jobs.find(({ kind }) => kind === 'release-index')
    if (job && job.status !== 'queued' && job.progress.done >= count) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
