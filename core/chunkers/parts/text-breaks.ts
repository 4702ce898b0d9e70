/**
 * Places in a text where it may be cut, all in UTF-16 code units. Searches go backwards from a limit or forwards from a
 * start and stop at the first answer, so their cost is the distance and not the length of the text.
 */

// What a UTF-16 code unit can be, as bits in one table: the searches below spend their time looking here.
const space = 1
const terminator = 2
const closer = 4
const wordCharacter = 8
const traits = new Uint8Array(0x10000)
for (let code = 0; code < 0x10000; code++) {
  const character = String.fromCharCode(code)
  if (/\s/.test(character)) traits[code]! |= space
  if (/[\p{Sentence_Terminal}…]/u.test(character)) traits[code]! |= terminator
  if (/["')\]}’”»›」』】〕）］｝〉》*_]/.test(character)) traits[code]! |= closer
  if (/[\p{L}0-9.]/u.test(character)) traits[code]! |= wordCharacter
}

/** White space as `String.prototype.trim` sees it. */
export function isSpace(code: number): boolean {
  return (traits[code]! & space) !== 0
}

/** The first place at or after `start` that is not white space, or `end`. A space that carries a mark is not blank. */
export function skipSpace(text: string, start: number, end: number): number {
  let position = start
  while (position < end && isSpace(text.charCodeAt(position))) position += 1
  if (position > start && position < end && text.charCodeAt(position) >= 0x300)
    while (position > start && !isGraphemeStart(text, position)) position -= 1
  return position
}

/** The place after the last character before `end` that is not white space, or `start`. */
export function dropSpace(text: string, start: number, end: number): number {
  let position = end
  while (position > start && isSpace(text.charCodeAt(position - 1))) position -= 1
  return position
}

/** The last place in (low, high] where a sentence starts, or -1. */
export function lastSentenceStart(text: string, low: number, high: number): number {
  for (let position = high - 1; position >= low; position--) {
    if (!isTerminator(text.charCodeAt(position)) || !endsTerminators(text, position)) continue
    const start = sentenceStartAfter(text, position)
    if (start > low && start <= high) return start
  }
  return -1
}

/** The first place in (low, high) where a sentence starts, or -1. */
export function nextSentenceStart(text: string, low: number, high: number): number {
  for (let position = low; position < high; position++) {
    if (!isTerminator(text.charCodeAt(position)) || !endsTerminators(text, position)) continue
    const start = sentenceStartAfter(text, position)
    if (start > low && start < high) return start
  }
  return -1
}

/** The last place in (low, high] where a line starts, or -1; `blank` asks for an empty line before it. */
export function lastLineStart(text: string, low: number, high: number, blank = false): number {
  for (let position = high; position > low; position--) {
    if (text.charCodeAt(position - 1) !== 0x0a) continue
    if (!blank || text.charCodeAt(dropIndent(text, low, position - 1) - 1) === 0x0a) return position
  }
  return -1
}

function dropIndent(text: string, low: number, end: number): number {
  let position = end
  while (
    position > low &&
    (text.charCodeAt(position - 1) === 0x20 ||
      text.charCodeAt(position - 1) === 0x09 ||
      text.charCodeAt(position - 1) === 0x0d)
  )
    position -= 1
  return position
}

/** The last place in (low, high] where a word starts, or -1. */
export function lastWordStart(text: string, low: number, high: number): number {
  for (let position = high; position > low; position--)
    if (isSpace(text.charCodeAt(position - 1)) && isGraphemeStart(text, position)) return position
  return lastSegmentedWord(text, low, high)
}

/** The first place in [low, high) where a word starts, or -1. */
export function nextWordStart(text: string, low: number, high: number): number {
  for (let position = low; position < high; position++) if (isWordStart(text, position)) return position
  return -1
}

/** The last place in (low, high] between two grapheme clusters; else between two characters; else -1. */
export function lastGraphemeStart(text: string, low: number, high: number): number {
  for (let position = high; position > low && high - position < 256; position--)
    if (isGraphemeStart(text, position)) return position
  const position = splitsPair(text, high) ? high - 1 : high
  return position > low ? position : -1
}

/** Whether a grapheme cluster starts here (UAX #29); the end of the text counts. */
export function isGraphemeStart(text: string, position: number): boolean {
  if (position <= 0 || position >= text.length) return true
  const before = text.charCodeAt(position - 1)
  const after = text.charCodeAt(position)
  if (before < 0x300 && after < 0x300) return before !== 0x0d || after !== 0x0a
  if (splitsPair(text, position)) return false
  const from = contextStart(text, position)
  // One character more than a cluster needs to be seen to end.
  const segment = graphemes.segment(text.slice(from, position + 2)).containing(position - from)
  return segment?.index === position - from
}

// Sentences. The rules of UAX #29 (a terminator, closing marks, white space, then no small letter) with exceptions for
// abbreviations, which the standard leaves to tailoring. Written out, and not asked of `Intl.Segmenter`, because chunks
// must not change with the version of ICU, and because a search backwards needs a rule that looks at one place.

/** Whether the last of a run of terminators ("?!", "...") stands here. */
function endsTerminators(text: string, position: number): boolean {
  return position + 1 >= text.length || !isTerminator(text.charCodeAt(position + 1))
}

/** Where the next sentence starts if a terminator at this place ends one, or -1. */
function sentenceStartAfter(text: string, stop: number): number {
  const length = text.length
  let position = stop + 1
  while (position < length && (traits[text.charCodeAt(position)]! & closer) !== 0) position += 1
  const code = text.charCodeAt(stop)
  if (position >= length) return position
  const spaceStart = position
  position = skipSpace(text, position, length)
  if (isWideTerminator(code)) return isGraphemeStart(text, position) ? position : -1
  if (position === spaceStart) return -1
  if (position >= length) return position
  const next = text.charCodeAt(position)
  if (next < 0x80 ? next >= 0x61 && next <= 0x7a : smallLetter.test(characterAt(text, position))) return -1
  if (code === fullStop && spaceStart === stop + 1 && isAbbreviation(text, stop, position)) return -1
  return position
}

function isAbbreviation(text: string, stop: number, nextStart: number): boolean {
  let start = stop
  while (start > 0 && stop - start < 16 && (traits[text.charCodeAt(start - 1)]! & wordCharacter) !== 0) start -= 1
  const word = text.slice(start, stop)
  if (word === '') return false
  // No abbreviation is longer; most sentences end in a longer word, or one of small letters that is not in the lists.
  if (word.length > 6) return false
  // "1. Introduction": the number of a list item or heading at the start of its line.
  if (/^\d{1,3}$/.test(word)) return start === 0 || text.charCodeAt(start - 1) === 0x0a
  if (/^\p{Lu}$/u.test(word)) return word !== 'I'
  if (/^(?:\p{L}{1,2}\.)+\p{L}{1,2}$/u.test(word)) return true
  const lower = word.toLowerCase()
  if (titles.has(lower)) return true
  return (
    numbered.has(lower) &&
    (/\p{N}/u.test(characterAt(text, nextStart)) ||
      /^\p{Lu}[\p{Lu}\p{N}]?\b/u.test(text.slice(nextStart, nextStart + 3)))
  )
}

/** Abbreviations after which a capital letter does not mean a new sentence. */
const titles = new Set(
  'dr drs mr mrs ms mx messrs prof profs st sr jr rev hon gen col capt lt sgt maj adm gov sen rep pres mt ft vs cf al viz ca approx dept univ assoc ave blvd bzw vgl hr fr mme mlle sra srta dra bspw evtl ggf inkl zzgl'.split(
    ' ',
  ),
)

/** Abbreviations that go with a number or a letter: "Fig. 3", "No. 7", "Sec. A". */
const numbered = new Set(
  'fig figs eq eqs eqn no nos nr vol vols ch chap sec sect tab tbl ref refs p pp art app abb abs par para ver ed jan feb mar apr jun jul aug sep sept oct nov dec núm pág kap bd'.split(
    ' ',
  ),
)

const fullStop = 0x2e
const smallLetter = /^\p{Ll}/u

/** Most characters are Latin letters, and one comparison tells that they are not terminators. */
function isTerminator(code: number): boolean {
  if (code > 0x3f) return code >= 0x80 && (traits[code]! & terminator) !== 0
  return code === fullStop || code === 0x21 || code === 0x3f
}

function isWideTerminator(code: number): boolean {
  return code === 0x3002 || code === 0xff61 || code === 0xff01 || code === 0xff0e || code === 0xff1f
}

function characterAt(text: string, position: number): string {
  return String.fromCodePoint(text.codePointAt(position)!)
}

// Words and clusters.

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
const words = new Intl.Segmenter('en', { granularity: 'word' })

function isWordStart(text: string, position: number): boolean {
  if (position > 0 && !isSpace(text.charCodeAt(position - 1))) return false
  if (position < text.length && isSpace(text.charCodeAt(position))) return false
  return isGraphemeStart(text, position)
}

/** For scripts without spaces: dictionary words, found in a short stretch before `high`. */
function lastSegmentedWord(text: string, low: number, high: number): number {
  if (high >= text.length || text.charCodeAt(high) < 0x0e00 || text.charCodeAt(high - 1) < 0x0e00) return -1
  const from = Math.max(low, contextStart(text, high - 48))
  let found = -1
  for (const segment of words.segment(text.slice(from, high + 24))) {
    const position = from + segment.index
    if (position > high) break
    if (position > low && position > from) found = position
  }
  return found >= 0 && isGraphemeStart(text, found) ? found : -1
}

function splitsPair(text: string, position: number): boolean {
  if (position <= 0 || position >= text.length) return false
  const before = text.charCodeAt(position - 1)
  const after = text.charCodeAt(position)
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff
}

/** A place before `position` from which clusters can be told: after a plain Latin character, or 256 units back. */
function contextStart(text: string, position: number): number {
  let from = Math.max(0, position)
  const limit = Math.max(0, position - 256)
  while (from > limit) {
    const code = text.charCodeAt(from - 1)
    if (code >= 0x20 && code < 0x300) return from - 1
    from -= 1
  }
  // Flags are pairs of regional indicators: begin where their run begins, not in the middle of a pair.
  while (
    from >= 2 &&
    position - from < 4096 &&
    text.charCodeAt(from - 2) === 0xd83c &&
    isFlagHalf(text.charCodeAt(from - 1))
  )
    from -= 2
  return splitsPair(text, from) ? from - 1 : from
}

function isFlagHalf(code: number): boolean {
  return code >= 0xdde6 && code <= 0xddff
}
