/** A rule of a gate, taken apart: 'recall@5>=0.9'. */
export interface GateRule {
  metric: string
  operator: GateOperator
  bound: number
}

export const operators = [
  { id: '>=', label: 'at least' },
  { id: '>', label: 'more than' },
  { id: '<=', label: 'at most' },
  { id: '<', label: 'less than' },
] as const
export type GateOperator = (typeof operators)[number]['id']

/** Null: this form cannot show it. */
export function readRule(text: string): GateRule | null {
  const [, metric, operator, bound] =
    /^\s*([a-z0-9][\w-]*(?:@\d+)?)\s*(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text) ?? []
  if (metric === undefined || operator === undefined || bound === undefined) return null
  return { metric, operator: operator as GateOperator, bound: Number(bound) }
}

export function writeRule({ metric, operator, bound }: GateRule): string {
  return `${metric}${operator}${bound}`
}

/** 'recall@5' → 'recall' and 5. */
export function splitMetric(name: string): { id: string; first: number | null } {
  const [id = '', first] = name.split('@')
  return { id, first: first === undefined ? null : Number(first) }
}

/** 'recall@5 at least 0.9' */
export function ruleSentence(text: string): string {
  const rule = readRule(text)
  if (!rule) return text
  return `${rule.metric} ${operators.find(({ id }) => id === rule.operator)?.label ?? rule.operator} ${rule.bound}`
}
