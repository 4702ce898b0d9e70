import { z } from 'zod'
import type { ChunkerDefinition } from './chunker.ts'
import { readBlocks } from './parts/blocks.ts'
import { cutBlocks } from './parts/cut-blocks.ts'
import { answerTokensOption, maxTokensOption, measureDocument, minTokensOption } from './parts/options.ts'
import { pack } from './parts/pack.ts'

const optionsSchema = z
  .object({ maxTokens: maxTokensOption(96), answerTokens: answerTokensOption(384), minTokens: minTokensOption(64) })
  .refine(({ maxTokens, answerTokens }) => answerTokens >= maxTokens, {
    message: 'A passage must be at least as large as a chunk. Make it larger, or the chunks smaller.',
    path: ['answerTokens'],
  })

export type ParentChildOptions = z.infer<typeof optionsSchema>

/**
 * Small to find, large to answer: the document is cut into passages by its structure, each passage into small chunks.
 * Chunks are searched; the passage is what is given to the generator, and cited. Several chunks of a passage are one hit.
 *
 * When: questions are about details, and answers need what stands around them.
 * Cost: two to five times as many chunks as passages, in the index and to embed.
 * Source: "small to big" retrieval, as in LangChain's ParentDocumentRetriever and LlamaIndex's AutoMergingRetriever, 2023.
 */
export const parentChildChunker: ChunkerDefinition<ParentChildOptions> = {
  id: 'parent-child',
  label: 'Small parts of large passages',
  summary: 'Searches small parts and answers from the whole passages that they are of; for details that need context.',
  version: 1,
  options: optionsSchema,
  create: (options, { tokenizer }) => ({
    chunk(document) {
      const { text } = document
      const { maxTokens, answerTokens, minTokens } = options
      const measure = measureDocument(document, 'tokens', tokenizer)
      const blocks = readBlocks(document)
      const parents = pack(document, blocks, measure, { max: answerTokens, min: minTokens, overlap: 0, even: true })
      const starts = parents.slice(1).map((parent) => parent.start)
      return cutBlocks(text, blocks, starts).flatMap((own, index) => {
        const parent = parents[index]
        if (!parent) return []
        const children = pack(document, own, measure, { max: maxTokens, min: Infinity, overlap: 0, even: true })
        const [only] = children
        if (children.length === 1 && only?.start === parent.start && only.end === parent.end) return [parent]
        return children.map((child) => ({
          ...child,
          context: child.context || parent.context,
          answerStart: parent.start,
          answerEnd: parent.end,
        }))
      })
    },
  }),
}
