/** What a glyph reads as, from what its font says of it. Empty for what is no character. */
export function readGlyph(unicode: string, code: number, fontName: string): string {
  if (unicode.length === 1) {
    const point = unicode.charCodeAt(0)
    // Nearly all glyphs end here.
    if (point >= 0x20 && point < 0x7f) return unicode
    if (point < 0x20 || point === 0x7f || point === 0xfffd || point === 0x21b5) return repair(unicode, code, fontName)
    if (point >= 0xe000 && point <= 0xf8ff) return symbolOf(point) ?? unicode
    // No letter stands there: glyphs without a meaning in their font, mostly the marks of lists and forms.
    if (point >= 0x80 && point <= 0x9f) return '▪'
    if (point === 0xad || point === 0x2010) return point === 0xad ? '-' : unicode
  }
  // Ligatures and the forms that Arabic letters take beside others stand for plain letters.
  return /[\uFB00-\uFDFF\uFE70-\uFEFC]/.test(unicode) ? unicode.normalize('NFKC') : unicode.replaceAll('\0', '')
}

/**
 * Some producers name the ligatures of TeX's fonts wrongly, or by their place in the font alone. Place in the encodings
 * OT1 and T1 (LaTeX2e font encodings, tables 1 and 3).
 */
function repair(unicode: string, code: number, fontName: string): string {
  if (/^(?:[A-Z]{6}\+)?(?:CM|SF|LM|NimbusRom|NimbusSan)/.test(fontName)) {
    const ligature = ligatures.get(code) ?? renamed.get(unicode)
    if (ligature) return ligature
  }
  if (unicode === '\uFFFD' || unicode === '\u21B5') return unicode
  return /^[\t\n\r]$/.test(unicode) ? ' ' : ''
}

const ligatures = new Map([
  [0x0b, 'ff'],
  [0x0c, 'fi'],
  [0x0d, 'fl'],
  [0x0e, 'ffi'],
  [0x0f, 'ffl'],
  [0x1b, 'ff'],
  [0x1c, 'fi'],
  [0x1d, 'fl'],
  [0x1e, 'ffi'],
  [0x1f, 'ffl'],
])

/** What one widespread producer makes of the same ligatures when it writes TeX's fonts anew. */
const renamed = new Map([
  ['\u21B5', 'ff'],
  ['\0', 'ffi'],
])

/** The symbols of Wingdings and Symbol that lists and forms use, by their places in the private area. */
function symbolOf(point: number): string | undefined {
  return symbols.get(point < 0xf000 ? -1 : point & 0xff)
}

const symbols = new Map([
  [0x6c, '●'],
  [0x6e, '■'],
  [0x6f, '☐'],
  [0x71, '❑'],
  [0x76, '❖'],
  [0x9f, '•'],
  [0xa7, '▪'],
  [0xa8, '☐'],
  [0xb7, '•'],
  [0xd8, '➢'],
  [0xe0, '→'],
  [0xe8, '➔'],
  [0xfb, '✗'],
  [0xfc, '✓'],
  [0xfd, '☒'],
  [0xfe, '☑'],
])
