import type { Repeats } from '../../contract/models.ts'
import type { OnnxModel } from '../../runtimes/onnx.ts'
import type { SpecialTokens } from '../../runtimes/special-tokens.ts'
import type { Pooling } from '../../runtimes/vectors.ts'
import type { Tokenizer } from '../../shared/tokenizer.ts'
import type { EmbedPurpose } from '../embedder.ts'

/** A loaded model with how it is used. */
export interface EmbedderParts {
  model: OnnxModel
  tokenizer: Tokenizer
  modelId: string
  /** Numbers in a token's state. */
  width: number
  dimensions: number
  maxTokens: number
  special: SpecialTokens
  pooling: Pooling
  repeats: Repeats
  prefixes: Record<EmbedPurpose, string>
}

/** Tokens in one call, padding included. More make nothing faster, and attention takes memory with their square. */
export const maxTokensPerCall = 4096
/** Names of the output that holds the tokens' last states. */
export const stateOutputs = ['last_hidden_state', 'token_embeddings']
