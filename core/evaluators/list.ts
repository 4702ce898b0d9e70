import type { EvaluatorDefinition } from './evaluator.ts'
import { answerRelevance } from './answer-relevance.ts'
import { citationPrecision } from './citation-precision.ts'
import { citationRecall } from './citation-recall.ts'
import { contextPrecision } from './context-precision.ts'
import { contextRecall } from './context-recall.ts'
import { exactMatch } from './exact-match.ts'
import { faithfulness } from './faithfulness.ts'
import { map } from './map.ts'
import { mrr } from './mrr.ts'
import { ndcg } from './ndcg.ts'
import { precision } from './precision.ts'
import { recall } from './recall.ts'
import { refusal } from './refusal.ts'
import { rougeL } from './rouge-l.ts'
import { spanIou } from './span-iou.ts'
import { spanPrecisionOmega } from './span-precision-omega.ts'
import { spanPrecision } from './span-precision.ts'
import { spanRecall } from './span-recall.ts'
import { tokenF1 } from './token-f1.ts'
import { unsupportedRate } from './unsupported-rate.ts'

export const rankingEvaluators = [ndcg, recall, precision, mrr, map] as const
export const spanEvaluators = [spanRecall, spanPrecision, spanPrecisionOmega, spanIou] as const
export const answerEvaluators = [
  exactMatch,
  tokenF1,
  rougeL,
  citationPrecision,
  citationRecall,
  unsupportedRate,
  refusal,
] as const

/** By a language model, where a run has a judge. */
export const judgedEvaluators = [faithfulness, answerRelevance, contextPrecision, contextRecall] as const

export const evaluatorDefinitions = [
  ...rankingEvaluators,
  ...spanEvaluators,
  ...answerEvaluators,
  ...judgedEvaluators,
] as readonly EvaluatorDefinition[]
