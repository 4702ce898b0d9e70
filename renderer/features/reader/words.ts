/**
 * Finds a passage of a document's text in the words of a drawn page, and the other way round. The two differ in spaces,
 * hyphens at line ends and ligatures, so both are compared by their letters and digits alone.
 */

/** Letters and digits of a text, each with the place it came from. */
export interface Letters {
  text: string
  /** One a UTF-16 code unit of `text`: which piece it is of, and its offset there. */
  pieces: number[]
  offsets: number[]
}

/** A stretch of one piece. */
export interface Stretch {
  piece: number
  start: number
  end: number
}

export function lettersOf(pieces: readonly string[]): Letters {
  const letters: Letters = { text: '', pieces: [], offsets: [] }
  const parts: string[] = []
  pieces.forEach((piece, index) => {
    let offset = 0
    for (const character of piece) {
      const shown = character
        .normalize('NFKC')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}]/gu, '')
      if (shown !== '') {
        parts.push(shown)
        for (let unit = 0; unit < shown.length; unit += 1) {
          letters.pieces.push(index)
          letters.offsets.push(offset)
        }
      }
      offset += character.length
    }
  })
  letters.text = parts.join('')
  return letters
}

/** Fewer letters than this in a row say nothing about where they belong. */
const fewestLetters = 6

/**
 * Where the letters of `wanted` stand in `page`, as stretches [start, end) of `page.text`: in order, as much of them at a
 * time as stands there together. What the page does not have is left out.
 */
export function matchLetters(page: string, wanted: string): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = []
  let from = 0
  for (let at = 0; at < wanted.length;) {
    const rest = wanted.length - at
    const least = Math.min(fewestLetters, wanted.length)
    if (rest < least) break
    let length = least
    let place = page.indexOf(wanted.slice(at, at + length), from)
    if (place < 0) {
      at += 1
      continue
    }
    // As long as the page has it in one piece, whichever of its places that is.
    for (let step = rest - length; step > 0;) {
      const longer = page.indexOf(wanted.slice(at, at + length + step), from)
      if (longer >= 0) {
        length += step
        place = longer
        step = Math.min(step, rest - length)
      } else step = Math.floor(step / 2)
    }
    found.push({ start: place, end: place + length })
    at += length
    from = place + length
  }
  return found
}

/** The stretches of the pieces that [start, end) of the letters came from. */
export function stretchesOf(letters: Letters, start: number, end: number): Stretch[] {
  const stretches: Stretch[] = []
  for (let index = start; index < end; index += 1) {
    const piece = letters.pieces[index] ?? 0
    const offset = letters.offsets[index] ?? 0
    const last = stretches.at(-1)
    if (last?.piece === piece) last.end = Math.max(last.end, offset + 1)
    else stretches.push({ piece, start: offset, end: offset + 1 })
  }
  return stretches
}

/**
 * The offsets in `text` of what is selected on a page, or null where that cannot be told exactly: its letters must stand
 * in the text, and only once; where they stand there more often, what is around them on the page must tell.
 * @param start,end Of the selection, in the page's letters.
 */
export function placeInText(
  page: Letters,
  { start, end }: { start: number; end: number },
  text: string,
): { start: number; end: number } | null {
  if (end <= start) return null
  const letters = lettersOf([text])
  for (const around of [0, 12, 40, 120]) {
    const from = Math.max(0, start - around)
    const wanted = page.text.slice(from, Math.min(page.text.length, end + around))
    const first = letters.text.indexOf(wanted)
    if (first < 0) return null
    if (letters.text.includes(wanted, first + 1)) continue
    const begin = first + (start - from)
    const last = begin + (end - start) - 1
    const startOffset = letters.offsets[begin]
    const lastOffset = letters.offsets[last]
    if (startOffset === undefined || lastOffset === undefined) return null
    // A sign outside of the plane of most letters takes two units.
    const width = String.fromCodePoint(text.codePointAt(lastOffset) ?? 0).length
    return { start: startOffset, end: lastOffset + width }
  }
  return null
}
