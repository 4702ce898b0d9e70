import { describe, expect, it } from 'vitest'
import type { NetworkAttempt } from '../../../core/contract/network.ts'
import { toCsv } from '../../ui/csv.ts'
import { attemptRows, changesOf, filterAttempts, forceText, outcomeSentence, outcomeText } from './network-facts.ts'

const attempt = (number: number, changes: Partial<NetworkAttempt> = {}): NetworkAttempt => ({
  ...{ number, at: Date.UTC(2026, 0, 2, 3, 4, 5), purpose: 'model-download', host: 'huggingface.co', method: 'GET' },
  ...{ outcome: 'refused', reason: 'offline' },
  ...changes,
})

describe('how many connections there were', () => {
  const counts = (allowed: number, refused: number) => ({ allowed, refused, lastAt: null })
  it('says zero plainly', () => {
    expect(outcomeSentence({ offline: true, attempts: counts(0, 0) })).toBe(
      'Nothing has been tried: 0 connections asked for, 0 made.',
    )
    expect(outcomeSentence({ offline: true, attempts: counts(0, 3) })).toBe('0 connections made, 3 attempts refused.')
  })
  it('says where those went that were made while offline', () => {
    expect(outcomeSentence({ offline: true, attempts: counts(1, 0) })).toBe(
      '1 connection allowed, none refused; while offline only to servers on this machine.',
    )
    expect(outcomeSentence({ offline: false, attempts: counts(2, 1) })).toBe(
      '2 connections allowed, 1 attempt refused.',
    )
  })
})

describe('attempts', () => {
  const attempts = [
    attempt(3),
    attempt(2, { host: 'api.example.com', purpose: 'chat', outcome: 'allowed', reason: null, method: 'POST' }),
    attempt(1, { host: '', reason: 'address-invalid' }),
  ]
  it('are found by host, by purpose in words and by reason', () => {
    const numbers = (query: string, outcome: 'allowed' | 'refused' | null = null): number[] =>
      filterAttempts(attempts, { query, outcome }).map(({ number }) => number)
    expect(numbers('hugging')).toEqual([3])
    expect(numbers('answers post')).toEqual([2])
    expect(numbers('proper address')).toEqual([1])
    expect(numbers('', 'refused')).toEqual([3, 1])
    expect(outcomeText(attempt(1))).toBe('Refused: Quarry was offline')
  })
  it('are exported with words of the contract and exact times', () => {
    expect(toCsv(attemptRows(attempts.slice(1)))).toBe(
      '\uFEFFnumber,time,purpose,host,method,outcome,reason\r\n' +
        '2,2026-01-02T03:04:05.000Z,chat,api.example.com,POST,allowed,\r\n' +
        '1,2026-01-02T03:04:05.000Z,model-download,,GET,refused,address-invalid\r\n',
    )
  })
})

describe('a host', () => {
  it('is changed by what is added and what is taken', () => {
    const before = { purposes: ['chat', 'rerank'] as const, plainHttp: false }
    const after = { purposes: ['chat', 'embeddings'] as const, plainHttp: true }
    expect(
      changesOf({ ...before, purposes: [...before.purposes] }, { ...after, purposes: [...after.purposes] }),
    ).toEqual({ allow: ['embeddings'], disallow: ['rerank'], plainHttp: true })
    expect(changesOf({ purposes: ['chat'], plainHttp: true }, { purposes: ['chat'], plainHttp: true })).toEqual({
      allow: [],
      disallow: [],
      plainHttp: undefined,
    })
  })
  it('on this machine is reached offline too', () => {
    const entry = { host: '127.0.0.1:11434', purposes: ['chat' as const], plainHttp: false }
    expect(forceText({ ...entry, thisMachine: true, inForce: true })).toBe('Yes: it is this machine')
    expect(forceText({ ...entry, host: 'a.example', thisMachine: false, inForce: false })).toBe('No: Quarry is offline')
  })
})
