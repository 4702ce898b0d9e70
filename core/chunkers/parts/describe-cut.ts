import { mostFaults, type ChunkStatistics, type CutText } from '../../contract/lab.ts'
import type { Chunk, ParsedDocument } from '../../contract/parsed-document.ts'
import { findFaults, type Fault } from './faults.ts'

/** A document's chunks in numbers, with what they cut apart. Chunks are in order. */
export function describeCut(document: ParsedDocument, chunks: readonly Chunk[], chunkMs: number): CutText {
  const faults = findFaults(document, chunks)
  const paths = new Map<string, number>()
  const pathOf = chunks.map(({ headings }) => {
    const key = JSON.stringify(headings)
    const known = paths.get(key)
    if (known !== undefined) return known
    paths.set(key, paths.size)
    return paths.size - 1
  })
  return {
    starts: chunks.map((chunk) => chunk.start),
    ends: chunks.map((chunk) => chunk.end),
    tokens: chunks.map((chunk) => chunk.tokens),
    pathOf,
    paths: [...paths.keys()].map((key) => JSON.parse(key) as string[]),
    contexts: chunks.flatMap(({ context }, ordinal) => (context === '' ? [] : [{ ordinal, text: context }])),
    faults: faults.slice(0, mostFaults),
    statistics: statisticsOf(chunks, faults),
    chunkMs,
  }
}

function statisticsOf(chunks: readonly Chunk[], faults: readonly Fault[]): ChunkStatistics {
  const tokens = chunks.map((chunk) => chunk.tokens).sort((a, b) => a - b)
  const sum = tokens.reduce((total, count) => total + count, 0)
  const characters = chunks.reduce((total, { start, end }) => total + end - start, 0)
  const held = heldOnce(chunks)
  const count = (kind: Fault['kind']): number => faults.filter((fault) => fault.kind === kind).length
  return {
    chunks: chunks.length,
    tokens: sum,
    leastTokens: tokens[0] ?? 0,
    medianTokens: tokens[tokens.length >> 1] ?? 0,
    meanTokens: tokens.length === 0 ? 0 : sum / tokens.length,
    mostTokens: tokens.at(-1) ?? 0,
    characters,
    overlap: held === 0 ? 0 : (characters - held) / held,
    faults: { sentence: count('sentence'), row: count('row'), table: count('table'), code: count('code') },
  }
}

/** Characters that stand in at least one chunk. */
function heldOnce(chunks: readonly Chunk[]): number {
  let reached = 0
  let held = 0
  for (const { start, end } of chunks) {
    held += Math.max(0, end - Math.max(start, reached))
    reached = Math.max(reached, end)
  }
  return held
}
