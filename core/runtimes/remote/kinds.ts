import type { ProviderKind, ProviderKindInfo, ProviderTimeouts } from '../../contract/providers.ts'

/** A way of asking, as far as all that is asked has it in common. */
export interface KindOfProvider extends Omit<ProviderKindInfo, 'kind'> {
  /** The header that a key goes into. */
  keyHeader(key: string): [name: string, value: string]
  /** Sent with every request. */
  headers: Readonly<Record<string, string>>
  timeouts: ProviderTimeouts
}

const bearer = (key: string): [string, string] => ['authorization', `Bearer ${key}`]
const service: ProviderTimeouts = { firstByteMs: 60_000, idleMs: 60_000 }
/** A server of one's own may load a model of many gigabytes before its first word. */
const ownServer: ProviderTimeouts = { firstByteMs: 300_000, idleMs: 120_000 }

export const kindsOfProvider: Readonly<Record<ProviderKind, KindOfProvider>> = {
  'openai-compatible': {
    label: 'OpenAI-compatible',
    summary: 'OpenAI, and the many servers with its API: LM Studio, vLLM, llama.cpp, LocalAI, Mistral, OpenRouter.',
    baseUrl: 'https://api.openai.com/v1',
    uses: ['chat', 'embeddings'],
    keyNeeded: false,
    listsModels: true,
    keyHeader: bearer,
    headers: {},
    timeouts: ownServer,
  },
  ollama: {
    label: 'Ollama',
    summary: 'An Ollama server, on this machine or another, by its own API.',
    baseUrl: 'http://127.0.0.1:11434',
    uses: ['chat', 'embeddings'],
    keyNeeded: false,
    listsModels: true,
    keyHeader: bearer,
    headers: {},
    timeouts: ownServer,
  },
  anthropic: {
    label: 'Anthropic',
    summary: 'Claude models by Anthropic’s Messages API.',
    baseUrl: 'https://api.anthropic.com/v1',
    uses: ['chat'],
    keyNeeded: true,
    listsModels: true,
    keyHeader: (key) => ['x-api-key', key],
    headers: { 'anthropic-version': '2023-06-01' },
    timeouts: service,
  },
  google: {
    label: 'Google',
    summary: 'Gemini models by Google’s Generative Language API.',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    uses: ['chat', 'embeddings'],
    keyNeeded: true,
    listsModels: true,
    keyHeader: (key) => ['x-goog-api-key', key],
    headers: {},
    timeouts: service,
  },
  cohere: {
    label: 'Cohere',
    summary: 'Embedding and reranking models of Cohere.',
    baseUrl: 'https://api.cohere.com/v2',
    uses: ['embeddings', 'rerank'],
    keyNeeded: true,
    listsModels: false,
    keyHeader: bearer,
    headers: {},
    timeouts: service,
  },
  jina: {
    label: 'Jina',
    summary: 'Reranking models of Jina AI, and servers with its /rerank: vLLM, llama.cpp, LocalAI, Infinity.',
    baseUrl: 'https://api.jina.ai/v1',
    uses: ['rerank'],
    keyNeeded: false,
    listsModels: false,
    keyHeader: bearer,
    headers: {},
    timeouts: service,
  },
  voyage: {
    label: 'Voyage AI',
    summary: 'Reranking models of Voyage AI.',
    baseUrl: 'https://api.voyageai.com/v1',
    uses: ['rerank'],
    keyNeeded: true,
    listsModels: false,
    keyHeader: bearer,
    headers: {},
    timeouts: service,
  },
}
