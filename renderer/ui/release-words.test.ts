import { describe, expect, it } from 'vitest'
import type { ReleaseEvent } from '../../core/contract/releases.ts'
import type { ReleaseId } from '../../core/shared/ids.ts'
import { cameIntoProduction, eventSentence, releaseName, stageWords } from './release-words.ts'

const event = (change: Partial<ReleaseEvent>): ReleaseEvent => ({
  number: 1,
  action: 'production',
  releaseId: 'rel_2' as ReleaseId,
  releaseNumber: 2,
  fromNumber: 1,
  who: 'ada',
  reason: '',
  isOverride: false,
  runId: null,
  gate: null,
  at: 0,
  ...change,
})

describe('releases in words', () => {
  it('are named by number, drafts by when they were begun', () => {
    expect(releaseName({ number: 3, createdAt: 0 })).toBe('Release 3')
    expect(releaseName({ number: null, createdAt: Date.now() })).toMatch(/^Draft of today \d\d:\d\d$/)
  })

  it('have a stage, and one between candidate and production', () => {
    expect(stageWords({ stage: 'candidate', promotion: null })).toBe('Candidate')
    expect(stageWords({ stage: 'candidate', promotion: { who: 'ada', since: 0 } })).toBe('Going into production')
  })

  it.each([
    [{}, 'Release 2 went into production, in place of release 1'],
    [{ fromNumber: null }, 'Release 2 went into production'],
    [
      { action: 'rolled-back', releaseNumber: 1, fromNumber: 2 },
      'Release 1 was put back into production, in place of release 2',
    ],
    [{ action: 'discarded', releaseNumber: null }, 'A draft was discarded'],
    [{ action: 'candidate' }, 'Release 2 became a candidate'],
    [{ action: 'gate-changed', releaseId: null, releaseNumber: null }, 'The gate was changed'],
  ] as [Partial<ReleaseEvent>, string][])('%j is said as "%s"', (change, sentence) => {
    expect(eventSentence(event(change))).toBe(sentence)
  })

  it('are found where they came into production last', () => {
    const events = [
      event({ number: 4, action: 'gate-changed' }),
      event({ number: 3, action: 'rolled-back' }),
      event({}),
    ]
    expect(cameIntoProduction('rel_2', events)?.number).toBe(3)
    expect(cameIntoProduction('rel_9', events)).toBeUndefined()
    expect(cameIntoProduction(undefined, [event({ action: 'candidate' })])).toBeUndefined()
  })
})
