import iconv from 'iconv-lite'
import { symbolCharacter } from './symbol-fonts.ts'

export interface RtfFont {
  name: string
  /** Windows code page of its bytes; undefined: that of the document. */
  codePage: number | undefined
  /** Has drawings at the places of letters. */
  isSymbol: boolean
  isMonospace: boolean
}

/** The code page of a \fcharset; undefined for 'as the document' and unknown ones. */
export function codePageOfCharset(charset: number): number | undefined {
  return codePages[charset]
}

/** The text that bytes show in a font. Never throws: an unknown code page is read as the Western one. */
export function decodeRtfBytes(bytes: readonly number[], font: RtfFont | undefined, documentPage: number): string {
  if (font?.isSymbol) return bytes.map((byte) => symbolCharacter(font.name, byte.toString(16))).join('')
  const page = font?.codePage ?? documentPage
  const name = pageNames[page] ?? `cp${page}`
  return iconv.decode(Buffer.from(bytes), iconv.encodingExists(name) ? name : 'cp1252')
}

const pageNames: Record<number, string> = { 10000: 'macroman', 65001: 'utf-8', 0: 'cp1252', 42: 'cp1252' }

const codePages: Record<number, number> = {
  77: 10000,
  128: 932,
  129: 949,
  134: 936,
  136: 950,
  161: 1253,
  162: 1254,
  163: 1258,
  177: 1255,
  178: 1256,
  186: 1257,
  204: 1251,
  222: 874,
  238: 1250,
  255: 437,
}
