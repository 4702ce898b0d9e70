import { describe, expect, it } from 'vitest'
import type { PickedFile } from '../platform/shell-api.ts'
import { areModels, planModelImports } from './model-imports.ts'

const file = (path: string): PickedFile => ({ path, file: new File(['x'], path) })
const plan = (...paths: string[]) =>
  planModelImports({ paths: [], files: paths.map(file) }).map((one) => [
    one.name,
    'files' in one ? one.files.map(({ path }) => path) : one.path,
  ])

describe('what was dropped, as models', () => {
  it('takes each pack, archive and GGUF file for one', () => {
    expect(plan('a.quarrypack', 'b.GGUF', 'c.zip')).toEqual([
      ['a.quarrypack', ['a.quarrypack']],
      ['b.GGUF', ['b.GGUF']],
      ['c.zip', ['c.zip']],
    ])
  })

  it('takes each folder for one, and files that lie about for one together', () => {
    expect(plan('bge/config.json', 'e5/config.json', 'bge/onnx/model.onnx')).toEqual([
      ['bge', ['bge/config.json', 'bge/onnx/model.onnx']],
      ['e5', ['e5/config.json']],
    ])
    expect(plan('config.json', 'tokenizer.json')).toEqual([['the files', ['config.json', 'tokenizer.json']]])
    expect(plan('notes.pdf')).toEqual([['notes.pdf', ['notes.pdf']]])
  })

  it('does not send what is hidden or in a form that is not read', () => {
    expect(plan('m/.git/HEAD', 'm/.DS_Store', 'm/model.safetensors', 'm/pytorch_model.bin', 'm/config.json')).toEqual([
      ['m', ['m/config.json']],
    ])
    expect(plan('m/model.onnx_data', 'm/spiece.model')).toEqual([['m', ['m/model.onnx_data', 'm/spiece.model']]])
    expect(plan('.DS_Store')).toEqual([])
  })

  it('leaves paths of this machine to the core', () => {
    expect(planModelImports({ paths: ['/media/stick/bge.quarrypack', 'C:\\models\\e5\\'], files: [] })).toEqual([
      { name: 'bge.quarrypack', path: '/media/stick/bge.quarrypack' },
      { name: 'e5', path: 'C:\\models\\e5\\' },
    ])
  })

  it('knows what can only be a model', () => {
    expect(areModels({ paths: ['/a/x.quarrypack'], files: [file('y.gguf')] })).toBe(true)
    expect(areModels({ paths: [], files: [file('y.gguf'), file('notes.md')] })).toBe(false)
    expect(areModels({ paths: [], files: [file('papers.zip')] })).toBe(false)
    expect(areModels({ paths: [], files: [] })).toBe(false)
  })
})
