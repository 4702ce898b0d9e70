import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { type ListedFile, listFiles, type ListOptions } from './list-files.ts'

const all = (root: string, options?: ListOptions): Promise<ListedFile[]> => Array.fromAsync(listFiles(root, options))
const paths = async (root: string, options?: ListOptions): Promise<string[]> =>
  (await all(root, options)).map((file) => file.path)

function write(root: string, ...names: string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), 'x')
  }
}

describe('listFiles', () => {
  it('walks folders in name order and keeps their structure, sizes and times', async () => {
    using folder = temporaryFolder()
    const root = join(folder.path, 'docs')
    write(root, 'z.txt', 'a.md', 'b/deep/c.pdf', '.hidden', '~$lock.docx', 'Thumbs.db', '.git/config')
    utimesSync(join(root, 'b/deep/c.pdf'), 1_700_000_000, 1_700_000_000.25)
    const files = await all(root)
    expect(files.map((file) => file.path)).toEqual(['docs/a.md', 'docs/b/deep/c.pdf', 'docs/z.txt'])
    expect(files[1]).toMatchObject({
      kind: 'file',
      name: 'c.pdf',
      size: 1,
      member: null,
      modifiedMs: 1_700_000_000_250,
    })
    expect(await paths(join(root, 'a.md'))).toEqual(['a.md'])
  })

  it('takes what is included, and passes over what is excluded, whole folders too', async () => {
    using folder = temporaryFolder()
    const root = join(folder.path, 'docs')
    write(root, 'a.md', 'b.pdf', 'drafts/c.md', 'drafts/old/d.md', 'final/e.md', 'final/f.tmp')
    expect(await paths(root, { include: ['**/*.md'] })).toEqual([
      'docs/a.md',
      'docs/drafts/c.md',
      'docs/drafts/old/d.md',
      'docs/final/e.md',
    ])
    expect(await paths(root, { exclude: ['drafts/**', '*.pdf', '**/*.tmp'] })).toEqual(['docs/a.md', 'docs/final/e.md'])
    expect(await paths(root, { exclude: ['drafts/*.md'] })).toContain('docs/drafts/old/d.md')
    expect(await paths(root, { include: ['final/**'], exclude: ['**/*.tmp'] })).toEqual(['docs/final/e.md'])
  })

  it('obeys .gitignore files at every level, unless told not to', async () => {
    using folder = temporaryFolder()
    const root = join(folder.path, 'docs')
    write(root, 'keep.md', 'build/out.md', 'notes.log', 'sub/secret.md', 'sub/open.md', 'sub/build/deep.md')
    writeFileSync(join(root, '.gitignore'), 'build/\n*.log\n')
    writeFileSync(join(root, 'sub', '.gitignore'), 'secret.md\n')
    expect(await paths(root)).toEqual(['docs/keep.md', 'docs/sub/open.md'])
    expect(await paths(root, { gitignore: false })).toHaveLength(6)
  })

  it('reads archives as folders, in a folder and by themselves', async () => {
    using folder = temporaryFolder()
    const root = join(folder.path, 'docs')
    write(root, 'a.md')
    const archive = zipSync({ 'in/b.md': strToU8('inside'), '__MACOSX/._b.md': strToU8('x'), '.hidden': strToU8('x') })
    writeFileSync(join(root, 'pack.zip'), archive)
    const files = await all(root)
    expect(files.map((file) => file.path)).toEqual(['docs/a.md', 'docs/pack.zip/in/b.md'])
    expect(files[1]).toMatchObject({ member: ['in/b.md'], name: 'b.md', size: 6, location: join(root, 'pack.zip') })
    expect(await paths(join(root, 'pack.zip'))).toEqual(['pack.zip/in/b.md'])
    writeFileSync(join(root, 'pack.zip'), archive.subarray(0, 40))
    expect((await all(root))[1]).toMatchObject({ kind: 'problem', path: 'docs/pack.zip' })
  })

  it('reads archives in archives as folders, unless they are excluded, and goes on after a broken one', async () => {
    using folder = temporaryFolder()
    const deep = zipSync({ 'c.md': strToU8('deep') })
    const inner = zipSync({ 'b.md': strToU8('inner'), 'more/deep.zip': deep, 'book.epub': deep })
    const outer = { 'a.md': strToU8('outer'), 'in/inner.zip': inner, 'broken.zip': inner.subarray(0, 60), 'z.md': deep }
    const path = join(folder.path, 'outer.zip')
    writeFileSync(path, zipSync({ ...outer, '.hidden.zip': deep }))
    const files = await all(path)
    expect(files.map((file) => file.path)).toEqual([
      'outer.zip/a.md',
      'outer.zip/in/inner.zip/b.md',
      'outer.zip/in/inner.zip/more/deep.zip/c.md',
      'outer.zip/in/inner.zip/book.epub',
      'outer.zip/broken.zip',
      'outer.zip/z.md',
    ])
    expect(files[2]).toMatchObject({ member: ['in/inner.zip', 'more/deep.zip', 'c.md'], location: path, size: 4 })
    expect(files[4]).toMatchObject({ kind: 'problem', error: { code: 'file-corrupt' } })
    expect(await paths(path, { include: ['**/*.md'], exclude: ['in/**', 'broken.zip'] })).toEqual([
      'outer.zip/a.md',
      'outer.zip/z.md',
    ])
    expect(await paths(path, { exclude: ['**/more/**', '**/inner.zip/*.epub'] })).toEqual([
      'outer.zip/a.md',
      'outer.zip/in/inner.zip/b.md',
      'outer.zip/broken.zip',
      'outer.zip/z.md',
    ])
    expect(await paths(path, { exclude: ['in/inner.zip/**', 'broken.zip'] })).toEqual([
      'outer.zip/a.md',
      'outer.zip/z.md',
    ])
  })

  it('does not follow links in circles, and reports links that lead nowhere', async () => {
    using folder = temporaryFolder()
    symlinkSync(folder.path, join(folder.path, 'circle'))
    symlinkSync(join(folder.path, 'gone.txt'), join(folder.path, 'dangling.txt'))
    const files = await all(folder.path)
    expect(files).toEqual([
      expect.objectContaining({ kind: 'problem', path: expect.stringMatching(/dangling\.txt$/) as string }),
    ])
  })

  it('says when the root itself is not there', async () => {
    using folder = temporaryFolder()
    await expect(all(join(folder.path, 'missing'))).rejects.toMatchObject({ code: 'file-missing' })
  })

  it('never opens a pipe', async () => {
    using folder = temporaryFolder()
    const pipe = join(folder.path, 'pipe.txt')
    execFileSync('mkfifo', [pipe])
    expect(await all(folder.path)).toEqual([])
    await expect(all(pipe)).rejects.toMatchObject({ code: 'type-unsupported' })
  })

  it('stops when it is cancelled', async () => {
    using folder = temporaryFolder()
    await expect(all(folder.path, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
  })
})
