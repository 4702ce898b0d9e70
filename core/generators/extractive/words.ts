/**
 * Words of any script, folded so that spelling variants meet, with a light stemmer that needs no language and a soft
 * match for what the stemmer misses. Scripts written without spaces are cut by `Intl.Segmenter`.
 */
export interface Word {
  /** As written. */
  surface: string
  /** Folded: NFKC, lower case, without diacritics. */
  folded: string
  stem: string
  /** UTF-16 code units into the text given. */
  start: number
  end: number
}

/** A text prepared for `matchStrength`. */
export interface WordBag {
  words: readonly Word[]
  folded: ReadonlySet<string>
  stems: ReadonlySet<string>
  /** What is left without an inflection, down to three letters: "dive", "divers" and "diving" have "div". */
  roots: ReadonlySet<string>
  /** Distinct stems by their first four letters, for the soft match. */
  byPrefix: ReadonlyMap<string, readonly string[]>
  /** The folded text without white space, for scripts written without spaces; empty where there are none. */
  unspaced: string
}

const unspacedScript =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u
const unspacedRun =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{M}]+/gu
/** Letters and digits; a decimal or thousands mark between digits and an apostrophe between letters belong inside. */
const spacedWord = /[\p{L}\p{N}\p{M}]+(?:[.,]\p{N}+|['’]\p{L}+)*/gu

const wordSegmenter = new Intl.Segmenter('und', { granularity: 'word' })

export function wordsOf(text: string): Word[] {
  const words: Word[] = []
  for (const match of text.matchAll(spacedWord)) {
    const start = match.index
    if (!unspacedScript.test(match[0])) words.push(word(match[0], start))
    else for (const piece of cutUnspaced(match[0])) words.push(word(piece.text, start + piece.start))
  }
  return words
}

export function bagOf(text: string): WordBag {
  const words = wordsOf(text)
  const stems = new Set(words.map((each) => each.stem))
  const byPrefix = new Map<string, string[]>()
  for (const stem of stems) {
    if (stem.length < 4) continue
    const prefix = stem.slice(0, 4)
    const list = byPrefix.get(prefix)
    if (list) list.push(stem)
    else byPrefix.set(prefix, [stem])
  }
  const unspaced = unspacedScript.test(text) ? fold(text).replace(/\s+/gu, '') : ''
  const folded = new Set(words.map((each) => each.folded))
  return { words, folded, stems, roots: new Set([...folded].map(rootOf)), byPrefix, unspaced }
}

/**
 * How well a text has a word, 0 to 1: itself 1, its stem 0.95, a long common beginning less. A word of a script
 * without spaces also counts by the part of its character pairs that occur, because two texts are rarely cut alike.
 */
export function matchStrength(sought: Word, bag: WordBag): number {
  if (bag.folded.has(sought.folded)) return 1
  if (bag.stems.has(sought.stem)) return 0.95
  if (bag.unspaced !== '' && unspacedScript.test(sought.folded)) return pairShare(sought.folded, bag.unspaced)
  if (/\p{N}/u.test(sought.stem)) return 0
  if (bag.roots.has(rootOf(sought.folded))) return 0.8
  if (sought.stem.length < 5) return 0
  let best = 0
  for (const stem of bag.byPrefix.get(sought.stem.slice(0, 4)) ?? []) {
    const common = commonPrefix(stem, sought.stem)
    const share = common / Math.max(stem.length, sought.stem.length)
    if (common >= 5 && share >= 0.6) best = Math.max(best, 0.9 * share)
    // German and its neighbours compound: "Wellenhöhe" has "Wellen", "Wellenhöhengrenze" has "Wellenhöhe".
    else if (common >= 5 && common === Math.min(stem.length, sought.stem.length)) best = Math.max(best, 0.5)
  }
  return best
}

/** NFKC, lower case, Latin, Greek and Cyrillic letters without their marks. */
export function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .replaceAll('ß', 'ss')
}

export function isUnspaced(text: string): boolean {
  return unspacedScript.test(text)
}

function word(surface: string, start: number): Word {
  const folded = fold(surface).replace(/['’]s$|['’]$/u, '')
  return { surface, folded, stem: stemOf(folded), start, end: start + surface.length }
}

/** Alternating runs of unspaced script, cut into dictionary words, and of everything else ("NFL联盟"). */
function cutUnspaced(text: string): { text: string; start: number }[] {
  const pieces: { text: string; start: number }[] = []
  let at = 0
  const pushOther = (end: number): void => {
    if (end > at) pieces.push({ text: text.slice(at, end), start: at })
  }
  for (const run of text.matchAll(unspacedRun)) {
    pushOther(run.index)
    for (const segment of wordSegmenter.segment(run[0])) {
      if (segment.isWordLike !== false) pieces.push({ text: segment.segment, start: run.index + segment.index })
    }
    at = run.index + run[0].length
  }
  pushOther(text.length)
  return pieces
}

/**
 * Endings of English and German, and by chance of many neighbours, longest first. They are taken off until nothing
 * more comes off, on both sides alike: that words conflate which are not related costs less than a missed relation.
 */
const endings = [
  'ations', 'ation', 'ments', 'ment', 'ungen', 'ings', 'ung', 'ing', 'edly', 'ies', 'ied', 'ern', 'ers', 'em', 'en',
  'er', 'es', 'ed', 'ly', 'e', 's', 'n', 'y',
] // prettier-ignore

function stemOf(folded: string): string {
  if (folded.length < 4 || /[^\p{L}]/u.test(folded) || unspacedScript.test(folded)) return folded
  let stem = folded
  for (let again = true; again;) {
    again = false
    for (const ending of endings) {
      const least = ending === 's' ? 3 : 4
      if (stem.length - ending.length < least || !stem.endsWith(ending)) continue
      if (ending === 's' && /[su]s$/u.test(stem)) continue
      stem = stem.slice(0, -ending.length)
      again = true
      break
    }
  }
  return stem
}

/** For short words, whose stems keep their endings. */
export function rootOf(folded: string): string {
  const root = folded.replace(/(?<=^\p{L}{3,5})(?:ings?|ers?|ed|es|e|s)$/u, '')
  return root === folded ? folded : root.replace(/(?<=^\p{L}{2,})([bdgklmnprt])\1$/u, '$1')
}

function commonPrefix(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  let at = 0
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1
  return at
}

function pairShare(sought: string, unspaced: string): number {
  const characters = [...sought]
  if (characters.length === 1) return unspaced.includes(sought) ? 1 : 0
  let found = 0
  for (let at = 0; at + 1 < characters.length; at += 1) {
    if (unspaced.includes(`${characters[at]}${characters[at + 1]}`)) found += 1
  }
  return found / (characters.length - 1)
}
