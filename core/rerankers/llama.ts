import { basename } from 'node:path'
import { z } from 'zod'
import type { LlamaModel, LlamaRankingContext } from 'node-llama-cpp'
import { readManifest } from '../model-files/manifest.ts'
import { llamaError, loadLlamaModel } from '../runtimes/llama.ts'
import { hashFile } from '../runtimes/onnx-folder.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { ggufFile } from '../shared/gguf-file.ts'
import { closedError, requireModel, rerankerOptions, shareRoom } from './parts/options.ts'
import type { RerankerDefinition } from './reranker.ts'

const optionsSchema = z.object(rerankerOptions('gguf'))
type Options = z.infer<typeof optionsSchema>

/** A GGUF ranking model (pooling type "rank") through llama.cpp. Its scores are between 0 and 1. */
export const llamaReranker: RerankerDefinition<Options> = {
  id: 'llama',
  label: 'Local model (GGUF)',
  summary: 'Reads question and passage together with a GGUF ranking model, on a graphics processor where there is one.',
  version: 1,
  runsIn: 'worker',
  options: optionsSchema,
  async create(options, { locateModel, threads, gpu = true }) {
    requireModel(options.model)
    const folder = await locateModel(options.model)
    const file = await ggufFile(folder)
    const weights = await hashFile(file)
    const manifest = await readManifest(folder)
    const model = await loadLlamaModel(file, { threads, gpu })
    const maxTokens = Math.min(options.maxTokens, model.trainContextSize, manifest?.maxTokens ?? Infinity)
    const context = await openContext(model, maxTokens, threads)
    let disposed: Promise<void> | undefined
    return {
      modelId: `${basename(folder)}-${weights.slice(0, 16)}`,
      async score(question, passages, { signal } = {}) {
        throwIfAborted(signal)
        if (disposed) throw closedError()
        const scores = new Float32Array(passages.length)
        const asked = model.tokenize(question, false, 'trimLeadingSpace')
        // What the model wants around the two texts, measured rather than known.
        const around = context.calculateInputLength(asked, []) - asked.length
        const room = shareRoom(maxTokens - around, asked.length)
        for (const [index, passage] of passages.entries()) {
          throwIfAborted(signal)
          if (disposed) throw closedError()
          const tokens = model.tokenize(passage, false, 'trimLeadingSpace').slice(0, room.passage)
          scores[index] = await context.rank(asked.slice(0, room.question), tokens)
        }
        return scores
      },
      dispose() {
        disposed ??= context.dispose().then(() => model.dispose())
        return disposed
      },
    }
  },
}

async function openContext(model: LlamaModel, maxTokens: number, threads: number): Promise<LlamaRankingContext> {
  try {
    return await model.createRankingContext({ contextSize: maxTokens + 1, batchSize: maxTokens + 1, threads })
  } catch (cause) {
    await model.dispose()
    throw llamaError(cause, 'This GGUF file is no ranking model. Choose another model.')
  }
}
