import { appendFileSync, cpSync, existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { projectRoot } from '../testing/test-app.ts'
import { quarry } from './testing/quarry.ts'

/** The real command line in a process of its own. */
describe('quarry models', { timeout: 120_000 }, () => {
  let temporary: ReturnType<typeof temporaryFolder>
  beforeAll(() => void (temporary = temporaryFolder()))
  afterAll(() => temporary[Symbol.dispose]())
  const at = (name: string): string => join(temporary.path, name)
  const models = (...args: string[]) => quarry(['models', ...args, '--workspace', at('workspace')])

  it('lists and shows what there is', async () => {
    const { code, json } = await models('list', '--kind', 'embedder', '--json')
    expect(code).toBe(0)
    const { models: rows } = json as { models: Record<string, unknown>[] }
    expect(rows.find(({ id }) => id === 'static-256')).toMatchObject({ state: 'installed', origin: 'bundled' })
    expect(rows.find(({ id }) => id === 'bge-small-en-v1.5')).toMatchObject({ state: 'absent', licence: 'MIT' })
    const show = await models('show', 'bge-small-en-v1.5')
    expect(show.output).toMatch(/prefixes {4}questions "Represent this sentence for searching relevant passages: "/)
    expect(show.output).toMatch(/onnx\/model\.onnx +133093490 +fp32 +828e1496/)
  })

  it('carries a model to a machine without a network, signed', async () => {
    const { json: key } = await models('keygen', at('key'), '--json')
    const { key_id: keyId } = key as { key_id: string }
    expect(statSync(at('key')).mode & 0o077).toBe(0)
    // The bundled model cannot be imported beside itself, so a copy travels under its folder's name.
    cpSync(join(projectRoot, 'models/static-256'), at('travelling'), { recursive: true, filter: notManifest })
    expect(await models('import', at('travelling'), '--json')).toMatchObject({
      code: 0,
      json: { id: 'travelling', signature: { state: 'unsigned' }, assumed: expect.any(Array) as string[] },
    })
    expect(await models('export', 'travelling', at('t.quarrypack'), '--sign', at('key'), '--json')).toMatchObject({
      code: 0,
      json: { path: at('t.quarrypack'), key_id: keyId },
    })
    expect((await models('remove', 'travelling')).output).toMatch(/^Removed travelling: 8\.5 MB/)
    const imported = await models('import', at('t.quarrypack'), '--trust', at('key.pub'))
    expect(imported.output).toContain(`signed with a key that you trust (${keyId})`)
  })

  it('tells by its exit code whether a model is what it was', async () => {
    expect(await models('verify', 'travelling', '--json')).toMatchObject({ code: 0, json: { ok: true } })
    appendFileSync(at('workspace/models/travelling/config.json'), ' ')
    expect(await models('verify', 'travelling', '--json')).toMatchObject({ code: 1, json: { ok: false } })
  })

  it('measures a model, and shows what was measured', async () => {
    const { code, json } = await models('measure', 'static-256', '--json')
    expect(code).toBe(0)
    const { speed } = json as { speed: Record<string, unknown> }
    expect(speed).toMatchObject({ unit: 'texts', first_token_ms: null })
    expect(speed.per_second).toBeGreaterThan(10)
    expect((await models('show', 'static-256')).output).toMatch(/^measured +[\d.]+ texts\/s; loaded in \d+ ms, \d+ MB/m)
  })

  it('does not download while Quarry is offline, and says how to change that', async () => {
    const { code, errors } = await models('download', 'gte-small')
    expect(code).toBe(2)
    expect(errors).toMatch(/^quarry: .*offline.*quarry network/)
    expect(existsSync(at('workspace/models/gte-small'))).toBe(false)
  })
})

const notManifest = (source: string): boolean => !source.endsWith('model.json')
