/**
 * Word pieces by byte-pair merges (Sennrich et al. 2016, arXiv:1508.07909) over whole words, then those that greedy
 * longest match uses most: the tokeniser will read with the latter. Equal counts are settled by the order of words.
 */
export interface VocabularyOptions {
  /** Entries, the special tokens included. */
  size: number
  /** Rarer words are not looked at. */
  minCount: number
  /** Merges are made until there are this many times `size` symbols; the least used are dropped. */
  surplus: number
}

export const specialTokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] as const

/** Words as BERT's pre-tokeniser makes them: of a lower-cased text without accents, punctuation apart. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().normalize('NFD').replace(accents, '').match(words) ?? []
}

/** The entries by id, from counts of words. `##` continues a word. */
export function buildVocabulary(counts: ReadonlyMap<string, number>, options: VocabularyOptions): string[] {
  const entries = [...counts].filter(([word, count]) => count >= options.minCount && [...word].length <= maxWordLength)
  entries.sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
  const symbols = mergeSymbols(entries, Math.round(options.size * options.surplus))
  return keepMostUsed(symbols, entries, options.size)
}

/** Pieces of a word by greedy longest match; null when a character is unknown. */
export function splitGreedily(word: string, known: ReadonlySet<string>, longest: number): string[] | null {
  const pieces: string[] = []
  for (let start = 0; start < word.length;) {
    let end = Math.min(word.length, start + longest)
    const prefix = start === 0 ? '' : continuing
    while (end > start && !known.has(prefix + word.slice(start, end))) end -= 1
    if (end === start) return null
    pieces.push(prefix + word.slice(start, end))
    start = end
  }
  return pieces
}

const accents = /\p{Mn}/gu
const punctuation = String.raw`\p{P}!-\/:-@\[-\x60{-~`
const chinese = String.raw`\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff`
const dropped = String.raw`\0\uFFFD\p{Cf}\p{Co}\p{Cs}\p{Cc}`
const words = new RegExp(`[^\\s${punctuation}${chinese}${dropped}]+|[${punctuation}${chinese}]`, 'gu')
const continuing = '##'
const maxWordLength = 100
/** Characters seen less often than this are not worth an entry. */
const minCharacterCount = 20

type Entries = readonly (readonly [word: string, count: number])[]

function mergeSymbols(entries: Entries, wanted: number): string[] {
  const names: string[] = []
  const ids = new Map<string, number>()
  const intern = (name: string): number => {
    let id = ids.get(name)
    if (id === undefined) {
      id = names.push(name) - 1
      ids.set(name, id)
    }
    return id
  }
  const characterCounts = new Map<string, number>()
  const spelled = entries.map(([word, count]) =>
    [...word].map((character, index) => {
      const name = index === 0 ? character : continuing + character
      characterCounts.set(name, (characterCounts.get(name) ?? 0) + count)
      return name
    }),
  )
  const parts = spelled.map((characters) =>
    characters.every((name) => characterCounts.get(name)! >= minCharacterCount) ? characters.map(intern) : [],
  )

  const pairCounts = new Map<number, number>()
  const pairWords = new Map<number, Set<number>>()
  const heap = createHeap()
  const count = (pair: number, word: number, change: number): void => {
    const now = (pairCounts.get(pair) ?? 0) + change
    pairCounts.set(pair, now)
    if (change <= 0) return
    const known = pairWords.get(pair)
    if (known) known.add(word)
    else pairWords.set(pair, new Set([word]))
  }
  parts.forEach((part, word) => {
    for (let at = 1; at < part.length; at++) count(pairOf(part[at - 1]!, part[at]!), word, entries[word]![1])
  })
  for (const [pair, total] of pairCounts) heap.push(total, pair)

  while (names.length < wanted) {
    const top = heap.pop()
    if (!top) break
    const current = pairCounts.get(top.key) ?? 0
    if (current !== top.priority) {
      // Counts have changed since it was put there; it goes back to its place.
      if (current > 0 && current < top.priority) heap.push(current, top.key)
      continue
    }
    const [left, right] = [Math.floor(top.key / pairBase), top.key % pairBase]
    const merged = intern(names[left]! + names[right]!.slice(continuing.length))
    const touched = new Set<number>()
    for (const word of pairWords.get(top.key) ?? []) {
      const part = parts[word]!
      const weight = entries[word]![1]
      for (let at = 0; at + 1 < part.length; at++) {
        if (part[at] !== left || part[at + 1] !== right) continue
        const before = part[at - 1]
        const after = part[at + 2]
        if (before !== undefined) {
          count(pairOf(before, left), word, -weight)
          count(pairOf(before, merged), word, weight)
          touched.add(pairOf(before, merged))
        }
        if (after !== undefined) {
          count(pairOf(right, after), word, -weight)
          count(pairOf(merged, after), word, weight)
          touched.add(pairOf(merged, after))
        }
        part.splice(at, 2, merged)
      }
    }
    pairCounts.delete(top.key)
    pairWords.delete(top.key)
    for (const pair of touched) {
      const total = pairCounts.get(pair) ?? 0
      if (total > 0) heap.push(total, pair)
    }
  }
  return names
}

function keepMostUsed(symbols: readonly string[], entries: Entries, size: number): string[] {
  const known = new Set(symbols)
  const longest = Math.max(...symbols.map((symbol) => symbol.length))
  const used = new Map<string, number>(symbols.map((symbol) => [symbol, 0]))
  for (const [word, total] of entries) {
    for (const piece of splitGreedily(word, known, longest) ?? []) used.set(piece, used.get(piece)! + total)
  }
  // Single characters stay, so that no word of theirs is unknown.
  const isCharacter = (symbol: string): boolean => [...symbol.replace(/^##(?=.)/u, '')].length === 1
  const ranked = [...used].sort(
    ([a, countA], [b, countB]) =>
      Number(isCharacter(b)) - Number(isCharacter(a)) || countB - countA || (a < b ? -1 : 1),
  )
  return [...specialTokens, ...ranked.slice(0, size - specialTokens.length).map(([symbol]) => symbol)]
}

/** Symbols are numbered below this, so that a pair of them is one exact number. */
const pairBase = 2 ** 24
const pairOf = (left: number, right: number): number => left * pairBase + right

interface HeapEntry {
  priority: number
  key: number
}

/** Highest priority first; of equal ones the smaller key. */
function createHeap(): { push(priority: number, key: number): void; pop(): HeapEntry | undefined } {
  const items: HeapEntry[] = []
  const before = (a: HeapEntry, b: HeapEntry): boolean =>
    a.priority > b.priority || (a.priority === b.priority && a.key < b.key)
  return {
    push(priority, key) {
      let at = items.push({ priority, key }) - 1
      while (at > 0) {
        const parent = (at - 1) >> 1
        if (!before(items[at]!, items[parent]!)) break
        ;[items[at], items[parent]] = [items[parent]!, items[at]!]
        at = parent
      }
    },
    pop() {
      const top = items[0]
      const last = items.pop()
      if (!top || !last || items.length === 0) return top
      items[0] = last
      for (let at = 0; ;) {
        const left = 2 * at + 1
        if (left >= items.length) break
        const right = left + 1
        const best = right < items.length && before(items[right]!, items[left]!) ? right : left
        if (!before(items[best]!, items[at]!)) break
        ;[items[at], items[best]] = [items[best]!, items[at]!]
        at = best
      }
      return top
    },
  }
}
