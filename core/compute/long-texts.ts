import { piecesOfText } from '../shared/pieces-of-text.ts'

/**
 * Long texts go between processes in pieces, before the message that they belong to. A message is copied whole twice on
 * each side, and a text of 200 MB, with two bytes a character, would take gigabytes.
 */
export interface TextPiece {
  type: 'text'
  /** Of the task. */
  id: number
  /** Which of the message's long texts. */
  index: number
  /** Of the whole text. */
  totalBytes: number
  /** UTF-8; whole characters. */
  bytes: Uint8Array
}

/** Where a long text was taken from: keys from the top. */
export type TextPath = string[]

const longLength = 4_000_000
const pieceLength = 1_000_000
/** A document's text is this far below a task's input or output. */
const deepest = 2

/** The value without its long texts. They are looked for in objects down to the second level. */
export function detachTexts(value: unknown): { value: unknown; paths: TextPath[]; texts: string[] } {
  const paths: TextPath[] = []
  const texts: string[] = []
  const walk = (part: unknown, path: TextPath): unknown => {
    if (typeof part === 'string' && part.length > longLength) {
      paths.push(path)
      texts.push(part)
      return ''
    }
    if (path.length >= deepest || !isPlainObject(part)) return part
    let copy = part
    for (const [key, member] of Object.entries(part)) {
      const left = walk(member, [...path, key])
      if (left !== member) copy = { ...copy, [key]: left }
    }
    return copy
  }
  return { value: walk(value, []), paths, texts }
}

/** Characters outside Unicode (lone halves of pairs) arrive as U+FFFD. */
export function* textPieces(id: number, texts: readonly string[]): Generator<TextPiece> {
  for (const [index, text] of texts.entries()) {
    const totalBytes = Buffer.byteLength(text)
    for (const piece of piecesOfText(text, pieceLength)) {
      yield { type: 'text', id, index, totalBytes, bytes: Buffer.from(piece) }
    }
  }
}

export interface TextCollector {
  take(piece: TextPiece): void
  /** Puts what was collected into its places. The value is changed; the collector is empty afterwards. */
  attach(value: unknown, paths: readonly TextPath[]): unknown
}

export function createTextCollector(): TextCollector {
  let collected: { bytes: Buffer; filled: number }[] = []
  return {
    take({ index, totalBytes, bytes }) {
      const text = (collected[index] ??= { bytes: Buffer.allocUnsafeSlow(totalBytes), filled: 0 })
      text.bytes.set(bytes, text.filled)
      text.filled += bytes.length
    },
    attach(value, paths) {
      const texts = collected.map(({ bytes }) => {
        const text = bytes.toString('utf8')
        freeNow(bytes)
        return text
      })
      collected = []
      return paths.reduce((whole, path, index) => put(whole, path, texts[index] ?? ''), value)
    },
  }
}

/** Gives large memory back at once; the collector of garbage would come when it thinks fit. */
export function freeNow({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}

function put(value: unknown, [key, ...rest]: TextPath, text: string): unknown {
  if (key === undefined) return text
  if (isPlainObject(value)) value[key] = put(value[key], rest, text)
  return value
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
