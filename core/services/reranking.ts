import type { ComputePool } from '../compute/pool.ts'
import type { Choice } from '../contract/pipeline.ts'
import type { LocateModel } from '../model-files/locator.ts'
import { rerankerDefinitions } from '../rerankers/list.ts'
import type { Connect } from '../runtimes/remote/connection.ts'
import { findDefinition } from '../shared/family.ts'
import { modelError } from './model-errors.ts'

/** One reranking model at work. */
export interface Reranking {
  readonly modelId: string
  /** See Reranker.score. */
  score(question: string, passages: readonly string[], signal?: AbortSignal): Promise<Float32Array>
}

export interface RerankingParts {
  locateModel: LocateModel
  /** The model lives in one worker. */
  compute: ComputePool
  threads: number
  /** Ways to servers. Absent: none is asked. */
  connect?: Connect | undefined
}

/** The passages that a reranker wants to choose from. Errors: implementation-unknown. */
export function candidatesOf(choice: Choice): number {
  const definition = findDefinition('reranker', rerankerDefinitions, choice.id)
  return definition.options.parse(choice.options).candidates
}

/**
 * The reranking model that a choice names: weights in a worker process, or a server that is asked from here. Errors:
 * implementation-unknown, model-missing, model-invalid, memory-exceeded, input-invalid (no model is chosen), item-missing
 * (no such provider).
 */
export async function openReranking(choice: Choice, parts: RerankingParts): Promise<Reranking> {
  const definition = findDefinition('reranker', rerankerDefinitions, choice.id)
  if (definition.runsIn === 'worker') return openInWorker(choice, parts)
  const { locateModel, threads, connect } = parts
  const reranker = await definition.create(definition.options.parse(choice.options), { locateModel, threads, connect })
  return {
    modelId: reranker.modelId,
    score: (question, passages, signal) => reranker.score(question, passages, signal ? { signal } : {}),
  }
}

/** The model is loaded here. */
async function openInWorker(choice: Choice, parts: RerankingParts): Promise<Reranking> {
  const name = typeof choice.options.model === 'string' ? choice.options.model : ''
  const modelFolder = await parts.locateModel(name)
  const run = (question: string, passages: readonly string[], signal?: AbortSignal) =>
    parts.compute
      .run(
        'rerank',
        {
          rerankerId: choice.id,
          options: choice.options,
          modelFolder,
          question,
          passages: [...passages],
          threads: parts.threads,
        },
        // Between two calls of the model it stops by itself; ending the worker would cost loading its models again.
        { urgent: true, softCancelMs: patienceMs, ...(signal ? { signal } : {}) },
      )
      .catch((thrown: unknown) => {
        throw modelError(thrown, 'The reranking model')
      })
  const { modelId } = await run('', [])
  return { modelId, score: async (question, passages, signal) => (await run(question, passages, signal)).scores }
}

const patienceMs = 30_000
