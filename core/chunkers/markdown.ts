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

const optionsSchema = z
  .object({ maxTokens: maxTokensOption(384), overlapTokens: overlapTokensOption(0), minTokens: minTokensOption(96) })
  .refine(overlapFits, overlapProblem)

export type MarkdownOptions = z.infer<typeof optionsSchema>

/**
 * Follows the headings of any document that has them: a section with all its subsections is one chunk where it fits, else
 * its parts are; small neighbours under one parent are joined. Nothing is joined across parents.
 */
export const markdownChunker: ChunkerDefinition<MarkdownOptions> = {
  id: 'markdown',
  label: 'By headings',
  summary: 'Keeps sections whole where they fit and joins small ones under one heading; good for manuals and wikis.',
  version: 1,
  options: optionsSchema,
  create: (options, { tokenizer }) => ({
    chunk(document) {
      const measure = measureDocument(document, 'tokens', tokenizer)
      const blocks = readBlocks(document)
      const groups = groupsOf(sectionTree(blocks), blocks, measure, options)
      return packGroups(document, blocks, groups, measure, options)
    },
  }),
}

/** `first` is the heading (for the root: the first block); `bodyLast` the last block before the first subsection. */
interface Section extends Group {
  level: number
  bodyLast: number
  children: Section[]
}

function sectionTree(blocks: readonly Block[]): Section {
  const root: Section = { first: 0, last: blocks.length - 1, level: 0, bodyLast: -1, children: [] }
  const open = [root]
  blocks.forEach((block, index) => {
    if (block.kind === 'heading') {
      while (open.length > 1 && open.at(-1)!.level >= block.level) open.pop()
      const section: Section = { first: index, last: index, level: block.level, bodyLast: index, children: [] }
      open.at(-1)!.children.push(section)
      open.push(section)
    } else if (open.at(-1)!.children.length === 0) open.at(-1)!.bodyLast = index
    for (const section of open) section.last = Math.max(section.last, index)
  })
  return root
}

function groupsOf(section: Section, blocks: readonly Block[], measure: Measure, options: MarkdownOptions): Group[] {
  const { fits, joins } = groupRules(blocks, measure, options)

  const divide = (part: Section): Group[] => {
    if (fits(part) || part.children.length === 0) return part.last < part.first ? [] : [part]
    const groups: Group[] = part.bodyLast >= part.first ? [{ first: part.first, last: part.bodyLast }] : []
    // A heading with nothing of its own goes with its first subsection.
    const bare = part.level > 0 && part.bodyLast === part.first
    /** Whether the last group is all of a neighbour: only then may the next one join it. */
    let whole = groups.length > 0
    part.children.forEach((child, index) => {
      const inner = divide(child)
      const before = groups.at(-1)
      const after = inner[0]
      const joined = before && after && ((bare && index === 0) || (whole && inner.length === 1 && joins(before, after)))
      if (joined) before.last = after.last
      groups.push(...inner.slice(joined ? 1 : 0).map(copy))
      whole = inner.length === 1
    })
    return groups
  }

  return divide(section).map(copy)
}

function copy({ first, last }: Group): Group {
  return { first, last }
}
