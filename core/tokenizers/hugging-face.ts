import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PreTrainedTokenizer } from '@xenova/transformers'
import { AppError } from '../contract/errors.ts'
import type { Tokenizer, TokenSpans } from '../shared/tokenizer.ts'

/**
 * Any tokenizer that Transformers.js knows, from a folder with `tokenizer.json` and, where the model has one,
 * `tokenizer_config.json`. The files are read here and handed over, so the library has no occasion to fetch anything.
 * It gives tokens without places, so places are found again by matching each token's characters against the text.
 * Where a normaliser has changed the text beyond case, accents and compatibility forms, a token's span is a share of
 * the stretch between the nearest tokens that could be placed: in order, not exact. Error: model-invalid.
 */
export async function loadHuggingFaceTokenizer(modelFolder: string, id: string): Promise<Tokenizer> {
  const { library, byteLevel } = await loadLibraryTokenizer(modelFolder)
  const unknown: unknown = library.unk_token_id
  const unknownId = typeof unknown === 'number' ? unknown : -1

  function encodeIds(text: string): number[] {
    return text === '' ? [] : library.encode(text, { add_special_tokens: false })
  }

  return {
    id,
    count: (text) => encodeIds(text).length,
    encode(text): TokenSpans {
      const ids = Int32Array.from(encodeIds(text))
      const tokens = text === '' ? [] : library.tokenize(text, { add_special_tokens: false })
      return { ids, ...placeTokens(text, surfacesOf(tokens, byteLevel)), unknownId }
    },
  }
}

async function loadLibraryTokenizer(
  modelFolder: string,
): Promise<{ library: PreTrainedTokenizer; byteLevel: boolean }> {
  const path = join(modelFolder, 'tokenizer.json')
  try {
    const file: unknown = JSON.parse(await readFile(path, 'utf8'))
    const config: unknown = JSON.parse(
      await readFile(join(modelFolder, 'tokenizer_config.json'), 'utf8').catch(() => '{}'),
    )
    const decoder = typeof file === 'object' && file !== null && 'decoder' in file ? file.decoder : null
    const byteLevel = JSON.stringify(decoder).includes('"ByteLevel"')
    return { library: new PreTrainedTokenizer(file, config), byteLevel }
  } catch (cause) {
    throw new AppError(
      'model-invalid',
      `The tokenizer "${path}" is of a kind that cannot be used. Import the model again, or choose another model.`,
      { cause, details: { path } },
    )
  }
}

/**
 * Places tokens, given the characters that each stands for (null: it shares a character with the token before it), in
 * a text: parallel arrays of starts and ends in UTF-16 code units, in order. A token that stands for no visible
 * character has an empty span.
 */
export function placeTokens(
  text: string,
  surfaces: readonly (string | null)[],
): { starts: Int32Array; ends: Int32Array } {
  const place = fold(text)
  const starts = new Int32Array(surfaces.length)
  const ends = new Int32Array(surfaces.length)
  let cursor = 0
  /** The first token that has no place yet. */
  let waiting = 0

  const source = (position: number): number => place.starts[position] ?? text.length
  const shareOut = (token: number, until: number): void => {
    const step = (until - cursor) / (token - waiting)
    for (let index = waiting; index < token; index++) {
      starts[index] = source(cursor + Math.floor(step * (index - waiting)))
      const end = cursor + Math.floor(step * (index - waiting + 1))
      ends[index] = end > 0 ? Math.max(starts[index]!, place.ends[end - 1]!) : starts[index]!
    }
  }

  for (let token = 0; token < surfaces.length; token++) {
    const surface = surfaces[token]!
    const placed = waiting === token
    if (surface === null || (placed && fold(surface).folded === '')) {
      if (!placed) continue
      starts[token] = surface === null && token > 0 ? starts[token - 1]! : source(cursor)
      ends[token] = surface === null && token > 0 ? ends[token - 1]! : starts[token]!
      waiting = token + 1
      continue
    }
    const wanted = fold(surface).folded
    if (wanted === '') continue
    // Tokens without a place take a character each at least, and are seldom long: look no further ahead than that, or a
    // later equal token would be taken for this one.
    const ahead = token - waiting
    const found = findNear(place.folded, wanted, cursor + ahead, ahead * 16)
    if (found < 0) continue
    shareOut(token, found)
    cursor = found + wanted.length
    starts[token] = source(found)
    ends[token] = place.ends[cursor - 1]!
    waiting = token + 1
  }
  shareOut(surfaces.length, place.folded.length)
  return { starts, ends }
}

function findNear(text: string, wanted: string, from: number, reach: number): number {
  for (let position = from; position <= from + reach && position < text.length; position++)
    if (text.startsWith(wanted, position)) return position
  return -1
}

/** Without white space, case, accents and compatibility forms; with the place of each code unit in the original. */
function fold(text: string): { folded: string; starts: number[]; ends: number[] } {
  const starts: number[] = []
  const ends: number[] = []
  const parts: string[] = []
  for (let position = 0; position < text.length;) {
    const character = String.fromCodePoint(text.codePointAt(position)!)
    const end = position + character.length
    const plain = isPlain.test(character)
      ? character.toLowerCase()
      : character.normalize('NFKD').toLowerCase().replace(ignored, '')
    if (plain === '' && ends.length > 0 && isMark.test(character)) ends[ends.length - 1] = end
    for (let unit = 0; unit < plain.length; unit++) {
      starts.push(position)
      ends.push(end)
    }
    parts.push(plain)
    position = end
  }
  return { folded: parts.join(''), starts, ends }
}

const isPlain = /^[!-~]$/
const isMark = /^\p{Mn}$/u
const ignored = /[\p{Mn}\p{Cc}\p{Cf}\p{Z}\s]/gu

/**
 * The characters that tokens stand for, from the spellings in use: WordPiece (`##`), SentencePiece (`▁`, `<0xE5>`) and
 * byte-level BPE. Where several tokens make up one character, the first has it and the others are null.
 */
function surfacesOf(tokens: readonly string[], byteLevel: boolean): (string | null)[] {
  const surfaces: (string | null)[] = []
  let bytes: number[] = []
  let owner = 0
  for (const token of tokens) {
    const tokenBytes = byteLevel ? bytesOfToken(token) : byteFallback(token)
    if (!tokenBytes) {
      bytes = []
      surfaces.push(
        token
          .replace(/^##/, '')
          .replaceAll('▁', ' ')
          .replace(/<\/w>$/, ''),
      )
      continue
    }
    if (bytes.length === 0) owner = surfaces.length
    bytes.push(...tokenBytes)
    surfaces.push(owner === surfaces.length ? '' : null)
    const whole = decodeBytes(bytes)
    if (whole === null) continue
    surfaces[owner] = whole
    bytes = []
  }
  return surfaces
}

function byteFallback(token: string): number[] | null {
  const match = /^<0x([0-9A-F]{2})>$/.exec(token)
  return match ? [Number.parseInt(match[1]!, 16)] : null
}

/** GPT-2 writes each byte as one printable character; this reads them back. Null for added tokens. */
function bytesOfToken(token: string): number[] | null {
  const bytes: number[] = []
  for (const character of token) {
    const byte = bytesOfCharacters.get(character)
    if (byte === undefined) return null
    bytes.push(byte)
  }
  return bytes
}

function decodeBytes(bytes: number[]): string | null {
  try {
    return utf8.decode(Uint8Array.from(bytes))
  } catch {
    return null
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
const bytesOfCharacters = byteAlphabet()

function byteAlphabet(): Map<string, number> {
  const alphabet = new Map<string, number>()
  let spare = 0x100
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
    alphabet.set(String.fromCodePoint(printable ? byte : spare++), byte)
  }
  return alphabet
}
