import { expect, it } from 'vitest'
import { z } from 'zod'
import { modelOption, modelsNamed } from './model-option.ts'

const schema = z.object({
  model: modelOption({ kind: 'reranker', format: 'gguf' }, 'Which one.', 'standard'),
  draft: modelOption({ kind: 'generator', format: 'gguf' }, 'Another one.'),
  label: z.string().default('no model'),
})

it('models are found by what their options say, defaults included', () => {
  expect(modelsNamed(schema, {})).toEqual(['standard'])
  expect(modelsNamed(schema, { model: 'own', draft: 'small', label: 'x' })).toEqual(['own', 'small'])
  expect(modelsNamed(schema, { model: 7, draft: '' })).toEqual([])
  expect(modelsNamed(z.string(), {})).toEqual([])
})

it('a form sees which models fit', () => {
  expect(z.toJSONSchema(schema, { io: 'input' }).properties?.draft).toEqual({
    type: 'string',
    default: '',
    description: 'Another one.',
    model: { kind: 'generator', format: 'gguf' },
  })
})
