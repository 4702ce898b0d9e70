import { basename, dirname, join } from 'node:path'
import type { PreTrainedModel } from '@xenova/transformers'
import { AppError } from '../contract/errors.ts'

/** What weights are stored as; each is a file of its own in a model's `onnx` folder. */
export const precisions = ['fp32', 'fp16', 'q8'] as const
export type Precision = (typeof precisions)[number]

/** Names are those of Transformers.js. */
export function weightsFile(folder: string, precision: Precision): string {
  const suffix = { fp32: '', fp16: '_fp16', q8: '_quantized' }[precision]
  return join(folder, `onnx/model${suffix}.onnx`)
}

export interface OnnxModelOptions {
  precision: Precision
  /** Threads that one call may use. */
  threads: number
}

/** 'states': last hidden states. 'score': `logits`, one number for a pair of texts. */
export type OnnxModelKind = 'states' | 'score'

/** Rows of tokens as the model takes them. */
export interface TokenRow {
  ids: ArrayLike<number>
  /** Token types; absent: all 0. */
  types?: ArrayLike<number>
}

/** A loaded model on this machine's processor, through Transformers.js and ONNX Runtime. Nothing is downloaded, ever. */
export interface OnnxModel {
  /**
   * One call. The first output of these names that the model has, with its dimensions; shorter rows are padded to the
   * longest. Errors: model-invalid (it has none of them, or not in floating point).
   */
  run(rows: readonly TokenRow[], outputs: readonly string[]): Promise<{ data: Float32Array; dimensions: number[] }>
  dispose(): Promise<void>
}

/** @param folder A model's folder in the layout of Transformers.js. Errors: model-invalid. */
export async function loadOnnxModel(
  folder: string,
  kind: OnnxModelKind,
  options: OnnxModelOptions,
): Promise<OnnxModel> {
  const { Tensor } = await import('@xenova/transformers')
  const model = await loadInTurn(folder, kind, options)
  return {
    async run(rows, outputs) {
      const width = Math.max(...rows.map(({ ids }) => ids.length))
      const dimensions = [rows.length, width]
      const ids = new BigInt64Array(rows.length * width)
      const mask = new BigInt64Array(rows.length * width)
      const types = new BigInt64Array(rows.length * width)
      rows.forEach((row, index) => {
        for (let position = 0; position < row.ids.length; position++) {
          ids[index * width + position] = BigInt(row.ids[position]!)
          mask[index * width + position] = 1n
          if (row.types) types[index * width + position] = BigInt(row.types[position]!)
        }
      })
      // Models without token types are not given them: the library looks at what they take.
      const answer = (await model({
        input_ids: new Tensor('int64', ids, dimensions),
        attention_mask: new Tensor('int64', mask, dimensions),
        token_type_ids: new Tensor('int64', types, dimensions),
      })) as Record<string, { data: unknown; dims: number[] } | undefined>
      const name = outputs.find((candidate) => answer[candidate])
      const output = name === undefined ? undefined : answer[name]
      const data = floats(output?.data)
      if (output && data) return { data, dimensions: output.dims }
      throw new AppError(
        'model-invalid',
        `The model in ${folder} gives no "${outputs.join('" or "')}" in floating point. Choose a model that was ` +
          `exported to ONNX for ${kind === 'score' ? 'reranking' : 'embedding'}.`,
      )
    },
    async dispose() {
      await model.dispose()
    },
  }
}

function floats(data: unknown): Float32Array | undefined {
  if (data instanceof Float32Array) return data
  // Half precision; the class is newer than the library's own types.
  if (ArrayBuffer.isView(data) && data.constructor.name === 'Float16Array') {
    return Float32Array.from(data as unknown as ArrayLike<number>)
  }
  return undefined
}

let loading: Promise<unknown> = Promise.resolve()

/** One load at a time: the library finds a model's folder through a setting that is one for the whole process. */
function loadInTurn(
  folder: string,
  kind: OnnxModelKind,
  { precision, threads }: OnnxModelOptions,
): Promise<PreTrainedModel> {
  const load = loading
    .catch(() => undefined)
    .then(async () => {
      const { AutoModel, AutoModelForSequenceClassification, env } = await import('@xenova/transformers')
      env.allowRemoteModels = false
      env.allowLocalModels = true
      env.localModelPath = dirname(folder)
      const loader = kind === 'score' ? AutoModelForSequenceClassification : AutoModel
      try {
        return await loader.from_pretrained(basename(folder), {
          dtype: precision,
          device: 'cpu',
          local_files_only: true,
          session_options: { intraOpNumThreads: Math.max(1, Math.trunc(threads)), interOpNumThreads: 1 },
        })
      } catch (cause) {
        throw new AppError(
          'model-invalid',
          `The model in ${folder} cannot be loaded. Copy the whole model folder again, or choose another model.`,
          { cause, details: { folder, precision, text: cause instanceof Error ? cause.message : String(cause) } },
        )
      }
    })
  loading = load
  return load
}
