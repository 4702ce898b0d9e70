import { basename } from 'node:path'
import type { ChatHistoryItem, LlamaChat, LlamaContext, LlamaGrammar, LlamaModel } from 'node-llama-cpp'
import { z } from 'zod'
import { AppError } from '../../contract/errors.ts'
import { readManifest } from '../../model-files/manifest.ts'
import { modelOption } from '../../model-files/model-option.ts'
import { isEncoder, llamaError, loadLlamaModel } from '../../runtimes/llama.ts'
import { hashFile } from '../../runtimes/onnx-folder.ts'
import { cancelled, throwIfAborted } from '../../shared/abort.ts'
import { ggufFile } from '../../shared/gguf-file.ts'
import type {
  ChatMessage,
  TextEnd,
  TextGenerator,
  TextGeneratorDefinition,
  TextOptions,
  TextPart,
} from '../text-generator.ts'
import { createPartQueue, type PartQueue } from './part-queue.ts'

const optionsSchema = z.object({
  model: modelOption({ kind: 'generator', format: 'gguf' }, 'Name of the model’s folder, which holds one .gguf file.'),
  contextTokens: z
    .int()
    .min(256)
    .max(131_072)
    .default(8192)
    .describe(
      'Question, sources and answer together, at most. Fewer where the model or the memory has no room for it.',
    ),
  think: z
    .boolean()
    .default(false)
    .describe('Lets a model that thinks before it answers do so. What it thinks is not part of the answer.'),
})
type Options = z.infer<typeof optionsSchema>

/**
 * A GGUF language model through llama.cpp, with the model's own chat template. Texts in messages are text: what looks
 * like a special token in them is not one. To be used in a process of its own, which a crash inside llama.cpp ends.
 */
export const llamaTextGenerator: TextGeneratorDefinition<Options> = {
  id: 'llama',
  label: 'Local model (GGUF)',
  summary: 'Writes on this machine with a model folder in GGUF format, on a graphics processor where there is one.',
  version: 1,
  runsIn: 'worker',
  options: optionsSchema,
  async create(options, { locateModel, threads, gpu = true }) {
    if (options.model === '') throw new AppError('input-invalid', 'Choose the model to answer with.')
    const folder = await locateModel(options.model)
    const file = await ggufFile(folder)
    if (await isEncoder(file)) throw new AppError('model-invalid', notAGenerator)
    const weights = await hashFile(file)
    const manifest = await readManifest(folder)
    const model = await loadLlamaModel(file, { threads, gpu })
    const longest = Math.min(options.contextTokens, model.trainContextSize, manifest?.maxTokens ?? Infinity)
    const context = await openContext(model, longest, threads)
    const { LlamaChat } = await import('node-llama-cpp')
    const chat = new LlamaChat({ contextSequence: context.getSequence() })
    return createGenerator(`${basename(folder)}-${weights.slice(0, 16)}`, {
      model,
      context,
      chat,
      think: options.think,
    })
  },
}

interface Parts {
  model: LlamaModel
  context: LlamaContext
  /** With the one sequence of the context: what a prompt shares with the last one is not read again. */
  chat: LlamaChat
  think: boolean
}

function createGenerator(modelId: string, parts: Parts): TextGenerator {
  const { model, context } = parts
  /** Grammars take a moment to make, and answers ask for the same ones. */
  const grammars = new Map<string, Promise<LlamaGrammar>>()
  let last: Promise<unknown> = Promise.resolve()
  let disposed: Promise<void> | undefined
  const generator: TextGenerator = {
    modelId,
    contextTokens: context.contextSize,
    countTokens: async (text) => model.tokenize(text).length,
    async *stream(messages, options, signal) {
      throwIfAborted(signal)
      if (disposed) throw new AppError('internal', 'The model was closed while it was in use. Try again.')
      const queue = createPartQueue<TextPart>()
      const leave = new AbortController()
      const both = signal ? AbortSignal.any([signal, leave.signal]) : leave.signal
      // One at a time: there is one sequence.
      const work = last.then(() => write(messages, options, parts, grammars, queue, both))
      last = work.catch(() => {})
      work.then(
        () => queue.end(),
        (error: unknown) => queue.fail(error),
      )
      try {
        yield* queue
      } finally {
        leave.abort()
        await last
      }
    },
    dispose() {
      disposed ??= last.then(() => context.dispose()).then(() => model.dispose())
      return disposed
    },
  }
  return generator
}

async function write(
  messages: readonly ChatMessage[],
  options: TextOptions,
  { model, context, chat, think }: Parts,
  grammars: Map<string, Promise<LlamaGrammar>>,
  queue: PartQueue<TextPart>,
  signal: AbortSignal,
): Promise<void> {
  throwIfAborted(signal)
  const history = messages.map(toHistory)
  const promptTokens = chat.chatWrapper
    .generateContextState({ chatHistory: [...history, { type: 'model', response: [] }] })
    .contextText.tokenize(model.tokenizer).length
  const room = context.contextSize - promptTokens - 1
  if (room < 1) throw tooLong(promptTokens, context.contextSize)
  const maxTokens = Math.min(options.maxTokens, room)
  const grammar = options.grammar && (await grammarFor(options.grammar, model, grammars))
  const before = chat.sequence.tokenMeter.usedOutputTokens
  try {
    const { metadata } = await chat.generateResponse(history, {
      maxTokens,
      temperature: options.temperature ?? 0,
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(grammar ? { grammar } : {}),
      ...(think ? {} : { budgets: { thoughtTokens: 0 } }),
      signal,
      onTextChunk: (text) => void (text !== '' && queue.push({ type: 'text-delta', text })),
    })
    throwIfAborted(signal)
    const reason: TextEnd['reason'] = metadata.stopReason === 'maxTokens' ? 'length' : 'stop'
    const outputTokens = chat.sequence.tokenMeter.usedOutputTokens - before
    queue.push({ type: 'end', reason, promptTokens, outputTokens })
  } catch (cause) {
    if (signal.aborted) throw cancelled()
    throw llamaError(cause, 'The language model could not write an answer. Choose another model.')
  }
}

function toHistory({ role, content }: ChatMessage): ChatHistoryItem {
  if (role === 'assistant') return { type: 'model', response: [content] }
  return { type: role, text: content }
}

function grammarFor(
  schema: Record<string, unknown>,
  model: LlamaModel,
  grammars: Map<string, Promise<LlamaGrammar>>,
): Promise<LlamaGrammar> {
  const key = JSON.stringify(schema)
  const known = grammars.get(key)
  if (known) return known
  // The library's type spells out every form of a schema.
  const made = model.llama.createGrammarForJsonSchema(schema as never) as Promise<LlamaGrammar>
  if (grammars.size >= 20) grammars.clear()
  grammars.set(key, made)
  return made
}

async function openContext(model: LlamaModel, longest: number, threads: number): Promise<LlamaContext> {
  try {
    // The library makes it smaller where memory is short.
    return await model.createContext({ contextSize: { min: Math.min(256, longest), max: longest }, threads })
  } catch (cause) {
    await model.dispose()
    throw llamaError(cause, notAGenerator)
  }
}

const notAGenerator = 'This GGUF file is no language model. Choose another model.'

function tooLong(promptTokens: number, contextTokens: number): AppError {
  return new AppError(
    'input-invalid',
    `The question and its sources take ${promptTokens} tokens, and the model reads ${contextTokens}. Give it fewer ` +
      'passages, or a longer context.',
    { details: { promptTokens, contextTokens } },
  )
}
