import { describe, expect, it } from 'vitest'
import type { Model } from '../../../core/contract/models.ts'
import { modelManifestSchema } from '../../../core/contract/models.ts'
import { sortRows } from '../../ui/row-table.tsx'
import {
  countModels,
  downloadBytes,
  filterModels,
  languagesText,
  licenceText,
  modelColumns,
  sizeText,
  stateLabel,
} from './model-facts.ts'
import { speedOf } from './model-works.tsx'

function model(id: string, changes: Partial<Model> = {}, manifest: Partial<Model['manifest']> = {}): Model {
  return {
    manifest: modelManifestSchema.parse({
      id,
      kind: 'embedder',
      format: 'onnx',
      label: id,
      licence: { id: 'MIT' },
      files: [
        { path: 'config.json', bytes: 1000 },
        { path: 'onnx/model.onnx', bytes: 90_000_000, precision: 'fp32' },
        { path: 'onnx/model_quantized.onnx', bytes: 23_000_000, precision: 'q8' },
      ],
      languages: ['en'],
      use: 'Small and quick.',
      sources: [],
      ...manifest,
    }),
    state: 'absent',
    origin: null,
    folder: null,
    bytes: 0,
    problem: null,
    inCatalogue: true,
    described: false,
    usedBy: [],
    speed: null,
    ...changes,
  }
}

const here: Partial<Model> = { state: 'installed', origin: 'workspace', folder: '/m', bytes: 5_000_000 }
const models = [
  model('bge-small'),
  model('static', { ...here, origin: 'bundled' }),
  model('judge', {}, { kind: 'reranker', licence: { id: 'Apache-2.0' } }),
  model('writer', here, { kind: 'generator', format: 'gguf' }),
]
const all = { query: '', kind: 'all', place: 'any' } as const
const ids = (found: readonly Model[]): string[] => found.map(({ manifest }) => manifest.id)

describe('the list of models', () => {
  it('is filtered by words anywhere, by kind and by place', () => {
    expect(ids(filterModels(models, { ...all, query: 'SMALL bge' }))).toEqual(['bge-small'])
    expect(ids(filterModels(models, { ...all, query: 'apache' }))).toEqual(['judge'])
    expect(ids(filterModels(models, { ...all, kind: 'embedder', place: 'here' }))).toEqual(['static'])
    expect(ids(filterModels(models, { ...all, place: 'catalogue' }))).toEqual(['bge-small', 'judge'])
  })

  it('counts each choice with the others as they are', () => {
    expect(countModels(models, { ...all, place: 'here' })).toEqual({
      kinds: { all: 2, embedder: 1, reranker: 0, generator: 1 },
      places: { any: 4, here: 2, catalogue: 2 },
    })
  })

  it('is sorted by numbers as numbers, and by state with what needs a hand first', () => {
    const [small, large] = [model('a', { ...here, bytes: 9 }), model('b', { ...here, bytes: 80 })]
    expect(ids(sortRows([large, small], modelColumns, { column: 'size', descending: false }))).toEqual(['a', 'b'])
    const damaged = model('c', { ...here, state: 'damaged' })
    const rows = sortRows([...models, damaged], modelColumns, { column: 'state', descending: false })
    expect(ids(rows)[0]).toBe('c')
    expect(ids(sortRows(models, modelColumns, { column: 'nothing', descending: false }))).toEqual(ids(models))
  })
})

describe('facts of a model', () => {
  it('says what a download brings: what all need and one precision, unless a size is not known', () => {
    const { manifest } = model('m')
    expect(downloadBytes(manifest)).toBe(90_001_000)
    expect(downloadBytes(manifest, 'q8')).toBe(23_001_000)
    expect(downloadBytes({ files: [{ path: 'a' }, { path: 'b', bytes: 1 }] })).toBeNull()
    expect(sizeText(model('m', here))).toBe('5.0 MB')
    expect(sizeText(model('m'))).toBe('90.0 MB')
  })

  it('has words for states, languages and licences', () => {
    expect(stateLabel(model('m'))).toBe('Not here')
    expect(stateLabel(model('m', { bytes: 12 }))).toBe('Partly downloaded')
    expect(stateLabel(model('m', { ...here, origin: 'bundled' }))).toBe('Bundled')
    expect(languagesText(['mul'])).toBe('Many')
    expect(languagesText(['en', 'zh'])).toBe('English, Chinese')
    expect(languagesText(['en', 'de', 'fr'])).toBe('3 languages')
    expect(licenceText('Apache-2.0')).toBe('Apache-2.0')
    expect(licenceText('LicenseRef-Llama-3.2')).toBe('Llama 3.2')
    expect(licenceText('LicenseRef-unknown')).toBe('not named')
  })

  it('tells the speed of what came since it began, not of what was there before', () => {
    const from = { at: 10_000, done: 50_000_000 }
    expect(speedOf({ from, done: 60_000_000, total: 80_000_000 }, 12_000)).toEqual({
      bytesPerSecond: 5_000_000,
      leftMs: 4000,
    })
    expect(speedOf({ from, done: 60_000_000, total: null }, 12_000)).toEqual({
      bytesPerSecond: 5_000_000,
      leftMs: null,
    })
    expect(speedOf({ from, done: 50_000_000, total: 80_000_000 }, 12_000)).toBeNull()
    expect(speedOf({ from, done: 51_000_000, total: 80_000_000 }, 10_500)).toBeNull()
    expect(speedOf({ from: null, done: 0, total: null }, 12_000)).toBeNull()
  })
})
