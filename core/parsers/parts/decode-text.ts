import * as chardet from 'chardet'
import iconv from 'iconv-lite'

export interface DecodedText {
  /** Without byte order mark; line ends as in the file. */
  text: string
  /** Lower-case name such as 'utf-8', 'utf-16le', 'windows-1252'. */
  encoding: string
  warnings: string[]
}

/** The encoding that the first bytes state, with the length of the mark. */
export function encodingByMark(bytes: Uint8Array): { encoding: string; markLength: number } | undefined {
  const [a, b, c, d] = bytes
  if (a === 0xef && b === 0xbb && c === 0xbf) return { encoding: 'utf-8', markLength: 3 }
  if (a === 0xff && b === 0xfe && c === 0 && d === 0) return { encoding: 'utf-32le', markLength: 4 }
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return { encoding: 'utf-32be', markLength: 4 }
  if (a === 0xff && b === 0xfe) return { encoding: 'utf-16le', markLength: 2 }
  if (a === 0xfe && b === 0xff) return { encoding: 'utf-16be', markLength: 2 }
  return undefined
}

/**
 * UTF-16 or UTF-32 without a mark. Latin text shows by the places of its zero bytes; other scripts by line breaks and
 * spaces that stand at even places only, and by decoding to nothing but assigned letters and punctuation.
 */
export function wideEncodingByContent(bytes: Uint8Array): string | undefined {
  const sample = bytes.subarray(0, 65_536 - 4)
  const units = Math.floor(sample.length / 4)
  if (units === 0) return undefined
  const zeros: [number, number, number, number] = [0, 0, 0, 0]
  for (let index = 0; index < units * 4; index++) if (sample[index] === 0) zeros[(index % 4) as 0 | 1 | 2 | 3]++
  const share = zeros.map((count) => count / units) as [number, number, number, number]
  if (share[3] > 0.95 && share[2] > 0.9 && share[0] < 0.1) return 'utf-32le'
  if (share[0] > 0.95 && share[1] > 0.9 && share[3] < 0.1) return 'utf-32be'
  const even = (share[0] + share[2]) / 2
  const odd = (share[1] + share[3]) / 2
  if (odd > 0.4 && even < 0.05) return 'utf-16le'
  if (even > 0.4 && odd < 0.05) return 'utf-16be'
  if (bytes.length % 2 === 1 || even + odd === 0 || even + odd > 0.4) return undefined
  return odd > even ? wideIfPlausible(sample, 'utf-16le') : wideIfPlausible(sample, 'utf-16be')
}

/**
 * Text of unknown encoding: by its mark, as UTF-8 where it is valid, as UTF-16 or UTF-32 without mark, as UTF-8 with
 * a few damaged places, else by letter statistics. `stated` is an encoding that the document itself names; it is
 * believed unless the bytes contradict it.
 */
export function decodeText(bytes: Uint8Array, stated?: string): DecodedText {
  const mark = encodingByMark(bytes)
  if (mark) return decoded(bytes.subarray(mark.markLength), mark.encoding)
  const wide = bytes.includes(0) ? wideEncodingByContent(bytes) : undefined
  if (wide) return decoded(bytes, wide)
  if (bytes.includes(0x1b) && isIso2022Japanese(bytes)) {
    return { text: new TextDecoder('iso-2022-jp').decode(bytes), encoding: 'iso-2022-jp', warnings: [] }
  }
  const valid = strictUtf8(bytes)
  if (valid !== undefined) return { text: valid, encoding: 'utf-8', warnings: [] }
  const name = stated?.trim().toLowerCase()
  if (name && name !== 'utf-8' && name !== 'utf8' && !name.startsWith('utf-16') && iconv.encodingExists(name)) {
    return decoded(bytes, name === 'iso-8859-1' || name === 'latin1' || name === 'us-ascii' ? 'windows-1252' : name)
  }
  if (mostlyUtf8(bytes)) {
    return {
      text: new TextDecoder('utf-8').decode(bytes),
      encoding: 'utf-8',
      warnings: ['Some bytes are not valid UTF-8; they show as \uFFFD.'],
    }
  }
  return decoded(bytes, encodingByStatistics(bytes))
}

/** Share of control characters (without tab, line ends, form feed, escape) and replacement characters in `text`. */
export function garbageShare(text: string): number {
  if (text === '') return 0
  const sample = text.length > 200_000 ? text.slice(0, 100_000) + text.slice(-100_000) : text

  const bad = sample.match(/[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\uFFFD\uFFFE\uFFFF]/g)
  return (bad?.length ?? 0) / sample.length
}

function decoded(bytes: Uint8Array, encoding: string): DecodedText {
  return { text: iconv.decode(bytes, encoding), encoding, warnings: [] }
}

function strictUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Valid multi-byte sequences outnumber the damaged bytes ten to one, as after a cut or a flipped bit. */
function mostlyUtf8(bytes: Uint8Array): boolean {
  const sample = new TextDecoder('utf-8').decode(bytes.subarray(0, 262_144))
  let damaged = 0
  let valid = 0
  for (let index = 0; index < sample.length; index++) {
    const unit = sample.charCodeAt(index)
    if (unit === 0xfffd) damaged++
    else if (unit > 0x7f) valid++
  }
  return valid >= damaged * 10
}

/** Pure ASCII bytes that switch character sets by escape sequences, as in old Japanese mail. */
function isIso2022Japanese(bytes: Uint8Array): boolean {
  const sample = Buffer.from(bytes.subarray(0, 65_536)).toString('latin1')

  return /\x1b\$[@B]/.test(sample) && /\x1b\([BJ]/.test(sample) && !/[\x80-\xff]/.test(sample)
}

/**
 * The best guess by letter statistics. In short texts the Latin code pages score nearly the same; the Western one is
 * by far the most common, so it wins unless another one is clearly better.
 */
function encodingByStatistics(bytes: Uint8Array): string {
  const matches = chardet
    .analyse(bytes.subarray(0, 65_536))
    .filter((match) => !match.name.startsWith('UTF') && match.name !== 'ASCII' && iconv.encodingExists(match.name))
  const best = matches[0]
  if (!best) return 'windows-1252'
  const eastern = easternEncoding(bytes, matches)
  if (eastern) return eastern
  const western = matches.find((match) => match.name === 'ISO-8859-1' || match.name === 'windows-1252')
  const latin = ['ISO-8859-1', 'ISO-8859-2', 'ISO-8859-9', 'windows-1250', 'windows-1252', 'windows-1254']
  if (best.confidence < 12 && !western) return 'windows-1252'
  if (western && (latin.includes(best.name) || best.confidence < 30) && western.confidence >= best.confidence - 12) {
    return 'windows-1252'
  }
  return best.name === 'ISO-8859-1' ? 'windows-1252' : best.name.toLowerCase()
}

/** In a few words statistics fail, but East Asian text read as Western shows signs where letters should stand. */
function easternEncoding(bytes: Uint8Array, matches: readonly { name: string }[]): string | undefined {
  const sample = bytes.subarray(0, 8192)
  const western = iconv.decode(sample, 'windows-1252').match(/[^ -~\s]/g) ?? []
  const letters = western.filter((sign) => /\p{L}/u.test(sign)).length
  if (letters > western.length * 0.75) return undefined
  return ['Shift_JIS', 'EUC-JP', 'GB18030', 'EUC-KR', 'Big5']
    .toSorted((a, b) => rankIn(matches, a) - rankIn(matches, b))
    .find((name) => {
      const high = iconv.decode(sample, name).match(/[^ -~\s]/gu) ?? []
      const eastern = high.filter((sign) => /[\u3000-\u30FF\u4E00-\u9FFF\uAC00-\uD7AF\uFF00-\uFFEF]/.test(sign))
      return matches.some((match) => match.name === name) && eastern.length > high.length * 0.95
    })
    ?.toLowerCase()
}

function rankIn(matches: readonly { name: string }[], name: string): number {
  const index = matches.findIndex((match) => match.name === name)
  return index < 0 ? matches.length : index
}

function wideIfPlausible(sample: Uint8Array, encoding: string): string | undefined {
  const text = iconv.decode(sample.subarray(0, 8192), encoding)
  const plain = text.match(/[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\n\r\t]/gu)
  return (plain?.length ?? 0) / [...text].length > 0.98 && /[\n ]/.test(text) ? encoding : undefined
}
