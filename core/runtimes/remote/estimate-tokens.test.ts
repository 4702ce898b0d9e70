import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { loadTokenizer } from '../../tokenizers/load-tokenizer.ts'
import { cutToTokens, estimateTokens } from './estimate-tokens.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

it('is more than a tokenizer counts, and not more than three times as much, in running text', async () => {
  const tokenizer = await loadTokenizer(join(root, 'models/static-256'))
  const guides = join(root, 'docs/guides')
  const texts = readdirSync(guides)
    .filter((name) => name.endsWith('.md'))
    .map((name) => readFileSync(join(guides, name), 'utf8'))
  expect(texts.length).toBeGreaterThan(0)
  for (const text of texts) {
    const counted = tokenizer.count(text)
    expect(estimateTokens(text)).toBeGreaterThanOrEqual(counted)
    expect(estimateTokens(text)).toBeLessThan(3 * counted)
  }
})

it('grows with what is put behind, in every alphabet', () => {
  expect(estimateTokens('')).toBe(0)
  for (const text of ['wave', '12345', 'größe', 'волна', '波の高さ', '😀', '\ud800', '{"a":[1,2]}']) {
    expect(estimateTokens(text)).toBeGreaterThan(0)
    expect(estimateTokens(text + text)).toBeGreaterThan(estimateTokens(text))
  }
})

it('cuts between letters, at the limit and not before', () => {
  expect(cutToTokens('abcdef', 2)).toBe('abcdef')
  expect(cutToTokens('abcdefg', 2)).toBe('abcdef')
  expect(cutToTokens('ab😀cd', 4)).toBe('ab')
  expect(cutToTokens('😀😀', 4)).toBe('😀')
  expect(cutToTokens('', 5)).toBe('')
})
