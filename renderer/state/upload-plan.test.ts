import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lastPart, nameOfBatch, planPieces, runBounded } from './upload-plan.ts'

describe('planPieces', () => {
  it('covers a file of any size exactly once, in order, with one last piece', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 1, max: 999 }), (size, max) => {
        const pieces = planPieces(size, max)
        expect(pieces[0]?.offset).toBe(0)
        expect(pieces.at(-1)?.end).toBe(size)
        expect(pieces.filter((piece) => piece.last)).toEqual([pieces.at(-1)])
        for (const [index, piece] of pieces.entries()) {
          expect(piece.end - piece.offset).toBeLessThanOrEqual(max)
          if (index > 0) expect(piece.offset).toBe(pieces[index - 1]?.end)
        }
      }),
    )
  })

  it('sends an empty file as one empty piece', () => {
    expect(planPieces(0)).toEqual([{ offset: 0, end: 0, last: true }])
  })
})

describe('runBounded', () => {
  it('never has more than the limit under way and does every item once', async () => {
    const seen: number[] = []
    let running = 0
    let most = 0
    await runBounded(
      Array.from({ length: 20 }, (_, index) => index),
      3,
      async (item) => {
        most = Math.max(most, ++running)
        await Promise.resolve()
        await Promise.resolve()
        seen.push(item)
        running--
      },
      new AbortController().signal,
    )
    expect(most).toBe(3)
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index))
  })

  it('stops after an error, waits for what runs, and throws it', async () => {
    const finished: number[] = []
    const work = async (item: number): Promise<void> => {
      if (item === 1) throw new Error('disk full')
      await new Promise((resolve) => setTimeout(resolve, 5))
      finished.push(item)
    }
    await expect(runBounded([0, 1, 2, 3, 4], 2, work, new AbortController().signal)).rejects.toThrow('disk full')
    expect(finished).toEqual([0])
  })

  it('stops when the signal fires', async () => {
    const controller = new AbortController()
    const done: number[] = []
    const work = async (item: number): Promise<void> => {
      done.push(item)
      if (item === 1) controller.abort()
    }
    await expect(runBounded([0, 1, 2, 3], 1, work, controller.signal)).rejects.toMatchObject({ name: 'AbortError' })
    expect(done).toEqual([0, 1])
  })
})

describe('names of batches', () => {
  it.each([
    [['a.md'], 'a.md'],
    [['C:\\docs\\reports\\'], 'reports'],
    [['handbook/a.md', 'handbook/b/c.md'], 'handbook'],
    [['a.md', 'b.md'], '2 files'],
    [['one/a.md', 'two/b.md'], '2 files'],
  ])('%j is called %s', (paths, name) => {
    expect(nameOfBatch(paths)).toBe(name)
  })

  it('reads the last part of paths of every system', () => {
    expect(lastPart('/home/ada/notes.md')).toBe('notes.md')
  })
})
