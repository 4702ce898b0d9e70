import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { openZip, readZipMemberBytes, type ZipArchive, type ZipReadOptions } from '../containers/zip.ts'
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
  const way = member ?? []
  if (way.length === 0) return readBytes(location, maxBytes)
  const start = (await isZip(location))
    ? await readFromArchives(location, way, { maxBytes, signal: context.signal })
    : { bytes: await readBytes(location, maxBytes), steps: 0 }
  let { bytes } = start
  let name = way[start.steps - 1] ?? basename(location)
  for (const step of way.slice(start.steps)) {
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

/**
 * The archives on the way to what was read last, outermost first, stay open: their members are read one after the
 * other, their directories may be long, and the inner ones had to be unpacked.
 */
const opened: { key: string; archive: ZipArchive }[] = []

/** Goes as far as there are archives. `steps`: how many of the way that was, the last one being `bytes`. */
async function readFromArchives(
  location: string,
  way: readonly string[],
  options: ZipReadOptions,
): Promise<{ bytes: Uint8Array; steps: number }> {
  const { mtimeMs, size } = await stat(location)
  let key = `${location} ${mtimeMs} ${size}`
  let archive = await openAt(0, key, location)
  for (let steps = 1; ; steps++) {
    const step = way[steps - 1] ?? ''
    key += `!/${step}`
    const known = steps < way.length ? opened[steps] : undefined
    if (known?.key === key) {
      archive = known.archive
      continue
    }
    const bytes = await archive.read(step, options)
    if (steps >= way.length || !startsLikeZip(bytes)) return { bytes, steps }
    archive = await openAt(steps, key, bytes)
  }
}

async function openAt(level: number, key: string, source: string | Uint8Array): Promise<ZipArchive> {
  const known = opened[level]
  if (known?.key === key) return known.archive
  for (const { archive } of opened.splice(level)) await archive[Symbol.asyncDispose]()
  const archive = await openZip(source)
  opened[level] = { key, archive }
  return archive
}

async function isZip(location: string): Promise<boolean> {
  await using file = await open(location, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  const { buffer, bytesRead } = await file.read(new Uint8Array(4), 0, 4, 0)
  return startsLikeZip(buffer.subarray(0, bytesRead))
}

function startsLikeZip(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x50 && bytes[1] === 0x4b
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
