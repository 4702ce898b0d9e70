import { describe, expect, it } from 'vitest'
import { type Block, createKeptBlocks } from './kept-blocks.ts'

const block = (revision: number, bytes = 100): Block => ({
  revision,
  facts: new Float32Array(0),
  codes: new Uint8Array(bytes),
})

describe('kept blocks', () => {
  it('are kept up to a limit, which what is replaced gives room for', () => {
    const kept = createKeptBlocks(250)
    kept.keep('a', 1, block(1))
    kept.keep('a', 2, block(2))
    kept.keep('a', 3, block(3))
    expect([...kept.of('a').keys()]).toEqual([1, 2])
    kept.keep('a', 1, block(4, 150))
    expect([...kept.of('a').values()].map(({ revision }) => revision)).toEqual([2, 4])
    expect(kept.bytes()).toBe(250)
    kept.keep('a', 9, block(5, 1000))
    expect(kept.bytes()).toBe(250)
  })

  it('make room for those of the index that is used now, those of the longest unused first', () => {
    const kept = createKeptBlocks(300)
    kept.keep('a', 1, block(1))
    kept.keep('b', 1, block(2))
    kept.keep('c', 1, block(3))
    kept.of('a')
    kept.keep('d', 1, block(4))
    expect(['a', 'b', 'c', 'd'].map((table) => kept.of(table).size)).toEqual([1, 0, 1, 1])
    expect(kept.bytes()).toBe(300)
  })

  it('go where their index has them no more', () => {
    const kept = createKeptBlocks(300)
    kept.keep('a', 1, block(1))
    kept.keep('a', 2, block(2))
    kept.retain('a', new Set([2, 7]))
    expect([...kept.of('a').keys()]).toEqual([2])
    kept.retain('a', new Set())
    kept.retain('never', new Set())
    expect(kept.bytes()).toBe(0)
  })
})
