import type { ContentFont } from './pdf-content.ts'

/** What the library tells of a font once a page that uses it was read. */
export interface LibraryFont {
  name?: unknown
  ascent?: unknown
  descent?: unknown
  vertical?: unknown
  isMonospace?: unknown
  fontMatrix?: unknown
  widths?: unknown
}

export const plainFont: ContentFont = {
  bold: false,
  italic: false,
  monospace: false,
  vertical: false,
  ascent: 0.8,
  descent: -0.2,
  unit: 0.001,
  name: '',
}

export function describeFont(font: LibraryFont): ContentFont {
  const name = typeof font.name === 'string' ? font.name : ''
  const matrix = Array.isArray(font.fontMatrix) ? (font.fontMatrix as unknown[]) : []
  const unit = typeof matrix[0] === 'number' && matrix[0] !== 0 ? Math.abs(matrix[0]) : plainFont.unit
  return {
    bold: isBoldName(name),
    italic: /ital|obli|slanted|-it(?:$|[^a-z])|\+cmti|\+sfti/i.test(name),
    monospace: isMonospace(font, name),
    vertical: font.vertical === true,
    ascent: within(font.ascent, 0.5, 1.2, plainFont.ascent),
    descent: within(font.descent, -0.5, -0.05, plainFont.descent),
    unit,
    name: name.replace(/^[A-Z]{6}\+/, ''),
  }
}

/** By the habits of type foundries and of TeX: Arial-BoldMT, NimbusRomNo9L-Medi, CMBX10, SFBX1000. */
function isBoldName(name: string): boolean {
  return (
    /Bd(?:It|Cn)?(?:$|[^a-z])/.test(name) ||
    /bold|black|heavy|demi(?!tal)|[-,]medi|(?:^|\+)(?:cmb|sfb|cmssbx)|(?:-|_)(?:b|bd|bld)(?:$|[^a-z])/i.test(name)
  )
}

/** Producers set the flag of fixed width for fonts that are not; the widths themselves tell. */
function isMonospace(font: LibraryFont, name: string): boolean {
  const claimed =
    font.isMonospace === true || /mono|courier|consol|typewriter|menlo|letter ?gothic|cmtt|sftt|lmtt/i.test(name)
  if (typeof font.widths !== 'object' || font.widths === null) return claimed
  const widths = Object.values(font.widths as Record<string, unknown>).filter(
    (width) => typeof width === 'number' && width > 0,
  )
  return claimed && (widths.length < 4 || new Set(widths).size <= 2)
}

function within(value: unknown, low: number, high: number, otherwise: number): number {
  return typeof value === 'number' && value >= low && value <= high ? value : otherwise
}
