import { AppError } from '../contract/errors.ts'
import type { Sealer } from './sealer.ts'

/** The operating system's own protection of secrets, which the desktop shell reaches for the core. */
export interface Keychain {
  /** Whether it protects anything, and why not where it does not. */
  status(): Promise<{ usable: boolean; why: string }>
  encrypt(text: string): Promise<Uint8Array>
  decrypt(sealed: Uint8Array): Promise<string>
}

/** Keys under one that the operating system keeps: Keychain, DPAPI, Secret Service. */
export function keychainSealer(keychain: Keychain): Sealer {
  return {
    place: 'keychain',
    async status() {
      const { usable, why } = await keychain.status()
      const message = usable
        ? 'In a file in the workspace, encrypted with a key that the keychain of this system keeps for Quarry. Who gets ' +
          'the file cannot read the keys; programs that run under your account may be able to.'
        : `The keychain of this system cannot be used: ${why}`
      return { usable, message }
    },
    // What a keychain encrypts says nothing about whose it is.
    seal: (name, secret) => keychain.encrypt(JSON.stringify([name, secret])),
    async open(name, sealed) {
      let pair: unknown
      try {
        pair = JSON.parse(await keychain.decrypt(sealed))
      } catch {
        throw unreadable(name)
      }
      if (!Array.isArray(pair) || pair[0] !== name || typeof pair[1] !== 'string') throw unreadable(name)
      return pair[1]
    },
  }
}

function unreadable(name: string): AppError {
  return new AppError(
    'keys-unavailable',
    `The keychain of this system does not open the key of "${name}". Unlock it, or enter the key again.`,
  )
}
