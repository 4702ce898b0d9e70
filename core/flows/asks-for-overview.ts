/**
 * Whether a question asks what a document says as a whole, by words that say so in the languages that most documents
 * here are in. A question that does not say so is taken for one about a detail: passages answer that.
 */
export function asksForOverview(question: string): boolean {
  return overview.some((pattern) => pattern.test(question))
}

const overview = [
  /\b(?:summari[sz]e|summari[sz]ing|summary|summaries|synopsis|overview|outline|abstract|gist|tl;?dr|in a nutshell)\b/iu,
  /\b(?:main|key|central|core)\s+(?:points?|ideas?|findings?|messages?|takeaways?|topics?|themes?|arguments?)\b/iu,
  /\bwhat(?:['’]s|\s+is|\s+are)?\s+(?:this|the|that|these|it)\b[^?]{0,60}\babout\b/iu,
  /\b(?:whole|entire|complete)\s+(?:document|text|file|paper|report|contract|book)\b/iu,
  /zusammenfass|(?<!\p{L})fasse?\b.*\bzusammen|überblick|übersicht|kernaussage|hauptpunkt|hauptaussage|worum\s+geht/iu,
  /\b(?:r[ée]sum(?:é|er|ez|e)|synthèse|aperçu|points?\s+(?:clés?|principaux)|de\s+quoi\s+(?:parle|traite))/iu,
  /\b(?:resumen|resumir|resume|puntos\s+(?:clave|principales)|de\s+qué\s+trata|riassunt[oi]|riassumi|resumo|resumir)/iu,
  /总结|總結|概括|摘要|概述|主要内容|要約|まとめ|概要/u,
]
