import type { Exchange } from '../../contract/ask.ts'
import type { MachineLearningClient } from '../../contract/client.ts'
import type { AnswerMessage, Message, MessageScope, QuestionMessage } from '../../contract/conversations.ts'
import { AppError } from '../../contract/errors.ts'
import type { ConversationId, MessageId } from '../../shared/ids.ts'
import type { AnswerSteps } from '../flows/answer-message.ts'
import { asksForDocuments } from '../flows/asks-for-documents.ts'
import { asksForHelp } from '../flows/asks-for-help.ts'
import type { BotLibrary, StoredBot } from '../library/bots.ts'
import type { ConversationLibrary } from '../library/conversations.ts'
import { introduce } from './introduce.ts'
import { listDocuments } from './list-documents.ts'
import { beginningOf } from './plain-text.ts'

export interface AnsweringParts {
  machineLearning: MachineLearningClient
  botLibrary: Pick<BotLibrary, 'get'>
  conversations: ConversationLibrary
}

export interface Sent {
  conversationId: ConversationId
  /** Absent: the last message of the branch that is shown. */
  after?: MessageId | null | undefined
  text: string
  scope: MessageScope
}

/** The steps of a message that is sent. Errors: item-missing (the conversation, its bot), input-invalid (`after`). */
export function stepsOfSending(sent: Sent, parts: AnsweringParts): AnswerSteps {
  const { conversations } = parts
  const { conversationId, text, scope } = sent
  const bot = botOf(conversationId, parts)
  const parentId = sent.after === undefined ? conversations.leaf(conversationId) : sent.after
  if (parentId) requireAnswer(conversations.message(parentId), conversationId)
  const title = beginningOf(text, titleLength)
  return steps(bot, () => conversations.ask({ conversationId, parentId, text, scope, title }), parts)
}

/** The steps of an answer that is given once more. Errors: item-missing, input-invalid (it is a question). */
export function stepsOfRegenerating(messageId: MessageId, parts: AnsweringParts): AnswerSteps {
  const { conversations } = parts
  const answer = conversations.message(messageId)
  if (answer.role !== 'answer' || !answer.parentId) {
    throw new AppError('input-invalid', 'Only an answer can be given once more. Choose the answer below this question.')
  }
  const question = conversations.message(answer.parentId) as QuestionMessage
  const bot = botOf(answer.conversationId, parts)
  return steps(bot, () => ({ question, answer: conversations.answerAgain(question) }), parts)
}

const titleLength = 60

function steps(
  bot: StoredBot,
  begin: AnswerSteps['begin'],
  { machineLearning, conversations }: AnsweringParts,
): AnswerSteps {
  return {
    begin,
    async answerByItself({ text, scope }, signal) {
      const help = asksForHelp(text)
      if (help) return introduce(bot, help)
      if (!bot.tools.includes('list-documents') || !asksForDocuments(text)) return undefined
      return listDocuments(bot, scope, machineLearning, signal)
    },
    async ask(question, signal) {
      if (bot.collectionIds.length === 0) {
        const message = `"${bot.name}" has no documents to answer from. Choose a collection in its settings.`
        throw new AppError('collection-empty', message)
      }
      const { name, instructions, tone, length, languages, refusal } = bot
      const { documents, tags, reading } = question.scope
      return machineLearning.ask.run(
        {
          collectionIds: bot.collectionIds,
          question: question.text,
          // What the message narrows down is narrowed down within what the bot may cite.
          ...(bot.filter.trim() === '' ? {} : { filter: bot.filter }),
          documentIds: documents.map(({ documentId }) => documentId),
          tags,
          scope: bot.tools.includes('summarise-document') ? reading : 'passages',
          release: bot.release,
          history: historyOf(question, conversations),
          persona: { name, instructions, tone, length, languages, refusal },
          origin: { botId: bot.id, conversationId: question.conversationId },
        },
        { ...(signal ? { signal } : {}) },
      )
    },
    noteText: conversations.noteText,
    end: conversations.endAnswer,
    result(id) {
      const answer = conversations.message(id) as AnswerMessage
      return { answer, conversation: conversations.get(answer.conversationId) }
    },
    now: () => Date.now(),
  }
}

const exchangesKept = 20
/** UTF-16 code units of each text: what a follow-up question is about is said early. */
const historyLength = 8000

/**
 * What was asked of the documents and completely answered before on this branch, oldest first. What the bot said by itself is
 * nothing that a question about the documents follows on.
 */
function historyOf({ parentId }: QuestionMessage, conversations: ConversationLibrary): Exchange[] {
  if (!parentId) return []
  const messages = conversations.upTo(parentId, exchangesKept * 2)
  const questions = new Map(messages.map((message) => [message.id, message]))
  const part = (text: string): string => text.slice(0, historyLength).toWellFormed()
  return messages.flatMap((message) => {
    if (message.role !== 'answer' || message.state !== 'done' || !message.parentId || !message.traceId) return []
    const question = questions.get(message.parentId)
    return question ? [{ question: part(question.text), answer: part(message.text) }] : []
  })
}

function botOf(conversationId: ConversationId, { conversations, botLibrary }: AnsweringParts): StoredBot {
  const { botId, bot } = conversations.get(conversationId)
  if (botId) return botLibrary.get(botId)
  throw new AppError('item-missing', `The bot "${bot}" was removed. Begin a conversation with another one.`)
}

function requireAnswer(message: Message, conversationId: ConversationId): void {
  if (message.conversationId === conversationId && message.role === 'answer') return
  throw new AppError('input-invalid', 'A question follows an answer of the same conversation. Open it again.')
}
