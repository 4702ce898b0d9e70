import type { Choice } from '../contract/pipeline.ts'
import type { JudgeDependencies } from '../evaluators/evaluator.ts'
import type { TextGenerator } from '../generators/text-generator.ts'
import { askForJson } from './ask-for-json.ts'

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
    ask: (instructions, material, schema, signal) =>
      askForJson(generator, { instructions, material, schema, maxTokens: mostTokens }, noJudgement, signal),
  }
}

const noJudgement = {
  wrongForm: 'The judge did not answer in the form that was asked for. Choose another model to judge.',
  cutShort: 'The judge did not come to an end with its judgement. Choose another model to judge, or shorter answers.',
}
