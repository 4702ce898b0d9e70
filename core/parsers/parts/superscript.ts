/** Digits and signs as their raised characters in Unicode; anything else as it is. */
export function toSuperscript(text: string): string {
  return Array.from(text, (sign) => raised[sign] ?? sign).join('')
}

const raised: Record<string, string> = {
  '0': '⁰',
  '1': '¹',
  '2': '²',
  '3': '³',
  '4': '⁴',
  '5': '⁵',
  '6': '⁶',
  '7': '⁷',
  '8': '⁸',
  '9': '⁹',
  '+': '⁺',
  '-': '⁻',
  '−': '⁻',
}
