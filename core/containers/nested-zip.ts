import { stat } from 'node:fs/promises'
import { AppError, isCancellation, toAppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { checkZipTotal, openZip, type ZipArchive, type ZipTotal } from './zip.ts'

/** A file in an archive, or in an archive in it, and so on. */
export interface NestedMember {
  /** The way in, outermost first: members of the archives, each in the one before. */
  way: string[]
  /** File name with extension. */
  name: string
  /** Unpacked bytes, as the directory states them. */
  size: number
  /** Of an archive that could not be looked into: why. */
  error?: AppError
}

export interface NestedZipOptions {
  /** Whether a member is an archive to look into; what starts unlike one is a file all the same. */
  opens(way: readonly string[]): boolean
  signal?: AbortSignal | undefined
}

const nestedZipLimits = {
  /** Archives in one another, the outermost counted. */
  depth: 4,
  /** Inner archives are unpacked into memory, here and when their files are read. */
  archiveBytes: 100_000_000,
}

/**
 * The files of a ZIP archive on disk and of those in it. The limits of one archive hold for the sum of all of them
 * beside the size of the outermost, so that packing over and over hides no bomb. An inner archive that is damaged,
 * locked or beyond a limit is one entry with its `error`, and the rest goes on. Errors: those of `openZip`.
 */
export async function* listNestedZip(path: string, options: NestedZipOptions): AsyncGenerator<NestedMember> {
  const { size } = await stat(path)
  await using archive = await openZip(path, options.signal ? { signal: options.signal } : {})
  yield* walk({ archive, way: [] }, { ...archive.total, packedBytes: size }, options)
}

interface Level {
  archive: ZipArchive
  way: readonly string[]
}

/** Adds to `sum` what it looks into. */
async function* walk(level: Level, sum: ZipTotal, options: NestedZipOptions): AsyncGenerator<NestedMember> {
  for (const { member, name, size } of level.archive.members) {
    throwIfAborted(options.signal)
    const way = [...level.way, member]
    if (!options.opens(way)) {
      yield { way, name, size }
      continue
    }
    let inner: Level | undefined
    try {
      inner = await openInner(level, way, sum, options.signal)
    } catch (error) {
      if (isCancellation(error)) throw error
      yield { way, name, size, error: toAppError(error) }
      continue
    }
    if (!inner) {
      yield { way, name, size }
      continue
    }
    await using _ = inner.archive
    yield* walk(inner, sum, options)
  }
}

/** Undefined for what is named like an archive and is none. */
async function openInner(
  { archive }: Level,
  way: readonly string[],
  sum: ZipTotal,
  signal: AbortSignal | undefined,
): Promise<Level | undefined> {
  if (way.length >= nestedZipLimits.depth) {
    throw new AppError(
      'type-unsupported',
      `This archive lies more than ${nestedZipLimits.depth - 1} archives deep. Unpack the outer ones, then add the folder.`,
    )
  }
  const signalled = signal ? { signal } : {}
  const bytes = await archive.read(way.at(-1) ?? '', { maxBytes: nestedZipLimits.archiveBytes, ...signalled })
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) return undefined
  const inner = await openZip(bytes, signalled)
  const entries = sum.entries + inner.total.entries
  const unpackedBytes = sum.unpackedBytes + inner.total.unpackedBytes
  try {
    checkZipTotal({ ...sum, entries, unpackedBytes })
  } catch (error) {
    await inner[Symbol.asyncDispose]()
    throw error
  }
  Object.assign(sum, { entries, unpackedBytes })
  return { archive: inner, way }
}
