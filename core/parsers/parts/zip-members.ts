import { unzipSync } from 'fflate'
import { AppError } from '../../contract/errors.ts'

/** Unpacked members by their path in the archive. */
export type Members = Record<string, Uint8Array>

export interface UnzipOptions {
  /** What a person calls the file, for messages: 'Word file'. */
  what: string
  /** Which members are read. */
  wanted(name: string): boolean
  /** The most that these may unpack to together. */
  largestBytes?: number
}

/** An Office file of 900 pages has about 10 MB of XML; more than this is a trap or will not fit in memory. */
const defaultLargestBytes = 96 * 1024 * 1024

/**
 * Unpacks some members of an archive, their sum bounded before anything is unpacked: a file of 300 kB can unpack to
 * 300 MB. The unpacker never writes more than the size stated in the archive's directory.
 * Errors: file-corrupt, file-too-large.
 */
export function unzipMembers(bytes: Uint8Array, { what, wanted, largestBytes }: UnzipOptions): Members {
  const limit = largestBytes ?? defaultLargestBytes
  let total = 0
  try {
    const members = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (!wanted(name)) return false
        total += originalSize
        if (total > limit) throw tooLarge(what, total, limit)
        return true
      },
    })
    if (Object.keys(members).length === 0) throw damaged(what, undefined)
    return members
  } catch (error) {
    throw error instanceof AppError ? error : damaged(what, error)
  }
}

/** The error of a file that is not whole. `what`: 'Word file'. */
export function damaged(what: string, cause: unknown): AppError {
  return new AppError(
    'file-corrupt',
    `This ${what} is damaged or incomplete. Get a fresh copy, or open it and save it again.`,
    { cause },
  )
}

function tooLarge(what: string, sizeBytes: number, limitBytes: number): AppError {
  const size = Math.round(sizeBytes / 1024 / 1024)
  return new AppError(
    'file-too-large',
    `This ${what} unpacks to more than ${size} MB of text, which is too much to read at once. Split it into parts.`,
    { details: { unpackedBytes: sizeBytes, limitBytes } },
  )
}
