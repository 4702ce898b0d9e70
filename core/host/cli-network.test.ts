import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { quarry } from './testing/quarry.ts'

/** The real command line in a process of its own. */
const call = (args: readonly string[], env: Record<string, string> = {}) =>
  quarry(args, { env: { QUARRY_OFFLINE: '', ...env } })

describe('quarry network', () => {
  it('shows and changes what may be connected to', async () => {
    using folder = temporaryFolder()
    const own = ['--workspace', join(folder.path, 'workspace')]
    const network = (...args: string[]) => call(['network', ...args, ...own])

    const allow = await network('allow', 'https://api.example.com/v1', '--for', 'chat', 'rerank', '--json')
    expect(allow).toMatchObject({
      code: 0,
      json: { offline: true, lock: null, allowed: [{ host: 'api.example.com', purposes: ['chat', 'rerank'] }] },
    })
    const status = await network('status')
    expect(status.output).toContain('not while offline')
    expect(await network('offline', 'off', '--json')).toMatchObject({ code: 0, json: { offline: false } })
    const less = await network('disallow', 'api.example.com', '--for', 'rerank', '--json')
    expect(less.json).toMatchObject({ allowed: [{ purposes: ['chat'] }] })
    expect(await network('attempts', '--json')).toMatchObject({ code: 0, json: { attempts: [], total: 0 } })
    expect(await network('allow', 'api.example.com', '--for', 'everything')).toMatchObject({ code: 2 })
    expect(await network('offline', 'perhaps')).toMatchObject({ code: 2 })
  })

  it('changes nothing where the environment locks it', async () => {
    using folder = temporaryFolder()
    const args = ['--workspace', join(folder.path, 'workspace'), '--json']
    const locked = { QUARRY_OFFLINE: 'locked' }
    const refused = await call(['network', 'offline', 'off', ...args], locked)
    expect(refused).toMatchObject({ code: 2, json: { error: { code: 'network-locked' } } })
    expect(refused.errors).toContain('QUARRY_OFFLINE')
  })
})
