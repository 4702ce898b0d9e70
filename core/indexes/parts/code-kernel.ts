/** Multiplies many short codes with one query, sixteen numbers at a time. Its memory is of a fixed size. */
export interface CodeKernel {
  /** Numbers of a code in memory: `dimensions`, filled up with zeros to whole steps of the processor. */
  readonly stride: number
  /** Where the codes go, one after the other: the bytes of numbers from -127 to 127. */
  readonly codes: Uint8Array
  /** Where the query goes. The sum of its amounts times 127 must fit into 31 bits, since nothing guards the sums. */
  readonly query: Int16Array
  /** Writes the dot products of the first `count` codes, which are exact, and gives them; good until the next call. */
  multiply(count: number): Int32Array
}

/** `capacity`: how many codes it can hold at once. */
export function createCodeKernel(dimensions: number, capacity: number): CodeKernel {
  const stride = Math.ceil(dimensions / step) * step
  const at = { query: 0, products: 2 * stride, codes: 2 * stride + 4 * capacity }
  const memory = new WebAssembly.Memory({ initial: Math.ceil((at.codes + capacity * stride) / pageBytes) })
  module ??= new WebAssembly.Module(moduleBytes())
  const instance = new WebAssembly.Instance(module, { host: { memory } })
  const multiply = instance.exports.multiply as (
    codes: number,
    count: number,
    stride: number,
    query: number,
    products: number,
  ) => void
  const products = new Int32Array(memory.buffer, at.products, capacity)
  return {
    stride,
    codes: new Uint8Array(memory.buffer, at.codes, capacity * stride),
    query: new Int16Array(memory.buffer, at.query, stride),
    multiply(count) {
      multiply(at.codes, count, stride, at.query, at.products)
      return products.subarray(0, count)
    },
  }
}

/** A vector register holds sixteen numbers of a byte. */
const step = 16
const pageBytes = 65_536
let module: WebAssembly.Module | undefined

/**
 * The module, put together here because it is forty instructions: a compiler for them would be a dependency, and a
 * binary file could not be read. Names and numbers as in https://webassembly.github.io/spec/core/binary/.
 */
function moduleBytes(): Uint8Array<ArrayBuffer> {
  const section = (id: number, ...content: number[]): number[] => [id, ...sized(content)]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    // One type: five numbers in, nothing out.
    ...section(1, 1, 0x60, 5, i32, i32, i32, i32, i32, 0),
    ...section(2, 1, ...named('host'), ...named('memory'), 0x02, 0x00, 1),
    ...section(3, 1, 0),
    ...section(7, 1, ...named('multiply'), 0x00, 0),
    ...section(10, 1, ...sized([2, 2, i32, 2, v128, ...multiplyBody(), end])),
  ])
}

/** For each code: add up products of eight pairs, twice a step; then the four lanes; then write the sum. */
function multiplyBody(): number[] {
  const [code, count, stride, query, product, codeEnd, queryAt, sums, bytes] = [0, 1, 2, 3, 4, 5, 6, 7, 8]
  const lane = (index: number): number[] => [...get(sums), ...simd(0x1b), index]
  return [
    ...[block, none, ...get(count), isZero, branchIf, 0],
    ...[loop, none],
    ...[...get(code), ...get(stride), add, ...set(codeEnd)],
    ...[...get(query), ...set(queryAt)],
    ...[...simd(0x0c), ...Array<number>(16).fill(0), ...set(sums)],
    ...[loop, none],
    ...[...get(code), ...load(0), ...set(bytes)],
    ...[...get(bytes), ...widenLow, ...get(queryAt), ...load(0), ...dotPairs],
    ...[...get(bytes), ...widenHigh, ...get(queryAt), ...load(16), ...dotPairs],
    ...[...addLanes, ...get(sums), ...addLanes, ...set(sums)],
    ...[...get(queryAt), ...constant(2 * step), add, ...set(queryAt)],
    ...[...get(code), ...constant(step), add, ...tee(code), ...get(codeEnd), lessThan, branchIf, 0],
    end,
    ...[...get(product), ...lane(0), ...lane(1), add, ...lane(2), add, ...lane(3), add, ...store],
    ...[...get(product), ...constant(4), add, ...set(product)],
    ...[...get(count), ...constant(1), subtract, ...tee(count), branchIf, 0],
    end,
    end,
  ]
}

const [i32, v128, none] = [0x7f, 0x7b, 0x40]
const [block, loop, end, branchIf] = [0x02, 0x03, 0x0b, 0x0d]
const [isZero, lessThan, add, subtract] = [0x45, 0x49, 0x6a, 0x6b]
const get = (local: number): number[] => [0x20, local]
const set = (local: number): number[] => [0x21, local]
const tee = (local: number): number[] => [0x22, local]
/** Below 64 a number is its own encoding. */
const constant = (value: number): number[] => [0x41, value]
const store = [0x36, 2, 0]
const simd = (operation: number): number[] => [0xfd, ...unsigned(operation)]
/** Alignment is a hint only. */
const load = (offset: number): number[] => [...simd(0x00), 0, offset]
const [widenLow, widenHigh] = [simd(0x87), simd(0x88)]
const dotPairs = simd(0xba)
const addLanes = simd(0xae)

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function sized(content: readonly number[]): number[] {
  return [...unsigned(content.length), ...content]
}

function named(name: string): number[] {
  return sized([...new TextEncoder().encode(name)])
}
