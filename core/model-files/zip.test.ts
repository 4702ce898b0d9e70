import { createWriteStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import { zipSync } from 'fflate'
import { openPromise } from 'yauzl'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { openZipReader } from './zip-reader.ts'
import { createZip } from './zip-writer.ts'

let folder: ReturnType<typeof temporaryFolder>
beforeAll(() => (folder = temporaryFolder()))
afterAll(() => folder[Symbol.dispose]())
const at = (name: string): string => join(folder.path, name)

async function* pieces(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}

async function text(path: string, name: string): Promise<string> {
  await using zip = await openZipReader(path)
  const found: Buffer[] = []
  for await (const piece of zip.read(name)) found.push(Buffer.from(piece))
  return Buffer.concat(found).toString()
}

async function write(path: string, zip64From?: number): Promise<void> {
  await using zip = await createZip(path, zip64From === undefined ? {} : { zip64From })
  await zip.add('a/empty.txt', 0, pieces())
  await zip.add('b.txt', 11, pieces('hello', ' ', 'world'))
  await zip.add('ünïcode.json', 2, pieces('{}'))
  await zip.end()
}

describe('the writer', () => {
  it.each([
    ['small', undefined],
    ['with Zip64 for everything', 0],
    ['with Zip64 for what is far in the file', 12],
  ])('writes archives that others read: %s', async (name, zip64From) => {
    const path = at(`${name}.zip`)
    await write(path, zip64From)
    const zip = await openPromise(path, { autoClose: false })
    const names: [string, number, number][] = []
    for await (const entry of zip.eachEntry()) names.push([entry.fileName, entry.uncompressedSize, entry.crc32])
    expect(names).toEqual([
      ['a/empty.txt', 0, 0],
      ['b.txt', 11, crc32('hello world')],
      ['ünïcode.json', 2, crc32('{}')],
    ])
    zip.close()
    expect(await text(path, 'b.txt')).toBe('hello world')
    // Zip64's end of directory is there exactly when it was asked for.
    expect((await readFile(path)).includes(Buffer.from('PK\u0006\u0006'))).toBe(zip64From !== undefined)
  })

  it('gives the same bytes for the same entries', async () => {
    await write(at('one.zip'))
    await write(at('two.zip'))
    expect((await readFile(at('one.zip'))).equals(await readFile(at('two.zip')))).toBe(true)
  })

  it.each([
    [3, 'more than was said'],
    [40, 'less than was said'],
  ])('refuses a file that changes while it is packed: %d bytes, %s', async (bytes) => {
    await using zip = await createZip(at(`changed-${bytes}.zip`))
    await expect(zip.add('x', bytes, pieces('hello'))).rejects.toMatchObject({ code: 'file-unreadable' })
  })
})

describe('the reader', () => {
  it('reads packed entries, and leaves folders and links out', async () => {
    const link = { os: 3, attrs: (0o120777 << 16) >>> 0 }
    await writeFile(
      at('mixed.zip'),
      zipSync({
        'm/': new Uint8Array(),
        'm/config.json': Buffer.from('{"a":1}'.repeat(100)),
        'm/link': [Buffer.from('/etc/passwd'), link],
      }),
    )
    await using zip = await openZipReader(at('mixed.zip'))
    expect(zip.entries).toEqual([{ name: 'm/config.json', bytes: 700 }])
    expect(await text(at('mixed.zip'), 'm/config.json')).toBe('{"a":1}'.repeat(100))
    await expect(text(at('mixed.zip'), 'm/link')).rejects.toMatchObject({ code: 'file-missing' })
  })

  it.each(['../evil', 'a/../../evil', '/etc/evil', 'C:/evil', 'a\\..\\evil'])('refuses the name %j', async (name) => {
    await writeFile(at('evil.zip'), zipSync({ [name]: Buffer.from('x') }))
    await expect(openZipReader(at('evil.zip'))).rejects.toMatchObject({ code: 'file-corrupt' })
  })

  it('refuses names that are one on some disks', async () => {
    await writeFile(at('twice.zip'), zipSync({ 'A.json': Buffer.from('x'), 'a.json': Buffer.from('y') }))
    await expect(openZipReader(at('twice.zip'))).rejects.toMatchObject({ code: 'file-corrupt' })
  })

  it('refuses what unpacks to far more than it is', async () => {
    await writeFile(at('bomb.zip'), zipSync({ 'model.onnx': new Uint8Array(20_000_000) }, { level: 9 }))
    await expect(openZipReader(at('bomb.zip'))).rejects.toMatchObject({ code: 'file-too-large' })
  })

  it('finds a changed byte', async () => {
    await write(at('damaged.zip'))
    const bytes = await readFile(at('damaged.zip'))
    bytes[bytes.indexOf('hello')] = 0x48
    await writeFile(at('damaged.zip'), bytes)
    await expect(text(at('damaged.zip'), 'b.txt')).rejects.toMatchObject({ code: 'file-corrupt' })
  })

  it('refuses an entry that unpacks to more than it says', async () => {
    const bytes = Buffer.from(zipSync({ 'x.json': Buffer.alloc(5000, 97) }, { level: 9 }))
    // Both places that state the unpacked size.
    for (const signature of ['PK\u0003\u0004', 'PK\u0001\u0002']) {
      bytes.writeUInt32LE(100, bytes.indexOf(signature) + (signature.endsWith('\u0004') ? 22 : 24))
    }
    await writeFile(at('liar.zip'), bytes)
    await expect(text(at('liar.zip'), 'x.json')).rejects.toMatchObject({ code: 'file-corrupt' })
  })

  it.each([
    ['no archive at all', Buffer.from('not a zip')],
    ['nothing', Buffer.alloc(0)],
  ])('says that it is %s', async (_what, bytes) => {
    await pipeline([bytes], createWriteStream(at('none.zip')))
    await expect(openZipReader(at('none.zip'))).rejects.toMatchObject({ code: 'file-corrupt' })
  })
})
