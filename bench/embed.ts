import { readdir, readFile } from 'node:fs/promises'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { readOnnxFolder } from '../core/runtimes/onnx-folder.ts'
import { batchesByLength } from '../core/runtimes/batches.ts'
import { type Precision, weightsFile } from '../core/runtimes/onnx.ts'
import { applyTemplate, specialCount } from '../core/runtimes/special-tokens.ts'
import type { Embedder } from '../core/embedders/embedder.ts'
import { llamaEmbedder } from '../core/embedders/llama.ts'
import { transformersEmbedder } from '../core/embedders/transformers.ts'
import { temporaryFolder } from '../core/shared/temporary-folder.ts'
import { writeTinyGgufEmbedder } from '../core/testing/tiny-models/gguf-models.ts'
import { writeTinyEncoder } from '../core/testing/tiny-models/onnx-models.ts'
import { specialTokens } from '../core/testing/tiny-models/vocabulary.ts'

/**
 * Texts and tokens per second of the embedders by runtime, precision and texts in a call; for ONNX beside a loop that
 * does nothing but hand the same token ids to ONNX Runtime, in turn with ours, round by round. Besides the bundled model
 * these are models with random weights: a tiny one, and one of the shape of all-MiniLM-L6-v2 (6 layers, 384 wide).
 *
 *   npm run bench -- embed [--quick] [--threads N]
 */
export async function run(args: string[]): Promise<void> {
  const quick = args.includes('--quick')
  const at = args.indexOf('--threads')
  const threads = at >= 0 ? Math.max(1, Number(args[at + 1])) : availableParallelism()
  using temporary = temporaryFolder()
  const passages = await demoPassages()
  console.log(`${passages.length} passages of the demo documents, ${threads} threads, load ${loadavg()[0]?.toFixed(1)}`)
  console.log('model               runtime  precision  batch   texts/s   tokens/s   bare texts/s   overhead')
  for (const subject of await subjects(temporary.path)) {
    const { name, runtime, precision, count } = subject
    const embedder = await subject.open(threads)
    const bare = runtime === 'onnx' ? await openBare(subject.folder, precision as Precision, threads) : undefined
    const texts = Array.from(
      { length: quick ? Math.ceil(count / 4) : count },
      (_, row) => passages[row % passages.length]!,
    )
    for (const batch of quick ? [32] : [1, 8, 32, 128]) {
      const result = await measure(embedder, bare, texts, batch, quick ? 3 : 7)
      const cells = [
        name.padEnd(18),
        runtime.padEnd(7),
        precision.padEnd(9),
        String(batch).padStart(5),
        result.textsPerSecond.toFixed(0).padStart(8),
        result.tokensPerSecond.toFixed(0).padStart(9),
        (result.bareTextsPerSecond?.toFixed(0) ?? '-').padStart(13),
        (result.overhead === undefined ? '-' : `${(100 * result.overhead).toFixed(1)} %`).padStart(9),
      ]
      console.log(cells.join('  '))
    }
    await bare?.release()
    await embedder.dispose()
  }
}

const modelsFolder = fileURLToPath(new URL('../models/', import.meta.url))
const demoFolder = fileURLToPath(new URL('../resources/demo/corpus/', import.meta.url))

interface Subject {
  name: string
  runtime: 'onnx' | 'gguf'
  precision: string
  folder: string
  /** Texts in one round. */
  count: number
  open(threads: number): Promise<Embedder>
}

async function subjects(folder: string): Promise<Subject[]> {
  const tiny = await writeTinyEncoder(join(folder, 'tiny'), { precisions: ['fp32', 'fp16', 'q8'], maxTokens: 512 })
  const miniLm = await writeTinyEncoder(join(folder, 'minilm-shape'), {
    ...{ layers: 6, hidden: 384, heads: 12, maxTokens: 512 },
    precisions: ['fp32', 'fp16', 'q8'],
    vocabulary: await bundledVocabulary(),
  })
  await writeTinyGgufEmbedder(join(folder, 'tiny-gguf'))
  const onnx = (name: string, path: string, precision: Precision, count: number): Subject => ({
    ...{ name, runtime: 'onnx', precision, folder: path, count },
    open: (threads) =>
      transformersEmbedder.create(transformersEmbedder.options.parse({ model: name, precision }), {
        locateModel: async () => path,
        threads,
      }),
  })
  return [
    ...['static-512', 'static-256'].map((name) => onnx(name, join(modelsFolder, name), 'fp32', 2048)),
    ...(['fp32', 'fp16', 'q8'] as const).map((precision) => onnx('tiny', tiny, precision, 512)),
    {
      ...{ name: 'tiny-gguf', runtime: 'gguf', precision: 'fp32', folder, count: 512 },
      open: (threads) =>
        llamaEmbedder.create(llamaEmbedder.options.parse({ model: 'tiny-gguf' }), {
          locateModel: async () => join(folder, 'tiny-gguf'),
          threads,
        }),
    },
    ...(['fp32', 'fp16', 'q8'] as const).map((precision) => onnx('minilm-shape', miniLm, precision, 64)),
  ]
}

/** The words of the bundled model, so that texts have as many tokens as with a real one. */
async function bundledVocabulary(): Promise<string[]> {
  const file = JSON.parse(await readFile(join(modelsFolder, 'static-256/tokenizer.json'), 'utf8')) as {
    model: { vocab: Record<string, number> }
  }
  const special: readonly string[] = specialTokens
  return [...special, ...Object.keys(file.model.vocab).filter((token) => !special.includes(token))]
}

/** Pieces of some 120 words, as chunks are. */
async function demoPassages(): Promise<string[]> {
  const names = (await readdir(demoFolder, { recursive: true })).filter((name) => /\.(?:md|txt)$/.test(name)).sort()
  const texts = await Promise.all(names.map((name) => readFile(join(demoFolder, name), 'utf8')))
  return texts.flatMap((text) => {
    const words = text.split(/\s+/).filter(Boolean)
    return Array.from({ length: Math.ceil(words.length / 120) }, (_, index) =>
      words.slice(index * 120, (index + 1) * 120).join(' '),
    )
  })
}

interface Bare {
  /** Token ids of texts, made before the clock runs. */
  prepare(embedder: Embedder, texts: readonly string[]): Row[][]
  run(calls: readonly Row[][]): Promise<void>
  release(): Promise<void>
}

interface Row {
  ids: Int32Array
}

/** ONNX Runtime alone: tensors from token ids, one call a batch, nothing done with the answer. */
async function openBare(folder: string, precision: Precision, threads: number): Promise<Bare> {
  const session = await InferenceSession.create(weightsFile(folder, precision), {
    ...{ intraOpNumThreads: threads, interOpNumThreads: 1 },
  })
  const { special } = await readOnnxFolder(folder)
  return {
    prepare(embedder, texts) {
      const room = embedder.maxTokens - specialCount(special.single)
      const rows = texts.map((text) => {
        const ids = embedder.tokenizer.encode(text).ids.subarray(0, room)
        return { ids: applyTemplate(special.single, { A: ids }).ids }
      })
      return [...batchesByLength(rows, { maxTokens: 4096 })]
    },
    async run(calls) {
      for (const rows of calls) {
        const width = Math.max(...rows.map(({ ids }) => ids.length))
        const [ids, mask] = [new BigInt64Array(rows.length * width), new BigInt64Array(rows.length * width)]
        rows.forEach((row, index) => {
          for (let place = 0; place < row.ids.length; place++) {
            ids[index * width + place] = BigInt(row.ids[place]!)
            mask[index * width + place] = 1n
          }
        })
        const shape = [rows.length, width]
        const feeds: Record<string, Tensor> = {
          input_ids: new Tensor('int64', ids, shape),
          attention_mask: new Tensor('int64', mask, shape),
          token_type_ids: new Tensor('int64', new BigInt64Array(ids.length), shape),
        }
        await session.run(Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!])))
      }
    },
    release: () => session.release(),
  }
}

interface Measured {
  textsPerSecond: number
  tokensPerSecond: number
  bareTextsPerSecond: number | undefined
  /** Of the time that the bare loop takes: the median over rounds, of which each has both. */
  overhead: number | undefined
}

async function measure(
  embedder: Embedder,
  bare: Bare | undefined,
  texts: readonly string[],
  batch: number,
  rounds: number,
): Promise<Measured> {
  const slices = Array.from({ length: Math.ceil(texts.length / batch) }, (_, index) =>
    texts.slice(index * batch, (index + 1) * batch),
  )
  const prepared = bare && slices.map((slice) => bare.prepare(embedder, slice))
  const own = async (): Promise<void> => {
    for (const slice of slices) await embedder.embed(slice, 'passage')
  }
  const alone = async (): Promise<void> => {
    for (const calls of prepared ?? []) await bare?.run(calls)
  }
  await own()
  await alone()
  const ownMs: number[] = []
  const bareMs: number[] = []
  for (let round = 0; round < rounds; round++) {
    // Whoever goes second finds warm caches: they take turns.
    const order = round % 2 === 0 ? [own, alone] : [alone, own]
    for (const each of order) (each === own ? ownMs : bareMs).push(await timed(each))
  }
  const tokens = texts.reduce((sum, text) => sum + Math.min(embedder.maxTokens, embedder.tokenizer.count(text)), 0)
  const seconds = median(ownMs) / 1000
  return {
    textsPerSecond: texts.length / seconds,
    tokensPerSecond: tokens / seconds,
    bareTextsPerSecond: bare && texts.length / (median(bareMs) / 1000),
    overhead: bare && median(ownMs.map((ms, round) => ms / bareMs[round]! - 1)),
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const before = performance.now()
  await work()
  return performance.now() - before
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}
