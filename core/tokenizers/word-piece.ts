import { z } from 'zod'
import type { Tokenizer, TokenSpans } from '../shared/tokenizer.ts'
import { createWordCache, maxCachedLength } from './word-cache.ts'

/** The parts of a `tokenizer.json` that decide what a BERT-style WordPiece tokenizer does. */
export interface WordPieceFile {
  vocabulary: Map<string, number>
  unknownToken: string
  continuingPrefix: string
  /** Words of more code points than this become one unknown token. */
  maxWordLength: number
  cleanText: boolean
  spaceChinese: boolean
  lowercase: boolean
  stripAccents: boolean
  /** Matched in the text as it stands, before anything else; longest first. */
  addedTokens: { content: string; id: number }[]
}

/**
 * Reads a parsed `tokenizer.json` (format: https://huggingface.co/docs/tokenizers, `Tokenizer.save`). Null when it is
 * not a WordPiece with BERT's normaliser and pre-tokeniser, or has added tokens that this implementation cannot place.
 */
export function parseWordPiece(file: unknown): WordPieceFile | null {
  const parsed = fileSchema.safeParse(file)
  if (!parsed.success) return null
  const { normalizer, model, added_tokens: addedTokens } = parsed.data
  const vocabulary = new Map(Object.entries(model.vocab))
  if (!vocabulary.has(model.unk_token)) return null
  return {
    vocabulary,
    unknownToken: model.unk_token,
    continuingPrefix: model.continuing_subword_prefix,
    maxWordLength: model.max_input_chars_per_word,
    cleanText: normalizer.clean_text,
    spaceChinese: normalizer.handle_chinese_chars,
    lowercase: normalizer.lowercase,
    // In this format "null" means "when lower-casing".
    stripAccents: normalizer.strip_accents ?? normalizer.lowercase,
    addedTokens: addedTokens
      .map(({ content, id }) => ({ content, id }))
      .sort((a, b) => b.content.length - a.content.length),
  }
}

/**
 * WordPiece (Schuster and Nakajima 2012; Devlin et al. 2018, arXiv:1810.04805) with BERT's normaliser (clean text,
 * space out CJK characters, lower-case, strip accents) and pre-tokeniser (white space, punctuation), in one pass over
 * the original text: no normalised copy is made, so offsets are exact. Each distinct word is worked out once and kept
 * in a bounded cache. Token ids equal those of Transformers.js on the same file.
 *
 * A token's span runs from its first character to its last and takes in what the normaliser dropped directly after it
 * (accents, soft hyphens). Tokens that come from one character, such as the parts of a Hangul syllable, share its span.
 */
export function createWordPiece(file: WordPieceFile, id: string): Tokenizer {
  const unknownId = file.vocabulary.get(file.unknownToken) ?? -1
  const classes = createCharacterClasses(file, unknownId)
  const splitWord = createWordSplitter(file, unknownId)
  const cache = createWordCache()
  const { kinds, singleIds } = classes

  /** Walks the text once; writes tokens if there is somewhere to write them; returns how many there are. */
  function scan(text: string, output: TokenBuffer | null): number {
    const length = text.length
    let tokens = 0
    let position = 0
    while (position < length) {
      const code = text.charCodeAt(position)
      const kind = kinds[code] || classes.classify(code)
      if (kind === spaceKind) {
        position += 1
        continue
      }
      if (kind === singleKind || kind === addedStartKind) {
        const added = kind === addedStartKind ? findAddedToken(text, position) : undefined
        const end = position + (added?.content.length ?? 1)
        output?.push(added?.id ?? singleIds[code]!, position, end)
        tokens += 1
        position = end
        continue
      }
      const start = position
      let hash = 0
      let sigma = false
      let character = code
      let characterKind = kind
      for (;;) {
        if (characterKind === surrogateKind) {
          const point = text.codePointAt(position)!
          if (point > 0xffff) {
            if (classes.isAstralPunctuation(point)) break
            hash = Math.imul(hash ^ character, 0x01000193)
            character = text.charCodeAt(++position)
          }
        } else if (characterKind === sigmaKind) sigma = true
        else if (characterKind !== wordKind) break
        hash = Math.imul(hash ^ character, 0x01000193)
        if (++position >= length) break
        character = text.charCodeAt(position)
        characterKind = kinds[character] || classes.classify(character)
      }
      if (position === start) {
        output?.push(classes.astralPunctuationId(text.codePointAt(position)!), position, position + 2)
        tokens += 1
        position += 2
        continue
      }
      if (sigma || position - start > maxCachedLength) {
        const word = sigma ? lowerInContext(text, start, position) : text.slice(start, position)
        const pieces = splitWord(text.slice(start, position), word)
        for (let piece = 0; piece < pieces.length; piece += 3)
          output?.push(pieces[piece]!, start + pieces[piece + 1]!, start + pieces[piece + 2]!)
        tokens += pieces.length / 3
        continue
      }
      let entry = cache.find(text, start, position, hash)
      if (entry < 0) {
        const word = text.slice(start, position)
        entry = cache.add(word, hash, splitWord(word, word))
      }
      const count = cache.counts[entry]!
      if (output) {
        const first = cache.firsts[entry]!
        for (let piece = first; piece < first + count; piece++)
          output.push(cache.ids[piece]!, start + cache.starts[piece]!, start + cache.ends[piece]!)
      }
      tokens += count
    }
    return tokens
  }

  function findAddedToken(text: string, position: number): { content: string; id: number } | undefined {
    return file.addedTokens.find((token) => text.startsWith(token.content, position))
  }

  /**
   * Capital sigma is the one letter whose lower case depends on its neighbours, and those reach across punctuation up
   * to the next space. Returns the cleaned, lower-cased word.
   */
  function lowerInContext(text: string, start: number, end: number): string {
    let before = start
    let after = end
    while (before > 0 && start - before < sigmaContext && !breaksContext(text.charCodeAt(before - 1))) before -= 1
    while (after < text.length && after - end < sigmaContext && !breaksContext(text.charCodeAt(after))) after += 1
    const head = clean(text.slice(before, start), file)
    const word = clean(text.slice(start, end), file)
    const lowered = (head + word + clean(text.slice(end, after), file)).toLowerCase()
    const from = head.toLowerCase().length
    return lowered.slice(from, from + word.toLowerCase().length)
  }

  function breaksContext(code: number): boolean {
    const kind = kinds[code] || classes.classify(code)
    return kind === spaceKind || (file.spaceChinese && isChineseCharacter(code))
  }

  return {
    id,
    additive: true,
    count: (text) => scan(text, null),
    encode(text): TokenSpans {
      const buffer = new TokenBuffer(text.length)
      scan(text, buffer)
      return buffer.finish(unknownId)
    },
  }
}

const fileSchema = z.object({
  normalizer: z.object({
    type: z.literal('BertNormalizer'),
    clean_text: z.boolean().default(true),
    handle_chinese_chars: z.boolean().default(true),
    strip_accents: z.boolean().nullable().default(null),
    lowercase: z.boolean().default(true),
  }),
  pre_tokenizer: z.object({ type: z.literal('BertPreTokenizer') }),
  model: z.object({
    type: z.literal('WordPiece').optional(),
    unk_token: z.string().default('[UNK]'),
    continuing_subword_prefix: z.string().min(1).default('##'),
    max_input_chars_per_word: z.int().min(1).default(100),
    vocab: z.record(z.string(), z.int().min(0)),
  }),
  added_tokens: z
    .array(
      z.object({
        id: z.int().min(0),
        // A token that begins with a letter could begin inside a word; the scanner looks for them at punctuation only.
        content: z.string().regex(/^[!-/:-@[-`{-~]/),
        single_word: z.literal(false).default(false),
        lstrip: z.literal(false).default(false),
        rstrip: z.literal(false).default(false),
        normalized: z.literal(false).default(false),
      }),
    )
    .default([]),
})

// Kinds of UTF-16 code units; 0 is "not classified yet".
const spaceKind = 1
const wordKind = 2
/** One token by itself: punctuation and spaced-out CJK characters. */
const singleKind = 3
/** Punctuation with which an added token such as [MASK] begins. */
const addedStartKind = 4
const surrogateKind = 5
const sigmaKind = 6

const capitalSigma = 0x3a3
/** Characters on each side that are looked at for the lower case of a capital sigma. */
const sigmaContext = 256

const droppedCharacters = /[\0\uFFFD\p{Cf}\p{Co}\p{Cs}]|(?![\t\n\r])\p{Cc}/gu
const isDropped = /^(?:[\0\uFFFD\p{Cf}\p{Co}\p{Cs}]|(?![\t\n\r])\p{Cc})$/u
const isPunctuation = /^[\p{P}!-/:-@[-`{-~]$/u
const isWhiteSpace = /^\s$/u
const accents = /\p{Mn}/gu

interface CharacterClasses {
  kinds: Uint8Array
  /** For single-token code units: the id. */
  singleIds: Int32Array
  classify(code: number): number
  isAstralPunctuation(point: number): boolean
  astralPunctuationId(point: number): number
}

function createCharacterClasses(file: WordPieceFile, unknownId: number): CharacterClasses {
  const kinds = new Uint8Array(0x10000)
  const singleIds = new Int32Array(0x10000)
  const astral = new Map<number, number>()
  const addedStarts = new Set(file.addedTokens.map((token) => token.content.charCodeAt(0)))

  function classify(code: number): number {
    const kind = kindOf(code)
    kinds[code] = kind
    return kind
  }

  function kindOf(code: number): number {
    if (code >= 0xd800 && code <= 0xdfff) return surrogateKind
    const character = String.fromCharCode(code)
    if (file.cleanText && isDropped.test(character)) return wordKind
    if (isWhiteSpace.test(character)) return spaceKind
    const normal = normalise(character, file)
    if ((file.spaceChinese && isChineseCharacter(code)) || isPunctuation.test(normal)) {
      singleIds[code] = file.vocabulary.get(normal) ?? unknownId
      return addedStarts.has(code) ? addedStartKind : singleKind
    }
    return code === capitalSigma && file.lowercase ? sigmaKind : wordKind
  }

  /** The id of astral punctuation; -2 for every other character. */
  function astralId(point: number): number {
    let found = astral.get(point)
    if (found === undefined) {
      const normal = normalise(String.fromCodePoint(point), file)
      found = isPunctuation.test(normal) ? (file.vocabulary.get(normal) ?? unknownId) : -2
      if (astral.size < 0x10000) astral.set(point, found)
    }
    return found
  }

  return {
    kinds,
    singleIds,
    classify,
    isAstralPunctuation: (point) => astralId(point) !== -2,
    astralPunctuationId: astralId,
  }
}

/** Flat triples of id, start and end; offsets are relative to the raw word. */
type WordSplitter = (raw: string, word: string) => number[]

/**
 * Greedy longest match from the left. `word` is `raw`, or `raw` already cleaned and lower-cased where that depended on
 * the words around it.
 */
function createWordSplitter(file: WordPieceFile, unknownId: number): WordSplitter {
  const continuing = new Map<string, number>()
  let maxPieceLength = 1
  for (const [token, id] of file.vocabulary) {
    maxPieceLength = Math.max(maxPieceLength, token.length)
    if (token.startsWith(file.continuingPrefix)) continuing.set(token.slice(file.continuingPrefix.length), id)
  }

  return (raw, word) => {
    const normal = normaliseWithPlaces(raw, file)
    if (normal.points === 0) return []
    if (normal.points > file.maxWordLength) return [unknownId, normal.starts[0]!, raw.length]
    const text = word === raw ? normal.text : stripAccents(word, file)
    const pieces: number[] = []
    let start = 0
    while (start < text.length) {
      const vocabulary = start === 0 ? file.vocabulary : continuing
      let end = Math.min(text.length, start + maxPieceLength)
      let id: number | undefined
      while (end > start && (id = vocabulary.get(text.slice(start, end))) === undefined) end -= 1
      if (id === undefined) return [unknownId, normal.starts[0]!, raw.length]
      pieces.push(id, normal.starts[start]!, normal.ends[end - 1]!)
      start = end
    }
    return pieces
  }
}

interface PlacedText {
  text: string
  /** For each UTF-16 code unit of `text`, the span in the raw word of the character that it came from. */
  starts: ArrayLike<number>
  ends: ArrayLike<number>
  /** Code points of `text`; counting stops one past the longest word that can be known. */
  points: number
}

function normaliseWithPlaces(raw: string, file: WordPieceFile): PlacedText {
  if (raw.length <= maxCachedLength && isPlain.test(raw)) {
    const text = file.lowercase ? raw.toLowerCase() : raw
    return { text, starts: plainStarts, ends: plainEnds, points: raw.length }
  }
  const starts: number[] = []
  const ends: number[] = []
  let points = 0
  let units = 0
  for (let position = 0; position < raw.length && points <= file.maxWordLength;) {
    const character = String.fromCodePoint(raw.codePointAt(position)!)
    const end = position + character.length
    const normal = file.cleanText && isDropped.test(character) ? '' : normalise(character, file)
    // What is dropped belongs to the character before it.
    if (normal === '' && units > 0) {
      const owner = starts[units - 1]!
      for (let unit = units - 1; unit >= 0 && starts[unit] === owner; unit--) ends[unit] = end
    }
    for (let unit = 0; unit < normal.length; unit++) {
      starts.push(position)
      ends.push(end)
    }
    units += normal.length
    for (const _ of normal) points += 1
    position = end
  }
  // The whole word once more, because marks are put into canonical order across characters; that changes no length.
  const text = points > file.maxWordLength ? '' : normalise(clean(raw, file), file)
  return { text, starts, ends, points }
}

const isPlain = /^[0-9A-Za-z]*$/
const plainStarts = Array.from({ length: maxCachedLength }, (_, index) => index)
const plainEnds = plainStarts.map((index) => index + 1)

function clean(text: string, file: WordPieceFile): string {
  return file.cleanText ? text.replace(droppedCharacters, '') : text
}

function normalise(text: string, file: WordPieceFile): string {
  return stripAccents(file.lowercase ? text.toLowerCase() : text, file)
}

function stripAccents(text: string, file: WordPieceFile): string {
  return file.stripAccents ? text.normalize('NFD').replace(accents, '') : text
}

/** The blocks that BERT spaces out; the astral ones are left together, as in Transformers.js. */
function isChineseCharacter(code: number): boolean {
  return (code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3400 && code <= 0x4dbf) || (code >= 0xf900 && code <= 0xfaff)
}

/** Parallel arrays that grow. */
class TokenBuffer {
  #ids: Int32Array
  #starts: Int32Array
  #ends: Int32Array
  #length = 0

  constructor(textLength: number) {
    const capacity = (textLength >> 2) + 16
    this.#ids = new Int32Array(capacity)
    this.#starts = new Int32Array(capacity)
    this.#ends = new Int32Array(capacity)
  }

  push(id: number, start: number, end: number): void {
    const at = this.#length++
    if (at === this.#ids.length) this.#grow()
    this.#ids[at] = id
    this.#starts[at] = start
    this.#ends[at] = end
  }

  finish(unknownId: number): TokenSpans {
    return {
      ids: this.#ids.slice(0, this.#length),
      starts: this.#starts.slice(0, this.#length),
      ends: this.#ends.slice(0, this.#length),
      unknownId,
    }
  }

  #grow(): void {
    const capacity = this.#ids.length * 2
    this.#ids = enlarged(this.#ids, capacity)
    this.#starts = enlarged(this.#starts, capacity)
    this.#ends = enlarged(this.#ends, capacity)
  }
}

function enlarged(array: Int32Array, capacity: number): Int32Array {
  const larger = new Int32Array(capacity)
  larger.set(array)
  return larger
}
