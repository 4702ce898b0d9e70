import type { AnswerEvaluatorDefinition } from './evaluator.ts'
import { f1, normalisedWords, plainAnswer } from './parts/answer-words.ts'
import { noOptions } from './parts/options.ts'

/** SQuAD's F1: words that answer and expected answer have in common, as often as both have them. */
export const tokenF1: AnswerEvaluatorDefinition = {
  id: 'token-f1',
  kind: 'answer',
  better: 'higher',
  label: 'Word F1',
  summary: 'How many words answer and expected answer share, in any order.',
  version: 1,
  options: noOptions,
  create: () => ({
    score({ answer, expectedAnswer, answerable }) {
      if (expectedAnswer === null || !answerable) return null
      const [given, wanted] = [normalisedWords(plainAnswer(answer)), normalisedWords(expectedAnswer)]
      if (given.length === 0 || wanted.length === 0) return given.length === wanted.length ? 1 : 0
      const left = new Map<string, number>()
      for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1)
      let common = 0
      for (const word of given) {
        const count = left.get(word) ?? 0
        if (count === 0) continue
        left.set(word, count - 1)
        common += 1
      }
      return f1(common / given.length, common / wanted.length)
    },
  }),
}
