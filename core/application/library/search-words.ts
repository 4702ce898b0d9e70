/** The words of a search, each to be found as it stands, whatever signs it is made of; at most twenty. */
export function searchTerms(query: string): string[] {
  return [...new Set(query.toLowerCase().split(/[\s\p{Cc}]+/u))].filter((term) => term !== '').slice(0, 20)
}

/** One line around the first place where one of the terms stands; the text's beginning where none is seen. */
export function surroundings(text: string, terms: readonly string[], length = 160): string {
  const plain = folded(text)
  const places = terms.map((term) => plain.indexOf(folded(term))).filter((place) => place >= 0)
  const place = places.length === 0 ? 0 : Math.min(...places)
  let start = Math.max(0, place - Math.floor(length / 3))
  // From a word's beginning, where one is near.
  if (start > 0) start = Math.min(place, nextWord(text, start))
  const end = Math.min(text.length, start + length)
  const words = text.slice(start, end).toWellFormed().replaceAll(/\s+/g, ' ').trim()
  return `${start > 0 ? '… ' : ''}${words}${end < text.length ? ' …' : ''}`
}

/** Without capitals and accents, unit by unit, so that places stay what they are. */
function folded(text: string): string {
  return [...text]
    .map((character) => {
      const bare = character.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()
      return bare.length === character.length ? bare : character
    })
    .join('')
}

function nextWord(text: string, from: number): number {
  const space = text.slice(from, from + 30).search(/\s/)
  return space < 0 ? from : from + space + 1
}
