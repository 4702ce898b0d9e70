import { describe, expect, it } from 'vitest'
import { analyseQuestion, answersType } from './question.ts'

describe('what a question asks for', () => {
  it.each([
    ['How long must I wait?', 'duration'],
    ['How often is it checked?', 'frequency'],
    ['How much money is set aside, and when?', 'money'],
    ['How deep may we dive?', 'measure'],
    ['How many people fit?', 'number'],
    ['Wie lange dauert es?', 'duration'],
    ['When does it start?', 'time'],
    ['Why did it break?', 'reason'],
    ['Is it new?', undefined],
  ])('%s', (text, expected) => {
    expect(analyseQuestion(text).answerType).toBe(expected)
  })

  it.each([
    ['How long must I wait?', 'Wait for 24 hours.', 1],
    ['How long must I wait?', 'There are 24 chairs.', 0.5],
    ['How long must I wait?', 'A chair is free.', 0],
    ['How often is it checked?', 'Every month.', 1],
    ['What does it cost?', 'The fee is £36.', 1],
    ['How deep is it?', 'The well is 38 m deep.', 1],
  ])('%s is answered by %s: %d', (text, answer, expected) => {
    expect(answersType(analyseQuestion(text), answer)).toBe(expected)
  })

  it('takes a heading about causes for a reason', () => {
    const question = analyseQuestion('Why did the tap break?')
    expect(answersType(question, 'The plastic was brittle.')).toBe(0)
    expect(answersType(question, 'The plastic was brittle.', 'Direct cause')).toBe(1)
  })

  it('knows the sentence before the question, and the second of two questions, as asides', () => {
    const asides = (text: string): string[] =>
      analyseQuestion(text).terms.flatMap(({ word, aside }) => (aside ? [word.folded] : []))
    expect(asides('I dropped a lens. Must I replace it?')).toEqual(['dropped', 'lens'])
    expect(asides('How many quotes do I need, and who signs?')).toEqual(['signs'])
    expect(asides('Where is the lens')).toEqual([])
  })
})
