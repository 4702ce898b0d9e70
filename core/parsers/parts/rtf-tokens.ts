/** The next piece of a rich text file. One object is used for all of them: read it before asking for the next. */
export interface RtfToken {
  kind: 'open' | 'close' | 'word' | 'symbol' | 'bytes' | 'end'
  /** Of a control word, without backslash: 'par'; of a control symbol its character: '~'. */
  name: string
  /** Of a control word; undefined where it has none. */
  parameter: number | undefined
  /** Plain text: where it stands in the file. It has line ends of the file in it, which mean nothing. */
  start: number
  end: number
}

/** Cuts a file into tokens (RTF 1.9.1, "Contents of an RTF file"); the bytes of \bin are passed over. */
export function rtfTokens(bytes: Uint8Array): { next(): RtfToken; position(): number } {
  const token: RtfToken = { kind: 'end', name: '', parameter: undefined, start: 0, end: 0 }
  let at = 0

  const set = (kind: RtfToken['kind'], name = '', parameter?: number): RtfToken => {
    token.kind = kind
    token.name = name
    token.parameter = parameter
    return token
  }
  const word = (): RtfToken => {
    const start = at
    while (at < bytes.length && at - start < longestWord && isLetter(bytes[at]!)) at++
    const name = String.fromCharCode(...bytes.subarray(start, at))
    const digits = at
    if (bytes[at] === minus && isDigit(bytes[at + 1] ?? 0)) at++
    while (at < bytes.length && at - digits < longestNumber && isDigit(bytes[at]!)) at++
    const parameter = at > digits ? Number(String.fromCharCode(...bytes.subarray(digits, at))) : undefined
    if (bytes[at] === space) at++
    if (name === 'bin') at += Math.min(Math.max(parameter ?? 0, 0), bytes.length - at)
    return set('word', name, parameter)
  }

  return {
    position: () => at,
    next() {
      if (at >= bytes.length) return set('end')
      const byte = bytes[at]!
      if (byte === openBrace || byte === closeBrace) {
        at++
        return set(byte === openBrace ? 'open' : 'close')
      }
      if (byte === backslash) {
        at++
        if (at >= bytes.length) return set('end')
        if (isLetter(bytes[at]!)) return word()
        return set('symbol', String.fromCharCode(bytes[at++]!))
      }
      token.start = at
      while (at < bytes.length && !isControl(bytes[at]!)) at++
      token.end = at
      return set('bytes')
    },
  }
}

const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const minus = 0x2d
const space = 0x20
/** Limits of the format: 32 letters; numbers of 32 bits. */
const longestWord = 32
const longestNumber = 11

function isControl(byte: number): boolean {
  return byte === backslash || byte === openBrace || byte === closeBrace
}

function isLetter(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a)
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}
