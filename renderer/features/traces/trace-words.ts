import type { RetrievedPassage } from '../../../core/contract/search.ts'
import type { Rejected, Rejection, Span, SpanKind, Trace, TraceOutcome } from '../../../core/contract/traces.ts'

export const outcomeLabels: Record<TraceOutcome, string> = {
  answered: 'answered',
  refused: 'nothing relevant',
  failed: 'failed',
  stopped: 'stopped',
}

export const ratingLabels = { up: 'found good', down: 'found bad' } as const

export const kindLabels: Record<SpanKind, string> = {
  chain: 'step',
  retriever: 'search',
  embedding: 'embedding',
  reranker: 'reranking',
  llm: 'language model',
}

export const rejectionLabels: Record<Rejection, string> = {
  rank: 'others came before it',
  'document-limit': 'its document had its share',
  'least-share': 'scored too little beside the best',
  rerank: 'put back by the reranker',
  budget: 'no room for it',
}

export const scoreKindLabels: Record<Rejected['scoreKind'], string> = {
  bm25: 'BM25',
  cosine: 'cosine',
  fusion: 'fusion',
  none: '',
}

export function outcomeOf({ error, refused }: Pick<Trace, 'error' | 'refused'>): TraceOutcome {
  if (error) return error.code === 'cancelled' ? 'stopped' : 'failed'
  return refused ? 'refused' : 'answered'
}

export interface SpanNode {
  span: Span
  parts: SpanNode[]
}

/** The spans as a tree, parts in the order in which they began. A span whose parent is missing stands by itself. */
export function treeOf(spans: readonly Span[]): SpanNode[] {
  const nodes = new Map(spans.map((span) => [span.id, { span, parts: [] as SpanNode[] }]))
  const roots: SpanNode[] = []
  for (const node of nodes.values()) {
    const parent = node.span.parentId === null ? undefined : nodes.get(node.span.parentId)
    ;(parent?.parts ?? roots).push(node)
  }
  const byStart = (a: SpanNode, b: SpanNode): number => a.span.startMs - b.span.startMs
  for (const { parts } of nodes.values()) parts.sort(byStart)
  return roots.sort(byStart)
}

/** Of language models, all calls together; null where none was asked. */
export function tokensOf({ spans }: Pick<Trace, 'spans'>): { input: number; output: number } | null {
  const sum = (name: string): number =>
    spans.reduce((total, { attributes }) => total + (typeof attributes[name] === 'number' ? attributes[name] : 0), 0)
  const [input, output] = [sum('gen_ai.usage.input_tokens'), sum('gen_ai.usage.output_tokens')]
  return input + output === 0 ? null : { input, output }
}

export interface PassagePair {
  passage: RetrievedPassage
  /** Places from 1; null: it is not there. */
  before: number | null
  after: number | null
}

/** Passages of two answers: the same words of a document are the same passage, whichever index they are from. */
export function pairPassages(before: readonly RetrievedPassage[], after: readonly RetrievedPassage[]): PassagePair[] {
  const rest = new Map(after.map((passage, index) => [index, passage]))
  const pairs = before.map((passage, index): PassagePair => {
    const match = [...rest].find(([, other]) => overlapOf(passage, other) > 0.5)
    if (match) rest.delete(match[0])
    return { passage, before: index + 1, after: match ? match[0] + 1 : null }
  })
  return [...pairs, ...[...rest].map(([index, passage]) => ({ passage, before: null, after: index + 1 }))]
}

/** The part of the shorter one that both have. */
function overlapOf(a: RetrievedPassage, b: RetrievedPassage): number {
  if (a.documentId !== b.documentId) return 0
  const shared = Math.min(a.end, b.end) - Math.max(a.start, b.start)
  return shared / Math.max(1, Math.min(a.end - a.start, b.end - b.start))
}

export interface ChangedOption {
  path: string
  before: string
  after: string
}

/** Where two JSON values differ: 'chunker.options.maxTokens'. */
export function differencesOf(before: unknown, after: unknown): ChangedOption[] {
  const [a, b] = [new Map(leavesOf(before, '')), new Map(leavesOf(after, ''))]
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((path) => {
    const [from = 'nothing', to = 'nothing'] = [a.get(path), b.get(path)]
    return from === to ? [] : [{ path, before: from, after: to }]
  })
}

function leavesOf(value: unknown, path: string): [string, string][] {
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([key, member]) => leavesOf(member, path === '' ? key : `${path}.${key}`))
  }
  return value === undefined ? [] : [[path, typeof value === 'string' && value !== '' ? value : JSON.stringify(value)]]
}

/** Time that each kind of step took, those of one name together, in the order in which they began. */
export function stepTimes({ spans }: Pick<Trace, 'spans'>): Map<string, number> {
  const times = new Map<string, number>()
  for (const { name, parentId, durationMs } of spans) {
    if (parentId !== null) times.set(name, (times.get(name) ?? 0) + durationMs)
  }
  return times
}
