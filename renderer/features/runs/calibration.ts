import type { CaseLabels } from '../../../core/contract/case-labels.ts'
import type { CaseResult } from '../../../core/contract/runs.ts'

/** A case that a judge scored. */
export interface JudgedCase {
  result: CaseResult
  score: number
}

export function judgedCases(cases: readonly CaseResult[], metric: string): JudgedCase[] {
  return cases.flatMap((result) => {
    const score = result.scores[metric]
    return score === undefined ? [] : [{ result, score }]
  })
}

/** Where to go on after a case was labelled: the next one without a label, from the top again; null where all have one. */
export function nextUnlabelled(cases: readonly JudgedCase[], labels: CaseLabels, after: number): number | null {
  for (let step = 1; step <= cases.length; step++) {
    const place = (after + step) % cases.length
    const { caseId } = cases[place]?.result ?? {}
    if (caseId !== undefined && !(caseId in labels)) return place
  }
  return null
}

/** Labelled cases of which the judge says the opposite, where a score from `threshold` on is a yes. */
export function disagreements(
  cases: readonly JudgedCase[],
  labels: CaseLabels,
  threshold: number,
): { place: number; score: number; label: boolean }[] {
  return cases.flatMap(({ result: { caseId }, score }, place) => {
    const label = labels[caseId]
    return label === undefined || label === score >= threshold ? [] : [{ place, score, label }]
  })
}

/** The words of Landis and Koch (1977) for kappa: a convention, not a law. */
export function kappaWords(kappa: number): string {
  if (kappa <= 0) return 'no better than chance'
  const steps: [number, string][] = [
    [0.2, 'slight'],
    [0.4, 'fair'],
    [0.6, 'moderate'],
    [0.8, 'substantial'],
  ]
  return steps.find(([most]) => kappa <= most)?.[1] ?? 'almost whole'
}

const storageKey = (runId: string, metric: string): string => `quarry.labels.${runId}.${metric}`

/** What was said here about a run before; this browser keeps it. */
export function keptLabels(runId: string, metric: string): CaseLabels {
  try {
    const stored: unknown = JSON.parse(globalThis.localStorage?.getItem(storageKey(runId, metric)) ?? '{}')
    if (typeof stored !== 'object' || stored === null) return {}
    return Object.fromEntries(
      Object.entries(stored).filter((entry): entry is [string, boolean] => typeof entry[1] === 'boolean'),
    )
  } catch {
    return {}
  }
}

export function keepLabels(runId: string, metric: string, labels: CaseLabels): void {
  try {
    if (Object.keys(labels).length === 0) globalThis.localStorage?.removeItem(storageKey(runId, metric))
    else globalThis.localStorage?.setItem(storageKey(runId, metric), JSON.stringify(labels))
  } catch {
    // Storage may be full or forbidden: until the page is closed the labels are in its memory.
  }
}
