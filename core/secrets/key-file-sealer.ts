import { randomBytes } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { AppError, toAppError } from '../contract/errors.ts'
import { decrypt, encrypt } from './cipher.ts'
import type { Sealer } from './sealer.ts'

const keyBytes = 32

/**
 * Keys under a random one in a file beside the workspace, which only its owner may read. A copy of the workspace, a
 * backup or a folder that was handed on, is then worth nothing without that file.
 */
export function keyFileSealer(path: string): Sealer {
  const read = async (): Promise<Buffer | undefined> => {
    let bytes: Buffer
    try {
      bytes = await readFile(path)
    } catch (error) {
      const known = toAppError(error)
      if (known.code === 'file-missing') return undefined
      throw new AppError('keys-unavailable', `${path} cannot be read: ${known.message}`, { cause: error })
    }
    if (bytes.length !== keyBytes) {
      throw new AppError('keys-unavailable', `${path} is damaged. Put it back from a backup, or enter the keys again.`)
    }
    // As ssh does. Windows has no such bits: there the folder of the account decides.
    const { mode } = await stat(path)
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new AppError('keys-unavailable', `Others may read ${path}. Take that from them first: chmod 600 "${path}"`)
    }
    return bytes
  }
  return {
    place: 'key-file',
    status: async () => ({
      usable: true,
      message:
        `In a file in the workspace, encrypted with the key file ${path}, which only your account may read. Who gets ` +
        'a copy of the workspace alone cannot read the keys. Who can read the files of your account can: a passphrase ' +
        'in QUARRY_SECRETS_PASSPHRASE protects against that.',
    }),
    async seal(name, secret) {
      return encrypt((await read()) ?? (await make(path)), name, secret)
    },
    async open(name, sealed) {
      const key = await read()
      if (!key) {
        throw new AppError(
          'keys-unavailable',
          `The key of "${name}" was encrypted with ${path}, which is not there. Put it back, or enter the key again.`,
        )
      }
      try {
        return decrypt(key, name, sealed)
      } catch {
        throw new AppError('keys-unavailable', `The key of "${name}" cannot be read with ${path}. Enter it again.`)
      }
    },
  }
}

async function make(path: string): Promise<Buffer> {
  const key = randomBytes(keyBytes)
  try {
    await writeFile(path, key, { mode: 0o600, flag: 'wx', flush: true })
  } catch (error) {
    throw new AppError('keys-unavailable', `${path} cannot be written: ${toAppError(error).message}`, { cause: error })
  }
  return key
}
