import type { Collection } from '../contract/collections.ts'
import { AppError } from '../contract/errors.ts'
import type { Provider, ProviderKind, ProviderTimeouts, ProviderUse } from '../contract/providers.ts'
import type { ProviderLibrary, StoredProvider } from '../library/providers.ts'
import type { NetworkDoor } from '../network/door.ts'
import { entryIsThisMachine, readHost } from '../network/hosts.ts'
import { type Connect, createConnection } from '../runtimes/remote/connection.ts'
import { kindsOfProvider } from '../runtimes/remote/kinds.ts'
import { keyVariable, type SecretStore } from '../secrets/secret-store.ts'

/** The servers that a person has named, and ways to them. */
export interface Providers {
  list(): Promise<Provider[]>
  /** Errors: item-missing. */
  get(id: string): Promise<Provider>
  /** Errors: name-taken, input-invalid. */
  add(given: { id: string; kind: ProviderKind } & ProviderChanges): Promise<Provider>
  /** Errors: item-missing, input-invalid, provider-in-use (an index was made by what answers at the present address). */
  set(id: string, changes: ProviderChanges): Promise<Provider>
  /** Errors: item-missing, provider-in-use. */
  remove(id: string): Promise<void>
  /** Errors: item-missing, keys-unavailable. */
  setKey(id: string, key: string): Promise<Provider>
  /** Errors: item-missing, keys-unavailable. */
  removeKey(id: string): Promise<Provider>
  connect: Connect
}

export interface ProviderChanges {
  label?: string | undefined
  baseUrl?: string | undefined
  timeouts?: { [Name in keyof ProviderTimeouts]?: ProviderTimeouts[Name] | undefined } | undefined
}

export interface ProvidersParts {
  library: ProviderLibrary
  secrets: SecretStore
  door: NetworkDoor
  collections: { list(): readonly Collection[] }
  /** What was opened of a provider is not used again: it has changed. */
  forget(id: string): void
}

export function createProviders({ library, secrets, door, collections, forget }: ProvidersParts): Providers {
  const present = async (stored: StoredProvider): Promise<Provider> => {
    const { id, kind, baseUrl } = stored
    const { uses, keyNeeded } = kindsOfProvider[kind]
    const host = readHost(baseUrl)
    return {
      ...stored,
      uses,
      key: { from: await secrets.origin(id), variable: keyVariable(id), needed: keyNeeded },
      host,
      thisMachine: entryIsThisMachine(host),
      reach: uses.map((use) => ({ use, ...reach(baseUrl, use) })),
      usedBy: users(id).map((collection) => ({ collectionId: collection.id, name: collection.name })),
    }
  }
  const reach = (baseUrl: string, use: ProviderUse): { allowed: boolean; message: string | null } => {
    try {
      door.check(baseUrl, use)
      return { allowed: true, message: null }
    } catch (error) {
      if (error instanceof AppError) return { allowed: false, message: error.message }
      throw error
    }
  }
  const users = (id: string): Collection[] =>
    collections
      .list()
      .filter(({ pipeline: { embedder, reranker, generator } }) =>
        [embedder, reranker, generator].some((choice) => choice?.options.provider === id),
      )
  const changed = (before: StoredProvider, { label, baseUrl, timeouts }: ProviderChanges): StoredProvider => ({
    ...before,
    ...(label === undefined ? {} : { label }),
    ...(baseUrl === undefined ? {} : { baseUrl: readBaseUrl(baseUrl) }),
    timeouts: {
      firstByteMs: timeouts?.firstByteMs ?? before.timeouts.firstByteMs,
      idleMs: timeouts?.idleMs ?? before.timeouts.idleMs,
    },
  })

  return {
    list: () => Promise.all(library.list().map(present)),
    get: async (id) => present(library.get(id)),
    add: async ({ id, kind, ...changes }) => {
      const { label, baseUrl, timeouts } = kindsOfProvider[kind]
      if (baseUrl === null && changes.baseUrl === undefined) {
        throw new AppError('input-invalid', `Give the address of the server: ${label} has no usual one.`)
      }
      const provider = changed({ id, kind, label, baseUrl: baseUrl ?? '', timeouts }, changes)
      library.add(provider)
      return present(provider)
    },
    async set(id, changes) {
      const before = library.get(id)
      const after = changed(before, changes)
      if (after.baseUrl !== before.baseUrl) {
        const embedding = users(id).filter(({ pipeline }) => pipeline.embedder.options.provider === id)
        if (embedding.length > 0) throw embedsAt(before, embedding)
        // The key was given to the server before, not to whatever answers at the new address.
        if (new URL(after.baseUrl).origin !== new URL(before.baseUrl).origin) await secrets.remove(id)
      }
      library.set(after)
      forget(id)
      return present(after)
    },
    async remove(id) {
      library.get(id)
      const inUse = users(id)
      if (inUse.length > 0) {
        throw new AppError(
          'provider-in-use',
          `"${id}" is used by ${named(inUse)}. Choose something else in their pipelines first.`,
          { details: { usedBy: inUse.map((collection) => ({ collectionId: collection.id, name: collection.name })) } },
        )
      }
      await secrets.remove(id)
      library.remove(id)
      forget(id)
    },
    async setKey(id, key) {
      const provider = library.get(id)
      await secrets.write(id, key)
      return present(provider)
    },
    async removeKey(id) {
      const provider = library.get(id)
      await secrets.remove(id)
      return present(provider)
    },
    connect(id, use, patience) {
      const provider = library.get(id)
      const { uses, label } = kindsOfProvider[provider.kind]
      if (!uses.includes(use)) {
        throw new AppError('input-invalid', `"${id}" (${label}) has nothing for ${use}. It has: ${uses.join(', ')}.`)
      }
      return createConnection({
        provider,
        fetch: door.fetchFor(use),
        readKey: () => secrets.read(id),
        ...(patience ? { patience } : {}),
      })
    },
  }
}

/** 'https://host/path' without a slash at its end. Errors: input-invalid. */
export function readBaseUrl(text: string): string {
  const url = URL.parse(text)
  const problem = !url
    ? 'is no address. Write it like https://api.example.com/v1'
    : url.protocol !== 'https:' && url.protocol !== 'http:'
      ? 'has to begin with https:// or http://'
      : url.username !== '' || url.password !== ''
        ? 'has a name or password in it. Keys have a place of their own: quarry providers key'
        : url.search !== '' || url.hash !== ''
          ? 'has something behind "?" or "#". Give what is before it'
          : undefined
  // Without what may be a password.
  if (!url || problem) throw new AppError('input-invalid', `The address of the provider ${problem}.`)
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

function embedsAt({ id, baseUrl }: StoredProvider, collections: readonly Collection[]): AppError {
  return new AppError(
    'provider-in-use',
    `The index of ${named(collections)} was made by what answers at ${baseUrl}. Add a second provider with the other ` +
      `address and choose it as embedder, so that their vectors are not mixed. "${id}" stays as it is.`,
  )
}

const named = (collections: readonly Collection[]): string => collections.map(({ name }) => `"${name}"`).join(', ')
