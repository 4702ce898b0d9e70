import { describe, expect, it } from 'vitest'
import { asksForHelp } from './asks-for-help.ts'

describe('a message to the bot itself', () => {
  it.each([
    ['hello', 'greeting'],
    ['Hi there!', 'greeting'],
    ['Guten Tag.', 'greeting'],
    ['👋 hey', 'greeting'],
    ['你好', 'greeting'],
    ['Thank you so much!', 'thanks'],
    ['ok, thanks', 'thanks'],
    ['Vielen Dank', 'thanks'],
    ['help', 'help'],
    ['What can you do?', 'help'],
    ['Hello, what can you do for me?', 'help'],
    ['Who are you?', 'help'],
    ['How does this bot work?', 'help'],
    ['Qui êtes-vous ?', 'help'],
  ])('%s', (message, kind) => expect(asksForHelp(message)).toBe(kind))

  it.each([
    '',
    '???',
    'hello world',
    'Hello, how many days of leave are there?',
    'thank you letter',
    'Who is thanked?',
    'help desk',
    'What can you do about mould?',
    'What is this?',
    'How does it work?',
    'hi-vis jackets',
    'Who are you allowed to call at night?',
  ])('and none: %j', (message) => expect(asksForHelp(message)).toBeUndefined())
})
