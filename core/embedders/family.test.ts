import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { embedderDefinitions } from './list.ts'

it('names every implementation in the folder', () => {
  const files = readdirSync(new URL('.', import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^(?:embedder|list)\.ts$|\.(?:test|suite)\.ts$/.test(entry.name))
    .map((entry) => entry.name)
  expect(embedderDefinitions.map(({ id }) => `${id}.ts`).sort()).toEqual(files.sort())
})

it.each(embedderDefinitions)('$id has defaults for all its options', (definition) => {
  expect(definition.options.parse({})).toBeTypeOf('object')
})
