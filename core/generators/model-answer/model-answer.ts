import { z } from 'zod'
import { abortable, throwIfAborted } from '../../shared/abort.ts'
import type {
  AnswerPart,
  GenerateRequest,
  Generator as AnswerGenerator,
  GeneratorDependencies,
  Passage,
} from '../generator.ts'
import { refusalOf } from '../refusal.ts'
import { createAnswerReader, type ReadPart } from './answer-reader.ts'
import { claimsOf, isEmpty, missingFrom } from './claims.ts'
import { buildPrompt } from './prompt.ts'
import { createSupportCheck, type SupportCheck } from './support.ts'
import type { TextGenerator } from '../text-generator.ts'

/** What every generator that has a language model word the answer may be told. */
export const modelAnswerOptions = z.object({
  answerTokens: z.int().min(32).max(8192).default(512).describe('Tokens that an answer has at most.'),
  temperature: z
    .number()
    .min(0)
    .max(2)
    .default(0)
    .describe('0 gives the same answer every time; more gives more varied wording, and more that is made up.'),
  instructions: z.string().max(4000).default('').describe('What the model is told besides: tone, length, language.'),
  unsupportedBelow: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Mark a sentence as unsupported when it is less likely than this (0 to 1) that the sources say it.'),
})
export type ModelAnswerOptions = z.infer<typeof modelAnswerOptions>

/**
 * Answers from the passages by a language model. The model is told to name its sources; each number that it writes
 * becomes a citation of the words that say it best, and each sentence is checked against what it cites.
 */
export function createModelAnswer(
  model: TextGenerator,
  options: ModelAnswerOptions,
  dependencies: GeneratorDependencies,
): AnswerGenerator {
  return {
    generate: (request, { signal } = {}) => answer(request, model, options, dependencies, signal),
    async holds(request, { signal } = {}) {
      const { prompt } = await abortable(promptFor(request, model, options), signal)
      return prompt.passages === request.passages.length && !prompt.isCut
    },
  }
}

async function promptFor(
  { question, passages, wholeDocument, prompt: template, persona, history }: GenerateRequest,
  model: TextGenerator,
  { answerTokens, instructions }: ModelAnswerOptions,
) {
  const { contextTokens } = model
  // A small context is shared: an answer must not push the sources out.
  const limits = { contextTokens, answerTokens: Math.min(answerTokens, Math.floor(contextTokens / 4)) }
  const prompt = await buildPrompt(
    { question, passages, instructions, isWhole: wholeDocument !== undefined, prompt: template, persona, history },
    { ...limits, countTokens: (text) => model.countTokens(text) },
  )
  return { prompt, maxTokens: limits.answerTokens }
}

async function* answer(
  request: GenerateRequest,
  model: TextGenerator,
  options: ModelAnswerOptions,
  dependencies: GeneratorDependencies,
  signal: AbortSignal | undefined,
): AsyncGenerator<AnswerPart> {
  throwIfAborted(signal)
  const { passages } = request
  const { temperature, unsupportedBelow } = options
  const refusal: AnswerPart = { type: 'refusal', reason: refusalOf(request.persona) }
  const { prompt, maxTokens } = await abortable(promptFor(request, model, options), signal)
  const given = passages.slice(0, prompt.passages)
  if (given.length === 0) {
    yield refusal
    return
  }
  const support = createSupportCheck(given, dependencies)
  const reader = createAnswerReader()
  const sentence = createSentence(support, passages, unsupportedBelow)
  yield { type: 'prompt', model: model.modelId, messages: prompt.messages }
  let wrote = false
  const stream = model.stream(prompt.messages, { maxTokens, temperature }, signal)
  for await (const part of stream) {
    throwIfAborted(signal)
    if (part.type === 'end') {
      const { promptTokens, outputTokens, reason: stoppedBy } = part
      yield { type: 'usage', promptTokens, outputTokens, stoppedBy }
    }
    const read = part.type === 'end' ? reader.end() : reader.take(part.text)
    for (const each of read) {
      if (each.type === 'refusal') {
        yield refusal
        return
      }
      wrote ||= each.type === 'text'
      yield* sentence.take(each)
    }
  }
  if (!wrote) yield refusal
}

/** The sentence that is being written, and the sources it has named so far. */
function createSentence(support: SupportCheck, passages: GenerateRequest['passages'], unsupportedBelow: number) {
  let text = ''
  let sources: number[] = []
  /** Numbers that stand side by side, and the text that they are said of: what came after those before. */
  let numbers: number[] = []
  let claimedFrom = 0
  let claimsHold = true
  function* citations(): Generator<AnswerPart> {
    if (numbers.length === 0) return
    const named = numbers.map((number) => ({ place: number - 1, span: support.locate(text, number - 1) }))
    const claims = claimsOf(text.slice(claimedFrom))
    const cited = named.flatMap(({ place, span }) => {
      const passage = passages[place]
      return passage && span ? [citedText(passage, span)] : []
    })
    const holds = cited.length === 0 || isEmpty(missingFrom(claims, cited.join('\n')))
    claimsHold &&= holds
    for (const { place, span } of named) {
      if (span) sources.push(place)
      // What no source has is passed on as an invented citation, so that it is counted: a number without a source, and one
      // whose source does not have the words or figures that it is named for.
      const passage = span && holds ? (passages[place]?.index ?? -1) : -1
      yield { type: 'citation', passage, ...(passage >= 0 && span ? span : { start: 0, end: 0 }) }
    }
    numbers = []
    claimedFrom = text.length
  }
  return {
    async *take(part: Exclude<ReadPart, { type: 'refusal' }>): AsyncGenerator<AnswerPart> {
      if (part.type === 'marker') {
        numbers.push(...part.numbers)
        return
      }
      yield* citations()
      if (part.type === 'text') {
        text += part.text
        yield { type: 'text-delta', text: part.text }
      } else {
        const isSupported =
          (sources.length === 0 && listNumber.test(part.text)) ||
          ((await support.check(part.text, sources)).score >= unsupportedBelow && claimsHold)
        text = ''
        sources = []
        claimedFrom = 0
        claimsHold = true
        yield { type: 'sentence-end', isSupported }
      }
    },
  }
}

/** '1.' before an item of a list reads as a sentence, and says nothing. */
const listNumber = /^\s*\(?\d{1,2}[.)]\s*$/u

/** The words that are cited, with what stands above them: the year may be in a heading, the unit in the head of a table. */
function citedText({ documentTitle, headings, context, text }: Passage, span: { start: number; end: number }): string {
  return [documentTitle, ...headings, context, text.slice(span.start, span.end)].join('\n')
}
