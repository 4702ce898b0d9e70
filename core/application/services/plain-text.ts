/** A name on one line, without signs that command a screen or turn the direction of writing. */
export function plainLine(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFC')
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/\p{Bidi_Control}/gu, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/** The first words of a text, up to a length in UTF-16 code units, cut at a word's end where there is one. */
export function beginningOf(text: string, length: number): string {
  // More than enough of it, so that a long text costs nothing.
  const line = plainLine(text.slice(0, length * 8))
  if (line.length <= length) return line
  const cut = line.slice(0, length)
  const space = cut.lastIndexOf(' ')
  const words = space > length / 2 ? cut.slice(0, space) : cut.toWellFormed()
  return `${words.replace(/[\s,.;:!?\uFFFD]+$/u, '')} …`
}

/** A name that every file system takes, without an ending. */
export function fileName(name: string): string {
  const plain = plainLine(name.slice(0, 400))
    .replaceAll(/[\\/:*?"<>|]+/g, '-')
    .slice(0, 80)
    .toWellFormed()
    .replaceAll('\uFFFD', '')
    .replaceAll(/^[\s.-]+|[\s.-]+$/g, '')
  return plain === '' || /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/i.test(plain) ? 'Quarry' : plain
}
