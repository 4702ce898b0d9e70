/**
 * Turns the trained token table into the model that the product loads: `npm run model:export [-- FOLDER]`, where FOLDER
 * holds config.json, table.i8, scales.f32 and tokenizer.json (default: ../shared/model/static-256 beside the clone).
 * Deterministic: the same table gives the same bytes, and `checksums.json` holds their SHA-256.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sha256 } from '../../core/shared/hash.ts'
import { encodeOnnxModel, onnxTypes } from '../onnx-writer.ts'

const here = dirname(fileURLToPath(import.meta.url))

export interface StaticModelParts {
  /** Rows (tokens) by columns (dimensions). */
  rows: number
  columns: number
  /** int8, row-major. */
  table: Uint8Array
  /** float32, little-endian, one a row: value = table × scale. */
  scales: Uint8Array
}

/**
 * `input_ids` [batch, tokens] int64 → `last_hidden_state` [batch, tokens, columns] float32. The table stays int8 in
 * the file and in memory; only the rows that a text uses become floats.
 */
export function staticModelGraph(parts: StaticModelParts): Uint8Array {
  return encodeOnnxModel({
    producer: 'quarry',
    operatorSet: 13,
    irVersion: 8,
    description: 'Static token embeddings, int8 with one scale per row.',
    graphName: 'static-embedding',
    inputs: [{ name: 'input_ids', type: 'int64', shape: ['batch', 'tokens'] }],
    outputs: [{ name: 'last_hidden_state', type: 'float32', shape: ['batch', 'tokens', parts.columns] }],
    initializers: [
      { name: 'table', type: 'int8', dimensions: [parts.rows, parts.columns], data: parts.table },
      { name: 'scales', type: 'float32', dimensions: [parts.rows, 1], data: parts.scales },
    ],
    nodes: [
      { operator: 'Gather', inputs: ['table', 'input_ids'], outputs: ['rows'], attributes: { axis: 0 } },
      { operator: 'Cast', inputs: ['rows'], outputs: ['values'], attributes: { to: onnxTypes.float32 } },
      { operator: 'Gather', inputs: ['scales', 'input_ids'], outputs: ['row_scales'], attributes: { axis: 0 } },
      { operator: 'Mul', inputs: ['values', 'row_scales'], outputs: ['last_hidden_state'] },
    ],
  })
}

/** The files of the model folder by path, from a folder with the trained parts. */
export async function exportStaticModel(source: string): Promise<Map<string, Uint8Array>> {
  const read = (name: string): Promise<Buffer> => readFile(join(source, name))
  const config = JSON.parse((await read('config.json')).toString('utf8')) as { dims: number; vocab: number }
  const graph = staticModelGraph({
    rows: config.vocab,
    columns: config.dims,
    table: await read('table.i8'),
    scales: await read('scales.f32'),
  })
  const files = new Map<string, Uint8Array>([
    ['onnx/model.onnx', graph],
    [
      'config.json',
      json({
        architectures: ['BertModel'],
        // The loader reads a plain encoder under this name; there are no layers and no attention.
        model_type: 'bert',
        hidden_size: config.dims,
        vocab_size: config.vocab,
        num_hidden_layers: 0,
        num_attention_heads: 1,
        max_position_embeddings: maximumTokens,
        pad_token_id: 0,
      }),
    ],
    ['tokenizer.json', await read('tokenizer.json')],
    [
      'tokenizer_config.json',
      json({
        tokenizer_class: 'BertTokenizer',
        do_lower_case: true,
        strip_accents: true,
        tokenize_chinese_chars: true,
        model_max_length: maximumTokens,
        pad_token: '[PAD]',
        unk_token: '[UNK]',
        cls_token: '[CLS]',
        sep_token: '[SEP]',
        mask_token: '[MASK]',
      }),
    ],
  ])
  const checksums = [...files].map(([path, bytes]) => [path, sha256(bytes)] as const)
  files.set('checksums.json', json(Object.fromEntries(checksums)))
  return files
}

/** A mean over tokens has no longest text; this keeps one text's rows within 8 MiB. */
const maximumTokens = 8192

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 1)}\n`)
}

if (import.meta.main) {
  const source = resolve(process.argv[2] ?? join(here, '../../../shared/model/static-256'))
  const files = await exportStaticModel(source)
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(here, path)), { recursive: true })
    await writeFile(join(here, path), bytes)
    console.log(`${path} ${bytes.byteLength} bytes`)
  }
}
