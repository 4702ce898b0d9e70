import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../core/shared/hash.ts'
import { exportStaticModel } from './export.ts'

const folder = fileURLToPath(new URL('./', import.meta.url))
const source = fileURLToPath(new URL('../../../shared/model/static-256/', import.meta.url))

describe('the committed model', () => {
  it('is what checksums.json says', async () => {
    const checksums = JSON.parse(await readFile(`${folder}checksums.json`, 'utf8')) as Record<string, string>
    expect(Object.keys(checksums).sort()).toEqual([
      'config.json',
      'onnx/model.onnx',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
    for (const [path, expected] of Object.entries(checksums)) {
      expect(sha256(await readFile(folder + path)), path).toBe(expected)
    }
  })

  it('names every source of its training data with a licence', async () => {
    const [header, ...rows] = (await readFile(`${folder}SOURCES.tsv`, 'utf8')).trim().split('\n')
    expect(header?.split('\t').slice(1, 4)).toEqual(['origin (GitHub)', 'commit', 'licence'])
    const sources = rows.map((row) => row.split('\t')).filter(([name]) => name?.endsWith('.jsonl.gz'))
    expect(sources).toHaveLength(34)
    for (const [name, origin, commit, licence] of sources) {
      expect(`${origin} ${licence}`, name).toMatch(/^\S+\/\S+ .*(CC|MIT|Apache|BSD|public domain)/)
      expect(commit, name).toMatch(/^[0-9a-f]{40}$/)
    }
  })
})

describe.skipIf(!existsSync(source))('export from the trained table (skipped where ../shared/model is absent)', () => {
  it('gives the committed bytes', async () => {
    for (const [path, bytes] of await exportStaticModel(source)) {
      expect(sha256(bytes), path).toBe(sha256(await readFile(folder + path)))
    }
  })
})
