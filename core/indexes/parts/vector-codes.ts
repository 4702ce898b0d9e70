import type { Database, Statement } from 'better-sqlite3'
import { type CodeKernel, createCodeKernel } from './code-kernel.ts'
import { type Block, keptBlocks } from './kept-blocks.ts'

/**
 * Short forms of the vectors of one index: a byte a number instead of four, many in one row, so that comparing a question
 * with all of them reads an eighth of the pages. Nothing is decided by them: how far a code can be from its vector is
 * stored with it, so that whatever could be among the best is compared once more, exactly, and results are those of
 * comparing every vector.
 */
export interface VectorCodes {
  /** False for an index of before, until `create`. */
  exists(): boolean
  /** Makes the table and the codes of all vectors there are. The caller holds the transaction. */
  create(): void
  /** Vectors of these chunks were added, replaced or taken out. Does nothing before `create`. */
  update(chunkIds: readonly number[]): void
  /**
   * Chunks among which the best `limit` are, by what sqlite-vec computes, ties included; in no order. With `among`, only
   * these are looked at. Undefined where codes cannot tell, because vectors are too much alike. `vector`: a direction.
   */
  candidates(vector: Float32Array, limit: number, among?: readonly number[]): Candidate[] | undefined
  /** On disk, in bytes. */
  size(): number
  /** The table was dropped: nothing of it stays in memory. */
  forget(): void
}

export interface Candidate {
  chunkId: number
  /** As the code has it; what sqlite-vec computes is no further from it than `error`. */
  cosine: number
  error: number
}

export interface VectorCodesParts {
  database: Database
  statement(sql: string): Statement
  dimensions: number
  /** Names of tables; `codes` is the one that is made here. */
  tables: { members: string; vectors: string; codes: string }
}

/** Chunks with neighbouring numbers share a row: few enough for it to be written anew with each document. */
const chunksPerBlock = 64
/** What is stored of each code: the chunk's place in its block, the scale, the error. */
const factsPerCode = 3
/** Where more than these are too alike to be told apart, or wanted, comparing all vectors in order is as fast. */
const mostCandidates = 10_000

export function createVectorCodes({ database, statement, dimensions, tables }: VectorCodesParts): VectorCodes {
  const exists = (): boolean => statement('SELECT 1 FROM sqlite_master WHERE name = ?').get(tables.codes) !== undefined

  /** Writes the row of a block as the vectors of these chunks say; what it has of others stays. */
  const pack = (block: number, chunkIds: readonly number[]): void => {
    const first = block * chunksPerBlock
    const known = statement(`SELECT facts, codes FROM ${tables.codes} WHERE block = ?`).get(BigInt(block)) as
      { facts: Buffer; codes: Buffer } | undefined
    const rows = statement(
      `SELECT chunk_id AS chunkId, embedding FROM ${tables.vectors} WHERE chunk_id IN (SELECT value FROM json_each(?))`,
    ).all(JSON.stringify(chunkIds)) as { chunkId: number; embedding: Buffer }[]
    const changed = new Set(chunkIds)
    const knownFacts = known ? floatsOf(known.facts) : new Float32Array(0)
    const stay = Array.from({ length: knownFacts.length / factsPerCode }, (_, row) => row).filter(
      (row) => !changed.has(first + knownFacts[row * factsPerCode]!),
    )
    const count = stay.length + rows.length
    if (count === 0) {
      statement(`DELETE FROM ${tables.codes} WHERE block = ?`).run(BigInt(block))
      return
    }
    const { stride } = kernelFor(dimensions)
    const facts = new Float32Array(count * factsPerCode)
    const codes = new Int8Array(count * stride)
    const bytes = new Uint8Array(codes.buffer)
    stay.forEach((from, row) => {
      facts.set(knownFacts.subarray(from * factsPerCode, (from + 1) * factsPerCode), row * factsPerCode)
      bytes.set(known!.codes.subarray(from * stride, (from + 1) * stride), row * stride)
    })
    rows.forEach(({ chunkId, embedding }, at) => {
      const row = stay.length + at
      const { scale, error } = encode(floatsOf(embedding), codes.subarray(row * stride, (row + 1) * stride))
      facts.set([chunkId - first, scale, error], row * factsPerCode)
    })
    statement(`INSERT OR REPLACE INTO ${tables.codes} (block, revision, facts, codes) VALUES (?, ?, ?, ?)`).run(
      BigInt(block),
      BigInt(nextRevision++),
      new Uint8Array(facts.buffer),
      bytes,
    )
  }
  const packAll = (chunkIds: readonly number[]): void =>
    Map.groupBy(chunkIds, blockOf).forEach((own, block) => pack(block, own))

  const kept = keptBlocks(database)

  /** With `among`, only the blocks that these chunks are in. */
  function* blocks(among: ReadonlySet<number> | undefined): Generator<[number: number, block: Block]> {
    const all = `SELECT block, revision FROM ${tables.codes}`
    const rows = (
      among
        ? statement(`${all} WHERE block IN (SELECT value FROM json_each(?))`)
            .raw()
            .all(JSON.stringify([...new Set(Array.from(among, blockOf))]))
        : statement(all).raw().all()
    ) as [number: number, revision: number][]
    if (!among) kept.retain(tables.codes, new Set(rows.map(([number]) => number)))
    const known = kept.of(tables.codes)
    const read = statement(`SELECT facts, codes FROM ${tables.codes} WHERE block = ?`)
    for (const [number, revision] of rows) {
      let block = known.get(number)
      if (block?.revision !== revision) {
        const row = read.get(BigInt(number)) as { facts: Buffer; codes: Buffer }
        block = { revision, facts: floatsOf(row.facts), codes: row.codes }
        kept.keep(tables.codes, number, block)
      }
      yield [number, block]
    }
  }

  return {
    exists,

    create() {
      if (exists()) return
      database.exec(
        `CREATE TABLE ${tables.codes} (block INTEGER PRIMARY KEY, revision INTEGER NOT NULL,
           facts BLOB NOT NULL, codes BLOB NOT NULL) STRICT`,
      )
      const members = statement(`SELECT chunk_id FROM ${tables.members} WHERE has_vector = 1`).pluck()
      packAll(members.all() as number[])
    },

    update(chunkIds) {
      if (exists()) packAll(chunkIds)
    },

    candidates(vector, limit, among) {
      if (limit > mostCandidates) return undefined
      const kernel = kernelFor(dimensions)
      const query = encodeQuery(vector, kernel.query)
      const slack = query.error + roundingOfDistance(dimensions)
      const wanted = among && new Set(among)
      const best = createBest(limit)
      for (const [number, { facts, codes }] of blocks(wanted)) {
        kernel.codes.set(codes)
        const products = kernel.multiply(facts.length / factsPerCode)
        for (let row = 0; row < products.length; row++) {
          const at = row * factsPerCode
          const cosine = products[row]! * facts[at + 1]! * query.scale
          const error = facts[at + 2]! * (1 + query.error) + slack
          if (cosine + error < best.least) continue
          const chunkId = number * chunksPerBlock + facts[at]!
          if (!wanted || wanted.has(chunkId)) best.add({ chunkId, cosine, error })
        }
        if (best.count > mostCandidates) return undefined
      }
      const found = best.all()
      return found.length > mostCandidates ? undefined : found
    },

    size() {
      const sql = `SELECT coalesce(sum(length(facts) + length(codes)), 0) FROM ${tables.codes}`
      return exists() ? (statement(sql).pluck().get() as number) : 0
    },

    forget() {
      kept.retain(tables.codes, new Set())
    },
  }
}

/**
 * Never the same twice in a process, so that what was rolled back cannot be taken for what came after it; and another one
 * in the next process.
 */
let nextRevision = Date.now() * 1000

function blockOf(chunkId: number): number {
  return Math.floor(chunkId / chunksPerBlock)
}

/**
 * False for all zeros and for anything that is not a number: neither has an angle to another vector. False, too, for
 * lengths whose squares 32-bit numbers cannot hold, with which sqlite-vec reckons.
 */
export function isDirection(vector: Float32Array): boolean {
  return isLength(measure(vector).length)
}

function isLength(length: number): boolean {
  return length >= 1e-15 && length <= 1e15
}

/**
 * A vector of length 1, roughly: `code` times `scale`. What is left of it has the length `error`, so that no vector of
 * length 1 sees the two further apart than that (Cauchy and Schwarz).
 */
function encode(vector: Float32Array, code: Int8Array): { scale: number; error: number } {
  const { length, largest } = measure(vector)
  // One that was stored before such were left out: nothing is known of it.
  if (!isLength(length)) return { scale: 0, error: Infinity }
  const scale = Math.fround(largest / length / 127)
  const toUnit = 1 / length
  const toCode = toUnit / scale
  let rest = 0
  for (let index = 0; index < vector.length; index++) {
    const number = Math.round(vector[index]! * toCode)
    code[index] = number
    rest += (vector[index]! * toUnit - number * scale) ** 2
  }
  // Stored as a 32-bit number: a little more, so that it is never less.
  return { scale, error: Math.fround(Math.sqrt(rest) * (1 + 1e-6)) }
}

/** The same with sixteen bits, as far as the kernel's sums have room; what is left is next to nothing. */
function encodeQuery(vector: Float32Array, code: Int16Array): { scale: number; error: number } {
  const { length, largest, amounts } = measure(vector)
  const room = (2 ** 31 - 1) / 127 - vector.length
  const toCode = Math.min(32_767 / largest, room / amounts)
  const scale = 1 / (toCode * length)
  let rest = 0
  for (let index = 0; index < vector.length; index++) {
    const number = Math.round(vector[index]! * toCode)
    code[index] = number
    rest += (vector[index]! / length - number * scale) ** 2
  }
  return { scale, error: Math.sqrt(rest) }
}

function measure(vector: Float32Array): { length: number; largest: number; amounts: number } {
  let [squares, largest, amounts] = [0, 0, 0]
  for (const value of vector) {
    const amount = Math.abs(value)
    squares += value * value
    amounts += amount
    if (amount > largest) largest = amount
  }
  return { length: Math.sqrt(squares), largest, amounts }
}

/**
 * How far sqlite-vec's cosine can be from the true one. It adds up three sums in 32 bits: each is off by one rounding for
 * each number at most, relative to the lengths; then the difference to 1 is rounded once.
 */
function roundingOfDistance(dimensions: number): number {
  return 1.01 * dimensions * 2 ** -23 + 1e-6
}

/** Keeps what can be among the best `limit`: whatever may reach the lowest that these may have. */
function createBest(limit: number) {
  let kept: Candidate[] = []
  let pruneAt = 2 * limit + 100
  const best = {
    /** What comes must be able to reach this. */
    least: -Infinity,
    count: 0,
    add(candidate: Candidate): void {
      kept.push(candidate)
      if (kept.length >= pruneAt) prune()
    },
    all(): Candidate[] {
      prune()
      return kept
    },
  }
  const prune = (): void => {
    const lowest = kept.map(({ cosine, error }) => cosine - error).sort((a, b) => b - a)
    best.least = lowest[limit - 1] ?? -Infinity
    kept = kept.filter(({ cosine, error }) => cosine + error >= best.least)
    best.count = kept.length
    pruneAt = 2 * kept.length + limit
  }
  return best
}

/** One for each length of vectors in the process: what is in it matters only within one call. */
function kernelFor(dimensions: number): CodeKernel {
  let kernel = kernels.get(dimensions)
  if (!kernel) kernels.set(dimensions, (kernel = createCodeKernel(dimensions, chunksPerBlock)))
  return kernel
}

const kernels = new Map<number, CodeKernel>()

/** Copied: the bytes need not begin where a float may begin. */
function floatsOf(bytes: Buffer): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength))
}
