import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { NetworkAttempt, NetworkPurpose } from '../contract/network.ts'
import { createNetworkDoor, type NetworkFetch } from './door.ts'
import type { NetworkRules } from './judge.ts'

/** Real servers on this machine. Names of other machines are sent to them by the `fetch` that the door is given. */
const servers: AsyncDisposable[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]()
})

interface Seen {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}

async function listen(answer: RequestListener): Promise<{ host: string; seen: Seen[] }> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (text: string) => (body += text))
    request.on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body })
      answer(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push({
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  })
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

const redirect =
  (status: number, location: string): RequestListener =>
  (_request, response) =>
    response.writeHead(status, { location }).end('elsewhere')
const ok: RequestListener = (_request, response) => response.end('yes')

/** `names`: which real server plays the host of a name, for https as for http. */
function door(rules: NetworkRules, names: Record<string, string> = {}) {
  const attempts: Omit<NetworkAttempt, 'number'>[] = []
  const connected: string[] = []
  const playing: NetworkFetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    connected.push(url.host)
    const played = names[url.host]
    if (played) {
      url.protocol = 'http:'
      url.host = played
    }
    return fetch(url, init)
  }
  const opened = createNetworkDoor({
    policy: { rules: () => rules, lockedBy: () => undefined },
    attempts: { record: (attempt) => void attempts.push(attempt) },
    fetch: playing,
    now: () => 7,
  })
  return { ...opened, attempts, connected }
}

const entry = (host: string, purposes: NetworkPurpose[] = ['chat'], plainHttp = false) => ({
  host,
  purposes,
  plainHttp,
})
const refusal = (reason: string) =>
  expect.objectContaining({ code: 'network-refused', details: expect.objectContaining({ reason }) as object }) as Error

describe('offline', () => {
  it('connects to no other machine, allowed or not, and writes each try down', async () => {
    const { fetchFor, attempts, connected } = door({ offline: true, allowed: [entry('api.example.com')] })
    await expect(fetchFor('chat')('https://api.example.com/v1?key=secret')).rejects.toThrow(refusal('offline'))
    await expect(fetchFor('chat')('https://10.0.0.1/', { method: 'post' })).rejects.toThrow(refusal('offline'))
    expect(connected).toEqual([])
    expect(attempts).toEqual([
      { at: 7, purpose: 'chat', host: 'api.example.com', method: 'GET', outcome: 'refused', reason: 'offline' },
      { at: 7, purpose: 'chat', host: '10.0.0.1', method: 'POST', outcome: 'refused', reason: 'offline' },
    ])
  })

  it('connects to a server on this machine that is allowed, and only for what it is allowed for', async () => {
    const { host } = await listen(ok)
    const { fetchFor, attempts } = door({ offline: true, allowed: [entry(host)] })
    expect(await (await fetchFor('chat')(`http://${host}/api`)).text()).toBe('yes')
    await expect(fetchFor('embeddings')(`http://${host}/api`)).rejects.toThrow(refusal('purpose-not-allowed'))
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['allowed', 'refused'])
  })

  it('connects to no server on this machine that is not', async () => {
    const { host, seen } = await listen(ok)
    const { fetchFor } = door({ offline: true, allowed: [entry('127.0.0.1:1')] })
    await expect(fetchFor('chat')(`http://${host}/`)).rejects.toThrow(refusal('host-not-allowed'))
    expect(seen).toEqual([])
  })

  it('takes no name for this machine because it resolves to it', async () => {
    const { host } = await listen(ok)
    const names = { 'rebound.example:8080': host }
    const { fetchFor, connected } = door({ offline: true, allowed: [entry('rebound.example:8080')] }, names)
    await expect(fetchFor('chat')('http://rebound.example:8080/')).rejects.toThrow(refusal('offline'))
    expect(connected).toEqual([])
  })

  it('does not send what is for this machine to a proxy', async () => {
    const { host } = await listen(ok)
    const { fetchFor, connected } = door({ offline: true, allowed: [entry(host)] })
    Object.assign(process.env, { NODE_USE_ENV_PROXY: '1', http_proxy: 'http://proxy.example:3128' })
    try {
      await expect(fetchFor('chat')(`http://${host}/`)).rejects.toThrow(refusal('leaves-machine'))
      expect(connected).toEqual([])
      process.env.no_proxy = 'example.org,127.0.0.1'
      expect((await fetchFor('chat')(`http://${host}/`)).status).toBe(200)
    } finally {
      for (const name of ['NODE_USE_ENV_PROXY', 'http_proxy', 'no_proxy']) delete process.env[name]
    }
  })
})

describe('online', () => {
  it.each([
    ['https://other.example/', 'host-not-allowed'],
    ['https://api.example.com:8443/', 'host-not-allowed'],
    ['http://api.example.com/', 'plain-http'],
    ['ws://api.example.com/', 'scheme-refused'],
    ['data:text/plain,hello', 'scheme-refused'],
    ['file:///etc/passwd', 'scheme-refused'],
    ['https://user:pass@api.example.com/', 'address-invalid'],
    ['/relative', 'address-invalid'],
    ['https://', 'address-invalid'],
  ])('refuses %s: %s', async (address, reason) => {
    const { fetchFor, check, connected, attempts } = door({ offline: false, allowed: [entry('api.example.com')] })
    await expect(fetchFor('chat')(address)).rejects.toThrow(refusal(reason))
    expect(() => check(address, 'chat')).toThrow(refusal(reason))
    expect(connected).toEqual([])
    expect(attempts).toEqual([expect.objectContaining({ outcome: 'refused', reason })])
  })

  it('says in a refusal which command would allow it', () => {
    const { check } = door({ offline: false, allowed: [] })
    expect(() => check('https://api.example.com/v1', 'rerank')).toThrow(
      'quarry network allow api.example.com --for rerank',
    )
  })

  it('sends method, headers and body on, and gives the answer as it is, streaming', async () => {
    const { host, seen } = await listen((_request, response) => {
      response.writeHead(201, { 'x-answer': 'a' })
      response.write('first')
      setTimeout(() => response.end('last'), 20)
    })
    const { fetchFor } = door({ offline: false, allowed: [entry('api.example.com')] }, { 'api.example.com': host })
    const response = await fetchFor('chat')('https://api.example.com/v1?q=1', {
      method: 'post',
      headers: { authorization: 'Bearer k' },
      body: '{"a":1}',
    })
    expect(response.status).toBe(201)
    expect(response.headers.get('x-answer')).toBe('a')
    const pieces: string[] = []
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) pieces.push(piece)
    expect(pieces.join('')).toBe('firstlast')
    expect(seen).toMatchObject([
      { method: 'POST', url: '/v1?q=1', body: '{"a":1}', headers: { authorization: 'Bearer k' } },
    ])
  })

  it('takes a Request, and bodies that are streams', async () => {
    const { host, seen } = await listen(ok)
    const { fetchFor } = door({ offline: true, allowed: [entry(host)] })
    const headers = { 'x-own': '1' }
    await fetchFor('chat')(new Request(`http://${host}/a`, { method: 'PUT', body: 'abc', headers }))
    const body = new Blob(['stream']).stream()
    await fetchFor('chat')(`http://${host}/b`, { method: 'POST', body })
    expect(seen).toMatchObject([
      { method: 'PUT', body: 'abc', headers: { 'x-own': '1' } },
      { method: 'POST', body: 'stream' },
    ])
  })

  it('stops when its signal says so, before and during the answer', async () => {
    const { host } = await listen((_request, response) => void response.write('begun'))
    const { fetchFor } = door({ offline: true, allowed: [entry(host)] })
    await expect(fetchFor('chat')(`http://${host}/`, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i)
    const controller = new AbortController()
    const response = await fetchFor('chat')(`http://${host}/`, { signal: controller.signal })
    const text = response.text()
    controller.abort()
    await expect(text).rejects.toThrow(/abort/i)
  })

  it('gives what fetch throws where nobody answers', async () => {
    const { fetchFor } = door({ offline: true, allowed: [entry('127.0.0.1:1')] })
    await expect(fetchFor('chat')('http://127.0.0.1:1/')).rejects.toThrow(TypeError)
  })
})

describe('where an answer leads elsewhere', () => {
  it('judges each address anew, and writes it down', async () => {
    const from = await listen(redirect(302, 'https://tracker.example/'))
    const { fetchFor, attempts, connected } = door(
      { offline: false, allowed: [entry('api.example.com')] },
      { 'api.example.com': from.host },
    )
    await expect(fetchFor('chat')('https://api.example.com/')).rejects.toThrow(refusal('host-not-allowed'))
    expect(connected).toEqual(['api.example.com'])
    expect(attempts.map(({ host, outcome }) => [host, outcome])).toEqual([
      ['api.example.com', 'allowed'],
      ['tracker.example', 'refused'],
    ])
  })

  it('takes no key along to another host', async () => {
    const to = await listen(ok)
    const from = await listen(redirect(307, 'https://files.example/f?signed=1'))
    const { fetchFor } = door(
      { offline: false, allowed: [entry('api.example.com'), entry('files.example')] },
      { 'api.example.com': from.host, 'files.example': to.host },
    )
    const headers = { authorization: 'Bearer k', 'x-api-key': 'k', cookie: 'k=1', range: 'bytes=5-', 'api-key': 'k' }
    const response = await fetchFor('chat')('https://api.example.com/f', { headers })
    expect(await response.text()).toBe('yes')
    expect(from.seen[0]?.headers).toMatchObject(headers)
    expect(to.seen[0]).toMatchObject({ url: '/f?signed=1', headers: { range: 'bytes=5-' } })
    expect(JSON.stringify(to.seen[0]?.headers)).not.toMatch(/"k"|k=1|Bearer/)
  })

  it('keeps headers on the same host', async () => {
    const { host, seen } = await listen((request, response) =>
      request.url === '/a' ? redirect(308, '/b')(request, response) : ok(request, response),
    )
    const { fetchFor } = door({ offline: true, allowed: [entry(host)] })
    const init = { method: 'POST', body: 'abc', headers: { authorization: 'Bearer k' } }
    await fetchFor('chat')(`http://${host}/a`, init)
    expect(seen.map(({ method, url, body, headers }) => [method, url, body, headers.authorization])).toEqual([
      ['POST', '/a', 'abc', 'Bearer k'],
      ['POST', '/b', 'abc', 'Bearer k'],
    ])
  })

  it.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [303, 'HEAD', 'HEAD', ''],
    [307, 'POST', 'POST', 'abc'],
    [302, 'PUT', 'PUT', 'abc'],
  ])('after %i on %s asks with %s', async (status, method, then, body) => {
    const { host, seen } = await listen((request, response) =>
      request.url === '/a' ? redirect(status, '/b')(request, response) : ok(request, response),
    )
    const { fetchFor } = door({ offline: true, allowed: [entry(host)] })
    await fetchFor('chat')(`http://${host}/a`, { method, body: method === 'HEAD' ? null : 'abc' })
    expect(seen[1]).toMatchObject({ method: then, url: '/b', body })
  })

  it('never follows from elsewhere to this machine, though both are allowed', async () => {
    const here = await listen(ok)
    const from = await listen(redirect(302, `http://${here.host}/admin`))
    const { fetchFor } = door(
      { offline: false, allowed: [entry('api.example.com'), entry(here.host)] },
      { 'api.example.com': from.host },
    )
    await expect(fetchFor('chat')('https://api.example.com/')).rejects.toThrow(refusal('led-to-this-machine'))
    expect(here.seen).toEqual([])
  })

  it('does not go from https to http on the quiet', async () => {
    const from = await listen(redirect(301, 'http://api.example.com/'))
    const { fetchFor } = door({ offline: false, allowed: [entry('api.example.com')] }, { 'api.example.com': from.host })
    await expect(fetchFor('chat')('https://api.example.com/')).rejects.toThrow(refusal('plain-http'))
  })

  it('gives up after ten', async () => {
    const { host, seen } = await listen(redirect(302, '/again'))
    const { fetchFor, attempts } = door({ offline: true, allowed: [entry(host)] })
    await expect(fetchFor('chat')(`http://${host}/`)).rejects.toThrow(refusal('too-many-redirects'))
    expect(seen).toHaveLength(11)
    expect(attempts.at(-1)).toMatchObject({ outcome: 'refused', reason: 'too-many-redirects' })
  })

  it('does not send a stream twice', async () => {
    const { host } = await listen(redirect(307, '/again'))
    const { fetchFor } = door({ offline: true, allowed: [entry(host)] })
    const body = new Blob(['stream']).stream()
    await expect(fetchFor('chat')(`http://${host}/`, { method: 'POST', body })).rejects.toThrow(/twice/)
  })

  it('leaves it to who wants that: "manual" and "error"', async () => {
    const { host } = await listen(redirect(302, 'https://tracker.example/'))
    const { fetchFor } = door({ offline: true, allowed: [entry(host)] })
    const answer = await fetchFor('chat')(`http://${host}/`, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'https://tracker.example/'])
    await expect(fetchFor('chat')(`http://${host}/`, { redirect: 'error' })).rejects.toThrow(TypeError)
  })
})
