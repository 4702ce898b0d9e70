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
