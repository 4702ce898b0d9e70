import { z } from 'zod'
import type { ChunkerDefinition } from './chunker.ts'
import { readBlocks, type Block } from './parts/blocks.ts'
import { groupRules, packGroups, type Group } from './parts/groups.ts'
import type { Measure } from './parts/measure.ts'
import {
  maxTokensOption,
  measureDocument,
  minTokensOption,
  overlapFits,
  overlapProblem,
  overlapTokensOption,
} from './parts/options.ts'
import { pack } from './parts/pack.ts'

const optionsSchema = z
  .object({ maxTokens: maxTokensOption(256), overlapTokens: overlapTokensOption(0), minTokens: minTokensOption(64) })
  .refine(overlapFits, overlapProblem)

export type CodeOptions = z.infer<typeof optionsSchema>

/**
 * Follows the definitions of source code: a class that fits is one chunk, else its members are; small neighbours under
 * one parent are joined; a function that is too long is cut at its blank lines, then at its lines. A document without
 * definitions is cut by its structure, as `recursive` does.
 */
export const codeChunker: ChunkerDefinition<CodeOptions> = {
  id: 'code',
  label: 'By definition',
  summary: 'Keeps functions and classes of source code whole where they fit; the right choice for code.',
  version: 1,
  options: optionsSchema,
  create: (options, { tokenizer }) => ({
    chunk(document) {
      const measure = measureDocument(document, 'tokens', tokenizer)
      const blocks = readBlocks(document)
      if (!blocks.some((block) => block.isDefined)) {
        const { maxTokens: max, minTokens: min, overlapTokens: overlap } = options
        return pack(document, blocks, measure, { max, min, overlap, even: true })
      }
      return packGroups(document, blocks, groupsOf(blocks, measure, options), measure, options)
    },
  }),
}

function groupsOf(blocks: readonly Block[], measure: Measure, options: CodeOptions): Group[] {
  const { fits, joins } = groupRules(blocks, measure, options)

  /** Blocks under the same definition at this depth; those with none stand alone. */
  const partsAt = ({ first, last }: Group, depth: number): Group[] => {
    const parts: Group[] = []
    for (let index = first; index <= last; index++) {
      const name = blocks[index]!.headings[depth]
      const before = parts.at(-1)
      if (before && name !== undefined && blocks[before.last]!.headings[depth] === name) before.last = index
      else parts.push({ first: index, last: index })
    }
    return parts
  }
  const divide = (group: Group, depth: number): Group[] => {
    if (group.first === group.last || fits(group)) return [group]
    const groups: Group[] = []
    /** Whether the last group is all of a neighbour: only then may the next one join it. */
    let whole = false
    for (const part of partsAt(group, depth)) {
      const inner = divide(part, depth + 1)
      const before = groups.at(-1)
      const joined = whole && inner.length === 1 && before !== undefined && joins(before, part)
      if (joined) before.last = part.last
      else groups.push(...inner.map(({ first, last }) => ({ first, last })))
      whole = inner.length === 1
    }
    return groups
  }

  return blocks.length === 0 ? [] : divide({ first: 0, last: blocks.length - 1 }, 0)
}
