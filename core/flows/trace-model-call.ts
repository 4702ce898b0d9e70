import type { SpanAttributes } from '../contract/traces.ts'
import type { AnswerPart } from '../generators/generator.ts'
import { attributeNames } from '../shared/trace-attributes.ts'
import type { OpenSpan } from './open-trace.ts'

/** The call of a language model as a part of the step `generation`, from what a generator says of it. */
export function traceModelCall(generation: OpenSpan, now: () => number, about: SpanAttributes = {}) {
  let call: OpenSpan | undefined
  let startedAt = 0
  let waits = false
  let output: Record<string, unknown> = {}
  return {
    take(part: AnswerPart): void {
      if (part.type === 'prompt') {
        startedAt = now()
        waits = true
        call = generation.open('chat', 'llm', { model: part.model, messages: shown(part.messages) })
        call.note({
          ...about,
          [attributeNames.operation]: 'chat',
          [attributeNames.requestModel]: part.model,
          [attributeNames.responseModel]: part.model,
          [attributeNames.llmModel]: part.model,
        })
      } else if (part.type === 'usage') {
        const { promptTokens, outputTokens, stoppedBy } = part
        output = { promptTokens, outputTokens, stoppedBy }
        call?.note({
          [attributeNames.inputTokens]: promptTokens,
          [attributeNames.outputTokens]: outputTokens,
          [attributeNames.finishReasons]: [stoppedBy],
          [attributeNames.llmPromptTokens]: promptTokens,
          [attributeNames.llmOutputTokens]: outputTokens,
          [attributeNames.llmTotalTokens]: promptTokens + outputTokens,
        })
      } else if (waits) {
        waits = false
        call?.note({ [attributeNames.timeToFirstChunk]: (now() - startedAt) / 1000 })
      }
    },
    /** The answer is complete. Gives what is known of tokens. */
    end(answer: string): Record<string, unknown> {
      call?.close({ answer, ...output })
      return output
    },
  }
}

/** What a model was told, as far as a person reads it: a whole document is in the trace already. */
function shown(messages: Extract<AnswerPart, { type: 'prompt' }>['messages']) {
  return messages.map(({ role, content }) => ({
    role,
    content: content.length > mostShown ? `${content.slice(0, mostShown)} …` : content,
  }))
}
const mostShown = 100_000
