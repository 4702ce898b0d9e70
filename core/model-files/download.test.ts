import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { AppError } from '../contract/errors.ts'
import type { ModelManifest } from '../contract/models.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import type { DownloadPace } from './download-file.ts'
import { createModelStore, type ModelStore } from './model-store.ts'
import { manifestOf, namesIn, writeFiles } from './testing/sample-models.ts'

/** A hub with one model, whose answers a test changes one by one. */
const weights = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251))
const content: Record<string, Buffer> = {
  'config.json': Buffer.from('{"hidden_size":384}'),
  'onnx/model.onnx': weights,
  'onnx/model_quantized.onnx': weights.subarray(0, 1000),
}
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const pace: DownloadPace = { attempts: 3, firstWaitMs: 1, longestWaitMs: 2000, stallMs: 150 }

type Answer = (request: IncomingMessage, response: ServerResponse, bytes: Buffer) => void

let root = ''
let models = ''
let base = ''
let requests: { path: string; range: string | undefined; ifRange: string | undefined }[] = []
/** For requests of the weights, in turn; then the usual answer. */
let answers: Answer[] = []

beforeEach(async () => {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  root = folder.path
  models = join(root, 'models')
  requests = []
  answers = []
  const server = createServer((request, response) => {
    const path = /^\/org\/name\/resolve\/v1\/(.+)$/.exec(request.url ?? '')?.[1] ?? ''
    const { range, 'if-range': ifRange } = request.headers
    requests.push({ path, range, ifRange: typeof ifRange === 'string' ? ifRange : undefined })
    const bytes = content[path]
    if (!bytes) return void response.writeHead(404).end()
    const answer = path === 'onnx/model.onnx' ? answers.shift() : undefined
    ;(answer ?? usual())(request, response, bytes)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

/** What a well-behaved server does with Range and If-Range. */
function usual(etag: string | null = '"one"'): Answer {
  return (request, response, bytes) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? NaN)
    const headers: Record<string, string> = etag === null ? {} : { etag }
    const isSame = request.headers['if-range'] === undefined || request.headers['if-range'] === etag
    if (Number.isNaN(start) || !isSame) {
      response.writeHead(200, { ...headers, 'content-length': String(bytes.length) }).end(bytes)
    } else if (start >= bytes.length) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
    } else {
      const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`
      response.writeHead(206, { ...headers, 'content-range': range, 'content-length': String(bytes.length - start) })
      response.end(bytes.subarray(start))
    }
  }
}

/** Sends so many bytes of the whole, then cuts the connection. */
function cut(after: number, etag: string | null = '"one"'): Answer {
  return (request, response, bytes) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const headers: Record<string, string> = etag === null ? {} : { etag }
    if (start > 0) headers['content-range'] = `bytes ${start}-${bytes.length - 1}/${bytes.length}`
    response.writeHead(start > 0 ? 206 : 200, { ...headers, 'content-length': String(bytes.length - start) })
    response.write(bytes.subarray(start, start + after), () => setTimeout(() => response.destroy(), 20))
  }
}

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(code, headers).end('no')

interface Known {
  bytes?: number
  sha256?: string
}

/** A store whose catalogue has the model, with what it knows of the weights. */
function open(known: Known = { bytes: weights.length, sha256: sha256(weights) }): ModelStore {
  const model: ModelManifest = manifestOf({
    id: 'name',
    hub: { id: 'org/name', revision: 'v1' },
    files: [
      { path: 'config.json' },
      { path: 'onnx/model.onnx', precision: 'fp32', ...known },
      { path: 'onnx/model_quantized.onnx', precision: 'q8' },
    ],
  })
  writeFiles(join(root, 'bundled'), { 'catalogue.json': JSON.stringify({ models: [model] }) })
  return createModelStore({ folder: models, bundledFolders: [join(root, 'bundled')] })
}

const download = (store: ModelStore, more: { signal?: AbortSignal; precision?: string; fetch?: typeof fetch } = {}) =>
  store.download('name', { fetch, base, pace, ...more })
const installed = (): Buffer => readFileSync(join(models, 'name/onnx/model.onnx'))
const ranges = (): (string | undefined)[] =>
  requests.filter(({ path }) => path === 'onnx/model.onnx').map(({ range }) => range)

describe('a download', () => {
  it('brings the files of the first precision, and notes what they were', async () => {
    const progress: number[] = []
    const store = open()
    const manifest = await store.download('name', { fetch, base, pace, onProgress: ({ done }) => progress.push(done) })
    expect(manifest.files).toEqual([
      { path: 'config.json', bytes: 19, sha256: sha256(content['config.json'] ?? weights) },
      { path: 'onnx/model.onnx', precision: 'fp32', bytes: weights.length, sha256: sha256(weights) },
    ])
    expect(installed().equals(weights)).toBe(true)
    expect(namesIn(models)).toEqual(['name'])
    expect(namesIn(join(models, 'name'))).toEqual(['config.json', 'model.json', 'onnx'])
    expect(progress.at(-1)).toBe(weights.length + 19)
    expect(await store.list()).toMatchObject([{ state: 'installed', origin: 'workspace' }])
    await expect(download(store)).rejects.toMatchObject({ code: 'name-taken' })
  })

  it('brings another precision when asked, and says which there are', async () => {
    const store = open()
    await expect(download(store, { precision: 'q4' })).rejects.toMatchObject({
      code: 'input-invalid',
      details: { offered: ['fp32', 'q8'] },
    })
    const { files } = await download(store, { precision: 'q8' })
    expect(files.map(({ path }) => path)).toEqual(['config.json', 'onnx/model_quantized.onnx'])
  })

  it('goes on after the connection was cut, again and again', async () => {
    answers = [cut(100_000), cut(100_000), cut(50_000)]
    await download(open())
    expect(installed().equals(weights)).toBe(true)
    expect(ranges()[0]).toBeUndefined()
    expect(
      ranges()
        .slice(1)
        .every((range) => /^bytes=\d+-$/.test(range ?? '')),
    ).toBe(true)
    expect(requests.at(-1)?.ifRange).toBe('"one"')
  })

  it('goes on in the next process, and fetches what is complete no second time', async () => {
    answers = [cut(100_000), status(503), status(503), status(503)]
    await expect(download(open())).rejects.toMatchObject({ code: 'connection-lost', retryable: true })
    const [model] = await open().list()
    expect(model).toMatchObject({ state: 'absent', bytes: 100_019 })
    requests = []
    await download(open())
    expect(installed().equals(weights)).toBe(true)
    expect(requests).toEqual([{ path: 'onnx/model.onnx', range: 'bytes=100000-', ifRange: '"one"' }])
  })

  it('stops when it is cancelled, keeps what came, and can be thrown away', async () => {
    answers = [cut(100_000)]
    const stop = new AbortController()
    const store = open()
    const work = store.download('name', {
      ...{ fetch, base, pace, signal: stop.signal },
      onProgress: ({ done }) => done > 50_000 && stop.abort(),
    })
    const [during] = await store.list()
    expect(during?.state).toBe('downloading')
    await expect(work).rejects.toMatchObject({ code: 'cancelled' })
    const [model] = await store.list()
    expect(model?.bytes).toBeGreaterThan(50_000)
    await store.removePartial('name')
    expect(namesIn(models)).toEqual([])
  })

  it('begins anew when the file has changed meanwhile', async () => {
    answers = [cut(100_000, '"zero"'), usual('"one"')]
    await download(open({}))
    expect(installed().equals(weights)).toBe(true)
    expect(requests.at(-1)).toMatchObject({ ifRange: '"zero"' })
  })

  it('does not trust a part that comes under another ETag than asked for', async () => {
    answers = [
      cut(100_000, '"zero"'),
      (request, response, bytes) => {
        delete request.headers['if-range']
        usual('"one"')(request, response, bytes)
      },
    ]
    await download(open({}))
    expect(installed().equals(weights)).toBe(true)
    expect(ranges()).toEqual([undefined, 'bytes=100000-', undefined])
  })

  it('begins anew where nothing says whether it is the same file', async () => {
    answers = [cut(100_000, null), usual(null)]
    await download(open({}))
    expect(ranges()).toEqual([undefined, undefined])
    expect(installed().equals(weights)).toBe(true)
  })

  it('copes with servers that know no ranges, or send the wrong one', async () => {
    const whole: Answer = (_request, response, bytes) => void response.writeHead(200, { etag: '"one"' }).end(bytes)
    const shifted: Answer = (_request, response, bytes) => {
      response.writeHead(206, { etag: '"one"', 'content-range': `bytes 5-${bytes.length - 1}/${bytes.length}` })
      response.end(bytes.subarray(5))
    }
    answers = [cut(100_000), shifted, cut(100_000), whole]
    await download(open())
    expect(installed().equals(weights)).toBe(true)
  })

  it('takes 416 for the end where all is there, and for a reason to begin anew where it is not', async () => {
    answers = [cut(300_000), status(416, { 'content-range': `bytes */${weights.length}` })]
    await download(open({}))
    expect(installed().equals(weights)).toBe(true)
    await open().remove('name')
    answers = [cut(100_000), status(416, { 'content-range': 'bytes */5' })]
    await download(open({}))
    expect(installed().equals(weights)).toBe(true)
  })

  it('gives up a connection that brings nothing, and goes on', async () => {
    const silent: Answer = (_request, response, bytes) => {
      response.writeHead(200, { etag: '"one"', 'content-length': String(bytes.length) })
      response.write(bytes.subarray(0, 1000))
    }
    answers = [silent]
    await download(open())
    expect(ranges()).toEqual([undefined, 'bytes=1000-'])
  })

  it('waits as long as a busy server asks, unless that is too long', async () => {
    answers = [status(429, { 'retry-after': '1' })]
    await download(open())
    await open().remove('name')
    for (const later of ['3', new Date(Date.now() + 60_000).toUTCString()]) {
      answers = [status(503, { 'retry-after': later })]
      await expect(download(open())).rejects.toMatchObject({ code: 'connection-lost', details: { status: 503 } })
    }
  })
})

describe('what a download refuses', () => {
  it.each([
    [401, 'request-refused'],
    [403, 'request-refused'],
    [404, 'model-missing'],
    [400, 'connection-lost'],
  ])('%d is %s at once', async (code, expected) => {
    answers = [status(code)]
    await expect(download(open())).rejects.toMatchObject({ code: expected, details: { status: code } })
    expect(ranges()).toHaveLength(1)
  })

  it('a file of another size than the catalogue names, before it is fetched', async () => {
    await expect(download(open({ bytes: 5 }))).rejects.toMatchObject({ code: 'model-invalid' })
    expect(namesIn(models)).toEqual(['.download-name'])
  })

  it('a file that is longer than named, though its length was not sent', async () => {
    answers = [(_request, response, bytes) => void response.writeHead(200).end(Buffer.concat([bytes, bytes]))]
    await expect(download(open())).rejects.toMatchObject({ code: 'model-invalid' })
  })

  it('a wrong checksum; a part that was the reason is fetched anew', async () => {
    await expect(download(open({ sha256: sha256(Buffer.from('x')) }))).rejects.toMatchObject({ code: 'model-invalid' })
    const wrong: Answer = (_request, response, bytes) => {
      response.writeHead(200, { etag: '"one"', 'content-length': String(bytes.length) })
      response.write(Buffer.alloc(50_000), () => setTimeout(() => response.destroy(), 20))
    }
    answers = [wrong, status(503), status(503), status(503)]
    await expect(download(open())).rejects.toMatchObject({ code: 'connection-lost' })
    await download(open())
    expect(installed().equals(weights)).toBe(true)
  })

  it('a hub that the network door does not let through: nothing is tried again', async () => {
    let calls = 0
    const refusing: typeof fetch = () => {
      calls += 1
      return Promise.reject(new TypeError('fetch failed', { cause: new AppError('network-refused', 'Offline.') }))
    }
    await expect(download(open(), { fetch: refusing })).rejects.toMatchObject({ code: 'network-refused' })
    expect(calls).toBe(1)
  })

  it('no hub at all: it says which host', async () => {
    const work = open().download('name', { fetch, base: 'http://127.0.0.1:9', pace })
    await expect(work).rejects.toMatchObject({
      code: 'connection-lost',
      message: expect.stringContaining('127.0.0.1:9') as string,
    })
  })

  it('two downloads of one model at a time, and models that it does not know', async () => {
    const store = open()
    const first = download(store)
    await expect(download(store)).rejects.toMatchObject({ code: 'name-taken' })
    await first
    await expect(store.download('unknown', { fetch })).rejects.toMatchObject({ code: 'model-missing' })
  })
})
