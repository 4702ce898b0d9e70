import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Embedder } from '../../core/embedders/embedder.ts'
import { transformersEmbedder } from '../../core/embedders/transformers.ts'
import { readBeir } from '../../core/flows/read-beir.ts'
import { readManifest } from '../../core/model-files/manifest.ts'
import { sha256 } from '../../core/shared/hash.ts'
import { evaluateSet, mean } from './evaluate.ts'
import { rarityPower, recipe } from './recipe.ts'

const folder = fileURLToPath(new URL('../static-512/', import.meta.url))
const sets = fileURLToPath(new URL('../../../shared/data/retrieval/', import.meta.url))

interface Evaluation {
  options: unknown
  rarityPower: number
  scores: Record<string, Record<string, number>>
}

let evaluation: Evaluation
let embedder: Embedder
beforeAll(async () => {
  evaluation = JSON.parse(await readFile(`${folder}evaluation.json`, 'utf8')) as Evaluation
  embedder = await transformersEmbedder.create(transformersEmbedder.options.parse({ model: 'static-512' }), {
    locateModel: async () => folder,
    threads: 1,
  })
})
afterAll(() => embedder.dispose())

describe('the committed model', () => {
  it('is what checksums.json and model.json say, 20 MB at most', async () => {
    const checksums = JSON.parse(await readFile(`${folder}checksums.json`, 'utf8')) as Record<string, string>
    for (const [path, expected] of Object.entries(checksums)) {
      expect(sha256(await readFile(folder + path)), path).toBe(expected)
    }
    const files = (await readManifest(folder))!.files
    expect(Object.keys(checksums).every((path) => files.some((file) => file.path === path))).toBe(true)
    for (const { path, bytes, sha256: expected } of files) {
      const content = await readFile(folder + path)
      expect([content.byteLength, sha256(content)], path).toEqual([bytes, expected])
    }
    expect(files.reduce((sum, { bytes }) => sum + bytes!, 0)).toBeLessThan(20e6)
  })

  it('was made by the recipe that stands here', () => {
    expect(evaluation.options).toEqual(JSON.parse(JSON.stringify(recipe)))
    expect(evaluation.rarityPower).toBe(rarityPower)
  })

  it('loads, and knows related from unrelated', async () => {
    expect(embedder.dimensions).toBe(512)
    const texts = ['treatment of high blood pressure', 'therapy for hypertension', 'history of the roman empire', ' ']
    const vectors = await embedder.embed(texts, 'passage')
    const row = (index: number): Float32Array => vectors.subarray(index * 512, (index + 1) * 512)
    const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, at) => sum + value * b[at]!, 0)
    expect(Math.hypot(...row(0))).toBeCloseTo(1, 5)
    expect(dot(row(0), row(1))).toBeGreaterThan(dot(row(0), row(2)) + 0.1)
    expect(row(3).every((value) => value === 0)).toBe(true)
  })
})

describe.skipIf(!existsSync(sets))('its nDCG@10 (skipped where ../shared/data is absent)', () => {
  /** Of the first bundled model, static-256: docs/benchmarks.md. */
  const first = { cranfield: 0.3463, npl: 0.3178, 'xquad-en': 0.8783, covidqa: 0.6579 }

  it('is what was written down, and .020 above the first model’s', async () => {
    const scores: number[] = []
    for (const name of Object.keys(first)) {
      const score = await evaluateSet(await readBeir(sets + name), {
        tokenizer: embedder.tokenizer,
        embed: (text) => embedder.embed([text], 'passage'),
      })
      expect(Math.abs(score - evaluation.scores['512']![name]!), name).toBeLessThan(0.0005)
      scores.push(score)
    }
    expect(mean(scores)).toBeGreaterThan(mean(Object.values(first)) + 0.02)
  }, 600_000)
})
