import type { Definition } from '../shared/family.ts'

/**
 * One case's ranking and what was right, graded. `ranking`: what stands at each place of the result list, best first: the
 * id of an item, or of all the items that this one result brings; an item counts where it stands first and nowhere else.
 * `relevance` maps an item's id to its gain (0 = not relevant).
 */
export interface RankedCase {
  ranking: readonly (string | readonly string[])[]
  relevance: ReadonlyMap<string, number>
}

/** A stretch of a document's text: [start, end), UTF-16 code units. */
export interface TextSpan {
  documentId: string
  start: number
  end: number
}

/** What was retrieved, best first, and what should have been. */
export interface SpanCase {
  retrieved: readonly TextSpan[]
  expected: readonly TextSpan[]
  /** Every chunk of the index that holds a part of what is expected, found or not. */
  covering: readonly TextSpan[]
}

/** One answer, with what a good one would be as far as anybody has said. */
export interface AnsweredCase {
  question: string
  /** Markers such as `[1]` are part of it. */
  answer: string
  refused: boolean
  citations: readonly TextSpan[]
  /** Sentences of the answer that the sources do not say. */
  unsupported: readonly { start: number; end: number }[]
  /** Null where nobody wrote one. */
  expectedAnswer: string | null
  /** False: the right answer is to refuse. */
  answerable: boolean
  expected: readonly TextSpan[]
  /** Texts of the passages that the answer was made from, best first. */
  passages: readonly string[]
}

/**
 * Scores one case: 0 to 1, or null where the case says nothing about it (no expected answer to compare with). Same
 * case, same score. An error is thrown and is never averaged as a score.
 */
export interface Evaluator<Case, Score extends number | null = number | null> {
  score(scoredCase: Case): Score
}

/** The same by a language model, which may fail. Errors: those of the model; internal where its judgement cannot be read. */
export interface JudgingEvaluator {
  judge(answeredCase: AnsweredCase, signal?: AbortSignal): Promise<number | null>
}

export interface JudgeDependencies {
  /**
   * Asks a language model; gives what it says as JSON, which its grammar keeps to the given JSON schema. Errors: those of
   * the model; internal where the text ended before the JSON did.
   */
  ask(instructions: string, material: string, schema: Record<string, unknown>, signal?: AbortSignal): Promise<unknown>
}

interface Facts {
  /** Which of two scores is the better one. */
  readonly better: 'higher' | 'lower'
}

export interface RankingEvaluatorDefinition<Options = { k: number }>
  extends Definition<Options, Evaluator<RankedCase, number>>, Facts {
  readonly kind: 'ranking'
}
export interface SpanEvaluatorDefinition<Options = { k: number }>
  extends Definition<Options, Evaluator<SpanCase>>, Facts {
  readonly kind: 'spans'
}
export interface AnswerEvaluatorDefinition<Options = Record<string, never>>
  extends Definition<Options, Evaluator<AnsweredCase>>, Facts {
  readonly kind: 'answer'
}
export interface JudgedEvaluatorDefinition<Options = Record<string, never>>
  extends Definition<Options, JudgingEvaluator, JudgeDependencies>, Facts {
  readonly kind: 'judged'
}

export type EvaluatorDefinition =
  RankingEvaluatorDefinition | SpanEvaluatorDefinition | AnswerEvaluatorDefinition | JudgedEvaluatorDefinition
