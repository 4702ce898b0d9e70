import type { Data, DataRecord } from './data-text.ts'

export interface LenientJson {
  /** What was read, up to the first mistake. Undefined where there is nothing before it. */
  value: Data | undefined
  /** The first mistake that cannot be read past. Lines and columns are 1-based. */
  problem?: { offset: number; line: number; column: number; message: string }
}

/**
 * JSON that JSON.parse refuses: with comments, trailing commas, single quotes, bare keys and raw line breaks in strings
 * it is read all the same; at any other mistake reading stops, and what came before it is kept.
 */
export function readLenientJson(text: string): LenientJson {
  const reader = createReader(text)
  const value = reader.value(0)
  reader.skipSpace()
  if (reader.problem === undefined && reader.at < text.length) reader.fail('There is more text after the end.')
  if (reader.problem === undefined) return { value }
  const before = text.slice(0, reader.problem.offset)
  const lineStart = before.lastIndexOf('\n') + 1
  let line = 1
  for (let at = before.indexOf('\n'); at >= 0; at = before.indexOf('\n', at + 1)) line++
  return { value, problem: { ...reader.problem, line, column: reader.problem.offset - lineStart + 1 } }
}

interface Reader {
  at: number
  problem: { offset: number; message: string } | undefined
  fail(message: string): void
  skipSpace(): void
  value(depth: number): Data | undefined
}

const deepest = 500

function createReader(text: string): Reader {
  const reader: Reader = {
    at: 0,
    problem: undefined,
    fail(message) {
      reader.problem ??= { offset: reader.at, message }
    },
    skipSpace() {
      for (;;) {
        while (reader.at < text.length && /\s|\uFEFF/.test(text.charAt(reader.at))) reader.at++
        const two = text.slice(reader.at, reader.at + 2)
        const end = two === '//' ? '\n' : two === '/*' ? '*/' : undefined
        if (end === undefined) return
        const found = text.indexOf(end, reader.at + 2)
        reader.at = found < 0 ? text.length : found + end.length
      }
    },
    value(depth) {
      reader.skipSpace()
      const sign = text.charAt(reader.at)
      if (depth > deepest) reader.fail('Values are nested too deep.')
      else if (sign === '{') return record(depth)
      else if (sign === '[') return list(depth)
      else if (sign === '"' || sign === "'") return quoted(sign)
      else return word()
      return undefined
    },
  }

  const record = (depth: number): DataRecord => {
    const entries: [string, Data][] = []
    reader.at++
    while (reader.problem === undefined) {
      reader.skipSpace()
      const sign = text.charAt(reader.at)
      if (sign === '}') {
        reader.at++
        break
      }
      const key = sign === '"' || sign === "'" ? quoted(sign) : bareKey()
      reader.skipSpace()
      if (reader.problem !== undefined) break
      if (text.charAt(reader.at) !== ':') {
        reader.fail('A colon is missing after a key.')
        break
      }
      reader.at++
      const value = reader.value(depth + 1)
      if (value !== undefined) entries.push([key, value])
      if (!separator('}')) break
    }
    return Object.fromEntries(entries)
  }

  const list = (depth: number): Data[] => {
    const items: Data[] = []
    reader.at++
    while (reader.problem === undefined) {
      reader.skipSpace()
      if (text.charAt(reader.at) === ']') {
        reader.at++
        break
      }
      const value = reader.value(depth + 1)
      if (value !== undefined) items.push(value)
      if (!separator(']')) break
    }
    return items
  }

  /** Whether reading goes on after a value: past a comma, or to the closing sign. */
  const separator = (close: string): boolean => {
    if (reader.problem !== undefined) return false
    reader.skipSpace()
    const sign = text.charAt(reader.at)
    if (sign === ',') reader.at++
    else if (sign !== close) reader.fail(sign === '' ? 'It breaks off here.' : `A comma or "${close}" is missing.`)
    return reader.problem === undefined
  }

  const quoted = (quote: string): string => {
    const start = reader.at
    let at = start + 1
    while (at < text.length && text.charAt(at) !== quote) at += text.charAt(at) === '\\' ? 2 : 1
    const inside = text.slice(start + 1, Math.min(at, text.length))
    if (at >= text.length) {
      reader.at = text.length
      reader.fail('It breaks off inside a text.')
    } else reader.at = at + 1
    return unescaped(inside)
  }

  const bareKey = (): string => {
    const key = /^[\p{L}_$][\p{L}\p{N}_$-]*/u.exec(text.slice(reader.at, reader.at + 200))?.[0] ?? ''
    if (key === '') reader.fail(reader.at >= text.length ? 'It breaks off here.' : 'A key is missing.')
    reader.at += key.length
    return key
  }

  const word = (): Data | undefined => {
    const found = /^[-+.\w]+/.exec(text.slice(reader.at, reader.at + 400))?.[0] ?? ''
    const value = wordValue(found)
    if (value === undefined) reader.fail(reader.at >= text.length ? 'It breaks off here.' : 'A value is missing.')
    else reader.at += found.length
    return value
  }

  return reader
}

function wordValue(word: string): Data | undefined {
  if (word === 'true') return true
  if (word === 'false') return false
  if (word === 'null' || word === 'undefined' || word === 'None') return null
  if (/^[-+]?(?:NaN|Infinity)$/.test(word)) return word
  return word !== '' && Number.isFinite(Number(word)) ? Number(word) : undefined
}

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }

function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  return text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|([^]))/g, (_, code: string | undefined, sign: string | undefined) =>
    code === undefined ? (escapes[sign ?? ''] ?? sign ?? '') : String.fromCharCode(parseInt(code, 16)),
  )
}
