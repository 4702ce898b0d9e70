import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { specialTokensOf, type SpecialTokens } from './special-tokens.ts'

/** What the files of an ONNX model say about it, without loading it. */
export interface OnnxFolder {
  /** Numbers in a token's state. */
  hidden: number
  /** Longest input that the model was made for, special tokens included. */
  maxTokens: number
  layers: number | undefined
  special: SpecialTokens
}

/** Errors: model-invalid (names the file). */
export async function readOnnxFolder(folder: string): Promise<OnnxFolder> {
  const config = await readJson(join(folder, 'config.json'), configSchema)
  const tokenizerConfig = await readJson(join(folder, 'tokenizer_config.json'), tokenizerConfigSchema)
  const tokenizer = await readJson(join(folder, 'tokenizer.json'), z.record(z.string(), z.unknown()))
  const places = config.max_position_embeddings ?? longestText
  // RoBERTa and its kin count places from the padding token on.
  const reserved = /roberta/.test(config.model_type ?? '') ? (config.pad_token_id ?? 1) + 1 : 0
  return {
    hidden: config.hidden_size,
    // Some models write a huge number for "no limit"; a text's states still have to fit into memory.
    maxTokens: Math.floor(Math.min(tokenizerConfig.model_max_length ?? 512, places - reserved, longestText)),
    layers: config.num_hidden_layers,
    special: specialTokensOf(tokenizer),
  }
}

/** SHA-256 of a file, in hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

const longestText = 8192

const configSchema = z.object({
  model_type: z.string().optional(),
  hidden_size: z.int().min(1).max(65_536),
  max_position_embeddings: z.int().min(1).optional(),
  num_hidden_layers: z.int().min(0).optional(),
  pad_token_id: z.int().min(0).nullish(),
})
const tokenizerConfigSchema = z.object({ model_max_length: z.number().min(1).optional() })

async function readJson<Value>(path: string, schema: z.ZodType<Value>): Promise<Value> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw new AppError('model-invalid', `The model file ${path} cannot be read. Copy the whole model folder again.`, {
      cause,
      details: { path },
    })
  }
}
