import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AppError } from '../../contract/errors.ts'
import { connectForTests } from '../../testing/remote-connections.ts'
import { json, type RemoteServer, startRemoteServer } from '../../testing/remote-server.ts'
import type { ProviderConnection } from './connection.ts'
import type { Patience } from './patient-fetch.ts'
import { withoutKey } from './without-key.ts'

let server: RemoteServer
beforeAll(async () => {
  server = await startRemoteServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const key = 'sk-secret-0123456789'
const open = (patience: Patience = {}, more: Parameters<typeof connectForTests>[1] = {}): ProviderConnection =>
  connectForTests(server, { key, patience, ...more })('openai-compatible', 'chat')
const ask = ({ fetch, provider }: ProviderConnection, init?: RequestInit) => fetch(`${provider.baseUrl}/models`, init)
const failure = (call: Promise<unknown>): Promise<AppError> =>
  call.then(
    () => expect.fail('It did not fail.'),
    (error: unknown) => error as AppError,
  )

describe('a patient fetch', () => {
  it('asks again after 429, 5xx and a lost connection, and no more often than it may', async () => {
    const before = server.requests.length
    server.next(json(429, {}), json(502, 'x'), (response) => response.destroy())
    expect((await ask(open())).status).toBe(200)
    expect(server.requests.length).toBe(before + 4)
    server.next(json(500, {}), json(500, {}))
    expect(await failure(ask(open({ attempts: 2 })))).toMatchObject({ code: 'provider-unreachable', retryable: true })
    expect(server.requests.length).toBe(before + 6)
    expect(server.isThrough()).toBe(true)
  })

  it.each([400, 401, 403, 404, 405, 413, 422])('asks once where asking again is of no use: %i', async (status) => {
    const before = server.requests.length
    server.next(json(status, { error: { message: 'no' } }))
    expect((await failure(ask(open()))).retryable).toBe(false)
    expect(server.requests.length).toBe(before + 1)
  })

  it('waits as long as it is told to, in seconds or until a date, but not for ever', async () => {
    const waits: number[] = []
    let last = 0
    const stamp: Parameters<RemoteServer['next']>[0] = (response, request, usual) => {
      waits.push(performance.now() - last)
      last = performance.now()
      return waits.length > 2 ? usual() : json(429, {}, retryAfter[waits.length - 1])(response, request, usual)
    }
    const retryAfter = [{ 'retry-after': '0.2' }, { 'retry-after': new Date(Date.now() - 1000).toUTCString() }]
    server.next(stamp, stamp, stamp)
    // Its own pauses would be much longer.
    expect((await ask(open({ pauseMs: 20_000 }))).status).toBe(200)
    expect(waits[1]).toBeGreaterThanOrEqual(190)
    server.next(json(429, { message: 'quota' }, { 'retry-after': '86400' }))
    const error = await failure(ask(open()))
    expect(error).toMatchObject({ code: 'provider-limited', details: { retryAfterMs: 86_400_000 } })
    expect(server.isThrough()).toBe(true)
  })

  it('stops waiting when it is cancelled', async () => {
    const controller = new AbortController()
    server.next((response, request, usual) => {
      setTimeout(() => controller.abort(), 20)
      return json(429, {}, { 'retry-after': '25' })(response, request, usual)
    })
    expect(await failure(ask(open(), { signal: controller.signal }))).toMatchObject({ code: 'cancelled' })
    expect(await failure(ask(open(), { signal: AbortSignal.abort() }))).toMatchObject({ code: 'cancelled' })
  })

  it('goes after no redirect to a host that is not allowed, and takes no key to one that is', async () => {
    await using other = await startRemoteServer()
    const away = { location: `${other.baseUrl('openai-compatible')}/models` }
    server.next(json(307, '', away))
    const refused = await failure(ask(open()))
    expect(refused).toMatchObject({ code: 'network-refused', details: { host: other.host } })
    expect(other.requests).toEqual([])
    server.next(json(307, '', away))
    await ask(open({}, { key, allowed: [server.host, other.host] }))
    expect(JSON.stringify(other.requests[0]?.headers)).not.toContain('secret')
    server.next(json(307, '', { location: 'http://169.254.169.254/latest/meta-data' }))
    expect(await failure(ask(open()))).toMatchObject({ code: 'network-refused' })
  })

  it('reads no answer that is too long, and no more of a failure than its beginning', async () => {
    server.next((response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const more = (): void => {
        while (response.write('x'.repeat(65_536)));
        response.once('drain', more)
      }
      more()
    })
    const response = await ask(open({ maximumBytes: 1_000_000 }))
    expect(await failure(response.text())).toMatchObject({ code: 'provider-answer-invalid' })
    server.next((response) => {
      response.writeHead(400, { 'content-type': 'application/json' })
      response.end(`{"error": {"message": "${'long '.repeat(100_000)}"}}`)
    })
    expect((await failure(ask(open()))).message.length).toBeLessThan(600)
  })

  it('knows an answer that is somebody else’s by its type', async () => {
    for (const type of ['text/html; charset=utf-8', 'image/png', 'application/xhtml+xml']) {
      server.next((response) => {
        response.writeHead(200, { 'content-type': type })
        response.end('<html>')
      })
      const error = await failure(ask(open()))
      expect(error.code).toBe('provider-answer-invalid')
      expect(error.message).toContain(type.split(';')[0])
    }
  })

  it('puts the key in, and whatever a library put in its place out', async () => {
    await ask(open(), { headers: { authorization: 'Bearer other', 'x-api-key': 'other', accept: 'application/json' } })
    const { headers } = server.requests.at(-1)!
    expect(headers).toMatchObject({ authorization: `Bearer ${key}`, accept: 'application/json' })
    expect(headers).not.toHaveProperty('x-api-key')
  })

  it('never tells the key, however a server says it', async () => {
    for (const [status, text] of [
      [401, `Bad key ${key}`],
      [400, `Request with ${key} is no good`],
      [400, `Request with sk-secret-0123… is no good`],
      [422, `?key=${encodeURIComponent(key)}`],
      [500, Buffer.from(key).toString('base64')],
      [404, `model ${key}`],
      [429, `${key}${key}`],
      [418, `Bearer ${key.toUpperCase().toLowerCase()}`],
    ] as const) {
      server.next(json(status, { error: { message: text } }))
      const error = await failure(ask(open({ attempts: 1 })))
      const all = `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`
      expect(all).not.toContain('sk-secret-0')
      expect(all).not.toContain(Buffer.from(key).toString('base64').slice(0, 12))
    }
  })

  it('says that nothing listens, and what to look at', async () => {
    const closed = createServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const { port } = closed.address() as AddressInfo
    await new Promise((resolve) => closed.close(resolve))
    const { fetch } = open({ attempts: 1 }, { allowed: [`127.0.0.1:${port}`] })
    expect(await failure(fetch(`http://127.0.0.1:${port}/`))).toMatchObject({
      code: 'provider-unreachable',
      details: { system: 'ECONNREFUSED' },
    })
  })
})

describe('a text without a key', () => {
  it.each([
    ['a sk-secret-0123456789 b', 'a … b'],
    ['a sk-secret-01 b', 'a … b'],
    ['sk-secret-0123456789sk-secret-0123456789', '……'],
    ['nothing of it', 'nothing of it'],
    ['the secret', 'the secret'],
  ])('%j', (text, expected) => expect(withoutKey(text, key)).toBe(expected))

  it('is the text where there is no key', () => {
    expect(withoutKey('all of it', undefined)).toBe('all of it')
    expect(withoutKey('abc x abc', 'abc')).toBe('… x …')
  })
})
