import { describe, expect, it } from 'vitest'
import { AppError } from '../contract/errors.ts'
import type { Chunk, ParsedDocument } from '../contract/parsed-document.ts'
import { ingest, type IngestOutcome, type IngestSteps, type Reading } from './ingest.ts'

const parsed = (text: string): ParsedDocument => ({ text, elements: [], pages: [], title: 'Title', warnings: [] })
const whole = (text: string): Chunk => ({
  start: 0,
  end: text.length,
  text,
  tokens: 1,
  headings: ['Title', 'Part'],
  context: '',
})

const reading = (text: string, chunks = [whole(text)]): Reading => ({
  outcome: 'read',
  parsed: parsed(text),
  chunks,
  chunkMs: 1,
  contentHash: text,
  type: 'text',
  size: 10,
  parser: 'p@1',
})

function steps(overrides: Partial<IngestSteps<string>> = {}) {
  const saved: { item: string; texts: readonly string[]; vectors: Float32Array }[] = []
  const stages: string[] = []
  const all: IngestSteps<string> = {
    stage: (item, stage) => void stages.push(`${item} ${stage}`),
    read: async (item) => reading(item),
    revise: (_item, { chunks }) => ({ chunks, lost: new Set(), moved: new Map() }),
    embed: async (texts) => new Float32Array(texts.length * 2).fill(1),
    save(item, _reading, { chunks, textAt, vectors }) {
      saved.push({ item, texts: chunks.map((_chunk, row) => textAt(row)), vectors })
      return 'ready'
    },
    ...overrides,
  }
  return { all, saved, stages }
}

async function run(items: string[], all: IngestSteps<string>, signal?: AbortSignal): Promise<IngestOutcome<string>[]> {
  return Array.fromAsync(ingest(items, all, { lanes: 1, ...(signal ? { signal } : {}) }))
}

describe('ingest', () => {
  it('reads, chunks, embeds and saves each document, in this order', async () => {
    const { all, saved, stages } = steps()
    const outcomes = await run(['a', 'b'], all)
    expect(outcomes).toMatchObject([
      { item: 'a', outcome: 'ready' },
      { item: 'b', outcome: 'ready' },
    ])
    expect(stages.slice(0, 3)).toEqual(['a reading', 'a embedding', 'b reading'])
    expect(saved[0]?.texts).toEqual(['Title > Part\na'])
    expect(saved[0]?.vectors).toHaveLength(2)
  })

  it('embeds a document of many chunks in slices, and keeps their order', async () => {
    const sizes: number[] = []
    const { all, saved } = steps({
      read: async () =>
        reading(
          'a',
          Array.from({ length: 10_000 }, (_, index) => ({ ...whole('a'), text: String(index) })),
        ),
      embed: async (texts) => {
        sizes.push(texts.length)
        return Float32Array.from(texts.flatMap((text) => [Number(text.split('\n').at(-1)), 1]))
      },
    })
    await run(['a'], all)
    expect(Math.max(...sizes)).toBeLessThan(10_000)
    const vectors = saved[0]?.vectors ?? new Float32Array()
    expect(vectors).toHaveLength(20_000)
    expect([vectors[0], vectors[1], vectors[2 * 5000], vectors[2 * 9999]]).toEqual([0, 1, 5000, 9999])
  })

  it('skips what is unchanged', async () => {
    const { all, saved } = steps({ read: async () => ({ outcome: 'unchanged' }) })
    expect(await run(['a'], all)).toEqual([{ item: 'a', outcome: 'unchanged' }])
    expect(saved).toEqual([])
  })

  it('goes on after a bad file', async () => {
    const { all, saved } = steps({
      read: async (item) => {
        if (item === 'bad') throw new AppError('file-corrupt', 'Broken.')
        return reading(item)
      },
    })
    const outcomes = await run(['a', 'bad', 'c'], all)
    expect(outcomes.map((outcome) => outcome.outcome)).toEqual(['ready', 'failed', 'ready'])
    expect(outcomes[1]).toMatchObject({ error: { code: 'file-corrupt' } })
    expect(saved.map(({ item }) => item)).toEqual(['a', 'c'])
  })

  it('fails a document without text', async () => {
    const { all } = steps({ read: async (item) => reading(item, []) })
    expect(await run(['a'], all)).toMatchObject([{ outcome: 'failed', error: { code: 'file-empty' } }])
  })

  it('ends on a full disk, keeping what was saved', async () => {
    const { all, saved } = steps()
    const save = all.save
    all.save = (...parameters) => {
      if (parameters[0] === 'b') throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' })
      return save(...parameters)
    }
    await expect(run(['a', 'b', 'c'], all)).rejects.toMatchObject({ code: 'disk-full' })
    expect(saved.map(({ item }) => item)).toEqual(['a'])
  })

  it('saves nothing after it was cancelled', async () => {
    const stop = new AbortController()
    const { all, saved } = steps({
      embed: async (texts) => {
        stop.abort()
        return new Float32Array(texts.length * 2)
      },
    })
    await expect(run(['a', 'b'], all, stop.signal)).rejects.toMatchObject({ code: 'cancelled' })
    expect(saved).toEqual([])
  })
})
