import { beforeEach, describe, expect, it } from 'vitest'
import type { Pipeline } from '../../../core/contract/pipeline.ts'
import type { JobId } from '../../../core/shared/ids.ts'
import { useDrafts } from '../../state/pipeline-drafts.ts'
import { effectOf, effectSentences } from './effects.ts'

const choice = (id: string, options: Record<string, unknown> = {}) => ({ id, options })
const present: Pipeline = {
  parsers: {},
  cleaning: [],
  chunker: choice('recursive'),
  rules: [{ paths: [], types: ['code'], chunker: choice('code') }],
  embedder: choice('transformers'),
  index: choice('sqlite'),
  retriever: choice('hybrid'),
  reranker: null,
  generator: choice('extractive'),
  prompt: null,
  filter: '',
  passages: 8,
}

describe('drafts', () => {
  beforeEach(() => useDrafts.setState({ drafts: {}, applied: {} }))
  const edited = { ...present, chunker: choice('fixed') }

  it('are kept by collection until they say the same again, are discarded or applied', () => {
    const { edit, discard, noteApplied } = useDrafts.getState()
    edit('a', present, edited)
    edit('b', present, edited)
    expect(useDrafts.getState().drafts).toEqual({
      a: { base: present, value: edited },
      b: { base: present, value: edited },
    })
    edit('a', present, { ...present })
    expect(Object.keys(useDrafts.getState().drafts)).toEqual(['b'])
    discard('b')
    edit('c', present, edited)
    noteApplied('c', edited, 'job_1' as JobId)
    expect(useDrafts.getState()).toMatchObject({ drafts: {}, applied: { c: { value: edited, jobId: 'job_1' } } })
  })
})

describe('effectOf', () => {
  it.each([
    ['the chunker', { chunker: choice('recursive', { maxTokens: 128 }) }, { newIndex: true, rereads: false }],
    ['a rule for chunks', { rules: [] }, { newIndex: true, rereads: false }],
    ['cleaning', { cleaning: [choice('urls')] }, { newIndex: false, rereads: true }],
    ['a parser', { parsers: { pdf: { ocr: 'off' } } }, { newIndex: false, rereads: true }],
    [
      'a rule for reading',
      { rules: [...present.rules, { paths: ['a/**'], types: [], cleaning: [] }] },
      { newIndex: false, rereads: true },
    ],
    ['the embedder', { embedder: choice('other') }, { newIndex: true, rereads: false }],
    ['the retriever', { retriever: choice('other') }, { newIndex: false, rereads: false }],
  ])('of %s', (_, change, expected) => expect(effectOf(present, { ...present, ...change })).toEqual(expected))

  it('is said in sentences', () => {
    expect(effectSentences({ newIndex: true, rereads: false }, '33 documents').join(' ')).toContain(
      'new index beside the present one, over 33 documents',
    )
    expect(effectSentences({ newIndex: false, rereads: true }, '33 documents').at(-1)).toContain('no new index')
    expect(effectSentences({ newIndex: false, rereads: false }, '')).toHaveLength(1)
  })
})
