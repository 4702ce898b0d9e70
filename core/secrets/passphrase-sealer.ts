import { randomBytes, scrypt, type ScryptOptions } from 'node:crypto'
import { AppError } from '../contract/errors.ts'
import { decrypt, encrypt } from './cipher.ts'
import type { Sealer } from './sealer.ts'

/** 128 MiB and about half a second for each passphrase that somebody tries. */
const cost: ScryptOptions = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 }
const saltBytes = 16

/** Keys under a passphrase (scrypt, AES-256-GCM). A salt of its own stands before each. */
export function passphraseSealer(passphrase: string | undefined): Sealer {
  // The salt of this process: making a key of the passphrase once is slow enough.
  const ownSalt = randomBytes(saltBytes)
  const made = new Map<string, Promise<Buffer>>()
  const keyFor = (salt: Uint8Array): Promise<Buffer> => {
    const id = Buffer.from(salt).toString('hex')
    const known = made.get(id)
    if (known) return known
    const making = stretch(passphrase ?? '', salt)
    made.set(id, making)
    return making
  }
  return {
    place: 'passphrase-file',
    status: async () =>
      passphrase === undefined || passphrase === ''
        ? { usable: false, message: 'QUARRY_SECRETS_PASSPHRASE is not set.' }
        : {
            usable: true,
            message:
              'In a file in the workspace, encrypted with the passphrase in QUARRY_SECRETS_PASSPHRASE. Who has the file, ' +
              'in a backup say, cannot read the keys without it. Who can read the environment of this process can.',
          },
    async seal(name, secret) {
      return Buffer.concat([ownSalt, encrypt(await keyFor(ownSalt), name, secret)])
    },
    async open(name, sealed) {
      if (passphrase === undefined || passphrase === '') {
        throw new AppError(
          'keys-unavailable',
          `The key of "${name}" is encrypted with a passphrase. Set QUARRY_SECRETS_PASSPHRASE to it and start Quarry again.`,
        )
      }
      const key = await keyFor(sealed.subarray(0, saltBytes))
      try {
        return decrypt(key, name, sealed.subarray(saltBytes))
      } catch {
        throw new AppError(
          'keys-unavailable',
          `The key of "${name}" cannot be read with the passphrase in QUARRY_SECRETS_PASSPHRASE. Set the one that it ` +
            'was kept with, or enter the key again.',
        )
      }
    },
  }
}

function stretch(passphrase: string, salt: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, 32, cost, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
