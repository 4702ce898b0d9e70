/** The bytes of ZIP archives with stored entries (APPNOTE 6.3.10: names in UTF-8, Zip64 where needed). Times are left at zero. */

export interface ZipEntry {
  name: Buffer
  /** Its size; entries are stored, not packed. */
  bytes: number
  crc: number
  /** Where its local header begins. */
  offset: number
  /** Size and sum were not known when the local header was written: they follow the bytes. */
  isStreamed?: boolean
}

const none32 = 0xffff_ffff
const none16 = 0xffff
const utf8Names = 0x0800
const sumFollows = 0x0008
/** 1 January 1980, the earliest there is. */
const date = 0x0021
const regularFile = (0o100644 << 16) >>> 0
const madeOnUnix = 3 << 8

export function localHeader({ name, bytes, crc, isStreamed }: ZipEntry, zip64From: number): Buffer {
  const large = bytes >= zip64From
  const extra = large ? zip64Extra([bytes, bytes]) : Buffer.alloc(0)
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x0403_4b50, 0)
  header.writeUInt16LE(large ? 45 : 20, 4)
  header.writeUInt16LE(isStreamed ? utf8Names | sumFollows : utf8Names, 6)
  header.writeUInt16LE(date, 12)
  header.writeUInt32LE(crc, 14)
  header.writeUInt32LE(large ? none32 : bytes, 18)
  header.writeUInt32LE(large ? none32 : bytes, 22)
  header.writeUInt16LE(name.length, 26)
  header.writeUInt16LE(extra.length, 28)
  return Buffer.concat([header, name, extra])
}

export function directoryHeader({ name, bytes, crc, offset, isStreamed }: ZipEntry, zip64From: number): Buffer {
  const large = bytes >= zip64From
  const far = offset >= zip64From
  const extra =
    large || far ? zip64Extra([...(large ? [bytes, bytes] : []), ...(far ? [offset] : [])]) : Buffer.alloc(0)
  const header = Buffer.alloc(46)
  header.writeUInt32LE(0x0201_4b50, 0)
  header.writeUInt16LE(madeOnUnix | 45, 4)
  header.writeUInt16LE(large || far ? 45 : 20, 6)
  header.writeUInt16LE(isStreamed ? utf8Names | sumFollows : utf8Names, 8)
  header.writeUInt16LE(date, 14)
  header.writeUInt32LE(crc, 16)
  header.writeUInt32LE(large ? none32 : bytes, 20)
  header.writeUInt32LE(large ? none32 : bytes, 24)
  header.writeUInt16LE(name.length, 28)
  header.writeUInt16LE(extra.length, 30)
  header.writeUInt32LE(regularFile, 38)
  header.writeUInt32LE(far ? none32 : offset, 42)
  return Buffer.concat([header, name, extra])
}

function zip64Extra(values: readonly number[]): Buffer {
  const extra = Buffer.alloc(4 + values.length * 8)
  extra.writeUInt16LE(1, 0)
  extra.writeUInt16LE(values.length * 8, 2)
  values.forEach((value, index) => extra.writeBigUInt64LE(BigInt(value), 4 + index * 8))
  return extra
}

export function endOfDirectory(count: number, start: number, length: number, zip64From: number): Buffer {
  const large = start >= zip64From || length >= zip64From || count >= Math.min(none16, zip64From)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x0605_4b50, 0)
  end.writeUInt16LE(large ? none16 : count, 8)
  end.writeUInt16LE(large ? none16 : count, 10)
  end.writeUInt32LE(large ? none32 : length, 12)
  end.writeUInt32LE(large ? none32 : start, 16)
  if (!large) return end
  const end64 = Buffer.alloc(56)
  end64.writeUInt32LE(0x0606_4b50, 0)
  end64.writeBigUInt64LE(44n, 4)
  end64.writeUInt16LE(madeOnUnix | 45, 12)
  end64.writeUInt16LE(45, 14)
  end64.writeBigUInt64LE(BigInt(count), 24)
  end64.writeBigUInt64LE(BigInt(count), 32)
  end64.writeBigUInt64LE(BigInt(length), 40)
  end64.writeBigUInt64LE(BigInt(start), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x0706_4b50, 0)
  locator.writeBigUInt64LE(BigInt(start + length), 8)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([end64, locator, end])
}

/** What follows the bytes of an entry that is streamed. */
export function dataDescriptor({ bytes, crc }: Pick<ZipEntry, 'bytes' | 'crc'>): Buffer {
  const descriptor = Buffer.alloc(16)
  descriptor.writeUInt32LE(0x0807_4b50, 0)
  descriptor.writeUInt32LE(crc, 4)
  descriptor.writeUInt32LE(bytes, 8)
  descriptor.writeUInt32LE(bytes, 12)
  return descriptor
}
