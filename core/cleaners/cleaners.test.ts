import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cleanerDefinitions } from './list.ts'

describe('the list of cleaners', () => {
  it('has every cleaner in the folder', () => {
    const files = readdirSync(import.meta.dirname)
      .filter((file) => file.endsWith('.ts') && !/\.(test|suite)\.ts$|^(cleaner|list)\.ts$/.test(file))
      .map((file) => file.slice(0, -3))
    expect(cleanerDefinitions.map(({ id }) => id).toSorted()).toEqual(files.toSorted())
  })

  it.each(cleanerDefinitions.map(({ id }) => id))('%s is held to what every cleaner must do', (id) => {
    const path = join(import.meta.dirname, `${id}.test.ts`)
    expect(existsSync(path)).toBe(true)
    expect(readFileSync(path, 'utf8')).toContain('behavesAsCleaner(')
  })
})
