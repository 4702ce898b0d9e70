import { describe, expect, it } from 'vitest'
import { ingestSettingsSchema, type IngestSettings } from '../contract/pipeline.ts'
import { defaultRules, parseKey, settingsFor } from './ingest-settings.ts'
import { compilePathGlob } from './path-globs.ts'

const settings = (rules: unknown[]): IngestSettings =>
  ingestSettingsSchema.parse({
    parsers: { pdf: { tables: false }, html: { links: true } },
    cleaning: [{ id: 'whitespace' }],
    chunker: { id: 'recursive' },
    rules,
  })

describe('globs of paths', () => {
  it.each([
    ['contracts/**', 'contracts/a.pdf', true],
    ['contracts/**', 'Legal/contracts/2024/a.pdf', true],
    ['contracts/**', 'Legal/old/contracts/a.pdf', false],
    ['contracts/', 'contracts/sub/a.pdf', true],
    ['/contracts/*.pdf', 'contracts/sub/a.pdf', false],
    ['*.pdf', 'Legal/contracts/a.pdf', true],
    ['*.pdf', 'a.PDF', false],
    ['**/draft-*', 'x/y/draft-1.md', true],
    ['src/**/*.{ts,tsx}', 'src/a.tsx', true],
    ['.config/*', '.config/.hidden', true],
    ['!contracts/**', 'contracts/a.pdf', false],
    ['!contracts/**', 'Legal/contracts/a.pdf', false],
    ['!contracts/**', 'Legal/letters/a.pdf', true],
    ['[ab].txt', 'x/b.txt', true],
    ['[', 'x/[', true],
  ])('%s and %s: %s', (glob, path, expected) => expect(compilePathGlob(glob)(path)).toBe(expected))
})

describe('settings for a document', () => {
  it('are those of the pipeline where no rule says otherwise', () => {
    const given = settings([{ paths: ['other/**'], chunker: { id: 'page' } }])
    const { parsers, cleaning, chunker } = given
    expect(settingsFor(given, { path: 'a.pdf', type: 'pdf' })).toEqual({ parsers, cleaning, chunker })
  })

  it('come from the first rule that matches and names the thing', () => {
    const given = settings([
      { paths: ['contracts/**'], types: ['PDF'], chunker: { id: 'markdown', options: { maxTokens: 300 } } },
      { types: ['pdf', 'docx'], parsers: { pdf: { ocr: 'off' } }, cleaning: [] },
      { chunker: { id: 'page' }, cleaning: [{ id: 'urls' }], parsers: { pdf: {}, docx: { notes: false } } },
    ])
    expect(settingsFor(given, { path: 'Legal/contracts/a.pdf', type: 'pdf' })).toEqual({
      chunker: { id: 'markdown', options: { maxTokens: 300 } },
      cleaning: [],
      parsers: { pdf: { ocr: 'off' }, html: { links: true }, docx: { notes: false } },
    })
    expect(settingsFor(given, { path: 'Legal/contracts/a.txt', type: 'text' })).toMatchObject({
      chunker: { id: 'page' },
      cleaning: [{ id: 'urls' }],
      parsers: { pdf: {} },
    })
  })

  it('of a new collection cut code by definition and slides one by one', () => {
    const given = settings(defaultRules)
    const chunkerOf = (type: string): string => settingsFor(given, { path: 'x', type }).chunker.id
    expect(['code', 'pptx', 'odp', 'pdf', 'text'].map(chunkerOf)).toEqual([
      'code',
      'page',
      'page',
      'recursive',
      'recursive',
    ])
  })
})

describe('the key of how a text came about', () => {
  const parts = { parserId: 'pdf', parserVersion: 3, parserOptions: {}, cleaning: [] }
  const urls = { id: 'urls', version: 1, options: { bare: true } }
  const whitespace = { id: 'whitespace', version: 1, options: {} }

  it('is short with defaults, whether they are spelled out or not', () => {
    expect(parseKey(parts)).toBe('pdf@3')
    const spelled = { ...parts, parserOptions: { tables: true }, defaultOptions: { tables: true } }
    expect(parseKey(spelled)).toBe('pdf@3')
  })

  it('changes with options, steps, their order, options and versions, and with nothing else', () => {
    const variants = [
      parts,
      { ...parts, parserVersion: 4 },
      { ...parts, parserOptions: { tables: false } },
      { ...parts, cleaning: [urls] },
      { ...parts, cleaning: [urls, whitespace] },
      { ...parts, cleaning: [whitespace, urls] },
      { ...parts, cleaning: [{ ...urls, version: 2 }] },
      { ...parts, cleaning: [{ ...urls, options: { bare: false } }] },
    ]
    expect(new Set(variants.map(parseKey)).size).toBe(variants.length)
    expect(parseKey({ ...parts, cleaning: [urls] })).toMatch(/^pdf@3:[0-9a-f]{8}$/)
    const reordered = { ...parts, parserOptions: { b: 1, a: 2, tables: true }, defaultOptions: { tables: true } }
    expect(parseKey(reordered)).toBe(parseKey({ ...parts, parserOptions: { a: 2, b: 1 } }))
  })
})
