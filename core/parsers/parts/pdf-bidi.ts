import type { GlyphSpan } from './pdf-layout.ts'
import { isRightToLeft } from './pdf-runs.ts'

/**
 * The glyphs of a line, from left to right as they stand, in the order in which they are read: the reverse of what the
 * Unicode bidirectional algorithm (UAX 9) does for display, without embeddings. Numbers and words of the other direction
 * keep theirs.
 */
export function toLogical(glyphs: readonly GlyphSpan[], rightToLeft: boolean): string {
  // Some fonts name a mirrored bracket by its shape, some by what it means; only one of them makes pairs.
  const byShape = reorder(glyphs, rightToLeft, mirror)
  if (!/[()[\]{}]/.test(byShape) || isPaired(byShape)) return byShape
  const byMeaning = reorder(glyphs, rightToLeft, (text) => text)
  return isPaired(byMeaning) ? byMeaning : byShape
}

function isPaired(text: string): boolean {
  const open: string[] = []
  for (const character of text) {
    if (/[([{]/.test(character)) open.push(character)
    else if (/[)\]}]/.test(character) && open.pop() !== mirror(character)) return false
  }
  return open.length === 0
}

function reorder(glyphs: readonly GlyphSpan[], rightToLeft: boolean, mirrorOf: (text: string) => string): string {
  const clusters = withAccents(glyphs)
  const groups: { text: string[]; leftToRight: boolean }[] = []
  for (let index = 0; index < clusters.length;) {
    const leftToRight = !isOpposite(clusters[index] ?? '', false) && isStrongOrNumber(clusters[index] ?? '')
    let end = index + 1
    if (leftToRight) end = endOfLeftToRight(clusters, index)
    else if (isOpposite(clusters[index] ?? '', false)) end = endOfRightToLeft(clusters, index)
    const text = clusters.slice(index, end)
    groups.push({ text, leftToRight })
    index = end
  }
  if (rightToLeft) {
    const parts = groups
      .toReversed()
      .map(({ text, leftToRight }) => (leftToRight ? text.join('') : text.toReversed().map(mirrorOf).join('')))
    // A word in another script is a word of its own, also where the typesetter left no space.
    return parts
      .map((part, index) => (/\p{L}$/u.test(parts[index - 1] ?? '') && /^\p{L}/u.test(part) ? ` ${part}` : part))
      .join('')
  }
  return groups
    .map(({ text }) => (isOpposite(text[0] ?? '', false) ? text.toReversed().map(mirrorOf).join('') : text.join('')))
    .join('')
}

/** Whether most letters run from right to left. */
export function runsRightToLeft(text: string): boolean {
  let right = 0
  let left = 0
  for (const character of text) {
    if (isRightToLeft(character)) right++
    else if (/\p{L}/u.test(character)) left++
  }
  return right > left
}

function withAccents(glyphs: readonly GlyphSpan[]): string[] {
  const clusters: string[] = []
  let pending = ''
  glyphs.forEach(({ text, x, right }, index) => {
    if (/^\p{M}/u.test(text)) {
      const before = glyphs[index - 1]
      const after = glyphs[index + 1]
      const centre = (x + right) / 2
      if (
        before &&
        (centre < before.right || !after || centre < after.x) &&
        clusters.length > 0 &&
        before.text !== ' '
      ) {
        clusters[clusters.length - 1] += text
      } else {
        pending += text
      }
      return
    }
    clusters.push(text + pending)
    pending = ''
  })
  if (pending !== '' && clusters.length > 0) clusters[clusters.length - 1] += pending
  return clusters
}

function isOpposite(text: string, otherwise: boolean): boolean {
  return text === '' ? otherwise : isRightToLeft(text)
}

function isStrongOrNumber(text: string): boolean {
  return /^[\p{L}\p{N}]/u.test(text)
}

const isNumber = (text: string): boolean => /^\p{N}/u.test(text)

/** Words with what stands between them; a number with its own punctuation. */
function endOfLeftToRight(clusters: readonly string[], start: number): number {
  let end = start + 1
  let letters = !isNumber(clusters[start] ?? '')
  for (let index = start + 1; index < clusters.length; index++) {
    const text = clusters[index] ?? ''
    if (isOpposite(text, true)) break
    if (!isStrongOrNumber(text)) continue
    const between = clusters.slice(end, index)
    const tight = between.length === 0 || (between.length === 1 && /^[.,:/'’%@_+-]$/.test(between[0] ?? ''))
    if (!tight && !(letters && isWordGap(between))) break
    letters ||= !isNumber(text)
    end = index + 1
  }
  return /^[%°]$/.test(clusters[end] ?? '') && isNumber(clusters[end - 1] ?? '') ? end + 1 : end
}

function isWordGap(between: readonly string[]): boolean {
  return !between.some((text) => /^[()[\]{}،؛]/.test(text))
}

function endOfRightToLeft(clusters: readonly string[], start: number): number {
  let end = start + 1
  for (let index = start + 1; index < clusters.length; index++) {
    const text = clusters[index] ?? ''
    if (isOpposite(text, false)) end = index + 1
    else if (isStrongOrNumber(text)) break
  }
  return end
}

function mirror(text: string): string {
  return mirrored.get(text) ?? text
}

const mirrored = new Map([
  ['(', ')'],
  [')', '('],
  ['[', ']'],
  [']', '['],
  ['{', '}'],
  ['}', '{'],
  ['<', '>'],
  ['>', '<'],
  ['«', '»'],
  ['»', '«'],
])
