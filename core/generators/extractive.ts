import { z } from 'zod'
import type { AnswerLength, Persona } from '../contract/ask.ts'
import { abortable, throwIfAborted } from '../shared/abort.ts'
import { centralSentences } from './extractive/central.ts'
import { relevanceOf } from './extractive/relevance.ts'
import { selectStatements } from './extractive/select.ts'
import { type WordableStatement, wordStatements } from './extractive/wording.ts'
import { refusalOf } from './refusal.ts'
import type {
  AnswerPart,
  GenerateRequest,
  Generator as AnswerGenerator,
  GeneratorDefinition,
  GeneratorDependencies,
  Passage,
} from './generator.ts'

const optionsSchema = z.object({
  maxStatements: z
    .int()
    .min(1)
    .max(8)
    .default(3)
    .describe('Statements an answer has at most. A list that the question asks for is given whole.'),
  overviewStatements: z
    .int()
    .min(1)
    .max(20)
    .default(6)
    .describe('Sentences of an overview, where a question asks what one document says as a whole.'),
  refuseBelow: z
    .number()
    .min(0)
    .max(1)
    .default(0.35)
    .describe('Refuse when it is less likely than this (0 to 1) that the passages answer the question.'),
})
export type ExtractiveOptions = z.infer<typeof optionsSchema>

/**
 * Answers with sentences, list items and table rows of the passages, word for word. Needs no language model, makes
 * nothing up, and gives the same answer every time. Errors: 'cancelled', and whatever the embedder throws.
 */
export const extractive: GeneratorDefinition<ExtractiveOptions> = {
  id: 'extractive',
  label: 'Extractive',
  summary: 'Quotes the sentences that answer the question. Needs no language model and never makes anything up.',
  version: 2,
  options: optionsSchema,
  create: (options, dependencies) => createExtractive(options, dependencies),
}

/** A document of some two hundred pages; a longer one is not read for one answer. */
const mostCharacters = 600_000

/** Statements for one that the options name. */
const shares: Record<AnswerLength, number> = { short: 1 / 3, medium: 1, long: 2 }

function statements(most: number, persona: Persona | undefined): number {
  return Math.max(1, Math.round(most * shares[persona?.length ?? 'medium']))
}

function createExtractive(options: ExtractiveOptions, dependencies: GeneratorDependencies): AnswerGenerator {
  return {
    generate: (request, { signal } = {}) => answer(request, options, dependencies, signal),
    holds: async ({ passages }) => passages.reduce((sum, { text }) => sum + text.length, 0) <= mostCharacters,
  }
}

async function* answer(
  { question: text, passages, wholeDocument, persona }: GenerateRequest,
  options: ExtractiveOptions,
  dependencies: GeneratorDependencies,
  signal: AbortSignal | undefined,
): AsyncGenerator<AnswerPart> {
  throwIfAborted(signal)
  const refusal: AnswerPart = { type: 'refusal', reason: refusalOf(persona) }
  if (wholeDocument === 'overview') {
    yield* overview(passages, statements(options.overviewStatements, persona), refusal, dependencies, signal)
    return
  }
  const { evidence, likelihood } = await abortable(relevanceOf(text, passages, dependencies), signal)
  if (!evidence || likelihood < options.refuseBelow) {
    yield refusal
    return
  }

  yield* say(selectStatements(evidence, statements(options.maxStatements, persona)), passages, signal)
}

/** What a whole document says, in its own words: the sentence it begins with, and its central ones. */
async function* overview(
  passages: readonly Passage[],
  most: number,
  refusal: AnswerPart,
  dependencies: GeneratorDependencies,
  signal: AbortSignal | undefined,
): AsyncGenerator<AnswerPart> {
  const central = await abortable(centralSentences(passages, most, dependencies), signal)
  if (central.length === 0) yield refusal
  yield* say(
    central.map((unit) => ({ units: [{ unit }] })),
    passages,
    signal,
  )
}

function* say(
  statements: readonly WordableStatement[],
  passages: readonly Passage[],
  signal: AbortSignal | undefined,
): Generator<AnswerPart> {
  for (const statement of wordStatements(statements, passages)) {
    throwIfAborted(signal)
    yield { type: 'text-delta', text: statement.text }
    const passage = passages[statement.passage]?.index ?? statement.passage
    yield { type: 'citation', passage, start: statement.start, end: statement.end }
  }
}
