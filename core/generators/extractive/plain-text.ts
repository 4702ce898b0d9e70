/**
 * What a reader sees of a piece of passage: Markdown marks, reference numbers that would look like our citation
 * markers, control and invisible characters left out; white space single. HTML stays as it is written: it is text.
 */
export function plainText(raw: string): string {
  return raw
    .replace(/[\r\n]\s*(?:>\s?)+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\u2028\u2029\ufffd]/gu, (character) => (joiners.has(character) ? character : ' '))
    .replace(/\p{Surrogate}/gu, '')
    .replace(/<br\s*\/?>/giu, ' ')
    .replace(/!?\[([^\][]{0,400})\]\((?:[^()\s]|\([^()\s]*\)){0,2000}(?:\s+"[^"]{0,400}")?\)/gu, '$1')
    .replace(/<((?:https?:|mailto:)[^<>\s]{1,2000})>/gu, '$1')
    .replace(/\[\^[^\]\s]{1,40}\]/gu, '')
    .replace(/\s?\[\d{1,4}(?:\s?[,–-]\s?\d{1,4})*\]/gu, '')
    .replace(/(\*\*\*|\*\*|\*|~~)(?=\S)([^*~\n]{1,2000}?)(?<=\S)\1/gu, '$2')
    .replace(/(\*\*|\*|~~)(?=\S)([^*~\n]{1,2000}?)(?<=\S)\1/gu, '$2')
    .replace(/(?<![\p{L}\p{N}_])(__|_)(?=\S)([^_\n]{1,2000}?)(?<=\S)\1(?![\p{L}\p{N}_])/gu, '$2')
    .replace(/\*\*|~~|`+/gu, '')
    .replace(/\\([\\`*_{}[\]()#+.!|<>~-])/gu, '$1')
    .replace(/\s+/gu, ' ')
    .replace(/\s+([,.;:!?])(?=\s|$)/gu, '$1')
    .trim()
}

/** Zero-width (non-)joiners shape Persian and Indic words and emoji. */
const joiners = new Set(['\u200c', '\u200d'])
