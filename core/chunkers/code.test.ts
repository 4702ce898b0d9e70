import { describe, expect, it } from 'vitest'
import type { Chunk, Element, ParsedDocument } from '../contract/parsed-document.ts'
import { findDefinition } from '../shared/family.ts'
import { createWordPiece, parseWordPiece } from '../tokenizers/word-piece.ts'
import { chunkerDefinitions } from './list.ts'

/** Every word is one unknown token. */
const tokenizer = createWordPiece(
  parseWordPiece({
    normalizer: { type: 'BertNormalizer' },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    model: { vocab: { '[UNK]': 0 } },
  })!,
  'words',
)

async function chunk(id: string, options: Record<string, unknown>, document: ParsedDocument): Promise<Chunk[]> {
  const definition = findDefinition('chunker', chunkerDefinitions, id)
  return definition.create(definition.options.parse(options), { tokenizer }).chunk(document)
}

/** A source file from its pieces: the definitions that hold each, and its text. */
function source(...pieces: [symbols: string[], text: string][]): ParsedDocument {
  let text = ''
  const elements = pieces.map(([symbols, content]): Element => {
    const start = text.length
    text += `${content}\n\n`
    return { kind: 'code', start, end: start + content.length, ...(symbols.length > 0 ? { symbols } : {}) }
  })
  return { text, elements, pages: [], warnings: [], hasLines: true }
}

const words = (count: number, word: string): string => Array.from({ length: count }, () => word).join(' ')
const first = ({ text }: Chunk): string => text.split(/\s+/, 1)[0] ?? ''

describe('code', () => {
  const file = source(
    [[], words(5, 'import')],
    [['class Reader'], words(8, 'head')],
    [['class Reader', 'open'], words(12, 'open')],
    [['class Reader', 'parse'], words(25, 'parse')],
    [['class Reader', 'close'], words(12, 'close')],
    [['main'], words(12, 'main')],
  )

  it('keeps definitions whole, and joins small neighbours under one parent', async () => {
    const chunks = await chunk('code', { maxTokens: 30, minTokens: 10 }, file)
    expect(chunks.map((each) => [first(each), each.headings])).toEqual([
      ['import', []],
      ['head', ['class Reader']],
      ['parse', ['class Reader', 'parse']],
      ['close', ['class Reader', 'close']],
      ['main', ['main']],
    ])
    expect(chunks[1]!.tokens).toBe(20)
  })

  it('makes one chunk of what fits', async () => {
    const chunks = await chunk('code', { maxTokens: 62, minTokens: 8 }, file)
    expect(chunks.map((each) => [first(each), each.headings])).toEqual([
      ['import', []],
      ['main', ['main']],
    ])
  })

  it('cuts a long definition between lines, and every part says what it is of', async () => {
    const lines = Array.from({ length: 10 }, (_, line) => `call ${line}`).join('\n')
    const chunks = await chunk(
      'code',
      { maxTokens: 8, minTokens: 0 },
      source([['class A', 'run'], lines], [['b'], 'b']),
    )
    expect(chunks.length).toBeGreaterThan(2)
    for (const each of chunks.slice(0, -1)) {
      expect(each.headings).toEqual(['class A', 'run'])
      expect(each.text).toMatch(/^call \d(\ncall \d)*$/)
    }
  })

  it('cuts other documents by their structure', async () => {
    const text = `${words(20, 'one')}\n\n${words(20, 'two')}`
    const plain: ParsedDocument = { text, elements: [], pages: [], warnings: [] }
    const options = { maxTokens: 24, minTokens: 5 }
    expect(await chunk('code', options, plain)).toEqual(await chunk('recursive', options, plain))
  })
})

describe('definitions in other chunkers', () => {
  it.each(['recursive', 'sentence', 'markdown'])('%s names what all of a chunk stands in', async (id) => {
    const file = source([['class A', 'b'], words(12, 'b')], [['class A', 'c'], words(12, 'c')], [['d'], words(12, 'd')])
    const overlap = { overlapTokens: 0 }
    expect((await chunk(id, { maxTokens: 24, ...overlap }, file)).map(({ headings }) => headings)).toEqual([
      ['class A'],
      ['d'],
    ])
    expect((await chunk(id, { maxTokens: 40, ...overlap }, file)).map(({ headings }) => headings)).toEqual([[]])
  })
})
