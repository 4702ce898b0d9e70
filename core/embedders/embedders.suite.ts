import { describe, expect, it, afterAll, beforeAll } from 'vitest'
import type { Embedder } from './embedder.ts'

export interface EmbedderSubject {
  /** What the model's vectors have. */
  dimensions: number
  /** A fresh instance with these options over the defaults. */
  open(options?: Record<string, unknown>): Promise<Embedder>
  /** How far vectors of the same text may be apart in their cosine: other company is other arithmetic. */
  closeness?: number
}

/** What every embedder promises the flows. */
export function describeEmbedder(name: string, { dimensions, open, closeness = 1e-5 }: EmbedderSubject): void {
  describe(`${name} as an embedder`, () => {
    let embedder: Embedder
    beforeAll(async () => {
      embedder = await open()
    })
    afterAll(() => embedder.dispose())
    const one = async (text: string): Promise<Float32Array> => embedder.embed([text], 'passage')

    it('says what it is', () => {
      expect(embedder.modelId).toMatch(/^[a-z0-9-]+-[0-9a-f]{16}(?:-[0-9a-f]{8})?$/)
      expect(embedder.dimensions).toBe(dimensions)
      expect(embedder.tokenizer.count('two words')).toBeGreaterThan(1)
    })

    it('gives unit vectors: a text’s own, in any company and order', async () => {
      const texts = ['a short one', 'wing '.repeat(700), '', 'the wing of an aircraft in a slipstream', 'a short one']
      const vectors = await embedder.embed(texts, 'passage')
      expect(vectors).toHaveLength(texts.length * dimensions)
      for (const [row, text] of texts.entries()) {
        const vector = vectors.slice(row * dimensions, (row + 1) * dimensions)
        expect(Math.hypot(...vector)).toBeCloseTo(text === '' ? 0 : 1, 5)
        if (text !== '') expect(1 - cosine(vector, await one(text))).toBeLessThan(closeness)
      }
      expect(cosine(vectors.slice(0, dimensions), vectors.slice(3 * dimensions, 4 * dimensions))).toBeLessThan(0.999)
    })

    it('gives zeros, never NaN, for texts without a token it knows', async () => {
      const vectors = await embedder.embed(['', ' \n ', '\u0000', '🙂🙃', '\ud800', 'ok'], 'passage')
      expect([...vectors].every(Number.isFinite)).toBe(true)
      expect([...vectors.slice(0, 3 * dimensions)].every((value) => value === 0)).toBe(true)
      expect(Math.hypot(...vectors.slice(5 * dimensions))).toBeCloseTo(1, 5)
    })

    it('takes no texts at all', async () => {
      expect(await embedder.embed([], 'passage')).toEqual(new Float32Array(0))
    })

    it('cuts texts at the limit', async () => {
      const limited = await open({ maxTokens: 8 })
      expect(limited.maxTokens).toBe(8)
      expect(limited.modelId).not.toBe(embedder.modelId)
      const [short, long] = ['wing '.repeat(8), `${'wing '.repeat(8)}${'heart '.repeat(100)}`]
      const [cut, whole] = [await limited.embed([long], 'passage'), await limited.embed([short], 'passage')]
      expect(1 - cosine(cut, whole)).toBeLessThan(closeness)
      expect(1 - cosine(await one(long), await one(short))).toBeGreaterThan(closeness)
      await limited.dispose()
    })

    it('puts prefixes before questions and passages', async () => {
      const prefixed = await open({ queryPrefix: 'question: ', passagePrefix: 'passage: ' })
      expect(prefixed.modelId).not.toBe(embedder.modelId)
      for (const [purpose, prefix] of [['query', 'question: '], ['passage', 'passage: ']] as const) {
        const vector = await prefixed.embed(['wave height'], purpose)
        expect(1 - cosine(vector, await one(`${prefix}wave height`))).toBeLessThan(closeness)
        expect(1 - cosine(vector, await one('wave height'))).toBeGreaterThan(closeness)
        expect((await prefixed.embed([' '], purpose)).every((value) => value === 0)).toBe(true)
      }
      await prefixed.dispose()
    }) // prettier-ignore

    it('cuts vectors to fewer dimensions, of length 1 again', async () => {
      const short = await open({ dimensions: 16 })
      expect(short.dimensions).toBe(16)
      expect(short.modelId).not.toBe(embedder.modelId)
      const vector = await short.embed(['wave height'], 'passage')
      const full = (await one('wave height')).slice(0, 16)
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
      expect(1 - cosine(vector, full) / Math.hypot(...full)).toBeLessThan(closeness)
      await short.dispose()
      await expect(open({ dimensions: 8000 })).rejects.toMatchObject({ code: 'input-invalid' })
    })

    it('stops when it is cancelled, and after it was closed', async () => {
      await expect(embedder.embed(['x'], 'query', { signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: 'cancelled',
      })
      const closed = await open()
      await closed.dispose()
      await closed.dispose()
      await expect(closed.embed(['x'], 'query')).rejects.toMatchObject({ code: 'internal' })
    })

    it('names a model that is not there', async () => {
      await expect(open({ model: 'nowhere' })).rejects.toMatchObject({ code: 'model-missing' })
    })
  })
}

export function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0)
}
