/** The parts of a LaTeX file. A fragment without \begin{document} is all body. */
export interface LatexSource {
  preamble: string
  body: string
}

export function splitDocument(source: string): LatexSource {
  const begin = /^[^%\n]*?\\begin\s*\{document\}/m.exec(source)
  if (!begin) return { preamble: '', body: source }
  const start = begin.index + begin[0].length
  const end = source.indexOf('\\end{document}', start)
  return { preamble: source.slice(0, start), body: source.slice(start, end < 0 ? undefined : end) }
}

/** Deeper braces and environments are no document; a grammar that recurses would run out of stack. */
const deepestNesting = 200
/** Reading takes time for each piece; a person may cancel between two. */
const smallestPiece = 4000
/** Where braces never close the text is cut at some blank line anyway. */
const longestPiece = 200_000

/**
 * Cuts a body at blank lines that stand outside all braces and environments, so that each piece can be read on its own.
 * Throws an Error for hostile nesting.
 */
export function cutIntoPieces(body: string): string[] {
  const pieces: string[] = []
  let start = 0
  let depth = 0
  for (let at = 0; at < body.length; at++) {
    const sign = body[at]
    if (sign === '%') {
      const next = body.indexOf('\n', at)
      at = next < 0 ? body.length : next - 1
    } else if (sign === '{') depth++
    else if (sign === '}') depth = Math.max(0, depth - 1)
    else if (sign === '\\') {
      const environment = /^\\(begin|end)\s*\{([^{}\n]{1,60})\}/.exec(body.slice(at, at + 80))
      if (!environment) {
        at++
        continue
      }
      const [whole = '', kind, name = ''] = environment
      at += whole.length - 1
      if (kind === 'end') depth = Math.max(0, depth - 1)
      else if (verbatimEnvironments.has(name)) {
        const end = body.indexOf(`\\end{${name}}`, at)
        at = end < 0 ? body.length : end + name.length + 5
      } else depth++
    } else if (sign === '\n' && /^\n[ \t]*\n/.test(body.slice(at, at + 200))) {
      const length = at - start
      if ((depth === 0 && length >= smallestPiece) || length >= longestPiece) {
        pieces.push(body.slice(start, at))
        start = at
        depth = 0
      }
    }
    if (depth > deepestNesting) throw new Error('The braces are nested too deep.')
  }
  pieces.push(body.slice(start))
  return pieces
}

/** Their content is text as it stands, braces and percent signs included. */
export const verbatimEnvironments = new Set(
  'verbatim verbatim* Verbatim BVerbatim LVerbatim lstlisting minted alltt comment filecontents filecontents*'.split(
    ' ',
  ),
)

/** The source of a macro's first argument in braces: '\title[short]{This}'. */
export function macroArgument(source: string, name: string): string | undefined {
  const found = new RegExp(String.raw`\\${name}\s*(?:\[[^\]]{0,300}\]\s*)?\{`).exec(source)
  if (!found) return undefined
  const start = found.index + found[0].length
  let depth = 1
  for (let at = start; at < source.length; at++) {
    if (source[at] === '\\') at++
    else if (source[at] === '{') depth++
    else if (source[at] === '}' && --depth === 0) return source.slice(start, at)
  }
  return undefined
}

/** '\newcommand{\name}{words}' without parameters, which stands for words in the text. */
export function wordMacros(preamble: string): Map<string, string> {
  const found = new Map<string, string>()
  const definitions =
    /\\(?:(?:re)?newcommand\*?\s{0,9}\{?\s{0,9}\\([A-Za-z]{1,60})\s{0,9}\}?|def\s{0,9}\\([A-Za-z]{1,60}))\s{0,9}\{([^{}\\$#]{1,200})\}/g
  for (const [, command, defined, words] of preamble.matchAll(definitions)) {
    const name = command ?? defined
    if (name !== undefined && words !== undefined && found.size < 10_000) found.set(name, words)
  }
  return found
}
