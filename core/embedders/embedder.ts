import { AppError } from '../contract/errors.ts'
import type { Connect } from '../runtimes/remote/connection.ts'
import type { Definition } from '../shared/family.ts'
import type { Tokenizer } from '../shared/tokenizer.ts'

/** Some models want another prefix for questions than for passages. */
export type EmbedPurpose = 'query' | 'passage'

/**
 * Turns one batch of texts into unit vectors. Batching, caching by content hash and retrying live in the caller.
 */
export interface Embedder {
  /** Identifies the weights: a vector is reusable exactly where this string is the same. */
  readonly modelId: string
  readonly dimensions: number
  /** Longer texts are cut here by the model. */
  readonly maxTokens: number
  readonly tokenizer: Tokenizer
  /**
   * Shape [texts.length × dimensions], row-major, every row of length 1 or, for a text without a single token
   * (empty, only symbols the model does not know), all zeros. Never NaN.
   */
  embed(texts: readonly string[], purpose: EmbedPurpose, options?: { signal?: AbortSignal }): Promise<Float32Array>
  /**
   * Late chunking: the text goes through the model as a whole, in windows that overlap where it is longer, and the vector
   * of a span is the mean of its tokens' states. Spans are UTF-16 code units; vectors are as those of `embed`, and depend
   * on text and span alone. Absent: this embedder reads each text by itself.
   */
  embedSpans?(text: string, spans: readonly TextSpan[], options?: { signal?: AbortSignal }): Promise<Float32Array>
  dispose(): Promise<void>
}

export interface TextSpan {
  start: number
  end: number
}

export interface EmbedderDependencies {
  /** The folder of a model's files by model name, or an AppError 'model-missing' that says where it was looked for. */
  locateModel(name: string): Promise<string>
  /** Threads one inference call may use. */
  threads: number
  /** Whether a graphics processor may be used. Default: where there is one. */
  gpu?: boolean
  /** A way to a remote server; absent in worker processes, which have no network. */
  connect?: Connect | undefined
  /** What remote models gave for one text when they were first used, by model. Absent: that is not looked at. */
  probes?:
    { find(model: string): Float32Array | undefined; store(model: string, vector: Float32Array): void } | undefined
}

export interface EmbedderDefinition<Options = Record<string, unknown>> extends Definition<
  Options,
  Promise<Embedder>,
  EmbedderDependencies
> {
  /** 'worker': it has weights to load, in a process of its own. 'host': it asks a server. */
  readonly runsIn: 'worker' | 'host'
}

/** For a call after `dispose`. */
export function closedError(): AppError {
  return new AppError('internal', 'The model was closed while it was in use. Try again.')
}
