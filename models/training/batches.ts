import type { Repeats } from '../../core/contract/models.ts'
import { repeatWeight } from '../../core/embedders/parts/repeats.ts'
import type { CorpusSource, TokenCorpus } from './corpus.ts'
import { below, createRandom } from './random.ts'

/** How batches are drawn and what is done to their texts. Every draw follows from seed, step and place in the batch. */
export interface BatchOptions {
  batch: number
  seed: number
  /** Pairs that follow one another in a source are drawn together: passages of one document are the hardest negatives. */
  runLength: number
  /** Share of batches whose pairs are all of one source. */
  oneSourceShare: number
  /** A source is drawn with probability ~ weight × pairs^power. */
  sourcePower: number
  /** By the beginning of a source's name; 1 where none fits. */
  sourceWeights: Readonly<Record<string, number>>
  maxQueryTokens: number
  maxPassageTokens: number
  /** Share of passages of which a part is kept: from `cropLeast` of it to the whole. */
  cropShare: number
  cropLeast: number
  /** Share of a query's tokens that are left out. */
  dropShare: number
  /** Share of queries that are replaced by some words of a sentence-long piece of their passage. */
  excerptShare: number
  /** Share of an excerpt's tokens that are left out. */
  excerptDropShare: number
  /** What a token that stands in a text more than once counts: as the product will count it. */
  repeats: Repeats
}

/** Tokens of one text with how often each occurs. */
export interface Bag {
  ids: Int32Array
  counts: Int32Array
  length: number
  /** What each counts. */
  weights: Float64Array
  /** Σ weights. */
  total: number
}

export interface BatchReader {
  /** The pair at each place of the batch of a step. */
  pick(step: number): Int32Array
  /** Reads one pair of it into the bags. */
  read(step: number, place: number, pair: number, query: Bag, passage: Bag): void
}

export function createBag(): Bag {
  return {
    ids: new Int32Array(maxBagTokens),
    counts: new Int32Array(maxBagTokens),
    weights: new Float64Array(maxBagTokens),
    length: 0,
    total: 0,
  }
}

export const maxBagTokens = 320

/** `continues[id]` is 1 for pieces that continue a word. */
export function createBatchReader(corpus: TokenCorpus, continues: Uint8Array, options: BatchOptions): BatchReader {
  const { ids, starts, sources } = corpus
  const drawSource = createSourceDraw(sources, options)
  const places = new Int32Array(continues.length).fill(-1)
  const excerpt = new Int32Array(64)
  const weightOf = Float64Array.from({ length: maxBagTokens + 1 }, (_, count) => repeatWeight(options.repeats, count))

  function collect(bag: Bag, tokens: ArrayLike<number>, from: number, to: number): void {
    bag.length = 0
    bag.total = 0
    for (let position = from; position < to; position++) {
      const id = tokens[position]!
      if (id < 0) continue
      const place = places[id]!
      if (place >= 0) bag.counts[place]! += 1
      else {
        places[id] = bag.length
        bag.ids[bag.length] = id
        bag.counts[bag.length++] = 1
      }
    }
    for (let place = 0; place < bag.length; place++) {
      places[bag.ids[place]!] = -1
      const weight = weightOf[bag.counts[place]!]!
      bag.weights[place] = weight
      bag.total += weight
    }
  }

  return {
    pick(step) {
      const random = createRandom(options.seed, 1, step)
      const picked = new Int32Array(options.batch)
      const only = random() < options.oneSourceShare ? drawSource(random) : undefined
      for (let place = 0; place < options.batch;) {
        const { from, to } = only ?? drawSource(random)
        const run = Math.min(options.runLength, options.batch - place, to - from)
        const first = from + below(random, to - from - run + 1)
        for (let index = 0; index < run; index++) picked[place++] = first + index
      }
      return picked
    },

    read(step, place, pair, query, passage) {
      const random = createRandom(options.seed, 2, step, place)
      let from = starts[2 * pair + 1]!
      let to = starts[2 * pair + 2]!
      if (random() < options.cropShare) {
        const kept = Math.max(1, Math.round((to - from) * (options.cropLeast + random() * (1 - options.cropLeast))))
        from += below(random, to - from - kept + 1)
        to = from + kept
      }
      to = Math.min(to, from + options.maxPassageTokens)
      collect(passage, ids, from, to)

      if (to - from >= minExcerptPassage && random() < options.excerptShare) {
        const length = 5 + below(random, 12)
        let first = from + below(random, Math.max(1, to - from - length))
        while (first > from && continues[ids[first]!] === 1) first -= 1
        let last = first + length
        while (last < to && continues[ids[last]!] === 1 && last - first < excerpt.length) last += 1
        last = Math.min(last, to)
        // Whole words are left out.
        let dropped = false
        let kept = 0
        for (let position = first; position < last; position++) {
          const id = ids[position]!
          if (position === first || continues[id] === 0) dropped = random() < options.excerptDropShare
          excerpt[position - first] = dropped ? -1 : id
          if (!dropped) kept += 1
        }
        if (kept > 0) {
          collect(query, excerpt, 0, last - first)
          return
        }
      }
      const queryFrom = starts[2 * pair]!
      const queryTo = Math.min(starts[2 * pair + 1]!, queryFrom + options.maxQueryTokens)
      let kept = 0
      for (let position = queryFrom; position < queryTo; position++) {
        const dropped = random() < options.dropShare
        excerpt[position - queryFrom] = dropped ? -1 : ids[position]!
        if (!dropped) kept += 1
      }
      if (kept > 0) collect(query, excerpt, 0, queryTo - queryFrom)
      else collect(query, ids, queryFrom, queryTo)
    },
  }
}

/** For each query, the other places that hold its query or its passage too: those are no negatives. */
export function findMasks(corpus: TokenCorpus, picked: Int32Array): Map<number, number[]> {
  const masks = new Map<number, number[]>()
  for (const side of [0, 1]) {
    const byKey = new Map<number, number[]>()
    picked.forEach((pair, place) => {
      const key = corpus.keys[2 * pair + side]!
      const same = byKey.get(key)
      if (same) same.push(place)
      else byKey.set(key, [place])
    })
    for (const same of byKey.values()) {
      if (same.length === 1) continue
      for (const place of same) {
        const others = same.filter((other) => other !== place)
        masks.set(place, [...(masks.get(place) ?? []), ...others])
      }
    }
  }
  return masks
}

/** An excerpt of a shorter passage would be most of it. */
const minExcerptPassage = 24

function createSourceDraw(
  sources: readonly CorpusSource[],
  options: BatchOptions,
): (random: () => number) => CorpusSource {
  const filled = sources.filter(({ from, to }) => to > from)
  const weights = filled.map(({ name, from, to }) => {
    const known = Object.entries(options.sourceWeights).find(([prefix]) => name.startsWith(prefix))
    return (known?.[1] ?? 1) * (to - from) ** options.sourcePower
  })
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return (random) => {
    let rest = random() * total
    const index = weights.findIndex((weight) => (rest -= weight) < 0)
    return filled[index < 0 ? filled.length - 1 : index]!
  }
}
