import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { readGguf } from '../model-files/read-gguf.ts'
import { sha256 } from '../shared/hash.ts'
import type { Tokenizer } from '../shared/tokenizer.ts'
import { createWordPiece } from './word-piece.ts'

/**
 * The tokenizer inside a GGUF file of a BERT-like model, which is WordPiece. Others have no tokenizer here: they need
 * a tokenizer.json beside them. Errors: model-invalid.
 */
export async function loadGgufTokenizer(path: string, modelName: string): Promise<Tokenizer> {
  const { model, tokens, unknown_token_id: unknownId } = await readVocabulary(path)
  if (model !== 'bert') {
    throw new AppError(
      'model-invalid',
      `The vocabulary of ${basename(path)} is of a kind ("${model}") that Quarry cannot count tokens with. Put the ` +
        'tokenizer.json and tokenizer_config.json of the same model beside it, or choose another model.',
      { details: { path, model } },
    )
  }
  const unknownToken = tokens[unknownId] ?? '[UNK]'
  const vocabulary = new Map<string, number>()
  // GGUF marks the beginning of a word where WordPiece marks the rest of one.
  tokens.forEach((token, id) => {
    const piece = token.startsWith('▁') ? token.slice(1) : isSpecial(token) ? token : `##${token}`
    if (!vocabulary.has(piece)) vocabulary.set(piece, id)
  })
  return createWordPiece(
    {
      vocabulary,
      unknownToken,
      continuingPrefix: '##',
      maxWordLength: 100,
      cleanText: true,
      spaceChinese: true,
      // llama.cpp does both, whatever the model was made with.
      lowercase: true,
      stripAccents: true,
      addedTokens: [],
    },
    `${modelName}-${sha256(JSON.stringify(tokens)).slice(0, 12)}`,
  )
}

const isSpecial = (token: string): boolean => /^\[[A-Za-z0-9]+\]$/.test(token)

const vocabularySchema = z.object({
  model: z.string(),
  tokens: z.array(z.string()).min(1).max(1_000_000),
  unknown_token_id: z.int().min(0).default(100),
})

async function readVocabulary(path: string): Promise<z.infer<typeof vocabularySchema>> {
  try {
    // The library reads what is no GGUF file for ever; this does not.
    await readGguf(createReadStream(path))
    const { readGgufFileInfo } = await import('node-llama-cpp')
    const { metadata } = await readGgufFileInfo(path, {
      sourceType: 'filesystem',
      readTensorInfo: false,
      spliceSplitFiles: false,
      logWarnings: false,
    })
    return vocabularySchema.parse(metadata.tokenizer.ggml)
  } catch (cause) {
    throw new AppError('model-invalid', `${path} has no vocabulary that can be read. Copy the whole model again.`, {
      cause,
      details: { path },
    })
  }
}
