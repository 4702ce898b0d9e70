import { create } from 'zustand'
import type { ErrorData } from '../../core/contract/errors.ts'
import type { NetworkPurpose, NetworkStatus } from '../../core/contract/network.ts'
import { core } from './client.ts'
import { toFailure } from './failure.ts'
import { createLatest } from './latest.ts'

interface NetworkStore {
  /** Null until first read. */
  status: NetworkStatus | null
  failure: ErrorData | null
  refresh(): Promise<void>
  /** Throws what the core refuses. */
  setOffline(offline: boolean): Promise<void>
  /** Besides the purposes that a host has. Throws what the core refuses. */
  allow(host: string, purposes: NetworkPurpose[], plainHttp?: boolean): Promise<void>
  /** All purposes, or these. Throws what the core refuses. */
  disallow(host: string, purposes?: NetworkPurpose[]): Promise<void>
}

const latest = createLatest()

/** What a change has led to: newer than whatever was being read when it was made. */
async function changed(change: Promise<NetworkStatus>): Promise<void> {
  const isNews = latest.begin()
  try {
    const status = await change
    if (isNews()) useNetwork.setState({ status, failure: null })
  } catch (error) {
    isNews()
    throw error
  }
}

/** Whether anything may leave this machine: the status bar always says it. */
export const useNetwork = create<NetworkStore>((set) => ({
  status: null,
  failure: null,
  refresh: async () => {
    const isNews = latest.begin()
    try {
      const status = await core().network.status()
      if (isNews()) set({ status, failure: null })
    } catch (error) {
      if (isNews()) set({ failure: toFailure(error) })
    }
  },
  setOffline: (offline) => changed(core().network.setOffline({ offline })),
  allow: (host, purposes, plainHttp) =>
    changed(core().network.allow({ host, purposes, ...(plainHttp === undefined ? {} : { plainHttp }) })),
  disallow: (host, purposes) => changed(core().network.disallow({ host, ...(purposes ? { purposes } : {}) })),
}))

export type Reach = 'open' | 'offline' | 'host-not-allowed'

/** Whether an https address of another machine may be asked for this, as far as the page can tell; the core decides. */
export function reachOf(
  { offline, allowed }: Pick<NetworkStatus, 'offline' | 'allowed'>,
  address: string,
  purpose: NetworkPurpose,
): Reach {
  if (offline) return 'offline'
  return isAllowed(allowed, address, purpose) ? 'open' : 'host-not-allowed'
}

/** Whether the list names the host of an address for this, offline or not. */
export function isAllowed(allowed: NetworkStatus['allowed'], address: string, purpose: NetworkPurpose): boolean {
  const host = URL.parse(address)?.host
  const covers = (entry: string): boolean =>
    host !== undefined && (entry.startsWith('*.') ? host.endsWith(entry.slice(1)) : host === entry)
  return allowed.some((entry) => covers(entry.host) && entry.purposes.includes(purpose))
}
