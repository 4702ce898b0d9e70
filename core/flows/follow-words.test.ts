import { describe, expect, it } from 'vitest'
import { followWords } from './follow-words.ts'

const passage =
  'The committee decided that the annual survey of kelp should be repeated in spring, because the storm had moved the buoys.'
const around = {
  before: 'Minutes of the meeting, held in the small hall of the station. ',
  after: ' The treasurer thanked all.',
}

function follow(before: string, words: string, after: string): string | undefined {
  const start = before.indexOf(words)
  const [span] = followWords(before, [{ start, end: start + words.length }], after)
  return span && after.slice(span.start, span.end)
}

describe('where passages stand in another reading', () => {
  const before = around.before + passage + around.after

  it('finds the same words elsewhere, whatever the white space', () => {
    const after = `An inserted page.\n\n${around.before}${passage.replaceAll(' ', '\n')}${around.after}`
    expect(follow(before, passage, after)).toBe(passage.replaceAll(' ', '\n'))
  })

  it('follows words through hyphens at the ends of lines and through mark-up, both ways', () => {
    const broken = passage
      .replace('committee', 'com-\nmittee')
      .replace('repeated', '**repeated**')
      .replace('storm', 'st-\norm')
    const other = around.before + broken + around.after
    expect(follow(before, passage, other)).toBe(broken.slice(0, -1))
    expect(follow(other, broken, before)).toBe(passage.slice(0, -1))
  })

  it('takes what was put in or taken out in the middle', () => {
    const [first, second] = [passage.slice(0, 60), passage.slice(60)]
    const header = '\n\nSkerry Point Station · Page 7\n\n'
    expect(follow(before, passage, around.before + first + header + second)).toBe(
      (first + header + second).slice(0, -1),
    )
    expect(follow(around.before + first + header + second, first + header + second, before)).toBe(passage.slice(0, -1))
  })

  it('says that a passage is gone where much of it is, or where only single words are left', () => {
    expect(follow(before, passage, around.before + passage.slice(0, 70) + around.after)).toBeUndefined()
    expect(follow(before, passage, passage.split(' ').reverse().join(' '))).toBeUndefined()
    expect(follow(before, passage, '')).toBeUndefined()
    expect(follow('a b c', 'b', 'a c')).toBeUndefined()
  })

  it('takes the nearer of two places that are as good', () => {
    const changed = passage.replace('annual', 'annual-')
    const filler = 'Some other words that stand between the two of them. '.repeat(40)
    const text = `${passage} ${filler} ${passage}`
    const second = text.lastIndexOf(passage)
    const after = `${changed} ${filler} ${changed}`
    const spans = followWords(
      text,
      [
        { start: 0, end: passage.length },
        { start: second, end: second + passage.length },
      ],
      after,
    )
    expect(spans.map((span) => span?.start)).toEqual([0, after.lastIndexOf(changed)])
  })

  it('counts characters outside of the basic plane and capitals that grow as what they are', () => {
    const words = '𝒜 İstanbul survey 𝟙𝟚𝟛 of the northern harbour walls'
    const before = `x ${words} y`
    const after = `x y z ${words.replace('survey', 'sur-\nvey')} end`
    expect(follow(before, words, after)).toBe(words.replace('survey', 'sur-\nvey'))
  })

  it('places many passages of a long text at once', () => {
    const lines = Array.from(
      { length: 4000 },
      (_, index) => `Station ${index} measured ${index * 7} units of salt that day.`,
    )
    const before = lines.join('\n')
    const after = lines.map((line) => line.replace('measured', 'mea-\nsured')).join('\n\n')
    const wanted = [17, 1200, 3999].map((index) => {
      const start = before.indexOf(lines[index]!)
      return { start, end: start + lines[index]!.length }
    })
    const found = followWords(before, wanted, after).map((span) => span && after.slice(span.start, span.end))
    expect(found).toEqual(
      [17, 1200, 3999].map((index) => lines[index]!.replace('measured', 'mea-\nsured').slice(0, -1)),
    )
  })
})
