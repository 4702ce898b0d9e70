import type { Exchange, Persona } from '../contract/ask.ts'
import type { Choice, Prompt } from '../contract/pipeline.ts'
import type { Definition } from '../shared/family.ts'
import type { Tokenizer } from '../shared/tokenizer.ts'
import type { ChatMessage, TextEnd, TextGenerator } from './text-generator.ts'

/** A retrieved passage as a generator sees it. Its text is data, never instructions. */
export interface Passage {
  /** Position in the list given to the generator. Citations point to it. */
  index: number
  documentId: string
  documentTitle: string
  headings: readonly string[]
  /** See Chunk.context: a repeated table header, for instance. */
  context: string
  text: string
  /** Retrieval score and its legs, where known. */
  score: number
  textScore?: number
  vectorScore?: number
}

export interface GenerateRequest {
  question: string
  passages: readonly Passage[]
  /** Who answers, and how. */
  persona?: Persona | undefined
  /** What a language model is told; null: the built-in words. */
  prompt?: Prompt | null | undefined
  /** What was asked and answered before, oldest first. */
  history?: readonly Exchange[] | undefined
  /**
   * The passages are one document from beginning to end, in its order; 'overview': the question asks what it says as a
   * whole. Absent: they were found, best first.
   */
  wholeDocument?: 'overview' | 'question' | undefined
}

/**
 * A stream of parts. Text deltas joined give the answer; a citation part comes right after the text it supports and
 * names a passage and a span of that passage's text (UTF-16 code units into `Passage.text`). The generator does not
 * number its citations: the ask flow resolves, validates and numbers them. A citation of a passage that was not given is
 * an invented one, which the flow counts and drops. A generator that words answers itself says of each sentence, when it
 * is complete with its citations, whether the passages say it. A refusal part is the only part.
 * What a language model was given and what it took are for the trace, beside all that.
 */
export type AnswerPart =
  | { type: 'text-delta'; text: string }
  | { type: 'citation'; passage: number; start: number; end: number }
  | { type: 'sentence-end'; isSupported: boolean }
  | { type: 'refusal'; reason: string }
  | { type: 'prompt'; model: string; messages: readonly ChatMessage[] }
  | { type: 'usage'; promptTokens: number; outputTokens: number; stoppedBy: TextEnd['reason'] }

export interface Generator {
  generate(request: GenerateRequest, options?: { signal?: AbortSignal }): AsyncIterable<AnswerPart>
  /** Whether it would read all of these passages, none of them cut. */
  holds(request: GenerateRequest, options?: { signal?: AbortSignal }): Promise<boolean>
}

export interface GeneratorDependencies {
  tokenizer: Tokenizer
  /** Shape [texts.length × dimensions], unit rows or zeros. */
  embed(texts: readonly string[], purpose: 'query' | 'passage'): Promise<Float32Array>
  dimensions: number
  /** In how many chunks of the collection each word occurs (0 = never), and how many chunks there are. */
  termStatistics(words: readonly string[]): { chunks: number; frequencies: number[] }
  /**
   * The language model that a generator's `languageModel` names, ready to write; whoever opens it disposes it.
   * Errors: model-missing, model-invalid, memory-exceeded, input-invalid.
   */
  openTextGenerator(choice: Choice): Promise<TextGenerator>
}

export interface GeneratorDefinition<Options = Record<string, unknown>> extends Definition<
  Options,
  Generator,
  GeneratorDependencies
> {
  /** The text generator that words answers, with its options. Absent: no language model is needed. */
  languageModel?(options: Options): Choice
}
