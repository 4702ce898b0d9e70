import { describe, expect, it } from 'vitest'
import type { RetrievedPassage } from '../../../core/contract/search.ts'
import type { Span } from '../../../core/contract/traces.ts'
import { differencesOf, pairPassages, stepTimes, tokensOf, treeOf } from './trace-words.ts'

const span = (id: string, parentId: string | null, startMs: number, change: Partial<Span> = {}): Span => ({
  ...{
    id,
    parentId,
    name: id,
    kind: 'chain',
    startMs,
    durationMs: 5,
    input: {},
    output: {},
    attributes: {},
    error: null,
  },
  ...change,
})
const passage = (documentId: string, start: number, end: number) => ({ documentId, start, end }) as RetrievedPassage

describe('a trace in words', () => {
  it('is a tree, in order of time, with nothing lost', () => {
    const [root, orphan] = treeOf([span('c', 'a', 9), span('a', null, 0), span('b', 'a', 3), span('x', 'gone', 20)])
    expect(root?.span.id).toBe('a')
    expect(root?.parts.map((part) => part.span.id)).toEqual(['b', 'c'])
    expect(orphan?.span.id).toBe('x')
  })

  it('adds up tokens and times', () => {
    const chat = { 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 7 }
    const spans = [span('a', null, 0), span('b', 'a', 1, { name: 'chat', attributes: chat })]
    const more = [...spans, span('c', 'a', 2, { name: 'chat', attributes: chat })]
    expect(tokensOf({ spans: more })).toEqual({ input: 200, output: 14 })
    expect(tokensOf({ spans: [span('a', null, 0)] })).toBeNull()
    expect([...stepTimes({ spans: more })]).toEqual([['chat', 10]])
  })

  it('finds the same words of a document in two answers, and what only one has', () => {
    const before = [passage('d1', 0, 100), passage('d2', 0, 50)]
    const after = [passage('d3', 0, 10), passage('d1', 10, 90)]
    expect(pairPassages(before, after).map((pair) => [pair.passage.documentId, pair.before, pair.after])).toEqual([
      ['d1', 1, 2],
      ['d2', 2, null],
      ['d3', null, 1],
    ])
  })

  it('says where two pipelines differ', () => {
    const before = { passages: 8, chunker: { id: 'a', options: {} }, reranker: null }
    const after = { passages: 4, chunker: { id: 'a', options: { maxTokens: 9 } }, reranker: null }
    expect(differencesOf(before, after)).toEqual([
      { path: 'passages', before: '8', after: '4' },
      { path: 'chunker.options', before: '{}', after: 'nothing' },
      { path: 'chunker.options.maxTokens', before: 'nothing', after: '9' },
    ])
    expect(differencesOf(before, before)).toEqual([])
  })
})
