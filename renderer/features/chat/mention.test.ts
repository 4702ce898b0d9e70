import { describe, expect, it } from 'vitest'
import { mentionAt, withoutMention } from './mention.ts'

const at = (text: string) => mentionAt(text, text.length)

describe('mentions', () => {
  it.each([
    ['@', 'document', ''],
    ['@boats', 'document', 'boats'],
    ['Who pays, @annual report 20', 'document', 'annual report 20'],
    ['#dra', 'tag', 'dra'],
    ['Why?\n#', 'tag', ''],
  ])('are seen in %j', (text, kind, query) => expect(at(text)).toMatchObject({ kind, query }))

  it.each(['mail me at a@b.example', 'C#', 'a @ b', 'the @boats  are', '@boats\nand', '#draft is', 'plain'])(
    'are not seen in %j',
    (text) => expect(at(text)).toBeNull(),
  )

  it('are those before the caret', () => {
    expect(mentionAt('@boats and more', 4)).toEqual({ kind: 'document', query: 'boa', start: 0, end: 4 })
  })

  it('leave the text when they are chosen', () => {
    const text = 'Who pays, @boa for it?'
    const mention = mentionAt(text, 'Who pays, @boa'.length)!
    expect(withoutMention(text, mention)).toEqual({ text: 'Who pays, for it?', caret: 'Who pays, '.length })
    expect(withoutMention('@boa', mentionAt('@boa', 4)!)).toEqual({ text: '', caret: 0 })
  })
})
