/**
 * Writes GGUF files, the model format of llama.cpp: version 3 of
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, little-endian, weights as 32-bit floats. The same value
 * always gives the same bytes.
 */
export interface GgufFile {
  /** In the order in which they are written. */
  metadata: readonly (readonly [key: string, value: GgufValue])[]
  tensors: readonly GgufTensor[]
}

/** Numbers of the format come in many types; a loader refuses a key whose type is not the one that it expects. */
export type GgufValue =
  | { uint32: number }
  | { float32: number }
  | { boolean: boolean }
  | { text: string }
  | { texts: readonly string[] }
  | { float32s: readonly number[] }
  | { int32s: readonly number[] }

export interface GgufTensor {
  name: string
  /** As ggml counts them: the first is the one whose elements are neighbours in memory. A matrix is [inputs, outputs]. */
  shape: readonly number[]
  values: Float32Array
}

/** The bytes of a `.gguf` file. */
export function encodeGguf({ metadata, tensors }: GgufFile): Uint8Array {
  const offsets: number[] = []
  let dataBytes = 0
  for (const { name, shape, values } of tensors) {
    const expected = shape.reduce((product, size) => product * size, 1)
    if (values.length !== expected) {
      throw new RangeError(`Tensor ${name}: ${expected} values expected, ${values.length} given.`)
    }
    offsets.push(dataBytes)
    dataBytes = aligned(dataBytes + values.byteLength)
  }
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    uint32(3),
    uint64(tensors.length),
    uint64(metadata.length),
    ...metadata.flatMap(([key, value]) => [text(key), ...encodeValue(value)]),
    ...tensors.flatMap(({ name, shape }, index) => [
      text(name),
      uint32(shape.length),
      ...shape.map(uint64),
      uint32(float32Tensor),
      uint64(offsets[index]!),
    ]),
  ])
  const dataStart = aligned(header.length)
  const bytes = new Uint8Array(dataStart + dataBytes)
  bytes.set(header)
  tensors.forEach(({ values }, index) => {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), dataStart + offsets[index]!)
  })
  return bytes
}

/** `general.alignment` where a file does not name another. */
const alignment = 32
/** GGML_TYPE_F32 */
const float32Tensor = 0
/** gguf_metadata_value_type */
const types = { uint32: 4, int32: 5, float32: 6, boolean: 7, text: 8, array: 9 }

function encodeValue(value: GgufValue): Buffer[] {
  if ('uint32' in value) return [uint32(types.uint32), uint32(value.uint32)]
  if ('float32' in value) return [uint32(types.float32), float32(value.float32)]
  if ('boolean' in value) return [uint32(types.boolean), Buffer.from([value.boolean ? 1 : 0])]
  if ('text' in value) return [uint32(types.text), text(value.text)]
  if ('texts' in value) return list(types.text, value.texts.map(text))
  if ('float32s' in value) return list(types.float32, value.float32s.map(float32))
  return list(types.int32, value.int32s.map(int32))
}

function list(type: number, items: readonly Buffer[]): Buffer[] {
  return [uint32(types.array), uint32(type), uint64(items.length), ...items]
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8')
  return Buffer.concat([uint64(bytes.length), bytes])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return bytes
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function aligned(offset: number): number {
  return Math.ceil(offset / alignment) * alignment
}
