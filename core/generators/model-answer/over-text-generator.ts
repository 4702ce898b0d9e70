import { z } from 'zod'
import { abortable } from '../../shared/abort.ts'
import type { GeneratorDefinition } from '../generator.ts'
import type { TextGeneratorDefinition } from '../text-generator.ts'
import { createModelAnswer, type ModelAnswerOptions, modelAnswerOptions } from './model-answer.ts'

/** Raised whenever prompt, reading or checking change. */
const modelAnswerVersion = 3

/**
 * A generator that has a text generator word its answers. Its options are those of the text generator and those of every
 * worded answer; the model is opened with each question and closed after it, so that who opens it decides what stays
 * loaded.
 */
export function overTextGenerator<Options>(
  textGenerator: TextGeneratorDefinition<Options>,
): GeneratorDefinition<Options & ModelAnswerOptions> {
  const { id, label, summary, version } = textGenerator
  const options = z.object({ ...textGenerator.options.shape, ...modelAnswerOptions.shape })
  // Each takes its own of them.
  const languageModel = (chosen: Options & ModelAnswerOptions) => ({ id, options: textGenerator.options.parse(chosen) })
  return {
    id,
    label,
    summary,
    version: version + modelAnswerVersion - 1,
    options: options as unknown as z.ZodType<Options & ModelAnswerOptions>,
    languageModel,
    create(chosen, dependencies) {
      const open = async (signal: AbortSignal | undefined) => {
        const model = await openFor(signal, () => dependencies.openTextGenerator(languageModel(chosen)))
        const answers = createModelAnswer(model, modelAnswerOptions.parse(chosen), dependencies)
        return { answers, [Symbol.asyncDispose]: () => model.dispose() }
      }
      return {
        async *generate(request, use = {}) {
          await using opened = await open(use.signal)
          yield* opened.answers.generate(request, use)
        },
        async holds(request, use = {}) {
          await using opened = await open(use.signal)
          return await opened.answers.holds(request, use)
        },
      }
    },
  }
}

/** Who stops waiting for a model that is being loaded does not keep it. */
async function openFor<Model extends { dispose(): Promise<void> }>(
  signal: AbortSignal | undefined,
  open: () => Promise<Model>,
): Promise<Model> {
  const opening = open()
  try {
    return await abortable(opening, signal)
  } catch (error) {
    opening.then((model) => model.dispose()).catch(() => {})
    throw error
  }
}
