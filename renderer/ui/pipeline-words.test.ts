import { describe, expect, it } from 'vitest'
import type { Implementation } from '../../core/contract/catalogue.ts'
import type { Pipeline } from '../../core/contract/pipeline.ts'
import {
  differenceWords,
  installedModelsOf,
  pipelineDifferences,
  pipelineFacts,
  readPipeline,
  refusalOf,
  ruleScope,
  type Families,
} from './pipeline-words.ts'

const choice = (id: string, options: Record<string, unknown> = {}) => ({ id, options })

it('names the models on this machine of a choice: by the schema, defaults included, not what a provider calls its own', () => {
  const model = { kind: 'embedder', format: 'onnx' }
  const options = { properties: { model: { type: 'string', default: 'static-256', model }, dimensions: {} } }
  expect(installedModelsOf(choice('x'), { options })).toEqual(['static-256'])
  expect(installedModelsOf(choice('x', { model: 'bge' }), { options })).toEqual(['bge'])
  expect(installedModelsOf(choice('x', { model: '' }), { options })).toEqual([])
  expect(installedModelsOf(choice('x', { model: 'gpt' }), { options: { properties: { model: {} } } })).toEqual([])
  expect(installedModelsOf(choice('x', { model: 'gpt' }), { options: {} })).toEqual([])
})

it('names what a rule is for', () => {
  expect(ruleScope({ paths: [], types: [] })).toBe('Every document')
  expect(ruleScope({ paths: ['contracts/**'], types: ['pdf', 'docx'] })).toBe('contracts/** · pdf, docx')
})

it('finds the place of a refusal, where the core names one', () => {
  const message = 'Option "maxTokens" of the chunker "fixed": Too small.'
  const failure = { code: 'input-invalid', message, details: { kind: 'chunker', id: 'fixed' } }
  expect(refusalOf(failure)).toEqual({ kind: 'chunker', id: 'fixed', failures: { maxTokens: message } })
  expect(refusalOf({ ...failure, details: {} })).toBeNull()
  expect(refusalOf({ ...failure, code: 'model-missing' })).toBeNull()
  expect(refusalOf(null)).toBeNull()
})

describe('differences', () => {
  const implementation = (id: string, label: string, properties: Record<string, unknown> = {}): Implementation => ({
    id,
    label,
    summary: '',
    version: 1,
    options: { type: 'object', properties },
  })
  const tokens = { type: 'integer', default: 256 }
  const families: Families = {
    parser: [implementation('pdf', 'PDF', { ocr: { enum: ['auto', 'off'], default: 'auto' } })],
    cleaner: [implementation('urls', 'Shorten addresses')],
    chunker: [
      implementation('recursive', 'By structure', {
        maxTokens: tokens,
        overlapTokens: { type: 'integer', default: 0 },
      }),
      implementation('fixed', 'Windows', { maxTokens: tokens, step: { type: 'integer', default: 9 } }),
    ],
    embedder: [implementation('static', 'On this machine', { model: { type: 'string' } })],
    index: [implementation('sqlite', 'SQLite')],
    retriever: [implementation('hybrid', 'Both', { merge: { type: 'boolean', default: true } })],
    reranker: [implementation('cross', 'Reads both')],
    generator: [implementation('extractive', 'Sentences of the sources')],
  }
  const pipeline: Pipeline = {
    parsers: {},
    cleaning: [],
    chunker: choice('recursive'),
    rules: [],
    embedder: choice('static', { model: 'small' }),
    index: choice('sqlite'),
    retriever: choice('hybrid'),
    reranker: null,
    generator: choice('extractive'),
    prompt: null,
    filter: '',
    passages: 8,
  }

  it('are none between a pipeline and one that writes defaults out', () => {
    const written = { ...pipeline, chunker: choice('recursive', { maxTokens: 256 }) }
    expect(pipelineDifferences(pipeline, written, families)).toEqual([])
    expect(differenceWords([])).toBe('nothing')
  })

  it('are said in the words of the schemas', () => {
    const after = {
      ...pipeline,
      chunker: choice('recursive', { maxTokens: 128 }),
      retriever: choice('hybrid', { merge: false }),
      reranker: choice('cross'),
      filter: 'type=pdf',
      passages: 5,
      cleaning: [choice('urls')],
      rules: [{ paths: ['a/**'], types: [], chunker: choice('fixed', { maxTokens: 64 }) }],
      parsers: { pdf: { ocr: 'off' } },
    }
    expect(pipelineDifferences(pipeline, after, families).map(({ path: _, ...words }) => words)).toEqual([
      { label: 'Cutting: max tokens', before: '256', after: '128' },
      { label: 'Search: merge', before: 'on', after: 'off' },
      { label: 'Reranking', before: 'none', after: 'Reads both' },
      { label: 'Documents searched', before: 'all', after: 'type=pdf' },
      { label: 'Passages given to an answer', before: '8', after: '5' },
      { label: 'Cleaning', before: 'none', after: 'Shorten addresses' },
      { label: 'Rules', before: 'none', after: 'a/**: Windows, max tokens 64' },
      { label: 'Reading PDF: ocr', before: '–', after: 'off' },
    ])
    expect(differenceWords(pipelineDifferences(pipeline, after, families))).toBe(
      'Cutting: max tokens 256 → 128; Search: merge on → off; 6 more',
    )
  })

  it('leave out what only another implementation has, unless it was set', () => {
    const after = { ...pipeline, chunker: choice('fixed', { step: 4 }) }
    expect(
      pipelineDifferences(pipeline, after, families).map(({ path, before, after: to }) => [path, before, to]),
    ).toEqual([
      ['chunker', 'By structure', 'Windows'],
      ['chunker.options.step', '–', '4'],
    ])
  })

  it('tell prompts apart, by name and by their words', () => {
    const prompt = { name: 'Brief', version: 2, system: 'Be brief.', user: '{{sources}} {{question}}' }
    const differences = (before: Pipeline['prompt'], after: Pipeline['prompt']): string[] =>
      pipelineDifferences({ ...pipeline, prompt: before }, { ...pipeline, prompt: after }, families).map(
        (each) => `${each.label} ${each.before} → ${each.after}`,
      )
    expect(differences(null, prompt)).toEqual(['Prompt the usual one → Brief, version 2'])
    expect(differences(prompt, { ...prompt })).toEqual([])
    expect(differences({ ...prompt, name: '' }, { ...prompt, name: '', system: 'Be kind.' })).toEqual([
      'Prompt written for it alone → written for it alone, in other words',
    ])
  })

  it('show what this version does not know', () => {
    const facts = pipelineFacts({ ...pipeline, chunker: choice('later', { depthOfCut: { a: 1 } }) }, families)
    expect(facts.slice(0, 2)).toEqual([
      { path: 'chunker', label: 'Cutting', value: 'later' },
      { path: 'chunker.options.depthOfCut', label: 'Cutting: depth of cut', value: '{"a":1}' },
    ])
  })

  it('are read back from JSON, and what is wrong with it is said', () => {
    expect(readPipeline(JSON.stringify(pipeline)).pipeline).toEqual(pipeline)
    expect(readPipeline('{').problem).toMatch(/^This is not JSON/)
    expect(readPipeline('{"chunker":{"id":"fixed"}}').problem).toMatch(/^embedder: /)
    expect(readPipeline(JSON.stringify({ ...pipeline, passages: 0 })).problem).toMatch(/^passages: /)
  })
})
