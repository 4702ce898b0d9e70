import { z } from 'zod'
import type { ChatMessage } from '../generators/text-generator.ts'

/** What a language model is asked for, one excerpt at a time. */
export interface QuestionPrompt {
  messages: ChatMessage[]
  /** A JSON schema for the reply. */
  grammar: Record<string, unknown>
}

/**
 * One question and the sentences that answer it, word for word, so that they can be found again. Questions that were
 * made already are shown, and asked not to be repeated (as in "Evaluating Chunking Strategies for Retrieval", Chroma
 * 2024; the words are our own).
 */
export function questionPrompt(excerpt: string, title: string, asked: readonly string[]): QuestionPrompt {
  const before = asked.length === 0 ? '' : `\n\nThese were asked already; ask something else:\n${list(asked)}`
  return {
    messages: [
      {
        role: 'system',
        content:
          'You write test questions for a search engine. From an excerpt of a document you make one question that a ' +
          'person could ask who has not seen the excerpt, and that the excerpt answers completely. Name the things ' +
          'that you ask about; never write "the text", "this document" or "the excerpt", and never use a pronoun for ' +
          'what you ask about. Then copy the sentences that answer it, one to three, exactly as they stand there, and ' +
          'say the answer in a few words. Reply as JSON: {"question": "…", "quotes": ["…"], "answer": "…"}.',
      },
      { role: 'user', content: `Document: ${title}\n\nExcerpt:\n"""\n${excerpt}\n"""${before}` },
    ],
    grammar: {
      type: 'object',
      properties: {
        question: { type: 'string' },
        quotes: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 3 },
        answer: { type: 'string' },
      },
      required: ['question', 'quotes', 'answer'],
      additionalProperties: false,
    },
  }
}

const replySchema = z.object({
  question: z.string().trim().min(1).max(1000),
  quotes: z.array(z.string().trim().min(1)).min(1).max(3),
  answer: z.string().trim().max(2000),
})
export type QuestionReply = z.infer<typeof replySchema>

/** Undefined where the reply is not what was asked for, or only the beginning of it. */
export function readQuestionReply(text: string): QuestionReply | undefined {
  try {
    const parsed = replySchema.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

function list(questions: readonly string[]): string {
  return questions.map((question) => `- ${question}`).join('\n')
}
