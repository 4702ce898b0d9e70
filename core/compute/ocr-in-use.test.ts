import { afterAll, describe, expect, it } from 'vitest'
import { silentLog } from '../shared/log.ts'
import { createComputePool } from './pool.ts'
import type { FixtureTasks } from './pool.fixture.ts'
import { drawText } from '../parsers/picture.suite.ts'
import { ocrInUse } from './ocr-in-use.ts'
import { nodeWorkers } from './worker-process.ts'

const start = nodeWorkers({ compute: new URL('./pool.fixture.ts', import.meta.url) })
const pool = createComputePool<FixtureTasks>({
  start: (limits) => start('compute', limits),
  size: 1,
  timeoutMs: 60_000,
  memoryMb: 256,
  log: silentLog,
})
afterAll(() => pool.dispose(0))

const picture = drawText(420, 60, [{ text: 'The tower was rebuilt', x: 20, y: 20, dot: 3 }])
/** Takes some seconds: many lines. */
const page = drawText(
  2000,
  2600,
  Array.from({ length: 60 }, (_, index) => ({
    text: 'The tower was rebuilt after the storm of that winter and stands to this day',
    x: 60,
    y: 40 + index * 42,
    dot: 4,
  })),
)

describe('ocrInUse', () => {
  it('gives the same one for the same wish, another one for another, none where it is off', async () => {
    expect(await ocrInUse(false, silentLog)).toBeUndefined()
    const english = await ocrInUse(undefined, silentLog)
    expect(await ocrInUse({ languages: ['eng'] }, silentLog)).toBe(english)
    const german = await ocrInUse({ languages: ['deu'] }, silentLog)
    expect(german).not.toBe(english)
    // What it was made for is over.
    await expect(english?.recognise(picture)).rejects.toMatchObject({ code: 'cancelled' })
    await expect(german?.recognise(picture)).rejects.toMatchObject({ code: 'model-missing' })
  })

  it('reads in a compute worker, stops at once when that is cancelled, and then reads again', async () => {
    expect(await pool.run('recognise', picture)).toContain('The tower was rebuilt')
    const controller = new AbortController()
    const reading = pool.run('recognise', page, { signal: controller.signal, onProgress: () => controller.abort() })
    await expect(reading).rejects.toMatchObject({ code: 'cancelled' })
    expect(await pool.run('recognise', picture)).toContain('The tower was rebuilt')
  })
})
