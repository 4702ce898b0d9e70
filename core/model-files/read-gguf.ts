import { AppError } from '../contract/errors.ts'

/** Numbers, strings and truth values of a GGUF file's head by name. Lists, such as vocabularies, are passed over. */
export type GgufMetadata = ReadonlyMap<string, string | number | boolean>

/**
 * The metadata of a GGUF file (versions 2 and 3, little-endian; ggml's docs/gguf.md), from its first bytes on. Reads
 * no further than it must; `pieces` is ended. Errors: model-invalid.
 */
export async function readGguf(pieces: AsyncIterable<Uint8Array>): Promise<GgufMetadata> {
  const source = pieces[Symbol.asyncIterator]()
  const head = new Head(source)
  try {
    if ((await head.take(4)).toString('latin1') !== 'GGUF') throw notGguf('It does not begin with GGUF.')
    const version = await head.uint32()
    if (version !== 2 && version !== 3) throw notGguf(`Its version is ${version}.`)
    await head.size()
    const count = await head.size()
    if (count > maxEntries) throw notGguf(`It names ${count} properties.`)
    const metadata = new Map<string, string | number | boolean>()
    for (let index = 0; index < count; index++) {
      const name = await head.text(maxNameBytes)
      const value = await head.value(await head.uint32())
      if (value !== undefined) metadata.set(name, value)
    }
    return metadata
  } finally {
    await source.return?.()
  }
}

const maxEntries = 10_000
const maxNameBytes = 65_535
const maxTextBytes = 4 * 1024 * 1024
/** Vocabularies with merges take some 10 MB. */
const maxHeadBytes = 256 * 1024 * 1024

const stringType = 8
const arrayType = 9
/** Bytes by type number: uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64. */
const widths = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8]

class Head {
  readonly #source: AsyncIterator<Uint8Array>
  #rest = Buffer.alloc(0)
  #read = 0

  constructor(source: AsyncIterator<Uint8Array>) {
    this.#source = source
  }

  async take(bytes: number): Promise<Buffer> {
    const pieces = [this.#rest]
    let held = this.#rest.length
    while (held < bytes) {
      const piece = await this.#next()
      pieces.push(Buffer.from(piece))
      held += piece.length
    }
    const whole = pieces.length === 1 ? this.#rest : Buffer.concat(pieces)
    this.#rest = whole.subarray(bytes)
    return whole.subarray(0, bytes)
  }

  async skip(bytes: number): Promise<void> {
    let left = bytes
    while (left > this.#rest.length) {
      left -= this.#rest.length
      this.#rest = Buffer.from(await this.#next())
    }
    this.#rest = this.#rest.subarray(left)
  }

  async uint32(): Promise<number> {
    return (await this.take(4)).readUInt32LE(0)
  }

  /** A 64-bit count or length. */
  async size(): Promise<number> {
    const value = (await this.take(8)).readBigUInt64LE(0)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw notGguf('It names a size that no file has.')
    return Number(value)
  }

  async text(maxBytes: number): Promise<string> {
    const bytes = await this.size()
    if (bytes > maxBytes) throw notGguf('It holds a text that is too long.')
    return (await this.take(bytes)).toString('utf8')
  }

  async value(type: number): Promise<string | number | boolean | undefined> {
    if (type === stringType) return this.text(maxTextBytes)
    if (type === arrayType) return this.#skipArray()
    const bytes = await this.take(widthOf(type))
    switch (type) {
      case 0:
        return bytes.readUInt8(0)
      case 1:
        return bytes.readInt8(0)
      case 2:
        return bytes.readUInt16LE(0)
      case 3:
        return bytes.readInt16LE(0)
      case 4:
        return bytes.readUInt32LE(0)
      case 5:
        return bytes.readInt32LE(0)
      case 6:
        return bytes.readFloatLE(0)
      case 7:
        return bytes.readUInt8(0) !== 0
      case 10:
        return Number(bytes.readBigUInt64LE(0))
      case 11:
        return Number(bytes.readBigInt64LE(0))
      default:
        return bytes.readDoubleLE(0)
    }
  }

  async #skipArray(): Promise<undefined> {
    const type = await this.uint32()
    const count = await this.size()
    if (type === arrayType) throw notGguf('It holds lists of lists.')
    if (type !== stringType) return void (await this.skip(count * widthOf(type)))
    for (let index = 0; index < count; index++) await this.skip(await this.size())
    return undefined
  }

  async #next(): Promise<Uint8Array> {
    const next = await this.#source.next()
    if (next.done === true) throw notGguf('It ends too early.')
    this.#read += next.value.length
    if (this.#read > maxHeadBytes) throw notGguf('Its head is too long.')
    return next.value
  }
}

function widthOf(type: number): number {
  const width = widths[type]
  if (width === undefined) throw notGguf(`It holds a value of type ${type}.`)
  return width
}

function notGguf(why: string): AppError {
  return new AppError('model-invalid', `This is not a whole GGUF file. ${why} Get it again.`)
}
