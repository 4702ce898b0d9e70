import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { strFromU8, strToU8, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { AppError } from '../contract/errors.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { openZip, readZipMemberBytes, zipLimits, type ZipOptions } from './zip.ts'

const roomy = { maxBytes: 1024 * 1024 }
const paths = async (bytes: Uint8Array, options?: ZipOptions): Promise<string[]> => {
  await using archive = await openZip(bytes, options)
  return archive.members.map(({ member }) => member)
}
const pack = (members: Record<string, string>): Uint8Array =>
  zipSync(Object.fromEntries(Object.entries(members).map(([name, text]) => [name, strToU8(text)])))
/** Overwrites a field of every record with this signature (4 bytes, little end first). */
const patch = (bytes: Uint8Array, signature: number, offset: number, value: number, width: 2 | 4): Uint8Array => {
  const copy = Buffer.from(bytes)
  for (let at = 0; at + 4 <= copy.length; at++) {
    if (copy.readUInt32LE(at) !== signature) continue
    if (width === 2) copy.writeUInt16LE(value, at + offset)
    else copy.writeUInt32LE(value, at + offset)
  }
  return new Uint8Array(copy)
}
const inDirectory = 0x02014b50

describe('zip', () => {
  it('lists files without folders, and reads them', async () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'a.zip')
    const packed = zipSync({
      'notes/': new Uint8Array(),
      'notes/pier.txt': [strToU8('North'), { mtime: '2024-05-06' }],
    })
    writeFileSync(path, packed)
    await using archive = await openZip(path)
    const { members, total } = archive
    expect(total).toMatchObject({ entries: 2, unpackedBytes: 5 })
    expect(members).toEqual([
      { member: 'notes/pier.txt', name: 'pier.txt', size: 5, modifiedMs: expect.any(Number) as number },
    ])
    expect(new Date(members[0]?.modifiedMs ?? 0).getUTCFullYear()).toBe(2024)
    expect(strFromU8(await archive.read('notes/pier.txt', roomy))).toBe('North')
    await expect(archive.read('south.txt', roomy)).rejects.toMatchObject({ code: 'file-missing' })
    await expect(openZip(join(folder.path, 'no.zip'))).rejects.toMatchObject({ code: 'file-missing' })
  })

  it('leads an archive in an archive to its members', async () => {
    const outer = zipSync({ 'inner.zip': pack({ 'a.txt': 'deep' }) })
    const inner = await readZipMemberBytes(outer, 'inner.zip', roomy)
    expect(strFromU8(await readZipMemberBytes(inner, 'a.txt', roomy))).toBe('deep')
  })

  it('cleans names, and leaves out those that lead outside', async () => {
    const members = { '../up.txt': '', 'a/../../b': '', '/etc/x.txt': '', 'C:\\d\\y.txt': '', 'e\u0007\u202Ef.txt': '' }
    expect(await paths(pack(members))).toEqual(['etc/x.txt', 'd/y.txt', 'e\uFFFD\uFFFDf.txt'])
    expect(await paths(pack({ '__MACOSX/._a.txt': '', 'a.txt': '', './a.txt': 'again' }))).toEqual(['a.txt'])
  })

  it('reads names in UTF-8, stated or not, and in code page 437', async () => {
    const utf8 = pack({ 'маяк.txt': '' })
    expect(await paths(utf8)).toEqual(['маяк.txt'])
    expect(await paths(patch(utf8, inDirectory, 8, 0, 2))).toEqual(['маяк.txt'])
    const old = Buffer.from(pack({ 'Gr_sse.txt': '' }))
    for (let at = old.indexOf('Gr_sse'); at >= 0; at = old.indexOf('Gr_sse', at + 1)) old[at + 2] = 0x94
    expect(await paths(new Uint8Array(old))).toEqual(['Grösse.txt'])
  })

  it('leaves links out', async () => {
    const link = zipSync({ 'a.txt': strToU8('a'), link: [strToU8('/etc/passwd'), { os: 3, attrs: 0o120777 << 16 }] })
    expect(await paths(link)).toEqual(['a.txt'])
  })

  it('refuses what unpacks to far more than it holds', async () => {
    const zeros = new Uint8Array(11 * 1024 * 1024)
    await expect(paths(zipSync({ 'a.bin': zeros }))).rejects.toMatchObject({ code: 'file-too-large' })
    // Beside honest content only the member is refused.
    const random = Uint8Array.from({ length: 200_000 }, (_, index) => (index * index * 7919) >>> 5)
    const mixed = zipSync({ 'bomb.bin': zeros, 'fine.bin': [random, { level: 0 }] })
    await using archive = await openZip(mixed)
    await expect(archive.read('bomb.bin', { maxBytes: 1e9 })).rejects.toMatchObject({ code: 'file-too-large' })
    expect(await archive.read('fine.bin', roomy)).toEqual(random)
    await expect(archive.read('fine.bin', { maxBytes: 10 })).rejects.toMatchObject({ code: 'file-too-large' })
  })

  it('believes what it unpacks, not what the directory says', async () => {
    const honest = pack({ 'a.txt': 'The piers of the harbour. '.repeat(50) })
    const lying = patch(honest, inDirectory, 24, 5, 4)
    await expect(readZipMemberBytes(lying, 'a.txt', roomy)).rejects.toMatchObject({ code: 'file-corrupt' })
    const wrongSum = patch(honest, inDirectory, 16, 1, 4)
    await expect(readZipMemberBytes(wrongSum, 'a.txt', roomy)).rejects.toMatchObject({ code: 'file-corrupt' })
  })

  it('refuses members that share bytes, and more of them than it may hold', async () => {
    const shared = patch(pack({ 'a.txt': 'one text', 'b.txt': 'two text' }), inDirectory, 42, 0, 4)
    await expect(paths(shared)).rejects.toMatchObject({ code: 'file-corrupt' })
    const end = Buffer.alloc(22 + 20 + 56)
    end.writeUInt32LE(0x06064b50, 0)
    end.writeBigUInt64LE(BigInt(zipLimits.members) + 1n, 32)
    end.writeUInt32LE(0x07064b50, 56)
    end.writeUInt32LE(0x06054b50, 76)
    await expect(paths(new Uint8Array(end))).rejects.toMatchObject({ code: 'file-too-large' })
  })

  it('says of a locked member that it is locked', async () => {
    const locked = patch(pack({ 'a.txt': 'secret' }), inDirectory, 8, 1, 2)
    expect(await paths(locked)).toEqual(['a.txt'])
    await expect(readZipMemberBytes(locked, 'a.txt', roomy)).rejects.toMatchObject({ code: 'file-encrypted' })
  })

  it('answers damaged archives with its own errors', async () => {
    const bytes = pack({ 'a.txt': 'The piers of the harbour.', 'b/c.txt': 'The lighthouse.' })
    for (let at = 0; at < bytes.length; at++) {
      for (const damaged of [bytes.slice(0, at), bytes.with(at, 255 - (bytes[at] ?? 0))]) {
        try {
          await using archive = await openZip(damaged)
          for (const { member } of archive.members) await archive.read(member, roomy)
        } catch (error) {
          expect(error).toBeInstanceOf(AppError)
          expect((error as AppError).code).toMatch(/^(file-|type-)/)
        }
      }
    }
  })

  it('stops when it is cancelled', async () => {
    const listing = paths(pack({ 'a.txt': 'a' }), { signal: AbortSignal.abort() })
    await expect(listing).rejects.toMatchObject({ code: 'cancelled' })
  })
})

const archives = join(import.meta.dirname, '../../../shared/data/documents')
describe.skipIf(!existsSync(archives))('real archives (needs ../shared/data)', () => {
  it.each(['unstructured/simple.zip', 'markitdown/markitdown/tests/test_files/test_files.zip'])('%s', async (name) => {
    await using archive = await openZip(join(archives, name))
    expect(archive.members.length).toBeGreaterThan(0)
    for (const { member, size } of archive.members) {
      expect(await archive.read(member, { maxBytes: 1e8 })).toHaveLength(size)
    }
  })
})
