import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { AppError } from '../contract/errors.ts'
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
    const usual = await ocrInUse(undefined, silentLog)
    expect(await ocrInUse({}, silentLog)).toBe(usual)
    const other = await ocrInUse({ folder: '/nowhere/languages' }, silentLog)
    expect(other).not.toBe(usual)
    // What it was made for is over.
    await expect(usual?.recognise(picture)).rejects.toMatchObject({ code: 'cancelled' })
    await expect(other?.recognise(picture, { languages: ['tlh'] })).rejects.toMatchObject({
      code: 'model-missing',
      message: expect.stringContaining('/nowhere/languages') as string,
    })
  })

  it('finds languages in the folder of the environment first, and beside the models last', async () => {
    const searched = async (): Promise<string[]> => {
      const ocr = await ocrInUse({ folder: '/given' }, silentLog)
      const failure: unknown = await ocr?.recognise(picture, { languages: ['tlh'] }).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(AppError)
      return (failure as AppError).details?.['searched'] as string[]
    }
    const besideModels = fileURLToPath(new URL('../../ocr', import.meta.url))
    expect(await searched()).toEqual(['/given', besideModels])
    vi.stubEnv('QUARRY_OCR_LANGUAGES', '/of/the/environment')
    expect(await searched()).toEqual(['/of/the/environment', '/given', besideModels])
    vi.unstubAllEnvs()
  })

  it('reads in a compute worker, stops at once when that is cancelled, and then reads again', async () => {
    expect(await pool.run('recognise', picture)).toContain('The tower was rebuilt')
    const controller = new AbortController()
    const reading = pool.run('recognise', page, { signal: controller.signal, onProgress: () => controller.abort() })
    await expect(reading).rejects.toMatchObject({ code: 'cancelled' })
    expect(await pool.run('recognise', picture)).toContain('The tower was rebuilt')
  })
})
