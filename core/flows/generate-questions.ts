import type { QuestionMaker } from '../contract/datasets.ts'
import { cellSpans, type Element } from '../contract/parsed-document.ts'
import { plainText } from '../generators/extractive/plain-text.ts'
import { splitRow } from '../generators/extractive/tables.ts'
import { sentenceSpans } from '../generators/extractive/units.ts'
import { fold, wordsOf } from '../generators/extractive/words.ts'
import { type Language, languageOf } from '../indexes/stop-words.ts'
import { headingTitle } from '../shared/heading-title.ts'
import { sha256 } from '../shared/hash.ts'
import type { DocumentId } from '../shared/ids.ts'
import { type QuestionWording, questionWordings } from './question-languages.ts'

export interface QuestionSource {
  id: DocumentId
  path: string
  /** What a person calls it: its title, else its file name. */
  title: string
  text: string
  elements: readonly Element[]
}

/** A question that somebody may want to ask, with the passage that answers it. */
export interface ProposedQuestion {
  documentId: DocumentId
  path: string
  maker: QuestionMaker | 'model'
  question: string
  answer: string | null
  start: number
  end: number
  /** The words of the passage. */
  text: string
}

/**
 * Questions that a document's structure gives, without a language model, the same ones each time:
 *
 * - 'heading': what a section says about its heading; a heading that is a question is asked as it is;
 * - 'definition': "X is a …" answers "What is X?";
 * - 'cell': the value of a column for the thing that a table's row is about;
 * - 'cloze': a sentence with a number, a date or a name in it, with that left out.
 *
 * The first three are worded in the document's language, where that is one of those that there are words for: English,
 * and those of `question-languages.ts`. Of other documents there are none of them.
 */
export function* questionsOf(
  source: QuestionSource,
  makers: readonly QuestionMaker[],
): Generator<ProposedQuestion, void, undefined> {
  const language = languageFor(source.text)
  const wording = language === 'en' ? english : language && questionWordings[language]
  if (wording) {
    if (makers.includes('definition')) yield* definitions(source, wording)
    if (makers.includes('heading')) yield* headings(source, wording)
    if (makers.includes('cell')) yield* cells(source, wording)
  }
  if (makers.includes('cloze')) yield* clozes(source)
}

const longestPassage = 600

function* headings(source: QuestionSource, wording: QuestionWording): Generator<ProposedQuestion> {
  const { elements, text } = source
  const title = shortTitle(source)
  const seen = new Map<string, number>()
  for (const { kind, start, end } of elements) {
    if (kind !== 'heading') continue
    const key = fold(headingTitle(text.slice(start, end)))
    seen.set(key, (seen.get(key) ?? 0) + 1)
  }
  for (const [index, element] of elements.entries()) {
    const body = elements[index + 1]
    if (element.kind !== 'heading' || !body || !['paragraph', 'list-item', 'table', 'quote'].includes(body.kind))
      continue
    const heading = plainText(headingTitle(text.slice(element.start, element.end)))
    const about = heading.replace(/^(?:(?:[0-9]+|[IVX]+|[A-Z])[.):]?(?:[0-9]+[.)]?)*\s+)/, '').replace(/[:.]$/, '')
    // A section that has a namesake cannot be told from it; the title's own section is the whole document.
    if (
      seen.get(fold(headingTitle(text.slice(element.start, element.end)))) !== 1 ||
      fold(source.title).startsWith(fold(about))
    )
      continue
    const isQuestion = /^¿?\p{Lu}.{8,}\?$/u.test(heading)
    if (!isQuestion && !isTopic(about, wording)) continue
    const question = isQuestion ? heading : wording.heading(title, about)
    yield made(source, 'heading', question, null, body.start, Math.min(body.end, sectionEnd(elements, index, text)))
  }
}

/** The paragraphs under a heading as far as they fit: a list and its sentence belong together. */
function sectionEnd(elements: readonly Element[], heading: number, text: string): number {
  const first = elements[heading + 1]!
  let end = first.end
  for (let index = heading + 2; index < elements.length; index++) {
    const element = elements[index]!
    if (element.kind !== 'list-item' || element.end - first.start > longestPassage) break
    end = element.end
  }
  if (end - first.start <= longestPassage) return end
  const sentences = sentenceSpans(text, first.start, first.end).filter(
    (span) => span.end - first.start <= longestPassage,
  )
  return sentences.at(-1)?.end ?? first.end
}

const definition =
  /^(?:(?:The|A|An) )?([\p{L}\p{N}][\p{L}\p{N}'’()/-]*(?: [\p{L}\p{N}'’()/-]+){0,5}?) (is|are|means|refers to|stands for|denotes) ((?:an?|the|any|all|every|one of|short for|used to|responsible for) (?!reason|same|first|only|accepted)[^ ]+ .{8,})$/u

function* definitions(source: QuestionSource, wording: QuestionWording): Generator<ProposedQuestion> {
  for (const { start, end, sentence } of sentencesOf(source, ['paragraph', 'list-item'])) {
    const found = wording.definition(sentence)
    if (found) yield made(source, 'definition', found.question, found.answer.replace(/\.$/, ''), start, end)
  }
}

/** 'X is a …' */
function definitionInEnglish(sentence: string): { question: string; answer: string } | undefined {
  const [, subject, verb, answer] = definition.exec(sentence) ?? []
  if (subject === undefined || verb === undefined || answer === undefined || !isSubject(subject)) return undefined
  const article = /^(The|A|An) /.exec(sentence)?.[1]?.toLowerCase()
  const thing = article === 'the' ? `the ${subject}` : article ? `${article} ${subject}` : subject
  const question =
    verb === 'is' || verb === 'are' ? `What ${verb} ${thing}?` : `What does ${thing} ${verb.replace(/s( |$)/, '$1')}?`
  return { question, answer }
}

function* cells(source: QuestionSource, wording: QuestionWording): Generator<ProposedQuestion> {
  const { text } = source
  const title = shortTitle(source)
  for (const table of source.elements) {
    if (table.kind !== 'table' || !table.rows || !table.headerRows) continue
    const valuesOf = (row: (typeof table.rows)[number]): string[] => {
      const spans = cellSpans(row)
      const texts =
        spans.length > 0
          ? spans.map(({ start, end }) => text.slice(start, end))
          : splitRow(text.slice(row.start, row.end), '|')
      return texts.map(plainText)
    }
    const [head] = table.rows
    const header = head ? valuesOf(head) : []
    const rows = table.rows.slice(table.headerRows).map((row) => ({ ...row, values: valuesOf(row) }))
    const labels = rows.map(({ values }) => fold(values[0] ?? ''))
    for (const [index, row] of rows.entries()) {
      const label = row.values[0] ?? ''
      if (!isLabel(label) || labels.indexOf(labels[index]!) !== labels.lastIndexOf(labels[index]!)) continue
      // One column a row, another one each time: a table of fifty columns is not fifty questions of one thing.
      const columns = header.map((_, column) => column).slice(1)
      const wanted = columns.map((_, step) => columns[(index + step) % columns.length]!)
      const column = wanted.find((each) => isColumn(header[each] ?? '') && isValue(row.values[each] ?? ''))
      if (column === undefined) continue
      const question = wording.cell(title, header[column]!, label)
      yield made(source, 'cell', question, row.values[column]!, row.start, row.end)
    }
  }
}

/** What is worth leaving out: an amount with its unit, a date, a time, a name of several words. */
const keyTerm =
  /(?<![\p{L}\p{N}.,])(?:\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December)(?: \d{4})?|\d{1,2}:\d{2}|[£$€]\s?\d[\d.,]*(?:\s?(?:million|billion))?|\d[\d.,]*(?:\s?(?:%|°C|°|[kKmMcG]?[mgWVALsh]\b|km|mm|cm|kg|mg|psu|bar|knots?|people|persons?|days?|weeks?|months?|years?|hours?|minutes?|seconds?|percent|Prozent|Tage|Stunden|Minuten|Jahre)))(?![\p{L}\p{N}])/gu

function* clozes(source: QuestionSource): Generator<ProposedQuestion> {
  for (const { start, end, sentence } of sentencesOf(source, ['paragraph', 'list-item'])) {
    const terms = [...sentence.matchAll(keyTerm)]
    const term = terms[0]
    // With several amounts nobody can say which one is meant from the sentence alone.
    if (!term || terms.length > 2 || sentence.length < 50 || sentence.length > 260) continue
    const answer = term[0].replace(/[.,]$/, '')
    const question = `${sentence.slice(0, term.index)}____${sentence.slice(term.index + answer.length)}`
    if (contentWords(question).length < 5) continue
    yield made(source, 'cloze', question, answer, start, end)
  }
}

interface Sentence {
  start: number
  end: number
  sentence: string
}

/** Whole sentences that stand by themselves: nothing that "it" or "this" of the sentence before is needed for. */
function* sentencesOf({ text, elements }: QuestionSource, kinds: readonly Element['kind'][]): Generator<Sentence> {
  for (const element of elements) {
    if (!kinds.includes(element.kind)) continue
    for (const { start, end } of sentenceSpans(text, element.start, element.end)) {
      const sentence = plainText(text.slice(start, end)).replaceAll(/\s+/g, ' ').trim()
      if (sentence.length < 30 || sentence.length > 400 || !/^\p{Lu}.*[.!]$/u.test(sentence)) continue
      if (!leansOnContext(sentence)) yield { start, end, sentence }
    }
  }
}

const leaning =
  /^(?:It|Its|This|That|These|Those|They|Their|He|His|She|Her|We|Our|You|Your|I|My|There|Here|Such|Both|Either|Neither|Each|Some|Others?|However|Therefore|Thus|Then|Also|But|And|Or|So|If so|Er|Sie|Es|Dies\p{L}*|Das|Man|Wir|Ihr\p{L}*|Il|Elle|Ils|Elles|Ce|Cet|Cette|Ces|Cela|Nous|Vous|Este|Esta|Estos|Estas|Ese|Esa|Esto|Eso)(?!\p{L})/u

function leansOnContext(sentence: string): boolean {
  return leaning.test(sentence)
}

/** Web pages have the site's name behind their own, and papers a subtitle. */
function shortTitle({ title }: QuestionSource): string {
  const [first = title] = title.split(/ [|·] |: /)
  return first.length >= 8 ? first : title
}

/** Words that make a phrase lean on what is around it, or no name of a thing. */
const leaningWord =
  /(?:^|\s)(?:it|they|them|he|she|we|you|there|this|that|these|those|which|who|two|difference|in|on|at|by|for|from|with|without|under|over|during|after|before|until|since|if|when|while|as|because|not)(?:\s|$)/i

function isSubject(subject: string): boolean {
  const words = subject.split(' ')
  if (leaningWord.test(subject)) return false
  if (words.length > 6 || leansOnContext(`${upperFirst(subject)} `)) return false
  return (
    contentWords(subject).length > 0 &&
    !/^(?:what|which|who|when|where|one|all|most|many|only|same|first|last|other|following|purpose|aim|reason|result|case|number)\b/i.test(
      subject,
    )
  )
}

const emptyTopicsInEnglish = new Set(
  'words introduction overview summary conclusion conclusions contents references notes note appendix annex abstract background general other details more example examples acknowledgements index glossary faq scope purpose discussion results methods miscellaneous agenda present apologies signatures signature date'.split(
    ' ',
  ),
)

function isTopic(topic: string, { emptyTopics }: QuestionWording): boolean {
  const words = topic.split(' ')
  if (words.length > 12 || topic.length < 4 || topic.length > 100 || !/\p{L}{3}/u.test(topic)) return false
  return contentWords(topic).some((word) => !emptyTopics.has(word))
}

function isLabel(cell: string): boolean {
  return cell.length >= 3 && cell.length <= 80 && /\p{L}{2}/u.test(cell) && cell.split(' ').length <= 10
}

function isColumn(cell: string): boolean {
  return (
    cell.length >= 2 &&
    cell.length <= 50 &&
    /\p{L}{2}/u.test(cell) &&
    !/^(?:notes?|comments?|remarks?|column \d+|bemerkung(?:en)?|notiz(?:en)?|remarques?|notas?|observaciones)$/i.test(
      cell,
    )
  )
}

function isValue(cell: string): boolean {
  return (
    cell.length > 0 &&
    cell.length <= 120 &&
    /[\p{L}\p{N}]/u.test(cell) &&
    !/^(?:n\/?a|none|unknown|tbd|yes|no|ja|nein|keine?|unbekannt|oui|non|inconnu|sí|ninguno|desconocido)$/i.test(cell)
  )
}

function made(
  { id, path, text }: QuestionSource,
  maker: QuestionMaker,
  question: string,
  answer: string | null,
  start: number,
  end: number,
): ProposedQuestion {
  return { documentId: id, path, maker, question, answer, start, end, text: text.slice(start, end) }
}

export interface Choice {
  kept: ProposedQuestion[]
  /** Why others were not kept. */
  dropped: Record<string, number>
}

/**
 * The questions to propose, at most `limit`: spread over documents and kinds, none like another, none whose passage
 * stands elsewhere too, each one with words that lead to its passage.
 */
export function chooseQuestions(
  proposed: readonly ProposedQuestion[],
  { limit, known, seed }: { limit: number; known: readonly string[]; seed: number },
): Choice {
  const dropped: Record<string, number> = {}
  const drop = (reason: string): false => {
    dropped[reason] = (dropped[reason] ?? 0) + 1
    return false
  }
  const passages = new Map<string, number>()
  const passageKey = ({ text }: ProposedQuestion): string => sha256(fold(text).replaceAll(/\s+/g, ' '))
  const placesSeen = new Set<string>()
  for (const each of proposed) {
    const place = `${each.documentId} ${each.start}`
    if (placesSeen.has(place)) continue
    placesSeen.add(place)
    const key = passageKey(each)
    passages.set(key, (passages.get(key) ?? 0) + 1)
  }
  const alike = createLikeness()
  for (const question of known) alike.add(question)
  const kept: ProposedQuestion[] = []
  const usedPlaces = new Set<string>()
  for (const each of inTurns(proposed, seed)) {
    if (kept.length >= limit) break
    const place = `${each.documentId} ${each.start}`
    const isGood =
      (isWellFormed(each.question) || drop('not a clear question')) &&
      (passages.get(passageKey(each)) === 1 || drop('the passage is there more than once')) &&
      (leadsToPassage(each) || drop('its words do not lead to the passage')) &&
      (!usedPlaces.has(place) || drop('another question has the same passage')) &&
      (!alike.has(each.question) || drop('like another question'))
    if (!isGood) continue
    usedPlaces.add(place)
    alike.add(each.question)
    kept.push(each)
  }
  return { kept, dropped }
}

/** One question of each document after the other, kinds in turn, so that a few are about everything. */
function* inTurns(proposed: readonly ProposedQuestion[], seed: number): Generator<ProposedQuestion> {
  const key = (each: ProposedQuestion): string => sha256(`${seed}\n${each.path}\n${each.question}`)
  const byDocument = [...Map.groupBy(proposed, ({ documentId }) => documentId).values()].map((questions) => {
    const byMaker = [...Map.groupBy(questions, ({ maker }) => maker).values()].map((each) =>
      each
        .map((question) => ({ question, key: key(question) }))
        .sort((a, b) => (a.key < b.key ? -1 : 1))
        .map(({ question }) => question),
    )
    return interleave(byMaker)
  })
  yield* interleave(byDocument)
}

function interleave<Item>(lists: readonly (readonly Item[])[]): Item[] {
  const longest = lists.reduce((most, list) => Math.max(most, list.length), 0)
  const items: Item[] = []
  for (let index = 0; index < longest; index++) {
    for (const list of lists) if (index < list.length) items.push(list[index]!)
  }
  return items
}

export function isWellFormed(question: string): boolean {
  const words = wordsOf(question).length
  const isLong = question.length > 300 || words > 50
  const needsContext = /\b(?:this|the) (?:passage|text|document|paragraph|excerpt|section|article|author|table)\b/i
  const pronounOnly =
    /^(?:what|who|where|when|why|how|which)\b[^?]{0,20}\b(?:it|they|he|she|this|that|these|those)\b\s*\??$/i
  return words >= 3 && !isLong && !needsContext.test(question) && !pronounOnly.test(question.trim())
}

/** At least two of its content words, or all of few, are in the passage or in what the passage is under. */
function leadsToPassage({ question, text, path, maker }: ProposedQuestion): boolean {
  if (maker === 'heading') return true
  const passage = new Set([...stemsOf(text), ...stemsOf(path)])
  const words = [...stemsOf(question)]
  const shared = words.filter((word) => passage.has(word)).length
  return shared >= Math.min(2, words.length) && shared > 0
}

const likeEnough = 0.8
const mostCompared = 200

/** Whether a question is like one of those before it: Jaccard's measure over word stems. */
export function createLikeness(): { has(question: string): boolean; add(question: string): void } {
  const sets: Set<string>[] = []
  const byWord = new Map<string, number[]>()
  return {
    has(question) {
      const words = stemsOf(question)
      // Two sets so alike share one of the rarer words, so only those that have one need to be looked at.
      const rare = [...words].sort((a, b) => (byWord.get(a)?.length ?? 0) - (byWord.get(b)?.length ?? 0))
      const most = words.size - Math.ceil(words.size * likeEnough) + 1
      const near = new Set(rare.slice(0, most).flatMap((word) => (byWord.get(word) ?? []).slice(-mostCompared)))
      return [...near].some((index) => jaccard(words, sets[index]!) >= likeEnough)
    },
    add(question) {
      const words = stemsOf(question)
      for (const word of words) {
        const list = byWord.get(word)
        if (list) list.push(sets.length)
        else byWord.set(word, [sets.length])
      }
      sets.push(words)
    },
  }
}

function jaccard(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let shared = 0
  for (const word of one) if (other.has(word)) shared += 1
  const all = one.size + other.size - shared
  return all === 0 ? 1 : shared / all
}

const questionWords = new Set(
  // Of the other languages those that mean nothing in English.
  (
    'what which who whom whose when where why how is are was were be been do does did the a an of to in on at for by with from and or not it its as that this say about ' +
    'ist sind ein eine einer der das den dem steht gibt als fur zu que quoi qu est sont un une le la les des dit propos donne comme ' +
    'es una los las el dice sobre para'
  ).split(' '),
)

function stemsOf(text: string): Set<string> {
  return new Set(
    wordsOf(text)
      .filter(({ folded }) => !questionWords.has(folded))
      .map(({ stem }) => stem),
  )
}

function contentWords(text: string): string[] {
  return wordsOf(text)
    .map(({ folded }) => folded)
    .filter((word) => !questionWords.has(word))
}

/** Undefined: a language that there are no words for here, or none that can be told. */
function languageFor(text: string): Language | undefined {
  const words = wordsOf(text.slice(0, 20_000))
  const other = languageOf(words.map(({ surface }) => surface.toLowerCase()))
  if (other !== undefined && other !== 'en') return other
  if (words.length < 12) return /^[\u0000-\u007f\u2000-\u20cf\s]*$/.test(text) ? 'en' : undefined
  const common = words.filter(({ folded }) => englishWords.has(folded)).length
  return common / words.length > 0.08 || /^[\d\s.,|;:-]*$/.test(text) ? 'en' : undefined
}

const englishWords = new Set('the of and to is in for with that on are by be from at as this or it not'.split(' '))

const english: QuestionWording = {
  heading: (title, topic) => `What does “${title}” say about ${lowerFirst(topic)}?`,
  cell: (title, column, label) => `What does “${title}” give as “${column}” for ${label}?`,
  definition: definitionInEnglish,
  emptyTopics: emptyTopicsInEnglish,
}

function lowerFirst(text: string): string {
  // "The tide gauge" becomes "the tide gauge"; "ADCP loans" and "Fulmar" stay.
  return /^\p{Lu}\p{Ll}+ \p{Ll}/u.test(text) || /^(?:The|A|An) /.test(text)
    ? text[0]!.toLowerCase() + text.slice(1)
    : text
}

function upperFirst(text: string): string {
  return text === '' ? text : text[0]!.toUpperCase() + text.slice(1)
}
