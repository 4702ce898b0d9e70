import { expect, it } from 'vitest'
import type { TraceFigures } from '../library/traces.ts'
import { countTraces } from './trace-stats.ts'

const figure = (startedAt: number, change: Partial<TraceFigures> = {}): TraceFigures => ({
  ...{ startedAt, outcome: 'answered', lowRelevance: false, durationMs: 10, inputTokens: null, outputTokens: null },
  ...change,
})
const at = (day: number, hour: number, minute = 0): number => new Date(2026, 2, day, hour, minute).getTime()

it('counts by hours for a short time and by days for a longer one, whichever zone this machine is in', () => {
  const short = [figure(at(3, 9, 1)), figure(at(3, 9, 59), { outcome: 'refused' }), figure(at(3, 10))]
  const hours = countTraces(short)
  expect(hours.per).toBe('hour')
  expect(hours.buckets.map(({ startsAt, questions, refused }) => [startsAt, questions, refused])).toEqual([
    [at(3, 9), 2, 1],
    [at(3, 10), 1, 0],
  ])
  // The clocks change in March: days are not all of 24 hours.
  const days = countTraces([...short, figure(at(28, 23)), figure(at(29, 1)), figure(at(30, 0))])
  expect(days.per).toBe('day')
  expect(days.buckets.map(({ startsAt, questions }) => [startsAt, questions])).toEqual([
    [at(3, 0), 3],
    [at(28, 0), 1],
    [at(29, 0), 1],
    [at(30, 0), 1],
  ])
  expect(countTraces(short, 'day').buckets).toHaveLength(1)
})

it('measures what was waited for to the end, and adds up tokens', () => {
  const { total, buckets } = countTraces([
    figure(1000, { durationMs: 100, inputTokens: 50, outputTokens: 5 }),
    figure(1001, { durationMs: 300, inputTokens: 70 }),
    figure(1002, { durationMs: 9999, outcome: 'stopped' }),
    figure(1003, { durationMs: 8888, outcome: 'failed', lowRelevance: true }),
  ])
  expect(total).toMatchObject({
    questions: 4,
    answered: 2,
    stopped: 1,
    failed: 1,
    lowRelevance: 1,
    p50Ms: 100,
    p95Ms: 300,
  })
  expect(total).toMatchObject({ inputTokens: 120, outputTokens: 5 })
  expect(buckets).toHaveLength(1)
  expect(countTraces([])).toMatchObject({ buckets: [], total: { questions: 0, p50Ms: null, p95Ms: null } })
})
