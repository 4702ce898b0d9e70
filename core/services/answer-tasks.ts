import type { EmbedAnswer, HostQuestion } from '../compute/tasks.ts'
import type { Choice } from '../contract/pipeline.ts'
import type { TextGenerator } from '../generators/text-generator.ts'
import { fingerprint } from '../shared/hash.ts'
import { askForJson } from './ask-for-json.ts'
import type { Embedding } from './embedding.ts'

export interface AnswerParts {
  openEmbedding(choice: Choice): Promise<Embedding>
  openTextGenerator(choice: Choice): Promise<TextGenerator>
}

/** Answers of language models that are kept, the last used ones: cutting the same text again asks for nothing. */
const mostAnswers = 2000
/** Numbers of all pieces of a window fit into this. */
const mostTokens = 600

/**
 * What the host answers to tasks of the parsing workers: vectors of the sentences that a chunker compares, and what a
 * language model proposes. Models are loaded once, in workers of their own, and not in every worker that cuts documents.
 */
export function answerTasks({ openEmbedding, openTextGenerator }: AnswerParts) {
  const answers = new Map<string, unknown>()

  async function embed({ embedder, texts }: Extract<HostQuestion, { type: 'embed' }>): Promise<EmbedAnswer> {
    const embedding = await openEmbedding(embedder)
    return { dimensions: embedding.dimensions, vectors: await embedding.embedParts(texts) }
  }

  async function askModel({ model, instructions, material, schema }: Extract<HostQuestion, { type: 'ask-model' }>) {
    const generator = await openTextGenerator({ id: 'llama', options: { model } })
    const key = fingerprint([generator.modelId, instructions, material, schema])
    const known = answers.get(key)
    answers.delete(key)
    const answer = known ?? (await askForJson(generator, { instructions, material, schema, maxTokens: mostTokens }))
    answers.set(key, answer)
    const [oldest] = answers.keys()
    if (answers.size > mostAnswers && oldest !== undefined) answers.delete(oldest)
    return answer
  }

  return async (question: unknown): Promise<unknown> => {
    // Tasks ask nothing else: see `TaskContext`.
    const asked = question as HostQuestion
    return asked.type === 'embed' ? embed(asked) : askModel(asked)
  }
}
