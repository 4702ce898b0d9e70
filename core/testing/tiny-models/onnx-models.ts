import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BertHead, type BertShape, encodeBert } from './onnx-bert.ts'
import type { OnnxPrecision } from './onnx-graph.ts'
import { endId, padId, specialTokens, startId, tinyVocabulary, unknownId } from './vocabulary.ts'

export interface OnnxModelOptions extends Partial<Omit<BertShape, 'vocabulary'>> {
  /** Which files are written beside one another. Default: 32 bits alone. */
  precisions?: readonly OnnxPrecision[]
  /** Fields of `model.json` to go with the model: how it wants to be used. Default: there is no such file. */
  manifest?: Record<string, unknown>
  vocabulary?: readonly string[]
}

/** A folder with a BERT-like embedding model as Transformers.js and the product read it. */
export async function writeTinyEncoder(folder: string, options: OnnxModelOptions = {}): Promise<string> {
  return writeOnnxModel(folder, 'states', options)
}

/** A folder with a cross-encoder: question and passage in, one number out. */
export async function writeTinyCrossEncoder(folder: string, options: OnnxModelOptions = {}): Promise<string> {
  return writeOnnxModel(folder, 'score', options)
}

const fileNames: Record<OnnxPrecision, string> = { fp32: 'model', fp16: 'model_fp16', q8: 'model_quantized' }

async function writeOnnxModel(folder: string, head: BertHead, options: OnnxModelOptions): Promise<string> {
  const { precisions = ['fp32'], manifest, vocabulary = tinyVocabulary(), ...given } = options
  const shape = { layers: 2, hidden: 32, heads: 4, maxTokens: 128, seed: 1, vocabulary: vocabulary.length, ...given }
  await mkdir(join(folder, 'onnx'), { recursive: true })
  for (const precision of precisions) {
    await writeFile(join(folder, `onnx/${fileNames[precision]}.onnx`), encodeBert(shape, head, precision))
  }
  const files = {
    'config.json': modelConfig(shape, head),
    'tokenizer.json': tokenizerFile(vocabulary),
    'tokenizer_config.json': {
      tokenizer_class: 'BertTokenizer',
      do_lower_case: true,
      model_max_length: shape.maxTokens,
      unk_token: '[UNK]',
      pad_token: '[PAD]',
      cls_token: '[CLS]',
      sep_token: '[SEP]',
      mask_token: '[MASK]',
    },
    ...(manifest ? { 'model.json': manifest } : {}),
  }
  for (const [name, value] of Object.entries(files)) await writeFile(join(folder, name), JSON.stringify(value))
  return folder
}

function modelConfig(shape: BertShape, head: BertHead) {
  return {
    model_type: 'bert',
    architectures: [head === 'score' ? 'BertForSequenceClassification' : 'BertModel'],
    vocab_size: shape.vocabulary,
    hidden_size: shape.hidden,
    intermediate_size: 4 * shape.hidden,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    max_position_embeddings: shape.maxTokens,
    type_vocab_size: 2,
    pad_token_id: padId,
    ...(head === 'score' ? { id2label: { 0: 'LABEL_0' }, label2id: { LABEL_0: 0 }, num_labels: 1 } : {}),
  }
}

/** As the tokenizers of BERT models on the Hub are: normaliser, pre-tokeniser, WordPiece, [CLS] … [SEP]. */
function tokenizerFile(vocabulary: readonly string[]) {
  const special = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } })
  const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } })
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
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0)],
      pair: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0), sequence('B', 1), special('[SEP]', 1)],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [startId], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [endId], tokens: ['[SEP]'] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: specialTokens[unknownId],
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
    },
  }
}
