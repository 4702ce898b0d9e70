import { createWordPiece, parseWordPiece } from '../../core/tokenizers/word-piece.ts'
import type { Tokenizer } from '../../core/shared/tokenizer.ts'
import { specialTokens } from './vocabulary.ts'

/** The `tokenizer.json` of a vocabulary: BERT's normaliser, pre-tokeniser and WordPiece, no special tokens around texts. */
export function tokenizerFile(vocabulary: readonly string[]): Record<string, unknown> {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: true,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((entry, id) => [entry, id])),
    },
  }
}

/** The product's own tokeniser of that file: training reads texts exactly as the product will. */
export function createTokenizer(vocabulary: readonly string[]): Tokenizer {
  const file = parseWordPiece(tokenizerFile(vocabulary))
  if (!file) throw new Error('The product does not read the vocabulary’s tokenizer.json as a WordPiece.')
  return createWordPiece(file, 'training')
}
