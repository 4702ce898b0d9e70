import type { Tokenizer } from '../../shared/tokenizer.ts'

/** Sizes of spans of one text. Spans are UTF-16 code units, end exclusive. */
export interface Measure {
  /** Size of a span, for packing: tokens or characters. */
  size(start: number, end: number): number
  /** The furthest end, at most `end`, at which a span from `start` is still within `max`. */
  reach(start: number, end: number, max: number): number
  /** The nearest start, at least `start`, at which a span up to `end` is within `max`. */
  reachBack(start: number, end: number, max: number): number
  /** Exact tokens of a chunk's text; 0 where tokens are not counted. */
  tokens(start: number, end: number): number
}

/** Characters are UTF-16 code units. Nothing is tokenised, so chunks say 0 tokens. */
export function measureCharacters(): Measure {
  return {
    size: (start, end) => end - start,
    reach: (start, end, max) => Math.min(end, start + max),
    reachBack: (start, end, max) => Math.max(start, end - max),
    tokens: () => 0,
  }
}

/**
 * Tokenises the text once, in windows, and keeps only where tokens start: 4 bytes a token. A span then counts in
 * constant time. Exact wherever both ends stand at white space and the tokenizer's counts add up there; a span cut
 * anywhere else is estimated by `size` and counted by itself in `tokens`.
 *
 * A text that a tokenizer makes few tokens of (one unknown "word" of ten megabytes) is held in check by counting at
 * least one token for every 24 characters.
 */
export function measureTokens(text: string, tokenizer: Tokenizer): Measure {
  const starts = tokenStarts(text, tokenizer)
  const blocks = blockIndex(starts, text.length)

  /** How many tokens start before `position`. */
  function tokensBefore(position: number): number {
    const block = position >> blockShift
    let token = blocks[Math.min(block, blocks.length - 1)]!
    while (token < starts.length && starts[token]! < position) token += 1
    return token
  }

  function isClean(position: number): boolean {
    return (
      position <= 0 ||
      position >= text.length ||
      isPlainSpace(text.charCodeAt(position - 1)) ||
      isPlainSpace(text.charCodeAt(position))
    )
  }

  return {
    size(start, end) {
      return Math.max(tokensBefore(end) - tokensBefore(start), Math.ceil((end - start) / maxCharactersPerToken))
    },
    reach(start, end, max) {
      const token = tokensBefore(start) + max
      const byTokens = token < starts.length ? starts[token]! : end
      return Math.min(end, byTokens, start + max * maxCharactersPerToken)
    },
    reachBack(start, end, max) {
      const token = tokensBefore(end) - max
      const byTokens = token > 0 ? starts[token]! : 0
      return Math.max(start, byTokens, end - max * maxCharactersPerToken)
    },
    tokens(start, end) {
      if (tokenizer.additive && isClean(start) && isClean(end)) return tokensBefore(end) - tokensBefore(start)
      return tokenizer.count(text.slice(start, end))
    },
  }
}

const maxCharactersPerToken = 24
const windowLength = 1 << 18
const blockShift = 6

function tokenStarts(text: string, tokenizer: Tokenizer): Int32Array {
  let starts = new Int32Array((text.length >> 2) + 16)
  let count = 0
  for (let from = 0; from < text.length;) {
    const to = windowEnd(text, from)
    const window = tokenizer.encode(text.slice(from, to)).starts
    if (count + window.length > starts.length) {
      const larger = new Int32Array(Math.max(starts.length * 2, count + window.length))
      larger.set(starts)
      starts = larger
    }
    for (const start of window) starts[count++] = from + start
    from = to
  }
  return starts.subarray(0, count)
}

/** Windows end at white space; a word longer than the search is cut off anywhere but in a surrogate pair. */
function windowEnd(text: string, from: number): number {
  const limit = from + windowLength
  if (limit >= text.length) return text.length
  for (let position = limit; position > limit - 4096; position--)
    if (isPlainSpace(text.charCodeAt(position))) return position
  const code = text.charCodeAt(limit)
  return code >= 0xdc00 && code <= 0xdfff ? limit - 1 : limit
}

/** The white space that `Tokenizer.additive` speaks of. */
function isPlainSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

/** For every 64th position, the first token at or after it. */
function blockIndex(starts: Int32Array, length: number): Int32Array {
  const blocks = new Int32Array((length >> blockShift) + 1)
  let token = 0
  for (let block = 0; block < blocks.length; block++) {
    const position = block << blockShift
    while (token < starts.length && starts[token]! < position) token += 1
    blocks[block] = token
  }
  return blocks
}
