import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { keyFileSealer } from './key-file-sealer.ts'
import { type Keychain, keychainSealer } from './keychain-sealer.ts'
import { passphraseSealer } from './passphrase-sealer.ts'
import type { Sealer } from './sealer.ts'
import { createSecretStore, keyVariable } from './secret-store.ts'

const temporary = temporaryFolder()
const path = join(temporary.path, 'keys.json')
const keyFile = join(temporary.path, 'workspace.key')
afterAll(() => temporary[Symbol.dispose]())
beforeEach(() => readdirSync(temporary.path).forEach((name) => rmSync(join(temporary.path, name))))

const key = 'sk-live-0123456789abcdef'
const store = (sealers: readonly Sealer[], variables: Record<string, string> = {}) =>
  createSecretStore({ path, sealers, variables })
const unavailable = expect.objectContaining({ code: 'keys-unavailable' }) as Error

/** As Electron's safeStorage does it: a key of the system's, and bytes that say nothing. */
function fakeKeychain(usable = true): Keychain & { locked: boolean } {
  const mask = randomBytes(4096)
  const masked = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => byte ^ mask[at]!)
  return {
    locked: false,
    status: async () => ({ usable, why: 'there is no Secret Service.' }),
    encrypt: async (text) => masked(new TextEncoder().encode(text)),
    async decrypt(sealed) {
      if (this.locked) throw new Error('The keychain is locked.')
      return new TextDecoder().decode(masked(sealed))
    },
  }
}

const ways: [name: string, sealer: () => Sealer][] = [
  ['the keychain', () => keychainSealer(fakeKeychain())],
  ['a passphrase', () => passphraseSealer('correct horse battery')],
  ['a key file', () => keyFileSealer(keyFile)],
]
describe.each(ways)('keys kept with %s', (_name, sealer) => {
  it('come back, each its own, and are not in any file', async () => {
    const secrets = store([sealer()])
    expect(await secrets.origin('a')).toBe('none')
    expect(await secrets.read('a')).toBeUndefined()
    await Promise.all([secrets.write('a', key), secrets.write('b', `${key}-ü`)])
    expect([await secrets.read('a'), await secrets.read('b')]).toEqual([key, `${key}-ü`])
    expect(await secrets.origin('a')).toBe('stored')
    for (const name of readdirSync(temporary.path)) {
      const text = readFileSync(join(temporary.path, name), 'latin1')
      expect(text).not.toContain(key)
      expect(text).not.toContain(Buffer.from(key).toString('base64').slice(0, 20))
    }
    await secrets.write('a', 'another')
    expect(await secrets.read('a')).toBe('another')
    await secrets.remove('a')
    await secrets.remove('a')
    expect([await secrets.read('a'), await secrets.read('b')]).toEqual([undefined, `${key}-ü`])
  })

  it('cannot be passed off as another provider’s', async () => {
    const secrets = store([sealer()])
    await secrets.write('good', key)
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.replace('"good"', '"evil"'))
    await expect(secrets.read('evil')).rejects.toThrow(unavailable)
  })

  it('are not taken for something else when a bit of them is another', async () => {
    const secrets = store([sealer()])
    await secrets.write('a', key)
    const file = JSON.parse(readFileSync(path, 'utf8')) as { keys: { a: { data: string } } }
    const bytes = Buffer.from(file.keys.a.data, 'base64')
    bytes[0]! ^= 1
    file.keys.a.data = bytes.toString('base64')
    writeFileSync(path, JSON.stringify(file))
    await expect(secrets.read('a')).rejects.toThrow(unavailable)
  })
})

it.skipIf(process.platform === 'win32')('files with keys can be read by their owner alone', async () => {
  const secrets = store([keyFileSealer(keyFile)])
  await secrets.write('a', key)
  expect([path, keyFile].map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600])
  chmodSync(keyFile, 0o640)
  await expect(secrets.read('a')).rejects.toThrow('chmod 600')
  await expect(secrets.write('b', key)).rejects.toThrow(unavailable)
})

it('a copy of the workspace without the key file, or with a damaged one, says what is missing', async () => {
  const secrets = store([keyFileSealer(keyFile)])
  await secrets.write('a', key)
  const bytes = readFileSync(keyFile)
  rmSync(keyFile)
  await expect(secrets.read('a')).rejects.toThrow(keyFile)
  expect(existsSync(keyFile)).toBe(false)
  writeFileSync(keyFile, 'short', { mode: 0o600 })
  await expect(secrets.read('a')).rejects.toThrow('damaged')
  writeFileSync(keyFile, bytes)
  expect(await secrets.read('a')).toBe(key)
})

it('another passphrase, or none, opens nothing and is told so', async () => {
  await store([passphraseSealer('first')]).write('a', key)
  await expect(store([passphraseSealer('second')]).read('a')).rejects.toThrow('QUARRY_SECRETS_PASSPHRASE')
  await expect(store([passphraseSealer(undefined)]).read('a')).rejects.toThrow('QUARRY_SECRETS_PASSPHRASE')
  expect(await store([passphraseSealer('first')]).read('a')).toBe(key)
})

it('the best place that there is keeps a key, and says why a better one does not', async () => {
  const all = (keychain: Keychain, passphrase?: string) =>
    store([keychainSealer(keychain), passphraseSealer(passphrase), keyFileSealer(keyFile)])
  expect((await all(fakeKeychain()).storage()).place).toBe('keychain')
  expect((await all(fakeKeychain(false), 'x').storage()).place).toBe('passphrase-file')
  const { place, message } = await all(fakeKeychain(false)).storage()
  expect(place).toBe('key-file')
  expect(message).toContain('no Secret Service')
  expect(message).toContain(keyFile)
  const nowhere = store([keychainSealer(fakeKeychain(false))])
  expect((await nowhere.storage()).place).toBe('none')
  await expect(nowhere.write('my-one', key)).rejects.toThrow('QUARRY_KEY_MY_ONE')
})

it('a key that the desktop app keeps is told apart from one that is not there', async () => {
  const keychain = fakeKeychain()
  await store([keychainSealer(keychain), keyFileSealer(keyFile)]).write('a', key)
  const headless = store([passphraseSealer('x'), keyFileSealer(keyFile)])
  expect(await headless.origin('a')).toBe('stored')
  await expect(headless.read('a')).rejects.toThrow('desktop app')
  keychain.locked = true
  await expect(store([keychainSealer(keychain)]).read('a')).rejects.toThrow('Unlock it')
})

it('the environment comes first, and is never written', async () => {
  expect(keyVariable('my-own-server')).toBe('QUARRY_KEY_MY_OWN_SERVER')
  const secrets = store([keyFileSealer(keyFile)], { QUARRY_KEY_A: ` ${key} `, QUARRY_KEY_B: '' })
  expect([await secrets.read('a'), await secrets.origin('a')]).toEqual([key, 'environment'])
  expect([await secrets.read('b'), await secrets.origin('b')]).toEqual([undefined, 'none'])
  expect(readdirSync(temporary.path)).toEqual([])
})

it.each(['', '{', '[]', '{"version":2,"keys":{}}', '{"version":1,"keys":{"a":{"by":"magic","data":"x"}}}'])(
  'a damaged file (%j) is told, and never overwritten',
  async (text) => {
    writeFileSync(path, text)
    const secrets = store([keyFileSealer(keyFile)])
    await expect(secrets.read('a')).rejects.toThrow('damaged')
    await expect(secrets.write('a', key)).rejects.toThrow(unavailable)
    expect(readFileSync(path, 'utf8')).toBe(text)
  },
)
