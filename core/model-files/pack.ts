import type { KeyObject } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { type ModelManifest, modelManifestSchema } from '../contract/models.ts'
import { canonicalJson, sha256 } from '../shared/hash.ts'
import { type PieceOptions, readPieces, sumFile } from './file-pieces.ts'
import { type FileSource, readSmallText } from './file-source.ts'
import { firstIssue } from './manifest.ts'
import { keyId, sameKey, signatureSchema, signText, verifyText } from './signature.ts'
import { createZip } from './zip-writer.ts'

/**
 * A `.quarrypack`: a ZIP archive with `quarrypack.json` (this), the files under `model/`, `LICENCE.txt`, and, where it
 * is signed, `signature.json` over the canonical JSON of `quarrypack.json`.
 */
export const packSchema = z.object({
  format: z.literal(1),
  /** Every file with its size and SHA-256. */
  manifest: modelManifestSchema,
  licenceText: z.object({ bytes: z.int().min(0).max(1_000_000), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
})
export type Pack = z.infer<typeof packSchema>

export const packName = 'quarrypack.json'
const signatureName = 'signature.json'
const licenceName = 'LICENCE.txt'
const filePrefix = 'model/'

/** Whether somebody vouches for a pack; a wrong signature is no state but an error. */
export type PackSignature =
  { state: 'unsigned' } | { state: 'unknown-key'; keyId: string } | { state: 'trusted'; keyId: string }

/** Where the files of a pack's model are in it. */
export function placeInPack(path: string): string {
  return filePrefix + path
}

/**
 * Reads and checks the list of a pack. With trusted keys, only what one of them signed is taken.
 * Errors: model-invalid (no pack, files that are not listed or not there, a wrong or missing signature).
 */
export async function readPack(
  source: FileSource,
  trusted: readonly KeyObject[],
): Promise<{ manifest: ModelManifest; signature: PackSignature }> {
  const pack = parsePack(await readSmallText(source, packName))
  const { manifest, licenceText } = pack
  const listed = new Map(manifest.files.map((file) => [placeInPack(file.path), file.bytes]))
  listed.set(licenceName, licenceText.bytes)
  for (const { path, bytes } of source.files) {
    if (path === packName || path === signatureName) continue
    if (!listed.has(path)) throw invalid(`This pack holds "${path}", which its list does not name.`)
    if (listed.get(path) !== bytes) throw invalid(`"${path}" in this pack has another size than its list says.`)
    listed.delete(path)
  }
  const [missing] = listed.keys()
  if (missing !== undefined) throw invalid(`"${missing}" is missing in this pack.`)
  if (manifest.files.some(({ bytes, sha256: sum }) => bytes === undefined || sum === undefined)) {
    throw invalid('The list of this pack lacks checksums.')
  }
  const licence = await readSmallText(source, licenceName)
  if (licence === undefined || sha256(licence) !== licenceText.sha256) throw invalid('The licence text was changed.')
  return { manifest, signature: await readSignature(source, pack, trusted) }
}

/** What was written. */
export interface WrittenPack {
  path: string
  bytes: number
  /** Of the key that signed; null for an unsigned pack. */
  keyId: string | null
}

/**
 * Writes a pack of the model in `folder` to a new file. Files that are not what the manifest says end it, and nothing
 * is left. Errors: name-taken, model-invalid (damaged), disk-full, cancelled.
 */
export async function writePack(
  path: string,
  folder: string,
  manifest: ModelManifest,
  { key, signal, onBytes }: PieceOptions & { key?: KeyObject | undefined },
): Promise<WrittenPack> {
  const temporary = `${path}.part`
  await rm(temporary, { force: true })
  try {
    const licence = licenceStatement(manifest)
    let bytes
    {
      await using zip = await createZip(temporary)
      const files = []
      for (const file of manifest.files) {
        // Once for the sum, once for the archive: the list has to be true of what is in it.
        const sum = await sumFile(join(folder, file.path), { signal, onBytes })
        if (file.sha256 !== undefined && file.sha256 !== sum.sha256) {
          throw invalid(`${file.path} is not what it was when the model was installed.`)
        }
        await zip.add(
          placeInPack(file.path),
          sum.bytes,
          withCount(readPieces(join(folder, file.path), { signal }), onBytes),
        )
        files.push({ ...file, ...sum })
      }
      const licenceText = { bytes: Buffer.byteLength(licence), sha256: sha256(licence) }
      const pack: Pack = { format: 1, manifest: { ...manifest, files }, licenceText }
      const add = (name: string, text: string): Promise<void> =>
        zip.add(name, Buffer.byteLength(text), only(Buffer.from(text, 'utf8')))
      await add(licenceName, licence)
      await add(packName, `${JSON.stringify(pack, null, 2)}\n`)
      if (key) await add(signatureName, `${JSON.stringify(signText(canonicalJson(pack), key), null, 2)}\n`)
      bytes = await zip.end()
    }
    await rename(temporary, path)
    return { path, bytes, keyId: key ? keyId(key) : null }
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

function parsePack(text: string | undefined): Pack {
  let value: unknown
  try {
    value = JSON.parse(text ?? '')
  } catch (cause) {
    throw invalid('The list of this pack cannot be read.', cause)
  }
  const result = packSchema.safeParse(value)
  if (result.success) return result.data
  throw invalid(`The list of this pack is not valid: ${firstIssue(result.error)}.`)
}

async function readSignature(source: FileSource, pack: Pack, trusted: readonly KeyObject[]): Promise<PackSignature> {
  const text = await readSmallText(source, signatureName, 10_000)
  if (text === undefined) {
    if (source.files.some(({ path }) => path === signatureName))
      throw invalid('The signature of this pack is too long.')
    if (trusted.length > 0) throw untrusted('is not signed')
    return { state: 'unsigned' }
  }
  let signature
  try {
    signature = signatureSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw invalid('The signature of this pack cannot be read.', cause)
  }
  const key = verifyText(canonicalJson(pack), signature)
  if (trusted.some((one) => sameKey(one, key))) return { state: 'trusted', keyId: keyId(key) }
  if (trusted.length > 0) throw untrusted(`is signed with another key (${keyId(key)})`)
  return { state: 'unknown-key', keyId: keyId(key) }
}

function licenceStatement({ label, licence, hub, sources }: ModelManifest): string {
  const lines = [
    label,
    `Licence: ${licence.id}${licence.url === undefined ? '' : ` (${licence.url})`}`,
    ...(licence.notice === undefined ? [] : ['', licence.notice]),
    ...(hub === undefined ? [] : ['', `From ${hub.id}, revision ${hub.revision}.`]),
    ...(sources.length === 0 ? [] : ['', 'Sources:', ...sources.map((source) => `- ${source}`)]),
  ]
  return `${lines.join('\n')}\n`
}

async function* withCount(
  pieces: AsyncIterable<Uint8Array>,
  onBytes: ((bytes: number) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    yield piece
    onBytes?.(piece.length)
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function untrusted(what: string): AppError {
  return new AppError('model-invalid', `This pack ${what}, and only packs of the keys you named are taken.`)
}

function invalid(what: string, cause?: unknown): AppError {
  return new AppError('model-invalid', `${what} Get it again.`, cause === undefined ? {} : { cause })
}
