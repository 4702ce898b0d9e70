import type { AnswerEvaluatorDefinition } from './evaluator.ts'
import { f1, normalisedWords, plainAnswer } from './parts/answer-words.ts'
import { noOptions } from './parts/options.ts'

/** ROUGE-L (Lin, 2004), with β = 1: F1 over the longest common subsequence of words. */
export const rougeL: AnswerEvaluatorDefinition = {
  id: 'rouge-l',
  kind: 'answer',
  better: 'higher',
  label: 'ROUGE-L',
  summary: 'How many words answer and expected answer share in the same order.',
  version: 1,
  options: noOptions,
  create: () => ({
    score({ answer, expectedAnswer, answerable }) {
      if (expectedAnswer === null || !answerable) return null
      // An answer of a megabyte is compared by its beginning: the time grows with the product of both.
      const given = normalisedWords(plainAnswer(answer)).slice(0, mostWords)
      const wanted = normalisedWords(expectedAnswer).slice(0, mostWords)
      if (given.length === 0 || wanted.length === 0) return given.length === wanted.length ? 1 : 0
      const common = longestCommon(given, wanted)
      return f1(common / given.length, common / wanted.length)
    },
  }),
}

const mostWords = 4000

function longestCommon(a: readonly string[], b: readonly string[]): number {
  let before = new Uint32Array(b.length + 1)
  for (const word of a) {
    const row = new Uint32Array(b.length + 1)
    for (let index = 0; index < b.length; index++)
      row[index + 1] = word === b[index] ? before[index]! + 1 : Math.max(row[index]!, before[index + 1]!)
    before = row
  }
  return before[b.length]!
}
