import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { type ModelFile, type ModelManifest, modelIdSchema, modelPathSchema } from '../contract/models.ts'
import { type FileSource, readSmallText, type SourceFile } from './file-source.ts'
import { type GgufMetadata, readGguf } from './read-gguf.ts'

/** A model that came without a manifest. */
export interface DescribedModel {
  /** Without SHA-256: the files have not been read. */
  manifest: ModelManifest
  /** Where in the source a file of the manifest is, if elsewhere. */
  places: ReadonlyMap<string, string>
  /** Sentences for a person: what its files do not say, and what was taken instead. */
  assumed: string[]
}

/** Files that belong to a model beside those that are needed to run it. */
const companions =
  /^(?:(?:LICEN[CS]E|NOTICE|USE_POLICY)(?:\.\w+)?|README\.md|MODEL-CARD\.md|SOURCES\.tsv|[\w.-]+\.json|[\w.-]+\.model|vocab\.txt|merges\.txt|1_Pooling\/config\.json)$/i
const onnxWeights = /^(?:onnx\/)?model(?:_(fp16|quantized|int8|uint8|q4|q4f16|bnb4))?\.onnx(?:[._]data(?:_\d+)?)?$/
export const requiredOnnxFiles = ['config.json', 'tokenizer.json', 'tokenizer_config.json'] as const

/**
 * What a model is, from its files: a folder as Transformers.js loads it (ONNX weights, config.json, tokenizer.json,
 * tokenizer_config.json), or one GGUF file. Where `catalogue` names it, its facts are taken from there.
 * Errors: model-invalid (says what is missing or why it cannot be used).
 */
export async function describeFiles(
  source: FileSource,
  catalogue: readonly ModelManifest[],
  givenId?: string,
): Promise<DescribedModel> {
  const gguf = source.files.filter(({ path }) => /\.gguf$/i.test(path))
  const weights = source.files.filter(({ path }) => onnxWeights.test(path))
  const described =
    weights.length > 0
      ? await describeOnnx(source, weights)
      : gguf.length > 0
        ? await describeGguf(source, gguf)
        : undefined
  if (!described) throw unrecognised(source)
  const id = givenId ?? idFrom(source.name)
  const known = catalogue.find((entry) => entry.id === id && entry.format === described.manifest.format)
  const manifest = known ? withFacts(described.manifest, known) : { ...described.manifest, id }
  return {
    manifest,
    places: described.places,
    assumed: known
      ? [`Its name is that of "${known.label}" in the catalogue: licence, prefixes and pooling are taken from there.`]
      : described.assumed,
  }
}

/** 'Xenova/All MiniLM' -> 'all-minilm'. Errors: model-invalid (nothing is left of it). */
export function idFrom(name: string): string {
  const id = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/[.-]*\.[.-]*/g, '.')
    .replaceAll(/^[.-]+|[.-]+$/g, '')
    .slice(0, 80)
    .replaceAll(/[.-]+$/g, '')
  if (modelIdSchema.safeParse(id).success) return id
  throw new AppError('model-invalid', `No name for a model can be made of "${name}". Give one.`)
}

function withFacts(own: ModelManifest, known: ModelManifest): ModelManifest {
  const precisions = new Map(known.files.map(({ path, precision }) => [path, precision]))
  const files = own.files.map((file) => {
    const precision = precisions.get(file.path) ?? file.precision
    return precision === undefined ? file : { ...file, precision }
  })
  return { ...known, files }
}

async function describeOnnx(source: FileSource, weights: readonly SourceFile[]): Promise<DescribedModel> {
  const has = (path: string): boolean => source.files.some((file) => file.path === path)
  const missing = requiredOnnxFiles.filter((path) => !has(path))
  if (missing.length > 0) {
    throw new AppError('model-invalid', `This model is incomplete: ${missing.join(', ')} is missing. Get all of it.`, {
      details: { missing },
    })
  }
  const config = await readJson(source, 'config.json', configSchema)
  const tokenizer = await readJson(source, 'tokenizer_config.json', tokenizerConfigSchema)
  const pooling = await readJson(source, '1_Pooling/config.json', poolingSchema)
  const sentence = await readJson(source, 'sentence_bert_config.json', sentenceSchema)
  const prompts = (await readJson(source, 'config_sentence_transformers.json', promptsSchema))?.prompts
  const card = readCard(await readSmallText(source, 'README.md'))
  if (!config) throw new AppError('model-invalid', 'The config.json of this model cannot be read. Get the model again.')

  const architectures = config.architectures ?? []
  const ranks = architectures.some((name) => name.endsWith('ForSequenceClassification'))
  if (!pooling && architectures.some((name) => /For(?:CausalLM|ConditionalGeneration)$/.test(name))) {
    throw new AppError(
      'model-invalid',
      'This is a model that writes text, in ONNX form. Get it in GGUF form: that is what answers are written with.',
    )
  }
  const assumed: string[] = []
  const dimensions = config.hidden_size ?? config.d_model ?? config.dim
  const maxTokens = longest(config, tokenizer?.model_max_length, sentence?.max_seq_length)
  const published = poolingOf(pooling)
  if (!ranks && published === undefined) assumed.push('Pooling is not named: the mean of the tokens is taken.')
  if (!ranks && !prompts) assumed.push('Prefixes are not named: none are put before questions and passages.')
  if (card.licence === undefined) assumed.push('No licence is named: ask whom you have it from before you pass it on.')

  // Weights that lie beside config.json are looked for in onnx/ by whoever loads them.
  const places = new Map<string, string>()
  const files: ModelFile[] = []
  for (const { path, bytes } of source.files) {
    const precision = precisionOf(path)
    const own = precision === undefined || path.startsWith('onnx/') ? path : `onnx/${path}`
    if (precision === undefined && !isCompanion(path)) continue
    if (own !== path && has(own)) continue
    if (own !== path) places.set(own, path)
    files.push({ path: own, bytes, ...(precision === undefined ? {} : { precision }) })
  }
  return {
    places,
    assumed,
    manifest: {
      id: 'model',
      kind: ranks ? 'reranker' : 'embedder',
      format: 'onnx',
      label: source.name.slice(0, 120),
      licence: { id: card.licence ?? 'LicenseRef-unknown' },
      files,
      languages: card.languages,
      ...(ranks || dimensions === undefined ? {} : { dimensions }),
      ...(maxTokens === undefined ? {} : { maxTokens }),
      ...(ranks ? {} : { pooling: published ?? 'mean', normalise: true }),
      ...(ranks
        ? {}
        : { prefixes: { query: prompts?.query ?? '', passage: prompts?.passage ?? prompts?.document ?? '' } }),
      use: '',
      sources: [
        `The files of the model (${weights.length === 1 ? 'one file' : `${weights.length} files`} of weights).`,
      ],
    },
  }
}

/** General names of GGUF: ggml's docs/gguf.md. */
async function describeGguf(source: FileSource, found: readonly SourceFile[]): Promise<DescribedModel> {
  const [file] = found
  if (!file || found.length > 1) {
    throw new AppError(
      'model-invalid',
      `There are ${found.length} GGUF files here. Import one of them: give its path.`,
      { details: { files: found.map(({ path }) => path) } },
    )
  }
  const metadata = await readGguf(source.read(file.path))
  const architecture = textOf(metadata, 'general.architecture') ?? ''
  const pooling = metadata.get(`${architecture}.pooling_type`)
  const embeds = pooling !== undefined || /bert$|embed/.test(architecture)
  const kind = pooling === ggufRank ? 'reranker' : embeds ? 'embedder' : 'generator'
  const dimensions = numberOf(metadata, `${architecture}.embedding_length`)
  const maxTokens = numberOf(metadata, `${architecture}.context_length`)
  const licence = licenceFrom(textOf(metadata, 'general.license'))
  const assumed: string[] = []
  if (kind === 'embedder' && typeof pooling !== 'number')
    assumed.push('Pooling is not named: the mean of the tokens is taken.')
  if (kind === 'embedder') assumed.push('Prefixes are not named: none are put before questions and passages.')
  if (licence === undefined) assumed.push('No licence is named: ask whom you have it from before you pass it on.')
  const name = file.path.slice(file.path.lastIndexOf('/') + 1)
  const places = new Map<string, string>()
  const path = modelPathSchema.safeParse(name).success ? name : 'model.gguf'
  if (path !== file.path) places.set(path, file.path)
  const quantisation = /(?:^|[.-])(I?Q\d\w*|F16|BF16|F32)\.gguf$/i.exec(name)?.[1]?.toUpperCase()
  return {
    places,
    assumed,
    manifest: {
      id: 'model',
      kind,
      format: 'gguf',
      label: (textOf(metadata, 'general.name') ?? source.name).trim().slice(0, 120) || 'Model',
      licence: { id: licence ?? 'LicenseRef-unknown' },
      files: [
        { path, bytes: file.bytes, ...(quantisation === undefined ? {} : { precision: quantisation.slice(0, 20) }) },
        ...source.files
          .filter((other) => other !== file && isCompanion(other.path) && !other.path.endsWith('.json'))
          .map((other) => ({ path: other.path, bytes: other.bytes })),
      ],
      languages: [],
      ...(kind === 'embedder' && dimensions !== undefined ? { dimensions } : {}),
      ...(maxTokens === undefined ? {} : { maxTokens }),
      ...(kind === 'embedder'
        ? { pooling: ggufPoolings[Number(pooling)] ?? 'mean', normalise: true, prefixes: { query: '', passage: '' } }
        : {}),
      use: '',
      sources: ['The head of the GGUF file.'],
    },
  }
}

/** llama.cpp's `llama_pooling_type`: none, mean, cls, last, rank. */
const ggufPoolings: Record<number, 'mean' | 'cls' | 'last'> = { 1: 'mean', 2: 'cls', 3: 'last' }
const ggufRank = 4

const configSchema = z.object({
  architectures: z.array(z.string()).nullish(),
  model_type: z.string().nullish(),
  hidden_size: z.int().positive().optional(),
  d_model: z.int().positive().optional(),
  dim: z.int().positive().optional(),
  max_position_embeddings: z.int().positive().optional(),
})
const tokenizerConfigSchema = z.object({ model_max_length: z.number().positive().optional() })
const sentenceSchema = z.object({ max_seq_length: z.int().positive().nullish() })
const poolingSchema = z.object({
  pooling_mode_cls_token: z.boolean().optional(),
  pooling_mode_mean_tokens: z.boolean().optional(),
  pooling_mode_lasttoken: z.boolean().optional(),
})
const promptsSchema = z.object({
  prompts: z
    .object({
      query: z.string().max(500).optional(),
      passage: z.string().max(500).optional(),
      document: z.string().max(500).optional(),
    })
    .optional(),
})

function poolingOf(config: z.infer<typeof poolingSchema> | undefined): 'mean' | 'cls' | 'last' | undefined {
  if (config?.pooling_mode_cls_token) return 'cls'
  if (config?.pooling_mode_lasttoken) return 'last'
  return config?.pooling_mode_mean_tokens ? 'mean' : undefined
}

function longest(
  config: z.infer<typeof configSchema>,
  ofTokenizer: number | undefined,
  ofSentence: number | null | undefined,
): number | undefined {
  // These models count places from the padding token's id on.
  const offset = /roberta|camembert|mpnet/.test(config.model_type ?? '') ? 2 : 0
  const positions = config.max_position_embeddings
  const limits = [
    positions === undefined ? undefined : Math.max(1, positions - offset),
    // Some write a huge number for "no limit".
    ofTokenizer !== undefined && ofTokenizer <= 10_000_000 ? Math.floor(ofTokenizer) : undefined,
    ofSentence ?? undefined,
  ].filter((limit) => limit !== undefined)
  return limits.length === 0 ? undefined : Math.min(...limits)
}

const precisionNames: Record<string, string> = { quantized: 'q8' }

function precisionOf(path: string): string | undefined {
  const match = onnxWeights.exec(path)
  if (!match) return undefined
  const suffix = match[1]
  return suffix === undefined ? 'fp32' : (precisionNames[suffix] ?? suffix)
}

function isCompanion(path: string): boolean {
  return companions.test(path) && path.toLowerCase() !== 'model.json' && modelPathSchema.safeParse(path).success
}

/** Licence and languages from the head of a model card. */
function readCard(text: string | undefined): { licence: string | undefined; languages: string[] } {
  const head = /^---\r?\n([\s\S]{0,20000}?)\r?\n---/.exec(text ?? '')?.[1] ?? ''
  const licence = licenceFrom(/^license:[ \t]*["']?([\w.-]+)/m.exec(head)?.[1])
  const languages = /^language:[ \t]*(?:([\w-]+)[ \t]*$|((?:\r?\n[ \t]*-[ \t]*["']?[\w-]+["']?[ \t]*$)+))/m.exec(head)
  const list = languages?.[1] ?? languages?.[2] ?? ''
  const codes = [...list.matchAll(/[a-z]{2,3}(?![\w-])/g)].map(([code]) => code)
  return { licence, languages: [...new Set(codes)].slice(0, 200) }
}

const licenceNames: Record<string, string> = {
  'apache-2.0': 'Apache-2.0',
  mit: 'MIT',
  'bsd-3-clause': 'BSD-3-Clause',
  'cc-by-4.0': 'CC-BY-4.0',
  'cc-by-sa-4.0': 'CC-BY-SA-4.0',
  'cc-by-nc-4.0': 'CC-BY-NC-4.0',
  'cc0-1.0': 'CC0-1.0',
}

function licenceFrom(name: string | undefined): string | undefined {
  const plain = name
    ?.toLowerCase()
    .replaceAll(/[^a-z0-9.+-]/g, '-')
    .slice(0, 40)
  if (plain === undefined || plain === '' || plain === 'other') return undefined
  return licenceNames[plain] ?? `LicenseRef-${plain}`
}

function textOf(metadata: GgufMetadata, name: string): string | undefined {
  const value = metadata.get(name)
  return typeof value === 'string' ? value : undefined
}

function numberOf(metadata: GgufMetadata, name: string): number | undefined {
  const value = metadata.get(name)
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 65_536 * 64 ? value : undefined
}

/** Undefined where the file is absent or not what it should be: nothing is known then. */
async function readJson<Value>(source: FileSource, path: string, schema: z.ZodType<Value>): Promise<Value | undefined> {
  const text = await readSmallText(source, path)
  if (text === undefined) return undefined
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

function unrecognised(source: FileSource): AppError {
  const torch = source.files.some(({ path }) => /\.(safetensors|bin|pt|pth|h5|msgpack)$/.test(path))
  return new AppError(
    'model-invalid',
    torch
      ? 'These are weights for Python. Get the model in ONNX form (a folder "onnx" in its repository) or as GGUF.'
      : 'No model was found here: neither ONNX weights (onnx/model.onnx) nor a .gguf file. Give the model’s own folder.',
    { details: { files: source.files.slice(0, 20).map(({ path }) => path) } },
  )
}
