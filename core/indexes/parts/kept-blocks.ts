import type { Database } from 'better-sqlite3'

/** A row of codes as it is kept in memory between searches. */
export interface Block {
  /** Of the row it was read from: a row with another one is another block. */
  revision: number
  facts: Float32Array
  codes: Uint8Array
}

/** Blocks of all indexes that are searched through one connection, within one limit. */
export interface KeptBlocks {
  /** What is kept of an index, which counts as used now: others make room for it. */
  of(table: string): ReadonlyMap<number, Block>
  /** Keeps a block where there is room for it, or where an index that was not used for longer can give some. */
  keep(table: string, block: number, value: Block): void
  /** Lets go of the blocks of an index that are not among these. */
  retain(table: string, blocks: ReadonlySet<number>): void
  /** What is kept altogether. */
  bytes(): number
}

/**
 * Enough for some 250,000 vectors of 512 numbers. Of more, a part is kept and the rest is read with each search: when
 * everything is gone through every time, what was used last is no better to keep than what was used first.
 */
const mostBytes = 128 * 1024 * 1024

/** Goes with the connection, so that a closed workspace leaves nothing behind. */
export function keptBlocks(database: Database): KeptBlocks {
  let known = kept.get(database)
  if (!known) kept.set(database, (known = createKeptBlocks(mostBytes)))
  return known
}

const kept = new WeakMap<Database, KeptBlocks>()

export function createKeptBlocks(limit: number): KeptBlocks {
  // In the order of their last use.
  const tables = new Map<string, Map<number, Block>>()
  let bytes = 0
  const drop = (blocks: Map<number, Block>, number: number): void => {
    const block = blocks.get(number)
    if (!block) return
    bytes -= bytesOf(block)
    blocks.delete(number)
  }
  const use = (table: string): Map<number, Block> => {
    const blocks = tables.get(table) ?? new Map<number, Block>()
    tables.delete(table)
    tables.set(table, blocks)
    return blocks
  }
  return {
    of: use,
    keep(table, number, value) {
      const blocks = use(table)
      drop(blocks, number)
      for (const [name, others] of tables) {
        if (bytes + bytesOf(value) <= limit || name === table) break
        for (const other of others.keys()) drop(others, other)
        tables.delete(name)
      }
      if (bytes + bytesOf(value) > limit) return
      blocks.set(number, value)
      bytes += bytesOf(value)
    },
    retain(table, numbers) {
      const blocks = tables.get(table)
      for (const number of blocks?.keys() ?? []) if (!numbers.has(number)) drop(blocks!, number)
      if (blocks?.size === 0) tables.delete(table)
    },
    bytes: () => bytes,
  }
}

function bytesOf({ facts, codes }: Block): number {
  return facts.byteLength + codes.byteLength
}
