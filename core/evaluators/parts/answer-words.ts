/** An answer without the numbers of its citations. */
export function plainAnswer(answer: string): string {
  return answer.replaceAll(/\s*\[\d+\]/g, '').trim()
}

/**
 * Words as SQuAD's scorer compares them (Rajpurkar et al., 2016): lower case, without punctuation and English articles.
 * Writing without spaces is compared character by character, as in the scorer of MLQA.
 */
export function normalisedWords(text: string): string[] {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\p{P}\p{S}]/gu, '')
    .replaceAll(/\b(?:a|an|the)\b/g, ' ')
    .replaceAll(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu, ' $& ')
    .split(/\s+/)
    .filter((word) => word !== '')
}

/** Harmonic mean. */
export function f1(precision: number, recall: number): number {
  return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall)
}
