import { exportConversation } from '../exports/export-conversation.ts'
import { answerMessage } from '../flows/answer-message.ts'
import { stepsOfRegenerating, stepsOfSending } from '../services/answer-steps.ts'
import { plainLine } from '../services/plain-text.ts'
import { rateAnswer } from '../services/rate-answer.ts'
import type { ApplicationServices } from '../services/services.ts'
import { os } from './base.ts'

export function conversationHandlers(services: ApplicationServices) {
  const { conversations, botLibrary } = services
  return {
    list: os.conversations.list.handler(({ input }) => ({
      ...conversations.list(input),
      folders: conversations.folders(),
    })),
    get: os.conversations.get.handler(({ input }) => conversations.get(input.conversationId)),
    create: os.conversations.create.handler(({ input }) => conversations.create(botLibrary.get(input.botId).id)),
    update: os.conversations.update.handler(({ input }) => {
      const { conversationId, title, folder } = input
      return conversations.update(conversationId, {
        title: title === undefined ? undefined : plainLine(title) || undefined,
        folder: folder === undefined ? undefined : plainLine(folder),
      })
    }),
    remove: os.conversations.remove.handler(({ input }) => ({ removed: conversations.remove(input.conversationId) })),
    messages: os.conversations.messages.handler(({ input }) => {
      const { conversationId, before, limit } = input
      const last = before ? conversations.message(before).parentId : conversations.leaf(conversationId)
      if (!last) return { messages: [], earlier: 0 }
      const messages = conversations.upTo(last, limit)
      return { messages, earlier: messages[0] ? conversations.depth(messages[0].id) : 0 }
    }),
    show: os.conversations.show.handler(({ input }) => conversations.show(input.messageId)),
    send: os.conversations.send.handler(async function* ({ input, signal }) {
      yield* answerMessage(stepsOfSending(input, services), signal)
    }),
    regenerate: os.conversations.regenerate.handler(async function* ({ input, signal }) {
      yield* answerMessage(stepsOfRegenerating(input.messageId, services), signal)
    }),
    rate: os.conversations.rate.handler(({ input }) => rateAnswer(input.messageId, input.feedback, services)),
    ofTrace: os.conversations.ofTrace.handler(({ input }) => {
      const answer = conversations.ofTrace(input.traceId)
      return { answer, conversation: conversations.get(answer.conversationId) }
    }),
    export: os.conversations.export.handler(({ input }) => {
      const conversation = conversations.get(input.conversationId)
      const last = conversations.leaf(conversation.id)
      const messages = last ? conversations.upTo(last, Number.MAX_SAFE_INTEGER) : []
      return exportConversation({ conversation, messages, exportedAt: Date.now() }, input.format)
    }),
  }
}
