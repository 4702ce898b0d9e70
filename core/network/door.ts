import { AppError } from '../contract/errors.ts'
import type { NetworkAttempt, NetworkPurpose, RefusalReason } from '../contract/network.ts'
import { isThisMachine } from './hosts.ts'
import { judge, type NetworkRules } from './judge.ts'
import { type Hop, isStream, maximumRedirects, nextHop } from './redirects.ts'
import { staysHere } from './stays-here.ts'

/** A `fetch` that goes through the door. Whoever needs the network is given one. */
export type NetworkFetch = typeof globalThis.fetch

/** The only way out. */
export interface NetworkDoor {
  /**
   * A `fetch` for one purpose. Every address is judged before a connection is made to it, those that answers lead to
   * as well, and written down. It throws `network-refused` where it may not be connected to, and otherwise what `fetch`
   * throws; signals, bodies and answers are those of `fetch`. Of its options it knows method, headers, body, signal,
   * redirect and duplex.
   */
  fetchFor(purpose: NetworkPurpose): NetworkFetch
  /** Whether an address may be connected to as things are; nothing is written down. Errors: network-refused. */
  check(url: string | URL, purpose: NetworkPurpose): void
}

export interface NetworkDoorParts {
  /** Asked each time, so that a change is in force at once. `lockedBy` says who could change it, where nobody here can. */
  policy: { rules(): NetworkRules; lockedBy(): string | undefined }
  /** Does not throw. */
  attempts: { record(attempt: Omit<NetworkAttempt, 'number'>): void }
  fetch?: NetworkFetch
  /** Milliseconds since 1970. */
  now?: () => number
}

export function createNetworkDoor(parts: NetworkDoorParts): NetworkDoor {
  const { policy, attempts, fetch = globalThis.fetch, now = Date.now } = parts

  const pass = async (hop: Hop, purpose: NetworkPurpose, from: URL | undefined, redirects: number): Promise<void> => {
    let reason = judge(policy.rules(), hop.url, purpose)
    const here = isThisMachine(hop.url.hostname)
    // A server elsewhere must not be able to talk to what listens here, even to what is allowed.
    if (from && here && !isThisMachine(from.hostname)) reason = 'led-to-this-machine'
    if (redirects > maximumRedirects) reason = 'too-many-redirects'
    if (!reason && here && !(await staysHere(hop.url, process.env, process.execArgv))) reason = 'leaves-machine'
    const host = hop.url.host.slice(0, 300)
    const outcome = reason ? 'refused' : 'allowed'
    attempts.record({ at: now(), purpose, host, method: hop.method.slice(0, 20), outcome, reason })
    if (reason) throw refused(reason, hop.url, purpose, policy.lockedBy())
  }

  return {
    fetchFor: (purpose) => async (input, init) => {
      const { hop: first, options } = readRequest(input, init)
      if (!first) {
        attempts.record({ at: now(), purpose, host: '', method: 'GET', outcome: 'refused', reason: 'address-invalid' })
        throw refused('address-invalid', undefined, purpose, undefined)
      }
      const redirect = init?.redirect ?? (input instanceof Request ? input.redirect : 'follow')
      let hop = first
      let from: URL | undefined
      for (let redirects = 0; ; redirects += 1) {
        await pass(hop, purpose, from, redirects)
        const { method, headers, body } = hop
        const response = await fetch(hop.url, { ...options, method, headers, body, redirect: 'manual' })
        if (redirect === 'manual') return response
        const next = nextHop(hop, response)
        if (!next) return response
        await response.body?.cancel()
        if (redirect === 'error') throw new TypeError('fetch failed: the server led elsewhere')
        from = hop.url
        hop = next
      }
    },
    check(address, purpose) {
      const url = URL.parse(address)
      const reason = url ? judge(policy.rules(), url, purpose) : 'address-invalid'
      if (reason) throw refused(reason, url ?? undefined, purpose, policy.lockedBy())
    },
  }
}

/** What is kept of a request, whichever way it was made. Nothing that could lead around the door, such as a dispatcher. */
function readRequest(input: string | URL | Request, init: RequestInit = {}) {
  const request = input instanceof Request ? input : undefined
  const url = URL.parse(input instanceof Request ? input.url : input)
  const signal = init.signal ?? request?.signal
  const body = init.body ?? request?.body ?? null
  const hop: Hop | undefined = url
    ? {
        url,
        // As `fetch` spells them; any other name is taken as it is.
        method: (init.method ?? request?.method ?? 'GET').replace(/^(delete|get|head|options|post|put)$/i, (name) =>
          name.toUpperCase(),
        ),
        headers: new Headers(init.headers ?? request?.headers),
        body,
      }
    : undefined
  return { hop, options: { ...(signal ? { signal } : {}), ...(isStream(body) ? { duplex: 'half' as const } : {}) } }
}

function refused(
  reason: RefusalReason,
  url: URL | undefined,
  purpose: NetworkPurpose,
  lockedBy: string | undefined,
): AppError {
  const host = url?.host ?? ''
  const what = messages[reason](host, purpose)
  const message =
    lockedBy && changeable.has(reason) ? `${what} ${lockedBy}` : `${what} ${advice(reason, host, purpose)}`
  return new AppError('network-refused', message.trim(), { details: { reason, host, purpose } })
}

/** Of these a change of the settings is the way out. */
const changeable = new Set<RefusalReason>(['offline', 'host-not-allowed', 'purpose-not-allowed', 'plain-http'])

const messages: Record<RefusalReason, (host: string, purpose: NetworkPurpose) => string> = {
  'address-invalid': () => 'There is no address to connect to, or it has a name and password in it.',
  'scheme-refused': (host) =>
    `Only https and http addresses can be connected to${host && `, not this one of ${host}`}.`,
  offline: (host) => `Quarry is offline: it does not connect to ${host}.`,
  'host-not-allowed': (host) => `${host} is not among the hosts that may be connected to.`,
  'purpose-not-allowed': (host, purpose) => `${host} may be connected to, but not for ${purpose}.`,
  'plain-http': (host) => `${host} was asked for by http, which others on the way can read.`,
  'leaves-machine': (host) => `${host} should be on this machine, but a connection to it would leave it.`,
  'led-to-this-machine': (host) => `A server elsewhere answered that ${host}, on this machine, should be asked.`,
  'too-many-redirects': (host) => `The server leads from address to address, the last one on ${host}.`,
}

function advice(reason: RefusalReason, host: string, purpose: NetworkPurpose): string {
  const allow = `quarry network allow ${host} --for ${purpose}`
  switch (reason) {
    case 'address-invalid':
      return 'Check the address; keys have a place of their own.'
    case 'scheme-refused':
      return 'Check the address.'
    case 'offline':
      return `If it should, allow it (${allow}) and turn offline off (quarry network offline off).`
    case 'host-not-allowed':
    case 'purpose-not-allowed':
      return `Allow it: ${allow}`
    case 'plain-http':
      return `Use https, or allow it: ${allow} --http`
    case 'leaves-machine':
      return 'Name it in NO_PROXY, or use 127.0.0.1 for localhost.'
    case 'led-to-this-machine':
      return 'That is not done. Check the address of the server.'
    case 'too-many-redirects':
      return 'Check the address.'
  }
}
