/**
 * Writes ONNX models: a minimal encoder for the protocol-buffer messages of the ONNX specification (onnx.proto3,
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3; field numbers below are those of that file) in the wire
 * format of https://protobuf.dev/programming-guides/encoding/. Only what a small graph of standard operators needs.
 * The same value always gives the same bytes.
 */

/** TensorProto.DataType. */
export const onnxTypes = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, float16: 10 } as const
export type OnnxType = keyof typeof onnxTypes

export interface OnnxTensor {
  name: string
  type: OnnxType
  dimensions: readonly number[]
  /** Row-major elements, little-endian: `raw_data`. */
  data: Uint8Array
}

export interface OnnxNode {
  operator: string
  inputs: readonly string[]
  outputs: readonly string[]
  attributes?: Readonly<Record<string, OnnxAttribute>>
}

/** A plain number is an integer, such as an axis or a type to cast to. */
export type OnnxAttribute = number | { float: number } | { integers: readonly number[] }

export interface OnnxValue {
  name: string
  type: OnnxType
  /** A name is a dimension that is known only when the graph runs. */
  shape: readonly (number | string)[]
}

export interface OnnxModel {
  producer: string
  /** Version of the default operator set (`ai.onnx`). */
  operatorSet: number
  /** Version of the file format; 8 is read by every runtime since 2021. */
  irVersion: number
  description: string
  graphName: string
  inputs: readonly OnnxValue[]
  outputs: readonly OnnxValue[]
  initializers: readonly OnnxTensor[]
  /** In an order in which every input is known before it is used. */
  nodes: readonly OnnxNode[]
}

/** The bytes of an `.onnx` file. */
export function encodeOnnxModel(model: OnnxModel): Uint8Array {
  // ModelProto
  return message([
    integerField(1, model.irVersion),
    textField(2, model.producer),
    textField(6, model.description),
    bytesField(7, encodeGraph(model)),
    bytesField(8, message([textField(1, ''), integerField(2, model.operatorSet)])),
  ])
}

/** A base-128 varint: seven bits a byte, lowest first, the high bit set on all but the last. */
export function encodeVarint(value: number | bigint): Uint8Array {
  let rest = BigInt(value)
  // Negative int64 values are written as their two's complement in 64 bits.
  if (rest < 0n) rest += 1n << 64n
  const bytes: number[] = []
  do {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    bytes.push(rest > 0n ? low | 0x80 : low)
  } while (rest > 0n)
  return Uint8Array.from(bytes)
}

function encodeGraph(model: OnnxModel): Uint8Array {
  // GraphProto
  return message([
    ...model.nodes.map((node) => bytesField(1, encodeNode(node))),
    textField(2, model.graphName),
    ...model.initializers.map((tensor) => bytesField(5, encodeTensor(tensor))),
    ...model.inputs.map((value) => bytesField(11, encodeValue(value))),
    ...model.outputs.map((value) => bytesField(12, encodeValue(value))),
  ])
}

function encodeNode(node: OnnxNode): Uint8Array {
  // NodeProto
  return message([
    ...node.inputs.map((name) => textField(1, name)),
    ...node.outputs.map((name) => textField(2, name)),
    textField(3, `${node.operator}:${node.outputs.join(',')}`),
    textField(4, node.operator),
    ...Object.entries(node.attributes ?? {}).map(([name, value]) => bytesField(5, encodeAttribute(name, value))),
  ])
}

function encodeAttribute(name: string, value: OnnxAttribute): Uint8Array {
  // AttributeProto; of its types FLOAT is 1, INT 2 and INTS 7
  if (typeof value === 'number') return message([textField(1, name), integerField(3, value), integerField(20, 2)])
  if ('float' in value) return message([textField(1, name), floatField(2, value.float), integerField(20, 1)])
  return message([textField(1, name), ...value.integers.map((each) => integerField(8, each)), integerField(20, 7)])
}

function encodeTensor(tensor: OnnxTensor): Uint8Array {
  const elementBytes = { float32: 4, uint8: 1, int8: 1, int32: 4, int64: 8, float16: 2 }[tensor.type]
  const expected = tensor.dimensions.reduce((product, size) => product * size, elementBytes)
  if (tensor.data.byteLength !== expected) {
    throw new RangeError(`Tensor ${tensor.name}: ${expected} bytes expected, ${tensor.data.byteLength} given.`)
  }
  // TensorProto
  return message([
    ...tensor.dimensions.map((size) => integerField(1, size)),
    integerField(2, onnxTypes[tensor.type]),
    textField(8, tensor.name),
    bytesField(9, tensor.data),
  ])
}

function encodeValue(value: OnnxValue): Uint8Array {
  // ValueInfoProto > TypeProto > TypeProto.Tensor > TensorShapeProto > Dimension
  const dimensions = value.shape.map((size) =>
    bytesField(1, message([typeof size === 'number' ? integerField(1, size) : textField(2, size)])),
  )
  const tensorType = message([integerField(1, onnxTypes[value.type]), bytesField(2, message(dimensions))])
  return message([textField(1, value.name), bytesField(2, message([bytesField(1, tensorType)]))])
}

function integerField(field: number, value: number): Uint8Array {
  return message([encodeVarint(field << 3), encodeVarint(value)])
}

/** 32 bits, little-endian: wire type 5. */
function floatField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setFloat32(0, value, true)
  return message([encodeVarint((field << 3) | 5), bytes])
}

function textField(field: number, value: string): Uint8Array {
  return bytesField(field, new TextEncoder().encode(value))
}

function bytesField(field: number, value: Uint8Array): Uint8Array {
  return message([encodeVarint((field << 3) | 2), encodeVarint(value.byteLength), value])
}

function message(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.byteLength
  }
  return bytes
}
