import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { AppError } from '../contract/errors.ts'
import { ggufFile } from '../shared/gguf-file.ts'
import { sha256 } from '../shared/hash.ts'
import type { Tokenizer } from '../shared/tokenizer.ts'
import { createWordPiece, parseWordPiece } from './word-piece.ts'

/**
 * The tokenizer of a model, from `tokenizer.json` in its folder or, where there is none, from its .gguf file. BERT-style WordPiece files run on Quarry's own fast
 * implementation, all others on the tokenizers of Transformers.js, which also needs `tokenizer_config.json`. Its id is
 * the folder's name and a hash of the file: equal ids give equal tokens. Errors: model-missing, model-invalid.
 */
export async function loadTokenizer(modelFolder: string): Promise<Tokenizer> {
  const path = join(modelFolder, 'tokenizer.json')
  const gguf = await findGgufAlone(modelFolder)
  if (gguf) {
    const { loadGgufTokenizer } = await import('./gguf.ts')
    return loadGgufTokenizer(gguf, basename(modelFolder))
  }
  const source = await readTokenizerFile(path)
  const id = `${basename(modelFolder)}-${sha256(source).slice(0, 12)}`
  const file = parseTokenizerFile(source, path)
  const wordPiece = parseWordPiece(file)
  if (wordPiece) return createWordPiece(wordPiece, id)
  // Imported only here: the library brings the whole inference runtime with it.
  const { loadHuggingFaceTokenizer } = await import('./hugging-face.ts')
  return loadHuggingFaceTokenizer(modelFolder, id)
}

/** The .gguf file of a folder without a tokenizer.json. */
async function findGgufAlone(modelFolder: string): Promise<string | undefined> {
  const names: string[] = await readdir(modelFolder).catch(() => [])
  if (names.includes('tokenizer.json') || !names.some((name) => /\.gguf$/i.test(name))) return undefined
  return ggufFile(modelFolder)
}

async function readTokenizerFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new AppError(
      'model-missing',
      `The model has no tokenizer: "${path}" cannot be read. Import the model again, with its tokenizer.json.`,
      { cause, details: { path } },
    )
  }
}

function parseTokenizerFile(source: string, path: string): unknown {
  try {
    return JSON.parse(source)
  } catch (cause) {
    throw new AppError('model-invalid', `"${path}" is not valid JSON. Import the model again.`, {
      cause,
      details: { path },
    })
  }
}
