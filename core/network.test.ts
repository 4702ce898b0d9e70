import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from './shared/temporary-folder.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'

/** The network settings and the audit list of a real workspace, through the contract, with a real server to talk to. */
let test: TestApp
const temporary = temporaryFolder()
const policyFile = join(temporary.path, 'policy.json')
let host: string
const server = createServer((_request, response) => response.end('yes'))

beforeAll(async () => {
  test = await openTestApp({ administrator: { policyFile, offlineVariable: undefined } })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await test[Symbol.asyncDispose]()
  temporary[Symbol.dispose]()
})

const code = (expected: string) => expect.objectContaining({ code: expected }) as Error

describe('the network', () => {
  it('is offline with nothing allowed and nothing tried, until somebody changes it', async () => {
    expect(await test.client.network.status()).toEqual({
      offline: true,
      lock: null,
      allowed: [],
      attempts: { allowed: 0, refused: 0, lastAt: null },
    })
    expect((await test.client.workspace.status()).offline).toBe(true)
  })

  it('reaches what is allowed, lists every try and nothing secret', async () => {
    const { client, app } = test
    const fetch = app.services.network.door.fetchFor('chat')
    await expect(fetch(`http://${host}/v1?key=secret`)).rejects.toThrow(code('network-refused'))
    const allowed = await client.network.allow({ host: `http://${host}/v1`, purposes: ['chat'] })
    expect(allowed.allowed).toEqual([{ host, purposes: ['chat'], plainHttp: true, thisMachine: true, inForce: true }])
    const answer = await fetch(`http://${host}/v1?key=secret`, {
      method: 'POST',
      headers: { authorization: 'Bearer secret' },
      body: 'secret',
    })
    expect(await answer.text()).toBe('yes')

    const { attempts, total } = await client.network.attempts({})
    expect(total).toBe(2)
    expect(attempts).toMatchObject([
      { purpose: 'chat', host, method: 'POST', outcome: 'allowed', reason: null },
      { purpose: 'chat', host, method: 'GET', outcome: 'refused', reason: 'host-not-allowed' },
    ])
    expect(JSON.stringify(attempts)).not.toContain('secret')
    expect((await client.network.status()).attempts).toEqual({ allowed: 1, refused: 1, lastAt: attempts[0]?.at })
    const refused = await client.network.attempts({ outcome: 'refused' })
    expect([refused.total, refused.attempts.length]).toEqual([1, 1])
    const second = await client.network.attempts({ limit: 1, before: attempts[0]!.number })
    expect(second).toEqual({ attempts: [attempts[1]], total: 2 })
  })

  it('keeps another machine in the list, out of reach until offline is off', async () => {
    const { client } = test
    const added = await client.network.allow({ host: 'api.example.com', purposes: ['chat'] })
    expect(added.allowed).toContainEqual({
      host: 'api.example.com',
      purposes: ['chat'],
      plainHttp: false,
      thisMachine: false,
      inForce: false,
    })
    const online = await client.network.setOffline({ offline: false })
    expect(online.allowed.map(({ inForce }) => inForce)).toEqual([true, true])
    expect((await client.workspace.status()).offline).toBe(false)
    const more = await client.network.allow({ host: 'api.example.com', purposes: ['rerank'], plainHttp: true })
    expect(more.allowed.at(-1)).toMatchObject({ purposes: ['chat', 'rerank'], plainHttp: true })
    const less = await client.network.disallow({ host: 'api.example.com', purposes: ['chat'] })
    expect(less.allowed.at(-1)).toMatchObject({ host: 'api.example.com', purposes: ['rerank'] })
    const gone = await client.network.disallow({ host: 'api.example.com' })
    expect(gone.allowed.map((entry) => entry.host)).toEqual([host])
    await expect(client.network.disallow({ host: 'api.example.com' })).rejects.toThrow(code('item-missing'))
    await expect(client.network.allow({ host: '*', purposes: ['chat'] })).rejects.toThrow(code('input-invalid'))
    expect((await client.network.setOffline({ offline: true })).offline).toBe(true)
  })

  it('cannot be changed here once an administrator has laid down rules, and can again when they are gone', async () => {
    const { client, app } = test
    writeFileSync(policyFile, '{"offline": true, "locked": true}')
    const status = await client.network.status()
    expect(status).toMatchObject({ offline: true, allowed: [], lock: { by: 'policy-file', where: policyFile } })
    for (const change of [
      client.network.setOffline({ offline: false }),
      client.network.allow({ host: 'api.example.com', purposes: ['chat'] }),
      client.network.disallow({ host }),
      client.network.clearAttempts(),
    ]) {
      await expect(change).rejects.toThrow(code('network-locked'))
      await expect(change).rejects.toThrow(policyFile)
    }
    // What people had allowed is out of force, too.
    await expect(app.services.network.door.fetchFor('chat')(`http://${host}/`)).rejects.toThrow('administrator')
    writeFileSync(policyFile, 'oops')
    expect((await client.network.status()).lock).toMatchObject({ problem: 'it is not valid JSON' })
    rmSync(policyFile)
    expect(await client.network.status()).toMatchObject({ lock: null, allowed: [{ host }] })
  })

  it('is closed where the settings are damaged', async () => {
    const { database } = test.app.services.workspace
    const set = database.prepare(`UPDATE settings SET value = ? WHERE key = 'network'`)
    for (const damaged of ['', '{', '{"offline": false}', '{"offline": false, "allowed": [{"host": 1}]}']) {
      set.run(damaged)
      expect(await test.client.network.status()).toMatchObject({ offline: true, allowed: [] })
    }
  })

  it('keeps the newest 10,000 attempts, and empties the list when asked', async () => {
    const { client, app } = test
    const { attempts } = app.services.network
    const record = (count: number): void => {
      for (let index = 0; index < count; index += 1) {
        attempts.record({ at: index, purpose: 'chat', host: 'a', method: 'GET', outcome: 'refused', reason: 'offline' })
      }
    }
    app.services.workspace.database.transaction(record)(10_100)
    const { attempts: newest, total } = await client.network.attempts({ limit: 1 })
    expect(total).toBe(10_000)
    expect(newest[0]?.at).toBe(10_099)
    expect(await client.network.clearAttempts()).toEqual({ removed: 10_000 })
    expect((await client.network.attempts({})).attempts).toEqual([])
    record(1)
    expect((await client.network.attempts({})).attempts[0]?.number).toBe(newest[0]!.number + 1)
  })

  it('still reaches what is allowed when nothing can be written, and writes it down later', async () => {
    const { client, app } = test
    await client.network.clearAttempts()
    await client.network.allow({ host, purposes: ['chat'] })
    const { database } = app.services.workspace
    database.pragma('query_only = ON')
    try {
      const answer = await app.services.network.door.fetchFor('chat')(`http://${host}/`)
      expect(await answer.text()).toBe('yes')
      expect((await client.network.attempts({})).total).toBe(0)
    } finally {
      database.pragma('query_only = OFF')
    }
    await expect(app.services.network.door.fetchFor('rerank')(`http://${host}/`)).rejects.toThrow()
    const { attempts } = await client.network.attempts({})
    expect(attempts.map(({ outcome, purpose }) => [outcome, purpose])).toEqual([
      ['refused', 'rerank'],
      ['allowed', 'chat'],
    ])
  })
})
