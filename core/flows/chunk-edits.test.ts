import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Chunk, RevisedChunk } from '../contract/parsed-document.ts'
import type { ChunkEditId } from '../shared/ids.ts'
import { applyEdits, type AppliedEdit } from './chunk-edits.ts'
import { findAnchors } from './find-anchors.ts'

const words = (text: string): number => text.split(/\s+/).filter(Boolean).length
const documentOf = (text: string) => ({ text, elements: [], pages: [] })

/** Chunks over the parts of a text that are between the bars; the text without them. */
function cut(marked: string): { text: string; chunks: Chunk[] } {
  const text = marked.replaceAll('|', '')
  const chunks: Chunk[] = []
  let start = 0
  for (const part of marked.split('|')) {
    const end = start + part.length
    const from = start + part.length - part.trimStart().length
    const own = part.trim()
    if (own !== '') chunks.push(chunkAt(text, from, from + own.length))
    start = end
  }
  return { text, chunks }
}

const chunkAt = (text: string, start: number, end: number): Chunk => ({
  start,
  end,
  text: text.slice(start, end),
  tokens: words(text.slice(start, end)),
  headings: ['A'],
  context: '',
})

let numbers = 0
const edit = (kind: AppliedEdit['kind'], anchor: string, start: number, text: string | null = null): AppliedEdit => ({
  id: `ced_${numbers++}` as ChunkEditId,
  kind,
  anchor,
  start,
  text,
})

const apply = (marked: string, ...edits: AppliedEdit[]) => {
  const { text, chunks } = cut(marked)
  return applyEdits(documentOf(text), chunks, edits, words)
}
/** 'text', '-text' where disabled, 'text=edited'. */
const show = (chunks: readonly RevisedChunk[]): string[] =>
  chunks.map(
    (chunk) => `${chunk.disabled ? '-' : ''}${chunk.text}${chunk.edited === undefined ? '' : `=${chunk.edited}`}`,
  )

describe('where anchors are', () => {
  it.each([
    ['one two one', 'one', 8, 8],
    ['one two one', 'one', 7, 8],
    ['one two one', 'one', 3, 0],
    ['one two one', 'one', 100, 8],
    ['a\n b  c d', 'b c', 2, 3],
    ['b c, b  c, bc', 'b\nc', 12, 11],
    ['xx ab ab', 'a b a b', 0, 3],
    ['one two', 'three', 0, undefined],
    ['one two', ' \n', 3, undefined],
  ])('%j: %j from %d is at %j', (text, anchor, start, expected) => {
    expect(findAnchors(text, [{ anchor, start }])[0]?.start).toBe(expected)
  })

  it('each is for one of the same texts, and shared by edits of one place', () => {
    const starts = (text: string, ...from: number[]) =>
      findAnchors(
        text,
        from.map((start) => ({ anchor: 'X', start })),
      ).map((span) => span?.start)
    expect(starts('......X.........X', 0, 10)).toEqual([6, 16])
    expect(starts('......X.........X', 10, 0, 10)).toEqual([16, 6, 16])
    expect(starts('..........X', 0, 10)).toEqual([undefined, 10])
  })

  it('is found whatever is put around it, and white space changes in it', () => {
    const word = fc.stringMatching(/^[ab]{1,3}$/)
    const space = fc.constantFrom(' ', '\n', '  ', '\t\n')
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 6 }),
        fc.array(space),
        fc.string(),
        fc.string(),
        fc.nat(30),
        (parts, spaces, before, after, start) => {
          const moved = parts
            .map((part, index) => part + (spaces[index] ?? ' '))
            .join('')
            .trim()
          const anchor = parts.join(' ')
          const text = before + moved + after
          const span = findAnchors(text, [{ anchor, start }])[0]
          const ink = (value: string): string => value.replaceAll(/\s/g, '')
          expect(span && ink(text.slice(span.start, span.end))).toBe(ink(anchor))
        },
      ),
    )
  })
})

describe('disabled chunks', () => {
  it('are those with the text, whatever the sizes', () => {
    const off = edit('disable', 'three four', 8)
    expect(show(apply('one two |three four |five', off).chunks)).toEqual(['one two', '-three four', 'five'])
    expect(show(apply('one two three| four| five', off).chunks)).toEqual(['one two three', '-four', 'five'])
    expect(show(apply('one |two three four |five', off).chunks)).toEqual(['one', '-two three four', 'five'])
    expect(show(apply('one two three four five', off).chunks)).toEqual(['one two three four five'])
    expect(show(apply('one two thr|e|e |four five', off).chunks)).toEqual(['one two thr', '-e', '-e', 'four five'])
  })

  it('say by which edit, and move along', () => {
    const off = edit('disable', 'three four', 0)
    const result = apply('one two |three\nfour', off)
    expect(result.chunks[1]).toMatchObject({ disabled: true, editId: off.id })
    expect([...result.moved]).toEqual([[off.id, 8]])
    expect(apply('one two', off)).toMatchObject({ lost: new Set([off.id]), moved: new Map() })
  })
})

describe('edited chunks', () => {
  it('take the place of those inside, and cut those beside', () => {
    const result = apply('one two |three |four five| six', edit('edit', 'two three four', 4, 'NEW words'))
    expect(show(result.chunks)).toEqual(['one', 'two three four=NEW words', 'five', 'six'])
    expect(result.chunks[1]).toMatchObject({ tokens: 2, headings: ['A'] })
    expect(result.chunks[2]).toEqual({ ...chunkAt('one two three four five six', 19, 23) })
  })

  it('part the chunk that they are in the middle of', () => {
    expect(show(apply('one two three', edit('edit', 'two', 4, 'NEW')).chunks)).toEqual(['one', 'two=NEW', 'three'])
  })

  it('lose to later edits', () => {
    const first = edit('edit', 'two', 4, 'NEW')
    expect(show(apply('one |two |three', first, edit('edit', 'two', 4, 'NEWER')).chunks)[1]).toBe('two=NEWER')
    expect(show(apply('one |two |three', first, edit('disable', 'two', 4)).chunks)[1]).toBe('-two=NEW')
    expect(show(apply('one |two |three', edit('disable', 'two', 4), first).chunks)[1]).toBe('two=NEW')
    expect(show(apply('one |two |three', first, edit('edit', 'two three', 4, 'BOTH')).chunks)).toEqual([
      'one',
      'two three=BOTH',
    ])
  })
})

describe('added chunks', () => {
  it('stand beside the others, in order', () => {
    const result = apply('one two |three four', edit('add', 'two three', 4), edit('add', 'four', 14, 'IV'))
    expect(show(result.chunks)).toEqual(['one two', 'two three', 'three four', 'four=IV'])
  })

  it('are edited and disabled without the others', () => {
    const add = edit('add', 'two three', 4)
    expect(show(apply('one two |three four', add, edit('edit', 'two three', 4, 'NEW')).chunks)).toEqual([
      'one two',
      'two three=NEW',
      'three four',
    ])
    expect(show(apply('one two |three four', add, edit('edit', 'one two', 0, 'NEW')).chunks)).toEqual([
      'one two=NEW',
      'two three',
      'three four',
    ])
  })
})

it('pages and lines are those of the new spans', () => {
  const { text, chunks } = cut('one\n\ntwo\n\nthree')
  const pages = [
    { number: 1, start: 0, end: 3, kind: 'slide' as const },
    { number: 2, start: 3, end: text.length, kind: 'slide' as const },
  ]
  const result = applyEdits({ text, elements: [], pages }, chunks, [edit('edit', 'two', 5, 'NEW')], words)
  expect(result.chunks.map(({ pageFirst, pageLast, place }) => [pageFirst, pageLast, place])).toEqual([
    [1, 1, 'slide 1'],
    [2, 2, 'slide 2'],
    [2, 2, 'slide 2'],
  ])
})

describe('what chunks are answered with', () => {
  const wide = (marked: string, ...edits: AppliedEdit[]) => {
    const { text, chunks } = cut(marked)
    const whole = chunks.map((chunk) => ({ ...chunk, answerStart: 0, answerEnd: text.length }))
    return applyEdits(documentOf(text), whole, edits, words).chunks.map(({ text: own, answerStart, answerEnd }) => [
      own,
      answerStart === undefined ? null : text.slice(answerStart, answerEnd),
    ])
  }

  it('stays as it is where nobody changed anything', () => {
    expect(wide('one |two')).toEqual([
      ['one', 'one two'],
      ['two', 'one two'],
    ])
  })

  it('ends at chunks that are switched off or have other words', () => {
    expect(wide('one |two |three |four |five', edit('disable', 'two', 4), edit('edit', 'five', 19, 'six'))).toEqual([
      ['one', 'one'],
      ['two', null],
      ['three', 'three four'],
      ['four', 'three four'],
      ['five', null],
    ])
  })
})

it('keeps its promises for any text, chunks and edits, and loses no text', () => {
  const token = fc.constantFrom('a', 'b', 'ab ', ' ', '\n', 'word ', 'c\n\n', '😀', '\u2003')
  const anyText = fc.array(token, { maxLength: 60 }).map((parts) => parts.join(''))
  const kind = fc.constantFrom<AppliedEdit['kind']>('disable', 'edit', 'add')
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(
      anyText,
      fc.array(share, { maxLength: 8 }),
      fc.integer({ min: 0, max: 3 }),
      fc.array(fc.tuple(kind, share, share, fc.constantFrom('NEW', 'NEW words')), { maxLength: 6 }),
      anyText,
      (text, cuts, overlapping, given, before) => {
        const bounds = [0, ...cuts.map((part) => Math.floor(part * text.length)).sort((a, b) => a - b), text.length]
        const spans = bounds.slice(1).map((end, index) => [Math.max(0, bounds[index]! - overlapping), end] as const)
        const newText = before + text
        const chunks = spans.flatMap(([start, end]) => {
          const part = text.slice(start, end)
          const from = before.length + start + part.length - part.trimStart().length
          return part.trim() === '' ? [] : [chunkAt(newText, from, from + part.trim().length)]
        })
        const edits = given.flatMap(([kind, a, b, newWords]) => {
          const [start, end] = [a, b].map((part) => Math.floor(part * text.length)).sort((x, y) => x - y) as [
            number,
            number,
          ]
          return [edit(kind, text.slice(start, end), start, kind === 'disable' ? null : newWords)]
        })
        const original = structuredClone(chunks)
        const result = applyEdits(documentOf(newText), chunks, edits, words)
        expect(chunks).toEqual(original)
        const covered = new Uint8Array(newText.length)
        let start = 0
        for (const chunk of result.chunks) {
          expect(newText.slice(chunk.start, chunk.end)).toBe(chunk.text)
          expect(chunk.text.trim()).toBe(chunk.text)
          expect(chunk.text).not.toBe('')
          expect(chunk.start).toBeGreaterThanOrEqual(start)
          expect(chunk.tokens).toBe(words(chunk.edited ?? chunk.text))
          expect(chunk.edited === undefined || chunk.editId !== undefined).toBe(true)
          start = chunk.start
          covered.fill(1, chunk.start, chunk.end)
        }
        for (const { start, end, text: part } of original)
          for (let place = start; place < end; place++)
            if (newText[place]!.trim() !== '' && covered[place] === 0)
              expect.fail(`lost ${place} of ${JSON.stringify(part)}`)
        for (const { id, anchor } of edits) expect(result.lost.has(id)).toBe(anchor.trim() === '')
        // The last edit of a text is there as it was made.
        const last = edits.at(-1)
        if (last && last.kind !== 'disable' && last.anchor.trim() !== '') {
          expect(result.chunks.some(({ editId, edited }) => editId === last.id && edited === last.text)).toBe(true)
        }
      },
    ),
    { numRuns: 400 },
  )
})
