import { describe, expect, it } from 'vitest'
import { createTextCollector, detachTexts, textPieces } from './long-texts.ts'

const long = 'aé€𝄞'.repeat(1_000_001)

function carry(value: unknown): { message: unknown; arrived: unknown; pieces: number } {
  const { value: message, paths, texts } = detachTexts(value)
  const collector = createTextCollector()
  let pieces = 0
  for (const piece of textPieces(1, texts)) {
    pieces += 1
    collector.take(structuredClone(piece))
  }
  return { message, arrived: collector.attach(structuredClone(message), paths), pieces }
}

describe('long texts', () => {
  it.each([
    ['a text alone', long],
    ['an output', { known: false, document: { text: long, elements: [1] }, note: `${long}!` }],
    ['nothing', null],
  ])('arrive as they were: %s', (_name, value) => {
    expect(carry(value).arrived).toEqual(value)
  })

  it('leave the message small, and what was given unchanged', () => {
    const value = { document: { text: long, pages: [] }, size: 3 }
    const { message, pieces } = carry(value)
    expect(message).toEqual({ document: { text: '', pages: [] }, size: 3 })
    expect(pieces).toBeGreaterThan(4)
    expect(value.document.text).toBe(long)
  })

  it('are looked for where documents are, not in lists nor further down', () => {
    const value = { a: { b: { c: long } }, list: [long], short: 'x', bytes: new Uint8Array(3) }
    expect(carry(value)).toMatchObject({ message: value, pieces: 0 })
  })
})
