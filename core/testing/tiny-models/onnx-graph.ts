import type { OnnxAttribute, OnnxNode, OnnxTensor } from '../../../models/onnx-writer.ts'
import { onnxTypes } from '../../../models/onnx-writer.ts'
import type { RandomWeights } from './random-weights.ts'

/**
 * What the weights are stored as: 'fp16' halves the file and computes in 32 bits; 'q8' multiplies in 8-bit integers,
 * as models do that were quantised dynamically (ONNX: DynamicQuantizeLinear, MatMulInteger).
 */
export type OnnxPrecision = 'fp32' | 'fp16' | 'q8'

/** Collects the nodes and weights of a graph. Methods give the names of what they add. */
export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[]
  readonly initializers: readonly OnnxTensor[]
  add(operator: string, inputs: readonly string[], attributes?: Record<string, OnnxAttribute>): string
  integers(values: readonly number[], shape?: readonly number[]): string
  float(value: number): string
  /** A random table of the graph's precision. */
  table(rows: number, columns: number, spread: number): string
  /** A random vector around `centre`, always in 32 bits. */
  vector(length: number, spread: number, centre?: number): string
  /** `input` [… × inputs] times a random matrix, plus a random bias: [… × outputs]. */
  dense(input: string, inputs: number, outputs: number): string
}

export function createOnnxGraph(precision: OnnxPrecision, weights: RandomWeights): OnnxGraph {
  const nodes: OnnxNode[] = []
  const initializers: OnnxTensor[] = []
  let count = 0
  const next = (kind: string): string => `${kind}_${++count}`

  const store = (type: OnnxTensor['type'], dimensions: readonly number[], values: ArrayBufferView): string => {
    const name = next('weight')
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    initializers.push({ name, type, dimensions, data })
    return name
  }
  const add: OnnxGraph['add'] = (operator, inputs, attributes) => {
    const output = next(operator)
    nodes.push({ operator, inputs, outputs: [output], ...(attributes ? { attributes } : {}) })
    return output
  }
  const floats = (values: Float32Array, dimensions: readonly number[]): string =>
    precision === 'fp16'
      ? add('Cast', [store('float16', dimensions, halfFloats(values))], { to: onnxTypes.float32 })
      : store('float32', dimensions, values)

  const multiply = (input: string, values: Float32Array, inputs: number, outputs: number): string => {
    if (precision !== 'q8') return add('MatMul', [input, floats(values, [inputs, outputs])])
    // Seven bits: processors without VNNI saturate where eight meet eight.
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 63
    const whole = store(
      'int8',
      [inputs, outputs],
      Int8Array.from(values, (value) => Math.round(value / scale)),
    )
    const [quantised, inputScale, zero] = [next('quantised'), next('scale'), next('zero')]
    nodes.push({ operator: 'DynamicQuantizeLinear', inputs: [input], outputs: [quantised, inputScale, zero] })
    const product = add('Cast', [add('MatMulInteger', [quantised, whole, zero])], { to: onnxTypes.float32 })
    return add('Mul', [product, add('Mul', [inputScale, graph.float(scale)])])
  }

  const graph: OnnxGraph = {
    nodes,
    initializers,
    add,
    integers: (values, shape = [values.length]) => store('int64', shape, BigInt64Array.from(values, BigInt)),
    float: (value) => store('float32', [], Float32Array.of(value)),
    table: (rows, columns, spread) => floats(weights.values(rows * columns, spread), [rows, columns]),
    vector: (length, spread, centre) => store('float32', [length], weights.values(length, spread, centre)),
    dense(input, inputs, outputs) {
      const values = weights.values(inputs * outputs, Math.sqrt(3 / inputs))
      return add('Add', [multiply(input, values, inputs, outputs), graph.vector(outputs, 0.1)])
    },
  }
  return graph
}

/** IEEE 754 half precision; what is too small for its normal numbers becomes zero. Rounds towards zero. */
function halfFloats(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  return Uint16Array.from(bits, (bit) => {
    const sign = (bit >>> 16) & 0x8000
    const exponent = ((bit >>> 23) & 0xff) - 127 + 15
    return exponent <= 0 ? sign : sign | (exponent << 10) | ((bit >>> 13) & 0x3ff)
  })
}
