import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { strToU8, zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { channelOverPort, channelOverWebSocket } from './contract/channel.ts'
import type { Client } from './contract/client.ts'
import type { Document } from './contract/documents.ts'
import { AppError } from './contract/errors.ts'
import type { FileEvent } from './contract/file-events.ts'
import { createWireClient } from './contract/wire-client.ts'
import { serve } from './host/serve.ts'
import { serveMessagePort } from './host/wire-message-port.ts'
import { silentLog } from './shared/log.ts'
import type { CollectionId, DocumentId } from './shared/ids.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

interface Received {
  start: FileEvent & { type: 'file-start' }
  bytes: Buffer
  pieces: number
  ended: boolean
}

async function receive(client: Client, documentId: DocumentId): Promise<Received> {
  let start: Received['start'] | undefined
  const parts: Buffer[] = []
  let ended = false
  for await (const event of await client.documents.file({ documentId })) {
    if (event.type === 'file-start') start = event
    else if (event.type === 'file-piece') parts.push(Buffer.from(event.base64, 'base64'))
    else ended = true
  }
  if (!start) throw new Error('The stream had no beginning.')
  return { start, bytes: Buffer.concat(parts), pieces: parts.length, ended }
}

const failure = async (work: Promise<unknown>): Promise<AppError> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(AppError)
  return error as AppError
}

describe('the original of a document', () => {
  let bench: TestApp
  let collectionId: CollectionId
  const byName = async (name: string): Promise<Document> => {
    const { documents } = await bench.client.documents.list({ collectionId })
    const found = documents.find((document) => document.name === name)
    if (!found) throw new Error(`no ${name}`)
    return found
  }
  const write = (name: string, bytes: string | Uint8Array): string => {
    const path = join(bench.folder, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, bytes)
    return path
  }

  beforeAll(async () => {
    bench = await openTestApp({ maximumFileBytes: 8_000_000 })
    collectionId = (await bench.client.collections.create({ name: 'Originals' })).id
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  test('comes byte for byte, in pieces of at most 1 MiB, over every wire', async () => {
    const text = Array.from({ length: 60_000 }, (_, line) => `Line ${line} of the harbour log.`).join('\n')
    const bytes = strToU8(text)
    await bench.ingest(collectionId, write('log.txt', bytes))
    const { id } = await byName('log.txt')

    await using host = await serve({ router: bench.app.router, rendererFolder: '/nowhere', log: silentLog })
    const socket = new WebSocket(`ws://127.0.0.1:${host.port}/ws`, ['quarry', `token.${host.token}`])
    await new Promise((resolve) => socket.addEventListener('open', resolve))
    const { port1, port2 } = new MessageChannel()
    const served = serveMessagePort(bench.app.router, port2, { log: silentLog })
    const clients = {
      'in process': bench.client,
      'message port': createWireClient<Client>(channelOverPort(port1)),
      'web socket': createWireClient<Client>(channelOverWebSocket(socket)),
    }
    for (const [wire, client] of Object.entries(clients)) {
      const { start, bytes: got, pieces, ended } = await receive(client, id)
      expect(start, wire).toEqual({
        type: 'file-start',
        name: 'log.txt',
        mediaType: 'text/plain',
        bytes: bytes.length,
        sha256: sha256(bytes),
      })
      expect(sha256(got), wire).toBe(sha256(bytes))
      expect(pieces, wire).toBe(Math.ceil(bytes.length / (768 * 1024)))
      expect(ended, wire).toBe(true)
    }

    const rest = await fetch(`http://127.0.0.1:${host.port}/api/v1/documents/${id}/file`, {
      headers: { authorization: `Bearer ${host.token}` },
    })
    expect(rest.headers.get('content-type')).toContain('text/event-stream')
    const events = (await rest.text()).split('\n').flatMap((line) => {
      if (!line.startsWith('data: {')) return []
      const event = JSON.parse(line.slice(6)) as FileEvent
      return event.type === 'file-piece' ? [Buffer.from(event.base64, 'base64')] : []
    })
    expect(sha256(Buffer.concat(events))).toBe(sha256(bytes))
    socket.close()
    port1.close()
    await served[Symbol.asyncDispose]()
  })

  test('of an upload, a member of an archive, and an attachment', async () => {
    const data = strToU8('# Buoy\n\nThe buoy was serviced in May.')
    const { uploadId } = await bench.client.ingest.upload({ path: 'buoy.md', data: new Blob([data]), last: true })
    const { jobId } = await bench.client.ingest.start({ collectionId, uploadIds: [uploadId] })
    await bench.finished(jobId)

    const inner = strToU8('Anchors are checked every spring.')
    const nested = zipSync({ 'deep/anchors.txt': inner })
    await bench.ingest(collectionId, write('pack.zip', zipSync({ 'nested.zip': nested })))

    const attached = 'Depth;Temperature\n10;8.5\n20;7.25\n'
    await bench.ingest(collectionId, write('letter.eml', letterWith('readings.csv', attached)))

    for (const [name, bytes, mediaType] of [
      ['buoy.md', data, 'text/plain'],
      ['anchors.txt', inner, 'text/plain'],
      ['readings.csv', strToU8(attached), 'text/csv'],
    ] as const) {
      const { id } = await byName(name)
      const { start, bytes: got } = await receive(bench.client, id)
      expect(got.toString(), name).toBe(Buffer.from(bytes).toString())
      expect(start.mediaType, name).toBe(mediaType)
      expect(await bench.client.documents.place({ documentId: id }), name).toEqual({ path: null })
    }
    const letter = await byName('letter.eml')
    expect(await bench.client.documents.place({ documentId: letter.id })).toEqual({
      path: join(bench.folder, 'letter.eml'),
    })
  })

  test('never says that it is a page, whatever it is', async () => {
    await bench.ingest(
      collectionId,
      write('page.html', '<html><body><p>Mooring plan.</p><script>1</script></body></html>'),
    )
    const { start } = await receive(bench.client, (await byName('page.html')).id)
    expect(start.mediaType).toBe('application/octet-stream')
  })

  test('that is gone, changed or grown gives nothing', async () => {
    const path = write('tides.txt', 'High water is at noon.')
    await bench.ingest(collectionId, path)
    const { id } = await byName('tides.txt')
    writeFileSync(path, 'Low water is at noon!!')
    expect(await failure(receive(bench.client, id))).toMatchObject({ code: 'file-changed' })
    writeFileSync(path, 'High water is at noon. And more.')
    expect(await failure(receive(bench.client, id))).toMatchObject({ code: 'file-changed' })
    rmSync(path)
    expect(await failure(receive(bench.client, id))).toMatchObject({ code: 'file-missing' })
    mkdirSync(path)
    expect((await failure(receive(bench.client, id))).code).toMatch(/^file-(changed|unreadable)$/)
    rmSync(path, { recursive: true })
    writeFileSync(path, '')
    truncateSync(path, 9_000_000)
    expect(await failure(receive(bench.client, id))).toMatchObject({ code: 'file-too-large' })
    writeFileSync(path, 'High water is at noon.')
    expect((await receive(bench.client, id)).bytes.toString()).toBe('High water is at noon.')
  })

  test.skipIf(process.platform === 'win32')('is not what a link or a pipe in its place leads to', async () => {
    const path = write('plan.txt', 'The plan for the harbour.')
    await bench.ingest(collectionId, path)
    const { id } = await byName('plan.txt')
    const secret = write('../secret.txt', 'The key of the harbour.')
    renameSync(path, `${path}.away`)
    symlinkSync(secret, path)
    const error = await failure(receive(bench.client, id))
    expect(error.code).toBe('file-changed')
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain('key of the harbour')
    rmSync(path)
    // Opening it in the usual way would wait for a writer for ever.
    execFileSync('mkfifo', [path])
    expect((await failure(receive(bench.client, id))).code).toBe('file-changed')
    rmSync(path)
    if (existsSync('/dev/zero')) {
      symlinkSync('/dev/zero', path)
      expect((await failure(receive(bench.client, id))).code).toBe('file-changed')
    }
  })

  test('whose archive changed gives nothing', async () => {
    const path = write('two.zip', zipSync({ 'winch.txt': strToU8('The winch was repaired.') }))
    await bench.ingest(collectionId, path)
    const { id } = await byName('winch.txt')
    writeFileSync(path, zipSync({ 'winch.txt': strToU8('The winch was replaced!') }))
    expect(await failure(receive(bench.client, id))).toMatchObject({ code: 'file-changed' })
    writeFileSync(path, zipSync({ 'other.txt': strToU8('Nothing here.') }))
    expect(await failure(receive(bench.client, id))).toMatchObject({ code: 'file-missing' })
    writeFileSync(path, readFileSync(path).subarray(0, 40))
    expect((await failure(receive(bench.client, id))).code).toMatch(/^file-/)
  })

  test('ends in mid-stream when its document is removed, or its file is written over', async () => {
    const large = (word: string): string => `${word} `.repeat(1_200_000)
    const path = write('large.txt', large('wave'))
    await bench.ingest(collectionId, path)
    const { id } = await byName('large.txt')
    const stream = await bench.client.documents.file({ documentId: id })
    expect((await stream.next()).value).toMatchObject({ type: 'file-start' })
    expect((await stream.next()).value).toMatchObject({ type: 'file-piece' })
    writeFileSync(path, large('surf'))
    const broken = await failure(
      (async () => {
        for await (const _event of stream) continue
      })(),
    )
    expect(broken).toMatchObject({ code: 'file-changed' })

    writeFileSync(path, large('wave'))
    const other = await bench.client.documents.file({ documentId: id })
    await other.next()
    await other.next()
    await bench.client.documents.remove({ documentIds: [id] })
    const error = await failure(
      (async () => {
        for await (const _event of other) continue
      })(),
    )
    expect(error).toMatchObject({ code: 'item-missing' })
  })

  test('leaving early closes the file', async () => {
    const path = write('left.txt', 'ebb '.repeat(500_000))
    await bench.ingest(collectionId, path)
    const { id } = await byName('left.txt')
    for await (const event of await bench.client.documents.file({ documentId: id })) {
      if (event.type === 'file-piece') break
    }
    if (process.platform !== 'linux') return
    const open = (): string[] => {
      const found = execFileSync('sh', ['-c', `ls -l /proc/${process.pid}/fd`]).toString()
      return found.split('\n').filter((line) => line.includes('left.txt'))
    }
    await expect.poll(open).toEqual([])
  })

  test('is known by id alone', async () => {
    for (const documentId of ['nothing', '../../etc/passwd', join(bench.folder, 'letter.eml')]) {
      expect(await failure(receive(bench.client, documentId as DocumentId))).toMatchObject({ code: 'item-missing' })
    }
    await bench.ingest(collectionId, write('empty.txt', ''))
    const unread = (await bench.client.documents.list({ collectionId, status: 'failed' })).documents[0]
    if (!unread) throw new Error('an empty file should have failed')
    expect(await failure(receive(bench.client, unread.id))).toMatchObject({ code: 'item-missing' })
  })
})

function letterWith(name: string, text: string): string {
  return [
    'From: Ada <ada@example.org>',
    'To: Ben <ben@example.org>',
    'Subject: Readings',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=part',
    '',
    '--part',
    'Content-Type: text/plain',
    '',
    'The readings are attached.',
    '--part',
    `Content-Type: text/csv; name="${name}"`,
    `Content-Disposition: attachment; filename="${name}"`,
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(text).toString('base64'),
    '--part--',
    '',
  ].join('\r\n')
}
