import { z } from 'zod'
import type { KeychainAnswer, KeychainResult, KeychainWish } from './utility-keychain.ts'

/** The members of Electron's `safeStorage` that are used. */
export interface SafeStorage {
  isEncryptionAvailable(): boolean
  /** Linux alone has several. */
  getSelectedStorageBackend?(): string
  encryptString(text: string): Uint8Array
  decryptString(sealed: Buffer): string
}

export interface KeychainBrokerOptions {
  /** The core host, for whom keys are encrypted. */
  host: {
    on(type: 'message', listener: (message: unknown) => void): unknown
    postMessage(message: KeychainAnswer): void
  }
  safeStorage: SafeStorage
  platform?: NodeJS.Platform
}

/**
 * The part of Electron's main process that encrypts and decrypts keys for the core host. The page has no way here.
 * Requests that make no sense are left unanswered.
 */
export function brokerKeychain({ host, safeStorage, platform = process.platform }: KeychainBrokerOptions): void {
  host.on('message', (message) => {
    const request = requestSchema.safeParse(message).data
    if (request)
      host.postMessage({ type: 'keychain-answer', id: request.id, ...fulfil(request, safeStorage, platform) })
  })
}

function fulfil(wish: KeychainWish, safeStorage: SafeStorage, platform: NodeJS.Platform): KeychainResult {
  try {
    switch (wish.wish) {
      case 'status':
        return { ok: true, value: status(safeStorage, platform) }
      case 'encrypt': {
        const { usable, why } = status(safeStorage, platform)
        if (!usable) return { ok: false, why }
        // Copied: a Buffer may be a window on more than its own bytes.
        return { ok: true, value: Uint8Array.from(safeStorage.encryptString(wish.text)) }
      }
      case 'decrypt':
        return { ok: true, value: safeStorage.decryptString(Buffer.from(wish.sealed)) }
    }
  } catch {
    // What the system says about it may say what it is about.
    return { ok: false, why: 'it may be locked, or made for another account.' }
  }
}

/** Whether keys are really protected: Chromium goes on without a keychain, with a password that everybody knows. */
function status(safeStorage: SafeStorage, platform: NodeJS.Platform): { usable: boolean; why: string } {
  if (!safeStorage.isEncryptionAvailable()) {
    return { usable: false, why: 'it is not there, or it is locked.' }
  }
  const backend = platform === 'linux' ? safeStorage.getSelectedStorageBackend?.() : undefined
  if (backend === 'basic_text' || backend === 'unknown') {
    return { usable: false, why: 'this desktop has no Secret Service or KWallet that runs.' }
  }
  return { usable: true, why: '' }
}

const requestSchema = z
  .object({ type: z.literal('keychain'), id: z.int().positive() })
  .and(
    z.discriminatedUnion('wish', [
      z.object({ wish: z.literal('status') }),
      z.object({ wish: z.literal('encrypt'), text: z.string().max(20_000) }),
      z.object({ wish: z.literal('decrypt'), sealed: z.instanceof(Uint8Array) }),
    ]),
  )
