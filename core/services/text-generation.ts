import type { ComputePool } from '../compute/pool.ts'
import type { Choice } from '../contract/pipeline.ts'
import { textGeneratorDefinitions } from '../generators/text/list.ts'
import { createPartQueue } from '../generators/text/part-queue.ts'
import type { TextGenerator, TextPart } from '../generators/text-generator.ts'
import type { LocateModel } from '../model-files/locator.ts'
import type { Connect } from '../runtimes/remote/connection.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { findDefinition } from '../shared/family.ts'
import { modelError } from './model-errors.ts'

export interface TextGenerationParts {
  locateModel: LocateModel
  /** Workers of its own kind of pool: what crashes or fills the memory there is a language model. */
  compute: ComputePool
  threads: number
  /** Ways to servers. Absent: none is asked. */
  connect?: Connect | undefined
  /** Default: where there is one. */
  gpu?: boolean
}

/** How long a model may take to stop between two tokens before its process is ended, and the model loaded again. */
const stopMs = 200

/**
 * The language model that a choice of a text generator names: weights in a worker process, or a server that is asked
 * from here. Errors: implementation-unknown, model-missing, model-invalid, memory-exceeded, input-invalid,
 * item-missing (no such provider).
 */
export async function openTextGenerator(choice: Choice, parts: TextGenerationParts): Promise<TextGenerator> {
  const definition = findDefinition('text generator', textGeneratorDefinitions, choice.id)
  if (definition.runsIn === 'worker') return openInWorker(choice, parts)
  const { locateModel, threads, connect } = parts
  return definition.create(definition.options.parse(choice.options), { locateModel, threads, connect })
}

/** It is loaded here, unloaded when it was idle for long or another one is asked for, and loaded again when it is used. */
async function openInWorker(choice: Choice, parts: TextGenerationParts): Promise<TextGenerator> {
  const { compute, threads, gpu } = parts
  const name = typeof choice.options.model === 'string' ? choice.options.model : ''
  const modelFolder = await parts.locateModel(name)
  const target = {
    modelFolder,
    generatorId: choice.id,
    options: choice.options,
    threads,
    ...(gpu === undefined ? {} : { gpu }),
  }
  const count = (texts: string[]) =>
    compute.run('count-tokens', { ...target, texts }, { urgent: true }).catch((thrown: unknown) => {
      throw modelError(thrown, 'The language model')
    })
  const { modelId, contextTokens } = await count([])
  return {
    modelId,
    contextTokens,
    async countTokens(text) {
      const { counts } = await count([text])
      return counts[0] ?? 0
    },
    async *stream(messages, options, signal) {
      throwIfAborted(signal)
      const queue = createPartQueue<TextPart>()
      const leave = new AbortController()
      const input = { ...target, messages: [...messages], request: options }
      const work = compute.run('generate', input, {
        signal: signal ? AbortSignal.any([signal, leave.signal]) : leave.signal,
        softCancelMs: stopMs,
        onPart: (part) => queue.push(part),
      })
      work.then(
        () => queue.end(),
        (thrown: unknown) => queue.fail(modelError(thrown, 'The language model')),
      )
      try {
        yield* queue
      } finally {
        leave.abort()
      }
    },
    // The pool ends its workers.
    dispose: async () => {},
  }
}
