/** Special tokens of BERT-like models; their ids are their places in the list. */
export const specialTokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] as const
export const [padId, unknownId, startId, endId] = [0, 1, 2, 3]

/**
 * A small WordPiece vocabulary that knows every text of printable ASCII: the special tokens, some words, each character
 * alone, and each letter and digit as the rest of a word (`##x`).
 */
export function tinyVocabulary(): string[] {
  const printable = Array.from({ length: 0x7e - 0x20 }, (_, index) => String.fromCharCode(0x21 + index))
  const lower = printable.filter((character) => !/[A-Z]/.test(character))
  const pieces = lower.filter((character) => /[a-z0-9]/.test(character)).map((character) => `##${character}`)
  return [...specialTokens, ...words, ...lower, ...pieces]
}

const words = (
  'the of and to in is was for on are as with by that it at from be this have an or which one had not but what all were ' +
  'when we there can use your each she how their if will up other about out many then them these so some her would make ' +
  'like him into time has look two more write go see number no way could people my than first water been call who oil its ' +
  'now find long down day did get come made may part boat wave height limit wind harbour tide radio fuel safety pontoon ' +
  'wing aircraft flow heart attack symptoms signs kernel compile question answer query passage document search ing ed er'
).split(' ')
