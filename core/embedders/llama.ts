import { basename } from 'node:path'
import type { LlamaEmbeddingContext, LlamaModel } from 'node-llama-cpp'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { modelOption } from '../model-files/model-option.ts'
import { llamaError, loadLlamaModel } from '../runtimes/llama.ts'
import { hashFile } from '../runtimes/onnx-folder.ts'
import { unit } from '../runtimes/vectors.ts'
import { ggufFile } from '../shared/gguf-file.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { loadTokenizer } from '../tokenizers/load-tokenizer.ts'
import { closedError, type EmbedderDefinition } from './embedder.ts'
import { defaultLongest, modelUseOptions, readModelUse } from './parts/model-use.ts'
import { repeatsError } from './parts/repeats.ts'

const optionsSchema = z.object({
  model: modelOption({ kind: 'embedder', format: 'gguf' }, 'Name of the model’s folder, which holds one .gguf file.'),
  ...modelUseOptions,
})
type Options = z.infer<typeof optionsSchema>

/**
 * A GGUF embedding model through llama.cpp. How tokens' states become one vector is part of the file itself
 * (`pooling_type`); prefixes and the longest text are those of the model's model.json. Vectors are scaled to length 1.
 */
export const llamaEmbedder: EmbedderDefinition<Options> = {
  id: 'llama',
  label: 'Local model (GGUF)',
  summary: 'Embeds on this machine with a model folder in GGUF format, on a graphics processor where there is one.',
  version: 1,
  runsIn: 'worker',
  options: optionsSchema,
  async create(options, { locateModel, threads, gpu = true }) {
    if (options.model === '') throw new AppError('input-invalid', 'Choose the GGUF model to embed with.')
    const folder = await locateModel(options.model)
    const file = await ggufFile(folder)
    const weights = await hashFile(file)
    const tokenizer = await loadTokenizer(folder)
    const model = await loadLlamaModel(file, { threads, gpu })
    const use = await readModelUse(folder, options, model.embeddingVectorSize, 'mean')
    if (use.repeats !== 'linear') {
      await model.dispose()
      throw repeatsError(folder)
    }
    const longest = options.maxTokens === undefined ? defaultLongest : model.trainContextSize
    const maxTokens = Math.min(use.maxTokens ?? model.trainContextSize, model.trainContextSize, longest)
    const context = await openContext(model, maxTokens, threads)
    let disposed: Promise<void> | undefined
    return {
      // The file says how states are pooled: its hash stands for that, too.
      modelId: `${basename(folder)}-${weights.slice(0, 16)}${use.suffix}`,
      dimensions: use.dimensions,
      maxTokens,
      tokenizer,
      async embed(texts, purpose, { signal } = {}) {
        const result = new Float32Array(texts.length * use.dimensions)
        for (const [row, text] of texts.entries()) {
          throwIfAborted(signal)
          if (disposed) throw closedError()
          const { ids, unknownId } = tokenizer.encode(text)
          if (!ids.some((id) => id !== unknownId)) continue
          // Special tokens are the library's to add: two at most, and one place has to stay free.
          const tokens = model.tokenize(use.prefixes[purpose] + text).slice(0, maxTokens - 2)
          const { vector } = await context.getEmbeddingFor(tokens)
          result.set(unit(Float64Array.from(vector), use.dimensions), row * use.dimensions)
        }
        throwIfAborted(signal)
        if (disposed) throw closedError()
        return result
      },
      dispose() {
        disposed ??= context.dispose().then(() => model.dispose())
        return disposed
      },
    }
  },
}

async function openContext(model: LlamaModel, maxTokens: number, threads: number): Promise<LlamaEmbeddingContext> {
  try {
    // A text goes through the model at once, so a batch holds the longest one.
    return await model.createEmbeddingContext({ contextSize: maxTokens + 1, batchSize: maxTokens + 1, threads })
  } catch (cause) {
    await model.dispose()
    throw llamaError(cause, 'This GGUF file is no embedding model. Choose another model.')
  }
}
