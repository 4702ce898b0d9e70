import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { keychainSealer } from '../secrets/keychain-sealer.ts'
import { keyFileSealer } from '../secrets/key-file-sealer.ts'
import { createSecretStore, type SecretStore } from '../secrets/secret-store.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { brokerKeychain, type SafeStorage } from './utility-keychain-broker.ts'
import { type KeychainAnswer, type KeychainRequest, utilityKeychain } from './utility-keychain.ts'

/** Core and main process with what Electron puts between them: messages as structured clones. Electron itself is not here. */
const key = 'sk-live-0123456789abcdef'
const folders: Disposable[] = []
afterEach(() => folders.splice(0).forEach((folder) => folder[Symbol.dispose]()))

function open(safeStorage: SafeStorage, platform: NodeJS.Platform = 'linux') {
  const folder = temporaryFolder()
  folders.push(folder)
  const path = join(folder.path, 'keys.json')
  const toCore = new EventEmitter()
  const toMain = new EventEmitter()
  const messages: (KeychainRequest | KeychainAnswer)[] = []
  brokerKeychain({
    host: {
      on: (type, listener) => toMain.on(type, listener),
      postMessage(message) {
        messages.push(message)
        setImmediate(() => toCore.emit('message', { data: structuredClone(message), ports: [] }))
      },
    },
    safeStorage,
    platform,
  })
  const keychain = utilityKeychain({
    on: (type, listener) => toCore.on(type, listener),
    postMessage(message) {
      messages.push(message)
      setImmediate(() => toMain.emit('message', structuredClone(message)))
    },
  })
  const secrets: SecretStore = createSecretStore({
    path,
    sealers: [keychainSealer(keychain), keyFileSealer(join(folder.path, 'workspace.key'))],
    variables: {},
  })
  return { secrets, path, toMain, toCore, messages }
}

function fakeSafeStorage(change: Partial<SafeStorage> = {}): SafeStorage {
  return {
    isEncryptionAvailable: () => true,
    getSelectedStorageBackend: () => 'gnome_libsecret',
    encryptString: (text) => Buffer.from(`v11${[...text].reverse().join('')}`, 'utf8').map((byte) => byte ^ 0x5a),
    decryptString(sealed) {
      const text = Buffer.from(sealed.map((byte) => byte ^ 0x5a)).toString('utf8')
      if (!text.startsWith('v11')) throw new Error(`Error while decrypting the ciphertext: ${text}`)
      return [...text.slice(3)].reverse().join('')
    },
    ...change,
  }
}

describe('keys of the desktop app', () => {
  test('are encrypted by the main process, kept by the core, and come back', async () => {
    const { secrets, path } = open(fakeSafeStorage())
    expect(await secrets.storage()).toMatchObject({ place: 'keychain' })
    await Promise.all([secrets.write('a', key), secrets.write('b', 'other')])
    expect(await Promise.all([secrets.read('a'), secrets.read('b')])).toEqual([key, 'other'])
    expect(readFileSync(path, 'latin1')).not.toContain(key)
  })

  test.each([
    ['basic_text', 'linux', 'key-file'],
    ['unknown', 'linux', 'key-file'],
    ['kwallet6', 'linux', 'keychain'],
    ['basic_text', 'darwin', 'keychain'],
  ] as const)('with %s on %s are kept in the %s', async (backend, platform, place) => {
    const { secrets } = open(fakeSafeStorage({ getSelectedStorageBackend: () => backend }), platform)
    const storage = await secrets.storage()
    expect(storage.place).toBe(place)
    if (place === 'key-file') expect(storage.message).toContain('Secret Service')
    await secrets.write('a', key)
    expect(await secrets.read('a')).toBe(key)
  })

  test('are kept elsewhere where the system has no encryption, and that is said', async () => {
    const { secrets } = open(fakeSafeStorage({ isEncryptionAvailable: () => false }))
    const { place, message } = await secrets.storage()
    expect([place, message.includes('not there')]).toEqual(['key-file', true])
  })

  test('that the system does not give back are told without a word of theirs', async () => {
    let locked = false
    const storage = fakeSafeStorage()
    const { secrets, messages } = open({
      ...storage,
      decryptString(sealed) {
        if (locked) throw new Error(`Cannot decrypt ${key}`)
        return storage.decryptString(sealed)
      },
    })
    await secrets.write('a', key)
    locked = true
    messages.length = 0
    await expect(secrets.read('a')).rejects.toMatchObject({ code: 'keys-unavailable' })
    expect(JSON.stringify(messages)).not.toContain(key)
  })

  test('messages that make no sense are left unanswered, and others of the port are not touched', async () => {
    const { secrets, toMain, toCore, messages } = open(fakeSafeStorage())
    for (const message of [
      null,
      'keychain',
      { type: 'keychain', id: 0, wish: 'status' },
      { type: 'keychain', id: 7, wish: 'steal' },
      { type: 'keychain', id: 7, wish: 'decrypt', sealed: 'text' },
      { type: 'worker-start', id: 1 },
    ]) {
      toMain.emit('message', message)
    }
    toCore.emit('message', { data: { type: 'worker-port', id: 1 }, ports: [] })
    toCore.emit('message', { data: { type: 'keychain-answer', id: 99, ok: true, value: 'x' }, ports: [] })
    expect(messages).toEqual([])
    await secrets.write('a', key)
    expect(await secrets.read('a')).toBe(key)
  })
})
