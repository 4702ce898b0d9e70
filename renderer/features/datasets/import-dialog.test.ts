import { describe, expect, it } from 'vitest'
import { importWords, sourceOf } from './import-dialog.tsx'

const file = new File(['{}'], 'cases.jsonl')

describe('what is imported', () => {
  it('is the file that was dropped, or where it is on this machine', () => {
    const dropped = { path: 'cases.jsonl', file }
    expect(sourceOf({ paths: [], files: [dropped], unreadable: [] })).toEqual({ file: dropped })
    expect(sourceOf({ paths: ['/data/scifact'], files: [], unreadable: [] })).toEqual({ path: '/data/scifact' })
  })
  it('asks for the path of a folder of which only the files are known', () => {
    expect(sourceOf({ paths: [], files: [{ path: 'scifact/corpus.jsonl', file }], unreadable: [] })).toEqual({
      path: '',
    })
  })
  it('is nothing where nothing was picked', () => {
    expect(sourceOf(null)).toBeNull()
    expect(sourceOf({ paths: [], files: [], unreadable: ['x'] })).toBeNull()
  })
})

describe('what an import says', () => {
  it.each([
    [{ added: 30, replaced: 0, skipped: 0, stale: 0 }, 'Imported 30 cases.'],
    [{ added: 1, replaced: 2, skipped: 1, stale: 4 }, 'Imported 1 case; 2 were replaced, 1 was skipped, 4 are stale.'],
  ])('%j', (counts, words) => expect(importWords(counts)).toBe(words))
})
