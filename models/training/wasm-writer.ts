/**
 * Writes WebAssembly modules: a minimal encoder of the binary format (https://webassembly.github.io/spec/core/binary/)
 * with its fixed-width SIMD instructions. Only what the kernels of the training need: functions over numbers and one
 * imported shared memory. None of the instructions here is "relaxed": every machine gives the same bits.
 */

/** Instructions, nested as is convenient; flattened when the module is written. */
export type Code = readonly (number | Code)[]
export type WasmType = 'i32' | 'f32' | 'v128'

export interface WasmFunction {
  name: string
  parameters: readonly WasmType[]
  result?: WasmType
  /** Numbered after the parameters. */
  locals: readonly WasmType[]
  body: Code
}

/** The bytes of a module that imports `environment.memory` (shared, of at most `maxPages` × 64 KiB). */
export function encodeWasmModule(functions: readonly WasmFunction[], maxPages: number): Uint8Array<ArrayBuffer> {
  const type = ({ parameters, result }: WasmFunction): Code => [
    0x60,
    vector(parameters.map((name) => [valueTypes[name]])),
    vector(result ? [[valueTypes[result]]] : []),
  ]
  const entry = ({ locals, body }: WasmFunction): Code =>
    sized([vector(locals.map((name) => [1, valueTypes[name]])), body, 0x0b])
  const memory: Code = [text('environment'), text('memory'), 0x02, 0x03, unsigned(1), unsigned(maxPages)]
  return Uint8Array.from(
    flatten([
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      section(1, vector(functions.map(type))),
      section(2, vector([memory])),
      section(3, vector(functions.map((_, index) => unsigned(index)))),
      section(7, vector(functions.map(({ name }, index) => [text(name), 0x00, unsigned(index)]))),
      section(10, vector(functions.map(entry))),
    ]),
  )
}

export const get = (local: number): Code => [0x20, unsigned(local)]
export const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)]

export const i32 = {
  constant: (value: number): Code => [0x41, signed(value)],
  add: (a: Code, b: Code): Code => [a, b, 0x6a],
}
export const f32 = {
  constant: (value: number): Code => [0x43, floatBytes(value)],
  add: (a: Code, b: Code): Code => [a, b, 0x92],
  store: (address: Code, offset: number, value: Code): Code => [address, value, 0x38, 2, unsigned(offset)],
}
const simd = (opcode: number): Code => [0xfd, unsigned(opcode)]
export const v128 = {
  load: (address: Code, offset = 0): Code => [address, simd(0x00), 2, unsigned(offset)],
  /** One float in all four lanes. */
  loadSplat: (address: Code, offset = 0): Code => [address, simd(0x09), 2, unsigned(offset)],
  store: (address: Code, offset: number, value: Code): Code => [address, value, simd(0x0b), 2, unsigned(offset)],
}
export const f32x4 = {
  splat: (value: Code): Code => [value, simd(0x13)],
  constant: (value: number): Code => [simd(0x0c), ...Array.from({ length: 4 }, () => floatBytes(value))],
  lane: (value: Code, lane: number): Code => [value, simd(0x1f), lane],
  nearest: (value: Code): Code => [value, simd(0x6a)],
  sqrt: (value: Code): Code => [value, simd(0xe3)],
  add: (a: Code, b: Code): Code => [a, b, simd(0xe4)],
  subtract: (a: Code, b: Code): Code => [a, b, simd(0xe5)],
  multiply: (a: Code, b: Code): Code => [a, b, simd(0xe6)],
  divide: (a: Code, b: Code): Code => [a, b, simd(0xe7)],
  min: (a: Code, b: Code): Code => [a, b, simd(0xe8)],
  max: (a: Code, b: Code): Code => [a, b, simd(0xe9)],
}
export const i32x4 = {
  constant: (value: number): Code => [simd(0x0c), ...Array.from({ length: 4 }, () => intBytes(value))],
  shiftLeft: (value: Code, bits: number): Code => [value, i32.constant(bits), simd(0xab)],
  add: (a: Code, b: Code): Code => [a, b, simd(0xae)],
  truncate: (value: Code): Code => [value, simd(0xf8)],
}

/** Runs `body` until the local, lowered by `step` after each turn, is 0. It must be a positive multiple of `step`. */
export function countDown(local: number, step: number, body: Code): Code {
  return [0x03, 0x40, body, get(local), i32.constant(-step), 0x6a, 0x22, unsigned(local), 0x0d, 0x00, 0x0b]
}

export function when(condition: Code, then: Code, otherwise: Code): Code {
  return [condition, 0x04, 0x40, then, 0x05, otherwise, 0x0b]
}

/** local += bytes */
export function advance(local: number, bytes: number): Code {
  return set(local, i32.add(get(local), i32.constant(bytes)))
}

const valueTypes: Record<WasmType, number> = { i32: 0x7f, f32: 0x7d, v128: 0x7b }

function section(id: number, content: Code): Code {
  return [id, sized(content)]
}

function sized(content: Code): Code {
  const bytes = flatten(content)
  return [unsigned(bytes.length), bytes]
}

function vector(items: readonly Code[]): Code {
  return [unsigned(items.length), ...items]
}

function text(value: string): Code {
  return vector([...new TextEncoder().encode(value)].map((byte) => [byte]))
}

/** LEB128. */
function unsigned(value: number): Code {
  const bytes: number[] = []
  for (let rest = value >>> 0; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest]
    bytes.push((rest & 0x7f) | 0x80)
  }
}

function signed(value: number): Code {
  const bytes: number[] = []
  for (let rest = value | 0; ; rest >>= 7) {
    const byte = rest & 0x7f
    if ((rest === byte && byte < 0x40) || (rest === (byte | ~0x7f) && byte >= 0x40)) return [...bytes, byte]
    bytes.push(byte | 0x80)
  }
}

function floatBytes(value: number): Code {
  return [...new Uint8Array(Float32Array.of(value).buffer)]
}

function intBytes(value: number): Code {
  return [...new Uint8Array(Int32Array.of(value).buffer)]
}

function flatten(code: Code): number[] {
  const bytes: number[] = []
  const walk = (part: Code): void => {
    for (const item of part) {
      if (typeof item === 'number') bytes.push(item)
      else walk(item)
    }
  }
  walk(code)
  return bytes
}
