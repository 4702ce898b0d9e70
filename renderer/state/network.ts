import { create } from 'zustand'
import type { ErrorData } from '../../core/contract/errors.ts'
import type { NetworkPurpose, NetworkStatus } from '../../core/contract/network.ts'
import { core } from './client.ts'
import { toFailure } from './failure.ts'

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

/** Whether anything may leave this machine: the status bar always says it. */
export const useNetwork = create<NetworkStore>((set) => ({
  status: null,
  failure: null,
  refresh: async () => {
    try {
      set({ status: await core().network.status(), failure: null })
    } catch (error) {
      set({ failure: toFailure(error) })
    }
  },
  setOffline: async (offline) => set({ status: await core().network.setOffline({ offline }), failure: null }),
  allow: async (host, purposes, plainHttp) => {
    const how = plainHttp === undefined ? {} : { plainHttp }
    set({ status: await core().network.allow({ host, purposes, ...how }), failure: null })
  },
  disallow: async (host, purposes) => {
    const which = purposes ? { purposes } : {}
    set({ status: await core().network.disallow({ host, ...which }), failure: null })
  },
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
