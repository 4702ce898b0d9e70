/**
 * The words of a text as they are compared: Unicode form NFKC, lower case, soft hyphens and zero-width signs dropped;
 * a word is a run of letters, marks and digits, and each Han, Hiragana or Katakana sign is one of its own. Punctuation
 * and symbols do not count.
 */
export function wordsOf(text: string): string[] {
  const plain = text
    .replaceAll(/[\u00AD\u200B-\u200D\u2060\uFEFF]/g, '')
    .normalize('NFKC')
    .toLowerCase()
  return (
    plain.match(
      /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{M}\p{N}])+/gu,
    ) ?? []
  )
}

/** How many of the found items are right: `shared` is the size of the intersection as multisets. */
export interface Overlap {
  shared: number
  found: number
  true: number
}

export function overlap(found: readonly string[], truth: readonly string[]): Overlap {
  const left = new Map<string, number>()
  for (const item of truth) left.set(item, (left.get(item) ?? 0) + 1)
  let shared = 0
  for (const item of found) {
    const count = left.get(item) ?? 0
    if (count === 0) continue
    shared++
    left.set(item, count - 1)
  }
  return { shared, found: found.length, true: truth.length }
}

/** The harmonic mean of precision and recall; 1 where there was nothing to find and nothing was found. */
export function f1({ shared, found, true: real }: Overlap): number {
  return found + real === 0 ? 1 : (2 * shared) / (found + real)
}

export function sum(overlaps: readonly Overlap[]): Overlap {
  return {
    shared: overlaps.reduce((total, entry) => total + entry.shared, 0),
    found: overlaps.reduce((total, entry) => total + entry.found, 0),
    true: overlaps.reduce((total, entry) => total + entry.true, 0),
  }
}

/** Headings and cells are the same where their words are; what has no words is compared by its signs. */
export function normalized(text: string): string {
  const words = wordsOf(text)
  return words.length > 0 ? words.join(' ') : text.normalize('NFKC').replaceAll(/\s+/g, '')
}

/**
 * Reading order on its own: the length of the longest common subsequence of both word sequences as a part of the words
 * that both have (as multisets). 1 where all of them come in the same order, 0 where they share none; words that one
 * side lacks do not count here, for word F1 counts them.
 */
export function readingOrder(found: readonly string[], truth: readonly string[]): number {
  const { shared } = overlap(found, truth)
  if (shared === 0) return found.length + truth.length === 0 ? 1 : 0
  return longestCommonSubsequence(found, truth) / shared
}

/**
 * The exact length, 32 positions at a time (Crochemore, Iliopoulos, Pinzon and Reid, "A fast and practical bit-vector
 * algorithm for the longest common subsequence problem", 2001): a second or two for 100,000 words a side.
 */
export function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  const places = new Map<string, number[]>()
  a.forEach((word, index) => {
    const known = places.get(word)
    if (known) known.push(index)
    else places.set(word, [index])
  })
  const size = Math.ceil(a.length / 32)
  const row = new Uint32Array(size).fill(0xffffffff)
  const mask = new Uint32Array(size)
  for (const word of b) {
    const found = places.get(word)
    if (!found) continue
    for (const index of found) mask[index >> 5]! |= 1 << (index & 31)
    let carry = 0
    // Before the first place of the word nothing changes.
    for (let at = found[0]! >> 5; at < size; at++) {
      const value = row[at]!
      const matches = (value & mask[at]!) >>> 0
      const total = value + matches + carry
      carry = total > 0xffffffff ? 1 : 0
      row[at] = (total >>> 0) | (value & ~mask[at]!)
    }
    for (const index of found) mask[index >> 5] = 0
  }
  let length = 0
  for (let index = 0; index < a.length; index++) if (((row[index >> 5]! >>> (index & 31)) & 1) === 0) length++
  return length
}
