import type { z } from 'zod'
import type { Connect } from '../runtimes/remote/connection.ts'
import type { Definition } from '../shared/family.ts'

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

export interface TextOptions {
  /** Tokens written at most; fewer where the context is full before. */
  maxTokens: number
  /** 0 (the default): always the likeliest token, so that the same messages give the same text. */
  temperature?: number
  /** With a temperature: the same seed gives the same text. */
  seed?: number
  /** A JSON schema: the text is then JSON of that shape, or the beginning of one where `maxTokens` ends it. */
  grammar?: Record<string, unknown>
}

/** Deltas joined give the text; the end is the last part and comes once. */
export type TextPart = { type: 'text-delta'; text: string } | TextEnd

export interface TextEnd {
  type: 'end'
  /** 'length': `maxTokens` or the context ended it. */
  reason: 'stop' | 'length'
  promptTokens: number
  outputTokens: number
}

/**
 * A language model, and nothing else: messages in, a stream of text out. Prompts, sources and citations are built on
 * top of it.
 */
export interface TextGenerator {
  /** Identifies the weights, or the model of a server. */
  readonly modelId: string
  /** Prompt and text together. */
  readonly contextTokens: number
  /** Tokens of a text as the model counts them, or a careful estimate where it cannot be asked. */
  countTokens(text: string): Promise<number>
  /**
   * Leaving the stream cancels. Errors: cancelled, input-invalid (the messages do not fit), memory-exceeded, internal
   * (the model ended unexpectedly; the next call starts it again).
   */
  stream(messages: readonly ChatMessage[], options: TextOptions, signal?: AbortSignal): AsyncIterable<TextPart>
  dispose(): Promise<void>
}

export interface TextGeneratorDependencies {
  /** The folder of a model's files by model name, or an AppError 'model-missing' that says where it was looked for. */
  locateModel(name: string): Promise<string>
  /** Threads that the model may use. */
  threads: number
  /** Whether a graphics processor may be used. Default: where there is one. */
  gpu?: boolean
  /** A way to a remote server; absent in worker processes, which have no network. */
  connect?: Connect | undefined
}

export interface TextGeneratorDefinition<Options = Record<string, unknown>> extends Definition<
  Options,
  Promise<TextGenerator>,
  TextGeneratorDependencies
> {
  /** An object's: a generator over it has these options and those of its answers, side by side. */
  readonly options: z.ZodType<Options> & z.ZodObject
  /** 'worker': it has weights to load, in a process of its own. 'host': it asks a server. */
  readonly runsIn: 'worker' | 'host'
}
