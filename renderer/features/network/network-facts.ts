import type { AllowedHost, NetworkAttempt, NetworkPurpose, NetworkStatus } from '../../../core/contract/network.ts'
import { formatNumberOf } from '../../ui/format.ts'
import { purposeLabels, reasonLabels } from '../../ui/network-words.ts'

/** How many connections there were, said so that zero is clear. */
export function outcomeSentence({ offline, attempts }: Pick<NetworkStatus, 'offline' | 'attempts'>): string {
  const { allowed, refused } = attempts
  if (allowed + refused === 0) return 'Nothing has been tried: 0 connections asked for, 0 made.'
  const made = allowed === 0 ? '0 connections made' : `${formatNumberOf(allowed, 'connection')} allowed`
  const rest = refused === 0 ? 'none refused' : `${formatNumberOf(refused, 'attempt')} refused`
  return `${made}, ${rest}${offline && allowed > 0 ? '; while offline only to servers on this machine' : ''}.`
}

/** Whether a host can be reached as things are. */
export function forceText({ thisMachine, inForce }: NetworkStatus['allowed'][number]): string {
  if (thisMachine) return 'Yes: it is this machine'
  return inForce ? 'Yes' : 'No: Quarry is offline'
}

export function outcomeText({ outcome, reason }: Pick<NetworkAttempt, 'outcome' | 'reason'>): string {
  if (outcome === 'allowed') return 'Allowed'
  return reason === null ? 'Refused' : `Refused: ${reasonLabels[reason]}`
}

/** The calls that turn what a host is allowed for into what it should be. */
export function changesOf(
  before: Pick<AllowedHost, 'purposes' | 'plainHttp'>,
  after: Pick<AllowedHost, 'purposes' | 'plainHttp'>,
): { allow: NetworkPurpose[]; disallow: NetworkPurpose[]; plainHttp: boolean | undefined } {
  return {
    allow: after.purposes.filter((purpose) => !before.purposes.includes(purpose)),
    disallow: before.purposes.filter((purpose) => !after.purposes.includes(purpose)),
    plainHttp: before.plainHttp === after.plainHttp ? undefined : after.plainHttp,
  }
}

export interface AttemptFilter {
  outcome: NetworkAttempt['outcome'] | null
  query: string
}

/** Every word has to be in the host, the purpose, the method or the outcome. */
export function filterAttempts(
  attempts: readonly NetworkAttempt[],
  { outcome, query }: AttemptFilter,
): NetworkAttempt[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  return attempts.filter((attempt) => {
    if (outcome !== null && attempt.outcome !== outcome) return false
    const text = [attempt.host, attempt.purpose, purposeLabels[attempt.purpose], attempt.method, outcomeText(attempt)]
      .join(' ')
      .toLocaleLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** For a spreadsheet: words of the contract, times with seconds. */
export function attemptRows(attempts: readonly NetworkAttempt[]): (string | number)[][] {
  const header = ['number', 'time', 'purpose', 'host', 'method', 'outcome', 'reason']
  const rows = attempts.map(({ number, at, purpose, host, method, outcome, reason }) => [
    number,
    new Date(at).toISOString(),
    purpose,
    host,
    method,
    outcome,
    reason ?? '',
  ])
  return [header, ...rows]
}
