import type { Connect } from '../runtimes/remote/connection.ts'
import type { Definition } from '../shared/family.ts'

/**
 * Re-orders candidates by reading question and passage together. A rerank score is never compared with a threshold:
 * it says which of two passages fits better, not how well one does.
 */
export interface Reranker {
  /** Identifies the weights. */
  readonly modelId: string
  /**
   * One score a passage, higher is better, comparable only within the call. The end of a passage that is too long for
   * the model is not read; the question is kept whole. Errors: cancelled, model-invalid.
   */
  score(question: string, passages: readonly string[], options?: { signal?: AbortSignal }): Promise<Float32Array>
  dispose(): Promise<void>
}

export interface RerankerDependencies {
  /** The folder of a model's files by model name, or an AppError 'model-missing' that says where it was looked for. */
  locateModel(name: string): Promise<string>
  /** Threads one inference call may use. */
  threads: number
  /** Whether a graphics processor may be used. Default: where there is one. */
  gpu?: boolean
  /** A way to a remote server; absent in worker processes, which have no network. */
  connect?: Connect | undefined
}

export interface RerankerDefinition<Options extends RerankerOptions = RerankerOptions> extends Definition<
  Options,
  Promise<Reranker>,
  RerankerDependencies
> {
  /** 'worker': it has weights to load, in a process of its own. 'host': it asks a server. */
  readonly runsIn: 'worker' | 'host'
}

/** What the retrieval step reads of every reranker's options. */
export interface RerankerOptions {
  /** Passages that are read at most, best first; those behind keep their places. */
  candidates: number
}
