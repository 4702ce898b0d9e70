import { AppError } from '../contract/errors.ts'
import type { TextGenerator } from '../generators/text-generator.ts'

export interface JsonQuestion {
  instructions: string
  material: string
  /** A JSON schema, which the model's grammar keeps to. */
  schema: Record<string, unknown>
  /** Of the answer. */
  maxTokens: number
}

/** Sentences for the two ways in which there is no answer. */
export interface NoAnswer {
  wrongForm: string
  cutShort: string
}

const standard: NoAnswer = {
  wrongForm: 'The language model did not answer in the form that was asked for. Choose another model.',
  cutShort: 'The language model did not come to an end with its answer. Choose another model.',
}

/** Always the model's likeliest words, in the shape of a JSON schema. Errors: those of the model; internal: no answer. */
export async function askForJson(
  generator: TextGenerator,
  { instructions, material, schema, maxTokens }: JsonQuestion,
  { wrongForm, cutShort }: NoAnswer = standard,
  signal?: AbortSignal,
): Promise<unknown> {
  const messages = [
    { role: 'system' as const, content: instructions },
    { role: 'user' as const, content: material },
  ]
  let text = ''
  let isWhole = false
  for await (const part of generator.stream(messages, { maxTokens, temperature: 0, grammar: schema }, signal)) {
    if (part.type === 'text-delta') text += part.text
    else isWhole = part.reason === 'stop'
  }
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new AppError('internal', isWhole ? wrongForm : cutShort, { cause, details: { text: text.slice(0, 500) } })
  }
}
