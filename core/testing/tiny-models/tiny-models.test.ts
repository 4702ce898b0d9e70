import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { encodeGguf } from './gguf-writer.ts'
import { encodeBert } from './onnx-bert.ts'
import type { OnnxPrecision } from './onnx-graph.ts'

const shape = { vocabulary: 50, layers: 2, hidden: 16, heads: 2, maxTokens: 8, seed: 5 }

describe('encodeBert', () => {
  it('gives the same bytes for the same seed, others for another', () => {
    const bytes = encodeBert(shape, 'states', 'fp32')
    expect(encodeBert(shape, 'states', 'fp32')).toEqual(bytes)
    expect(encodeBert({ ...shape, seed: 6 }, 'states', 'fp32')).not.toEqual(bytes)
  })

  it('gives states that depend on neighbours and places, and not on padding', async () => {
    const run = await open('fp32')
    const [padded, alone, other] = [
      await run([[7, 8, 9, 0, 0], [1, 2, 3, 4, 5]], [3, 5]),
      await run([[7, 8, 9]], [3]),
      await run([[7, 8, 10]], [3]),
    ] // prettier-ignore
    const three = 3 * shape.hidden
    expect(distance(padded.subarray(0, three), alone)).toBeLessThan(1e-4)
    expect(distance(alone.subarray(0, shape.hidden), other.subarray(0, shape.hidden))).toBeGreaterThan(0.01)
    const repeated = await run([[7, 7]], [2])
    expect(distance(repeated.subarray(0, shape.hidden), repeated.subarray(shape.hidden))).toBeGreaterThan(0.01)
  })

  it.each([
    ['fp16', 0.9999],
    ['q8', 0.97],
  ] as const)('in %s gives nearly what it gives in 32 bits', async (precision, atLeast) => {
    const ids = [[3, 1, 4, 1, 5]]
    const [exact, rounded] = [await (await open('fp32'))(ids, [5]), await (await open(precision))(ids, [5])]
    expect(distance(exact, rounded)).toBeGreaterThan(0)
    expect(cosine(exact, rounded)).toBeGreaterThan(atLeast)
  })
})

describe('encodeGguf', () => {
  const file = {
    metadata: [['general.architecture', { text: 'ä' }]] as const,
    tensors: [{ name: 't', shape: [2], values: Float32Array.of(1, -2) }],
  }

  it('writes what the specification says', () => {
    const bytes = Buffer.from(encodeGguf(file))
    expect(bytes.subarray(0, 24)).toEqual(
      Buffer.from([...Buffer.from('GGUF'), 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]),
    )
    // The key: its length and itself; then type 8, a text of two bytes.
    expect(bytes.readBigUInt64LE(24)).toBe(20n)
    expect(bytes.readUInt32LE(52)).toBe(8)
    expect(bytes.readBigUInt64LE(56)).toBe(2n)
    // Weights begin at a multiple of 32.
    expect(bytes.length % 32).toBe(0)
    expect([bytes.readFloatLE(bytes.length - 32), bytes.readFloatLE(bytes.length - 28)]).toEqual([1, -2])
  })

  it('refuses a tensor whose values do not fill its shape', () => {
    const tensors = [{ name: 't', shape: [3], values: new Float32Array(2) }]
    expect(() => encodeGguf({ ...file, tensors })).toThrow('Tensor t: 3 values expected, 2 given.')
  })
})

/** The last hidden states of rows of tokens, of which so many are no padding. */
async function open(precision: OnnxPrecision) {
  const session = await InferenceSession.create(encodeBert(shape, 'states', precision))
  return async (rows: number[][], lengths: number[]): Promise<Float32Array> => {
    const dimensions = [rows.length, rows[0]?.length ?? 0]
    const tensor = (values: number[]): Tensor => new Tensor('int64', BigInt64Array.from(values, BigInt), dimensions)
    const mask = rows.flatMap((row, index) => row.map((_, place) => (place < lengths[index]! ? 1 : 0)))
    const output = await session.run({
      input_ids: tensor(rows.flat()),
      attention_mask: tensor(mask),
      token_type_ids: tensor(rows.flat().map(() => 0)),
    })
    return output.last_hidden_state?.data as Float32Array
  }
}

function distance(a: Float32Array, b: Float32Array): number {
  expect(a).toHaveLength(b.length)
  return Math.max(...a.map((value, index) => Math.abs(value - b[index]!)))
}

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0) / Math.hypot(...a) / Math.hypot(...b)
}
