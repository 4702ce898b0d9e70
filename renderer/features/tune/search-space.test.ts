import { describe, expect, it } from 'vitest'
import type { Pipeline } from '../../../core/contract/pipeline.ts'
import { assignmentWords } from '../../../core/contract/option-words.ts'
import {
  countOf,
  emptySpec,
  firstParameters,
  incompleteOf,
  isEditable,
  parseNumbers,
  readSpec,
  searchOptions,
  suggestedValues,
  type Families,
} from './search-space.ts'

const pipeline: Pipeline = {
  parsers: {},
  cleaning: [],
  rules: [],
  chunker: { id: 'recursive', options: {} },
  embedder: { id: 'transformers', options: { model: 'static-256' } },
  index: { id: 'sqlite', options: {} },
  retriever: { id: 'hybrid', options: {} },
  reranker: null,
  generator: { id: 'extractive', options: {} },
  prompt: null,
  filter: '',
  passages: 8,
}
const described = (id: string, properties: Record<string, unknown>, required: string[] = []) => ({
  id,
  label: id,
  summary: '',
  version: 1,
  options: { type: 'object', properties, required },
})
const families: Families = {
  chunker: [
    described('recursive', { maxTokens: { type: 'integer', minimum: 16, maximum: 2000, default: 256 } }),
    described('fixed', { overlapTokens: { type: 'integer', minimum: 0, default: 0 } }),
  ],
  embedder: [described('transformers', { model: { type: 'string', model: { kind: 'embedder', format: 'onnx' } } })],
  retriever: [
    described('hybrid', {
      vectorWeight: { type: 'number', minimum: 0, maximum: 1, default: 0.25 },
      mergeNeighbours: { type: 'boolean', default: true },
      fusion: { enum: ['convex', 'rrf'], default: 'convex' },
      stopwords: { type: 'array', items: { type: 'string' } },
    }),
  ],
  reranker: [described('cross-encoder', {})],
  parser: [
    described('text', {}),
    described('pdf', {
      ocr: { enum: ['auto', 'off'], default: 'auto' },
      languages: { type: 'array', items: { type: 'string' } },
    }),
  ],
  cleaner: [
    described('hyphenation', {}),
    described('drop-pattern', { patterns: { type: 'array', items: { type: 'string' }, default: [] } }),
  ],
}
const pathsOf = (parameters: Parameters<typeof searchOptions>[2]) =>
  searchOptions(families, pipeline, parameters, []).map(({ path }) => path)

describe('the options of a search', () => {
  it('are those of what is chosen now, with what it has now', () => {
    const options = searchOptions(families, pipeline, [], [])
    expect(options.map(({ path }) => path)).toEqual([
      'chunker',
      'chunker.options.maxTokens',
      'retriever.options.vectorWeight',
      'retriever.options.mergeNeighbours',
      'retriever.options.fusion',
      'reranker',
      'filter',
      'cleaning',
      'parsers.pdf.ocr',
    ])
    expect(options[1]).toMatchObject({ label: 'Cutting: max tokens', present: 256 })
  })

  it('are ways of reading, too: each cleaning step that does something by itself, and what parsers can be told', () => {
    const find = (from: Pipeline, path: string) =>
      searchOptions(families, from, [], []).find((one) => one.path === path)!
    const cleaning = find(pipeline, 'cleaning')
    expect(suggestedValues(cleaning)).toEqual([null, 'hyphenation'])
    expect(cleaning.present).toBeNull()
    expect(find(pipeline, 'parsers.pdf.ocr')).toMatchObject({ label: 'Reading pdf: ocr', present: 'auto' })

    const present = [{ id: 'urls', options: { bare: false } }]
    const other = find({ ...pipeline, cleaning: present, parsers: { pdf: { ocr: 'off' } } }, 'cleaning')
    expect(other.values).toMatchObject({ entries: [{ label: 'None' }, { label: 'urls' }, { label: 'hyphenation' }] })
    expect(isEditable(other, { path: 'cleaning', values: [[{ options: { bare: false }, id: 'urls' }], null] })).toBe(
      true,
    )
    expect(isEditable(other, { path: 'cleaning', values: [['urls', 'hyphenation']] })).toBe(false)
    expect(assignmentWords({ cleaning: [], 'parsers.pdf.ocr': 'off' })).toBe('Cleaning none, pdf ocr off')
    expect(assignmentWords({ cleaning: ['urls', { id: 'hyphenation', options: {} }] })).toBe(
      'Cleaning “urls + hyphenation”',
    )
  })

  it('grow by those of what would be chosen', () => {
    expect(pathsOf([])).not.toContain('chunker.options.overlapTokens')
    expect(pathsOf([{ path: 'chunker', values: ['recursive', 'fixed'] }])).toContain('chunker.options.overlapTokens')
  })

  it('are filters, too: all documents beside those that are searched now', () => {
    const filterOf = (filter: string) =>
      searchOptions(families, { ...pipeline, filter }, [], []).find(({ path }) => path === 'filter')!
    expect(suggestedValues(filterOf(''))).toEqual([''])
    expect(suggestedValues(filterOf('type=pdf'))).toEqual(['', 'type=pdf'])
    expect(isEditable(filterOf(''), { path: 'filter', values: ['', 'type=pdf and year>=2024'] })).toBe(true)
    expect(isEditable(filterOf(''), { path: 'filter', values: [null] })).toBe(false)
    expect(isEditable(filterOf(''), { path: 'filter', from: 1, to: 2, step: 1 })).toBe(false)
  })

  it('leave out a choice that cannot do without an option of its own', () => {
    const needy = { ...families, reranker: [described('cohere', { model: { type: 'string' } }, ['model'])] }
    expect(searchOptions(needy, pipeline, [], []).map(({ path }) => path)).not.toContain('reranker')
  })

  it('begin around what is there, within their limits', () => {
    expect(firstParameters(searchOptions(families, pipeline, [], []))).toEqual([
      { path: 'chunker.options.maxTokens', values: [128, 256, 512] },
      { path: 'retriever.options.vectorWeight', values: [0, 0.25, 0.5] },
    ])
    const atTheEdge = {
      path: 'a',
      label: 'a',
      help: '',
      present: 0,
      values: { kind: 'number', integer: true, least: 0 },
    }
    expect(suggestedValues(atTheEdge as Parameters<typeof suggestedValues>[0])).toEqual([0])
  })
})

describe('values', () => {
  it('are read from a line, each once', () => {
    expect(parseNumbers('128, 256 256;512', { integer: true }).values).toEqual([128, 256, 512])
  })
  it.each([
    ['', /at least one/],
    ['12x', /"12x" is no whole number/],
    ['1.5', /"1.5" is no whole number/],
    ['8', /8 is outside of 16 to 64/],
  ])('say what is wrong with "%s"', (text, problem) => {
    expect(parseNumbers(text, { integer: true, least: 16, most: 64 })).toEqual({
      values: [],
      problem: expect.stringMatching(problem) as string,
    })
  })
  it('of a range are counted with both ends, however numbers round', () => {
    expect(countOf({ path: 'a', from: 0, to: 0.3, step: 0.1 })).toBe(4)
    expect(countOf({ path: 'a', from: 1, to: 1, step: 5 })).toBe(1)
    expect(countOf({ path: 'a', from: 2, to: 1, step: 1 })).toBe(0)
  })
  it('are told in words', () => {
    expect(assignmentWords({ 'chunker.options.maxTokens': 128, 'retriever.options.mergeNeighbours': true })).toBe(
      'Max tokens 128, merge neighbours on',
    )
    expect(assignmentWords({ filter: 'type=pdf and year>=2024', passages: 4 })).toBe(
      'Filter “type=pdf and year>=2024”, passages 4',
    )
    expect(assignmentWords({ filter: '' })).toBe('Filter none')
  })
})

describe('a search as JSON', () => {
  it('is taken as it is, with what is usual for the rest', () => {
    const parameters = [{ path: 'chunker.options.maxTokens', from: 64, to: 256, step: 64 }]
    expect(readSpec(JSON.stringify({ parameters, metric: 'recall@5', settings: { mode: 'text' } })).spec).toEqual({
      ...emptySpec,
      parameters,
      metric: 'recall@5',
      settings: { mode: 'text' },
    })
  })
  it.each(['{', '[]', '{}', '{"parameters": [{"path": "a"}]}', '{"parameters": [{"values": []}]}'])(
    'says what is wrong with %s',
    (text) => expect(readSpec(text).problem).toMatch(/JSON|parameters/),
  )
  it('may say more than the form can show', () => {
    const options = searchOptions(families, pipeline, [], [])
    const editable = (path: string, values: unknown[]) => {
      const option = options.find((each) => each.path === path)
      return option && isEditable(option, { path, values })
    }
    expect(editable('chunker', ['recursive', 'fixed'])).toBe(true)
    expect(editable('chunker', [{ id: 'fixed', options: { overlapTokens: 8 } }])).toBe(false)
    expect(editable('chunker.options.maxTokens', [64, '128'])).toBe(false)
    expect(editable('reranker', [null])).toBe(true)
  })
  it('is not complete without values', () => {
    expect(incompleteOf(emptySpec)).toMatch(/at least one/)
    expect(incompleteOf({ ...emptySpec, parameters: [{ path: 'a.maxTokens', values: [] }] })).toBe(
      'Max tokens has no value yet.',
    )
  })
})
