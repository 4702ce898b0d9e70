import { createBag, createBatchReader, findMasks, maxBagTokens } from './batches.ts'
import type { BatchOptions } from './batches.ts'
import { createContrast } from './contrast.ts'
import type { TokenCorpus } from './corpus.ts'
import { adamDecay, createMemory, loadKernels } from './kernels.ts'
import type { ContrastOptions } from './loss.ts'
import { createRandom } from './random.ts'

/**
 * Trains a table of token vectors: a text's vector is the mean of its tokens' rows. Each thread runs the same steps over
 * its share of the batch and, after it, over its share of the vocabulary.
 */
export interface TrainerOptions extends ContrastOptions, BatchOptions {
  steps: number
  /** Step size of Adam at its highest: after a linear rise over the first 5 %; from there it falls linearly to 0. */
  rate: number
}

export interface TrainerMemory {
  memory: WebAssembly.Memory
  /** Two numbers for the meeting point of the threads. */
  meeting: Int32Array
}

export interface Trainer {
  /** One step, shared with the other threads, which call it too. Returns the loss of the longest prefix. */
  step(step: number): number
  /** [vocabulary × dimensions]; also the moments of Adam, for a checkpoint. */
  readonly table: Float32Array
  readonly first: Float32Array
  readonly second: Float32Array
}

export function createTrainerMemory(vocabulary: number, options: TrainerOptions, threads: number): TrainerMemory {
  const { batch, dimensions, prefixes } = options
  const chunks = Math.max(1, batch / 64)
  const floats =
    3 * vocabulary * dimensions +
    batch * (7 * dimensions + prefixes.length * (2 * batch + 2 * chunks + 4) + 4 * maxBagTokens + 4) +
    threads * (batch * 2 * prefixes.length + 64 * Math.max(batch, dimensions) + 2 * dimensions)
  return {
    memory: createMemory(floats * 4 + 65_536),
    meeting: new Int32Array(new SharedArrayBuffer(8)),
  }
}

export function createTrainer(
  corpus: TokenCorpus,
  continues: Uint8Array,
  options: TrainerOptions,
  { memory, meeting }: TrainerMemory,
  thread: number,
  threads: number,
): Trainer {
  const { batch, dimensions } = options
  const vocabulary = continues.length
  const kernels = loadKernels(memory)
  const floats = new Float32Array(memory.buffer)
  const integers = new Int32Array(memory.buffer)
  let used = 64
  const allocate = (count: number): number => {
    const address = used
    used += Math.ceil(count / 16) * 64
    if (used > memory.buffer.byteLength) throw new RangeError('The memory is too small for the training.')
    return address
  }
  /** A place for each thread; only its own is used. */
  const allocateOwn = (count: number): number => Array.from({ length: threads }, () => allocate(count))[thread]!

  const tableAt = allocate(vocabulary * dimensions)
  const firstAt = allocate(vocabulary * dimensions)
  const secondAt = allocate(vocabulary * dimensions)
  const contrast = createContrast(options, { kernels, floats, allocate, allocateOwn })
  const bagIds = allocate(2 * batch * maxBagTokens) >> 2
  const bagWeights = allocate(2 * batch * maxBagTokens) >> 2
  const bagLengths = allocate(2 * batch) >> 2
  const gradientAt = allocateOwn(dimensions)

  const reader = createBatchReader(corpus, continues, options)
  const bags = [createBag(), createBag()] as const
  const meet = createMeeting(meeting, threads)
  const rowBytes = dimensions * 4
  const ownChunks = Array.from({ length: contrast.chunks }, (_, chunk) => chunk).filter(
    (chunk) => chunk % threads === thread,
  )
  const view = (address: number): Float32Array =>
    floats.subarray(address >> 2, (address >> 2) + vocabulary * dimensions)

  function pool(step: number, place: number, pair: number): void {
    reader.read(step, place, pair, ...bags)
    bags.forEach((bag, side) => {
      const text = side * batch + place
      const vector = contrast.vectorAt(text)
      floats.fill(0, vector >> 2, (vector >> 2) + dimensions)
      for (let index = 0; index < bag.length; index++) {
        const weight = Math.fround(bag.weights[index]! / bag.total)
        const entry = text * maxBagTokens + index
        integers[bagIds + entry] = bag.ids[index]!
        floats[bagWeights + entry] = weight
        kernels.addScaled(vector, tableAt + bag.ids[index]! * rowBytes, weight, dimensions)
      }
      integers[bagLengths + text] = bag.length
    })
  }

  const counts = new Int32Array(vocabulary)
  const ends = new Int32Array(vocabulary)
  let entryTexts = new Int32Array(1 << 16)
  let entryWeights = new Float32Array(1 << 16)

  /** Moves the rows of this thread's tokens: those with id % threads = thread. */
  function update(step: number): void {
    const seen: number[] = []
    const eachEntry = (take: (id: number, text: number, entry: number) => void): void => {
      for (let text = 0; text < 2 * batch; text++) {
        const from = text * maxBagTokens
        const to = from + integers[bagLengths + text]!
        for (let entry = from; entry < to; entry++) {
          const id = integers[bagIds + entry]!
          if (id % threads === thread) take(id, text, entry)
        }
      }
    }
    eachEntry((id) => {
      if (counts[id]! === 0) seen.push(id)
      counts[id]! += 1
    })
    let total = 0
    for (const id of seen) {
      ends[id] = total
      total += counts[id]!
    }
    if (total > entryTexts.length) {
      entryTexts = new Int32Array(total * 2)
      entryWeights = new Float32Array(total * 2)
    }
    eachEntry((id, text, entry) => {
      const place = ends[id]!++
      entryTexts[place] = text
      entryWeights[place] = floats[bagWeights + entry]!
    })
    const rate = rateAt(step, options) / (1 - adamDecay.first ** (step + 1))
    const correction = Math.sqrt(1 - adamDecay.second ** (step + 1))
    for (const id of seen) {
      floats.fill(0, gradientAt >> 2, (gradientAt >> 2) + dimensions)
      for (let place = ends[id]! - counts[id]!; place < ends[id]!; place++) {
        kernels.addScaled(gradientAt, contrast.gradientAt(entryTexts[place]!), entryWeights[place]!, dimensions)
      }
      counts[id] = 0
      const row = id * rowBytes
      kernels.adam(tableAt + row, firstAt + row, secondAt + row, gradientAt, dimensions, rate, correction)
    }
  }

  return {
    table: view(tableAt),
    first: view(firstAt),
    second: view(secondAt),
    step(step) {
      const picked = reader.pick(step)
      const masks = findMasks(corpus, picked)
      for (const chunk of ownChunks) {
        const from = chunk * contrast.chunkRows
        for (let place = from; place < from + contrast.chunkRows; place++) pool(step, place, picked[place]!)
        contrast.prepare(chunk)
      }
      meet()
      for (const chunk of ownChunks) contrast.compare(chunk, masks)
      meet()
      contrast.sumColumns()
      for (const chunk of ownChunks) contrast.queryGradients(chunk)
      meet()
      for (const chunk of ownChunks) contrast.passageGradients(chunk)
      meet()
      const loss = contrast.loss()
      update(step)
      meet()
      return loss
    },
  }
}

/**
 * Random rows, shorter for frequent tokens: scale × a / (a + share of all tokens), a = 0.001 (Arora et al. 2017, "A simple
 * but tough-to-beat baseline for sentence embeddings"). Numbers are near normal: sums of twelve even ones.
 */
export function initialTable(
  table: Float32Array,
  corpus: Pick<TokenCorpus, 'ids'>,
  dimensions: number,
  seed: number,
): void {
  const counts = new Float64Array(table.length / dimensions)
  for (const id of corpus.ids) counts[id]! += 1
  const random = createRandom(seed, 3)
  counts.forEach((count, id) => {
    const scale = (0.1 * 1e-3) / (1e-3 + count / corpus.ids.length)
    for (let d = 0; d < dimensions; d++) {
      let sum = -6
      for (let part = 0; part < 12; part++) sum += random()
      table[id * dimensions + d] = sum * scale
    }
  })
}

function rateAt(step: number, { steps, rate }: TrainerOptions): number {
  const warm = Math.max(1, Math.round(steps * 0.05))
  return step < warm ? (rate * (step + 1)) / warm : (rate * (steps - step)) / (steps - warm)
}

/** A point that no thread passes before all have come to it. */
function createMeeting(state: Int32Array, threads: number): () => void {
  return () => {
    const round = Atomics.load(state, 1)
    if (Atomics.add(state, 0, 1) === threads - 1) {
      Atomics.store(state, 0, 0)
      Atomics.add(state, 1, 1)
      Atomics.notify(state, 1)
    } else {
      while (Atomics.load(state, 1) === round) Atomics.wait(state, 1, round)
    }
  }
}
