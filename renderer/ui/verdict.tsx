import type { MetricComparison } from '../../core/contract/runs.ts'

/** What two runs show, in one of three words: never just two numbers. */
export function Verdict({ verdict }: { verdict: MetricComparison['verdict'] }) {
  const tone = { better: 'success', worse: 'danger', 'no difference shown': 'none' }[verdict]
  return <span className={`verdict verdict-${tone}`}>{verdict}</span>
}
