import { AppError } from '../contract/errors.ts'

/** Set by what sends. */
const taken = new Set(['content-type', 'content-encoding', 'content-length', 'host', 'connection', 'transfer-encoding'])

/** As OTEL_EXPORTER_OTLP_HEADERS has them: 'name=value,name=value', values percent-encoded. */
export function writeHeaders(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join(',')
}

/** Errors: input-invalid. */
export function readHeaders(text: string): Record<string, string> {
  const entries = text.split(',').flatMap((part) => {
    if (part.trim() === '') return []
    const [, name = '', value = ''] = /^\s*([^=]+?)\s*=\s*(.*?)\s*$/s.exec(part) ?? []
    if (name === '') throw new AppError('input-invalid', 'Headers are written as name=value, parted by commas.')
    return [[name, decode(value)] as const]
  })
  return checkHeaders(Object.fromEntries(entries))
}

/** Errors: input-invalid. */
export function checkHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/.test(name) || taken.has(name.toLowerCase())) {
      throw new AppError('input-invalid', `"${name}" cannot be a header of its own. Use letters, digits and "-".`)
    }
    if (!/^[\x20-\x7e]*$/.test(value)) {
      throw new AppError(
        'input-invalid',
        `The value of the header "${name}" may hold no line ends or letters beyond ASCII.`,
      )
    }
  }
  return { ...headers }
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
