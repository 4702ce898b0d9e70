import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { ModelManifest } from '../contract/models.ts'
import type { UploadId } from '../shared/ids.ts'
import { openTestApp, projectRoot, type TestApp } from '../testing/test-app.ts'

/** Over the in-process wire, with the real catalogue and the real bundled model. */
let test: TestApp
beforeAll(async () => {
  test = await openTestApp()
})
afterAll(() => test[Symbol.asyncDispose]())

async function last<Event extends { type: string }>(events: Promise<AsyncIterable<Event>>): Promise<Event> {
  let end: Event | undefined
  for await (const event of await events) end = event
  if (!end) throw new Error('There was no event.')
  return end
}

/** As a page does it: in pieces, whose first one tells the size. */
async function send(path: string, bytes: Buffer): Promise<UploadId> {
  let uploadId: UploadId | undefined
  const step = 3_000_000
  for (let offset = 0; offset < bytes.length; offset += step) {
    const data = new Blob([new Uint8Array(bytes.subarray(offset, offset + step))])
    const piece = { path, size: bytes.length, offset, data, last: offset + step >= bytes.length }
    uploadId = (await test.client.models.upload(uploadId ? { ...piece, uploadId } : piece)).uploadId
  }
  return uploadId as UploadId
}

/** A copy of the bundled model under another name. */
function copyBundled(id: string): string {
  const folder = join(test.folder, id)
  cpSync(join(projectRoot, 'models/static-256'), folder, { recursive: true })
  const manifest = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as ModelManifest
  writeFileSync(join(folder, 'model.json'), JSON.stringify({ ...manifest, id }))
  return folder
}

describe('models', () => {
  it('are listed with who uses them', async () => {
    const { id, name } = await test.client.collections.create({ name: 'Station' })
    const { models } = await test.client.models.list()
    expect(models.find(({ manifest }) => manifest.id === 'static-512')).toMatchObject({
      state: 'installed',
      origin: 'bundled',
      usedBy: [{ collectionId: id, name }],
    })
    expect(models.filter(({ state }) => state === 'absent').length).toBeGreaterThanOrEqual(24)
    await test.client.collections.remove({ collectionId: id })
  })

  it('are imported, used, guarded while in use, exported, verified and removed', async () => {
    const { client } = test
    const imported = await last(client.models.import({ path: copyBundled('twin') }))
    expect(imported).toMatchObject({ type: 'import-end', signature: { state: 'unsigned' }, assumed: [] })

    const { id, pipeline } = await client.collections.create({ name: 'Twin users' })
    const twin = { ...pipeline, embedder: { id: 'transformers', options: { model: 'twin' } } }
    await client.collections.setPipeline({ collectionId: id, pipeline: twin })
    await expect(client.models.remove({ id: 'twin' })).rejects.toMatchObject({
      code: 'model-in-use',
      message: expect.stringContaining('"Twin users"') as string,
    })

    const path = join(test.folder, 'twin.quarrypack')
    expect(await last(client.models.export({ id: 'twin', path }))).toMatchObject({ type: 'export-end', keyId: null })
    expect(await last(client.models.verify({ id: 'twin' }))).toMatchObject({ type: 'verify-end', ok: true })

    await client.collections.setPipeline({ collectionId: id, pipeline })
    expect((await client.models.remove({ id: 'twin' })).removedBytes).toBeGreaterThan(8_000_000)
    await expect(client.collections.setPipeline({ collectionId: id, pipeline: twin })).rejects.toMatchObject({
      code: 'model-missing',
    })
    expect(await last(client.models.import({ path }))).toMatchObject({ type: 'import-end' })
    await client.models.remove({ id: 'twin' })
  })

  it('are imported from what a page sends in pieces, and nothing of that stays', async () => {
    const { client, workspace } = test
    const folder = copyBundled('sent')
    const { files } = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as ModelManifest
    const uploadIds: UploadId[] = []
    for (const name of ['model.json', ...files.map(({ path }) => path)])
      uploadIds.push(await send(`sent/${name}`, readFileSync(join(folder, name))))
    // What a file manager leaves in a folder is no part of the model.
    uploadIds.push(await send('sent/.DS_Store', Buffer.from('left out')))
    const imported = await last(client.models.import({ uploadIds }))
    expect(imported).toMatchObject({ type: 'import-end', assumed: [], model: { manifest: { id: 'sent' } } })
    expect(await last(client.models.verify({ id: 'sent' }))).toMatchObject({ ok: true })
    expect(readdirSync(join(workspace, 'files'))).toEqual([])

    // A pack is known by the name that it had, not by where it lies.
    const path = join(test.folder, 'sent.quarrypack')
    await last(client.models.export({ id: 'sent', path }))
    await client.models.remove({ id: 'sent' })
    const pack = await send('sent.quarrypack', readFileSync(path))
    expect(await last(client.models.import({ uploadIds: [pack] }))).toMatchObject({ type: 'import-end' })
    await client.models.remove({ id: 'sent' })
  })

  it('are not imported from other than a path or complete uploads of their own', async () => {
    const { client, workspace } = test
    await expect(last(client.models.import({}))).rejects.toMatchObject({ code: 'input-invalid' })
    const notes = await send('notes.txt', Buffer.from('no model'))
    await expect(last(client.models.import({ path: '/a', uploadIds: [notes] }))).rejects.toMatchObject({
      code: 'input-invalid',
    })
    await expect(last(client.models.import({ uploadIds: [notes] }))).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('notes.txt is no model') as string,
    })
    expect(readdirSync(join(workspace, 'files'))).toEqual([])

    const begun = await client.models.upload({ path: 'a.gguf', offset: 0, data: new Blob(['GGUF']), last: false })
    await expect(last(client.models.import({ uploadIds: [begun.uploadId] }))).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('has not arrived completely') as string,
    })

    const { id } = await client.collections.create({ name: 'Documents' })
    const document = await client.ingest.upload({ path: 'a.txt', offset: 0, data: new Blob(['text']), last: true })
    const { jobId } = await client.ingest.start({ collectionId: id, uploadIds: [document.uploadId] })
    await test.finished(jobId)
    await expect(last(client.models.import({ uploadIds: [document.uploadId] }))).rejects.toMatchObject({
      code: 'input-invalid',
    })
    const [listed] = (await client.documents.list({ collectionId: id })).documents
    expect(listed).toMatchObject({ status: 'ready' })
    await client.collections.remove({ collectionId: id })
  })

  it('that have no room are refused before they are sent', async () => {
    const piece = { path: 'vast.gguf', offset: 0, data: new Blob(['GGUF']), last: false }
    await expect(test.client.models.upload({ ...piece, size: 1e15 })).rejects.toMatchObject({ code: 'disk-full' })
  })

  it('say how fast they are on this machine once they were measured, and what is in memory', async () => {
    const { client } = test
    expect((await client.models.list()).models.every(({ speed }) => speed === null)).toBe(true)
    const end = await last(client.models.measure({ id: 'static-256' }))
    if (end.type !== 'measure-end') throw new Error('There is no result.')
    expect(end.speed).toMatchObject({ unit: 'texts', firstTokenMs: null })
    expect(end.speed.perSecond).toBeGreaterThan(10)
    const { models } = await client.models.list()
    expect(models.find(({ manifest }) => manifest.id === 'static-256')?.speed).toEqual(end.speed)
    expect(await client.models.memory()).toHaveProperty('generationMb', null)
    await expect(last(client.models.measure({ id: 'gte-small' }))).rejects.toMatchObject({ code: 'model-missing' })
  })

  it('are not imported half when the caller leaves', async () => {
    const stop = new AbortController()
    const work = last(test.client.models.import({ path: copyBundled('left') }, { signal: stop.signal }))
    stop.abort()
    await expect(work).rejects.toMatchObject({ code: 'cancelled' })
    const found = (await test.client.models.list()).models.filter(({ manifest }) => manifest.id === 'left')
    expect(found).toEqual([])
  })

  it('are downloaded through the network door only', async () => {
    const { client } = test
    const files: Record<string, string> = {
      'config.json': '{"hidden_size":512}',
      'tokenizer.json': '{}',
      'tokenizer_config.json': '{}',
      'onnx/model.onnx': 'weights',
    }
    const server = createServer((request, response) => {
      const content = files[/resolve\/main\/(.+)$/.exec(request.url ?? '')?.[1] ?? '']
      response.writeHead(content === undefined ? 404 : 200).end(content)
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    onTestFinished(() => void server.close())
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const input = { id: 'jina-embeddings-v2-small-en', mirror: `http://${host}` }

    await expect(last(client.models.download(input))).rejects.toMatchObject({ code: 'network-refused' })
    await expect(last(client.models.download({ id: input.id }))).rejects.toMatchObject({ code: 'network-refused' })
    await client.network.allow({ host, purposes: ['model-download'] })
    expect(await last(client.models.download(input))).toMatchObject({
      type: 'download-end',
      model: { state: 'installed', origin: 'workspace', manifest: { maxTokens: 8192 } },
    })
    const { attempts } = await client.network.attempts({})
    expect(attempts.filter(({ purpose }) => purpose === 'model-download').map(({ outcome }) => outcome)).toEqual([
      ...Array.from({ length: 4 }, () => 'allowed'),
      'refused',
      'refused',
    ])
    await client.models.remove({ id: input.id })
  })

  it.each([
    ['import', () => test.client.models.import({ path: 'relative' }), 'input-invalid'],
    ['import', () => test.client.models.import({ path: '/no/such/place' }), 'file-missing'],
    ['export', () => test.client.models.export({ id: 'static-256', path: 'relative' }), 'input-invalid'],
    ['export', () => test.client.models.export({ id: 'none', path: '/tmp/x' }), 'model-missing'],
    ['verify', () => test.client.models.verify({ id: '../..' }), 'model-missing'],
    ['download', () => test.client.models.download({ id: 'none' }), 'model-missing'],
    ['download', () => test.client.models.download({ id: 'static-256' }), 'model-missing'],
  ])('%s says what is wrong', async (_name, call, code) => {
    await expect(last<{ type: string }>(call())).rejects.toMatchObject({ code })
  })

  it('that are bundled or not there are not removed', async () => {
    await expect(test.client.models.remove({ id: 'static-256' })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(test.client.models.remove({ id: 'gte-small' })).rejects.toMatchObject({ code: 'model-missing' })
  })
})
