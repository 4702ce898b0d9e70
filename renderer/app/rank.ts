/**
 * The items whose text holds every word of the query, best first: words at the beginning of the text, then at the
 * beginning of a word, then anywhere; shorter texts before longer; otherwise in the order in which they came.
 */
export function rank<Item>(items: readonly Item[], query: string, textOf: (item: Item) => string): Item[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return [...items]
  const scored: { item: Item; score: number; length: number }[] = []
  for (const item of items) {
    const text = textOf(item).toLocaleLowerCase()
    let score = 0
    for (const word of words) {
      const at = text.indexOf(word)
      if (at < 0) {
        score = -1
        break
      }
      score += at === 0 ? 4 : startsWord(text, at) || startsWordLater(text, word, at) ? 2 : 1
    }
    if (score >= 0) scored.push({ item, score, length: text.length })
  }
  return scored.sort((a, b) => b.score - a.score || a.length - b.length).map(({ item }) => item)
}

function startsWord(text: string, at: number): boolean {
  return !/[\p{L}\p{N}]/u.test(text[at - 1] ?? ' ')
}

function startsWordLater(text: string, word: string, from: number): boolean {
  for (let at = text.indexOf(word, from + 1); at >= 0; at = text.indexOf(word, at + 1)) {
    if (startsWord(text, at)) return true
  }
  return false
}
