import { describe, expect, it } from 'vitest'
import type { Schedule, Source } from '../../../core/contract/sources.ts'
import type { CollectionId, SourceId } from '../../../core/shared/ids.ts'
import { globsOf, mayAllowEmpty, nameOf, scheduleText, staleMark } from './source-facts.ts'

const hour = 3_600_000
const now = 1_800_000_000_000

function source(change: Partial<Source> = {}, schedule: Schedule = { kind: 'manual' }): Source {
  return {
    id: 'src_1' as SourceId,
    collectionId: 'col_1' as CollectionId,
    kind: 'folder',
    location: '/home/ada/papers',
    options: { schedule, include: [], exclude: [], gitignore: true, review: false },
    documents: 3,
    syncedAt: now - hour,
    result: null,
    error: null,
    dueAt: null,
    createdAt: now - 10 * hour,
    ...change,
  }
}
const error = { code: 'file-missing', message: 'It is empty.', retryable: false, details: {} } as const

describe('sources in words', () => {
  it.each([
    [{ kind: 'folder', location: '/home/ada/papers/' }, 'papers'],
    [{ kind: 'zip', location: 'C:\\data\\old.zip' }, 'old.zip'],
    [{ kind: 'folder', location: '/' }, '/'],
    [{ kind: 'upload', location: '' }, 'Uploaded files'],
    [{ kind: 'files', location: '' }, 'Single files'],
  ] as const)('%j is called %s', (place, name) => expect(nameOf(place)).toBe(name))

  it.each([
    [{ kind: 'manual' }, 'Only when asked'],
    [{ kind: 'every', hours: 1 }, 'Every hour'],
    [{ kind: 'every', hours: 12 }, 'Every 12 hours'],
    [{ kind: 'live', pollMinutes: 10 }, 'Live, and looked through every 10 minutes'],
  ] as const)('%j: %s', (schedule, text) => expect(scheduleText(schedule)).toBe(text))

  it('reads one glob a line', () => {
    expect(globsOf(' contracts/** \n\n**/*.tmp\r\n')).toEqual(['contracts/**', '**/*.tmp'])
  })
})

describe('marks of staleness', () => {
  it('are absent where all is as the schedule wants it', () => {
    expect(staleMark(source(), now)).toBeNull()
    expect(staleMark(source({}, { kind: 'every', hours: 1 }), now)).toBeNull()
    expect(staleMark(source({ kind: 'upload', syncedAt: null }), now)).toBeNull()
  })
  it('say what is the matter', () => {
    expect(staleMark(source({ error }), now)).toMatch(/failed/)
    expect(staleMark(source({ syncedAt: null }), now)).toBe('Not synced yet')
    expect(staleMark(source({ syncedAt: now - 240 * hour }), now)).toBe('Last looked at 10 days ago')
    expect(staleMark(source({}, { kind: 'live', pollMinutes: 10 }), now)).toBe('Overdue: last synced 1 hour ago')
  })
})

it('offers to allow an empty folder only where the error is about one', () => {
  expect(mayAllowEmpty(source())).toBe(false)
  expect(mayAllowEmpty(source({ error }))).toBe(false)
  expect(mayAllowEmpty(source({ error: { ...error, details: { documents: 2 } } }))).toBe(true)
})
