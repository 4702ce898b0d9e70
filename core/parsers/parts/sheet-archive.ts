import { Inflate, inflateSync } from 'fflate'
import { AppError } from '../../contract/errors.ts'
import { memberKey } from './member-path.ts'
import { damaged } from './zip-members.ts'

/** The members of a workbook's archive, each unpacked only when it is read. */
export interface SheetArchive {
  /** Paths as the archive spells them. */
  readonly names: readonly string[]
  /** A whole small member; undefined where there is none or it unpacks to more than `largestBytes`. May throw. */
  read(name: string, largestBytes: number): Uint8Array | undefined
  /**
   * A member's bytes piece by piece, so that a sheet of hundreds of megabytes is never in memory at once. A piece is
   * at most about 16 MB. Empty where there is no such member. Throws where the packed data is damaged.
   */
  stream(name: string): Generator<Uint8Array, void>
}

interface Entry {
  name: string
  method: number
  packedBytes: number
  unpackedBytes: number
  headerAt: number
}

/**
 * Reads the directory of a ZIP archive (PKWARE APPNOTE 6.3.10, with ZIP64). `what`: 'Excel workbook', for messages.
 * Names are found without regard to case, as Office does. Errors: file-corrupt, file-encrypted.
 */
export function openSheetArchive(bytes: Uint8Array, what: string): SheetArchive {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries = new Map<string, Entry>()
  try {
    for (const entry of readDirectory(view, bytes, what)) entries.set(memberKey(entry.name), entry)
  } catch (error) {
    throw error instanceof AppError ? error : damaged(what, error)
  }
  if (entries.size === 0) throw damaged(what, undefined)

  const packedOf = (entry: Entry): Uint8Array => {
    if (view.getUint32(entry.headerAt, true) !== localSignature) throw new Error('No member begins here.')
    const start =
      entry.headerAt + 30 + view.getUint16(entry.headerAt + 26, true) + view.getUint16(entry.headerAt + 28, true)
    if (start + entry.packedBytes > bytes.length) throw new Error('The archive ends inside this member.')
    if (entry.method !== 0 && entry.method !== 8) throw new Error(`Unknown compression ${entry.method}.`)
    return bytes.subarray(start, start + entry.packedBytes)
  }

  return {
    names: [...entries.values()].map((entry) => entry.name),
    read(name, largestBytes) {
      const entry = entries.get(memberKey(name))
      if (!entry || entry.unpackedBytes > largestBytes) return undefined
      const packed = packedOf(entry)
      // The unpacker never writes past the buffer it is given: what the directory states is the bound.
      return entry.method === 0 ? packed : inflateSync(packed, { out: new Uint8Array(entry.unpackedBytes) })
    },
    *stream(name) {
      const entry = entries.get(memberKey(name))
      if (!entry) return
      const packed = packedOf(entry)
      const unpacked: Uint8Array[] = []
      const inflate = new Inflate((piece) => void unpacked.push(piece))
      for (let at = 0; at < packed.length; at += stepBytes) {
        const step = packed.subarray(at, at + stepBytes)
        if (entry.method === 0) yield step
        else inflate.push(step, at + stepBytes >= packed.length)
        yield* unpacked.splice(0)
      }
    },
  }
}

/** Packed bytes unpack to 1032 times their size at most. */
const stepBytes = 16 * 1024
const localSignature = 0x04034b50
const centralSignature = 0x02014b50
const endSignature = 0x06054b50
const wideEndSignature = 0x06064b50
const wideLocatorSignature = 0x07064b50

function* readDirectory(view: DataView, bytes: Uint8Array, what: string): Generator<Entry> {
  const end = findEnd(view)
  let count = view.getUint16(end + 10, true)
  let at = view.getUint32(end + 16, true)
  if ((at === 0xffffffff || count === 0xffff) && view.getUint32(end - 20, true) === wideLocatorSignature) {
    const wide = Number(view.getBigUint64(end - 20 + 8, true))
    if (view.getUint32(wide, true) !== wideEndSignature) throw new Error('The directory of this archive is damaged.')
    count = Number(view.getBigUint64(wide + 32, true))
    at = Number(view.getBigUint64(wide + 48, true))
  }
  for (let index = 0; index < count; index++) {
    if (view.getUint32(at, true) !== centralSignature) throw new Error('The directory of this archive is damaged.')
    if (view.getUint16(at + 8, true) & 1) {
      const message = `This ${what} is protected with a password. Save a copy without the password, then add that.`
      throw new AppError('file-encrypted', message)
    }
    const nameLength = view.getUint16(at + 28, true)
    const extraLength = view.getUint16(at + 30, true)
    const entry: Entry = {
      name: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength)),
      method: view.getUint16(at + 10, true),
      packedBytes: view.getUint32(at + 20, true),
      unpackedBytes: view.getUint32(at + 24, true),
      headerAt: view.getUint32(at + 42, true),
    }
    widen(entry, view, at + 46 + nameLength, at + 46 + nameLength + extraLength)
    yield entry
    at += 46 + nameLength + extraLength + view.getUint16(at + 32, true)
  }
}

/** The end record stands last, before a comment of at most 65,535 bytes. */
function findEnd(view: DataView): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - 0xffff); at--) {
    if (view.getUint32(at, true) === endSignature) return at
  }
  throw new Error('The end of this archive is missing.')
}

/** Takes the values that did not fit in 32 bits from the ZIP64 extra field. */
function widen(entry: Entry, view: DataView, from: number, to: number): void {
  for (let at = from; at + 4 <= to; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue
    let field = at + 4
    for (const key of ['unpackedBytes', 'packedBytes', 'headerAt'] as const) {
      if (entry[key] !== 0xffffffff) continue
      entry[key] = Number(view.getBigUint64(field, true))
      field += 8
    }
    return
  }
}
