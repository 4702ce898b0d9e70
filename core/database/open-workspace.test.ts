import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { openWorkspace } from './open-workspace.ts'

describe('openWorkspace', () => {
  it('makes a workspace, and opens it again with what was in it', () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'a', 'b')
    {
      using workspace = openWorkspace(path, 'test')
      workspace.database.prepare(`INSERT INTO settings VALUES ('k', 'v')`).run()
    }
    using again = openWorkspace(path, 'test')
    expect(again.database.prepare('SELECT * FROM settings').all()).toEqual([{ key: 'k', value: 'v' }])
  })

  it('tells a second one who holds it, in the same process and in another', async () => {
    using folder = temporaryFolder()
    using _first = openWorkspace(folder.path, 'quarry serve')
    expect(() => openWorkspace(folder.path, 'quarry ingest')).toThrow(
      expect.objectContaining({
        code: 'workspace-locked',
        message: expect.stringContaining('quarry serve') as string,
      }) as Error,
    )
    const { output } = await openElsewhere(folder.path)
    expect(output).toContain(`workspace-locked`)
    expect(output).toContain(`process ${process.pid}`)
  })

  it('is free again after its holder was killed', async () => {
    using folder = temporaryFolder()
    const holder = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      script(folder.path, 'setInterval(() => {}, 1000)'),
    ])
    await new Promise((resolve) => holder.stdout.once('data', resolve))
    expect(() => openWorkspace(folder.path, 'second')).toThrow(/in use/)
    const ended = new Promise((resolve) => holder.once('exit', resolve))
    holder.kill('SIGKILL')
    await ended
    using workspace = openWorkspace(folder.path, 'third')
    expect(workspace.database.open).toBe(true)
  })

  it('says that a damaged database is damaged and leaves the file', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'workspace.sqlite')
    writeFileSync(file, 'this is no database, and long enough to be looked at as one '.repeat(100))
    expect(() => openWorkspace(folder.path, 'test')).toThrow(
      expect.objectContaining({ code: 'workspace-corrupt' }) as Error,
    )
    expect(existsSync(file)).toBe(true)
    // And the lock is let go of.
    expect(() => openWorkspace(folder.path, 'test')).toThrow(
      expect.objectContaining({ code: 'workspace-corrupt' }) as Error,
    )
  })

  it('says that a folder that is a file cannot be a workspace', () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'file')
    writeFileSync(path, '')
    expect(() => openWorkspace(join(path, 'workspace'), 'test')).toThrow(
      expect.objectContaining({ code: 'workspace-unwritable' }) as Error,
    )
  })

  it.skipIf(process.getuid?.() === 0)('says that a folder cannot be written', () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'locked')
    mkdirSync(path)
    chmodSync(path, 0o500)
    expect(() => openWorkspace(path, 'test')).toThrow(
      expect.objectContaining({ code: 'workspace-unwritable' }) as Error,
    )
  })
})

function script(folder: string, then: string): string {
  const module = fileURLToPath(new URL('open-workspace.ts', import.meta.url))
  return `import { openWorkspace } from ${JSON.stringify(module)}
    try { openWorkspace(${JSON.stringify(folder)}, 'holder'); console.log('open'); ${then} }
    catch (error) { console.log(error.code, error.message) }`
}

function openElsewhere(folder: string): Promise<{ output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script(folder, 'process.exit()')])
    let output = ''
    child.stdout.on('data', (data: Buffer) => (output += data.toString()))
    child.once('exit', () => resolve({ output }))
  })
}
