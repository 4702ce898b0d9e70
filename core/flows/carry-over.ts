import type { Exchange } from '../contract/ask.ts'
import { stopWords } from '../indexes/stop-words.ts'

/**
 * Completes a question that follows on another with words of that one, without a language model: 'And in 2023?' after
 * 'What was the rainfall in 2022?' becomes 'What was the rainfall in 2023?', 'Why was it reduced?' gets what it speaks of
 * in brackets. Undefined where the question stands by itself, or where there is no telling: rather none than a wrong one.
 * English, and the plainest forms of German.
 */
export function carryOver(question: string, history: readonly Exchange[]): string | undefined {
  let before: Exchange | undefined
  // A follow-up may follow a follow-up.
  for (const exchange of history.slice(-mostExchanges)) {
    if (courtesy.test(exchange.question)) continue
    before = { ...exchange, question: complete(exchange.question, before) ?? exchange.question }
  }
  return complete(question, before)
}

/** Whether a question leans on what went before, as far as its words show; null: its language is none of those known. */
export function leansOnHistory(question: string, history: readonly Exchange[]): boolean | null {
  const last = history.at(-1)
  if (!last) return false
  if (languageOf(question, last.question) === undefined) return null
  return carryOver(question, history) !== undefined
}

const mostExchanges = 6
/** Whoever writes more says what it is about. */
const longestFollowUp = 200
const longestCarried = 160

function complete(given: string, before: Exchange | undefined): string | undefined {
  const question = given.trim().replaceAll(/\s+/gu, ' ')
  if (!before || question.length > longestFollowUp || courtesy.test(question)) return undefined
  const language = languageOf(question, before.question)
  if (!language) return undefined
  // What was carried over before goes on without brackets of its own.
  const carried = subjectOf(before.question.replaceAll(/ ?\(([^()]{0,200})\)/gu, ', $1'))
  if (carried === '') return undefined
  const connector = connectors[language].exec(question)?.[0] ?? ''
  const rest = question.slice(connector.length)
  const about = topics[language].exec(rest)?.groups?.topic
  if (about !== undefined) return substituted(about, before.question) ?? inBrackets(question, carried)
  if (isFragment(rest, connector !== '', language)) {
    return substituted(rest, before.question) ?? inBrackets(question, carried)
  }
  if (language === 'english' && refersBack(rest)) {
    const isOfPeople = personal.test(rest) || (/\bthey\b|\bthem\b/iu.test(rest) && /^\s*who\b/iu.test(before.question))
    const names = isOfPeople ? namesIn(before.answer, before.question) : []
    return inBrackets(question, [carried, ...names].join(', '))
  }
  const content = contentOf(rest)
  if (content.length === 0 || (language === 'english' && isElliptic(rest))) return inBrackets(question, carried)
  return undefined
}

type Language = 'english' | 'german'

/** That of the question's small words; where it has none, that of the question before. */
function languageOf(question: string, before: string): Language | undefined {
  if (spaceless.test(question)) return undefined
  for (const text of [question, before]) {
    const words = wordsOf(text).map((word) => word.toLowerCase())
    if (words.some((word) => germanOnly.has(word))) return 'german'
    const list = stopWords(words)
    if (list.size === 0) continue
    if (list.has('the')) return 'english'
    return list.has('der') ? 'german' : undefined
  }
  return undefined
}
const spaceless = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Hangul}]/u
/** Those of short questions, where one word decides. */
const germanOnly = new Set([
  'und',
  'oder',
  'für',
  'warum',
  'wieso',
  'weshalb',
  'wann',
  'wer',
  'wie',
  'wo',
  'wozu',
  'ist',
])

const connectors: Record<Language, RegExp> = {
  english: /^(?:(?:and|but|or|so|then|also|ok|okay|well|now|yes|no)\b[\s,:–-]*)+/iu,
  german: /^(?:(?:und|aber|oder|also|auch|ok|gut)\b[\s,:–-]*)+/iu,
}

/** 'What about X?' */
const topics: Record<Language, RegExp> = {
  english:
    /^(?:(?:what|how)\s+(?:about|of)(?!\p{L})|(?:is|does)\s+(?:it|that|this)\s+(?:the\s+same|also|too)\s+(?=for|in|with|on)|(?:the\s+)?same(?:\s+question)?\s+(?=for|in|with|on|about))\s*(?<topic>.+)$/iu,
  german:
    /^(?:was\s+ist\s+mit|wie\s+ist\s+(?:es|das)\s+(?=mit|bei|für)|wie\s+sieht\s+(?:es|das)\s+(?:mit|bei))\s*(?<topic>.+?)(?:\s+aus)?$/iu,
}

const courtesy =
  /^(?:many\s+)?(?:thanks?|thank\s+you|hello|hi|hey|bye|good\s+(?:morning|evening|day)|great|perfect|danke|hallo|tschüss)\b[^?]*$/iu

const asking =
  /^(?:what|which|who|whom|whose|when|where|why|how|was|welche\p{L}*|wer|wen|wem|wann|wo|warum|wieso|weshalb|wie)(?!\p{L})/iu
const helping =
  /^(?:is|are|was|were|am|do|does|did|can|could|may|might|must|shall|should|will|would|has|have|had|isn['’]t|aren['’]t|ist|sind|war|waren|darf|dürfen|kann|können|muss|müssen|soll|sollen|wird|werden|hat|haben|gibt)(?!\p{L})/iu
const anyHelping = new RegExp(`(?<=^|\\s)(?:${helping.source.slice(4)}`, 'iu')
const preposition =
  /^(?:for|in|on|at|under|with|without|during|by|from|before|after|since|until|above|below|as|per|to|within|für|im|bei|mit|ohne|vor|nach|seit|bis|ab|am|unter|über|als|pro)\s/iu

/** A piece of a sentence that only makes sense in place of a piece of another: 'and in winter?', 'the deposit?'. */
function isFragment(rest: string, isConnected: boolean, language: Language): boolean {
  const plain = rest.replace(/[?.!…\s]+$/u, '')
  const words = wordsOf(plain)
  if (words.length === 0 || asking.test(plain) || helping.test(plain)) return false
  // 'And if …': a whole sentence.
  if (/^(?:if|when|because|wenn|falls|weil)\b/iu.test(plain) || anyHelping.test(plain)) return false
  if (requests.test(plain)) return false
  if (language === 'english' && /\b(?:it|they|them|that|this|these|those)\b/iu.test(plain)) return false
  return words.length <= (isConnected ? 8 : preposition.test(plain) ? 5 : 3) && contentOf(plain).length > 0
}

const requests =
  /^(?:please|tell|give|show|explain|list|describe|name|say|compare|find|continue|summari[sz]e|go|erkläre?|nenne?|zeige?)(?!\p{L})/iu

/** A word that stands for something said before, and not for something in the question itself. */
function refersBack(question: string): boolean {
  for (const { index, 0: found } of question.matchAll(pronouns)) {
    const before = question.slice(0, index)
    const after = question.slice(index + found.length)
    const word = found.toLowerCase()
    if (word === 'it' && isEmptyIt(before, after)) continue
    if (/^(?:this|that|these|those)$/u.test(word) && !standsAlone(word, before, after)) continue
    if (
      word === 'there' &&
      (/(?:^|\s)(?:is|are|was|were|be|been|any)\s*$/iu.test(before) || /^\s*(?:is|are|was|were)\b/iu.test(after))
    ) {
      // 'How many were there?' speaks of what was said; 'are there seals?' does not.
      if (contentOf(question).some((other) => !/\p{N}/u.test(other))) continue
    }
    if (word === 'then' && !/(?:since|until|by|before)\s*$/iu.test(before)) continue
    // Said in the question itself: 'when the tank is empty, how long does it …', 'the boat and its crew'.
    const asked = before.replace(asking, '')
    if (contentOf(asked).length > 3) continue
    if (contentOf(asked).length > 0 && (/^(?:its|their|his|her)$/u.test(word) || clauseEnd.test(asked))) continue
    return true
  }
  return others.test(question)
}

/** The question has said something by then, and says something of it. */
const clauseEnd =
  /[,;.]|\b(?:if|when|because|and|or|but|that|which|who|while)\b|\b(?:before|after|once|until|since)\s*$/iu
const pronouns =
  /(?<![\p{L}\p{N}’'-])(?:it|its|they|them|their|theirs|he|him|his|she|her|hers|this|that|these|those|there|then)(?![\p{L}’'-])/giu
const personal = /(?<!\p{L})(?:he|him|his|she|her|hers)(?!\p{L})/iu
const others =
  /\b(?:(?:the|an?|that|this|which|another|each|every)\s+(?:\p{L}+\s+)?ones?(?=\s*[?.!]?$|\s+(?:is|are|was|were|do|does|did|can|may|must|last|cost|take|for|in|on)\b)|the\s+(?:former|latter|same|other|others|rest)(?=\s*[?.!]?$|\s+(?:is|are|was|were|do|does|did|can|may|must)\b)|(?:neither|either|both|all|some|any|none)\s+of\s+(?:them|these|those)|such\s+an?\s+case|in\s+that\s+case)\b/iu

/** 'Is it allowed to …', 'how long does it take to …': it stands for what follows. */
function isEmptyIt(before: string, after: string): boolean {
  if (/\bwhat\s+(?:time|day|date)\s+is\s*$/iu.test(before)) return true
  const isHelped = /(?:^|\s)(?:is|was|does|did|would|will|can|may|how|makes?)\s*$/iu.test(before)
  return isHelped && /\s(?:to|that|for|if|when)\s+\S/iu.test(after) && contentOf(after).length > 1
}

/** Not before a noun that says what is meant, nor as 'the boat that sank'. */
function standsAlone(word: string, before: string, after: string): boolean {
  if (after.trim().replace(/[?.!…]+$/u, '') === '') return true
  if (
    word === 'that' &&
    contentOf(before).length > 0 &&
    !/(?:is|was|does|did|why|before|after|since|about|of|for|with|from)\s*$/iu.test(before)
  )
    return false
  const next = wordsOf(after)[0]?.toLowerCase() ?? ''
  if (ownThings.has(next)) return false
  // 'This rule' speaks of a rule that was spoken of; 'that' before a verb or a small word stands alone.
  return true
}
/** 'This document' is not what was spoken of, but what is read. */
const ownThings = new Set([
  'document',
  'documents',
  'file',
  'files',
  'collection',
  'collections',
  'text',
  'page',
  'pages',
  'report',
  'bot',
  'chat',
  'conversation',
  'year',
  'week',
  'month',
  'morning',
  'place',
])

/** What is asked about is left out: 'How many were counted in 2019?', 'Which is cheapest?', 'Is Kittiwake bigger?'. */
function isElliptic(question: string): boolean {
  const plain = question.replace(/[?.!…\s]+$/u, '')
  if (/^how\s+many\s+(?:was|were|are|did|do|can|may|in|of)\b/iu.test(plain)) return true
  if (
    /^(?:what|which|who)\s+(?:is|was|are|were)\s+(?:the\s+)?(?:\p{L}+est|best|worst|most\s+\p{L}+|least\s+\p{L}+)$/iu.test(
      plain,
    )
  )
    return true
  if (/^(?:what|which|who|whom|how|since|until|by|on|at|in)\b/iu.test(plain) && isBareQuestion.test(plain)) return true
  if (
    /^(?:what|who)\s+(?:is|are|was|were)\s+(?:never|always|also|not|still|only)\b/iu.test(plain) &&
    wordsOf(plain).length <= 6
  )
    return true
  return !/\bthan\b/iu.test(plain) && wordsOf(plain).length <= 5 && comparative.test(plain)
}
/** 'On which channel?', 'by whom?', 'how many days?': an asking word and what it asks for. */
const isBareQuestion =
  /^(?:(?:since|until|by|on|at|in|from|for|to|with)\s+)?(?:what|which|whom|how\s+(?:many|much|long|often|far))(?:\s+\p{L}+)?$/iu
const comparative =
  /\b(?:bigger|larger|smaller|higher|lower|longer|shorter|cheaper|older|newer|younger|faster|slower|deeper|heavier|lighter|stronger|weaker|earlier|later|safer|better|worse|wider|warmer|colder|more|less|fewer)$/iu

/** X in place of what it stands beside in the question before: a year for a year, a name for a name, 'for X' for 'for Y'. */
function substituted(given: string, before: string): string | undefined {
  const topic = given.replace(/[?.!…\s]+$/u, '')
  const asked = before.trim().replace(/[?.!…\s]+$/u, '')
  const replaceLast = (pattern: RegExp, by: string): string | undefined => {
    const last = [...asked.matchAll(pattern)].at(-1)
    return last && `${asked.slice(0, last.index)}${by}${asked.slice(last.index + last[0].length)}?`
  }
  const leading = preposition.exec(topic)?.[0].trim().toLowerCase()
  if (leading !== undefined) {
    const object = topic.slice(leading.length).trim()
    const phrase = new RegExp(`(?<=\\s)${leading}\\s+(?:(?!${phraseEnds.source})[^?,;.])+(?=$|[\\s,;.])`, 'giu')
    const last = [...asked.matchAll(phrase)].at(-1)
    if (last && isAlike(object, last[0].slice(leading.length).trim())) return replaceLast(phrase, topic)
    if (year.test(object) && [...asked.matchAll(years)].length === 1) return replaceLast(years, year.exec(object)![0])
    return undefined
  }
  if (/^(?:1[5-9]|20)\d{2}$/u.test(topic)) return replaceLast(years, topic) ?? undefined
  const names = [...asked.matchAll(nameRun)]
  if (isName(topic) && names.length === 1) {
    // 'And B?' after 'Generator A'.
    return topic.length <= 2
      ? replaceLast(/(?<=\p{L}\s)[\p{Lu}\p{N}]{1,2}(?![\p{L}\p{N}])/gu, topic)
      : replaceLast(nameRun, topic)
  }
  // 'The old rules' for 'the current rules'.
  const head = wordsOf(topic).at(-1)
  if (head !== undefined && wordsOf(topic).length > 1) {
    const phrase = new RegExp(`(?:\\b(?:the|an?|my|our|your)\\s+)?(?:\\p{L}+\\s+)?${escaped(head)}(?!\\p{L})`, 'giu')
    if (new RegExp(`(?<!\\p{L})${escaped(head)}(?!\\p{L})`, 'iu').test(asked)) return replaceLast(phrase, topic)
  }
  return undefined
}
const phraseEnds =
  /\s(?:for|in|on|at|under|with|during|by|from|before|after|since|until|of|to|as|when|and|or|if|für|im|bei|mit|vor|nach|seit|bis|ab|am)\s/iu
const year = /(?<!\d)(?:1[5-9]|20)\d{2}(?!\d)/u
const years = /(?<!\d)(?:1[5-9]|20)\d{2}(?!\d)/gu
/** Words with capitals within a sentence. */
const nameRun = /(?<=\p{Ll}\s)\p{Lu}[\p{L}\p{N}’'-]*(?:\s\p{Lu}[\p{L}\p{N}’'-]*)*/gu

function isName(text: string): boolean {
  return wordsOf(text).every((word) => /^[\p{Lu}\p{N}]/u.test(word))
}

/** A time takes the place of a time, a number that of a number, a word that of a word. */
function isAlike(a: string, b: string): boolean {
  const kind = (text: string): string =>
    year.test(text) || timeWord.test(text) ? 'time' : /\p{N}/u.test(text) ? 'number' : 'word'
  return kind(a) === kind(b)
}
const timeWord =
  /\b(?:january|february|march|april|may|june|july|august|september|october|november|december|spring|summer|autumn|winter|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|week(?:end)?s?|night|morning|evening)\b/iu

/** What a question is about: the question without its asking words, cut to a length. */
function subjectOf(question: string): string {
  const asked = question
    .trim()
    .replaceAll(/[?？!…]+/gu, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim()
    .replace(/[.\s]+$/u, '')
  let rest = asked.replace(connectors.english, '')
  for (;;) {
    const next = rest.replace(leadingWord, '')
    if (next === rest) break
    rest = next
  }
  return contentOf(rest).length === 0 ? '' : rest.slice(0, longestCarried).trim()
}
const leadingWord =
  /^(?:please|tell|me|us|about|what|which|who|whom|whose|when|where|why|how|much|many|long|often|far|is|are|was|were|am|do|does|did|can|could|may|might|must|should|shall|will|would|has|have|had|be|been|there|i|we|you|one|was|welche\p{L}*|wer|wann|wo|warum|wie|bis|seit|ist|sind|war|darf|kann|muss|hat|gibt|es)(?!\p{L})[\s,]*/iu

function inBrackets(question: string, carried: string): string {
  const [, asked = question, mark = '?'] = /^(.*?)\s*([?.!…]*)$/su.exec(question) ?? []
  return `${asked} (${carried})${mark === '' ? '?' : mark}`
}

/** People that the answer spoke of first, for questions about 'her'. */
function namesIn(answer: string, question: string): string[] {
  const told = answer.slice(0, 400).replaceAll(/\s*\[\d+\]/gu, '')
  const known = question.toLowerCase()
  const found = [...told.matchAll(/\p{Lu}[\p{L}’'-]+(?:\s\p{Lu}[\p{L}’'-]+)+/gu)].map(([name]) => name)
  return [...new Set(found)].filter((name) => !known.includes(name.toLowerCase())).slice(0, 2)
}

/** Words that say something: no small words, and none that only ask for more. */
function contentOf(text: string): string[] {
  const words = wordsOf(text)
  const small = stopWords([...words.map((word) => word.toLowerCase()), 'the'])
  return words.filter(
    (word) => !small.has(word.toLowerCase()) && !germanOnly.has(word.toLowerCase()) && !empty.has(word.toLowerCase()),
  )
}
const empty = new Set(
  `tell more explain give example examples detail details say mean means please sure really know elaborate continue go okay
   ok yes no thanks exactly else happen happened happens much many long often far last takes take took must may shall might
   would could anything something someone anybody nobody everybody us ever never still also mehr genau bitte sonst noch`.split(
    /\s+/u,
  ),
)

function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}’'-]*/gu) ?? []
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/gu, '\\$&')
}
