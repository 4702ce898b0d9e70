import { join } from 'node:path'
import { AutoTokenizer, env, type PreTrainedTokenizer } from '@xenova/transformers'
import { AppError } from '../contract/errors.ts'
import type { Tokenizer, TokenSpans } from '../shared/tokenizer.ts'

/**
 * Any tokenizer that Transformers.js can load from a folder with `tokenizer.json` and `tokenizer_config.json`; nothing is
 * fetched. The library gives tokens without places, so places are found again by matching each token's characters
 * against the text. Where a normaliser has changed the text beyond case, accents and compatibility forms, a token's span
 * is a share of the stretch between the nearest tokens that could be placed: in order, never overlapping, not exact.
 * Error: model-invalid.
 */
export async function loadHuggingFaceTokenizer(modelFolder: string, id: string): Promise<Tokenizer> {
  env.allowRemoteModels = false
  let library: PreTrainedTokenizer
  try {
    library = await AutoTokenizer.from_pretrained(modelFolder, { local_files_only: true })
  } catch (cause) {
    throw new AppError(
      'model-invalid',
      `The tokenizer in "${modelFolder}" cannot be loaded. Import the model again with its tokenizer.json and tokenizer_config.json.`,
      { cause, details: { path: join(modelFolder, 'tokenizer.json') } },
    )
  }
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
      const surfaces = text === '' ? [] : library.tokenize(text, { add_special_tokens: false }).map(surfaceOf)
      return { ids, ...placeTokens(text, surfaces), unknownId }
    },
  }
}

/**
 * Places tokens, given the characters that each stands for, in a text: parallel arrays of starts and ends in UTF-16
 * code units, in order. A token that stands for no visible character has an empty span.
 */
export function placeTokens(text: string, surfaces: readonly string[]): { starts: Int32Array; ends: Int32Array } {
  const { folded, starts: sources, ends: sourceEnds } = fold(text)
  const starts = new Int32Array(surfaces.length)
  const ends = new Int32Array(surfaces.length)
  let cursor = 0
  let waiting = 0

  const placeWaiting = (token: number, until: number): void => {
    const from = cursor
    for (let index = waiting; index < token; index++) {
      starts[index] = source(from + Math.floor(((until - from) * (index - waiting)) / (token - waiting)))
      ends[index] = source(from + Math.floor(((until - from) * (index - waiting + 1)) / (token - waiting)))
    }
  }
  const source = (position: number): number => (position < sources.length ? sources[position]! : text.length)

  for (let token = 0; token < surfaces.length; token++) {
    const wanted = fold(surfaces[token]!).folded
    if (wanted === '') {
      if (waiting === token) {
        starts[token] = ends[token] = source(cursor)
        waiting = token + 1
      }
      continue
    }
    // Only as far ahead as the tokens not placed yet could reach: a later equal token must not be taken for this one.
    const reach = (token - waiting) * 8
    const found = findNear(folded, wanted, cursor, reach)
    if (found < 0) continue
    placeWaiting(token, found)
    cursor = found + wanted.length
    starts[token] = source(found)
    ends[token] = sourceEnds[cursor - 1]!
    waiting = token + 1
  }
  placeWaiting(surfaces.length, folded.length)
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
const ignored = /[\p{Mn}\p{Cc}\p{Cf}\p{Z}\s]/gu

/** The characters that a token stands for, from the spellings in use: WordPiece, SentencePiece, byte-level BPE. */
function surfaceOf(token: string): string {
  const bare = token
    .replace(/^##/, '')
    .replaceAll('▁', ' ')
    .replace(/<\/w>$/, '')
  if (!/[\u0100-\u0143¡-ÿ]/.test(bare)) return bare
  return byteLevelText(bare) ?? bare
}

/** GPT-2 writes each byte as one printable character; this reads them back. Null when they are not whole UTF-8. */
function byteLevelText(token: string): string | null {
  const bytes: number[] = []
  for (const character of token) {
    const byte = bytesOfCharacters.get(character)
    if (byte === undefined) return null
    bytes.push(byte)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes))
  } catch {
    return null
  }
}

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
