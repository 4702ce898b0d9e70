import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBag, createBatchReader, findMasks } from './batches.ts'
import { countWords, encodePairs } from './corpus.ts'
import type { Corpus } from './corpus.ts'
import { createTableEmbedder, evaluateHeldOut, mean } from './evaluate.ts'
import { isHeldOut, listSources } from './pairs.ts'
import { createRandom } from './random.ts'
import { recipe } from './recipe.ts'
import { createTokenizer } from './tokenizer-file.ts'
import { createTraining } from './train.ts'
import type { TrainerOptions } from './trainer.ts'
import { buildVocabulary } from './vocabulary.ts'

const options: TrainerOptions = {
  ...recipe,
  dimensions: 16,
  prefixes: [
    { size: 8, weight: 1 },
    { size: 16, weight: 1 },
  ],
  batch: 128,
  steps: 30,
}

let folder: string
let corpus: Corpus
let vocabulary: string[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quarry-training-'))
  // Questions and passages of a subject share no word; what belongs together can only be learned from the pairs.
  const random = createRandom(1)
  const line = (subject: number): string => {
    const some = (kind: string): string =>
      Array.from({ length: 6 }, () => `${kind}${subject}${'abcdefgh'[Math.floor(random() * 8)]}`).join(' ')
    return JSON.stringify({ q: some('ask'), p: some('tell') })
  }
  for (const name of ['one', 'two']) {
    const lines = Array.from({ length: 3200 }, (_, index) => line((name === 'one' ? 0 : 40) + (index % 40)))
    await writeFile(join(folder, `${name}.jsonl.gz`), gzipSync(lines.join('\n')))
  }
  const sources = await listSources(folder)
  vocabulary = buildVocabulary(await countWords(sources), { size: 1500, minCount: 1, surplus: 1.35 })
  corpus = await encodePairs(sources, createTokenizer(vocabulary))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the pairs', () => {
  it('are read by source, some runs held out', () => {
    const heldOut = Array.from({ length: 3200 }, (_, position) => position).filter(isHeldOut)
    expect(heldOut).toHaveLength(50)
    expect(corpus.heldOut.map(({ source }) => source)).toEqual([
      ...Array.from({ length: 50 }, () => 'one'),
      ...Array.from({ length: 50 }, () => 'two'),
    ])
    expect(corpus.sources).toEqual([
      { name: 'one', from: 0, to: 3150 },
      { name: 'two', from: 3150, to: 6300 },
    ])
    expect(corpus.starts).toHaveLength(2 * 6300 + 1)
    expect(corpus.starts.at(-1)).toBe(corpus.ids.length)
  })
})

describe('a batch', () => {
  const tokens = (): Uint8Array => Uint8Array.from(vocabulary, (entry) => (entry.startsWith('##') ? 1 : 0))

  it('is the same for the same seed and step, and another for others', () => {
    const pick = (seed: number, step: number): number[] => [
      ...createBatchReader(corpus, tokens(), { ...options, seed }).pick(step),
    ]
    expect(pick(1, 5)).toEqual(pick(1, 5))
    expect(pick(1, 5)).not.toEqual(pick(1, 6))
    expect(pick(1, 5)).not.toEqual(pick(2, 5))
  })

  it('reads a pair’s tokens with their counts', () => {
    const plain = { ...options, cropShare: 0, dropShare: 0, excerptShare: 0 }
    const [query, passage] = [createBag(), createBag()]
    createBatchReader(corpus, tokens(), plain).read(0, 0, 7, query, passage)
    const ids = [...corpus.ids.subarray(corpus.starts[14], corpus.starts[15])]
    expect(query.total).toBeCloseTo(
      [...query.weights.subarray(0, query.length)].reduce((sum, weight) => sum + weight),
      10,
    )
    expect([...query.ids.subarray(0, query.length)]).toEqual([...new Set(ids)])
    expect([...query.counts.subarray(0, query.length)]).toEqual(
      [...new Set(ids)].map((id) => ids.filter((other) => other === id).length),
    )
    const passageTokens = passage.counts.subarray(0, passage.length).reduce((sum, count) => sum + count)
    expect(passageTokens).toBe(corpus.starts[16]! - corpus.starts[15]!)
    // A token that is there once counts ln 2, one that is there twice ln 3.
    query.counts
      .subarray(0, query.length)
      .forEach((count, place) => expect(query.weights[place]).toBe(Math.log(1 + count)))
  })

  it('masks what is the same text', () => {
    const keys = Int32Array.from([1, 10, 2, 20, 1, 30, 3, 20])
    expect(findMasks({ ...corpus, keys }, Int32Array.from([0, 1, 2, 3]))).toEqual(
      new Map([
        [0, [2]],
        [2, [0]],
        [1, [3]],
        [3, [1]],
      ]),
    )
  })
})

describe('training', () => {
  it('learns what belongs together', async () => {
    const training = createTraining(corpus, vocabulary, options, 1)
    const rank = (): number => {
      const embedder = createTableEmbedder(
        training.table,
        createTokenizer(vocabulary),
        options.dimensions,
        options.repeats,
      )
      return mean([...evaluateHeldOut(corpus.heldOut, embedder).values()])
    }
    const before = rank()
    const losses: number[] = []
    await training.run(0, options.steps, (_, loss) => losses.push(loss))
    expect(losses).toHaveLength(options.steps)
    expect(mean(losses.slice(-5))).toBeLessThan(mean(losses.slice(0, 5)) * 0.8)
    expect(before).toBeLessThan(0.2)
    expect(rank()).toBeGreaterThan(0.5)
  })

  it('gives the same bits with one thread, with two, and in two parts', async () => {
    const steps = 6
    const train = async (threads: number, parts: readonly number[]): Promise<Float32Array> => {
      const training = createTraining(corpus, vocabulary, { ...options, steps }, threads)
      for (let part = 1; part < parts.length; part++)
        await training.run(parts[part - 1]!, parts[part]!, () => undefined)
      return training.table.slice()
    }
    const expected = await train(1, [0, steps])
    expect(await train(2, [0, steps])).toEqual(expected)
    expect(await train(2, [0, 2, steps])).toEqual(expected)
    expect(expected.some((value) => Math.abs(value) > 0.01)).toBe(true)
  })
})
