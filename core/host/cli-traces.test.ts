import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Trace, TraceSummary } from '../contract/traces.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { type LocalCollector, openLocalCollector } from '../telemetry/testing/local-collector.ts'
import { quarry } from './testing/quarry.ts'

let cleanup: AsyncDisposableStack
let folder: string
let collector: LocalCollector
let traceId: string

beforeAll(async () => {
  cleanup = new AsyncDisposableStack()
  folder = cleanup.use(temporaryFolder()).path
  collector = cleanup.use(await openLocalCollector())
  const path = join(folder, 'skuas.md')
  await writeFile(path, '# Skuas\n\nSkuas breed on open moorland near the coast.\n')
  await call('ingest', path, '--collection', 'Birds')
  await call('ask', 'Where do skuas breed?', '--collection', 'Birds')
  const { json } = await call('ask', 'Who won the Nobel Prize in Physics?', '--collection', 'Birds', '--json')
  traceId = (json as { trace_id: string }).trace_id
}, 240_000)
afterAll(() => cleanup.disposeAsync())

/** The real command line in a process of its own. */
const call = (...args: string[]) =>
  quarry([...args, '--workspace', join(folder, 'workspace')], {
    env: { QUARRY_OFFLINE: '', QUARRY_SECRETS_PASSPHRASE: 'long enough a phrase' },
  })
const traces = (...args: string[]) => call('traces', ...args)

describe('quarry traces', { timeout: 240_000 }, () => {
  it('lists, finds and counts', async () => {
    const { json } = await traces('list', '--json')
    expect((json as { traces: TraceSummary[] }).traces.map(({ outcome }) => outcome)).toEqual(['refused', 'answered'])
    expect((await traces('list', '--search', 'skua moor', '--outcome', 'answered')).output).toContain(
      'Where do skuas breed?',
    )
    expect((await traces('list', '--search', 'nowhere')).output).toContain('No question is like that.')
    const { json: stats } = await traces('stats', '--collection', 'Birds', '--json')
    expect(stats).toMatchObject({ total: { questions: 2, answered: 1, refused: 1 } })
    expect((await traces('stats', '--per', 'day')).output).toMatch(/all\s+2/)
    expect(await traces('list', '--outcome', 'perhaps')).toMatchObject({ code: 2 })
  })

  it('shows one, and asks it again with another pipeline', async () => {
    const shown = await traces('show', traceId)
    expect(shown.output).toMatch(/^· retrieve/m)
    expect(shown.output).toMatch(/^· · search words/m)
    const { json } = await traces('show', traceId, '--json')
    const { pipeline } = json as Trace
    const file = join(folder, 'pipeline.json')
    await writeFile(file, JSON.stringify({ ...pipeline, passages: 1 }))
    const replayed = await traces('replay', traceId, '--pipeline', file, '--json')
    expect(replayed.json).toMatchObject({
      before: { id: traceId },
      after: { replayOf: traceId, pipeline: { passages: 1 } },
    })
    expect((await traces('replay', traceId)).output).toMatch(/after\s+trc_/)
    await writeFile(file, '{')
    expect(await traces('replay', traceId, '--pipeline', file)).toMatchObject({ code: 2 })
    expect(await traces('show', 'trc_none')).toMatchObject({ code: 2 })
  })

  it('writes them to a file, whole', async () => {
    const file = join(folder, 'traces.jsonl')
    expect((await traces('export', file, '--outcome', 'answered', '--json')).json).toMatchObject({ traces: 1 })
    const [line = ''] = (await readFile(file, 'utf8')).trim().split('\n')
    expect(JSON.parse(line)).toMatchObject({ question: 'Where do skuas breed?', spans: expect.any(Array) as unknown[] })
  })

  it('sends them to a collector, when it is told to', async () => {
    const collect = (...args: string[]) => traces('collector', ...args)
    expect(await collect('on')).toMatchObject({ code: 2 })
    await call('network', 'allow', collector.host, '--for', 'trace-export')
    const on = await collect('on', '--to', collector.endpoint, '--header', 'x-key=a=b', '--json')
    expect(on.json).toMatchObject({ enabled: true, headerNames: ['x-key'], content: 'redacted' })
    expect((await collect('test')).output).toContain('took it')
    expect((await collect('send', traceId, '--json')).json).toMatchObject({ sent: 1, waiting: 0 })
    expect(collector.requests.map(({ headers }) => headers['x-key'])).toEqual(['a=b', 'a=b'])
    expect(collector.requests[1]?.bytes.includes('Nobel')).toBe(false)
    // What one command asks waits for the next that stays, or is told to send.
    await call('ask', 'Where do skuas breed?', '--collection', 'Birds')
    const sent = await collect('send', '--json')
    expect(sent.json).toMatchObject({ sent: 2, waiting: 0 })
    expect((await collect('off')).output).toContain('Off')
  })

  it('removes them', async () => {
    expect(await traces('remove')).toMatchObject({ code: 2 })
    expect((await traces('remove', traceId, '--json')).json).toMatchObject({ removed: 1 })
    expect((await traces('remove', '--older', '1', '--keep', '30', '--json')).json).toMatchObject({
      removed: 0,
      retentionDays: 30,
    })
  })
})
