import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { inLanes } from './in-lanes.ts'

describe('inLanes', () => {
  it('never runs more than its lanes, and gives every result once', async () => {
    let running = 0
    let most = 0
    const results = await Array.fromAsync(
      inLanes(
        Array.from({ length: 50 }, (_, index) => index),
        3,
        undefined,
        async (item) => {
          most = Math.max(most, ++running)
          await delay(item % 4)
          running -= 1
          return item
        },
      ),
    )
    expect(most).toBe(3)
    expect(results.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index))
  })

  it('begins nothing new after an error, waits for what is in hand, then throws', async () => {
    const begun: number[] = []
    let finished = 0
    const work = Array.fromAsync(
      inLanes([0, 1, 2, 3, 4, 5], 2, undefined, async (item) => {
        begun.push(item)
        if (item === 1) throw new Error('no')
        await delay(20)
        finished += 1
      }),
    )
    await expect(work).rejects.toThrow('no')
    expect(begun.length).toBeLessThan(5)
    expect(finished).toBe(begun.length - 1)
  })

  it('waits for what is in hand when its reader leaves', async () => {
    let finished = 0
    for await (const _ of inLanes([1, 2, 3, 4], 2, undefined, async () => {
      await delay(5)
      finished += 1
    })) {
      break
    }
    expect(finished).toBeGreaterThanOrEqual(2)
  })

  it('keeps what is in hand below the capacity, and lets what is larger go alone', async () => {
    let inHand = 0
    let most = 0
    const weights = [4, 4, 4, 30, 1, 1, 1, 9, 2]
    const results = await Array.fromAsync(
      inLanes(
        weights,
        4,
        undefined,
        async (weight) => {
          inHand += weight
          most = Math.max(most, weight > 10 ? 0 : inHand)
          if (weight > 10) expect(inHand).toBe(weight)
          await delay(3)
          inHand -= weight
          return weight
        },
        { weigh: (weight) => weight, capacity: 10 },
      ),
    )
    expect(most).toBeLessThanOrEqual(10)
    expect(results.sort((a, b) => a - b)).toEqual([...weights].sort((a, b) => a - b))
  })

  it('stops when it is cancelled', async () => {
    const stop = new AbortController()
    const work = Array.fromAsync(
      inLanes([1, 2, 3], 1, stop.signal, async (item) => {
        if (item === 1) stop.abort()
      }),
    )
    await expect(work).rejects.toMatchObject({ code: 'cancelled' })
  })
})
