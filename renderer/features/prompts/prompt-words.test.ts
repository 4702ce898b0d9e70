import { describe, expect, it } from 'vitest'
import { piecesOf, problemsOf, withVariable, type PromptVariable } from './prompt-words.ts'

const variables: PromptVariable[] = [
  { name: 'sources', summary: '', places: ['user'], isRequired: true },
  { name: 'tone', summary: '', places: ['system', 'user'], isRequired: false },
]

describe('the text of a prompt', () => {
  it('is told apart, and joins to itself', () => {
    const text = 'Be {{tone}}, {{ sources }} and {{moon}}.\n{{}}{ {{{tone}}}'
    const pieces = piecesOf(text, 'system', variables)
    expect(pieces.map((piece) => piece.text).join('')).toBe(text)
    expect(pieces.filter(({ kind }) => kind !== 'text')).toEqual([
      { text: '{{tone}}', kind: 'variable' },
      { text: '{{ sources }}', kind: 'misplaced' },
      { text: '{{moon}}', kind: 'unknown' },
      { text: '{{}}', kind: 'unknown' },
      { text: '{{tone}}', kind: 'variable' },
    ])
    expect(piecesOf('', 'user', variables)).toEqual([])
  })

  it('has its problems said once each', () => {
    expect(problemsOf('{{moon}} {{moon}} {{tone}}', 'user', variables)).toEqual([
      '{{moon}} is no variable: the model would not get anything for it.',
      '{{sources}} is missing: without it the model does not get the sources.',
    ])
    expect(problemsOf('{{sources}}', 'system', variables)).toEqual(['{{sources}} belongs in the message, not here.'])
    expect(problemsOf('{{ sources }}', 'user', variables)).toEqual([])
    expect(problemsOf(' ', 'system', variables)).toEqual(['It is empty.'])
  })

  it('takes a variable where the caret is, in place of what is selected', () => {
    expect(withVariable('Be kind.', 'tone', 3, 7)).toEqual({ text: 'Be {{tone}}.', caret: 11 })
    expect(withVariable('', 'tone', 0, 0)).toEqual({ text: '{{tone}}', caret: 8 })
  })
})
