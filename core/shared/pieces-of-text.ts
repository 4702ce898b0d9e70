/**
 * A long text in pieces of at most `length` UTF-16 code units, one piece ('') for no text. A pair of them that is one
 * character stays together.
 */
export function* piecesOfText(text: string, length: number): Generator<string> {
  let from = 0
  do {
    let to = Math.min(from + length, text.length)
    if (to < text.length && to > from + 1 && isHighSurrogate(text.charCodeAt(to - 1))) to -= 1
    yield text.slice(from, to)
    from = to
  } while (from < text.length)
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}
