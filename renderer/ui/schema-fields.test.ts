import { describe, expect, it } from 'vitest'
import { labelOf } from '../../core/contract/option-words.ts'
import { fieldsOf, same, withProperty, type Field } from './schema-fields.ts'

const fieldOf = (property: Record<string, unknown>, required: string[] = []): Field =>
  fieldsOf({ type: 'object', properties: { theOption: property }, required })[0] as Field

describe('fieldsOf', () => {
  it.each([
    [
      { type: 'string', maxLength: 20 },
      { kind: 'text', maxLength: 20 },
    ],
    [
      { type: 'integer', minimum: 8, maximum: 512, default: 256 },
      { kind: 'number', integer: true, least: 8, most: 512, fallback: 256 },
    ],
    [
      { type: 'number', minimum: 0, maximum: 1 },
      { kind: 'number', integer: false, least: 0, most: 1 },
    ],
    [
      { type: 'boolean', default: true },
      { kind: 'switch', fallback: true },
    ],
    [
      { type: 'string', enum: ['auto', 'off'] },
      { kind: 'choice', values: ['auto', 'off'] },
    ],
    [
      { type: 'string', default: '', model: { kind: 'generator', format: 'gguf' } },
      { kind: 'model', modelKind: 'generator', format: 'gguf', fallback: '' },
    ],
    [{ anyOf: [{ const: 'a' }, { const: 'b' }] }, { kind: 'choice', values: ['a', 'b'] }],
    [{ type: 'array', items: { type: 'string' } }, { kind: 'lines' }],
    [
      { type: 'array', items: { type: 'string', enum: ['x', 'y'] } },
      { kind: 'choices', values: ['x', 'y'] },
    ],
    [{ anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }] }, { kind: 'number', integer: true, least: 1 }],
    [
      { type: 'object', properties: { inner: { type: 'boolean' } } },
      { kind: 'group', fields: [{ name: 'inner', kind: 'switch' }] },
    ],
    [
      {
        type: 'array',
        maxItems: 5,
        items: { type: 'object', properties: { pattern: { type: 'string' } }, required: ['pattern'] },
      },
      { kind: 'list', most: 5, fields: [{ name: 'pattern', kind: 'text', required: true }] },
    ],
    [{ type: 'object', additionalProperties: {} }, { kind: 'other' }],
    [{ anyOf: [{ type: 'string' }, { type: 'integer' }] }, { kind: 'other' }],
    [{}, { kind: 'other' }],
    [true, { kind: 'other' }],
  ])('%j', (property, expected) => {
    expect(fieldOf(property as Record<string, unknown>)).toMatchObject({
      name: 'theOption',
      label: 'The option',
      required: false,
      ...expected,
    })
  })

  it('takes descriptions as help, also those of the items, and knows what is required', () => {
    expect(fieldOf({ type: 'string', description: 'So it is.' }, ['theOption'])).toMatchObject({
      help: 'So it is.',
      required: true,
    })
    expect(fieldOf({ type: 'array', items: { type: 'string', description: 'Each.' } })).toMatchObject({ help: 'Each.' })
  })

  it('makes nothing of what is no object', () => {
    expect(fieldsOf({})).toEqual([])
    expect(fieldsOf({ properties: 7 })).toEqual([])
  })

  it('passes over limits that only say how far numbers go', () => {
    expect(fieldOf({ type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER })).not.toHaveProperty('most')
  })
})

it('writes labels from names', () => {
  expect(['maxTokens', 'ocr', 'min_pages', 'drop-sections'].map(labelOf)).toEqual([
    'Max tokens',
    'Ocr',
    'Min pages',
    'Drop sections',
  ])
})

describe('withProperty', () => {
  const field = fieldOf({ type: 'integer', default: 256 })
  it('keeps what it does not know, and leaves defaults out', () => {
    expect(withProperty({ future: 1 }, field, 128)).toEqual({ future: 1, theOption: 128 })
    expect(withProperty({ future: 1, theOption: 128 }, field, 256)).toEqual({ future: 1 })
    expect(withProperty({ theOption: 128 }, field, undefined)).toEqual({})
  })
  it('names what is required even where it is as usual', () => {
    expect(withProperty({}, fieldOf({ type: 'string', default: '' }, ['theOption']), '')).toEqual({ theOption: '' })
  })
})

it('compares JSON values', () => {
  expect(same({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true)
  expect(same({ a: 1, b: undefined }, { a: 1 })).toBe(true)
  expect(same({ a: [1, 2] }, { a: [2, 1] })).toBe(false)
  expect(same([], {})).toBe(false)
})
