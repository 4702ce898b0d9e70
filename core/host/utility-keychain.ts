import { AppError } from '../contract/errors.ts'
import type { Keychain } from '../secrets/keychain-sealer.ts'

/** What the host's utility process asks of Electron's main process, which alone reaches the keychain of the system. */
export type KeychainRequest = { type: 'keychain'; id: number } & KeychainWish
export type KeychainWish =
  { wish: 'status' } | { wish: 'encrypt'; text: string } | { wish: 'decrypt'; sealed: Uint8Array }

/** What the main process answers: see `brokerKeychain`. Once for every request. */
export type KeychainAnswer = { type: 'keychain-answer'; id: number } & KeychainResult
export type KeychainResult =
  | { ok: true; value: { usable: boolean; why: string } | Uint8Array | string }
  /** Nothing of what was asked for is in it. */
  | { ok: false; why: string }

/** The members of Electron's `process.parentPort` that are used. */
export interface KeychainParentPort {
  on(type: 'message', listener: (event: { data: unknown }) => void): unknown
  postMessage(message: KeychainRequest): void
}

/** The keychain of the system, by way of Electron's main process. docs/decisions/0011-remote-providers.md says why. */
export function utilityKeychain(parentPort: KeychainParentPort): Keychain {
  const waiting = new Map<number, (result: KeychainResult) => void>()
  let lastId = 0
  parentPort.on('message', ({ data }) => {
    const answer = data as KeychainAnswer
    if (answer.type !== 'keychain-answer') return
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  const ask = async (wish: KeychainWish): Promise<unknown> => {
    const id = ++lastId
    const { promise, resolve } = Promise.withResolvers<KeychainResult>()
    waiting.set(id, resolve)
    parentPort.postMessage({ type: 'keychain', id, ...wish })
    const result = await promise
    if (!result.ok) throw new AppError('keys-unavailable', `The keychain of this system said no: ${result.why}`)
    return result.value
  }
  return {
    status: async () => (await ask({ wish: 'status' })) as { usable: boolean; why: string },
    encrypt: async (text) => (await ask({ wish: 'encrypt', text })) as Uint8Array,
    decrypt: async (sealed) => (await ask({ wish: 'decrypt', sealed })) as string,
  }
}
