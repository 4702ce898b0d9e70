/** What a sentence claims word for word: what it quotes, and its figures. */
export interface Claims {
  quotes: string[]
  figures: string[]
}

/** A quotation of fewer words is a way of speaking. */
const leastWords = 2

const quotation =
  /"([^"\n]{3,600})"|“([^”\n]{3,600})”|„([^“”\n]{3,600})[“”]|«([^»\n]{3,600})»|»([^«\n]{3,600})«|「([^」\n]{3,600})」/gu
/** The number of an item in a list that the answer itself makes is no figure of a source. */
const listNumber = /^\s*(?:[-*•]\s+)?(?:\(?\d{1,2}[.)])(?=\s)/u
/** 12 000, with a space of any width. */
const spacedThousands = /(?<![\d.,])\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?!\d)/gu
const figure = /\d+(?:[.,:’']\d+)*/gu

export function claimsOf(sentence: string): Claims {
  const quotes = [...sentence.matchAll(quotation)]
    .map((found) => found.slice(1).find((text) => text !== undefined) ?? '')
    // What was left out within a quotation is not to be found.
    .flatMap((text) => text.split(/\s*(?:…|\.{3}|\[[^\]]*\])\s*/u))
    .filter(
      (text) =>
        plain(text).split(' ').length >= leastWords ||
        /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]{4}/u.test(text),
    )
  const told = sentence.replace(listNumber, ' ').replaceAll(spacedThousands, (run) => run.replaceAll(/\D/gu, ''))
  return { quotes, figures: [...new Set(told.match(figure) ?? [])] }
}

/** Those claims that the text does not have: a quotation word for word, a figure in any of the ways to write it. */
export function missingFrom(claims: Claims, text: string): Claims {
  const words = ` ${plain(text)} `
  const unspaced = words.replaceAll(' ', '')
  const figures = new Set(figuresIn(text).flatMap(waysToWrite))
  return {
    quotes: claims.quotes.filter((quote) => {
      const sought = plain(quote)
      return sought !== '' && !words.includes(` ${sought} `) && !unspaced.includes(sought.replaceAll(' ', ''))
    }),
    figures: claims.figures.filter((each) => !waysToWrite(each).some((way) => figures.has(way))),
  }
}

export function isEmpty({ quotes, figures }: Claims): boolean {
  return quotes.length === 0 && figures.length === 0
}

/** Letters and digits, in small letters: quotation marks, hyphens at line ends and marks of Markdown differ. */
function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/\u00ad/gu, '')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

function figuresIn(text: string): string[] {
  const written = text.normalize('NFKC')
  const words = [...written.toLowerCase().matchAll(/\p{L}+/gu)].flatMap(([word]) => numberWords.get(word) ?? [])
  return [
    ...(written.match(figure) ?? []),
    ...(written.match(spacedThousands) ?? []).map((run) => run.replaceAll(/\D/gu, '')),
    ...words,
  ]
}

/** '1,500' is 1500, '1,5' is 1.5, '03' is 3, '08:00' is 8:00; each part of a time or date stands for itself too. */
function waysToWrite(written: string): string[] {
  const isGrouped = /^[1-9]\d{0,2}(?:[.,’']\d{3})+$/u.test(written)
  const digits = isGrouped ? [written.replaceAll(/\D/gu, '')] : []
  // A point may be either; a comma before three digits is seldom anything else.
  const decimal = isGrouped && !/^\d+\.\d+$/u.test(written) ? [] : [written.replaceAll(/[,’']/gu, '.')]
  const ways = [...decimal, ...digits].map((way) => way.replaceAll(/(?<![\d.])0+(?=\d)/gu, ''))
  // 1.50 is 1.5.
  return [...new Set(ways.flatMap((way) => [way, /^\d+\.\d+$/u.test(way) ? way.replace(/\.?0+$/u, '') : way]))]
}

const numberWords = new Map<string, string>(
  [
    'zero null',
    'one once single ein eine einen einem einer eins einmal',
    'two twice both double zwei zweimal beide',
    'three thrice drei dreimal',
    'four vier',
    'five fünf',
    'six sechs',
    'seven sieben',
    'eight acht',
    'nine neun',
    'ten zehn',
    'eleven elf',
    'twelve dozen zwölf dutzend',
    'thirteen dreizehn',
    'fourteen vierzehn fortnight',
    'fifteen fünfzehn',
    'sixteen sechzehn',
    'seventeen siebzehn',
    'eighteen achtzehn',
    'nineteen neunzehn',
    'twenty zwanzig',
  ]
    .flatMap((words, value) => words.split(' ').map((word): [string, string] => [word, String(value)]))
    .concat([
      ['thirty', '30'],
      ['dreißig', '30'],
      ['forty', '40'],
      ['vierzig', '40'],
      ['fifty', '50'],
      ['fünfzig', '50'],
      ['sixty', '60'],
      ['sechzig', '60'],
      ['seventy', '70'],
      ['siebzig', '70'],
      ['eighty', '80'],
      ['achtzig', '80'],
      ['ninety', '90'],
      ['neunzig', '90'],
      ['hundred', '100'],
      ['hundert', '100'],
      ['thousand', '1000'],
      ['tausend', '1000'],
    ]),
)
