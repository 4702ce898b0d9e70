import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { bundledEmbedder } from '../model-files/bundled.ts'
import { modelOption } from '../model-files/model-option.ts'
import { batchesByLength } from '../runtimes/batches.ts'
import { choosePrecision } from '../runtimes/choose-precision.ts'
import { hashFile, readOnnxFolder } from '../runtimes/onnx-folder.ts'
import { loadOnnxModel, precisions, weightsFile } from '../runtimes/onnx.ts'
import { applyTemplate, specialCount } from '../runtimes/special-tokens.ts'
import { pool, unit } from '../runtimes/vectors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import type { Tokenizer } from '../shared/tokenizer.ts'
import { loadTokenizer } from '../tokenizers/load-tokenizer.ts'
import { closedError, type Embedder, type EmbedderDefinition } from './embedder.ts'
import { createContextFreeEmbedder } from './parts/context-free.ts'
import { createSpanEmbedder } from './parts/late-chunking.ts'
import { type EmbedderParts, maxTokensPerCall, stateOutputs } from './parts/onnx-parts.ts'
import { defaultLongest, modelUseOptions, readModelUse } from './parts/model-use.ts'
import { repeatsError } from './parts/repeats.ts'

const optionsSchema = z.object({
  model: modelOption(
    { kind: 'embedder', format: 'onnx' },
    'Name of the model’s folder: config.json, tokenizer.json, tokenizer_config.json and onnx/model.onnx.',
    bundledEmbedder,
  ),
  precision: z
    .enum(['auto', ...precisions])
    .default('auto')
    .describe(
      'Which of the model’s files is used: q8 is smaller and faster, fp32 exact. auto: fp32 where it is there.',
    ),
  pooling: z
    .enum(['mean', 'cls', 'last'])
    .optional()
    .describe('How a text’s vector is made of its tokens’. Empty: as the model was made for, else their mean.'),
  lateChunking: z
    .boolean()
    .default(false)
    .describe(
      'Late chunking: a document is read as a whole, and each chunk’s vector is made of its tokens as they were read there. For models that read long texts and take the mean of tokens; the bundled model reads no context, and nothing changes with it.',
    ),
  ...modelUseOptions,
})
type Options = z.infer<typeof optionsSchema>

/**
 * An ONNX sentence-embedding model on this machine's processor, through Transformers.js and ONNX Runtime. The vector of
 * a text is made of its tokens' last hidden states (mean, first or last one) and scaled to length 1. Pooling, prefixes
 * and the longest text are those of the model's model.json. Nothing is downloaded, ever.
 */
export const transformersEmbedder: EmbedderDefinition<Options> = {
  id: 'transformers',
  label: 'Local model (ONNX)',
  summary: 'Embeds on this machine with a model folder in ONNX format; the bundled small model needs no download.',
  version: 1,
  runsIn: 'worker',
  options: optionsSchema,
  async create(options, { locateModel, threads }) {
    const folder = await locateModel(options.model)
    const files = await readOnnxFolder(folder)
    const use = await readModelUse(folder, options, files.hidden, 'mean')
    const contextFree = files.layers === 0 && specialCount(files.special.single) === 0
    if (use.repeats !== 'linear' && !(contextFree && (use.pooling ?? 'mean') === 'mean')) throw repeatsError(folder)
    const precision = await choosePrecision(folder, options.precision)
    const weights = await hashFile(weightsFile(folder, precision))
    const tokenizer = await loadTokenizer(folder)
    const model = await loadOnnxModel(folder, 'states', { precision, threads })
    const longest = contextFree || options.maxTokens !== undefined ? files.maxTokens : defaultLongest
    const parts: EmbedderParts = {
      model,
      tokenizer,
      width: files.hidden,
      modelId: `${options.model}-${weights.slice(0, 16)}${use.suffix}`,
      dimensions: use.dimensions,
      maxTokens: Math.min(use.maxTokens ?? files.maxTokens, files.maxTokens, longest),
      special: files.special,
      pooling: use.pooling ?? 'mean',
      repeats: use.repeats,
      prefixes: use.prefixes,
    }
    if (contextFree) return createStatic(parts)
    if (!options.lateChunking) return createContextual(parts)
    if (parts.pooling !== 'mean') {
      throw new AppError(
        'input-invalid',
        `Late chunking needs a model whose vectors are the mean of its tokens; those of "${options.model}" are not. Switch late chunking off, or choose another model.`,
      )
    }
    const late = { ...parts, modelId: `${parts.modelId}-late` }
    return { ...createContextual(late), embedSpans: createSpanEmbedder(late) }
  },
}

function createContextual(parts: EmbedderParts): Embedder {
  const { model, tokenizer, modelId, width, dimensions, maxTokens, special, pooling, prefixes } = parts
  let disposed: Promise<void> | undefined
  const room = maxTokens - specialCount(special.single)
  return {
    modelId,
    dimensions,
    maxTokens,
    tokenizer,
    async embed(texts, purpose, { signal } = {}) {
      throwIfAborted(signal)
      if (disposed) throw closedError()
      const result = new Float32Array(texts.length * dimensions)
      const rows = texts.flatMap((text, row) => {
        // Nothing at all for a text of which the model knows no token: its vector says nothing.
        if (!knows(tokenizer, text)) return []
        const { ids } = tokenizer.encode(prefixes[purpose] + text)
        return [{ ...applyTemplate(special.single, { A: ids.subarray(0, room) }), row }]
      })
      for (const batch of batchesByLength(rows, { maxTokens: maxTokensPerCall })) {
        throwIfAborted(signal)
        const { data, dimensions: shape } = await model.run(batch, stateOutputs)
        const rowLength = (shape[1] ?? 0) * width
        batch.forEach(({ row, ids }, position) => {
          // States behind the end of a row belong to padding.
          const states = data.subarray(position * rowLength, position * rowLength + ids.length * width)
          result.set(unit(pool(states, width, pooling), dimensions), row * dimensions)
        })
      }
      return result
    },
    dispose() {
      disposed ??= model.dispose()
      return disposed
    },
  }
}

function createStatic(parts: EmbedderParts): Embedder {
  const { model, tokenizer, modelId, width, dimensions, maxTokens, repeats, prefixes } = parts
  let disposed: Promise<void> | undefined
  return createContextFreeEmbedder({
    modelId,
    dimensions,
    maxTokens,
    tokenizer,
    width,
    repeats,
    tokensOf(text, purpose) {
      if (prefixes[purpose] !== '' && !knows(tokenizer, text)) return new Int32Array(0)
      const { ids, unknownId } = tokenizer.encode(prefixes[purpose] + text)
      // Unknown tokens mean nothing to a model of single tokens.
      const known = ids.includes(unknownId) ? ids.filter((id) => id !== unknownId) : ids
      return known.subarray(0, maxTokens)
    },
    states: async (ids) => (await model.run([{ ids }], stateOutputs)).data,
    dispose() {
      disposed ??= model.dispose()
      return disposed
    },
  })
}

function knows(tokenizer: Tokenizer, text: string): boolean {
  const { ids, unknownId } = tokenizer.encode(text)
  return ids.some((id) => id !== unknownId)
}
