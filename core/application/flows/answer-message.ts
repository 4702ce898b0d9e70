import type { AskEvent } from '../../contract/ask.ts'
import type { AnswerMessage, Conversation, QuestionMessage, SendEvent } from '../../contract/conversations.ts'
import { type AppError, isCancellation, toAppError, toErrorData } from '../../contract/errors.ts'
import type { MessageId } from '../../shared/ids.ts'

/** The steps of the flow. The database, the bot and the ML layer are behind them. */
export interface AnswerSteps {
  /** The question, kept, with an answer after it in state 'answering'. */
  begin(): { question: QuestionMessage; answer: AnswerMessage }
  /** What the bot answers by itself, from what it knows of itself; undefined where the documents have to be asked. */
  answerByItself(question: QuestionMessage, signal?: AbortSignal): Promise<string | undefined>
  /** Asks the documents, with what went before the question. */
  ask(question: QuestionMessage, signal?: AbortSignal): Promise<AsyncIterable<AskEvent>>
  /** What there is of the answer so far, so that a crash does not lose it. */
  noteText(id: MessageId, text: string): void
  /** Keeps how the answer ended. */
  end(id: MessageId, end: AnswerEnd): void
  /** As they are kept now. Errors: item-missing (removed meanwhile). */
  result(id: MessageId): { answer: AnswerMessage; conversation: Conversation }
  /** Milliseconds since 1970. */
  now(): number
}

/** What an answer has become. */
export type AnswerEnd = Pick<
  AnswerMessage,
  | 'text'
  | 'error'
  | 'rewritten'
  | 'citations'
  | 'unsupported'
  | 'refused'
  | 'passageMode'
  | 'lowRelevance'
  | 'note'
  | 'invented'
  | 'traceId'
  | 'release'
  | 'durationMs'
> & { state: 'done' | 'stopped' | 'failed' }

/**
 * A message in, an answer kept: keep the question and an empty answer -> (answer by itself, or ask the documents and pass
 * on what comes) -> keep how it ended. It is kept also when asking fails ('failed') and when the asker leaves ('stopped',
 * with the text so far). Errors: what asking throws.
 */
export async function* answerMessage(steps: AnswerSteps, signal?: AbortSignal): AsyncGenerator<SendEvent> {
  const { question, answer } = steps.begin()
  const draft = beginDraft(steps, answer.id)
  try {
    yield { type: 'message-start', question, answer }

    const own = await steps.answerByItself(question, signal)
    const events =
      own === undefined ? await steps.ask(question, signal) : [{ type: 'answer-delta' as const, text: own }]
    for await (const event of events) {
      draft.take(event)
      yield { type: 'ask', event }
    }

    draft.end('done')
  } catch (thrown) {
    const error = toAppError(thrown)
    if (isLeaving(error, signal)) draft.end('stopped')
    else draft.end('failed', error)
    throw error
  } finally {
    // The asker has left between two events.
    draft.end('stopped')
  }
  yield { type: 'message-end', ...steps.result(answer.id) }
}

/** The asker is gone, or the workspace is being closed. */
function isLeaving(error: AppError, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true || isCancellation(error) || error.code === 'connection-lost'
}

const noteEveryMs = 1000

/** The answer as its events make it. It ends once; what comes after that is nothing. */
function beginDraft(steps: AnswerSteps, id: MessageId) {
  const startedAt = steps.now()
  let notedAt = startedAt
  let ended = false
  const draft: Omit<AnswerEnd, 'state' | 'error'> = {
    text: '',
    rewritten: null,
    citations: [],
    unsupported: [],
    refused: false,
    passageMode: 'retrieved',
    lowRelevance: false,
    note: null,
    invented: 0,
    traceId: null,
    release: null,
    durationMs: null,
  }
  return {
    take(event: AskEvent): void {
      switch (event.type) {
        case 'ask-start':
          draft.traceId = event.traceId
          draft.release = event.release
          return
        case 'rewrite-end':
          draft.rewritten = event.question
          return
        case 'retrieval-end':
          draft.passageMode = event.passageMode
          draft.lowRelevance = event.lowRelevance
          draft.note = event.note
          return
        case 'citation':
          draft.citations.push(event.citation)
          return
        case 'unsupported':
          draft.unsupported.push({ start: event.start, end: event.end })
          return
        case 'answer-delta':
          draft.text += event.text
          if (steps.now() - notedAt < noteEveryMs) return
          notedAt = steps.now()
          steps.noteText(id, draft.text)
          return
        case 'ask-end': {
          const { answer, citations, unsupported, refused, passageMode, lowRelevance, note, invented } = event
          const end = { citations, unsupported, refused, passageMode, lowRelevance, note, invented }
          Object.assign(draft, end, { text: answer, durationMs: event.durationMs })
        }
      }
    },
    end(state: AnswerEnd['state'], error?: AppError): void {
      if (ended) return
      ended = true
      const durationMs = draft.durationMs ?? steps.now() - startedAt
      steps.end(id, { ...draft, durationMs, state, error: error ? toErrorData(error) : null })
    },
  }
}
