import type { Feedback } from '../../contract/ask.ts'
import type { MachineLearningClient } from '../../contract/client.ts'
import type { AnswerMessage } from '../../contract/conversations.ts'
import { AppError } from '../../contract/errors.ts'
import type { MessageId } from '../../shared/ids.ts'
import type { ConversationLibrary } from '../library/conversations.ts'

export interface RatingParts {
  machineLearning: Pick<MachineLearningClient, 'traces'>
  conversations: Pick<ConversationLibrary, 'rate'>
}

/**
 * Keeps what somebody thinks of an answer with the message, and tells the ML layer, for whom the answer is a trace.
 * Errors: item-missing (the message), input-invalid (a question).
 */
export async function rateAnswer(
  id: MessageId,
  feedback: Feedback,
  { machineLearning, conversations }: RatingParts,
): Promise<AnswerMessage> {
  const answer = conversations.rate(id, feedback)
  if (!answer.traceId) return answer
  try {
    await machineLearning.traces.rate({ traceId: answer.traceId, feedback })
  } catch (error) {
    // Traces may be removed at any time; what was said of the answer stays with it.
    if (!(error instanceof AppError) || error.code !== 'item-missing') throw error
  }
  return answer
}
