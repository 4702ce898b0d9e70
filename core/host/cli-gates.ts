import { InvalidArgumentError, Option } from 'commander'
import type { Comparison, MetricComparison } from '../contract/runs.ts'
import { type Gate, type GateResult, parseGate } from '../shared/gates.ts'
import { type GlobalOptions, terminal } from './command-line.ts'
import type { JunitCase } from './junit.ts'

/** What the commands that decide share: rules that must hold, and losses against an earlier run. */

/** Exit code: it was measured, and is not good enough. */
export const gateFailed = 3

/** `--gate`, as often as wanted. */
export function gateOption(example: string): Option {
  return new Option('--gate <rule>', `what must hold, such as '${example}'; may be given again`).argParser(
    (text: string, before: Gate[] | undefined) => {
      const gate = parseGate(text)
      if (!gate)
        throw new InvalidArgumentError("A gate is a metric, a comparison and a number, such as 'recall@5>=0.9'.")
      return [...(before ?? []), gate]
    },
  )
}

export function showGates(gates: readonly GateResult[], { json }: GlobalOptions): void {
  for (const { rule, value, passed } of gates) {
    const what = `${rule}: ${value === null ? 'not measured' : value.toFixed(4)}`
    if (!passed) terminal.complain(`gate failed, ${what}`)
    else if (!json) terminal.write(`gate passed, ${what}\n`)
  }
}

export function gateCase({ rule, value, passed }: GateResult): JunitCase {
  const name = `gate ${rule}`
  return passed ? { name } : { name, failure: value === null ? 'not measured' : `it is ${value}` }
}

/** Metrics that are shown to be worse than before: of those that a gate names, or of all where there is no gate. */
export function lossesOf(comparison: Comparison | undefined, gates: readonly Gate[]): MetricComparison[] {
  const watched = new Set(gates.map(({ metric }) => metric))
  return (comparison?.metrics ?? []).filter(
    ({ name, verdict }) => verdict === 'worse' && (watched.size === 0 || watched.has(name)),
  )
}

export function showLosses(losses: readonly MetricComparison[]): void {
  for (const { name, before, after } of losses)
    terminal.complain(`${name} is worse than that of the baseline: ${after.toFixed(4)} instead of ${before.toFixed(4)}`)
}

export function lossCase({ name, before, after }: MetricComparison): JunitCase {
  return { name: `${name} is no worse than that of the baseline`, failure: `${after} instead of ${before}` }
}

/** A metric of two runs as one line of a report: what it was, what it is, and what that shows. */
export function comparisonCase(metric: MetricComparison, isLost: boolean): JunitCase {
  if (isLost) return lossCase(metric)
  const { name, before, after, difference, verdict } = metric
  const interval = `${difference.mean} [${difference.low}, ${difference.high}]`
  return {
    name: `${name} against the baseline`,
    output: `${after} instead of ${before}, difference ${interval}: ${verdict}`,
  }
}
