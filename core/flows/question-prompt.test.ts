import { expect, it } from 'vitest'
import { questionPrompt, readQuestionReply } from './question-prompt.ts'

it('shows the excerpt, and what was asked before', () => {
  const { messages } = questionPrompt('The wall is 4 m high.', 'Harbour', ['How long is the wall?'])
  expect(messages.map(({ role }) => role)).toEqual(['system', 'user'])
  expect(messages[1]!.content).toContain('The wall is 4 m high.')
  expect(messages[1]!.content).toContain('- How long is the wall?')
})

it.each([
  ['{"question":"How high?","quotes":["4 m"],"answer":""}', true],
  ['{"question":"How high?","quotes":["4 m"],"ans', false],
  ['{"question":"","quotes":["4 m"],"answer":"4 m"}', false],
  ['{"question":"How high?","quotes":[],"answer":"4 m"}', false],
  ['Once upon a time', false],
  ['[]', false],
])('reads %s: %s', (text, isReply) => expect(readQuestionReply(text) !== undefined).toBe(isReply))
