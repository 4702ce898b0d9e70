import type { HostAnswer, HostQuestion } from '../compute/tasks.ts'
import type { Choice } from '../contract/pipeline.ts'
import type { Embedding } from './embedding.ts'

/**
 * What the host answers to tasks of the parsing workers: vectors of the sentences that a chunker compares. The model is
 * loaded once, in its own worker, and not in every worker that cuts documents.
 */
export function answerTasks(openEmbedding: (choice: Choice) => Promise<Embedding>) {
  return async (question: unknown): Promise<HostAnswer> => {
    // Tasks ask nothing else.
    const { embedder, texts } = question as HostQuestion
    const embedding = await openEmbedding(embedder)
    return { dimensions: embedding.dimensions, vectors: await embedding.embedParts(texts) }
  }
}
