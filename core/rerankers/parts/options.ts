import { z } from 'zod'
import { AppError } from '../../contract/errors.ts'
import { type ModelOption, modelOption } from '../../model-files/model-option.ts'

/** Of every reranker. */
export const candidatesOption = z
  .int()
  .min(1)
  .max(200)
  .default(50)
  .describe('Passages that are read and put in order. More find more and take longer, in proportion.')

/** Options of every reranker that runs on this machine. */
export const rerankerOptions = (format: ModelOption['format']) => ({
  model: modelOption({ kind: 'reranker', format }, 'Name of the model’s folder.'),
  candidates: candidatesOption,
  maxTokens: z
    .int()
    .min(32)
    .max(8192)
    .default(512)
    .describe('Question and passage together are cut after this many tokens, or as many as the model was made for.'),
})

export function requireModel(name: string): void {
  if (name === '') throw new AppError('input-invalid', 'Choose the model to rerank with.')
}

export function closedError(): AppError {
  return new AppError('internal', 'The model was closed while it was in use. Try again.')
}

/**
 * How many tokens of question and passage a pair has room for. The question is kept whole, unless that left less than
 * a quarter of the room for the passage.
 */
export function shareRoom(room: number, questionTokens: number): { question: number; passage: number } {
  const question = Math.min(questionTokens, Math.floor((room * 3) / 4))
  return { question, passage: room - question }
}
