import type { AskEvent } from '../../../core/contract/ask.ts'
import type { AnswerMessage, Message, QuestionMessage } from '../../../core/contract/conversations.ts'
import type { MessageId } from '../../../core/shared/ids.ts'

/** A question and what came of it. The first of a page of messages may be an answer alone. */
export interface Turn {
  key: MessageId
  question: QuestionMessage | null
  answer: AnswerMessage | null
}

/** The messages of a branch, oldest first, by twos. The messages stay the same objects. */
export function turnsOf(messages: readonly Message[]): Turn[] {
  const turns: Turn[] = []
  for (const message of messages) {
    const last = turns.at(-1)
    if (message.role === 'question') turns.push({ key: message.id, question: message, answer: null })
    else if (last && last.answer === null && last.key === message.parentId) last.answer = message
    else turns.push({ key: message.id, question: null, answer: message })
  }
  return turns
}

/** The branch from where the question was asked on: what followed before belongs to another branch. */
export function withStart(messages: readonly Message[], question: QuestionMessage, answer: AnswerMessage): Message[] {
  const same = messages.findIndex(({ id }) => id === question.id)
  const before = same >= 0 ? same : messages.findIndex(({ id }) => id === question.parentId) + 1
  return [...messages.slice(0, before), question, answer]
}

/** `message` in the place of what had its id. */
export function withMessage(messages: readonly Message[], message: Message): Message[] {
  return messages.map((other) => (other.id === message.id ? message : other))
}

/** The answer after one more event of asking. */
export function withEvent(answer: AnswerMessage, event: AskEvent): AnswerMessage {
  switch (event.type) {
    case 'ask-start':
      return { ...answer, traceId: event.traceId, release: event.release }
    case 'rewrite-end':
      return { ...answer, rewritten: event.question }
    case 'retrieval-end':
      return { ...answer, passageMode: event.passageMode, note: event.note, lowRelevance: event.lowRelevance }
    case 'citation':
      return { ...answer, citations: [...answer.citations, event.citation] }
    case 'unsupported':
      return { ...answer, unsupported: [...answer.unsupported, { start: event.start, end: event.end }] }
    case 'answer-delta':
      return { ...answer, text: answer.text + event.text }
    case 'ask-end': {
      const { type: _, answer: text, ...rest } = event
      return { ...answer, text, ...rest }
    }
  }
}

/** Which of its siblings a message is, and those beside it. Null where it has none. */
export function branchOf({ id, siblings }: Pick<Message, 'id' | 'siblings'>): {
  index: number
  count: number
  previous: MessageId | null
  next: MessageId | null
} | null {
  const index = siblings.indexOf(id)
  if (siblings.length < 2 || index < 0) return null
  return { index, count: siblings.length, previous: siblings[index - 1] ?? null, next: siblings[index + 1] ?? null }
}
