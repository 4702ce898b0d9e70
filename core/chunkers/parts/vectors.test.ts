import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../../contract/parsed-document.ts'
import type { EmbedTexts } from '../chunker.ts'
import { embedParts } from './vectors.ts'

const documentOf = (text: string): ParsedDocument => ({ text, elements: [], pages: [], warnings: [] })
const parts = [
  { start: 0, end: 4 },
  { start: 4, end: 8 },
]

/** Counts how many texts it was given; a text's vector says whether it begins with the first letter of the model. */
function counting(model?: string) {
  const asked: string[] = []
  const embed = async (texts: readonly string[]) => {
    asked.push(...texts)
    const vectors = Float32Array.from(texts.flatMap((text) => (text.startsWith(model?.[0] ?? 'x') ? [1, 0] : [0, 1])))
    return { vectors, dimensions: 2 }
  }
  const own: EmbedTexts = model === undefined ? embed : Object.assign(embed, { model })
  return { embed: own, asked }
}

describe('vectors of parts of a document', () => {
  it('are read once for the same parts of the same document by the same model', async () => {
    const document = documentOf('onetonetwo')
    const first = counting('o')
    const before = await embedParts(document, parts, first.embed)
    const second = counting('o')
    expect(await embedParts(document, parts, second.embed)).toBe(before)
    expect([first.asked.length, second.asked.length]).toEqual([2, 0])
  })

  it('are read again for other parts, another text, another model, or one without a name', async () => {
    const document = documentOf('onetonetwo')
    const { embed, asked } = counting('o')
    await embedParts(document, parts, embed)
    await embedParts(document, [parts[0]!], embed)
    await embedParts(documentOf('onetonetwo'), parts, embed)
    expect(asked).toHaveLength(5)
    document.text = 'twotonetwo'
    const changed = await embedParts(document, parts, embed)
    expect(asked).toHaveLength(7)
    expect(changed.likeness(0, 1)).toBe(0)
    const other = counting('t')
    const theirs = await embedParts(document, parts, other.embed)
    expect(other.asked).toHaveLength(2)
    expect(theirs.likeness(0, 0)).toBe(1)
    const nameless = counting()
    await embedParts(document, parts, nameless.embed)
    await embedParts(document, parts, nameless.embed)
    expect(nameless.asked).toHaveLength(4)
  })
})
