import { toSuperscript } from './superscript.ts'

/** Text that is put together from runs, with what is known of its letters: it tells code and headings from prose. */
export interface StyledLine {
  text: string
  /** Characters that are not white space; how many of them are bold, how many in a typewriter font. */
  letters: number
  bold: number
  monospace: number
}

export interface RunStyle {
  isBold?: boolean | undefined
  isMonospace?: boolean | undefined
}

export function emptyLine(): StyledLine {
  return { text: '', letters: 0, bold: 0, monospace: 0 }
}

export function appendRun(line: StyledLine, text: string, { isBold, isMonospace }: RunStyle): void {
  line.text += text
  const letters = text.replaceAll(/\s+/g, '').length
  line.letters += letters
  if (isBold) line.bold += letters
  if (isMonospace) line.monospace += letters
}

export function isAllBold(line: StyledLine): boolean {
  return line.letters > 0 && line.bold === line.letters
}

/** A line in a typewriter font is code if it looks like code; some people write letters in Courier. */
export function looksLikeCode(line: StyledLine): boolean {
  if (line.letters === 0 || line.monospace < line.letters) return false
  return /^(\t| {2,})\S/m.test(line.text) || /[{}()=<>[\];|&]|::|->/.test(line.text)
}

export function isMonospaceFont(name: string): boolean {
  return /courier|consolas|monaco|menlo|\bmono(space)?\b|mono$|lucida console|source code|fira code|typewriter/i.test(
    name,
  )
}

/** Raised digits after a letter or digit as the characters they have in Unicode: '10⁶' must not read '106'. */
export function raisedDigits(text: string, before: string): string {
  if (!/[\p{L}\p{N})\]]$/u.test(before) || !/^[-−+]?\d+$/.test(text)) return text
  return toSuperscript(text)
}
