import type { GeneratorDependencies, Passage } from '../generator.ts'
import { type Evidence, gatherEvidence } from './evidence.ts'
import { analyseQuestion } from './question.ts'
import { answerability, answerFeatures } from './score.ts'
import { rankUnits } from './select.ts'
import { unitsOf } from './units.ts'

/** What was found has little to do with the question below this: docs/benchmarks.md says whom it warns of what. */
export const littleToDo = 0.65

type Dependencies = Pick<GeneratorDependencies, 'embed' | 'dimensions' | 'tokenizer' | 'termStatistics'>

/** What passages bring for a question; `likelihood`: how likely it is, 0 to 1, that they answer it. */
export interface Relevance {
  evidence: Evidence | undefined
  likelihood: number
}

/** Of the last lists of passages: whoever answers from them asks the same again. */
const known = new WeakMap<
  readonly Passage[],
  { question: string; dependencies: Dependencies; relevance: Promise<Relevance> }
>()

/** Throws what `embed` throws. */
export function relevanceOf(
  question: string,
  passages: readonly Passage[],
  dependencies: Dependencies,
): Promise<Relevance> {
  const before = known.get(passages)
  if (before?.question === question && before.dependencies === dependencies) return before.relevance
  const relevance = assess(question, passages, dependencies)
  known.set(passages, { question, dependencies, relevance })
  return relevance
}

async function assess(text: string, passages: readonly Passage[], dependencies: Dependencies): Promise<Relevance> {
  const question = analyseQuestion(text)
  const units = passages.flatMap((passage, position) => unitsOf(passage, position))
  if (question.terms.length === 0 || units.length === 0) return { evidence: undefined, likelihood: 0 }
  const evidence = await gatherEvidence(question, passages, units, dependencies)
  const best = rankUnits(evidence)[0]
  if (!best) return { evidence: undefined, likelihood: 0 }
  return { evidence, likelihood: answerability(answerFeatures(evidence, best.assessed)) }
}
