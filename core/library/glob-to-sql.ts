import { AppError } from '../contract/errors.ts'

/**
 * A glob of paths as SQL, with the meaning that `compilePathGlob` gives it, so that documents can be chosen in the
 * database. `bind` gives the name of a bound value; the result is a condition on an SQL expression that is a path.
 * Errors: input-invalid for more than one `**` or too many alternatives.
 */
export function compileGlobToSql(glob: string, bind: (value: string | number) => string): (path: string) => string {
  const isNegated = glob.startsWith('!')
  const positive = (isNegated ? glob.slice(1) : glob).replace(/^\.?\//, '')
  const whole = positive.endsWith('/') ? `${positive}**` : positive
  const isName = !whole.includes('/')
  const alternatives = expandBraces(whole).map((alternative) => {
    if (!isName) return compileAlternative(alternative, bind)
    const pattern = bind(toSqliteGlob(alternative))
    return (name: string) => `${name} GLOB ${pattern}`
  })
  const matches = (path: string): string => alternatives.map((test) => test(path)).join(' OR ')
  return (path) => {
    const found = isName
      ? matches(`${segmentsOf(path)} ->> '$[#-1]'`)
      : `${matches(path)} OR (instr(${path}, '/') > 0 AND (${matches(`substr(${path}, instr(${path}, '/') + 1)`)}))`
    return isNegated ? `NOT (${found})` : `(${found})`
  }
}

/** The names on a path as a JSON array. */
const segmentsOf = (path: string): string => `('[' || replace(json_quote(${path}), '/', '","') || ']')`

const countOf = (path: string): string => `(length(${path}) - length(replace(${path}, '/', '')) + 1)`

function compileAlternative(glob: string, bind: (value: string | number) => string): (path: string) => string {
  const names = glob.split('/')
  const anywhere = names.indexOf('**')
  if (anywhere !== names.lastIndexOf('**')) {
    throw new AppError(
      'input-invalid',
      `"${glob}" has ** more than once. Filters know it once in a path; leave one out.`,
    )
  }
  const head = anywhere < 0 ? names : names.slice(0, anywhere)
  const tail = anywhere < 0 ? [] : names.slice(anywhere + 1)
  // At the end it means files below, not a file of the folder's own name.
  if (anywhere >= 0 && tail.length === 0) tail.push('*')
  const headPatterns = head.map((name) => bind(toSqliteGlob(name)))
  const tailPatterns = tail.map((name) => bind(toSqliteGlob(name)))
  return (path) => {
    const segments = segmentsOf(path)
    const count = `${countOf(path)} ${anywhere < 0 ? '=' : '>='} ${head.length + tail.length}`
    const first = headPatterns.map((pattern, index) => `${segments} ->> ${index} GLOB ${pattern}`)
    const last = tailPatterns.map((pattern, index) => `${segments} ->> '$[#-${tail.length - index}]' GLOB ${pattern}`)
    return `(${[count, ...first, ...last].join(' AND ')})`
  }
}

/** A name's glob in SQLite's: the same signs but for `[!…]`, repeated stars and `\`. */
function toSqliteGlob(name: string): string {
  let result = ''
  for (let place = 0; place < name.length; place++) {
    const character = name[place]!
    if (character === '\\' && place + 1 < name.length) result += literal(name[++place]!)
    else if (character === '[') {
      const end = name.indexOf(']', place + 2)
      if (end < 0) result += '[[]'
      else {
        result += `[${name.slice(place + 1, end).replace(/^!/, '^')}]`
        place = end
      }
    } else if (character !== '*' || !result.endsWith('*')) result += character
  }
  return result
}

const literal = (character: string): string => ('*?['.includes(character) ? `[${character}]` : character)

const mostAlternatives = 64

/** 'a.{ts,js}' as 'a.ts' and 'a.js'. */
function expandBraces(glob: string): string[] {
  const open = glob.indexOf('{')
  const close = glob.indexOf('}', open)
  const inside = open < 0 || close < 0 ? '' : glob.slice(open + 1, close)
  if (!inside.includes(',')) return [glob]
  // The innermost pair first.
  const start = glob.lastIndexOf('{', close)
  const expanded = glob
    .slice(start + 1, close)
    .split(',')
    .flatMap((part) => expandBraces(glob.slice(0, start) + part + glob.slice(close + 1)))
  if (expanded.length > mostAlternatives) {
    throw new AppError('input-invalid', `"${glob}" stands for more than ${mostAlternatives} globs. Use fewer { }.`)
  }
  return expanded
}
