import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Reranker } from './reranker.ts'

/** What every reranker promises retrieval. `open` gives a fresh instance with these options over the defaults. */
export function describeReranker(
  name: string,
  open: (options?: Record<string, unknown>) => Promise<Reranker>,
  closeness = 1e-4,
): void {
  describe(`${name} as a reranker`, () => {
    let reranker: Reranker
    beforeAll(async () => {
      reranker = await open()
    })
    afterAll(() => reranker.dispose())
    const question = 'wave height limit'
    const passages = [
      'the limit of the wave height is 9',
      'oil',
      '',
      'x '.repeat(2000),
      'the boat and the radio',
      '🙂\ud800',
    ]

    it('gives a finite number for each passage: its own, in any company and order', async () => {
      const scores = await reranker.score(question, passages)
      expect(scores).toHaveLength(passages.length)
      expect([...scores].every(Number.isFinite)).toBe(true)
      expect(new Set(scores).size).toBeGreaterThan(2)
      const reversed = await reranker.score(question, passages.toReversed())
      for (const [index, passage] of passages.entries()) {
        const [alone] = await reranker.score(question, [passage])
        expect(Math.abs(scores[index]! - alone!)).toBeLessThan(closeness)
        expect(Math.abs(scores[index]! - reversed.at(-1 - index)!)).toBeLessThan(closeness)
      }
    })

    it('reads the question, all of it', async () => {
      const passage = 'the boat and the radio'
      const long = `${'radio '.repeat(20)}harbour`
      const [first] = await reranker.score('radio', [passage])
      const [second] = await reranker.score('harbour', [passage])
      expect(Math.abs(first! - second!)).toBeGreaterThan(closeness)
      // The limit cuts the passage, not the end of the question.
      const limited = await open({ maxTokens: 32 })
      const [whole] = await limited.score(long, ['x '.repeat(100)])
      const [other] = await limited.score(long.replace('harbour', 'fuel'), ['x '.repeat(100)])
      expect(Math.abs(whole! - other!)).toBeGreaterThan(closeness)
      const [cut] = await limited.score(long, ['x '.repeat(200)])
      expect(Math.abs(whole! - cut!)).toBeLessThan(closeness)
      await limited.dispose()
    })

    it('takes no passages, and a question that is longer than the model', async () => {
      expect(await reranker.score(question, [])).toEqual(new Float32Array(0))
      const [score] = await reranker.score('why '.repeat(5000), ['because'])
      expect(Number.isFinite(score)).toBe(true)
      expect(Number.isFinite((await reranker.score('', ['']))[0])).toBe(true)
    })

    it('stops when it is cancelled, and after it was closed', async () => {
      const { signal } = new AbortController()
      expect(await reranker.score('x', ['y'], { signal })).toHaveLength(1)
      await expect(reranker.score('x', ['y'], { signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: 'cancelled',
      })
      const closed = await open()
      await closed.dispose()
      await closed.dispose()
      await expect(closed.score('x', ['y'])).rejects.toMatchObject({ code: 'internal' })
    })

    it('names a model that is not there, or not chosen', async () => {
      await expect(open({ model: 'nowhere' })).rejects.toMatchObject({ code: 'model-missing' })
      await expect(open({ model: '' })).rejects.toMatchObject({ code: 'input-invalid' })
    })
  })
}
