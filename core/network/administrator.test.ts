import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { readAdministratorPolicy } from './administrator.ts'

function read(content: string | undefined, offlineVariable?: string) {
  using folder = temporaryFolder()
  const policyFile = join(folder.path, 'policy.json')
  if (content !== undefined) writeFileSync(policyFile, content)
  return readAdministratorPolicy({ policyFile, offlineVariable })
}
const closed = { offline: true, allowed: [] }

describe("an administrator's word", () => {
  it('is none where there is no file, no folder and no variable', () => {
    expect(read(undefined)).toBeUndefined()
    expect(read(undefined, '')).toBeUndefined()
    expect(readAdministratorPolicy({ policyFile: '/no/such/folder/policy.json', offlineVariable: undefined })).toBe(
      undefined,
    )
    expect(read('{"locked": false, "offline": true}')).toBeUndefined()
  })

  it('of the file locks what it says, and names the file', () => {
    const { rules, lock } = read('{"offline": true, "locked": true}')!
    expect(rules).toEqual(closed)
    expect(lock).toMatchObject({ by: 'policy-file', problem: null })
    expect(lock.message).toContain(lock.where)
    expect(lock.where).toMatch(/policy\.json$/)
    expect(read('{}')!.rules).toEqual(closed)
  })

  it('of the file may allow hosts, offline or not', () => {
    const allowed = [{ host: 'HTTPS://Models.Example:443/x', purposes: ['model-download'] }]
    const { rules } = read(`\uFEFF${JSON.stringify({ offline: false, allowed })}`)!
    expect(rules).toEqual({
      offline: false,
      allowed: [{ host: 'models.example', purposes: ['model-download'], plainHttp: false }],
    })
  })

  it('of the variable locks offline, and leaves what the file allows on this machine', () => {
    expect(read(undefined, 'locked')).toMatchObject({ rules: closed, lock: { by: 'environment', problem: null } })
    const allowed = [{ host: '127.0.0.1:11434', purposes: ['chat'], plainHttp: false }]
    const both = read(JSON.stringify({ offline: false, allowed }), 'locked')
    expect(both).toMatchObject({ rules: { offline: true, allowed }, lock: { by: 'environment' } })
  })

  it.each(['1', 'true', 'off', 'lokced'])('of the variable with the value %s locks too, and says so', (value) => {
    expect(read(undefined, value)).toMatchObject({
      rules: closed,
      lock: { problem: expect.stringContaining(value) as string },
    })
  })

  it.each([
    ['not JSON', '{"offline": false,'],
    ['empty', ''],
    ['not an object', '[]'],
    ['a word that is misspelt', '{"ofline": false}'],
    ['a wrong type', '{"offline": "no"}'],
    ['an unknown purpose', '{"offline": false, "allowed": [{"host": "a.example", "purposes": ["all"]}]}'],
    ['no host', '{"offline": false, "allowed": [{"host": "*", "purposes": ["chat"]}]}'],
    ['a host with a path', '{"offline": false, "allowed": [{"host": "a.example/x", "purposes": ["chat"]}]}'],
    ['too large', `{"offline": false}${' '.repeat(1_000_001)}`],
  ])('that cannot be understood locks everything: %s', (_what, content) => {
    const { rules, lock } = read(content)!
    expect(rules).toEqual(closed)
    expect(lock.problem).not.toBeNull()
    expect(lock.message).toContain('Ask the administrator to repair it')
  })

  it('that is a folder locks everything', () => {
    using folder = temporaryFolder()
    mkdirSync(join(folder.path, 'policy.json'))
    const policy = readAdministratorPolicy({ policyFile: join(folder.path, 'policy.json'), offlineVariable: undefined })
    expect(policy).toMatchObject({ rules: closed, lock: { problem: 'it is not a file' } })
  })

  it.skipIf(process.getuid?.() === 0)('that may not be read (root may, so skipped for it) locks everything', () => {
    using folder = temporaryFolder()
    const policyFile = join(folder.path, 'policy.json')
    writeFileSync(policyFile, '{"offline": false}')
    chmodSync(policyFile, 0)
    expect(readAdministratorPolicy({ policyFile, offlineVariable: undefined })).toMatchObject({ rules: closed })
  })
})
