import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeGguf, type GgufTensor, type GgufValue } from './gguf-writer.ts'
import { type RandomWeights, randomWeights } from './random-weights.ts'
import { tinyVocabulary } from './vocabulary.ts'

/** A model's size. Weights are random: such a model says nothing sensible, but runs through the same code. */
export interface GgufShape {
  seed?: number
  layers?: number
  hidden?: number
  heads?: number
  contextTokens?: number
}

/** How llama.cpp makes one vector of a text's states: `llama_pooling_type`. */
export type GgufPooling = 'mean' | 'cls' | 'last'

/** A folder with a generator that speaks a chat template (ChatML), as an installed model is one. */
export async function writeTinyGenerator(folder: string, shape: GgufShape = {}): Promise<string> {
  return writeGguf(folder, encodeGguf(llamaModel(shape)))
}

/**
 * A generator that writes `script` whatever it is asked, and then ends: each piece of it is a token that follows the one
 * before, and the first one follows every other token. Layers are there and change nothing, but for `where`: a sign that
 * no other text has, and what is written where what the model is told has it once, among 300 to 2700 tokens.
 */
export async function writeScriptedGenerator(folder: string, script: string, options: Script = {}): Promise<string> {
  return writeGguf(folder, encodeGguf(scriptedModel(script, options)))
}

interface Script extends Pick<GgufShape, 'contextTokens'> {
  where?: { sign: string; script: string }
}

export async function writeTinyGgufEmbedder(
  folder: string,
  { pooling = 'mean', ...shape }: GgufShape & { pooling?: GgufPooling } = {},
): Promise<string> {
  return writeGguf(folder, encodeGguf(bertModel(shape, poolingTypes[pooling], [])))
}

/** A cross-encoder: question and passage in, one number out. */
export async function writeTinyGgufRanker(folder: string, shape: GgufShape = {}): Promise<string> {
  const { hidden } = complete(shape)
  const weights = randomWeights((shape.seed ?? 1) + 1000)
  const head: GgufTensor[] = [
    matrix('cls.weight', hidden, hidden, weights),
    vector('cls.bias', hidden, weights),
    matrix('cls.output.weight', hidden, 1, weights),
    vector('cls.output.bias', 1, weights),
  ]
  return writeGguf(folder, encodeGguf(bertModel(shape, rankPooling, head)))
}

/** `llama_pooling_type` */
const poolingTypes = { mean: 1, cls: 2, last: 3 }
const rankPooling = 4

async function writeGguf(folder: string, bytes: Uint8Array): Promise<string> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'model.gguf')
  await writeFile(path, bytes)
  return path
}

function complete(shape: GgufShape): Required<GgufShape> {
  return { seed: 1, layers: 2, hidden: 64, heads: 4, contextTokens: 512, ...shape }
}

/** The keys and tensors that llama.cpp looks for in a model of architecture "llama". */
function llamaModel(given: GgufShape) {
  const { seed, layers, hidden, heads, contextTokens } = complete(given)
  const weights = randomWeights(seed)
  const tokens = sentencePieces()
  const feedForward = 2 * hidden
  const tensors = [
    matrix('token_embd.weight', hidden, tokens.length, weights),
    ones('output_norm.weight', hidden),
    matrix('output.weight', hidden, tokens.length, weights),
    ...Array.from({ length: layers }, (_, layer) => [
      ones(`blk.${layer}.attn_norm.weight`, hidden),
      matrix(`blk.${layer}.attn_q.weight`, hidden, hidden, weights),
      matrix(`blk.${layer}.attn_k.weight`, hidden, hidden, weights),
      matrix(`blk.${layer}.attn_v.weight`, hidden, hidden, weights),
      matrix(`blk.${layer}.attn_output.weight`, hidden, hidden, weights),
      ones(`blk.${layer}.ffn_norm.weight`, hidden),
      matrix(`blk.${layer}.ffn_gate.weight`, hidden, feedForward, weights),
      matrix(`blk.${layer}.ffn_up.weight`, hidden, feedForward, weights),
      matrix(`blk.${layer}.ffn_down.weight`, feedForward, hidden, weights),
    ]).flat(),
  ]
  return { metadata: llamaMetadata({ layers, hidden, heads, contextTokens }, tokens), tensors }
}

function scriptedModel(script: string, { contextTokens = 4096, where }: Script) {
  const [hidden, heads, feedForward] = [256, 4, 8]
  const usual = uniquePieces(script)
  const scripts = where ? [usual, uniquePieces(where.script, usual)] : [usual]
  const pieces = scripts.flat()
  const plain = [...sentencePieces(), ...(where ? [{ text: where.sign, type: tokenTypes.normal }] : [])]
  const tokens = [...plain, ...pieces.map((piece) => ({ text: piece.replaceAll(' ', '▁'), type: tokenTypes.normal }))]
  // Directions at random in so many dimensions are nearly at right angles to each other, and none of them has the last.
  const weights = randomWeights(1)
  const directions = Array.from({ length: pieces.length + 1 }, () => weights.values(hidden, 1).fill(0, hidden - 1))
  const [start, ...states] = directions as [Float32Array, ...Float32Array[]]
  const nothing = new Float32Array(hidden)
  const sign = new Float32Array(hidden).fill(1, hidden - 1)
  const isSign = (token: number): boolean => where !== undefined && token === plain.length - 1
  const end = 2
  // What follows is what looks most like a state. After the last piece of a script that is the end.
  const follows = new Map<number, Float32Array>()
  const ends = new Float32Array(hidden)
  let first = 0
  for (const [index, { length }] of scripts.entries()) {
    // Of two beginnings the second is the less likely one, until the sign tells for it.
    const begin = index === 0 ? start : start.map((value) => value * 0.9).fill(signTold, hidden - 1)
    follows.set(plain.length + first, begin)
    for (let piece = first + 1; piece < first + length; piece += 1)
      follows.set(plain.length + piece, states[piece - 1] ?? nothing)
    ;(states[first + length - 1] ?? start).forEach((value, at) => (ends[at] = (ends[at] ?? 0) + value))
    first += length
  }
  follows.set(end, ends)
  const rows = (name: string, of: (token: number) => Float32Array): GgufTensor => ({
    name,
    shape: [hidden, tokens.length],
    values: Float32Array.from(tokens.flatMap((_, token) => [...of(token)])),
  })
  const zeros = (name: string, inputs: number, outputs: number): GgufTensor => ({
    name,
    shape: [inputs, outputs],
    values: new Float32Array(inputs * outputs),
  })
  /** Of the last dimension, this much of it. */
  const last = (name: string, gain: number): GgufTensor => ({
    ...zeros(name, hidden, hidden),
    values: new Float32Array(hidden * hidden).fill(gain, hidden * hidden - 1),
  })
  const tensors = [
    rows('token_embd.weight', (token) => (isSign(token) ? sign : (states[token - plain.length] ?? start))),
    ones('output_norm.weight', hidden),
    rows('output.weight', (token) => follows.get(token) ?? nothing),
    ones('blk.0.attn_norm.weight', hidden),
    // Every token looks at all before it alike, and sees how much of a sign there is among them.
    ...['q', 'k'].map((part) => zeros(`blk.0.attn_${part}.weight`, hidden, hidden)),
    last('blk.0.attn_v.weight', 1),
    last('blk.0.attn_output.weight', signSeen),
    ones('blk.0.ffn_norm.weight', hidden),
    zeros('blk.0.ffn_gate.weight', hidden, feedForward),
    zeros('blk.0.ffn_up.weight', hidden, feedForward),
    zeros('blk.0.ffn_down.weight', feedForward, hidden),
  ]
  return { metadata: llamaMetadata({ layers: 1, hidden, heads, contextTokens, feedForward }, tokens), tensors }
}

/**
 * How much a sign changes a state, and how much that tells for its script: among n tokens it is 16 / n times both, which
 * must be more than the 9 that the usual script is ahead by, and less than the 85 with which one piece follows another.
 */
const [signSeen, signTold] = [40, 39]

/** Words with the gap before them; longer pieces where such a token is there already, for one is one place in the script. */
function uniquePieces(script: string, others: readonly string[] = []): string[] {
  const pieces: string[] = []
  let piece = ''
  for (const word of script.match(/\s*\S+/g) ?? []) {
    piece += word
    if (pieces.includes(piece) || others.includes(piece) || piece.trim().length < 2) continue
    pieces.push(piece)
    piece = ''
  }
  return piece === '' ? pieces : [...pieces.slice(0, -1), `${pieces.at(-1) ?? ''}${piece}`]
}

function llamaMetadata(
  shape: Omit<Required<GgufShape>, 'seed'> & { feedForward?: number },
  tokens: readonly { text: string; type: number }[],
): [string, GgufValue][] {
  const { layers, hidden, heads, contextTokens, feedForward = 2 * hidden } = shape
  return [
    ['general.architecture', { text: 'llama' }],
    ['general.name', { text: 'tiny generator' }],
    ['llama.vocab_size', { uint32: tokens.length }],
    ['llama.context_length', { uint32: contextTokens }],
    ['llama.embedding_length', { uint32: hidden }],
    ['llama.block_count', { uint32: layers }],
    ['llama.feed_forward_length', { uint32: feedForward }],
    ['llama.rope.dimension_count', { uint32: hidden / heads }],
    ['llama.attention.head_count', { uint32: heads }],
    ['llama.attention.head_count_kv', { uint32: heads }],
    ['llama.attention.layer_norm_rms_epsilon', { float32: 1e-5 }],
    ['tokenizer.ggml.model', { text: 'llama' }],
    ['tokenizer.ggml.tokens', { texts: tokens.map(({ text }) => text) }],
    ['tokenizer.ggml.scores', { float32s: tokens.map((_, index) => -index) }],
    ['tokenizer.ggml.token_type', { int32s: tokens.map(({ type }) => type) }],
    ['tokenizer.ggml.bos_token_id', { uint32: 1 }],
    ['tokenizer.ggml.eos_token_id', { uint32: 2 }],
    ['tokenizer.ggml.unknown_token_id', { uint32: 0 }],
    ['tokenizer.chat_template', { text: chatTemplate }],
  ]
}

/** `llama_token_type` */
const tokenTypes = { normal: 1, unknown: 2, control: 3, byte: 6 }

/** SentencePiece with byte fallback: every text has tokens. */
function sentencePieces(): { text: string; type: number }[] {
  const control = ['<s>', '</s>', '<|im_start|>', '<|im_end|>']
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
  const letters = Array.from({ length: 0x7e - 0x20 }, (_, index) => String.fromCharCode(0x21 + index))
  return [
    { text: '<unk>', type: tokenTypes.unknown },
    ...control.map((text) => ({ text, type: tokenTypes.control })),
    ...bytes.map((text) => ({ text, type: tokenTypes.byte })),
    ...['▁', ...letters, ...letters.map((letter) => `▁${letter}`)].map((text) => ({ text, type: tokenTypes.normal })),
  ]
}

const chatTemplate =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

/** The keys and tensors that llama.cpp looks for in a model of architecture "bert". */
function bertModel(given: GgufShape, poolingType: number, head: readonly GgufTensor[]) {
  const { seed, layers, hidden, heads, contextTokens } = complete(given)
  const weights = randomWeights(seed)
  const vocabulary = tinyVocabulary()
  const feedForward = 4 * hidden
  const metadata: [string, GgufValue][] = [
    ['general.architecture', { text: 'bert' }],
    ['general.name', { text: 'tiny encoder' }],
    ['bert.context_length', { uint32: contextTokens }],
    ['bert.embedding_length', { uint32: hidden }],
    ['bert.block_count', { uint32: layers }],
    ['bert.feed_forward_length', { uint32: feedForward }],
    ['bert.attention.head_count', { uint32: heads }],
    ['bert.attention.layer_norm_epsilon', { float32: 1e-12 }],
    ['bert.attention.causal', { boolean: false }],
    ['bert.pooling_type', { uint32: poolingType }],
    ['tokenizer.ggml.model', { text: 'bert' }],
    ['tokenizer.ggml.token_type_count', { uint32: 2 }],
    ['tokenizer.ggml.tokens', { texts: vocabulary.map(ggufPiece) }],
    ['tokenizer.ggml.token_type', { int32s: vocabulary.map((_, id) => (id < 5 ? tokenTypes.control : 1)) }],
    ['tokenizer.ggml.bos_token_id', { uint32: 2 }],
    ['tokenizer.ggml.cls_token_id', { uint32: 2 }],
    ['tokenizer.ggml.eos_token_id', { uint32: 3 }],
    ['tokenizer.ggml.seperator_token_id', { uint32: 3 }],
    ['tokenizer.ggml.unknown_token_id', { uint32: 1 }],
    ['tokenizer.ggml.padding_token_id', { uint32: 0 }],
    ['tokenizer.ggml.mask_token_id', { uint32: 4 }],
  ]
  const dense = (name: string, inputs: number, outputs: number): GgufTensor[] => [
    matrix(`${name}.weight`, inputs, outputs, weights),
    vector(`${name}.bias`, outputs, weights),
  ]
  const norm = (name: string): GgufTensor[] => [ones(`${name}.weight`, hidden), vector(`${name}.bias`, hidden, weights)]
  const tensors = [
    matrix('token_embd.weight', hidden, vocabulary.length, weights),
    matrix('token_types.weight', hidden, 2, weights),
    matrix('position_embd.weight', hidden, contextTokens, weights),
    ...norm('token_embd_norm'),
    ...Array.from({ length: layers }, (_, layer) => [
      ...dense(`blk.${layer}.attn_q`, hidden, hidden),
      ...dense(`blk.${layer}.attn_k`, hidden, hidden),
      ...dense(`blk.${layer}.attn_v`, hidden, hidden),
      ...dense(`blk.${layer}.attn_output`, hidden, hidden),
      ...norm(`blk.${layer}.attn_output_norm`),
      ...dense(`blk.${layer}.ffn_up`, hidden, feedForward),
      ...dense(`blk.${layer}.ffn_down`, feedForward, hidden),
      ...norm(`blk.${layer}.layer_output_norm`),
    ]).flat(),
    ...head,
  ]
  return { metadata, tensors }
}

/** GGUF marks the beginning of a word where WordPiece marks the rest of one. */
function ggufPiece(token: string): string {
  if (/^\[[A-Z]+\]$/.test(token)) return token
  return token.startsWith('##') ? token.slice(2) : `▁${token}`
}

/** Values large enough that a layer changes what it is given. */
function matrix(name: string, inputs: number, outputs: number, weights: RandomWeights): GgufTensor {
  return { name, shape: [inputs, outputs], values: weights.values(inputs * outputs, Math.sqrt(3 / inputs)) }
}

function vector(name: string, length: number, weights: RandomWeights): GgufTensor {
  return { name, shape: [length], values: weights.values(length, 0.1) }
}

function ones(name: string, length: number): GgufTensor {
  return { name, shape: [length], values: new Float32Array(length).fill(1) }
}
