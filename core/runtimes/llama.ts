import { createReadStream } from 'node:fs'
import type { Llama, LlamaModel } from 'node-llama-cpp'
import { AppError } from '../contract/errors.ts'
import { type GgufMetadata, readGguf } from '../model-files/read-gguf.ts'

export interface LlamaOptions {
  /** Threads that one call may use. */
  threads: number
  /** Whether a graphics processor is used where there is one that the installed binaries know. */
  gpu?: boolean
}

/** @param path A .gguf file. Errors: model-invalid, memory-exceeded. */
export async function loadLlamaModel(path: string, options: LlamaOptions): Promise<LlamaModel> {
  // The library reads what is no GGUF file for ever; this does not.
  await readGguf(createReadStream(path))
  const llama = await openLlama(options)
  try {
    return await llama.loadModel({ modelPath: path })
  } catch (cause) {
    throw llamaError(cause, `The model in ${path} cannot be loaded. Copy it again, or choose another model.`)
  }
}

/** Whether a file is of a model that embeds or ranks: it reads texts and writes none. */
export async function isEncoder(path: string): Promise<boolean> {
  const metadata: GgufMetadata = await readGguf(createReadStream(path))
  const architecture = String(metadata.get('general.architecture'))
  const pooling = metadata.get(`${architecture}.pooling_type`)
  return metadata.get(`${architecture}.attention.causal`) === false || (typeof pooling === 'number' && pooling > 0)
}

/** What the library says of memory is not the model's fault. */
export function llamaError(cause: unknown, sentence: string): AppError {
  if (cause instanceof AppError) return cause
  const text = cause instanceof Error ? cause.message : String(cause)
  if (/insufficient memory|out of memory|too large|not enough.*(?:v?ram|memory)/i.test(text)) {
    return new AppError(
      'memory-exceeded',
      'There is not enough memory for this model. Close other programs, or choose a smaller model or a shorter context.',
      { cause, details: { text } },
    )
  }
  return new AppError('model-invalid', sentence, { cause, details: { text } })
}

const opened = new Map<string, Promise<Llama>>()

/** Binaries that came with the installation, never built and never downloaded. */
function openLlama({ threads, gpu = true }: LlamaOptions): Promise<Llama> {
  const maxThreads = Math.max(1, Math.trunc(threads))
  const key = `${gpu} ${maxThreads}`
  const known = opened.get(key)
  if (known) return known
  const opening = import('node-llama-cpp').then(({ getLlama, LlamaLogLevel }) =>
    getLlama({
      build: 'never',
      skipDownload: true,
      gpu: gpu ? 'auto' : false,
      maxThreads,
      logLevel: LlamaLogLevel.disabled,
      progressLogs: false,
    }),
  )
  opened.set(key, opening)
  opening.catch(() => opened.delete(key))
  return opening.catch((cause: unknown) => {
    throw new AppError(
      'model-invalid',
      'The engine for GGUF models does not run on this machine. Choose a model in ONNX format.',
      { cause, details: { text: cause instanceof Error ? cause.message : String(cause) } },
    )
  })
}
