import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { createRequire } from 'node:module'
import { connect as connectSocket } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { pageHeaders } from './page-files.ts'
import { serve, type ServedHost } from './serve.ts'
import { createToy } from './testing/toy.ts'
import { requestLimit } from '../wire/errors-on-the-wire.ts'

let folder: string
let host: ServedHost

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quarry-serve-'))
  await mkdir(join(folder, 'page/assets'), { recursive: true })
  await writeFile(join(folder, 'secret.txt'), 'secret')
  await writeFile(join(folder, 'page/index.html'), '<!doctype html><title>Quarry</title>')
  await writeFile(join(folder, 'page/assets/main-1a2b.js'), 'export {}')
  await symlink(join(folder, 'secret.txt'), join(folder, 'page/link.txt'))
  const toy = createToy()

  host = await serve({ ...toy, rendererFolder: join(folder, 'page'), version: '1.2.3' })
})
afterAll(async () => {
  await host[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

describe('the page', () => {
  test('is served with a strict policy and without the token', async () => {
    const { status, headers, text } = await send('GET', '/')
    expect(status).toBe(200)
    expect(text).toContain('<title>Quarry</title>')
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['cache-control']).toBe('no-cache')
    const policy = headers['content-security-policy']
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/unsafe|\*/)
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    })
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })

  test('allows the one style element that react-aria adds', async () => {
    const press = createRequire(import.meta.url)
      .resolve('react-aria/package.json')
      .replace('package.json', 'dist/private/interactions/usePress.mjs')
    const source = await readFile(press, 'utf8')
    // The attribute's name is put in by the template.
    const style = /style\.textContent = `([^`]*)`\.trim\(\)/
      .exec(source)?.[1]
      ?.replace(/\$\{[^}]*\}/, 'data-react-aria-pressable')
    const hash = createHash('sha256')
      .update(style?.trim() ?? '')
      .digest('base64')
    expect(pageHeaders['content-security-policy']).toContain(`'sha256-${hash}'`)
  })

  test('answers its own places and keeps hashed files for ever', async () => {
    expect((await send('GET', '/library/col_1')).text).toContain('<title>')
    const asset = await send('GET', '/assets/main-1a2b.js')
    expect(asset.headers['content-type']).toBe('text/javascript; charset=utf-8')
    expect(asset.headers['cache-control']).toContain('immutable')
    expect((await send('HEAD', '/')).text).toBe('')
    expect((await send('POST', '/')).status).toBe(405)
  })

  test.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/..%5csecret.txt',
    '/%00/secret.txt',
    '/%ff/x.txt',
    '//secret.txt',
    '/link.txt',
    '/missing.js',
  ])('has nothing at %s', async (path) => {
    const { status, text } = await send('GET', path)
    expect(status).toBe(404)
    expect(text).not.toBe('secret')
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'item-missing' } })
  })

  test('that is not built says so', async () => {
    await using other = await serve({ ...createToy(), rendererFolder: join(folder, 'nowhere') })
    const { status, text } = await send('GET', '/', { port: other.port })
    expect(status).toBe(404)
    expect(text).toContain('npm run build')
  })
})

describe('strangers', () => {
  const doors = ['/session', '/api/v1/seen', '/api/v1/openapi.json', '/api/v1/nothing', '/api', '/ws']

  test.each(doors)('without the token get 401 at %s', async (path) => {
    for (const authorization of [
      undefined,
      'Bearer wrong',
      `Bearer ${host.token}x`,
      `Basic ${host.token}`,
      'Bearer ',
    ]) {
      const { status, headers, text } = await send(
        'GET',
        path,
        authorization === undefined ? {} : { headers: { authorization } },
      )
      expect(status).toBe(401)
      expect(headers['www-authenticate']).toBe('Bearer')
      expect(JSON.parse(text)).toMatchObject({ error: { code: 'request-refused' } })
      expect(text).not.toContain(host.token)
    }
  })

  test.each(['/', ...doors])('with another host name get 403 at %s', async (path) => {
    for (const name of [
      'evil.example',
      `evil.example:${host.port}`,
      '127.0.0.1',
      `127.0.0.1.evil.example:${host.port}`,
    ]) {
      const { status } = await send('GET', path, { headers: { ...authorized(), host: name } })
      expect(status).toBe(403)
    }
    expect(
      (await send('GET', '/session', { headers: { ...authorized(), host: `localhost:${host.port}` } })).status,
    ).toBe(204)
  })

  test.each(['/', ...doors])('from another website get 403 at %s', async (path) => {
    for (const origin of [
      'https://evil.example',
      'null',
      `http://127.0.0.1:${host.port + 1}`,
      `https://127.0.0.1:${host.port}`,
    ]) {
      expect((await send('GET', path, { headers: { ...authorized(), origin } })).status).toBe(403)
    }
  })

  test('from another port of this machine are told apart by the browser', async () => {
    const headers = { ...authorized(), 'sec-fetch-site': 'same-site' }
    expect((await send('GET', '/api/v1/seen', { headers })).status).toBe(403)
  })

  test('cannot ask for permission: there is no CORS', async () => {
    const { status, headers } = await send('OPTIONS', '/api/v1/seen', { headers: { origin: 'https://evil.example' } })
    expect(status).toBe(403)
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  test.each([
    ['no token', 401, {}, ['quarry']],
    ['a wrong token', 401, {}, ['quarry', 'token.wrong']],
    ['another origin', 403, { origin: 'https://evil.example' }, undefined],
    ['another host', 403, { host: 'evil.example' }, undefined],
  ])('open no socket with %s', async (_what, status, headers, protocols) => {
    const socket = new WebSocket(`ws://127.0.0.1:${host.port}/ws`, protocols ?? ['quarry', `token.${host.token}`], {
      headers,
    })
    socket.on('error', () => {})
    const refused = await new Promise((resolve) => {
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode))
      socket.on('open', () => resolve('open'))
    })
    expect(refused).toBe(status)
    socket.terminate()
  })

  test('the page itself opens one, and the token is not echoed', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${host.port}/ws`, ['quarry', `token.${host.token}`], {
      origin: `http://127.0.0.1:${host.port}`,
    })
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
    expect(socket.protocol).toBe('quarry')
    socket.terminate()
  })

  test('on the network find no door', async () => {
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
    for (const { address } of addresses.filter(({ internal, family }) => !internal && family === 'IPv4')) {
      const reached = await new Promise((resolve) => {
        const socket = connectSocket({ host: address, port: host.port, timeout: 2_000 })
        const settle = (answer: boolean) => () => (socket.destroy(), resolve(answer))
        socket.on('connect', settle(true)).on('error', settle(false)).on('timeout', settle(false))
      })
      expect(reached).toBe(false)
    }
  })
})

describe('the REST routes', () => {
  test('answer calls', async () => {
    expect(await json('POST', '/api/v1/echo', { value: { text: '中文 👍', list: [null, 1.5] } })).toEqual({
      status: 200,
      value: { value: { text: '中文 👍', list: [null, 1.5] } },
    })
    expect((await json('POST', '/api/v1/ask', { question: 'why?' })).value).toEqual({ question: 'why?', k: 3 })
  })

  test('take uploads as forms', async () => {
    const form = new FormData()
    form.set('path', 'a/b.txt')
    form.set('last', 'true')
    form.set('offset', '0')
    form.set('data', new Blob(['hello']), 'b.txt')
    const response = await fetch(`http://127.0.0.1:${host.port}/api/v1/uploads`, {
      method: 'POST',
      headers: authorized(),
      body: form,
    })
    expect(await response.json()).toMatchObject({ path: 'a/b.txt', last: true, offset: 0, size: 5 })
  })

  test('tell errors with their status', async () => {
    expect(await json('POST', '/api/v1/fail', { how: 'known' })).toEqual({
      status: 409,
      value: {
        error: {
          code: 'name-taken',
          message: 'There is already a collection called "Zürich". Choose another name.',
          retryable: true,
          details: { name: 'Zürich', numbers: [1, 2] },
        },
      },
    })
    expect(await json('POST', '/api/v1/ask', { question: '' })).toMatchObject({
      status: 400,
      value: { error: { code: 'input-invalid', message: '"question" is not valid: Type a question.' } },
    })
    expect(await json('POST', '/api/v1/fail', { how: 'unexpected' })).toMatchObject({
      status: 500,
      value: { error: { code: 'internal' } },
    })
    expect(await json('GET', '/api/v1/nothing')).toMatchObject({
      status: 404,
      value: { error: { code: 'item-missing' } },
    })
    const broken = await send('POST', '/api/v1/ask', {
      headers: { ...authorized(), 'content-type': 'application/json' },
      body: '{"question":',
    })
    expect(broken.status).toBe(400)
    expect(JSON.parse(broken.text)).toMatchObject({ error: { code: 'input-invalid' } })
  })

  test('stream events, and an error in the middle', async () => {
    const { status, headers, text } = await send('GET', '/api/v1/count/10?failAfter=2', { headers: authorized() })
    expect(status).toBe(200)
    expect(headers['content-type']).toContain('text/event-stream')
    const events = text.split('\n\n').filter((part) => part.includes('data: '))
    expect(events.map((part) => /event: (\w+)/.exec(part)?.[1])).toEqual(['message', 'message', 'error'])
    expect(events[1]).toContain('{"number":1}')
    expect(events[2]).toContain('Page 7 is damaged.')
  })

  test('stop working when the reader leaves', async () => {
    const before = (await json('GET', '/api/v1/seen')).value as { aborted: number }
    const controller = new AbortController()
    const response = await fetch(`http://127.0.0.1:${host.port}/api/v1/silence`, {
      headers: authorized(),
      signal: controller.signal,
    })
    await response.body?.getReader().read()
    controller.abort()
    const aborted = async (): Promise<number> =>
      ((await json('GET', '/api/v1/seen')).value as { aborted: number }).aborted
    await expect.poll(aborted, { timeout: 5_000 }).toBe(before.aborted + 1)
  })

  test('are described', async () => {
    const { value } = await json('GET', '/api/v1/openapi.json')
    const document = value as { openapi: string; info: { version: string }; paths: Record<string, unknown> }
    expect(document.openapi).toMatch(/^3\.1/)
    expect(document.info.version).toBe('1.2.3')
    expect(Object.keys(document.paths)).toContain('/count/{to}')
    expect(JSON.stringify(document.paths['/uploads'])).toContain('application/octet-stream')
  })

  test.each([
    ['with its length', { 'content-length': String(requestLimit + 1) }],
    ['without a length', { 'transfer-encoding': 'chunked' }],
  ])('refuse a body that is too large, sent %s', async (_how, header) => {
    const headers = { ...authorized(), 'content-type': 'application/json', ...header }
    const { status, text } = await send('POST', '/api/v1/echo', { headers, body: Buffer.alloc(requestLimit + 1, 0x20) })
    expect(status).toBe(413)
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'file-too-large' } })
  })
})

describe('the socket', () => {
  test.each([
    ['is not JSON', 'not json'],
    ['is JSON of another kind', '{"i":{"j":1}}'],
    ['is binary rubbish', Buffer.from([1, 2, 255, 3])],
  ])('closes on a message that %s, and the host lives on', async (_what, message) => {
    const socket = new WebSocket(`ws://127.0.0.1:${host.port}/ws`, ['quarry', `token.${host.token}`])
    await new Promise((resolve) => socket.on('open', resolve))
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.send(message)
    await closed
    expect((await send('GET', '/session', { headers: authorized() })).status).toBe(204)
  })

  test('closes on a message that is too large', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${host.port}/ws`, ['quarry', `token.${host.token}`])
    await new Promise((resolve) => socket.on('open', resolve))
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.send(Buffer.alloc(requestLimit + 1))
    expect(await closed).toBe(1009)
  })
})

test('a port that is taken is a clear error', async () => {
  const error: unknown = await serve({ ...createToy(), rendererFolder: folder, port: host.port }).catch(
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({ code: 'request-refused' })
  expect(String(error)).toContain(`Port ${host.port} is taken`)
})

test('the address has a new token of 256 bits in its fragment', async () => {
  await using other = await serve({ ...createToy(), rendererFolder: folder })
  const url = new URL(other.url)
  expect(url.hostname).toBe('127.0.0.1')
  expect(url.hash).toBe(`#token=${other.token}`)
  expect(Buffer.from(other.token, 'base64url')).toHaveLength(32)
  expect(other.token).not.toBe(host.token)
})

test('dispose ends open streams and sockets', async () => {
  const other = await serve({ ...createToy(), rendererFolder: folder })
  const headers = { authorization: `Bearer ${other.token}` }
  const response = await fetch(`http://127.0.0.1:${other.port}/api/v1/silence`, { headers })
  const socket = new WebSocket(`ws://127.0.0.1:${other.port}/ws`, ['quarry', `token.${other.token}`])
  await new Promise((resolve) => socket.on('open', resolve))
  const closed = new Promise((resolve) => socket.on('close', resolve))
  await other[Symbol.asyncDispose]()
  await closed
  await expect(response.text()).rejects.toThrow()
  await expect(fetch(`http://127.0.0.1:${other.port}/`)).rejects.toThrow()
})

function authorized(): Record<string, string> {
  return { authorization: `Bearer ${host.token}` }
}

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

/** A request as it is: no path is tidied up and every header can be set. */
function send(
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string | Buffer; port?: number } = {},
): Promise<Answer> {
  const { headers = {}, body, port = host.port } = options
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('close', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

async function json(method: string, path: string, body?: unknown): Promise<{ status: number; value: unknown }> {
  const headers = { ...authorized(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
  const { status, text } = await send(
    method,
    path,
    body === undefined ? { headers } : { headers, body: JSON.stringify(body) },
  )
  return { status, value: JSON.parse(text) }
}
