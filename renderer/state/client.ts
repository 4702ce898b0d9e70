import type { Client } from '../../core/contract/client.ts'

/** The connection to the core, given once before the first render (main.tsx, or a test's fake). */
let current: Client | null = null

export function provideClient(client: Client): void {
  current = client
}

/** The typed client. Throws when called before `provideClient`: a mistake in start-up, never a user's. */
export function core(): Client {
  if (!current) throw new Error('The page asked the core before it was connected.')
  return current
}
