import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { type RemoteServer, startRemoteServer } from '../testing/remote-server.ts'
import { quarry } from './testing/quarry.ts'

/** The command line as a person types it, with a server on this machine. */
const temporary = temporaryFolder()
const workspace = join(temporary.path, 'workspace')
const key = 'sk-typed-0123456789-abcdef'
let server: RemoteServer
beforeAll(async () => {
  server = await startRemoteServer({ key })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  temporary[Symbol.dispose]()
})

const providers = (args: string[], input = '', variables: Record<string, string> = {}) =>
  quarry(['providers', ...args], { input, env: { QUARRY_WORKSPACE: workspace, ...variables } })

it('names a server, keeps its key from standard input, tries it, and forgets both', async () => {
  const none = await providers(['list'])
  expect(none.output).toContain('There are no providers')
  const url = server.baseUrl('openai-compatible')
  const added = await providers(['add', 'mine', '--kind', 'openai-compatible', '--url', url])
  expect(added.output).toContain(`quarry network allow ${server.host} --for chat`)
  const refused = await providers(['test', 'mine'])
  expect([refused.code, refused.output]).toEqual([1, ''])
  expect(refused.errors).toContain('quarry network allow')
  expect((await providers(['remove', 'mine'])).code).toBe(0)

  expect((await providers(['add', 'mine', '--kind', 'openai-compatible', '--url', url, '--allow'])).code).toBe(0)
  const keyless = await providers(['test', 'mine'])
  expect(keyless.errors).toContain('quarry providers key mine')
  const kept = await providers(['key', 'mine'], `${key}\n`)
  expect([kept.code, kept.output + kept.errors]).toEqual([0, expect.not.stringContaining('typed')])
  const tried = await providers(['test', 'mine', '--for', 'chat', '--model', 'good-model', '--json'])
  expect(tried.json).toMatchObject({ ok: true, use: 'chat' })
  expect((await providers(['models', 'mine'])).output).toContain('other-model')
  const slower = await providers(['set', 'mine', '--first-byte', '600', '--json'])
  expect(slower.json).toMatchObject({ timeouts: { firstByteMs: 600_000 } })

  const passphrase = { QUARRY_SECRETS_PASSPHRASE: 'correct horse' }
  expect((await providers(['key', 'mine'], key, passphrase)).code).toBe(0)
  expect(readFileSync(join(workspace, 'keys.json'), 'utf8')).toContain('passphrase-file')
  expect((await providers(['test', 'mine'], '', passphrase)).code).toBe(0)
  const locked = await providers(['test', 'mine'])
  expect([locked.code, locked.errors]).toEqual([1, expect.stringContaining('QUARRY_SECRETS_PASSPHRASE')])
  expect((await providers(['test', 'mine'], '', { QUARRY_KEY_MINE: key })).code).toBe(0)
  expect((await providers(['remove', 'mine'])).code).toBe(0)
  expect(readFileSync(join(workspace, 'keys.json'), 'utf8')).not.toContain('mine')
}, 120_000)

it('wrong use is told before a key is read', async () => {
  const unknown = await providers(['key', 'nobody'], key)
  expect([unknown.code, unknown.errors]).toEqual([2, expect.stringContaining('no provider called "nobody"')])
  const kind = await providers(['add', 'x', '--kind', 'magic'])
  expect([kind.code, kind.errors]).toEqual([2, expect.stringContaining('openai-compatible')])
}, 60_000)
