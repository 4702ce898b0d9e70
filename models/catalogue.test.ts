import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { ModelManifest } from '../core/contract/models.ts'
import { readCatalogue } from '../core/model-files/catalogue.ts'
import { readManifest } from '../core/model-files/manifest.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const models = await readCatalogue([folder])
const of = (kind: ModelManifest['kind']): ModelManifest[] => models.filter((model) => model.kind === kind)
const find = (id: string): ModelManifest => {
  const found = models.find((model) => model.id === id)
  if (!found) throw new Error(`${id} is not in the catalogue.`)
  return found
}

describe('the catalogue', () => {
  it('has models of every kind, each once', () => {
    expect(of('embedder').length).toBeGreaterThanOrEqual(12)
    expect(of('reranker').length).toBeGreaterThanOrEqual(4)
    expect(of('generator').length).toBeGreaterThanOrEqual(8)
    expect(new Set(models.map(({ id }) => id)).size).toBe(models.length)
    expect(new Set(models.map(({ label }) => label)).size).toBe(models.length)
  })

  it.each(models.map((model) => [model.id, model] as const))('%s can be had and judged', (_id, model) => {
    expect(model.hub).toBeDefined()
    expect(model.licence.id).toMatch(/^(Apache-2\.0|MIT|LicenseRef-[A-Za-z0-9.-]+)$/)
    expect(model.licence.url).toMatch(/^https:/)
    expect(model.languages.length).toBeGreaterThan(0)
    expect(model.maxTokens).toBeGreaterThanOrEqual(128)
    expect(model.use).toMatch(/^[A-Z].{20,}\.$/)
    expect(model.sources.some((source) => source.startsWith('https://'))).toBe(true)
    // A figure is there only where its source is.
    const figures = model.files.some(({ bytes, sha256 }) => bytes !== undefined || sha256 !== undefined)
    if (figures) expect(model.sources.join(' ')).toMatch(/SHA-256: as (several )?(a )?public programs? pins? them/)
    if (model.memoryMb !== undefined) expect(model.sources.join(' ')).toContain('memoryMb: reckoned')
  })

  it.each(models.filter(({ format }) => format === 'onnx').map((model) => [model.id, model] as const))(
    '%s has all that Transformers.js loads',
    (_id, model) => {
      const paths = model.files.map(({ path }) => path)
      expect(paths).toEqual(expect.arrayContaining(['config.json', 'tokenizer.json', 'tokenizer_config.json']))
      const weights = model.files.filter(({ precision }) => precision !== undefined)
      expect(weights.map(({ path }) => path)).toEqual(
        expect.arrayContaining(['onnx/model.onnx', 'onnx/model_quantized.onnx']),
      )
      const names: Record<string, RegExp> = {
        fp32: /model\.onnx/,
        fp16: /model_fp16\.onnx/,
        q8: /model_quantized\.onnx/,
      }
      for (const { path, precision } of weights) expect(path).toMatch(names[precision ?? ''] ?? /none/)
    },
  )

  it.each(of('generator').map((model) => [model.id, model] as const))(
    '%s is one GGUF file of at most 8B',
    (_id, model) => {
      expect(model.format).toBe('gguf')
      expect(model.files).toHaveLength(1)
      expect(model.files[0]).toMatchObject({ path: expect.stringMatching(/\.gguf$/) as string, precision: 'Q4_K_M' })
      expect(model.files[0]?.bytes).toBeLessThan(5_500_000_000)
      expect(model.memoryMb).toBeGreaterThan((model.files[0]?.bytes ?? 0) / 1e6)
    },
  )

  it('has the prefixes that were published, to the letter', () => {
    const searching = 'Represent this sentence for searching relevant passages: '
    const published: Record<string, [query: string, passage: string]> = {
      'e5-small-v2': ['query: ', 'passage: '],
      'multilingual-e5-small': ['query: ', 'passage: '],
      'bge-small-en-v1.5': [searching, ''],
      'bge-base-en-v1.5': [searching, ''],
      'snowflake-arctic-embed-xs': [searching, ''],
      'snowflake-arctic-embed-s': [searching, ''],
      'nomic-embed-text-v1.5': ['search_query: ', 'search_document: '],
    }
    for (const { id, prefixes } of of('embedder')) {
      const [query, passage] = published[id] ?? ['', '']
      expect(prefixes, id).toEqual({ query, passage })
    }
    expect(Object.keys(published).map(find)).toHaveLength(7)
  })

  it('has the pooling that was published', () => {
    const first = /^(bge-|snowflake-arctic-|granite-)/
    for (const { id, pooling, normalise } of of('embedder')) {
      expect(pooling, id).toBe(first.test(id) ? 'cls' : 'mean')
      expect(normalise, id).toBe(true)
    }
  })

  it('has dimensions, and shorter lengths that are shorter', () => {
    for (const { id, dimensions, matryoshka } of of('embedder')) {
      expect(dimensions, id).toBeGreaterThanOrEqual(384)
      for (const length of matryoshka ?? []) expect(length, id).toBeLessThan(dimensions ?? 0)
    }
  })
})

describe('the bundled models', () => {
  it.each([
    ['static-256', 256],
    ['static-512', 512],
  ])('%s is what its manifest says', async (id, dimensions) => {
    const manifest = await readManifest(folder + id)
    expect(manifest).toMatchObject({ id, kind: 'embedder', format: 'onnx', dimensions })
    for (const { path, bytes, sha256 } of manifest?.files ?? []) {
      const content = await readFile(`${folder}${id}/${path}`)
      expect(createHash('sha256').update(content).digest('hex'), path).toBe(sha256)
      expect((await stat(`${folder}${id}/${path}`)).size, path).toBe(bytes)
    }
    expect(manifest?.files.map(({ path }) => path)).toEqual(expect.arrayContaining(['MODEL-CARD.md', 'SOURCES.tsv']))
  })
})
