/** The stop-words of the language that a query seems to be in: the list that most of its words are in. */
export function stopWords(words: readonly string[]): ReadonlySet<string> {
  const [best] = counted(words)
  return best && best.count > 0 ? lists[best.language] : none
}

/**
 * The language that a longer text is in, by its small words; undefined: none that is known here, or not to be told from
 * another. `words`: in lower case, with their accents.
 */
export function languageOf(words: readonly string[]): Language | undefined {
  const [best, second] = counted(words)
  if (!best || best.count < leastShare * words.length || best.count === 0) return undefined
  return best.count >= leastLead * (second?.count ?? 0) ? best.language : undefined
}

/** Of running text in one of these languages a third to a half are small words; of tables and lists of names fewer. */
const leastShare = 0.12
/** Spanish and Portuguese, or German and Dutch, have many in common. */
const leastLead = 1.2

function counted(words: readonly string[]): { language: Language; count: number }[] {
  return languages
    .map((language) => ({
      language,
      count: words.reduce((sum, word) => sum + (lists[language].has(word) ? 1 : 0), 0),
    }))
    .sort((a, b) => b.count - a.count)
}

const none: ReadonlySet<string> = new Set()

/**
 * Words that carry meaning in English ("die", "war", "man") are in no other language's list, so that a query in English
 * never loses them.
 */
const wordsByLanguage = {
  /** English */
  en: `a about above after again against all am an and any are as at be because been before being below between both but by
   can could did do does doing down during each few for from further had has have having he her here hers him his how i
   if in into is it its itself just me more most my no nor not now of off on once only or other our out over own same she
   should so some such than that the their them then there these they this those through to too under until up very was
   we were what when where which while who whom why will with would you your`,
  /** German */
  de: `der das den dem des ein eine einer eines einem einen und oder aber nicht ist sind waren wird werden wurde wurden
   haben hatte im auf aus bei mit nach von vom zu zum zur für über unter durch um als auch sich es er sie wir ihr ich wie
   was wer wo wann warum welche welcher welches welchen welchem dass noch nur wenn kann können viele in an am`,
  /** French */
  fr: `le la les un une des du de et ou mais ne pas est sont était ont avec pour par sur dans ce cette ces il elle ils elles
   nous vous je que qui quoi quel quelle quels quelles où quand comment pourquoi se sa ses leur leurs aux au plus y en`,
  /** Spanish */
  es: `el la los las un una unos unas de del y o pero no es son era fue con por para en que qué quién cuál cuáles cuándo
   dónde cómo se su sus al lo más como le les este esta estos estas cuántos cuántas`,
  /** Italian */
  it: `il lo la gli le un uno una di del della dei delle e o ma non è sono era con per in che chi quale quali quando dove
   perché si suo sua al alla nel nella da dal dalla più quanti quante`,
  /** Portuguese */
  pt: `o os as um uma uns umas de do da dos das e ou mas não é são era foi com por para em no na nos nas que quem qual quais
   quando onde como se seu sua ao mais quantos quantas`,
  /** Dutch */
  nl: `de het een en of maar niet zijn werd worden met van voor op aan uit bij naar door om als ook zich hij zij wij ik wat
   wie waar wanneer waarom welke dat deze dit te er hoeveel`,
} as const
export type Language = keyof typeof wordsByLanguage

const languages = Object.keys(wordsByLanguage) as Language[]
const lists = Object.fromEntries(
  languages.map((language) => [language, new Set(wordsByLanguage[language].split(/\s+/))]),
) as unknown as Record<Language, ReadonlySet<string>>
