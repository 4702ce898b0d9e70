import type { Chunk, ParsedDocument } from '../../contract/parsed-document.ts'
import type { Block } from './blocks.ts'
import type { Measure } from './measure.ts'
import { pack } from './pack.ts'

/** A run of blocks, by index, both ends included; empty where `last` comes before `first`. */
export interface Group {
  first: number
  last: number
}

export interface GroupRules {
  /** Whether a group is small enough for one chunk. */
  fits(group: Group): boolean
  /** Whether two neighbours, neither of them empty, become one: one of them is small, and they fit together. */
  joins(before: Group, after: Group): boolean
}

/** The rules of chunkers that follow a document's outline. */
export function groupRules(
  blocks: readonly Block[],
  measure: Measure,
  { maxTokens, minTokens }: { maxTokens: number; minTokens: number },
): GroupRules {
  const size = ({ first, last }: Group): number =>
    last < first ? 0 : measure.size(blocks[first]!.start, blocks[last]!.end)
  const fits = (group: Group): boolean => size(group) <= maxTokens
  return {
    fits,
    joins: (before, after) =>
      (size(before) < minTokens || size(after) < minTokens) && fits({ first: before.first, last: after.last }),
  }
}

/** The chunks of each group: one, or parts of about equal size where it does not fit. None spans two groups. */
export function packGroups(
  document: ParsedDocument,
  blocks: readonly Block[],
  groups: readonly Group[],
  measure: Measure,
  { maxTokens, overlapTokens }: { maxTokens: number; overlapTokens: number },
): Chunk[] {
  const options = { max: maxTokens, min: Infinity, overlap: overlapTokens, even: true }
  return groups.flatMap(({ first, last }) => pack(document, blocks.slice(first, last + 1), measure, options))
}
