import type { AllowedHost, NetworkPurpose, RefusalReason } from '../contract/network.ts'
import { coversHost, isThisMachine } from './hosts.ts'

/** What may be connected to. */
export interface NetworkRules {
  offline: boolean
  allowed: readonly AllowedHost[]
}

/** Null where it may be. */
export type Verdict = RefusalReason | null

/**
 * Whether an address may be connected to. Offline does not mean that servers on this machine cannot be reached: what
 * they get stays here. But each is allowed by itself, as every host is.
 */
export function judge({ offline, allowed }: NetworkRules, url: URL, purpose: NetworkPurpose): Verdict {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'scheme-refused'
  if (url.hostname === '' || url.username !== '' || url.password !== '') return 'address-invalid'
  const here = isThisMachine(url.hostname)
  if (offline && !here) return 'offline'
  const entries = allowed.filter(({ host }) => coversHost(host, url))
  if (entries.length === 0) return 'host-not-allowed'
  const suitable = entries.filter(({ purposes }) => purposes.includes(purpose))
  if (suitable.length === 0) return 'purpose-not-allowed'
  if (url.protocol === 'http:' && !here && !suitable.some(({ plainHttp }) => plainHttp)) return 'plain-http'
  return null
}
