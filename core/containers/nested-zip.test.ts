import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { strToU8, type Zippable, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { listNestedZip, type NestedMember } from './nested-zip.ts'
import { zipLimits } from './zip.ts'

const opens = (way: readonly string[]): boolean => way.at(-1)?.endsWith('.zip') ?? false
const list = async (bytes: Uint8Array, signal?: AbortSignal): Promise<NestedMember[]> => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'a.zip')
  writeFileSync(path, bytes)
  return await Array.fromAsync(listNestedZip(path, { opens, signal }))
}
const shown = (members: readonly NestedMember[]): string[] =>
  members.map(({ way, error }) => [...way, ...(error ? [error.code] : [])].join(' > '))
const text = strToU8('The piers of the harbour.')
const store = (members: Zippable): Uint8Array => zipSync(members, { level: 0 })

describe('listNestedZip', () => {
  it('lists what is in archives in archives, in their order', async () => {
    const inner = zipSync({ 'b.txt': text, 'c/deep.zip': zipSync({ 'd.txt': text }) })
    const members = await list(zipSync({ 'a.txt': text, 'in/inner.zip': inner, 'e.txt': text }))
    expect(shown(members)).toEqual(['a.txt', 'in/inner.zip > b.txt', 'in/inner.zip > c/deep.zip > d.txt', 'e.txt'])
    expect(members[2]).toEqual({ way: ['in/inner.zip', 'c/deep.zip', 'd.txt'], name: 'd.txt', size: text.length })
  })

  it('leaves alone what is no archive, by name or by its bytes, and archives without files', async () => {
    const book = zipSync({ mimetype: text })
    expect(shown(await list(zipSync({ 'a.epub': book, 'b.jar': book, 'c.zip': text, 'd.zip': zipSync({}) })))).toEqual([
      'a.epub',
      'b.jar',
      'c.zip',
    ])
  })

  it('makes one entry of an inner archive that is damaged, locked or a bomb, and goes on', async () => {
    const whole = zipSync({ 'b.txt': text })
    const bomb = zipSync({ 'zeros.bin': new Uint8Array(11 * 1024 * 1024) })
    // Bit 0 of a member's flags in the directory: it is encrypted.
    const locked = Buffer.from(store({ 'a.zip': whole }))
    for (let at = locked.indexOf('PK\u0001\u0002'); at >= 0; at = locked.indexOf('PK\u0001\u0002', at + 1)) {
      locked[at + 8] = 1
    }
    const inner = { 'cut.zip': whole.subarray(0, 50), 'locked.zip': new Uint8Array(locked), 'bomb.zip': bomb }
    expect(shown(await list(zipSync({ ...inner, 'z.zip': whole })))).toEqual([
      'cut.zip > file-corrupt',
      'locked.zip > a.zip > file-encrypted',
      'bomb.zip > file-too-large',
      'z.zip > b.txt',
    ])
  })

  it('goes four archives deep', async () => {
    let archive = zipSync({ 'end.txt': text })
    for (let depth = 1; depth < 4; depth++) archive = zipSync({ 'a.zip': archive })
    expect(shown(await list(archive))).toEqual(['a.zip > a.zip > a.zip > end.txt'])
    expect(shown(await list(zipSync({ 'a.zip': archive, 'z.txt': text })))).toEqual([
      'a.zip > a.zip > a.zip > a.zip > type-unsupported',
      'z.txt',
    ])
  })

  it('holds the limits over the sum of what lies in one another', async () => {
    // As in a quine, each level holds the next one many times over: no single ratio is high, their product is.
    const half = zipSync({ 'zeros.bin': new Uint8Array(9 * 1024 * 1024) })
    const many = zipSync(Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${index}.zip`, half])))
    const levels = zipSync(Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${index}.zip`, many])))
    const found = await list(levels)
    const bytes = found.filter((member) => !member.error).reduce((sum, member) => sum + member.size, 0)
    expect(found.some((member) => member.error?.code === 'file-too-large')).toBe(true)
    expect(bytes).toBeLessThanOrEqual(Math.max(zipLimits.ratioFromBytes, levels.length * zipLimits.ratio))
  })

  it('holds the limit of files over the sum', async () => {
    const empty = new Uint8Array()
    const names = Array.from({ length: 2000 }, (_, index) => [`${index}`, empty] as const)
    const inner = store(Object.fromEntries(names))
    const copies = Math.floor(zipLimits.members / 2000) + 3
    const found = await list(
      store(Object.fromEntries(Array.from({ length: copies }, (_, index) => [`${index}.zip`, inner]))),
    )
    expect(found.filter((member) => !member.error)).toHaveLength((copies - 4) * 2000)
    expect(found.filter((member) => member.error).map((member) => member.error?.code)).toEqual(
      Array.from({ length: 4 }, () => 'file-too-large'),
    )
  })

  it('stops when it is cancelled', async () => {
    const listing = list(zipSync({ 'a.txt': text }), AbortSignal.abort())
    await expect(listing).rejects.toMatchObject({ code: 'cancelled' })
  })
})
