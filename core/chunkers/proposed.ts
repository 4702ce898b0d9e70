import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { modelOption } from '../model-files/model-option.ts'
import type { ChunkerDefinition, AskModel } from './chunker.ts'
import { readBlocks, type Block } from './parts/blocks.ts'
import { packGroups, type Group } from './parts/groups.ts'
import { maxTokensOption, measureDocument } from './parts/options.ts'
import { piecesOf } from './parts/pieces.ts'
import { readSentences } from './parts/sentences.ts'

const optionsSchema = z.object({
  model: modelOption({ kind: 'generator', format: 'gguf' }, 'The language model that proposes where to cut.'),
  maxTokens: maxTokensOption(400),
  windowTokens: z
    .int()
    .min(100)
    .max(8000)
    .default(800)
    .describe('Tokens of text that the model is shown at a time. More: fewer calls, and small models lose their way.'),
})

export type ProposedOptions = z.infer<typeof optionsSchema>

/**
 * Asks a language model where a new subject begins: it is shown numbered pieces of a few sentences, a window of them at a
 * time, and answers with numbers, in the form of a JSON schema. The last chunk of a window begins the next one.
 *
 * When: a few important documents, and time; a model of a few billion weights or more.
 * Cost: a call of the model for some 800 tokens of text, seconds to minutes each; nothing where it was asked before.
 * Source: LLMSemanticChunker in Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval", Chroma, 2024.
 */
export const proposedChunker: ChunkerDefinition<ProposedOptions> = {
  id: 'proposed',
  label: 'As a language model proposes',
  summary: 'Asks a local language model where a new subject begins; for a few important documents, slow.',
  version: 1,
  options: optionsSchema,
  create: (options, { tokenizer, askModel }) => ({
    async chunk(document) {
      const { text } = document
      const { maxTokens, windowTokens } = options
      const sentences = readSentences(text, readBlocks(document))
      if (sentences.length === 0) return []
      if (!askModel || options.model === '') {
        throw new AppError(
          'model-missing',
          'This chunker asks a language model, and none is chosen. Name one in its options, or choose another chunker.',
        )
      }
      const measure = measureDocument(document, 'tokens', tokenizer)
      const pieces = piecesOf(sentences, measure, Math.min(pieceTokens, maxTokens))
      const spanOf = ({ first, last }: Group) => ({ start: sentences[first]!.start, end: sentences[last]!.end })
      const groups: Group[] = []
      for (let first = 0; first < pieces.length;) {
        const last = windowEnd(pieces, sentences, first, (to) => {
          return measure.size(spanOf(pieces[first]!).start, spanOf(pieces[to]!).end) <= windowTokens
        })
        const shown = pieces.slice(first, last + 1).map((piece) => {
          const { start, end } = spanOf(piece)
          return text.slice(start, Math.min(end, start + longestPiece)).toWellFormed()
        })
        const starts = shown.length === 1 ? [] : await proposedStarts(shown, options.model, askModel)
        const bounds = [0, ...starts].map((offset) => first + offset)
        // What begins last may go on behind the window, unless the text or a page ends there.
        const isOpen = starts.length > 0 && last + 1 < pieces.length && !isBorder(pieces, sentences, last)
        const ends = isOpen ? bounds.slice(1) : [...bounds.slice(1), last + 1]
        ends.forEach((end, index) => groups.push({ first: pieces[bounds[index]!]!.first, last: pieces[end - 1]!.last }))
        first = ends.at(-1)!
      }
      return packGroups(document, sentences, groups, measure, { maxTokens, overlapTokens: 0 })
    },
  }),
}

const pieceTokens = 48
const longestPiece = 2000
/** A grammar knows each number; more in a window than this are not useful to anyone. */
const mostPieces = 120

function isBorder(pieces: readonly Group[], sentences: readonly Block[], index: number): boolean {
  return sentences[pieces[index + 1]!.first]!.afterGap
}

function windowEnd(
  pieces: readonly Group[],
  sentences: readonly Block[],
  first: number,
  fits: (to: number) => boolean,
): number {
  let last = first
  while (
    last + 1 < pieces.length &&
    last + 1 - first < mostPieces &&
    !isBorder(pieces, sentences, last) &&
    fits(last + 1)
  )
    last += 1
  return last
}

const instructions = [
  'You divide a text into chunks for a search engine. Each chunk should be about one subject, and be understood by itself.',
  'The text is given in numbered pieces. Answer with the numbers of the pieces that begin a new chunk, in ascending order.',
  'The first piece begins a chunk anyway. Keep what belongs together together: most chunks have several pieces.',
].join(' ')

/** Positions in the window, ascending, without the first. */
async function proposedStarts(shown: readonly string[], model: string, askModel: AskModel): Promise<number[]> {
  const material = shown.map((piece, index) => `[${index + 1}] ${piece.replaceAll(/\s+/g, ' ')}`).join('\n')
  const numbers = shown.slice(1).map((_, index) => index + 2)
  const schema = {
    type: 'object',
    properties: { starts: { type: 'array', items: { enum: numbers }, maxItems: numbers.length } },
    required: ['starts'],
    additionalProperties: false,
  }
  const answer = answerSchema.safeParse(await askModel({ model, instructions, material, schema }))
  if (!answer.success) {
    throw new AppError(
      'model-invalid',
      'The language model did not say where to cut in the form that was asked for. Choose another model, or another chunker.',
    )
  }
  const known = new Set(numbers)
  const starts = new Set(answer.data.starts.filter((number) => known.has(number)))
  return [...starts].sort((a, b) => a - b).map((number) => number - 1)
}

const answerSchema = z.object({ starts: z.array(z.number()) })
