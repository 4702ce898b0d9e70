import { describe, expect, it } from 'vitest'
import type { NetworkStatus } from '../../core/contract/network.ts'
import { reachOf } from './network.ts'

const entry = (host: string, purposes: NetworkStatus['allowed'][number]['purposes']) => ({
  ...{ host, purposes, plainHttp: false, thisMachine: false, inForce: true },
})
const reach = (address: string, offline: boolean, ...allowed: NetworkStatus['allowed']) =>
  reachOf({ offline, allowed }, address, 'model-download')

describe('whether a download can be asked for', () => {
  it('is no while offline, whatever is allowed', () => {
    expect(reach('https://huggingface.co', true, entry('huggingface.co', ['model-download']))).toBe('offline')
  })
  it('needs the host, for this purpose', () => {
    expect(reach('https://huggingface.co', false)).toBe('host-not-allowed')
    expect(reach('https://huggingface.co', false, entry('huggingface.co', ['chat']))).toBe('host-not-allowed')
    expect(reach('https://huggingface.co', false, entry('huggingface.co', ['model-download']))).toBe('open')
  })
  it('takes a domain for all below it, and not for itself or what merely ends like it', () => {
    const below = entry('*.hf.co', ['model-download'])
    expect(reach('https://cdn-lfs.hf.co/x', false, below)).toBe('open')
    expect(reach('https://hf.co', false, below)).toBe('host-not-allowed')
    expect(reach('https://evilhf.co', false, below)).toBe('host-not-allowed')
  })
  it('tells ports apart', () => {
    const entries = entry('mirror.example:8443', ['model-download'])
    expect(reach('https://mirror.example', false, entries)).toBe('host-not-allowed')
    expect(reach('https://mirror.example:8443/x', false, entries)).toBe('open')
    expect(reach('no address', false, entries)).toBe('host-not-allowed')
  })
})
