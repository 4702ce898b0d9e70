import type { AnswerLength, Exchange, Persona } from '../../contract/ask.ts'
import type { Passage } from '../generator.ts'
import type { ChatMessage } from '../text-generator.ts'
import { refusalWords } from './answer-reader.ts'
import { fillIn, type PromptTexts, standardPrompt } from './prompt-template.ts'

export interface PromptRequest {
  question: string
  /** Best first. */
  passages: readonly Passage[]
  /** What a person wrote about tone, length or language; may be empty. */
  instructions: string
  /** The passages are one document from beginning to end, in its order. */
  isWhole?: boolean
  /** Absent: the built-in one. */
  prompt?: PromptTexts | null | undefined
  persona?: Persona | undefined
  /** Oldest first. */
  history?: readonly Exchange[] | undefined
  /** Absent: now. */
  now?: Date
}

export interface PromptLimits {
  /** Tokens that the model can hold, its answer included. */
  contextTokens: number
  /** Tokens kept free for the answer. */
  answerTokens: number
  countTokens(text: string): Promise<number>
}

export interface Prompt {
  messages: ChatMessage[]
  /** How many of the passages are in it: the first ones. Source numbers are their places in the list, from 1. */
  passages: number
  /** Whether the last of them was cut to fit. */
  isCut: boolean
}

/** Tokens that chat templates add around messages, on the safe side. */
const templateTokens = 64
/** A passage of less than this is not worth cutting one for. */
const leastTokens = 48

const wholeRule = 'The sources are the parts of one document, whole and in its order: answer from all of it.'

const lengths: Record<AnswerLength, string> = {
  short: 'in one or two sentences',
  medium: 'briefly and to the point',
  long: 'in detail, with everything that the sources say about it',
}

/**
 * Puts question and passages into messages that fit the model, best passages first. Documents are data: whatever the
 * prompt says, they stand between marks that they cannot write themselves, and so do question and history.
 */
export async function buildPrompt(request: PromptRequest, limits: PromptLimits): Promise<Prompt> {
  const { passages } = request
  const template = request.prompt ?? standardPrompt
  const values = valuesOf(request)
  const system = [fillIn(template.system, values), ...(request.isWhole ? [wholeRule] : [])].join('\n\n')
  const wrap = (sources: readonly string[]): string =>
    fillIn(template.user, { ...values, sources: `<sources>\n${sources.join('\n')}\n</sources>` })
  let left =
    limits.contextTokens -
    limits.answerTokens -
    templateTokens -
    (await limits.countTokens(system)) -
    (await limits.countTokens(wrap([])))
  const sources: string[] = []
  let isCut = false
  for (const [index, passage] of passages.entries()) {
    const source = sourceText(passage, index + 1, passage.text)
    const tokens = await limits.countTokens(source)
    if (tokens <= left) {
      sources.push(source)
      left -= tokens
      continue
    }
    const cut = left < leastTokens ? undefined : await cutToFit(passage, index + 1, left, limits)
    if (cut !== undefined) {
      sources.push(cut)
      isCut = true
    }
    break
  }
  return {
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: wrap(sources) },
    ],
    passages: sources.length,
    isCut,
  }
}

function valuesOf({ question, instructions, persona, history = [], now = new Date() }: PromptRequest) {
  const { languages = [] } = persona ?? {}
  return {
    question: `<question>\n${harmless(question)}\n</question>`,
    history: historyText(history),
    instructions: [instructions, persona?.instructions ?? '']
      .map((text) => text.trim())
      .filter(Boolean)
      .join('\n'),
    tone: persona?.tone.trim() ?? '',
    length: lengths[persona?.length ?? 'medium'],
    languages:
      languages.length === 0
        ? 'in the language of the question'
        : languages.length === 1
          ? `in ${languages[0]}`
          : `in the language of the question if that is ${languages.join(' or ')}, otherwise in ${languages[0]}`,
    bot: persona?.name.trim() ?? '',
    refusal: refusalWords,
    today: [now.getFullYear(), now.getMonth() + 1, now.getDate()]
      .map((part) => String(part).padStart(2, '0'))
      .join('-'),
  }
}

/** The last exchanges; they quote documents, and so are data as those are. */
export function historyText(history: readonly Exchange[]): string {
  if (history.length === 0) return ''
  const told = history
    .slice(-mostExchanges)
    .map(
      ({ question, answer }) =>
        `<asked>\n${shortened(question)}\n</asked>\n<answered>\n${shortened(answer)}\n</answered>`,
    )
  return `<history>\n${told.join('\n')}\n</history>`
}
const mostExchanges = 4
const mostOfExchange = 1000

function shortened(text: string): string {
  const plain = harmless(text.trim())
  return plain.length <= mostOfExchange ? plain : `${plain.slice(0, mostOfExchange)} …`
}

function sourceText(passage: Passage, number: number, text: string): string {
  const about = [passage.documentTitle, ...passage.headings].filter((part) => part.trim() !== '').map(attribute)
  const context = passage.context.trim() === '' ? '' : `${harmless(passage.context.trim())}\n`
  return `<source number="${number}" from="${about.join(' > ')}">\n${context}${harmless(text.trim())}\n</source>`
}

/** The longest beginning that fits, to a word's end; undefined where nothing worth while does. */
async function cutToFit(
  passage: Passage,
  number: number,
  tokens: number,
  { countTokens }: PromptLimits,
): Promise<string | undefined> {
  let low = 0
  let high = passage.text.length
  // Tokens are counted anew at each step: twenty steps for a passage of a megabyte.
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((await countTokens(sourceText(passage, number, `${passage.text.slice(0, middle)} …`))) <= tokens) low = middle
    else high = middle - 1
  }
  const end = passage.text.slice(0, low).search(/\s\S*$/u)
  const text = passage.text.slice(0, end > 0 ? end : low).trim()
  return text.length < 40 ? undefined : sourceText(passage, number, `${text} …`)
}

/**
 * Text that cannot end its source, begin another one or speak as somebody else: our marks and the control tokens of
 * chat templates lose their brackets; characters that nobody sees go.
 */
export function harmless(text: string): string {
  return text
    .replaceAll(/<(?=\s*\/?\s*(?:sources?|question|history|asked|answered|think)\b)/gi, '‹')
    .replaceAll(/<(?=\|)|<(?=\/?(?:s|start_of_turn|end_of_turn|bos|eos|unk|pad)>)/gi, '‹')
    .replaceAll(/\[(?=\/?(?:INST|SYS)\])/gi, '(')

    .replaceAll(
      /[\u0000-\u0008\u000b-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/gu,
      '',
    )
}

function attribute(text: string): string {
  return harmless(text).replaceAll('"', '”').replaceAll(/\s+/g, ' ').trim().slice(0, 200)
}
