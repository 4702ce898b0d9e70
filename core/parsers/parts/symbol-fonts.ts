/**
 * The character that a code in one of the old symbol fonts shows: these fonts have their own drawings at the places of
 * letters. `code` is hexadecimal, often in the private use area (F000 + byte). A drawing that has no character, such
 * as a fancy bullet, is '•'; unknown fonts give the character of the code itself where it is a public one.
 */
export function symbolCharacter(font: string, code: string): string {
  const number = Number.parseInt(code, 16)
  if (!Number.isFinite(number) || number <= 0 || number > 0xffff) return ''
  const byte = number >= 0xf000 && number <= 0xf0ff ? number - 0xf000 : number
  if (/^symbol$/i.test(font)) return symbolFont[byte] ?? (byte < 0x7f ? String.fromCharCode(byte) : '•')
  if (/^wingdings/i.test(font)) return wingdings[byte] ?? '•'
  if (number >= 0xe000 && number <= 0xf8ff) return '•'
  return number >= 0xd800 && number <= 0xdfff ? '' : String.fromCharCode(number)
}

/** Adobe's Symbol encoding: Greek and mathematics. */
const symbolFont: Record<number, string> = {
  ...lettersFrom(0x41, 'ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ'),
  ...lettersFrom(0x61, 'αβχδεφγηιϕκλμνοπθρστυϖωξψζ'),
  ...lettersFrom(0xa2, '′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…'),
  ...lettersFrom(0xc0, 'ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑'),
  0x22: '∀',
  0x24: '∃',
  0x27: '∋',
  0x2a: '∗',
  0x2d: '−',
  0x40: '≅',
  0x5c: '∴',
  0x5e: '⊥',
  0x7e: '∼',
  0xf1: '〉',
  0xf2: '∫',
}

/** What forms and lists use of Wingdings: boxes, ticks, arrows. */
const wingdings: Record<number, string> = {
  0x6f: '☐',
  0xa8: '☐',
  0x71: '☐',
  0x72: '☐',
  0xfe: '☑',
  0xfd: '☒',
  0x78: '☒',
  0x52: '☑',
  0x54: '☒',
  0xfc: '✓',
  0xfb: '✗',
  0xe0: '→',
  0xe8: '→',
  0xdf: '←',
  0xe1: '↑',
  0xe2: '↓',
  0xf0: '⇨',
  0x4a: '☺',
  0x4c: '☹',
}

function lettersFrom(first: number, letters: string): Record<number, string> {
  return Object.fromEntries([...letters].map((letter, index) => [first + index, letter]))
}
