/**
 * Turns text into the tokens that an embedder counts. Chunk sizes are measured with the tokenizer of the embedder
 * that will read the chunks.
 */
export interface Tokenizer {
  readonly id: string
  /**
   * True when spaces, tabs and line ends always separate tokens and nothing across one changes a word's tokens: the
   * counts of pieces cut there then add up to the count of the whole. Absent means unknown.
   */
  readonly additive?: boolean
  /** Number of tokens of `text`, without special tokens. */
  count(text: string): number
  /** The tokens with their places in `text`. */
  encode(text: string): TokenSpans
}

/** Parallel arrays, one entry a token. Offsets are UTF-16 code units into the encoded text, `end` exclusive. */
export interface TokenSpans {
  ids: Int32Array
  starts: Int32Array
  ends: Int32Array
  /** Id of the unknown token, or -1 if the tokenizer has none. */
  unknownId: number
}
