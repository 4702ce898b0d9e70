import type { ProviderKind, ProviderTimeouts, ProviderUse } from '../../contract/providers.ts'
import { AppError } from '../../contract/errors.ts'
import type { NetworkFetch } from '../../network/door.ts'
import { kindsOfProvider } from './kinds.ts'
import { createPatientFetch, type Patience } from './patient-fetch.ts'

/** The server that is asked, as errors speak of it. */
export interface AskedProvider {
  id: string
  kind: ProviderKind
  label: string
  baseUrl: string
  timeouts: ProviderTimeouts
}

/** A way to one server, for one use of it. */
export interface ProviderConnection {
  readonly provider: AskedProvider
  /**
   * Asks with the key, which whoever asks never sees, through the network's door. What fails in passing is tried again;
   * everything that is no good answer is thrown as an AppError. Errors: network-refused, provider-…, model-missing,
   * input-invalid, keys-unavailable, cancelled.
   */
  readonly fetch: NetworkFetch
}

/** Errors: item-missing (no such provider), input-invalid (it is not made for this use). */
export type Connect = (providerId: string, use: ProviderUse, patience?: Patience) => ProviderConnection

export interface ConnectionParts {
  provider: AskedProvider
  /** The door's, for the use. */
  fetch: NetworkFetch
  /** Asked for each request, so that another key is in force at once. */
  readKey(): Promise<string | undefined>
  patience?: Patience
}

export function createConnection({ provider, fetch, readKey, patience }: ConnectionParts): ProviderConnection {
  const kind = kindsOfProvider[provider.kind]
  const ask = createPatientFetch({ provider, fetch, ...(patience ? { patience } : {}) })
  return {
    provider,
    async fetch(input, init) {
      const key = await readKey()
      if (key === undefined && kind.keyNeeded) throw keyMissing(provider)
      const headers = new Headers(init?.headers)
      for (const name of keyHeaders) headers.delete(name)
      for (const [name, value] of Object.entries(kind.headers)) headers.set(name, value)
      if (key !== undefined) headers.set(...kind.keyHeader(key))
      return ask(input, { ...init, headers }, key)
    },
  }
}

/** What client libraries are given for a key: they insist on one, and would look for it in the environment. */
export const noKey = 'kept-by-quarry'

/** Whatever a library put there is not the key. */
const keyHeaders = ['authorization', 'x-api-key', 'x-goog-api-key', 'api-key']

function keyMissing({ id, label }: AskedProvider): AppError {
  return new AppError(
    'provider-refused',
    `${label} answers nobody without a key. Enter it: quarry providers key ${id}`,
    {
      details: { provider: id },
    },
  )
}
