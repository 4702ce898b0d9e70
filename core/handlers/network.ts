import type { NetworkStatus } from '../contract/network.ts'
import { entryIsThisMachine } from '../network/hosts.ts'
import type { Services } from '../services/services.ts'
import { os } from './base.ts'

export function networkHandlers({ network: { policy, attempts } }: Services) {
  const status = (): NetworkStatus => {
    const { offline, allowed } = policy.rules()
    return {
      offline,
      lock: policy.lock(),
      allowed: allowed.map((entry) => {
        const thisMachine = entryIsThisMachine(entry.host)
        return { ...entry, thisMachine, inForce: thisMachine || !offline }
      }),
      attempts: attempts.summary(),
    }
  }
  return {
    status: os.network.status.handler(status),
    setOffline: os.network.setOffline.handler(({ input }) => {
      policy.setOffline(input.offline)
      return status()
    }),
    allow: os.network.allow.handler(({ input: { host, purposes, plainHttp } }) => {
      policy.allow(host, purposes, plainHttp)
      return status()
    }),
    disallow: os.network.disallow.handler(({ input }) => {
      policy.disallow(input.host, input.purposes)
      return status()
    }),
    attempts: os.network.attempts.handler(({ input }) => ({
      attempts: attempts.list(input),
      total: attempts.count(input.outcome),
    })),
    clearAttempts: os.network.clearAttempts.handler(() => {
      // Where an administrator has laid down the rules, the list is their evidence.
      policy.requireUnlocked()
      return { removed: attempts.clear() }
    }),
  }
}
