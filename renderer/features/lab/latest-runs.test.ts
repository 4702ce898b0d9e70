import { describe, expect, it } from 'vitest'
import { AppError } from '../../../core/contract/errors.ts'
import { LatestRuns, type Wanted } from './latest-runs.ts'

/** Calls that are answered by hand. */
function start(settleMs = 0) {
  const calls: { input: string; signal: AbortSignal; answer(value: string): void; fail(error: Error): void }[] = []
  let changes = 0
  const runs = new LatestRuns<string, string>({
    run: (input, signal) =>
      new Promise((answer, fail) => {
        calls.push({ input, signal, answer, fail })
      }),
    settleMs,
    onChange: () => changes++,
  })
  return { runs, calls, changed: () => changes }
}
const wanted = (id: number, key: string, scope = 'text'): Wanted<string> => ({ id, key, scope, input: key })
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

describe('latest runs', () => {
  it('have one call a column on its way, and then ask for the latest only', async () => {
    const { runs, calls } = start()
    for (const key of ['a', 'b', 'c', 'd']) runs.want([wanted(1, key)])
    expect(calls.map(({ input }) => input)).toEqual(['a'])
    calls[0]!.answer('A')
    await turn()
    expect(calls.map(({ input }) => input)).toEqual(['a', 'd'])
    expect(runs.shown(1)).toMatchObject({ value: 'A', busy: true })
    calls[1]!.answer('D')
    await turn()
    expect(runs.shown(1)).toMatchObject({ value: 'D', busy: false })
    expect(calls).toHaveLength(2)
  })

  it('do not keep columns waiting for each other', () => {
    const { runs, calls } = start()
    runs.want([wanted(1, 'a'), wanted(2, 'b')])
    expect(calls.map(({ input }) => input)).toEqual(['a', 'b'])
  })

  it('show nothing of another text, and leave what nobody wants', async () => {
    const { runs, calls } = start()
    runs.want([wanted(1, 'a')])
    calls[0]!.answer('A')
    await turn()
    runs.want([wanted(1, 'a', 'other text')])
    expect(runs.shown(1)).toMatchObject({ value: null, busy: true })
    runs.want([])
    expect(calls[1]!.signal.aborted).toBe(true)
    expect(runs.shown(1)).toBeNull()
  })

  it('keep what was there beside a failure, and try again when asked', async () => {
    const { runs, calls } = start()
    runs.want([wanted(1, 'a')])
    calls[0]!.answer('A')
    await turn()
    runs.want([wanted(1, 'b')])
    calls[1]!.fail(new AppError('input-invalid', 'No.'))
    await turn()
    expect(runs.shown(1)).toMatchObject({ value: 'A', failure: { code: 'input-invalid' }, busy: false })
    runs.retryFailed()
    calls[2]!.answer('B')
    await turn()
    expect(runs.shown(1)).toMatchObject({ value: 'B', failure: null, busy: false })
  })

  it('wait for a pause where they are told to, and give up what is overtaken', async () => {
    const { runs, calls } = start(1)
    runs.want([wanted(1, 'a')])
    runs.want([wanted(1, 'b')])
    while (calls.length === 0) await turn()
    expect(calls.map(({ input }) => input)).toEqual(['b'])
    runs.want([wanted(1, 'c')])
    expect(calls[0]!.signal.aborted).toBe(true)
    while (calls.length === 1) await turn()
    calls[0]!.answer('B')
    calls[1]!.answer('C')
    await turn()
    expect(runs.shown(1)).toMatchObject({ value: 'C', busy: false })
  })
})
