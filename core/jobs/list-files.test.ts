import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { type ListedFile, listFiles } from './list-files.ts'

async function all(paths: string[]): Promise<ListedFile[]> {
  return Array.fromAsync(listFiles(paths))
}

describe('listFiles', () => {
  it('walks folders in name order and keeps their structure', async () => {
    using folder = temporaryFolder()
    const root = join(folder.path, 'docs')
    mkdirSync(join(root, 'b', 'deep'), { recursive: true })
    for (const name of ['z.txt', 'a.md', 'b/deep/c.pdf', '.hidden', '~$lock.docx', 'Thumbs.db']) {
      writeFileSync(join(root, name), 'x')
    }
    const files = await all([root])
    expect(files.map((file) => file.path)).toEqual(['docs/a.md', 'docs/b/deep/c.pdf', 'docs/z.txt'])
    expect(files[1]).toMatchObject({ kind: 'file', name: 'c.pdf', size: 1, rootKind: 'folder', root })
  })

  it('lists a file once, however often it is named', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'a.txt'), 'x')
    const files = await all([join(folder.path, 'a.txt'), folder.path, join(folder.path, '.', 'a.txt')])
    expect(files).toHaveLength(1)
    expect(files[0]).toMatchObject({ path: 'a.txt', rootKind: 'file' })
  })

  it('does not follow links in circles, and reports links that lead nowhere', async () => {
    using folder = temporaryFolder()
    symlinkSync(folder.path, join(folder.path, 'circle'))
    symlinkSync(join(folder.path, 'gone.txt'), join(folder.path, 'dangling.txt'))
    const files = await all([folder.path])
    expect(files).toEqual([
      expect.objectContaining({ kind: 'problem', path: expect.stringMatching(/dangling\.txt$/) as string }),
    ])
  })

  it('reports what is not there and goes on', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'a.txt'), 'x')
    const files = await all([join(folder.path, 'missing'), join(folder.path, 'a.txt')])
    expect(files.map((file) => file.kind)).toEqual(['problem', 'file'])
    expect(files[0]).toMatchObject({ error: expect.objectContaining({ code: 'file-missing' }) as Error })
  })

  it('never opens a pipe', async () => {
    using folder = temporaryFolder()
    const pipe = join(folder.path, 'pipe.txt')
    execFileSync('mkfifo', [pipe])
    expect(await all([folder.path])).toEqual([])
    expect(await all([pipe])).toMatchObject([{ kind: 'problem', error: { code: 'type-unsupported' } }])
  })

  it('stops when it is cancelled', async () => {
    using folder = temporaryFolder()
    const stop = AbortSignal.abort()
    await expect(Array.fromAsync(listFiles([folder.path], stop))).rejects.toMatchObject({ code: 'cancelled' })
  })
})
