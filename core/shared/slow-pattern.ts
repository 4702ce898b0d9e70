/**
 * Tells regular expressions that may run for ever on an unlucky text (catastrophic backtracking) by their shape. A
 * backtracking engine is exponential where a repeated group can match the same text in several ways (Davis, Coghlan,
 * Servant, Lee: The Impact of Regular Expression Denial of Service in Practice, 2018). The rules are strict: they refuse
 * some harmless patterns, and each says how to write them otherwise. What remains is polynomial in a stretch of text
 * whose length is bounded.
 */
export function slowPatternReason(pattern: string): string | undefined {
  const root = createReader(pattern).branches()
  const samples = sampleCharacters(pattern)
  const matched = new Map<string, boolean[]>()
  const charactersOf = (source: string): boolean[] => {
    let characters = matched.get(source)
    if (!characters) {
      const one = new RegExp(`^(?:${source})$`, 'iu')
      characters = samples.map((sample) => one.test(sample))
      matched.set(source, characters)
    }
    return characters
  }
  const overlap: Overlap = (a, b) => {
    const others = charactersOf(b)
    return charactersOf(a).some((matches, index) => matches && others[index])
  }
  return reasonIn(root, overlap)
}

interface Term {
  kind: 'characters' | 'group' | 'backreference'
  /** Of 'characters': what matches one of them, such as `\d` or `[a-z]`. */
  source: string
  /** Of 'group'. */
  branches: Term[][]
  min: number
  max: number
}

type Overlap = (a: string, b: string) => boolean

/** A group without open repetitions that comes at most so often cannot take long. */
const fewTurns = 4
/** Open repetitions that may compete for the same characters. */
const mostCompeting = 3

function reasonIn(branches: readonly Term[][], overlap: Overlap): string | undefined {
  for (const branch of branches) {
    for (const term of branch) {
      if (term.kind !== 'group') continue
      const inner = reasonIn(term.branches, overlap)
      if (inner !== undefined) return inner
      const isSmall = term.max === 1 || (term.max <= fewTurns && !holdsOpen(term))
      if (!isSmall && !tellsTurnsApart(term.branches, overlap)) {
        return 'a repeated group holds another repetition, or alternatives that begin alike. Begin or end the group with a character that the rest of it cannot be, as in (,\\w+)*, or repeat only one of the two.'
      }
    }
    if (competing(flat(branch, overlap), overlap) > mostCompeting) {
      return `more than ${mostCompeting} repetitions such as .* can match the same text. Use fewer of them.`
    }
  }
  return undefined
}

function holdsOpen(term: Term): boolean {
  return term.branches.some((branch) => branch.some((inner) => inner.max === Infinity || holdsOpen(inner)))
}

/** Whether each text can be cut into turns of the group in one way only. */
function tellsTurnsApart(branches: readonly Term[][], overlap: Overlap): boolean {
  if (branches.every((branch) => branch.every((term) => isFixed(term, overlap)))) return startApart(branches, overlap)
  const [branch] = branches
  if (branch === undefined || branches.length > 1) return false
  const isMark = (mark: Term | undefined): boolean => {
    if (mark?.kind !== 'characters' || mark.min !== 1 || mark.max !== 1) return false
    const others = branch.filter((term) => term !== mark)
    return others.every((term) => sourcesOf(term)?.every((source) => !overlap(source, mark.source)) ?? false)
  }
  return isMark(branch[0]) || isMark(branch.at(-1))
}

/** Matches texts of one length in one way. */
function isFixed(term: Term, overlap: Overlap): boolean {
  if (term.min !== term.max || term.kind === 'backreference') return false
  if (term.kind === 'characters') return true
  const inside = term.branches.every((branch) => branch.every((inner) => isFixed(inner, overlap)))
  return inside && startApart(term.branches, overlap)
}

/** One branch, or branches of which no two can begin with the same character. */
function startApart(branches: readonly Term[][], overlap: Overlap): boolean {
  if (branches.length < 2) return branches.every((branch) => branch.length > 0)
  const first = branches.map((branch) => branch[0])
  return first.every(
    (term, index) =>
      term?.kind === 'characters' &&
      term.min > 0 &&
      first.slice(index + 1).every((other) => other?.kind === 'characters' && !overlap(term.source, other.source)),
  )
}

/** Everything that can match a character of it, or undefined where that cannot be told. */
function sourcesOf(term: Term): string[] | undefined {
  if (term.kind === 'characters') return [term.source]
  if (term.kind === 'backreference') return undefined
  const all: string[] = []
  for (const inner of term.branches.flat()) {
    const sources = sourcesOf(inner)
    if (sources === undefined) return undefined
    all.push(...sources)
  }
  return all
}

/** The sequence with groups that are not repeated opened; of alternatives the one whose repetitions compete most. */
function flat(branch: readonly Term[], overlap: Overlap): Term[] {
  return branch.flatMap((term) => {
    if (term.kind !== 'group' || term.max > 1) return [term]
    const inside = term.branches
      .map((inner) => flat(inner, overlap))
      .toSorted((a, b) => competing(b, overlap) - competing(a, overlap))[0]
    const isCertain = term.min === 1 && term.branches.length === 1
    return (inside ?? []).map((inner) => (isCertain ? inner : { ...inner, min: 0 }))
  })
}

/** The longest chain of open repetitions of which each could take what the one before it left. */
function competing(branch: readonly Term[], overlap: Overlap): number {
  const chains: number[] = []
  branch.forEach((term, index) => {
    let chain = 0
    if (term.kind === 'characters' && term.max === Infinity) {
      chain = 1
      for (let earlier = index - 1; earlier >= 0; earlier--) {
        const other = branch[earlier]!
        if (chains[earlier]! > 0 && overlap(other.source, term.source)) chain = Math.max(chain, chains[earlier]! + 1)
        // A character that must stand between them and that this one cannot take keeps them apart.
        if (other.kind === 'characters' && other.min > 0 && !overlap(other.source, term.source)) break
      }
    }
    chains.push(chain)
  })
  return Math.max(0, ...chains)
}

/** ASCII, Latin letters and one or two of other kinds, with all characters that the pattern names. */
function sampleCharacters(pattern: string): string[] {
  const characters = Array.from({ length: 0x250 }, (_, code) => String.fromCharCode(code))
  const others = '\u2028\u200b\u2003\u2019\u201c\u2014\u2026€αΩяЖבبक中あ한１😀'
  return [...new Set([...characters, ...others, ...pattern.toWellFormed()])]
}

/** Reads the syntax of ECMAScript's regular expressions with the flag 'u', which has been checked before. */
function createReader(pattern: string): { branches(): Term[][] } {
  const characters = Array.from(pattern)
  let position = 0
  const peek = (): string => characters[position] ?? ''
  const starts = (text: string): boolean => characters.slice(position, position + text.length).join('') === text
  const through = (last: string): string => {
    const end = characters.indexOf(last, position)
    const text = characters.slice(position, end + 1).join('')
    position = end + 1
    return text
  }

  const branches = (): Term[][] => {
    const all: Term[][] = [[]]
    while (position < characters.length && peek() !== ')') {
      if (peek() === '|') {
        position++
        all.push([])
        continue
      }
      const term = readTerm()
      if (term) all.at(-1)!.push(term)
    }
    position++
    return all
  }

  const readTerm = (): Term | undefined => {
    const character = peek()
    if (character === '^' || character === '$') {
      position++
      return undefined
    }
    if (character === '(') return readGroup()
    if (character === '[') return repeated(readClass())
    if (character === '\\') return readEscape()
    position++
    return repeated(character)
  }

  const readGroup = (): Term | undefined => {
    position++
    let isAssertion = false
    if (peek() === '?') {
      isAssertion = ['?=', '?!', '?<=', '?<!'].some(starts)
      if (isAssertion) position += starts('?<') ? 3 : 2
      else through(starts('?<') ? '>' : ':')
    }
    const group: Term = { kind: 'group', source: '', branches: branches(), min: 1, max: 1 }
    // An assertion takes no characters, but what stands in it is looked at like all else.
    return isAssertion ? { ...group, min: 0, max: 1 } : repeat(group)
  }

  const readClass = (): string => {
    const start = position
    position++
    while (peek() !== ']') position += peek() === '\\' ? 2 : 1
    position++
    return characters.slice(start, position).join('')
  }

  const readEscape = (): Term | undefined => {
    const start = position
    position++
    const kind = peek()
    position++
    if (kind === 'b' || kind === 'B') return undefined
    if (kind === 'k') through('>')
    if (kind === 'k' || (kind >= '1' && kind <= '9')) {
      while (kind !== 'k' && peek() >= '0' && peek() <= '9') position++
      return repeat({ kind: 'backreference', source: '', branches: [], min: 1, max: 1 })
    }
    if (kind === 'p' || kind === 'P' || (kind === 'u' && peek() === '{')) through('}')
    else if (kind === 'u') position += 4
    else if (kind === 'x') position += 2
    else if (kind === 'c') position += 1
    return repeated(characters.slice(start, position).join(''))
  }

  const repeated = (source: string): Term => repeat({ kind: 'characters', source, branches: [], min: 1, max: 1 })

  const repeat = (term: Term): Term => {
    const sign = peek()
    let bounds: [number, number]
    if (sign === '*') bounds = [0, Infinity]
    else if (sign === '+') bounds = [1, Infinity]
    else if (sign === '?') bounds = [0, 1]
    else if (sign === '{') {
      const [least = '', most] = through('}').slice(1, -1).split(',')
      bounds = [Number(least), most === undefined ? Number(least) : most === '' ? Infinity : Number(most)]
      position--
    } else return term
    position++
    if (peek() === '?') position++
    return { ...term, min: bounds[0], max: bounds[1] }
  }

  return { branches }
}
