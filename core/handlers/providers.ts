import { kindsOfProvider } from '../runtimes/remote/kinds.ts'
import { providerKinds } from '../contract/providers.ts'
import { listRemoteModels, testProvider } from '../services/provider-checks.ts'
import type { Services } from '../services/services.ts'
import { os } from './base.ts'

export function providerHandlers(services: Services) {
  const { providers, secrets } = services
  return {
    list: os.providers.list.handler(async () => ({
      providers: await providers.list(),
      kinds: providerKinds.map((kind) => {
        const { label, summary, baseUrl, uses, keyNeeded, listsModels } = kindsOfProvider[kind]
        return { kind, label, summary, baseUrl, uses, keyNeeded, listsModels }
      }),
      keys: await secrets.storage(),
    })),
    add: os.providers.add.handler(({ input }) => providers.add(input)),
    set: os.providers.set.handler(({ input: { id, ...changes } }) => providers.set(id, changes)),
    remove: os.providers.remove.handler(async ({ input }) => {
      await providers.remove(input.id)
      return { removed: true }
    }),
    setKey: os.providers.setKey.handler(({ input }) => providers.setKey(input.id, input.key)),
    removeKey: os.providers.removeKey.handler(({ input }) => providers.removeKey(input.id)),
    test: os.providers.test.handler(({ input: { id, use, model }, signal }) =>
      testProvider(id, { use, model }, services, signal),
    ),
    models: os.providers.models.handler(async ({ input, signal }) => ({
      models: await listRemoteModels(await providers.get(input.id), providers.connect, signal),
    })),
  }
}
