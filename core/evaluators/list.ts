import type { EvaluatorDefinition } from './evaluator.ts'
import { mrr } from './mrr.ts'
import { ndcg } from './ndcg.ts'
import { recall } from './recall.ts'

export const evaluatorDefinitions: readonly EvaluatorDefinition<{ k: number }>[] = [ndcg, recall, mrr]
