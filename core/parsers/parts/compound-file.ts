/**
 * Checks the structure of a compound file (MS-CFB) before a library reads it: libraries follow its chains and trees
 * without asking whether they end. Throws an Error for a chain or tree that runs in a circle or leaves the file, and
 * for streams that together are larger than the file.
 */
export function checkCompoundFile(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const sectorLength = bytes[30] === 12 ? 4096 : 512
  const sectorCount = Math.ceil(bytes.length / sectorLength)
  const offsetOf = (sector: number): number => {
    if (sector < 0 || sector >= sectorCount) throw new Error(`There is no sector ${sector}.`)
    return (sector + 1) * sectorLength
  }
  const tableSectors = allocationSectors(view, sectorLength, sectorCount, offsetOf)
  const entriesPerSector = sectorLength / 4
  const nextIn = (sectors: readonly number[], sector: number): number => {
    const holder = sectors[Math.floor(sector / entriesPerSector)]
    if (sector < 0 || holder === undefined) return endOfChain
    return view.getInt32(offsetOf(holder) + 4 * (sector % entriesPerSector), true)
  }
  const chain = (first: number, sectors: readonly number[], most: number): number[] => {
    const found: number[] = []
    for (let sector = first; sector !== endOfChain; sector = nextIn(sectors, sector)) {
      if (found.length >= most) throw new Error('A chain of sectors does not end.')
      found.push(sector)
    }
    return found
  }

  const smallTable = view.getInt32(0x40, true)
  if (smallTable < 0 || smallTable > sectorCount) throw new Error('The table of small sectors is too long.')
  const smallSectors = chain(view.getInt32(0x3c, true), tableSectors, sectorCount).slice(0, smallTable)
  const smallCount = smallSectors.length * entriesPerSector
  const entries = chain(view.getInt32(0x30, true), tableSectors, sectorCount).flatMap((sector) =>
    readEntries(view, offsetOf(sector), sectorLength),
  )
  // Where the first is anything else, a library takes sector 0 for the beginning of its chain.
  const root = entries[0]
  if (root?.type !== rootType) throw new Error('The first entry is not the root.')
  chain(root.start, tableSectors, sectorCount)
  checkTree(entries)
  let total = 0
  entries.forEach((entry) => {
    if (entry.type !== streamType) return
    total += entry.size
    if (entry.size < 0 || total > bytes.length) throw new Error('The streams are larger than the file.')
    if (entry.size > 0 && entry.size < smallestBigStream) chain(entry.start, smallSectors, smallCount + 1)
  })
}

const endOfChain = -2
const noEntry = -1
const streamType = 2
const storageType = 1
const rootType = 5
const smallestBigStream = 4096
const entryLength = 128

interface Entry {
  type: number
  left: number
  right: number
  child: number
  start: number
  size: number
}

/** The sectors that hold the allocation table: the first 109 stand in the header, the others in a chain of lists. */
function allocationSectors(
  view: DataView,
  sectorLength: number,
  sectorCount: number,
  offsetOf: (sector: number) => number,
): number[] {
  const count = view.getInt32(0x2c, true)
  const lists = view.getInt32(0x48, true)
  if (count < 0 || count > sectorCount || lists < 0 || lists > sectorCount) throw new Error('The header is damaged.')
  const sectors: number[] = []
  for (let index = 0; index < Math.min(count, 109); index++) sectors.push(view.getInt32(0x4c + 4 * index, true))
  const perList = sectorLength / 4 - 1
  let list = view.getInt32(0x44, true)
  for (let index = 0; index < lists && list >= 0; index++) {
    const at = offsetOf(list)
    for (let slot = 0; slot < perList && sectors.length < count; slot++) {
      const sector = view.getInt32(at + 4 * slot, true)
      if (sector < 0) break
      sectors.push(sector)
    }
    list = view.getInt32(at + 4 * perList, true)
  }
  return sectors
}

function readEntries(view: DataView, offset: number, sectorLength: number): Entry[] {
  const entries: Entry[] = []
  for (let at = offset; at < offset + sectorLength && at + entryLength <= view.byteLength; at += entryLength) {
    entries.push({
      type: view.getUint8(at + 0x42),
      left: view.getInt32(at + 0x44, true),
      right: view.getInt32(at + 0x48, true),
      child: view.getInt32(at + 0x4c, true),
      start: view.getInt32(at + 0x74, true),
      size: view.getInt32(at + 0x78, true),
    })
  }
  return entries
}

/** Every entry is reached once, in storages that are not nested beyond reason. */
function checkTree(entries: readonly Entry[]): void {
  const seen = new Set<number>()
  const open: { index: number; depth: number }[] = [{ index: 0, depth: 0 }]
  for (let next = open.pop(); next; next = open.pop()) {
    const { index, depth } = next
    if (index === noEntry) continue
    const entry = entries[index]
    if (!entry || seen.has(index)) throw new Error('The tree of entries is damaged.')
    if (depth > deepestStorage) throw new Error('The storages are nested too deep.')
    seen.add(index)
    if (index > 0) open.push({ index: entry.left, depth }, { index: entry.right, depth })
    if (entry.type === storageType || index === 0) open.push({ index: entry.child, depth: depth + 1 })
  }
}

/** A message in a message in a message takes two storages each. */
const deepestStorage = 100
