import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { readManifest } from '../model-files/manifest.ts'
import { batchesByLength } from '../runtimes/batches.ts'
import { choosePrecision } from '../runtimes/choose-precision.ts'
import { hashFile, readOnnxFolder } from '../runtimes/onnx-folder.ts'
import { loadOnnxModel, precisions, weightsFile } from '../runtimes/onnx.ts'
import { applyTemplate, specialCount } from '../runtimes/special-tokens.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { loadTokenizer } from '../tokenizers/load-tokenizer.ts'
import { closedError, requireModel, rerankerOptions, shareRoom } from './parts/options.ts'
import type { RerankerDefinition } from './reranker.ts'

const optionsSchema = z.object({
  ...rerankerOptions('onnx'),
  precision: z
    .enum(['auto', ...precisions])
    .default('auto')
    .describe(
      'Which of the model’s files is used: q8 is smaller and faster, fp32 exact. auto: fp32 where it is there.',
    ),
  batchSize: z.int().min(1).max(64).default(16).describe('Passages in one call of the model.'),
})
type Options = z.infer<typeof optionsSchema>

/**
 * A cross-encoder (Nogueira and Cho 2019, arXiv:1901.04085) in ONNX format on this machine's processor: question and
 * passage go through the model together, and its one number is the score.
 */
export const crossEncoder: RerankerDefinition<Options> = {
  id: 'cross-encoder',
  label: 'Local model (ONNX)',
  summary: 'Reads question and passage together with a cross-encoder on this machine. Slower than search, and better.',
  version: 1,
  runsIn: 'worker',
  options: optionsSchema,
  async create(options, { locateModel, threads }) {
    requireModel(options.model)
    const folder = await locateModel(options.model)
    const files = await readOnnxFolder(folder)
    const manifest = await readManifest(folder)
    const precision = await choosePrecision(folder, options.precision)
    const weights = await hashFile(weightsFile(folder, precision))
    const tokenizer = await loadTokenizer(folder)
    const model = await loadOnnxModel(folder, 'score', { precision, threads })
    const { pair } = files.special
    const maxTokens = Math.min(options.maxTokens, files.maxTokens, manifest?.maxTokens ?? Infinity)
    let disposed: Promise<void> | undefined
    return {
      modelId: `${options.model}-${weights.slice(0, 16)}`,
      async score(question, passages, { signal } = {}) {
        throwIfAborted(signal)
        if (disposed) throw closedError()
        const asked = tokenizer.encode(question).ids
        const room = shareRoom(maxTokens - specialCount(pair), asked.length)
        const rows = passages.map((passage, row) => {
          const { ids } = tokenizer.encode(passage)
          return {
            row,
            ...applyTemplate(pair, { A: asked.subarray(0, room.question), B: ids.subarray(0, room.passage) }),
          }
        })
        const scores = new Float32Array(passages.length)
        for (const batch of batchesByLength(rows, { maxTokens: 16_384, maxRows: options.batchSize })) {
          throwIfAborted(signal)
          const { data, dimensions } = await model.run(batch, ['logits'])
          const labels = dimensions[1] ?? 0
          if (labels < 1 || labels > 2) throw notAReranker(folder, labels)
          // With two labels the second one says "fits".
          batch.forEach(({ row }, index) => {
            scores[row] = labels === 1 ? data[index]! : data[2 * index + 1]! - data[2 * index]!
          })
        }
        throwIfAborted(signal)
        return scores
      },
      dispose() {
        disposed ??= model.dispose()
        return disposed
      },
    }
  },
}

function notAReranker(folder: string, labels: number): AppError {
  return new AppError(
    'model-invalid',
    `The model in ${folder} gives ${labels} numbers for a question and a passage; a reranker gives one. Choose another.`,
  )
}
