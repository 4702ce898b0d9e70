import type { CellKind } from './sheet-tables.ts'

/** A cell's value as a person sees it, and what kind of value it is. */
export interface ShownValue {
  text: string
  kind: CellKind
}

/** Turns the number of a cell into the text that its format shows. Never throws. */
export type NumberFormatter = (raw: string, formatCode: string | undefined) => ShownValue

/** The part of the formatting library that is used: codes of ECMA-376 part 1, 18.8.31. */
interface FormatLibrary {
  format(code: string, value: number, options?: { date1904: boolean }): string
  is_date(code: string): boolean
  parse_date_code(
    value: number,
    options?: { date1904: boolean },
  ): { y: number; m: number; d: number; H: number; M: number; S: number } | null
  get_table(): Record<number, string>
}

/**
 * Numbers as their format shows them (thousands, percent, currency), dates and times as ISO 8601 text as exact as their
 * format is ('2024-03-01', '2024-03', '09:30'), durations as they are shown. Without a format numbers lose the noise
 * of binary fractions (15 digits, what a spreadsheet keeps).
 */
export async function createNumberFormatter(date1904: boolean): Promise<NumberFormatter> {
  const library = await loadLibrary()
  const shapes = new Map<string, DateShape | 'general' | 'number'>()
  const shapeOf = (code: string): DateShape | 'general' | 'number' => {
    let shape = shapes.get(code)
    if (shape === undefined) {
      shape = findShape(code, library)
      if (shapes.size < 10_000) shapes.set(code, shape)
    }
    return shape
  }
  const shown = new Map<string, string>()
  return (raw, code) => {
    const value = Number(raw)
    if (raw.trim() === '' || !Number.isFinite(value)) return { text: raw, kind: 'text' }
    const shape = code === undefined ? 'general' : shapeOf(code)
    if (code === undefined || shape === 'general') return { text: plainNumber(raw, value), kind: 'number' }
    const key = `${raw}\n${code}`
    let text = shown.get(key)
    if (text === undefined) {
      text = shape === 'number' ? formatted(library, code, value) : dateText(library, code, shape, value, date1904)
      // Values repeat in most columns, and reading a format code costs far more than looking up.
      if (shown.size < 50_000) shown.set(key, text)
    }
    if (text.trim() === '') return { text: plainNumber(raw, value), kind: 'number' }
    return { text, kind: shape === 'number' ? 'number' : 'date' }
  }
}

/** The codes that ECMA-376 gives to numbers below 164; those of East Asian dates differ by language. */
export async function builtInFormats(): Promise<(id: number) => string | undefined> {
  const table = (await loadLibrary()).get_table()
  return (id) => {
    if ((id >= 27 && id <= 31) || id === 36 || (id >= 50 && id <= 58)) return 'yyyy-mm-dd'
    if (id >= 32 && id <= 35) return 'h:mm:ss'
    return Object.hasOwn(table, id) ? table[id] : undefined
  }
}

/** A number without the noise of binary fractions: 0.1 + 0.2 is 0.3. */
export function plainNumber(raw: string, value = Number(raw)): string {
  if (/^-?(?:0|[1-9]\d{0,14})$/.test(raw)) return raw
  return String(Number(value.toPrecision(15)))
}

interface DateShape {
  year: boolean
  month: boolean
  day: boolean
  time: boolean
  seconds: boolean
  /** A weekday, a month's name alone, or hours that run past 24: only the format itself can show it. */
  asShown: boolean
}

async function loadLibrary(): Promise<FormatLibrary> {
  const { default: library } = (await import('ssf')) as unknown as { default: FormatLibrary }
  return library
}

function findShape(code: string, library: FormatLibrary): DateShape | 'general' | 'number' {
  if (/^(?:general|@|)$/i.test(code) || code.length > 500) return 'general'
  if (!library.is_date(code)) return 'number'
  const elapsed = /\[(?:h+|m+|s+)\]/i.test(code)
  // What stands in quotes, brackets or after a backslash is no code, and only the first section is for dates.
  const letters = code.replaceAll(/"[^"]*"|\[[^\]]*\]|\\./g, '').split(';')[0] ?? ''
  const time = /h|s|am\/pm/i.test(letters)
  // Beside hours or seconds 'm' and 'mm' are minutes unless a day or a year says that there is a date.
  const date = /[yd]|m{3,}/i.test(letters) || !time
  const day = date && /(?:^|[^d])d{1,2}(?:[^d]|$)/i.test(letters)
  const year = date && /y|e/i.test(letters)
  const month = date && /m/i.test(letters)
  return { year, month, day, time, seconds: /s/i.test(letters), asShown: elapsed || (date && !day && !year) }
}

function dateText(library: FormatLibrary, code: string, shape: DateShape, value: number, date1904: boolean): string {
  const parts = value < 0 ? null : library.parse_date_code(value, { date1904 })
  if (!parts) return plainNumber(String(value), value)
  if (shape.asShown) return formatted(library, code, value, date1904)
  const year = String(parts.y).padStart(4, '0')
  const date = shape.day ? `${year}-${two(parts.m)}-${two(parts.d)}` : shape.month ? `${year}-${two(parts.m)}` : year
  const time = `${two(parts.H)}:${two(parts.M)}${shape.seconds ? `:${two(parts.S)}` : ''}`
  if (!shape.time) return date
  return shape.day || shape.month || shape.year ? `${date} ${time}` : time
}

function formatted(library: FormatLibrary, code: string, value: number, date1904 = false): string {
  try {
    return library.format(code, value, { date1904 })
  } catch {
    // The code is broken; the value is not.
    return plainNumber(String(value), value)
  }
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
