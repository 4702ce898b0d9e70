import { sha256 } from '../../core/shared/hash.ts'
import { encodeOnnxModel, onnxTypes } from '../onnx-writer.ts'

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

/** The files of a static model's folder by path, `checksums.json` with the SHA-256 of the others among them. */
export function staticModelFiles(parts: StaticModelParts, tokenizer: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>([
    ['onnx/model.onnx', staticModelGraph(parts)],
    [
      'config.json',
      json({
        architectures: ['BertModel'],
        // The loader reads a plain encoder under this name; there are no layers and no attention.
        model_type: 'bert',
        hidden_size: parts.columns,
        vocab_size: parts.rows,
        num_hidden_layers: 0,
        num_attention_heads: 1,
        max_position_embeddings: maximumTokens,
        pad_token_id: 0,
      }),
    ],
    ['tokenizer.json', tokenizer],
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

/** A mean over tokens has no longest text; this keeps one text's rows within 16 MiB. */
const maximumTokens = 8192

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 1)}\n`)
}
