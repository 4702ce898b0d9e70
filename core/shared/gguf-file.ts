import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../contract/errors.ts'

/** The one .gguf file of a model's folder. Errors: model-invalid. */
export async function ggufFile(folder: string): Promise<string> {
  const names: string[] = await readdir(folder).catch(() => [])
  // Large models come in parts, of which llama.cpp is given the first.
  const files = names.filter((name) => /\.gguf$/i.test(name) && !/-(?!00001)\d{5}-of-\d{5}\.gguf$/i.test(name))
  if (files.length === 1 && files[0] !== undefined) return join(folder, files[0])
  throw new AppError(
    'model-invalid',
    files.length === 0
      ? `The model folder ${folder} has no .gguf file. Copy the whole model folder again.`
      : `The model folder ${folder} has several models: ${files.sort().join(', ')}. Leave one of them there.`,
    { details: { folder, files } },
  )
}
