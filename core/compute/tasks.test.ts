import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '../contract/errors.ts'
import { checkParsedDocument } from '../parsers/parsers.suite.ts'
import { silentLog } from '../shared/log.ts'
import { createComputePool } from './pool.ts'

const workerUrl = new URL('./worker.ts', import.meta.url)
const maxBytes = 50 * 1024 * 1024
let folder: string
const pool = createComputePool({ workerUrl, size: 2, timeoutMs: 240_000, memoryMb: 1024, log: silentLog })

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

describe('parse', () => {
  it('detects, reads and hashes a file', async () => {
    const path = await write('a.md', '# One\n\nText.\n')
    const result = await pool.run('parse', { path, maxBytes })
    expect(result).toMatchObject({ unchanged: false, type: 'markdown', parserId: 'markdown', size: 13 })
    expect(result).toMatchObject({
      document: { title: 'One' },
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    })
    const again = await pool.run('parse', { path, maxBytes, knownHash: result.sha256 })
    expect(again).toEqual({ unchanged: true, sha256: result.sha256, size: 13 })
  })

  it('reads bytes that are given', async () => {
    const bytes = new TextEncoder().encode('a,b\n1,2\n')
    expect(await pool.run('parse', { bytes, name: 'x.csv', maxBytes })).toMatchObject({ type: 'csv' })
  })

  it('says what is wrong with a file', async () => {
    const run = (path: string, limit = maxBytes): Promise<unknown> => pool.run('parse', { path, maxBytes: limit })
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
    await expect(pool.run('parse', { path, maxBytes })).rejects.toMatchObject({ code: 'file-unreadable' })
  })

  it.skipIf(process.getuid?.() === 0)('says that a file may not be read (skipped for root)', async () => {
    const path = await write('secret.txt', 'secret')
    await chmod(path, 0)
    await expect(pool.run('parse', { path, maxBytes })).rejects.toMatchObject({ code: 'file-unreadable' })
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
          const result = await pool.run('parse', { path, maxBytes })
          if (result.unchanged) throw new Error('Nothing was known before.')
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
