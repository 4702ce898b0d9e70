import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { sha256 } from '../shared/hash.ts'

/** Who vouches for a pack: the Ed25519 (RFC 8032) signature of its list, with the public key to check it. */
export const signatureSchema = z.object({
  algorithm: z.literal('ed25519'),
  /** SubjectPublicKeyInfo, DER, base64. */
  publicKey: z.base64().max(200),
  signature: z.base64().max(200),
})
export type Signature = z.infer<typeof signatureSchema>

/** Errors: file-missing, input-invalid (no Ed25519 key). */
export async function readPrivateKey(path: string): Promise<KeyObject> {
  return readKey(path, 'private', createPrivateKey)
}

/** Errors: file-missing, input-invalid (no Ed25519 key). */
export async function readPublicKey(path: string): Promise<KeyObject> {
  return readKey(path, 'public', createPublicKey)
}

export function signText(text: string, key: KeyObject): Signature {
  return {
    algorithm: 'ed25519',
    publicKey: derOf(key).toString('base64'),
    signature: sign(null, Buffer.from(text, 'utf8'), key).toString('base64'),
  }
}

/** The key that signed. Errors: model-invalid (it did not sign this). */
export function verifyText(text: string, { publicKey, signature }: Signature): KeyObject {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
    const isRight =
      key.asymmetricKeyType === 'ed25519' &&
      verify(null, Buffer.from(text, 'utf8'), key, Buffer.from(signature, 'base64'))
    if (isRight) return key
  } catch {
    // A key that is none is as wrong as a signature that does not fit.
  }
  throw new AppError(
    'model-invalid',
    'The signature of this pack is wrong: it was changed after it was signed. Do not use it; get it again.',
  )
}

/** What a person compares: the first 16 hexadecimal digits of the public key's SHA-256. */
export function keyId(key: KeyObject): string {
  return sha256(derOf(key)).slice(0, 16)
}

export function sameKey(a: KeyObject, b: KeyObject): boolean {
  return derOf(a).equals(derOf(b))
}

/**
 * Makes a key pair: PATH, for the owner's eyes only, and PATH.pub, to be given away. Never overwrites.
 * Errors: name-taken.
 */
export async function createKeyFiles(path: string): Promise<{ privateKey: string; publicKey: string; keyId: string }> {
  const publicPath = `${path}.pub`
  for (const place of [path, publicPath]) {
    if (await exists(place)) throw new AppError('name-taken', `${place} is there already. Choose another name.`)
  }
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  await writeFile(path, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600, flag: 'wx' })
  await writeFile(publicPath, publicKey.export({ format: 'pem', type: 'spki' }), { flag: 'wx' })
  return { privateKey: path, publicKey: publicPath, keyId: keyId(publicKey) }
}

async function readKey(
  path: string,
  kind: 'private' | 'public',
  parse: (pem: string) => KeyObject,
): Promise<KeyObject> {
  const { size } = await stat(path)
  if (size <= 65_536) {
    const pem = await readFile(path, 'utf8')
    try {
      const key = parse(pem)
      if (key.asymmetricKeyType === 'ed25519') return key
    } catch {
      // Not a key at all, then.
    }
  }
  throw new AppError(
    'input-invalid',
    `${path} is not an Ed25519 ${kind} key in PEM form. Make one with: quarry models keygen FILE`,
    { details: { path } },
  )
}

/** Of a private key, that of its public half. */
function derOf(key: KeyObject): Buffer {
  const half = key.type === 'public' ? key : createPublicKey(key)
  return half.export({ format: 'der', type: 'spki' })
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
