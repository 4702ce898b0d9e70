/** What must hold for a measurement to pass: 'recall@5>=0.9'. */
export interface Gate {
  rule: string
  metric: string
  operator: keyof typeof comparisons
  bound: number
}

export interface GateResult extends Gate {
  /** Null: it was not measured, which is a failure too. */
  value: number | null
  passed: boolean
}

const comparisons = {
  '>=': (value: number, bound: number) => value >= bound,
  '<=': (value: number, bound: number) => value <= bound,
  '>': (value: number, bound: number) => value > bound,
  '<': (value: number, bound: number) => value < bound,
}

export function parseGate(text: string): Gate | undefined {
  const found = /^\s*([a-z][a-z0-9_-]*(?:@\d+)?)\s*(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text)
  const [, metric, operator, bound] = found ?? []
  if (metric === undefined || operator === undefined) return undefined
  return { rule: text.trim(), metric, operator: operator as Gate['operator'], bound: Number(bound) }
}

/** What gates are held against. A metric that could score no case has no mean, and 0 would pass where less is better. */
export function meansOf(metrics: readonly { name: string; mean: number; cases: number }[]): Record<string, number> {
  return Object.fromEntries(metrics.flatMap(({ name, mean, cases }) => (cases > 0 ? [[name, mean]] : [])))
}

/** A metric that nobody measured fails its gate: a name that was mistyped must not pass. */
export function judgeGates(gates: readonly Gate[], metrics: Readonly<Record<string, number>>): GateResult[] {
  return gates.map((gate) => {
    const value = metrics[gate.metric] ?? null
    return { ...gate, value, passed: value !== null && comparisons[gate.operator](value, gate.bound) }
  })
}
