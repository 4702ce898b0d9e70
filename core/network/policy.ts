import { AppError } from '../contract/errors.ts'
import type { AllowedHost, NetworkLock, NetworkPurpose } from '../contract/network.ts'
import type { AdministratorPolicy } from './administrator.ts'
import { entryIsThisMachine, readHost } from './hosts.ts'
import type { NetworkRules } from './judge.ts'

/** What may be connected to, and who may change that. */
export interface NetworkPolicy {
  /** Offline with nothing allowed until somebody changes it; the administrator's, where there are any. */
  rules(): NetworkRules
  /** Null where people may change the rules. */
  lock(): NetworkLock | null
  /** A sentence that says who could change the rules; undefined where people may. */
  lockedBy(): string | undefined
  /** Errors: network-locked. */
  requireUnlocked(): void
  /** Errors: network-locked. */
  setOffline(offline: boolean): void
  /** Adds purposes to those that the host has. Errors: input-invalid, network-locked. */
  allow(host: string, purposes: readonly NetworkPurpose[], plainHttp?: boolean): void
  /** Takes away these purposes, or the host. Errors: input-invalid, item-missing, network-locked. */
  disallow(host: string, purposes?: readonly NetworkPurpose[]): void
}

export interface NetworkPolicyParts {
  /** People's settings. `read` gives what is safest where they are damaged. */
  settings: { read(): NetworkRules; write(rules: NetworkRules): void }
  /** Asked each time: a lock is in force as soon as it is there. */
  administrator(): AdministratorPolicy | undefined
}

export const maximumHosts = 200

export function createNetworkPolicy({ settings, administrator }: NetworkPolicyParts): NetworkPolicy {
  const requireUnlocked = (): void => {
    const lock = administrator()?.lock
    if (!lock) return
    const details = { by: lock.by, where: lock.where }
    throw new AppError('network-locked', `The network settings are locked. ${lock.message}`, { details })
  }
  const change = (make: (rules: NetworkRules) => NetworkRules): void => {
    requireUnlocked()
    settings.write(make(settings.read()))
  }
  return {
    rules: () => administrator()?.rules ?? settings.read(),
    lock: () => administrator()?.lock ?? null,
    lockedBy: () => administrator()?.lock.message,
    requireUnlocked,
    setOffline: (offline) => change((rules) => ({ ...rules, offline })),
    allow: (text, purposes, plainHttp) =>
      change((rules) => {
        const host = readHost(text)
        const known = rules.allowed.find((entry) => entry.host === host)
        const entry: AllowedHost = {
          host,
          purposes: [...new Set([...(known?.purposes ?? []), ...purposes])].sort(),
          plainHttp: plainHttp ?? known?.plainHttp ?? entryIsThisMachine(host),
        }
        const others = rules.allowed.filter((other) => other !== known)
        if (others.length >= maximumHosts) {
          throw new AppError('input-invalid', `At most ${maximumHosts} hosts can be allowed. Take some away first.`)
        }
        return { ...rules, allowed: [...others, entry].sort(byHost) }
      }),
    disallow: (text, purposes) =>
      change((rules) => {
        const host = readHost(text)
        const known = rules.allowed.find((entry) => entry.host === host)
        if (!known) {
          throw new AppError(
            'item-missing',
            `${host} is not in the list of allowed hosts. quarry network status shows it.`,
          )
        }
        const left = purposes ? known.purposes.filter((purpose) => !purposes.includes(purpose)) : []
        const others = rules.allowed.filter((other) => other !== known)
        return { ...rules, allowed: left.length > 0 ? [...others, { ...known, purposes: left }].sort(byHost) : others }
      }),
  }
}

function byHost(a: AllowedHost, b: AllowedHost): number {
  return a.host < b.host ? -1 : 1
}
