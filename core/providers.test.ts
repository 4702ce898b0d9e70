import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AskEvent } from './contract/ask.ts'
import { type ErrorData, toErrorData } from './contract/errors.ts'
import type { Pipeline } from './contract/pipeline.ts'
import { providerKinds } from './contract/providers.ts'
import { embedderDefinitions } from './embedders/list.ts'
import { textGeneratorDefinitions } from './generators/text/list.ts'
import { rerankerDefinitions } from './rerankers/list.ts'
import { kindsOfProvider } from './runtimes/remote/kinds.ts'
import { defaultPipeline } from './services/default-pipeline.ts'
import { consoleLog } from './shared/log.ts'
import { json, type RemoteServer, startRemoteServer } from './testing/remote-server.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'

/** Providers through the whole product: a real workspace, a real door, a server on this machine that speaks their APIs. */
const key = 'sk-test-KEY-0123456789-abcdefghij'
const logged: string[] = []
let server: RemoteServer
let test: TestApp

beforeAll(async () => {
  server = await startRemoteServer({ key })
  test = await openTestApp({ log: consoleLog((line) => logged.push(line)), variables: {} })
})
afterAll(async () => {
  await test[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const code = (expected: string) => expect.objectContaining({ code: expected }) as Error
const failure = (call: Promise<unknown>): Promise<ErrorData> =>
  call.then(() => expect.fail('It did not fail.'), toErrorData)

describe('providers', () => {
  it('are none until somebody adds one, and every family has what the kinds promise', async () => {
    const { providers, kinds, keys } = await test.client.providers.list()
    expect(providers).toEqual([])
    expect(kinds.map(({ kind }) => kind)).toEqual([...providerKinds])
    expect(keys.place).toBe('key-file')
    const remote = (definitions: readonly { id: string; runsIn: string }[]) =>
      definitions.filter(({ runsIn }) => runsIn === 'host').map(({ id }) => id)
    for (const [use, ids] of [
      ['chat', remote(textGeneratorDefinitions)],
      ['embeddings', remote(embedderDefinitions)],
      ['rerank', remote(rerankerDefinitions)],
    ] as const) {
      expect(providerKinds.filter((kind) => kindsOfProvider[kind].uses.includes(use))).toEqual(
        expect.arrayContaining(ids),
      )
      expect(ids).toHaveLength(providerKinds.filter((kind) => kindsOfProvider[kind].uses.includes(use)).length)
    }
  })

  it('are added with the usual address of their kind, changed and removed', async () => {
    const { client } = test
    const added = await client.providers.add({ id: 'claude', kind: 'anthropic' })
    expect(added).toMatchObject({
      label: 'Anthropic',
      baseUrl: 'https://api.anthropic.com/v1',
      host: 'api.anthropic.com',
      thisMachine: false,
      uses: ['chat'],
      key: { from: 'none', variable: 'QUARRY_KEY_CLAUDE', needed: true },
      reach: [{ use: 'chat', allowed: false, message: expect.stringContaining('offline') as string }],
      usedBy: [],
    })
    await expect(client.providers.add({ id: 'claude', kind: 'google' })).rejects.toThrow(code('name-taken'))
    const changed = await client.providers.set({
      id: 'claude',
      label: 'Our Claude',
      baseUrl: 'https://proxy.example.com/anthropic/v1/',
      timeouts: { idleMs: 5000 },
    })
    expect(changed).toMatchObject({
      label: 'Our Claude',
      baseUrl: 'https://proxy.example.com/anthropic/v1',
      timeouts: { firstByteMs: 60_000, idleMs: 5000 },
    })
    for (const baseUrl of ['nonsense', 'ftp://x.example', 'https://me:secret@x.example', 'https://x.example/?key=1']) {
      const error = await failure(client.providers.set({ id: 'claude', baseUrl }))
      expect(error.code).toBe('input-invalid')
      expect(error.message).not.toContain('secret')
    }
    await client.providers.remove({ id: 'claude' })
    await expect(client.providers.remove({ id: 'claude' })).rejects.toThrow(code('item-missing'))
    await expect(client.providers.models({ id: 'claude' })).rejects.toThrow(code('item-missing'))
  })

  it('forget a key that was given to another server', async () => {
    const { client } = test
    await client.providers.add({ id: 'moving', kind: 'openai-compatible', baseUrl: 'https://one.example/v1' })
    expect((await client.providers.setKey({ id: 'moving', key })).key.from).toBe('stored')
    expect((await client.providers.set({ id: 'moving', baseUrl: 'https://one.example/v2' })).key.from).toBe('stored')
    expect((await client.providers.set({ id: 'moving', baseUrl: 'https://two.example/v2' })).key.from).toBe('none')
    await client.providers.remove({ id: 'moving' })
  })

  it.each(providerKinds)('%s: a test says what is wrong, one thing after the other', async (kind) => {
    const { client } = test
    const use = kindsOfProvider[kind].uses.at(-1)!
    const model = 'good-model'
    const id = `try-${kind}`
    await client.providers.add({ id, kind, baseUrl: server.baseUrl(kind) })
    const asked = server.requests.length
    await client.providers.setKey({ id, key: 'sk-WRONG-key-0123456789' })
    // Nothing is allowed yet, not even on this machine.
    const offline = await client.providers.test({ id, use, model })
    expect(offline).toMatchObject({ ok: false, error: { code: 'network-refused' } })
    expect(offline.message).toContain(`quarry network allow ${server.host} --for ${use}`)
    expect(server.requests.length).toBe(asked)

    await client.network.allow({ host: server.host, purposes: kindsOfProvider[kind].uses })
    await client.providers.removeKey({ id })
    const keyless = await client.providers.test({ id, use, model })
    expect(keyless).toMatchObject({ ok: false, error: { code: 'provider-refused' } })
    expect(keyless.message).toContain(`quarry providers key ${id}`)
    await client.providers.setKey({ id, key: 'sk-WRONG-key-0123456789' })
    const wrong = await client.providers.test({ id, use, model })
    expect(wrong).toMatchObject({ ok: false, error: { code: 'provider-refused' } })
    expect(JSON.stringify(wrong)).not.toContain('WRONG')
    await client.providers.setKey({ id, key })
    const unknown = await client.providers.test({ id, use, model: 'nowhere' })
    expect(unknown).toMatchObject({ ok: false, error: { code: 'model-missing' } })
    expect(await client.providers.test({ id, use, model })).toMatchObject({ ok: true, use, model, error: null })
    if (kindsOfProvider[kind].listsModels) {
      const { models } = await client.providers.models({ id })
      expect(models.map((each) => each.id)).toEqual(['good-model', 'other-model'])
      expect(await client.providers.test({ id })).toMatchObject({ ok: true, use: null })
    } else {
      await expect(client.providers.models({ id })).rejects.toThrow(code('input-invalid'))
      await expect(client.providers.test({ id })).rejects.toThrow(code('input-invalid'))
    }
    const other = providerKinds.find((each) => !kindsOfProvider[each].uses.includes(use))
    const missing = (['chat', 'embeddings', 'rerank'] as const).find(
      (each) => !kindsOfProvider[kind].uses.includes(each),
    )
    if (other && missing)
      await expect(client.providers.test({ id, use: missing, model })).rejects.toThrow(code('input-invalid'))
    await client.network.disallow({ host: server.host })
    await client.providers.remove({ id })
  })

  it('that nobody answers for are named with their address', async () => {
    const { client } = test
    const gone = await startRemoteServer()
    await gone[Symbol.asyncDispose]()
    await client.providers.add({ id: 'gone', kind: 'ollama', baseUrl: gone.origin })
    await client.network.allow({ host: gone.host, purposes: ['chat'] })
    const result = await client.providers.test({ id: 'gone', use: 'chat', model: 'x' })
    expect(result).toMatchObject({ ok: false, error: { code: 'provider-unreachable' } })
    expect(result.message).toContain(gone.host)
    await client.network.disallow({ host: gone.host })
    await client.providers.remove({ id: 'gone' })
  })
})

describe('a pipeline over servers', () => {
  const remotePipeline = (): Pipeline => ({
    ...defaultPipeline,
    embedder: { id: 'openai-compatible', options: { provider: 'server', model: 'good-model' } },
    reranker: { id: 'jina', options: { provider: 'ranks', model: 'good-model' } },
    generator: { id: 'openai-compatible', options: { provider: 'server', model: 'good-model' } },
  })
  const sentence = 'The wave height limit for crew transfer is nine metres.'
  let collectionId: Awaited<ReturnType<TestApp['client']['collections']['create']>>['id']

  beforeAll(async () => {
    const { client, folder } = test
    await client.providers.add({
      id: 'server',
      kind: 'openai-compatible',
      baseUrl: server.baseUrl('openai-compatible'),
    })
    await client.providers.add({ id: 'ranks', kind: 'jina', baseUrl: server.baseUrl('jina') })
    for (const id of ['server', 'ranks']) await client.providers.setKey({ id, key })
    collectionId = (await client.collections.create({ name: 'Remote' })).id
    writeFileSync(join(folder, 'limits.md'), `# Limits\n\n${sentence} The boat has a radio.\n`)
    writeFileSync(join(folder, 'oil.md'), '# Oil\n\nThe engine takes four litres of oil.\n')
  })

  it('is refused while the network is, with what to do, and nothing leaves', async () => {
    const asked = server.requests.length
    const error = await failure(test.client.collections.setPipeline({ collectionId, pipeline: remotePipeline() }))
    expect(error.code).toBe('network-refused')
    expect(error.message).toContain('quarry network allow')
    expect(server.requests.length).toBe(asked)
  })

  it('takes documents in and answers with citations', async () => {
    const { client, folder } = test
    await client.network.allow({ host: server.host, purposes: ['embeddings', 'chat', 'rerank'] })
    await client.collections.setPipeline({ collectionId, pipeline: remotePipeline() })
    const job = await test.ingest(collectionId, folder)
    expect(job).toMatchObject({ status: 'done', progress: { ready: 2, failed: 0 } })
    server.says(`${sentence.slice(0, -1)} [1].`)
    const events = await ask('What is the wave height limit?')
    const end = events.at(-1)
    expect(end?.type).toBe('ask-end')
    const text = JSON.stringify(events)
    expect(text).toContain('limits.md')
    const citation = events.find((event) => event.type === 'citation')
    expect(citation).toMatchObject({ citation: { document: 'limits.md', text: sentence } })
    expect(server.requests.some(({ path }) => path === '/jina/v1/rerank')).toBe(true)
    server.says(undefined)
  })

  it('keeps to the model that made the index: neither another server nor another model comes in between', async () => {
    const { client } = test
    await expect(client.providers.remove({ id: 'server' })).rejects.toThrow(code('provider-in-use'))
    await using second = await startRemoteServer({ key })
    await expect(client.providers.set({ id: 'server', baseUrl: second.baseUrl('openai-compatible') })).rejects.toThrow(
      code('provider-in-use'),
    )
    // Changed in some other way, it is asked anew; another model has taken the name meanwhile.
    server.swapModel()
    await client.providers.set({ id: 'server', label: 'Renamed' })
    const error = await failure(client.search.run({ collectionId, query: 'wave' }))
    expect(error.code).toBe('model-invalid')
    expect(error.message).toContain('revision')
    const pipeline = remotePipeline()
    pipeline.embedder.options.revision = '2'
    const { jobId } = await client.collections.setPipeline({ collectionId, pipeline })
    expect(await test.finished(jobId!)).toMatchObject({ status: 'done' })
    const { results } = await client.search.run({ collectionId, query: 'wave height limit' })
    expect(results[0]?.document).toBe('limits.md')
  })

  it('tells what fails at the server as what it is, without the key', async () => {
    server.next(json(503, { error: { message: `overloaded ${key}` } }))
    server.next(json(429, { message: key }, { 'retry-after': '3600' }))
    const first = await failure(test.client.search.run({ collectionId, query: 'another wave' }))
    expect(first).toMatchObject({ code: 'provider-limited', details: { retryAfterMs: 3_600_000 } })
    expect(first.message).toContain('60 min')
    expect(JSON.stringify(first)).not.toContain('KEY-0123456789')
    expect(server.isThrough()).toBe(true)
  })

  it('asks nothing of anybody when it is offline again, and says what to do', async () => {
    const { client } = test
    await client.network.disallow({ host: server.host })
    const asked = server.requests.length
    const error = await failure(client.search.run({ collectionId, query: 'a third wave' }))
    expect(error.code).toBe('network-refused')
    expect(error.message).toContain(`quarry network allow ${server.host} --for embeddings`)
    await client.network.allow({ host: server.host, purposes: ['embeddings', 'rerank'] })
    const answer = await failure(ask('What is the wave height limit?'))
    expect(answer.message).toContain(`quarry network allow ${server.host} --for chat`)
    expect(server.requests.slice(asked).filter(({ path }) => path.includes('chat'))).toEqual([])
  })

  it('leaves the key nowhere: not in the database, the log, traces, jobs or the list of attempts', async () => {
    const { client, workspace } = test
    const { jobs } = await client.jobs.list({})
    const { traces } = await client.traces.list({})
    const { attempts } = await client.network.attempts({ limit: 1000 })
    expect([jobs.length, traces.length, attempts.length].every((count) => count > 0)).toBe(true)
    const whole = await Promise.all(traces.map(({ id }) => client.traces.get({ traceId: id })))
    const providers = await client.providers.list()
    for (const value of [jobs, whole, attempts, providers, logged, await client.collections.list()]) {
      expect(JSON.stringify(value)).not.toContain('KEY-0123456789')
    }
    test.app.services.workspace.database.pragma('wal_checkpoint(TRUNCATE)')
    const files = filesBelow(workspace)
    expect(files.length).toBeGreaterThan(2)
    for (const file of files) {
      const bytes = readFileSync(file)
      for (const encoding of ['utf8', 'utf16le'] as const) {
        expect(bytes.includes(Buffer.from('KEY-0123456789', encoding))).toBe(false)
      }
    }
    // What was sent to the server had it.
    expect(JSON.stringify(server.requests)).toContain(key)
  })

  async function ask(question: string): Promise<AskEvent[]> {
    const events: AskEvent[] = []
    for await (const event of await test.client.ask.run({ collectionIds: [collectionId], question })) events.push(event)
    return events
  }
})

it('a key in the environment is used without being kept', async () => {
  await using other = await openTestApp({ variables: { QUARRY_KEY_MINE: key } })
  const { client } = other
  await client.providers.add({ id: 'mine', kind: 'voyage', baseUrl: server.baseUrl('voyage') })
  await client.network.allow({ host: server.host, purposes: ['rerank'] })
  expect(await client.providers.test({ id: 'mine', use: 'rerank', model: 'good-model' })).toMatchObject({ ok: true })
  expect((await client.providers.list()).providers[0]?.key.from).toBe('environment')
  expect(readdirSync(other.workspace)).not.toContain('keys.json')
})

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })
}
