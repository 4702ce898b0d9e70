import { describe, expect, it } from 'vitest'
import type { Provider, ProviderKindInfo } from '../../../core/contract/providers.ts'
import {
  draftInput,
  draftProblem,
  keySentence,
  leavesSentence,
  suggestId,
  usesToAllow,
  type ProviderDraft,
} from './provider-facts.ts'

const remote: Pick<Provider, 'thisMachine' | 'host' | 'uses' | 'baseUrl'> = {
  thisMachine: false,
  host: 'api.example.com',
  baseUrl: 'https://api.example.com/v1',
  uses: ['chat', 'embeddings'],
}

describe('what leaves this machine', () => {
  it('is said for each use, with the host', () => {
    expect(leavesSentence(remote)).toBe(
      'A collection that uses it sends to api.example.com: for answers questions with the passages that answers are ' +
        'written from; for embeddings every chunk of the documents and every question.',
    )
  })
  it('is nothing where the server is on it', () => {
    expect(leavesSentence({ ...remote, thisMachine: true, host: '127.0.0.1:11434' })).toBe(
      'Nothing leaves this machine: 127.0.0.1:11434 is a server on it.',
    )
  })
})

it('says where a key comes from, and never what it is', () => {
  const key = { variable: 'QUARRY_KEY_X', needed: true }
  expect(keySentence({ key: { ...key, from: 'none' } })).toBe('It needs a key, and there is none yet.')
  expect(keySentence({ key: { ...key, from: 'none', needed: false } })).toBe('No key; it needs none.')
  expect(keySentence({ key: { ...key, from: 'environment' } })).toContain('QUARRY_KEY_X')
  expect(keySentence({ key: { ...key, from: 'stored' } })).toBe('A key is stored.')
})

it('asks to allow only those uses for which the host is not in the list', () => {
  const entry = { host: 'api.example.com', plainHttp: false, thisMachine: false, inForce: false }
  expect(usesToAllow(remote, { allowed: [] })).toEqual(['chat', 'embeddings'])
  expect(usesToAllow(remote, { allowed: [{ ...entry, purposes: ['chat'] }] })).toEqual(['embeddings'])
  expect(usesToAllow(remote, { allowed: [{ ...entry, purposes: ['chat', 'embeddings'] }] })).toEqual([])
})

it('suggests a name that is free', () => {
  expect(suggestId('ollama', new Set())).toBe('ollama')
  expect(suggestId('ollama', new Set(['ollama', 'ollama-2']))).toBe('ollama-3')
})

describe('what somebody typed', () => {
  const info = { label: '', summary: '', uses: [], keyNeeded: false, listsModels: true }
  const kinds: ProviderKindInfo[] = [
    { ...info, kind: 'ollama', baseUrl: 'http://127.0.0.1:11434' },
    { ...info, kind: 'openai-compatible', baseUrl: null },
  ]
  const draft: ProviderDraft = {
    ...{ kind: 'ollama', id: 'ollama', label: ' ', baseUrl: '', key: '', firstByteSeconds: '', idleSeconds: '' },
  }
  it('is told to be wrong in a sentence', () => {
    expect(draftProblem(draft, kinds)).toBeNull()
    expect(draftProblem({ ...draft, id: 'My Server' }, kinds)).toContain('small letters')
    expect(draftProblem({ ...draft, kind: 'openai-compatible' }, kinds)).toBe('Give the address where the API begins.')
    expect(draftProblem({ ...draft, baseUrl: 'api.example.com' }, kinds)).toContain('https://')
    expect(draftProblem({ ...draft, idleSeconds: '0.2' }, kinds)).toContain('seconds')
    expect(draftProblem({ ...draft, idleSeconds: 'soon' }, kinds)).toContain('seconds')
  })
  it('leaves out what is empty', () => {
    expect(draftInput(draft)).toEqual({})
    expect(draftInput({ ...draft, label: ' Ada ', baseUrl: ' http://a ', firstByteSeconds: '1.5' })).toEqual({
      label: 'Ada',
      baseUrl: 'http://a',
      timeouts: { firstByteMs: 1500 },
    })
  })
})
