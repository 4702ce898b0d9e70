import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { encodeOnnxModel, encodeVarint, onnxTypes } from './onnx-writer.ts'
import type { OnnxModel } from './onnx-writer.ts'

describe('encodeVarint', () => {
  it.each([
    [0, [0x00]],
    [1, [0x01]],
    [127, [0x7f]],
    [128, [0x80, 0x01]],
    // The example of the protocol-buffer specification.
    [150, [0x96, 0x01]],
    [-1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
  ])('writes %i', (value, bytes) => {
    expect([...encodeVarint(value)]).toEqual(bytes)
  })
})

describe('encodeOnnxModel', () => {
  it('is read and run by ONNX Runtime', async () => {
    const session = await InferenceSession.create(encodeOnnxModel(lookup))
    expect(session.inputNames).toEqual(['ids'])
    expect(session.outputNames).toEqual(['values'])
    const ids = new Tensor('int64', BigInt64Array.from([2n, 0n, 1n]), [1, 3])
    const { values } = await session.run({ ids })
    expect(values?.dims).toEqual([1, 3, 2])
    expect([...(values?.data as Float32Array)]).toEqual([5, -128, 1, 2, 3, -4])
  })

  it('writes numbers and lists as attributes, and half precision', async () => {
    const session = await InferenceSession.create(encodeOnnxModel(turned))
    const { values } = await session.run({ scale: new Tensor('float32', Float32Array.of(1, 1), [2]) })
    // Columns (1, -1), (2, 4) and (3, 3) about their means, over the root of variance + epsilon.
    const expected = [1 / 2, -1 / 2, -1 / 2, 1 / 2, 0, 0]
    const actual = [...(values?.data as Float32Array)]
    actual.forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 5))
  })

  it('gives the same bytes for the same model', () => {
    expect(encodeOnnxModel(lookup)).toEqual(encodeOnnxModel(structuredClone(lookup)))
  })

  it('refuses a tensor whose data does not fill its shape', () => {
    const initializers = [{ name: 'table', type: 'int8' as const, dimensions: [3, 2], data: new Uint8Array(5) }]
    expect(() => encodeOnnxModel({ ...lookup, initializers })).toThrow('Tensor table: 6 bytes expected, 5 given.')
  })
})

const lookup: OnnxModel = {
  producer: 'test',
  operatorSet: 13,
  irVersion: 8,
  description: 'Rows of a table as floats.',
  graphName: 'lookup',
  inputs: [{ name: 'ids', type: 'int64', shape: ['batch', 'tokens'] }],
  outputs: [{ name: 'values', type: 'float32', shape: ['batch', 'tokens', 2] }],
  initializers: [
    {
      name: 'table',
      type: 'int8',
      dimensions: [3, 2],
      data: new Uint8Array(Int8Array.from([1, 2, 3, -4, 5, -128]).buffer),
    },
  ],
  nodes: [
    { operator: 'Gather', inputs: ['table', 'ids'], outputs: ['rows'], attributes: { axis: 0 } },
    { operator: 'Cast', inputs: ['rows'], outputs: ['values'], attributes: { to: onnxTypes.float32 } },
  ],
}

const turned: OnnxModel = {
  producer: 'test',
  operatorSet: 17,
  irVersion: 8,
  description: 'Columns of a half-precision table, each of mean 0 and nearly of variance 1.',
  graphName: 'turned',
  inputs: [{ name: 'scale', type: 'float32', shape: [2] }],
  outputs: [{ name: 'values', type: 'float32', shape: [3, 2] }],
  initializers: [
    {
      name: 'table',
      type: 'float16',
      dimensions: [2, 3],
      // 1, 2, 3 and -1, 4, 3 in IEEE 754 half precision.
      data: new Uint8Array(Uint16Array.from([0x3c00, 0x4000, 0x4200, 0xbc00, 0x4400, 0x4200]).buffer),
    },
  ],
  nodes: [
    { operator: 'Cast', inputs: ['table'], outputs: ['floats'], attributes: { to: onnxTypes.float32 } },
    {
      operator: 'Transpose',
      inputs: ['floats'],
      outputs: ['columns'],
      attributes: { perm: { integers: [1, 0] } },
    },
    {
      operator: 'LayerNormalization',
      inputs: ['columns', 'scale'],
      outputs: ['values'],
      attributes: { axis: -1, epsilon: { float: 3 } },
    },
  ],
}
