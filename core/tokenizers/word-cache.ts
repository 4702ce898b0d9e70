/** Words of more UTF-16 code units than this are not kept: they hardly ever come again. */
export const maxCachedLength = 64

/**
 * Pieces of words already worked out, found by their characters in place, so that a hit makes no string. An
 * open-addressing table over flat arrays of fixed size (about 6 MB); when an array is full everything is forgotten and the
 * cache fills anew with the words of the text at hand.
 */
export interface WordCache {
  /** The entry of `text.slice(start, end)`, or -1. `hash` is any function of the characters, the same every time. */
  find(text: string, start: number, end: number, hash: number): number
  /** Keeps a word's pieces (flat triples of id, start, end) and returns its entry. */
  add(word: string, hash: number, pieces: readonly number[]): number
  /** By entry: where its pieces begin, and how many they are. */
  readonly firsts: Int32Array
  readonly counts: Uint8Array
  /** By piece: id, and offsets in the word. */
  readonly ids: Int32Array
  readonly starts: Uint8Array
  readonly ends: Uint8Array
}

export function createWordCache(limits: { words: number } = { words: 1 << 16 }): WordCache {
  const maxWords = limits.words
  const slotMask = ceilingPowerOfTwo(maxWords * 2) - 1
  /** Entry number plus one, so that 0 is a free slot. */
  const slots = new Int32Array(slotMask + 1)
  const hashes = new Int32Array(maxWords)
  const letterStarts = new Int32Array(maxWords)
  const lengths = new Uint8Array(maxWords)
  const letters = new Uint16Array(maxWords * 12 + maxCachedLength)
  const firsts = new Int32Array(maxWords)
  const counts = new Uint8Array(maxWords)
  const maxPieces = maxWords * 4 + maxPiecesPerWord
  const ids = new Int32Array(maxPieces)
  const starts = new Uint8Array(maxPieces)
  const ends = new Uint8Array(maxPieces)
  let words = 0
  let usedLetters = 0
  let usedPieces = 0

  function find(text: string, start: number, end: number, hash: number): number {
    const length = end - start
    for (let slot = spread(hash) & slotMask; ; slot = (slot + 1) & slotMask) {
      const entry = slots[slot]! - 1
      if (entry < 0) return -1
      if (hashes[entry] !== hash || lengths[entry] !== length) continue
      const first = letterStarts[entry]!
      let same = 0
      while (same < length && letters[first + same] === text.charCodeAt(start + same)) same += 1
      if (same === length) return entry
    }
  }

  function add(word: string, hash: number, pieces: readonly number[]): number {
    const pieceCount = pieces.length / 3
    if (words === maxWords || usedLetters + word.length > letters.length || usedPieces + pieceCount > maxPieces)
      forget()
    const entry = words++
    let slot = spread(hash) & slotMask
    while (slots[slot] !== 0) slot = (slot + 1) & slotMask
    slots[slot] = entry + 1
    hashes[entry] = hash
    letterStarts[entry] = usedLetters
    lengths[entry] = word.length
    for (let unit = 0; unit < word.length; unit++) letters[usedLetters++] = word.charCodeAt(unit)
    firsts[entry] = usedPieces
    counts[entry] = pieceCount
    for (let at = 0; at < pieces.length; at += 3) {
      ids[usedPieces] = pieces[at]!
      starts[usedPieces] = pieces[at + 1]!
      ends[usedPieces++] = pieces[at + 2]!
    }
    return entry
  }

  function forget(): void {
    slots.fill(0)
    words = 0
    usedLetters = 0
    usedPieces = 0
  }

  return { find, add, firsts, counts, ids, starts, ends }
}

/** A word of 64 code units becomes at most this many pieces: normalisation gives at most three per unit, with a margin. */
const maxPiecesPerWord = 255

/** Spreads the entropy of a multiplicative hash into its low bits. */
function spread(hash: number): number {
  return (hash ^ (hash >>> 15)) >>> 0
}

function ceilingPowerOfTwo(value: number): number {
  return 2 ** Math.ceil(Math.log2(value))
}
