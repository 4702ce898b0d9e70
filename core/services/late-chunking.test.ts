import { describe, expect, it } from 'vitest'
import { migrate } from '../database/migrate.ts'
import { migrations } from '../database/migrations/list.ts'
import { openSqlite } from '../database/sqlite.ts'
import { createEmbeddingCache } from '../library/embedding-cache.ts'
import { embedInDocument } from './late-chunking.ts'

/** Vectors that say which text a span was read in, and where. */
function setUp(maxTokens: number) {
  const database = openSqlite(':memory:')
  migrate(database, migrations, () => {})
  const asked: { text: string; parts: string[] }[] = []
  const how = {
    modelId: 'tiny-late',
    dimensions: 2,
    maxTokens,
    cache: createEmbeddingCache(database),
    async run(text: string, spans: { start: number; end: number }[]) {
      asked.push({ text, parts: spans.map(({ start, end }) => text.slice(start, end)) })
      return Float32Array.from(spans.flatMap(({ start }) => [text.length, start]))
    },
  }
  return { asked, how, database }
}

const words = Array.from({ length: 400 }, (_, index) => `word${index}`)
const text = words.join(' ')
const spans = words.map((word) => {
  const start = ` ${text} `.indexOf(` ${word} `)
  return { start, end: start + word.length }
})

describe('parts of a document', () => {
  it('are read in the whole of a short one, behind its title', async () => {
    const { asked, how, database } = setUp(1000)
    await embedInDocument({ text, title: 'Words' }, spans.slice(0, 2), how)
    expect(asked).toEqual([{ text: `Words\n${text}`, parts: ['word0', 'word1'] }])
    database.close()
  })

  it('are read in stretches of a long one, with what is around them', async () => {
    const { asked, how, database } = setUp(40)
    const vectors = await embedInDocument({ text }, spans, how)
    expect(asked.length).toBeGreaterThan(5)
    expect(asked.flatMap(({ parts }) => parts)).toEqual(words)
    for (const { text: stretch, parts } of asked.slice(1, -1)) {
      expect(stretch.indexOf(parts[0]!)).toBeGreaterThanOrEqual(30)
      expect(stretch.length - stretch.lastIndexOf(parts.at(-1)!)).toBeGreaterThanOrEqual(30)
    }
    expect(vectors).toHaveLength(800)
    database.close()
  })

  it('are read once, until the text around them is another', async () => {
    const { asked, how, database } = setUp(40)
    const first = await embedInDocument({ text }, spans, how)
    const calls = asked.length
    expect(await embedInDocument({ text }, spans, how)).toEqual(first)
    expect(asked).toHaveLength(calls)
    // One chunk more: of its stretch it alone is read.
    await embedInDocument({ text }, [...spans, { start: 0, end: 11 }], how)
    expect(asked.slice(calls).map(({ parts }) => parts)).toEqual([['word0 word1']])
    const changed = `${text.slice(0, -1)}!`
    await embedInDocument({ text: changed }, spans, how)
    expect(asked.length - calls - 1).toBeLessThanOrEqual(2)
    expect(asked.length).toBeGreaterThan(calls + 1)
    database.close()
  })

  it('stop when nobody waits any more', async () => {
    const { how, database } = setUp(40)
    await expect(embedInDocument({ text }, spans, how, AbortSignal.abort())).rejects.toMatchObject({
      code: 'cancelled',
    })
    database.close()
  })
})
