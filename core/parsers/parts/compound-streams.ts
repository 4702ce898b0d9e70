/**
 * Streams in the root of a compound file (MS-CFB), by name. Chains that run in a circle or leave the file throw an
 * Error, so no stream is longer than the file.
 */
export function readCompoundStreams(bytes: Uint8Array, names: readonly string[]): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const sectorLength = 1 << Math.min(Math.max(view.getUint16(0x1e, true), 7), 16)
  const sectorCount = Math.floor(bytes.length / sectorLength)
  const sectorAt = (sector: number): Uint8Array => {
    const start = (sector + 1) * sectorLength
    if (sector < 0 || start >= bytes.length) throw new Error(`There is no sector ${sector}.`)
    return bytes.subarray(start, start + sectorLength)
  }
  const table = readTable(view, sectorLength, sectorCount, sectorAt)
  const follow = (first: number, next: Int32Array, most: number): number[] => {
    const chain: number[] = []
    for (let sector = first; sector >= 0; sector = next[sector] ?? endOfChain) {
      if (chain.length > most) throw new Error('A chain of sectors does not end.')
      chain.push(sector)
    }
    return chain
  }
  const read = (first: number): Uint8Array => join(follow(first, table, sectorCount).map(sectorAt))

  const directory = read(view.getInt32(0x30, true))
  const entries = readDirectory(directory)
  const root = entries[0]
  const small = root ? read(root.start) : new Uint8Array()
  const smallTable = toNumbers(read(view.getInt32(0x3c, true)))
  const streams = new Map<string, Uint8Array>()
  for (const { name, type, start, size } of entries) {
    if (type !== streamType || !names.includes(name) || streams.has(name)) continue
    if (size >= smallestBigStream) streams.set(name, read(start).subarray(0, size))
    else {
      const parts = follow(start, smallTable, smallTable.length).map((sector) =>
        small.subarray(sector * 64, sector * 64 + 64),
      )
      streams.set(name, join(parts).subarray(0, size))
    }
  }
  return streams
}

const endOfChain = -2
const streamType = 2
const smallestBigStream = 4096

/** The table that says which sector follows a sector. */
function readTable(
  view: DataView,
  sectorLength: number,
  sectorCount: number,
  sectorAt: (sector: number) => Uint8Array,
): Int32Array {
  const holders: number[] = []
  for (let index = 0; index < 109; index++) holders.push(view.getInt32(0x4c + 4 * index, true))
  let list = view.getInt32(0x44, true)
  for (let lists = 0; list >= 0; lists++) {
    if (lists > sectorCount) throw new Error('A chain of sectors does not end.')
    const numbers = toNumbers(sectorAt(list))
    holders.push(...numbers.subarray(0, -1))
    list = numbers.at(-1) ?? endOfChain
  }
  const used = holders.filter((sector) => sector >= 0)
  if (used.length * (sectorLength / 4) > sectorCount + 110 * (sectorLength / 4))
    throw new Error('The header is damaged.')
  return toNumbers(join(used.map(sectorAt)))
}

interface Entry {
  name: string
  type: number
  start: number
  size: number
}

function readDirectory(directory: Uint8Array): Entry[] {
  const view = new DataView(directory.buffer, directory.byteOffset, directory.byteLength)
  const entries: Entry[] = []
  for (let at = 0; at + 128 <= directory.length; at += 128) {
    const nameLength = Math.min(Math.max(view.getUint16(at + 0x40, true) - 2, 0), 62)
    entries.push({
      name: new TextDecoder('utf-16le').decode(directory.subarray(at, at + nameLength)),
      type: view.getUint8(at + 0x42),
      start: view.getInt32(at + 0x74, true),
      size: Math.min(view.getUint32(at + 0x78, true), 0x7fffffff),
    })
  }
  return entries
}

function toNumbers(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Int32Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => view.getInt32(index * 4, true))
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
