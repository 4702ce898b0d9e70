import type { NetworkStatus } from '../../../core/contract/network.ts'
import type { Provider, ProviderKind, ProviderKindInfo, ProviderUse } from '../../../core/contract/providers.ts'
import { isAllowed } from '../../state/network.ts'

export const useLabels: Record<ProviderUse, string> = {
  chat: 'Answers',
  embeddings: 'Embeddings',
  rerank: 'Reranking',
}

/** What is sent for each. */
const sent: Record<ProviderUse, string> = {
  chat: 'questions with the passages that answers are written from',
  embeddings: 'every chunk of the documents and every question',
  rerank: 'questions with the passages found for them',
}

/** What leaves this machine when the provider is used, in one sentence. */
export function leavesSentence({ thisMachine, host, uses }: Pick<Provider, 'thisMachine' | 'host' | 'uses'>): string {
  if (thisMachine) return `Nothing leaves this machine: ${host} is a server on it.`
  const parts = uses.map((use) => `for ${useLabels[use].toLowerCase()} ${sent[use]}`)
  return `A collection that uses it sends to ${host}: ${parts.join('; ')}.`
}

export function keySentence({ key }: Pick<Provider, 'key'>): string {
  if (key.from === 'stored') return 'A key is stored.'
  if (key.from === 'environment') return `The key comes from the variable ${key.variable}.`
  return key.needed ? 'It needs a key, and there is none yet.' : 'No key; it needs none.'
}

/** Uses for which its host is not in the network's list; that Quarry is offline is another matter. */
export function usesToAllow(
  { uses, baseUrl }: Pick<Provider, 'uses' | 'baseUrl'>,
  { allowed }: Pick<NetworkStatus, 'allowed'>,
): ProviderUse[] {
  return uses.filter((use) => !isAllowed(allowed, baseUrl, use))
}

/** 'answers and embeddings' */
export function usesText(uses: readonly ProviderUse[]): string {
  return new Intl.ListFormat('en').format(uses.map((use) => useLabels[use].toLowerCase()))
}

/** A name that no provider has yet: 'ollama', 'ollama-2'. */
export function suggestId(kind: ProviderKind, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? kind : `${kind}-${number}`
    if (!taken.has(candidate)) return candidate
  }
}

export interface ProviderDraft {
  kind: ProviderKind
  id: string
  label: string
  baseUrl: string
  key: string
  firstByteSeconds: string
  idleSeconds: string
}

/** What is wrong with what somebody typed, in a sentence; null where nothing is. The core looks again. */
export function draftProblem(draft: ProviderDraft, kinds: readonly ProviderKindInfo[]): string | null {
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(draft.id) || draft.id.length > 40) {
    return 'Give a name of small letters and digits, parted by "-".'
  }
  const usual = kinds.find(({ kind }) => kind === draft.kind)?.baseUrl ?? null
  if (draft.baseUrl.trim() === '' && usual === null) return 'Give the address where the API begins.'
  if (draft.baseUrl.trim() !== '' && !/^https?:\/\//i.test(draft.baseUrl.trim())) {
    return 'The address begins with https:// or http://.'
  }
  for (const seconds of [draft.firstByteSeconds, draft.idleSeconds]) {
    if (seconds.trim() !== '' && !(Number(seconds) >= 1 && Number(seconds) <= 3600)) {
      return 'Give seconds from 1 to 3,600.'
    }
  }
  return null
}

/** What the fields hold, as the contract takes it: empty fields are left out. */
export function draftInput({ label, baseUrl, firstByteSeconds, idleSeconds }: ProviderDraft) {
  const timeouts = {
    ...(firstByteSeconds.trim() === '' ? {} : { firstByteMs: Math.round(Number(firstByteSeconds) * 1000) }),
    ...(idleSeconds.trim() === '' ? {} : { idleMs: Math.round(Number(idleSeconds) * 1000) }),
  }
  return {
    ...(label.trim() === '' ? {} : { label: label.trim() }),
    ...(baseUrl.trim() === '' ? {} : { baseUrl: baseUrl.trim() }),
    ...(Object.keys(timeouts).length === 0 ? {} : { timeouts }),
  }
}
