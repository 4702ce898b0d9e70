import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { describeGenerator } from './generator.suite.ts'
import { generatorDefinitions } from './list.ts'

describe('the list of generators', () => {
  it('names every implementation in the folder, once', () => {
    const notImplementations = /^(?:generator|text-generator|refusal|list)\.ts$|\.(?:test|suite)\.ts$/u
    const files = readdirSync(new URL('.', import.meta.url), { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !notImplementations.test(entry.name))
      .map((entry) => entry.name.replace(/\.ts$/u, ''))
    expect(generatorDefinitions.map(({ id }) => id).sort()).toEqual(files.sort())
  })

  it.each(generatorDefinitions)('$id has defaults for all its options', (definition) => {
    expect(definition.options.parse({})).toBeTypeOf('object')
  })
})

for (const definition of generatorDefinitions.filter(({ languageModel }) => !languageModel)) {
  describeGenerator(definition.id, (dependencies) => definition.create(definition.options.parse({}), dependencies))
}
