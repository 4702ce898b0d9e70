import { fold, isUnspaced, wordsOf, type Word } from './words.ts'

/** What kind of thing would answer the question; undefined where its words do not tell. */
export type AnswerType =
  | 'number' | 'duration' | 'frequency' | 'money' | 'measure' | 'time' | 'person' | 'place' | 'reason' | undefined // prettier-ignore

export interface QuestionTerm {
  word: Word
  /** A name, a code or a number: what a right answer can hardly leave out. */
  name: boolean
  /** A word that people exchange freely for another ("get", "allowed", "big"): its absence says little. */
  light: boolean
  /** A word of a sentence that only leads up to the question ("I am diving on my last day."). */
  aside: boolean
}

export interface Question {
  text: string
  /** The words that carry meaning, once each, in order. */
  terms: QuestionTerm[]
  answerType: AnswerType
  /** Index of the term that is asked about by name ("how many otters", "which vaccination"), or -1. */
  focus: number
  /** Whether the focus is counted ("how many"); otherwise its kind is named, and the answer often leaves that out. */
  counts: boolean
  /** Whether it asks for several things or for steps. */
  wantsList: boolean
  /** Folded words of the whole question. */
  folded: ReadonlySet<string>
}

/** Longer questions are read up to here; a person who pastes a page means its beginning. */
const maxQuestionLength = 2000
const maxTerms = 40

export function analyseQuestion(text: string): Question {
  const short = text.slice(0, maxQuestionLength)
  const words = wordsOf(short)
  const stopWords = stopWordsFor(words)
  const seen = new Set<string>()
  const terms: QuestionTerm[] = []
  const capitalised = words.filter((word) => /^\p{Lu}/u.test(word.surface)).length
  // German writes every noun with a capital, and some people write everything so.
  const capitalsTell = stopWords !== german && capitalised <= words.length / 2
  const asked = interrogative(short)
  let first = true
  for (const word of words) {
    const meaningless = stopWords.has(word.folded) || isParticle(word.folded)
    if (!meaningless && !seen.has(word.stem)) {
      seen.add(word.stem)
      const name = /\p{N}/u.test(word.folded) || (capitalsTell && !first && /^\p{Lu}/u.test(word.surface))
      const aside = word.start < asked.start || word.start >= asked.end
      terms.push({ word, name, light: !name && lightWords.has(word.folded), aside })
    }
    first = false
  }
  const kept = terms.length > 0 ? terms : words.map((word) => ({ word, name: false, light: false, aside: false }))
  const folded = fold(short)
  const counted = askedThing.exec(short)
  const focusStart = counted ? counted.index + counted[0].length - (counted[1]?.length ?? 0) : -1
  return {
    counts: counted !== null && /^(?:how|wie|combien|cu)/iu.test(counted[0]),
    focus: kept.slice(0, maxTerms).findIndex(({ word, light }) => word.start === focusStart && !light),
    text: short,
    terms: kept.slice(0, maxTerms),
    answerType: answerTypes.find((type) => type.asked.test(fold(short.slice(asked.start, asked.end))))?.type,
    wantsList: listWishes.some((pattern) => pattern.test(folded)),
    folded: new Set(words.map((word) => word.folded)),
  }
}

/** Whether a text, or the heading above it, has what is asked for and the question did not say: 1, 0; 0.5 for no type. */
export function answersType(question: Question, text: string, heading = ''): number {
  if (question.answerType === undefined) return 0.5
  const fresh = (pattern: RegExp): boolean =>
    text.match(pattern)?.some((found) => !wordsOf(found).every((word) => question.folded.has(word.folded))) ?? false
  switch (question.answerType) {
    case 'number':
      return fresh(/\p{N}+(?:[.,]\p{N}+)*/gu) || fresh(numberWord) ? 1 : 0
    case 'duration':
    case 'frequency':
    case 'money':
    case 'measure':
      return fresh(quantities[question.answerType])
        ? 1
        : fresh(/\p{N}+(?:[.,]\p{N}+)*/gu) || fresh(numberWord)
          ? 0.5
          : 0
    case 'time':
      if (
        fresh(
          /\b(?:1[0-9]|20)\d{2}\b|\b\d{1,2}[:.]\d{2}\b|\d+\s?[年月日号時时點点]|\d{1,2}\.\s?\p{Lu}|\d+(?:st|nd|rd|th)\b/gu,
        )
      )
        return 1
      return fresh(timeWord) ? 1 : /\p{N}/u.test(text) ? 0.5 : 0
    case 'person':
      // Scripts without capitals do not show names.
      if (isUnspaced(text)) return /[·・]|[\p{Script=Han}]{2,}/u.test(text) ? 0.5 : 0
      return fresh(/(?<=[\p{L}\p{N},;:)("'“]\s?)(?<![.!?]\s)\p{Lu}[\p{L}.'’-]+/gu)
        ? 1
        : fresh(/^\p{Lu}[\p{L}'’-]+\s\p{Lu}/gu)
          ? 0.8
          : 0
    case 'place':
      return fresh(placeWord) ? 1 : fresh(/(?<=[\p{L}\p{N},]\s)\p{Lu}[\p{L}'’-]+/gu) ? 0.5 : 0
    case 'reason':
      return reasonWord.test(fold(text)) ||
        /\b(?:why|causes?|reasons?|warum|ursachen?|grunde?)\b|原因/u.test(fold(heading))
        ? 1
        : 0
  }
}

/**
 * The part of the text that ends with the last question mark, back to the sentence's beginning, and of two questions in
 * one ("how much …, and who …") the first; all of it where there is no question mark.
 */
function interrogative(text: string): { start: number; end: number } {
  const end = Math.max(text.lastIndexOf('?'), text.lastIndexOf('？'))
  if (end === -1) return { start: 0, end: text.length }
  const start = Math.max(
    0,
    ...[...text.slice(0, end).matchAll(/[.!。！]\s+(?=\P{Ll})/gu)].map((mark) => mark.index + 1),
  )
  const second = secondQuestion.exec(text.slice(start, end))
  return { start, end: second && second.index > 10 ? start + second.index : end }
}

const secondQuestion = /,? (?:and|und|et|y) (?:what|when|where|which|who|why|how|wie|was|wann|wo|wer|warum)(?!\p{L})/iu

const amount = String.raw`(?<![\p{L}\p{N}])(?:\p{N}+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|half|an?|ein(?:e[nrs]?)?|zwei|drei|vier|einige)`
/** An amount of what is asked for, with its unit. */
const quantities = {
  duration: new RegExp(
    String.raw`${amount}[\s-]?(?:seconds?|secs?|s|minutes?|mins?|hours?|hrs?|h|days?|nights?|weeks?|fortnight|months?|years?|decades?|centur(?:y|ies)|sekunden?|minuten?|stunden?|tagen?|wochen?|monaten?|jahren?)(?!\p{L})|\p{N}\s?[秒分時时小日天週周月年]|\b(?:overnight|permanent(?:ly)?|indefinitely)\b`,
    'giu',
  ),
  frequency:
    /\b(?:every|each|once|twice|hourly|daily|nightly|weekly|fortnightly|monthly|quarterly|yearly|annual(?:ly)?|biennial|per (?:hour|day|week|month|quarter|year)|times an?|an? (?:hour|day|week|month|year)|before (?:and after )?each|continuous(?:ly)?|never|always|rarely|täglich|wöchentlich|monatlich|jährlich|alle|jede[nrs]?|einmal|zweimal)\b|毎|每/giu,
  money:
    /[$£€¥₹]\s?\p{N}|\p{N}\s?(?:[$£€¥₹円元]|pence|pounds?|dollars?|euros?|cents?|bucks|usd|eur|gbp|chf)|\b(?:free of charge|no charge|for free|kostenlos)\b/giu,
  measure:
    /\p{N}\s?(?:%|°|[µnmckM]?m[²³]?|km|feet|foot|ft|inch(?:es)?|miles?|yards?|met(?:re|er)s?|[a-z]*met(?:re|er)n?s?|[mkµ]?g|kilograms?|tonnes?|tons?|pounds?|lbs?|[mkc]?l|lit(?:re|er)s?|gallons?|knots?|mph|km\/h|m\/s|[kMGT]?bits?(?:\/s)?|[kMGT]?B|[kMG]?W|[kMG]?Wh|h?Pa|bars?|d?bar|volts?|V|hp|mg\/L|ppm|million|billion|percent|per cent|米|公里|メートル)(?!\p{L})|\bforce \p{N}/giu,
}

const askedThing =
  /\b(?:how many|which|what|wie viele|wieviele|welche[mnrs]?|combien de|cu[aá]nt[oa]s)\s+([\p{L}\p{N}'’]+)/iu

const numberWord =
  /\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|million|billion|half|third|quarter|twice|once|double|dozen|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|zwanzig|hundert|tausend|Millionen?|Milliarden?|einmal|zweimal|deux|trois|quatre|cinq|sept|huit|neuf|dix|cent|mille)\b|[一二两三四五六七八九十百千万亿億]+|[๐-๙]+/giu
const timeWord =
  /\b(?:january|february|march|april|may|june|july|august|september|october|november|december|januar|februar|märz|mai|juni|juli|oktober|dezember|monday|tuesday|wednesday|thursday|friday|saturday|sunday|montags?|dienstags?|mittwochs?|donnerstags?|freitags?|samstags?|sonntags?|century|jahrhundert|decade|noon|midnight|morning|evening|year|today|yesterday|after|before|until|since|bis|seit|nach)\b|[年月日世纪紀曜]|星期/giu
const placeWord =
  /\b(?:in|at|on|near|inside|outside|under|above|between|behind|from|to|im|am|bei|auf|unter|nach|aus|dans|à|en|sur)\s(?:the\s|der\s|dem\s|den\s|la\s|le\s)?\p{Lu}[\p{L}'’-]+|\b(?:room|store|office|building|kitchen|shed|room|shelf|cabinet|raum|gebäude)\b|[在於于][\p{Script=Han}]+|[省市县縣区區国國州]|で|に/gu
const reasonWord =
  /\b(?:because|since|due to|so that|in order to|therefore|reason|cause[sd]?|result(?:ed|s)? (?:of|from|in)|to (?:avoid|prevent|protect|keep|ensure|reduce)|as a result|weil|da|denn|deshalb|daher|wegen|aufgrund|damit|grund|um [^.]{1,60} zu|parce que|car|porque)\b|因为|因為|由于|由於|所以|原因|为了|ため|から|เพราะ/u

const answerTypes: { type: Exclude<AnswerType, undefined>; asked: RegExp }[] = [
  {
    type: 'frequency',
    asked:
      /\bhow (?:often|frequently|regularly)\b|\b(?:what|which) (?:frequency|interval)\b|\bwie oft\b|\bhow many times an?\b/u,
  },
  {
    type: 'duration',
    asked:
      /\bhow (?:long|old)\b|\bhow (?:many|much) (?:more )?(?:time|seconds|minutes|hours|days|nights|weeks|months|years)\b|\bhow (?:far|early|long|much) (?:in advance|ahead|before)\b|\bfor what (?:time|period)\b|\bwie ?(?:lange|alt)\b|多久|どのくらいの期間/u,
  },
  {
    type: 'money',
    asked:
      /\bhow much (?:money|funding|will i pay|do i pay|must i pay|does (?:it|this|that) cost|is the fee)\b|\bhow (?:much|expensive)\b.{0,60}\b(?:costs?|pay|paid|charged?|price|spend|spent|earn|budget|invest(?:ed)?|money)\b|\b(?:what|which) (?:is|are|was|were|does|do|did|will|would|must|should) .{0,60}\b(?:costs?|price|fee|fine|charge|pay|salary|wage|budget|rent|deposit)\b|\bwas kostet\b|\bwie (?:viel|teuer)\b.{0,60}\bkoste/u,
  },
  {
    type: 'measure',
    asked:
      /\bhow (?:far|deep|high|tall|wide|heavy|fast|quick|large|big|hot|cold|thick|strong|rough|warm)\b|\bwhat is the (?:deepest|highest|heaviest|fastest|longest|furthest|largest|tallest|widest)\b|\b(?:what|which) (?:is |are |was |were )?(?:the )?(?:[\w-]+ ){0,3}(?:depth|height|length|width|distance|weight|speed|temperature|percentage)\b|\bwie ?(?:weit|tief|hoch|schnell|schwer|breit|gross)\b/u,
  },
  {
    type: 'number',
    asked:
      /\bhow (?:many|much|long|far|deep|high|tall|wide|heavy|fast|often|old|large|big|hot|cold|thick|strong)\b|\b(?:what|which) (?:is the |are the |was the |were the )?(?:[\w-]+ ){0,3}(?:number|percentage|percent|share|amount|price|cost|fee|limit|ceiling|budget|rate|depth|height|length|width|distance|weight|speed|temperature|size|score|population|capacity|total|minimum|maximum|frequency|interval|duration|ratio)\b|\bwie ?(?:viele?|lange?|weit|tief|hoch|teuer|oft|alt|gross|schnell|schwer|breit)\b|\b(?:wieviele?|welche (?:anzahl|hohe|menge))\b|\bcombien\b|\bcuant[oa]s?\b|\bquant[oiae]\b|多少|几|幾|多[久长長高大远遠深]|何[人個个回本件台歳度割枚]|いくつ|いくら|どのくらい|どれくらい|กี่|เท่าไร|เท่าใด/u,
  },
  {
    type: 'time',
    asked:
      /\bwhen\b|\b(?:what|which|in what|in which|on what|on which) (?:year|date|day|month|time|century|decade)\b|\b(?:wann|seit wann|welche[mnrs]? (?:jahr|datum|tag|monat|jahrhundert|zeit))\b|\bquand\b|\bcuando\b|\bquando\b|什么时候|什麼時候|何时|何時|哪[一]?[年天月日]|几[月年点]|哪个[世年月]|いつ|何[年月日時]|何曜日|เมื่อไร|เมื่อใด|когда/u,
  },
  {
    type: 'person',
    asked:
      /\bwho(?:m|se)?\b|\bwe[rmn]\b|\bwessen\b|\bqui\b|\bquien(?:es)?\b|\bchi\b|谁|誰|哪[位些名]|何人|だれ|どなた|ใคร|кто/u,
  },
  {
    type: 'reason',
    asked:
      /\bwhy\b|\bfor what reason\b|\bwhat (?:caused|is the reason)\b|\bwarum\b|\bwieso\b|\bweshalb\b|\bpourquoi\b|\bpor que\b|为什么|為什麼|为何|なぜ|どうして|ทำไม|почему/u,
  },
  {
    type: 'place',
    asked:
      /\bwhere\b|\b(?:what|which|in what|in which) (?:city|country|state|place|town|region|room|building|location)\b|\bwo(?:hin|her)?\b|\bwelche[mnrs]? (?:stadt|land|ort|raum|gebaude)\b|\bou\b|\bdonde\b|\bdove\b|\bonde\b|哪里|哪裡|哪儿|在哪|哪个(?:国家|城市|地方)|どこ|ที่ไหน|где/u,
  },
]

const listWishes = [
  /\b(?:list|name|steps?|procedure|checklist)\b/u,
  /\b(?:what|which) (?:are|were|[\w-]+s (?:are|were|do|does|must|should|need|can|may|have))\b/u,
  /\bhow (?:do|should|must|can) (?:i|you|we|one)\b|\bhow to\b|\bwhat (?:must|should|do|does|to do)\b/u,
  /\b(?:welche [\p{L}]+(?:en|er|e) (?:sind|waren|gibt|mussen|durfen|sollen|haben)|was sind|nenne|schritte|wie (?:kann|muss|soll) (?:ich|man))\b/u,
  /哪些|步骤|步驟|列出|如何|どのように|手順|何ですか|ขั้นตอน|อะไรบ้าง/u,
]

/** One hiragana letter, or a lone Thai vowel, is grammar. */
function isParticle(folded: string): boolean {
  return /^(?:\p{Script=Hiragana}{1,2}|\p{M}+)$/u.test(folded)
}

/** The list of the language that the question's own small words point to. */
function stopWordsFor(words: readonly Word[]): ReadonlySet<string> {
  let best = stopWordLists[0] as ReadonlySet<string>
  let most = 0
  for (const list of stopWordLists) {
    const hits = words.filter((word) => list.has(word.folded)).length
    if (hits > most) [best, most] = [list, hits]
  }
  return best
}

const stopWordLists: ReadonlySet<string>[] = [
  `a about above after again all also am an and any are as at be because been before being between both but by can could
  did do does doing done for from had has have having he her here hers him his how i if in into is it its itself just
  many may me might more most much must my no nor not of off on once one only or other our out over own shall she should
  so some such than that the their them then there these they this those through to too under until up upon us use very was we
  were what when where which while who whom whose why will with would you your please tell according name called`,
  `aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bin bis bist da dabei dadurch dafur
  damit dann das dass dem den denn der deren des dessen die dies diese diesem diesen dieser dieses doch dort du durch ein
  eine einem einen einer eines er es etwas fur gab gibt hat hatte hatten habe haben hier ich ihm ihn ihr ihre ihrem ihren
  ihrer im in ins ist ja kann keine konnen konnte man mehr mit muss nach nicht noch nun nur ob oder ohne sehr sein seine
  seinem seinen seiner seit sich sie sind so soll uber um und uns unter vom von vor wann war waren warum was welche welchem
  welchen welcher welches wem wen wenn wer werden wessen wie wieso wird wo wurde wurden zu zum zur zwischen viel viele`,
  `a au aux avec ce ces cet cette combien comme comment dans de des du elle en est et eu il ils je la le les leur leurs lui
  mais ne nous ont ou par pas plus pour pourquoi qu quand que quel quelle quelles quels qui quoi sa sans se ses son sont sur
  un une vous y d l etait ete fait a-t-il`,
  `a al como con cual cuales cuando cuanto cuanta cuantos cuantas de del donde el ella en entre era es esta este fue ha hay
  la las le lo los mas no o para pero por porque que quien quienes se sin sobre son su sus un una y`,
  `a al alla che chi come con cosa cui da dal dei del della delle di dove e ed era gli ha i il in la le lo nel nella non o
  per piu quale quali quando quanti quanto sono su sul tra un una`,
  `a ao as com como da das de do dos e em era foi na nas no nos o onde os ou para por qual quais quando quanto quantos que
  quem se sao seu sua um uma`,
  `aan als bij dat de den der die dit een en er het hij hoe hoeveel in is met naar niet of om op te uit van veel voor waar
  waarom wanneer was wat welke werd wie worden zijn`,
  `и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее мне было от меня еще нет о из
  когда где кто чего какой какая какие сколько почему был была были`,
  `的 了 在 是 有 和 与 與 及 或 被 把 对 對 于 於 从 從 到 由 为 為 以 之 其 这 這 那 哪 哪个 哪個 哪些 哪里 哪裡 谁 誰 什么 什麼 怎么 怎麼 如何 多少 几 幾 吗
  嗎 呢 吧 着 过 過 也 都 就 而 但 个 個 一个 一個 一种 上 中 下 里 裡 时 時 时候 它 他 她 们 們 他们 她们 它们 请 請 何时 何時 为什么 為什麼 称 称为 叫 做 会 會 能 可以 所
  の は が を に へ と で も や か から まで より です ます でした ました する した して いる いた ある あった この その あの どの これ それ あれ どれ 何 誰 いつ どこ
  なぜ どう どのように いくつ いくら ください について という こと もの ため れる られる`,
  `ที่ ของ และ ใน เป็น ได้ ให้ มี จะ ไม่ กับ จาก โดย ว่า คือ หรือ การ ความ นี้ นั้น อะไร ใคร เมื่อไร เมื่อใด ที่ไหน ทำไม อย่างไร เท่าไร กี่ ไหน ใด บ้าง ไหม หรือไม่ ถูก แล้ว ก็`,
].map((list) => new Set(list.split(/\s+/u).map(fold)))
const german = stopWordLists[1]

const lightWords = new Set(
  `able actual actually allow allowed allows amount another around available away back bad become begin begins best better big bigger
  biggest bring brought came cause caused change come comes current currently cut day decide describe different done
  during early end ever every example exist far feel few fewer find first follow following found gave get gets getting
  give given gives go goes going good got happen happened happens have help high highest hold include included instead keep
  kept kind know known large largest last late later least leave let like little long look lot low lowest made main
  maintain make makes making matter mean means money more move must need needed needs new next now number off often old
  order others part people permitted person place possible provide put reach read really receive refer report reported
  require required right rough run say says see seem send sent set several show side somebody someone something sort
  start started starts state station stay still stop sure take taken takes thing things think time times today told took
  toward try turn type understand want wanted wants way went whole work working works year years
  bekommen bleiben bleibt brauchen braucht bringen darf durfen einzige entstehen erhalten erste ersten finden findet
  gehen geht genannt gesamte gross grosse grossen hauptsachlich heisst hoch jahr jahre jahren kommen kommt lassen lasst
  letzte liegt machen macht moglich musste neu neue nehmen sagen setzen stehen steht tun verwenden verwendet wichtig
  genutzt nutzen`.split(/\s+/u),
)
