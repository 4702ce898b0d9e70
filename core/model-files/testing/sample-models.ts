import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type ModelManifest, modelManifestSchema } from '../../contract/models.ts'

/** Files with the names of a model and nothing that would run. */
export const onnxFiles: Record<string, string> = {
  'config.json': JSON.stringify({
    architectures: ['BertModel'],
    model_type: 'bert',
    hidden_size: 384,
    max_position_embeddings: 512,
  }),
  'tokenizer.json': '{"model":{}}',
  'tokenizer_config.json': JSON.stringify({ model_max_length: 512 }),
  'onnx/model.onnx': 'weights '.repeat(500),
}

/** Gives the folder. */
export function writeFiles(folder: string, files: Record<string, string | Uint8Array>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return folder
}

/** Everything in a folder, hidden folders too. */
export function namesIn(folder: string): string[] {
  return readdirSync(folder).sort()
}

export function manifestOf(changes: Partial<ModelManifest> = {}): ModelManifest {
  return modelManifestSchema.parse({
    id: 'sample',
    kind: 'embedder',
    format: 'onnx',
    label: 'Sample',
    licence: { id: 'MIT', url: 'https://opensource.org/license/mit', notice: 'Keep this notice.' },
    files: Object.keys(onnxFiles).map((path) => ({ path })),
    languages: ['en'],
    dimensions: 384,
    prefixes: { query: 'query: ', passage: 'passage: ' },
    use: 'For tests.',
    sources: ['a test'],
    ...changes,
  })
}

/** A GGUF file (version 3) of metadata alone: texts, numbers as uint32, lists of texts. */
export function ggufBytes(metadata: Record<string, string | number | string[]>): Buffer {
  const parts: Buffer[] = [Buffer.from('GGUF'), uint32(3), uint64(0), uint64(Object.keys(metadata).length)]
  for (const [name, value] of Object.entries(metadata)) {
    parts.push(text(name))
    if (typeof value === 'string') parts.push(uint32(8), text(value))
    else if (typeof value === 'number') parts.push(uint32(4), uint32(value))
    else parts.push(uint32(9), uint32(8), uint64(value.length), ...value.map(text))
  }
  return Buffer.concat(parts)
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function text(value: string): Buffer {
  return Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)])
}
