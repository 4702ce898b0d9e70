import type { GeneratorDependencies } from '../generator.ts'
import { isUnspaced } from './words.ts'

/** Words of the passages beyond these are not compared by vector. */
const maxWords = 700
/** A cosine so many standard deviations above a term's mean with all words of the passages says nothing yet … */
const noise = 2.8
/** … and so many more say as much as vectors of single words can. */
const span = 4
const most = 0.75

/**
 * How alike each term is to each word by the embedding model: per term a map from folded word to 0 … 0.75, without
 * those that are 0. A cosine is judged against the term's cosines with all the words, because models differ in where
 * unrelated words lie. Only words that are one token of the model take part: of others it knows the spelling at best.
 */
export async function likenesses(
  terms: readonly string[],
  words: Iterable<string>,
  { embed, dimensions, tokenizer }: Pick<GeneratorDependencies, 'embed' | 'dimensions' | 'tokenizer'>,
): Promise<Map<string, number>[]> {
  const known = (word: string): boolean => {
    if (word.length < 3 || /[^\p{L}]/u.test(word) || isUnspaced(word)) return false
    const { ids, unknownId } = tokenizer.encode(word)
    return ids.length === 1 && ids[0] !== unknownId
  }
  const comparable = terms.map(known)
  const chosen: string[] = []
  for (const word of words) {
    if (chosen.length === maxWords) break
    if (known(word)) chosen.push(word)
  }
  const result = terms.map(() => new Map<string, number>())
  if (chosen.length < 20 || !comparable.includes(true)) return result
  const vectors = await embed([...terms, ...chosen], 'passage')
  const cosines = new Float64Array(chosen.length)
  for (const [term, alike] of result.entries()) {
    if (!comparable[term]) continue
    let sum = 0
    let squares = 0
    for (let word = 0; word < chosen.length; word += 1) {
      let dot = 0
      for (let column = 0; column < dimensions; column += 1) {
        dot += (vectors[term * dimensions + column] ?? 0) * (vectors[(terms.length + word) * dimensions + column] ?? 0)
      }
      // A word itself would stretch the scale; the other matches have it.
      cosines[word] = chosen[word] === terms[term] || !Number.isFinite(dot) ? 0 : dot
      sum += cosines[word] ?? 0
      squares += (cosines[word] ?? 0) ** 2
    }
    const mean = sum / chosen.length
    const deviation = Math.sqrt(Math.max(0, squares / chosen.length - mean ** 2))
    if (deviation < 1e-6) continue
    for (let word = 0; word < chosen.length; word += 1) {
      const strength = Math.min(1, ((cosines[word] ?? 0) - mean - noise * deviation) / (span * deviation))
      if (strength > 0) alike.set(chosen[word] as string, most * strength)
    }
  }
  return result
}
