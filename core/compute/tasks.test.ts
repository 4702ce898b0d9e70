import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { strToU8, zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '../contract/errors.ts'
import { markdownParser } from '../parsers/markdown.ts'
import { checkParsedDocument } from '../parsers/parsers.suite.ts'
import { silentLog } from '../shared/log.ts'
import { createComputePool } from './pool.ts'
import { nodeWorkers } from './worker-process.ts'
import type { ParseInput, ParseOutput } from './tasks.ts'

const start = nodeWorkers({ compute: new URL('./worker.ts', import.meta.url) })
const modelFolder = fileURLToPath(new URL('../../models/static-256', import.meta.url))
const maxBytes = 50 * 1024 * 1024
let folder: string
const pool = createComputePool({
  start: (limits) => start('compute', limits),
  size: 2,
  timeoutMs: 240_000,
  memoryMb: 1024,
  log: silentLog,
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quarry-tasks-'))
})
afterAll(async () => {
  await pool.dispose(0)
  await rm(folder, { recursive: true, force: true })
})

const write = async (name: string, content: string | Uint8Array): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

const settings = { parsers: {}, cleaning: [], chunker: { id: 'recursive', options: {} }, rules: [] }

function parse(location: string, more: Partial<ParseInput> = {}): Promise<ParseOutput> {
  const name = basename(location)
  const input = { location, member: null, name, path: name, settings, modelFolder, maxBytes, knownHashes: [] }
  return pool.run('parse', { ...input, ...more })
}

describe('parse', () => {
  it('detects, reads and hashes a file', async () => {
    const path = await write('a.md', '# One\n\nText.\n')
    const result = await parse(path)
    expect(result).toMatchObject({
      known: false,
      parser: 'markdown@' + markdownParser.version,
      type: 'markdown',
      parserId: 'markdown',
      size: 13,
    })
    expect(result).toMatchObject({
      document: { title: 'One' },
      chunks: [{ start: 0, headings: ['One'] }],
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    })
    const again = await parse(path, { knownHashes: ['0'.repeat(64), result.sha256] })
    expect(again).toEqual({ known: true, sha256: result.sha256, size: 13 })
  })

  it('reads a member of an archive, also of one inside it', async () => {
    const inner = zipSync({ 'deep/b.csv': strToU8('a,b\n1,2\n') })
    const path = await write('pack.zip', zipSync({ 'a.md': strToU8('# Inside\n'), 'inner.zip': inner }))
    const inside = await parse(path, { member: ['a.md'], name: 'a.md' })
    expect(inside).toMatchObject({ type: 'markdown', document: { text: '# Inside\n' } })
    await expect(parse(path, { member: ['gone.md'], name: 'gone.md' })).rejects.toMatchObject({ code: 'file-missing' })
    expect(await parse(path, { member: ['inner.zip', 'deep/b.csv'], name: 'b.csv' })).toMatchObject({ type: 'csv' })
  })

  it('applies the options and cleaning steps that path and type choose', async () => {
    const path = await write('c.txt', 'A soft\u00adhyphen.\n')
    const rules = [{ paths: ['notes/**'], types: [], cleaning: [{ id: 'whitespace', options: {} }] }]
    const plain = await parse(path, { path: 'other/c.txt', settings: { ...settings, rules } })
    expect(plain).toMatchObject({ document: { text: 'A soft\u00adhyphen.\n' } })
    const cleaned = await parse(path, { path: 'notes/c.txt', settings: { ...settings, rules } })
    if (cleaned.known || plain.known) throw new Error('Nothing was known before.')
    expect(cleaned.document.text.trim()).toBe('A softhyphen.')
    expect(cleaned.parser).not.toBe(plain.parser)
  })

  it('says what is wrong with a file', async () => {
    const run = (path: string, limit = maxBytes): Promise<unknown> => parse(path, { maxBytes: limit })
    await expect(run(join(folder, 'gone.txt'))).rejects.toMatchObject({ code: 'file-missing' })
    await expect(run(folder)).rejects.toMatchObject({ code: 'file-unreadable' })
    await expect(run(await write('empty.txt', ''))).rejects.toMatchObject({ code: 'file-empty' })
    await expect(run(await write('a.wav', 'RIFF....WAVEfmt '))).rejects.toMatchObject({
      code: 'type-unsupported',
      details: { type: 'audio' },
    })
    await expect(run(await write('large.txt', 'x'.repeat(3000)), 2000)).rejects.toMatchObject({
      code: 'file-too-large',
      message: expect.stringContaining('3 kB') as string,
    })
  })

  it.skipIf(process.platform === 'win32')('does not wait for the writer of a pipe', async () => {
    const path = join(folder, 'pipe')
    execFileSync('mkfifo', [path])
    await expect(parse(path)).rejects.toMatchObject({ code: 'file-unreadable' })
  })

  it.skipIf(process.getuid?.() === 0)('says that a file may not be read (skipped for root)', async () => {
    const path = await write('secret.txt', 'secret')
    await chmod(path, 0)
    await expect(parse(path)).rejects.toMatchObject({ code: 'file-unreadable' })
  })
})

const documents = fileURLToPath(new URL('../../../shared/data/documents/', import.meta.url))

describe.skipIf(!existsSync(documents))('real files (skipped where ../shared/data/documents is absent)', () => {
  it('ends for each with a valid document or a true reason', async () => {
    const files = readdirSync(documents, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
    const outcomes = new Map<string, number>()
    const count = (key: string): void => void outcomes.set(key, (outcomes.get(key) ?? 0) + 1)
    const wrong: string[] = []
    await Promise.all(
      files.map(async (path) => {
        try {
          const result = await parse(path)
          if (result.known) throw new Error('Nothing was known before.')
          checkParsedDocument(result.document)
          count(result.type)
        } catch (error) {
          const code = error instanceof AppError ? error.code : 'none'
          count(code)
          if (!/^(file-(empty|encrypted|scanned|corrupt)|type-unsupported)$/.test(code)) {
            wrong.push(`${relative(documents, path)}: ${String(error)}`)
          }
        }
      }),
    )
    expect(wrong).toEqual([])
    expect(outcomes.get('pdf')).toBeGreaterThan(40)
    expect(outcomes.get('docx')).toBeGreaterThan(50)
  }, 300_000)
})
