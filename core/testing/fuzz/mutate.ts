import { unzipSync, zipSync } from 'fflate'

export interface Mutated {
  bytes: Uint8Array
  /** What was done, such as 'flip 12 bits'. */
  how: string
}

/** A damaged copy of a file. The same numbers do the same damage. */
export function mutate(bytes: Uint8Array, random: () => number): Mutated {
  // What lies in an archive is packed and has sums: damage to the whole file mostly ends there and never reaches a parser.
  if (isZip(bytes) && random() < 0.6) {
    const inside = mutateMembers(bytes, random)
    if (inside) return inside
  }
  const kinds = [flip, truncate, shuffle, double, zero, overwrite]
  return (kinds[Math.floor(random() * kinds.length)] ?? flip)(bytes, random)
}

function flip(bytes: Uint8Array, random: () => number): Mutated {
  const result = bytes.slice()
  const count = 2 ** Math.floor(random() * 9)
  for (let index = 0; index < count && result.length > 0; index += 1) {
    const at = Math.floor(random() * result.length)
    result[at] = (result[at] ?? 0) ^ (1 << Math.floor(random() * 8))
  }
  return { bytes: result, how: `flip ${count} bits` }
}

function truncate(bytes: Uint8Array, random: () => number): Mutated {
  const length = Math.floor(bytes.length * random())
  return { bytes: bytes.slice(0, length), how: `cut after ${length} bytes` }
}

function shuffle(bytes: Uint8Array, random: () => number): Mutated {
  const size = Math.max(1, Math.min(2 ** (3 + Math.floor(random() * 11)), Math.floor(bytes.length / 2)))
  const blocks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
  const swaps = 1 + Math.floor(random() * Math.min(20, blocks.length))
  for (let swap = 0; swap < swaps; swap += 1) {
    const [a, b] = [Math.floor(random() * blocks.length), Math.floor(random() * blocks.length)]
    const kept = blocks[a]
    if (kept && blocks[b]) [blocks[a], blocks[b]] = [blocks[b], kept]
  }
  return { bytes: Buffer.concat(blocks), how: `swap ${swaps} blocks of ${size}` }
}

function double(bytes: Uint8Array, random: () => number): Mutated {
  const [from, to] = span(bytes, random)
  const times = 1 + Math.floor(random() * 5)
  const copies = Array.from({ length: times }, () => bytes.subarray(from, to))
  return {
    bytes: Buffer.concat([bytes.subarray(0, to), ...copies, bytes.subarray(to)]),
    how: `repeat ${from}-${to} ${times} times`,
  }
}

function zero(bytes: Uint8Array, random: () => number): Mutated {
  const [from, to] = span(bytes, random)
  const result = bytes.slice()
  result.fill(0, from, to)
  return { bytes: result, how: `zeros at ${from}-${to}` }
}

/** Bytes that mean much to many formats: ends, brackets, quotes, the largest numbers. */
function overwrite(bytes: Uint8Array, random: () => number): Mutated {
  const result = bytes.slice()
  const values = [0x00, 0xff, 0x7f, 0x80, 0x0a, 0x22, 0x28, 0x3c, 0x3e, 0x5b, 0x7b, 0x5c, 0x2d, 0x39]
  const count = 2 ** Math.floor(random() * 7)
  for (let index = 0; index < count && result.length > 0; index += 1) {
    result[Math.floor(random() * result.length)] = values[Math.floor(random() * values.length)] ?? 0
  }
  return { bytes: result, how: `overwrite ${count} bytes` }
}

function mutateMembers(bytes: Uint8Array, random: () => number): Mutated | undefined {
  let members: Record<string, Uint8Array>
  try {
    members = unzipSync(bytes)
  } catch {
    return undefined
  }
  const names = Object.keys(members).filter((name) => (members[name]?.length ?? 0) > 0)
  const pick = (): string => names[Math.floor(random() * names.length)] ?? ''
  if (names.length < 2) return undefined
  const [one, other] = [pick(), pick()]
  const kind = random()
  let how: string
  if (kind < 0.15) {
    const kept = members[one] ?? new Uint8Array()
    members[one] = members[other] ?? new Uint8Array()
    members[other] = kept
    how = `swap ${one} and ${other}`
  } else if (kind < 0.25) {
    members = Object.fromEntries(Object.entries(members).filter(([name]) => name !== one))
    how = `drop ${one}`
  } else {
    const inner = mutate(members[one] ?? new Uint8Array(), random)
    members[one] = inner.bytes
    how = `in ${one}: ${inner.how}`
  }
  return { bytes: zipSync(members, { level: 1 }), how }
}

function span(bytes: Uint8Array, random: () => number): [from: number, to: number] {
  const from = Math.floor(random() * bytes.length)
  const length = Math.floor(2 ** (random() * Math.log2(Math.max(2, bytes.length))))
  return [from, Math.min(bytes.length, from + length)]
}

function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3
}
