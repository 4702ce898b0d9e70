import { AppError } from '../contract/errors.ts'
import type { Choice } from '../contract/pipeline.ts'
import type { JudgeDependencies } from '../evaluators/evaluator.ts'
import type { TextGenerator } from '../generators/text-generator.ts'

/** Claims and reasons of a long answer fit into this. */
const mostTokens = 1500

/** A language model as a judge: always its likeliest words, in the shape of a JSON schema. Errors: those of the model. */
export async function openJudge(
  choice: Choice,
  open: (choice: Choice) => Promise<TextGenerator>,
): Promise<JudgeDependencies & { modelId: string }> {
  const generator = await open(choice)
  return {
    modelId: generator.modelId,
    async ask(instructions, material, schema, signal) {
      const messages = [
        { role: 'system' as const, content: instructions },
        { role: 'user' as const, content: material },
      ]
      let text = ''
      let isWhole = false
      const options = { maxTokens: mostTokens, temperature: 0, grammar: schema }
      for await (const part of generator.stream(messages, options, signal)) {
        if (part.type === 'text-delta') text += part.text
        else isWhole = part.reason === 'stop'
      }
      try {
        return JSON.parse(text) as unknown
      } catch (cause) {
        throw new AppError(
          'internal',
          isWhole
            ? 'The judge did not answer in the form that was asked for. Choose another model to judge.'
            : 'The judge did not come to an end with its judgement. Choose another model to judge, or shorter answers.',
          { cause, details: { text: text.slice(0, 500) } },
        )
      }
    },
  }
}
