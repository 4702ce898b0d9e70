import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { openZip, readZipMemberBytes, type ZipArchive } from '../containers/zip.ts'
import { AppError } from '../contract/errors.ts'
import { chooseParser } from '../parsers/choose-parser.ts'
import { parserDefinitions } from '../parsers/list.ts'
import { findDefinition } from '../shared/family.ts'
import type { Log } from '../shared/log.ts'

export interface FileToRead {
  /** Absolute path of the file, or of the one that holds it. */
  location: string
  /** The way into that file, outermost first; null for the file itself. */
  member: string[] | null
  maxBytes: number
}

/**
 * The bytes of a file, of a member of an archive, or of an attachment of a message, however deep.
 * Errors: file-….
 */
export async function readFileOrMember(
  { location, member, maxBytes }: FileToRead,
  context: { signal: AbortSignal; log: Log },
): Promise<Uint8Array> {
  const [first, ...rest] = member ?? []
  if (first === undefined) return readBytes(location, maxBytes)
  let bytes: Uint8Array
  let name: string
  if (await startsLikeZip(location)) {
    bytes = await (await archiveAt(location)).read(first, { maxBytes, signal: context.signal })
    name = first
  } else {
    bytes = await readBytes(location, maxBytes)
    name = basename(location)
    rest.unshift(first)
  }
  for (const step of rest) {
    bytes = await openMember(name, bytes, step, maxBytes, context)
    name = step
    if (bytes.length > maxBytes) throw tooLarge(bytes.length, maxBytes)
  }
  return bytes
}

async function openMember(
  name: string,
  bytes: Uint8Array,
  member: string,
  maxBytes: number,
  { signal, log }: { signal: AbortSignal; log: Log },
): Promise<Uint8Array> {
  const { type, parserId } = chooseParser(name, bytes, bytes.length)
  if (type === 'zip') return readZipMemberBytes(bytes, member, { maxBytes, signal })
  const definition = parserId === null ? undefined : findDefinition('parser', parserDefinitions, parserId)
  const parser = definition?.create(definition.options.parse({}), { log })
  if (parser?.open) return parser.open({ name, bytes }, member, { signal })
  throw new AppError('file-missing', `There is no "${member}" in "${name}" any more.`)
}

/** The last archive stays open: its members are read one after the other, and its directory may be long. */
let lastArchive: { key: string; opening: Promise<ZipArchive> } | undefined

async function archiveAt(location: string): Promise<ZipArchive> {
  const { mtimeMs, size } = await stat(location)
  const key = `${location} ${mtimeMs} ${size}`
  if (lastArchive?.key === key) return lastArchive.opening
  const before = lastArchive
  lastArchive = { key, opening: openZip(location) }
  lastArchive.opening.catch(() => (lastArchive = undefined))
  void before?.opening.then((archive) => archive[Symbol.asyncDispose]()).catch(() => {})
  return lastArchive.opening
}

async function startsLikeZip(location: string): Promise<boolean> {
  await using file = await open(location, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  const { buffer, bytesRead } = await file.read(new Uint8Array(4), 0, 4, 0)
  return bytesRead === 4 && buffer[0] === 0x50 && buffer[1] === 0x4b
}

/** Opens once, so that what is measured is what is read even if the name meanwhile stands for another file. */
async function readBytes(path: string, maxBytes: number): Promise<Uint8Array> {
  // Not blocking: opening a pipe would wait for its writer for ever. Windows has neither the flag nor such pipes.
  await using file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  const stats = await file.stat()
  if (stats.isDirectory()) throw new AppError('file-unreadable', 'This is a folder, not a file.')
  if (!stats.isFile()) throw new AppError('file-unreadable', 'This is a device or a pipe, not a file with an end.')
  if (stats.size > maxBytes) throw tooLarge(stats.size, maxBytes)
  let bytes = new Uint8Array(stats.size + 1)
  let length = 0
  for (;;) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, length)
    if (bytesRead === 0) break
    length += bytesRead
    if (length > maxBytes) throw tooLarge(length, maxBytes)
    if (length === bytes.length) {
      // It grows while it is read.
      const larger = new Uint8Array(Math.min(bytes.length * 2, maxBytes + 1))
      larger.set(bytes)
      bytes = larger
    }
  }
  return bytes.subarray(0, length)
}

function tooLarge(sizeBytes: number, maxBytes: number): AppError {
  return new AppError(
    'file-too-large',
    `This file has ${megabytes(sizeBytes)}; the limit is ${megabytes(maxBytes)}. Split it into parts, then add those.`,
    { details: { size: sizeBytes, limit: maxBytes } },
  )
}

function megabytes(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.ceil(bytes / 1000)} kB`
  const value = bytes / 1_000_000
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} MB`
}
