import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parserDefinitions } from './list.ts'

describe('the list of parsers', () => {
  it('has every parser in the folder', () => {
    const files = readdirSync(import.meta.dirname)
      .filter((file) => file.endsWith('.ts') && !/\.(test|suite)\.ts$/.test(file))
      .map((file) => file.slice(0, -3))
      .filter((name) => !['parser', 'list', 'ocr', 'detect-type', 'choose-parser'].includes(name))
    expect(parserDefinitions.map((definition) => definition.id).toSorted()).toEqual(files.toSorted())
  })

  it('names each type once', () => {
    const types = parserDefinitions.flatMap((definition) => definition.types)
    expect(new Set(types).size).toBe(types.length)
  })

  it.each(parserDefinitions.map(({ id }) => id))('%s is held to what every parser must do', (id) => {
    const path = join(import.meta.dirname, `${id}.test.ts`)
    expect(existsSync(path)).toBe(true)
    expect(readFileSync(path, 'utf8')).toContain('behavesAsParser(')
  })
})
