import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { ProviderKind } from '../contract/providers.ts'

/**
 * A server on this machine that speaks the APIs of all kinds of provider, for tests. Its replies were written from the
 * shapes that the APIs' documentation gives, cut to what clients read; they were not compared with what a real service
 * sends. What it says is made of what it was asked: the same text has the same vector, words that are in a question
 * raise a score, the same messages and seed give the same text.
 */
export interface RemoteServer extends AsyncDisposable {
  /** 'http://127.0.0.1:PORT' */
  origin: string
  /** As the network's list has it. */
  host: string
  baseUrl(kind: ProviderKind): string
  /** What was asked, oldest first. */
  requests: RecordedRequest[]
  /** Answers the next requests, one each, instead of what the API would say. */
  next(...answers: Answer[]): void
  /** Whether all that `next` was given was asked for. */
  isThrough(): boolean
  /** What chat models write instead of their own words; where they keep to a schema, only JSON. */
  says(text: string | undefined): void
  /** Another model behind the same names: other vectors. */
  swapModel(): void
  /** How often a client went away before its answer was whole. */
  left(): number
}

export interface RecordedRequest {
  method: string
  path: string
  headers: Record<string, string>
  body: Record<string, unknown>
}

export type Answer = (response: ServerResponse, request: RecordedRequest, usual: () => Promise<void>) => unknown

export const dimensions = 64
/** The key that it takes, where it was asked for by `needsKey`. */
export const models = ['good-model', 'other-model']

export async function startRemoteServer(options: { key?: string; wordPauseMs?: number } = {}): Promise<RemoteServer> {
  const requests: RecordedRequest[] = []
  const waiting: Answer[] = []
  const state: State = { said: undefined, salt: '', wordPauseMs: options.wordPauseMs ?? 0 }
  let left = 0

  const server = createServer((incoming, response) => {
    response.on('close', () => {
      if (!response.writableEnded) left += 1
    })
    void read(incoming).then(async (request) => {
      requests.push(request)
      const usual = () => answer(request, response, state, options.key)
      const next = waiting.shift()
      try {
        await (next ? next(response, request, usual) : usual())
      } catch {
        response.destroy()
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const origin = `http://${host}`
  return {
    origin,
    host,
    baseUrl: (kind) => `${origin}${prefixes[kind]}`,
    requests,
    next: (...answers) => void waiting.push(...answers),
    isThrough: () => waiting.length === 0,
    says: (text) => void (state.said = text),
    swapModel: () => void (state.salt += 'x'),
    left: () => left,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A whole answer of JSON. */
export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }

interface State {
  said: string | undefined
  salt: string
  wordPauseMs: number
}

const prefixes: Record<ProviderKind, string> = {
  'openai-compatible': '/openai/v1',
  ollama: '/ollama',
  anthropic: '/anthropic/v1',
  google: '/google/v1beta',
  cohere: '/cohere/v2',
  jina: '/jina/v1',
  voyage: '/voyage/v1',
}

async function read(incoming: IncomingMessage): Promise<RecordedRequest> {
  let text = ''
  for await (const piece of incoming.setEncoding('utf8')) text += String(piece)
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]))
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  return { method: incoming.method ?? '', path: incoming.url ?? '', headers, body }
}

async function answer(
  request: RecordedRequest,
  response: ServerResponse,
  state: State,
  key: string | undefined,
): Promise<void> {
  const send = (body: unknown, status = 200) => json(status, body)(response, request, async () => {})
  const kind = (Object.keys(prefixes) as ProviderKind[]).find((name) => request.path.startsWith(`${prefixes[name]}/`))
  if (!kind) return void send({ detail: 'Not Found' }, 404)
  const path = request.path.slice(prefixes[kind].length).replace(/\?.*/, '')
  const { headers, body } = request
  const given = { anthropic: headers['x-api-key'], google: headers['x-goog-api-key'] }[kind as string]
  const had = given ?? headers.authorization?.replace('Bearer ', '')
  if (key !== undefined && had !== key) return void send(wrongKey[kind](had ?? ''), kind === 'google' ? 400 : 401)

  const model = /\/models\/([^:]+):/.exec(path)?.[1] ?? String(body.model)
  const isList = path === '/models' || path === '/api/tags'
  if (!isList && !models.includes(model)) return void send(unknownModel[kind](model), kind === 'jina' ? 422 : 404)
  const vectors = (texts: unknown) => [texts].flat().map((text) => vectorOf(String(text) + state.salt))

  switch (`${kind}${path.replace(/\/models\/[^:]+/, '')}`) {
    case 'openai-compatible/models':
      return void send({ object: 'list', data: models.map((id) => ({ id, object: 'model', max_model_len: 4096 })) })
    case 'ollama/api/tags':
      return void send({ models: models.map((name) => ({ name, model: name, size: 1 })) })
    case 'anthropic/models':
      return void send({ data: models.map((id) => ({ type: 'model', id, display_name: id })), has_more: false })
    case 'google/models':
      return void send({
        models: models.map((id) => ({
          name: `models/${id}`,
          inputTokenLimit: 1_048_576,
          supportedGenerationMethods: ['generateContent', 'embedContent'],
        })),
      })
    case 'openai-compatible/embeddings':
      return void send({
        object: 'list',
        model,
        data: vectors(body.input).map((embedding, index) => ({ object: 'embedding', index, embedding })),
        usage: { prompt_tokens: 8, total_tokens: 8 },
      })
    case 'ollama/api/embed':
      return void send({ model, embeddings: vectors(body.input), total_duration: 14_143_917, prompt_eval_count: 8 })
    case 'google:embedContent':
      return void send({ embedding: { values: vectors(textsOfGoogle([body]))[0] } })
    case 'google:batchEmbedContents':
      return void send({ embeddings: vectors(textsOfGoogle(body.requests)).map((values) => ({ values })) })
    case 'cohere/embed':
      return void send({
        id: 'da6e531f',
        embeddings: { float: vectors(body.texts) },
        texts: body.texts,
        meta: { api_version: { version: '2' }, billed_units: { input_tokens: 2 } },
      })
    case 'cohere/rerank':
    case 'jina/rerank':
      return void send({ id: '07734bd2', results: scoresOf(body), meta: { billed_units: { search_units: 1 } } })
    case 'voyage/rerank':
      return void send({ object: 'list', data: scoresOf(body), model, usage: { total_tokens: 26 } })
    case 'openai-compatible/chat/completions':
      return chatOfOpenAi(request, response, state)
    case 'ollama/api/chat':
      return chatOfOllama(request, response, state)
    case 'anthropic/messages':
      return chatOfAnthropic(request, response, state)
    case 'google:streamGenerateContent':
      return chatOfGoogle(request, response, state)
    default:
      return void send({ detail: 'Not Found' }, 404)
  }
}

/** They like to repeat the key. */
const wrongKey: Record<ProviderKind, (key: string) => unknown> = {
  'openai-compatible': (key) => ({
    error: { message: `Incorrect API key provided: ${key}.`, code: 'invalid_api_key' },
  }),
  ollama: (key) => ({ error: `unauthorized: ${key}` }),
  anthropic: (key) => ({ type: 'error', error: { type: 'authentication_error', message: `invalid x-api-key ${key}` } }),
  google: (key) => ({
    error: { code: 400, message: `API key not valid. Please pass a valid API key. ${key}`, status: 'INVALID_ARGUMENT' },
  }),
  cohere: (key) => ({ message: `invalid api token ${key}` }),
  jina: (key) => ({ detail: `Invalid API key ${key}` }),
  voyage: (key) => ({ detail: `Provided API key is invalid: ${key}` }),
}

const unknownModel: Record<ProviderKind, (model: string) => unknown> = {
  'openai-compatible': (model) => ({
    error: { message: `The model '${model}' does not exist.`, type: 'invalid_request_error', code: 'model_not_found' },
  }),
  ollama: (model) => ({ error: `model "${model}" not found, try pulling it first` }),
  anthropic: (model) => ({ type: 'error', error: { type: 'not_found_error', message: `model: ${model}` } }),
  google: (model) => ({
    error: { code: 404, message: `models/${model} is not found for API version v1beta`, status: 'NOT_FOUND' },
  }),
  cohere: (model) => ({ message: `model '${model}' not found, make sure the correct model ID was used` }),
  jina: (model) => ({ detail: `[ValidationError] Unknown model ${model}` }),
  voyage: (model) => ({ detail: `Model ${model} is not supported. Supported models are ['rerank-2.5'].` }),
}

function textsOfGoogle(requests: unknown): string[] {
  return (requests as { content: { parts: { text: string }[] } }[]).map(({ content }) => content.parts[0]?.text ?? '')
}

function scoresOf({ query, documents }: Record<string, unknown>): { index: number; relevance_score: number }[] {
  const asked = new Set(wordsOf(String(query)))
  const scores = (documents as string[]).map((text, index) => {
    const words = wordsOf(text)
    const shared = words.filter((word) => asked.has(word)).length / Math.max(1, words.length)
    return { index, relevance_score: 0.7 * shared + 0.3 * fraction(`${String(query)}\0${text}`) }
  })
  return scores.sort((a, b) => b.relevance_score - a.relevance_score)
}

/** Words as directions: texts that share some are near each other. */
function vectorOf(text: string): number[] {
  const vector = new Array<number>(dimensions).fill(0)
  for (const word of wordsOf(text)) {
    for (let copy = 0; copy < 4; copy += 1) vector[Math.floor(fraction(`${word}${copy}`) * dimensions)]! += 1
  }
  // No provider gives a vector without a direction.
  if (!vector.some((value) => value > 0)) vector[Math.floor(fraction(text) * dimensions)] = 1
  return vector
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []

/** From 0 to 1, by FNV-1a. */
function fraction(text: string): number {
  let hash = 2_166_136_261
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 16_777_619) >>> 0
  // The last letters would move the low bits only.
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_519) >>> 0
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
}

interface Written {
  pieces: string[]
  reason: 'stop' | 'length'
  promptTokens: number
}

/** What a model would write to these messages: a word a token. */
function write(
  messages: unknown,
  {
    temperature,
    seed,
    maxTokens,
    schema,
  }: { temperature?: unknown; seed?: unknown; maxTokens: number; schema: unknown },
  { said }: State,
): Written {
  const text = JSON.stringify(messages)
  // A letter a token, so that nothing in a text is one special token.
  const promptTokens = text.length
  // What keeps to a schema is JSON: other words of `says` are not for it.
  if (schema !== undefined && !said?.startsWith('{')) {
    return { pieces: ['{"verdict"', ': "supported"', ', "source": 1}'], reason: 'stop', promptTokens }
  }
  if (said !== undefined) {
    return { pieces: said.match(/\S+\s*/g) ?? [], reason: 'stop', promptTokens }
  }
  const start = typeof temperature === 'number' && temperature > 0 ? `${text}${String(seed)}` : text
  const pieces = Array.from(
    { length: maxTokens },
    (_, at) => `${vocabulary[Math.floor(fraction(`${start}${at}`) * vocabulary.length)]} `,
  )
  return { pieces, reason: 'length', promptTokens }
}

const vocabulary = ['wave', 'height', 'limit', 'boat', 'radio', 'harbour', 'oil', 'engine', 'storm', 'nine', 'metres']

async function stream(
  response: ServerResponse,
  { wordPauseMs }: State,
  contentType: string,
  parts: readonly string[],
): Promise<void> {
  response.writeHead(200, { 'content-type': contentType })
  for (const part of parts) {
    if (response.destroyed) return
    response.write(part)
    await wait(wordPauseMs)
  }
  response.end()
}

const event = (data: unknown, name?: string): string =>
  `${name === undefined ? '' : `event: ${name}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`

/** https://platform.openai.com/docs/api-reference/chat-streaming */
async function chatOfOpenAi({ body }: RecordedRequest, response: ServerResponse, state: State): Promise<void> {
  const format = body.response_format as { type?: string } | undefined
  const { pieces, reason, promptTokens } = write(
    body.messages,
    {
      temperature: body.temperature,
      seed: body.seed,
      maxTokens: Number(body.max_tokens ?? body.max_completion_tokens),
      schema: format?.type === 'json_schema' ? format : undefined,
    },
    state,
  )
  const chunk = (more: object) =>
    event({ id: 'chatcmpl-123', object: 'chat.completion.chunk', created: 1_694_268_190, model: body.model, ...more })
  await stream(response, state, 'text/event-stream; charset=utf-8', [
    chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] }),
    ...pieces.map((content) => chunk({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })),
    chunk({ choices: [{ index: 0, delta: {}, finish_reason: reason }] }),
    chunk({ choices: [], usage: { prompt_tokens: promptTokens, completion_tokens: pieces.length, total_tokens: 0 } }),
    event('[DONE]'),
  ])
}

/** https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-chat-completion */
async function chatOfOllama({ body }: RecordedRequest, response: ServerResponse, state: State): Promise<void> {
  const options = body.options as Record<string, unknown>
  const { pieces, reason, promptTokens } = write(
    body.messages,
    {
      temperature: options.temperature,
      seed: options.seed,
      maxTokens: Number(options.num_predict),
      schema: body.format,
    },
    state,
  )
  const line = (more: object) =>
    `${JSON.stringify({ model: body.model, created_at: '2026-11-01T08:52:19.385406455-07:00', ...more })}\n`
  await stream(response, state, 'application/x-ndjson', [
    ...pieces.map((content) => line({ message: { role: 'assistant', content }, done: false })),
    line({
      message: { role: 'assistant', content: '' },
      done: true,
      done_reason: reason,
      total_duration: 4_883_583_458,
      prompt_eval_count: promptTokens,
      eval_count: pieces.length,
    }),
  ])
}

/** https://docs.anthropic.com/en/docs/build-with-claude/streaming */
async function chatOfAnthropic({ body }: RecordedRequest, response: ServerResponse, state: State): Promise<void> {
  const format = (body.output_config as { format?: unknown } | undefined)?.format ?? body.output_format
  const { pieces, reason, promptTokens } = write(
    [body.system, body.messages],
    // It has no seed: with a temperature its own choice, which is the same each time here.
    { temperature: body.temperature, seed: 'own', maxTokens: Number(body.max_tokens), schema: format ?? body.tools },
    state,
  )
  const asTool = body.tools !== undefined && format === undefined
  const named = (type: string, more: object) => event({ type, ...more }, type)
  const start = asTool ? { type: 'tool_use', id: 'toolu_01T', name: 'json', input: {} } : { type: 'text', text: '' }
  const delta = (text: string) =>
    asTool ? { type: 'input_json_delta', partial_json: text } : { type: 'text_delta', text }
  await stream(response, state, 'text/event-stream; charset=utf-8', [
    named('message_start', {
      message: {
        id: 'msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY',
        type: 'message',
        role: 'assistant',
        content: [],
        model: body.model,
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: promptTokens, output_tokens: 1 },
      },
    }),
    named('content_block_start', { index: 0, content_block: start }),
    named('ping', {}),
    ...pieces.map((text) => named('content_block_delta', { index: 0, delta: delta(text) })),
    named('content_block_stop', { index: 0 }),
    named('message_delta', {
      delta: {
        stop_reason: asTool ? 'tool_use' : reason === 'length' ? 'max_tokens' : 'end_turn',
        stop_sequence: null,
      },
      usage: { output_tokens: pieces.length },
    }),
    named('message_stop', {}),
  ])
}

/** https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent */
async function chatOfGoogle({ body }: RecordedRequest, response: ServerResponse, state: State): Promise<void> {
  const config = (body.generationConfig ?? {}) as Record<string, unknown>
  const { pieces, reason, promptTokens } = write(
    [body.systemInstruction, body.contents],
    {
      temperature: config.temperature,
      seed: config.seed,
      maxTokens: Number(config.maxOutputTokens),
      schema: config.responseSchema ?? config.responseJsonSchema,
    },
    state,
  )
  const usageMetadata = {
    promptTokenCount: promptTokens,
    candidatesTokenCount: pieces.length,
    totalTokenCount: promptTokens + pieces.length,
  }
  await stream(
    response,
    state,
    'text/event-stream',
    pieces.map((text, index) =>
      event({
        candidates: [
          {
            content: { parts: [{ text }], role: 'model' },
            index: 0,
            ...(index === pieces.length - 1 ? { finishReason: reason === 'length' ? 'MAX_TOKENS' : 'STOP' } : {}),
          },
        ],
        usageMetadata,
        modelVersion: 'good-model',
      }),
    ),
  )
}
