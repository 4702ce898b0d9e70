import type { Definition } from '../shared/family.ts'

/** One case's ranking and what was right, graded: `relevance` maps an item id to its gain (0 = not relevant). */
export interface RankedCase {
  /** Retrieved item ids, best first, without repeats. */
  ranking: readonly string[]
  relevance: ReadonlyMap<string, number>
}

/** Scores one case. Deterministic; errors are thrown, never averaged as scores. */
export interface Evaluator {
  /** 0 to 1. */
  score(rankedCase: RankedCase): number
}

export type EvaluatorDefinition<Options = Record<string, unknown>> = Definition<Options, Evaluator>
