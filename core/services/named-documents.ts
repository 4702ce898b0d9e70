import { asksForOverview } from '../flows/asks-for-overview.ts'
import type { DocumentLibrary } from '../library/documents.ts'
import type { CollectionId, DocumentId } from '../shared/ids.ts'

/** More names in one question are a list of files, and no wish to read these alone. */
const mostNamed = 5
/** UTF-16 code units of a title, or of a file's name without its ending: shorter ones are words as well. */
const shortestWithoutEnding = 4
/** A longer question is a text, which may name files without being about them. */
const longestQuestion = 400
const fileName = /\.[a-z][a-z0-9]{0,7}(?![\p{L}\p{N}])/iu

export interface NamedDocuments {
  documentIds: DocumentId[]
  /** For a person: that only these are asked. */
  note: string
}

/**
 * The documents that a question names and is therefore asked of: by their file names ('What does plan.pdf say of …?'), and
 * where it asks what a document says as a whole, also by title or by the name without its ending ('Summarise the plan').
 * Undefined where it names none.
 */
export function namedDocuments(
  question: string,
  collectionIds: readonly CollectionId[],
  { documents }: { documents: Pick<DocumentLibrary, 'namedIn'> },
): NamedDocuments | undefined {
  const isOverview = asksForOverview(question)
  if (question.length > longestQuestion || (!isOverview && !fileName.test(question))) return undefined
  const found = documents.namedIn(collectionIds, question, mostNamed * 4).flatMap(({ id, name, title }) => {
    const stem = name.replace(/\.[^.]*$/u, '')
    const loose = isOverview ? [stem, title ?? ''].filter((words) => words.length >= shortestWithoutEnding) : []
    const spans = [
      ...(fileName.test(name) ? [name] : []).flatMap((words) => spanOf(words, question) ?? []),
      ...loose.flatMap((words) => spanOf(words, question) ?? []).filter((span) => isMeant(span, question)),
    ]
    const [longest] = spans.toSorted((a, b) => b.end - b.start - (a.end - a.start))
    return longest ? [{ id, name, ...longest }] : []
  })
  // 'plan.pdf' is not named by 'old plan.pdf'.
  const named = found.filter(
    (one) =>
      !found.some(
        (other) => other.start <= one.start && other.end >= one.end && other.end - other.start > one.end - one.start,
      ),
  )
  if (named.length === 0 || named.length > mostNamed) return undefined
  const names = [...new Set(named.map(({ name }) => `“${name}”`))].join(', ')
  return { documentIds: named.map(({ id }) => id), note: `Asked only of ${names}, which the question names.` }
}

/** One plain word is a name where the question ends with it: 'Summarise the plan', and not 'an overview of plan options'. */
function isMeant({ start, end }: { start: number; end: number }, question: string): boolean {
  return /[^\p{L}]/u.test(question.slice(start, end)) || afterName.test(question.slice(end))
}
const afterName = /^["'”’»“]?(?:\s+(?:documents?|files?|papers?|dokument|datei|please|bitte|for me))*[\s?.!]*$/iu

/** Where words stand in a text as words of their own. */
function spanOf(words: string, text: string): { start: number; end: number } | undefined {
  const start = text.toLowerCase().indexOf(words.toLowerCase())
  if (start < 0) return undefined
  const end = start + words.length
  const inWord = /[\p{L}\p{N}_-]/u
  const isWord = !inWord.test(text[start - 1] ?? ' ') && !inWord.test(text[end] ?? ' ')
  return isWord ? { start, end } : undefined
}
