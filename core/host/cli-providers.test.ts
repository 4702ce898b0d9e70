import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { type RemoteServer, startRemoteServer } from '../testing/remote-server.ts'
import { projectRoot } from '../testing/test-app.ts'

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

async function quarry(args: string[], input = '', variables: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(projectRoot, 'core/host/cli.ts'), 'providers', ...args], {
    env: { ...process.env, QUARRY_WORKSPACE: workspace, ...variables },
  })
  let [output, complaint] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
  child.stdin.end(input)
  const exit = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { exit, output, complaint, json: <T>() => JSON.parse(output) as T }
}

it('names a server, keeps its key from standard input, tries it, and forgets both', async () => {
  const none = await quarry(['list'])
  expect(none.output).toContain('There are no providers')
  const url = server.baseUrl('openai-compatible')
  const added = await quarry(['add', 'mine', '--kind', 'openai-compatible', '--url', url])
  expect(added.output).toContain(`quarry network allow ${server.host} --for chat`)
  const refused = await quarry(['test', 'mine'])
  expect([refused.exit, refused.output]).toEqual([1, ''])
  expect(refused.complaint).toContain('quarry network allow')
  expect((await quarry(['remove', 'mine'])).exit).toBe(0)

  expect((await quarry(['add', 'mine', '--kind', 'openai-compatible', '--url', url, '--allow'])).exit).toBe(0)
  const keyless = await quarry(['test', 'mine'])
  expect(keyless.complaint).toContain('quarry providers key mine')
  const kept = await quarry(['key', 'mine'], `${key}\n`)
  expect([kept.exit, kept.output + kept.complaint]).toEqual([0, expect.not.stringContaining('typed')])
  const tried = await quarry(['test', 'mine', '--for', 'chat', '--model', 'good-model', '--json'])
  expect(tried.json()).toMatchObject({ ok: true, use: 'chat' })
  expect((await quarry(['models', 'mine'])).output).toContain('other-model')
  const slower = await quarry(['set', 'mine', '--first-byte', '600', '--json'])
  expect(slower.json()).toMatchObject({ timeouts: { firstByteMs: 600_000 } })

  const passphrase = { QUARRY_SECRETS_PASSPHRASE: 'correct horse' }
  expect((await quarry(['key', 'mine'], key, passphrase)).exit).toBe(0)
  expect(readFileSync(join(workspace, 'keys.json'), 'utf8')).toContain('passphrase-file')
  expect((await quarry(['test', 'mine'], '', passphrase)).exit).toBe(0)
  const locked = await quarry(['test', 'mine'])
  expect([locked.exit, locked.complaint]).toEqual([1, expect.stringContaining('QUARRY_SECRETS_PASSPHRASE')])
  expect((await quarry(['test', 'mine'], '', { QUARRY_KEY_MINE: key })).exit).toBe(0)
  expect((await quarry(['remove', 'mine'])).exit).toBe(0)
  expect(readFileSync(join(workspace, 'keys.json'), 'utf8')).not.toContain('mine')
}, 120_000)

it('wrong use is told before a key is read', async () => {
  const unknown = await quarry(['key', 'nobody'], key)
  expect([unknown.exit, unknown.complaint]).toEqual([2, expect.stringContaining('no provider called "nobody"')])
  const kind = await quarry(['add', 'x', '--kind', 'magic'])
  expect([kind.exit, kind.complaint]).toEqual([2, expect.stringContaining('openai-compatible')])
}, 60_000)
