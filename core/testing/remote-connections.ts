import { AppError } from '../contract/errors.ts'
import type { ProviderKind } from '../contract/providers.ts'
import { createNetworkDoor } from '../network/door.ts'
import { type Connect, createConnection } from '../runtimes/remote/connection.ts'
import type { Patience } from '../runtimes/remote/patient-fetch.ts'
import type { RemoteServer } from './remote-server.ts'

/** A way to a server of tests through a real door: providers are named as their kinds are. Pauses are short. */
export function connectForTests(
  server: RemoteServer,
  {
    key,
    timeouts = { firstByteMs: 5000, idleMs: 5000 },
    patience = {},
    allowed = [server.host],
  }: {
    key?: string
    timeouts?: { firstByteMs: number; idleMs: number }
    patience?: Patience
    allowed?: string[]
  } = {},
): Connect {
  const door = createNetworkDoor({
    policy: {
      rules: () => ({
        offline: true,
        allowed: allowed.map((host) => ({ host, purposes: ['chat', 'embeddings', 'rerank'], plainHttp: false })),
      }),
      lockedBy: () => undefined,
    },
    attempts: { record: () => {} },
  })
  return (id, use) => {
    if (id === 'missing') throw new AppError('item-missing', 'There is no such provider.')
    const kind = id as ProviderKind
    return createConnection({
      provider: { id, kind, label: `The ${kind} server`, baseUrl: server.baseUrl(kind), timeouts },
      fetch: door.fetchFor(use),
      readKey: async () => key ?? 'test-key-0123456789',
      patience: { pauseMs: 5, ...patience },
    })
  }
}
