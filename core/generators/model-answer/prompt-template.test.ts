import { describe, expect, it } from 'vitest'
import { checkPrompt, fillIn, promptVariables, standardPrompt } from './prompt-template.ts'

describe('a prompt that a person writes', () => {
  it.each([
    [{ system: 'Answer.', user: 'Sources: {{sources}} {{question}}' }],
    [
      {
        system: '{{bot}} {{ tone }} {{today}} {{languages}} {{length}} {{refusal}}',
        user: '{{history}}\n{{sources}}{{question}}{{question}}',
      },
    ],
    [{ system: 'JSON such as {"a": {"b": 1}} and { {x} }', user: '{{sources}} {{question}}' }],
    [standardPrompt],
  ])('may be %j', (texts) => expect(() => checkPrompt(texts)).not.toThrow())

  it.each([
    [{ system: 'Answer.', user: '{{question}}' }, /lacks \{\{sources\}\}/],
    [{ system: 'Answer.', user: '{{sources}}' }, /lacks \{\{question\}\}/],
    [{ system: '{{sources}}', user: '{{sources}} {{question}}' }, /\{\{sources\}\} belongs in the message of the user/],
    [
      { system: '{{question}}', user: '{{sources}} {{question}}' },
      /\{\{question\}\} belongs in the message of the user/,
    ],
    [{ system: '{{history}}', user: '{{sources}} {{question}}' }, /\{\{history\}\} belongs/],
    [{ system: 'A', user: '{{sources}} {{sources}} {{question}}' }, /more than once/],
    [
      { system: 'A', user: '{{source}} {{question}}' },
      /\{\{source\}\}, which is no variable\. There are: \{\{sources\}\}/,
    ],
    [{ system: '{{}}', user: '{{sources}} {{question}}' }, /no variable/],
    [{ system: '{{constructor}}', user: '{{sources}} {{question}}' }, /no variable/],
    [{ system: 'A', user: '{{Sources}} {{question}}' }, /\{\{Sources\}\}, which is no variable/],
  ])('may not be %j, and is told why', (texts, message) => {
    expect(() => checkPrompt(texts)).toThrow(
      expect.objectContaining({ code: 'input-invalid', message: expect.stringMatching(message) as string }) as Error,
    )
  })

  it('knows what it may ask for', () => {
    expect(promptVariables.map(({ name }) => name).sort()).toEqual([
      'bot',
      'history',
      'instructions',
      'languages',
      'length',
      'question',
      'refusal',
      'sources',
      'today',
      'tone',
    ])
    expect(promptVariables.filter(({ isRequired }) => isRequired).map(({ name }) => name)).toEqual([
      'sources',
      'question',
    ])
  })
})

describe('values in a prompt', () => {
  it('stand where their names stood, once: what a value says is text', () => {
    expect(fillIn('a {{x}} {{ y }} {{x}}', { x: '{{y}} $& $1', y: '2' })).toBe('a {{y}} $& $1 2 {{y}} $& $1')
  })

  it('take their line with them where all of it is empty', () => {
    expect(fillIn('One.\nTone: {{tone}}\n{{a}} and {{b}}\n\nAlso: {{c}}', { tone: '', a: '', b: 'B', c: '' })).toBe(
      'One.\n and B',
    )
  })
})
