import { z } from 'zod'
import { AppError, toAppError, toErrorData } from '../contract/errors.ts'
import type { Provider, ProviderKind, ProviderModel, ProviderTest, ProviderUse } from '../contract/providers.ts'
import { embedderDefinitions } from '../embedders/list.ts'
import { textGeneratorDefinitions } from '../generators/text/list.ts'
import type { LocateModel } from '../model-files/locator.ts'
import { rerankerDefinitions } from '../rerankers/list.ts'
import type { Connect } from '../runtimes/remote/connection.ts'
import { kindsOfProvider } from '../runtimes/remote/kinds.ts'
import { answerWrong } from '../runtimes/remote/provider-errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { findDefinition } from '../shared/family.ts'
import type { Providers } from './providers.ts'

/**
 * One tiny request, made as a pipeline would make it. What goes wrong is the result. Errors: item-missing,
 * input-invalid (a use that it does not have, no model), cancelled.
 */
export async function testProvider(
  id: string,
  { use, model }: { use?: ProviderUse | undefined; model?: string | undefined },
  { providers, locateModel }: { providers: Providers; locateModel: LocateModel },
  signal?: AbortSignal,
): Promise<ProviderTest> {
  const provider = await providers.get(id)
  const { label, uses, listsModels } = kindsOfProvider[provider.kind]
  if (use && !uses.includes(use)) {
    throw new AppError('input-invalid', `${label} has nothing for ${use}. It has: ${uses.join(', ')}.`)
  }
  if ((use || !listsModels) && model === undefined) {
    throw new AppError('input-invalid', `Name the model to try: quarry providers test ${id} --for USE --model NAME`)
  }
  const asked = use ?? (model === undefined ? null : (uses[0] ?? null))
  // A person waits: what fails is told at once.
  const connect: Connect = (name, purpose) => providers.connect(name, purpose, { attempts: 1 })
  const before = performance.now()
  const result = (message: string, error: AppError | null): ProviderTest => ({
    ok: error === null,
    use: asked,
    model: model ?? null,
    tookMs: performance.now() - before,
    message,
    error: error && toErrorData(error),
  })
  try {
    if (asked === null || model === undefined) {
      const models = await listRemoteModels(provider, connect, signal)
      return result(`It answers, and has ${models.length} models.`, null)
    }
    return result(await tryModel(provider, asked, model, { connect, locateModel }, signal), null)
  } catch (thrown) {
    throwIfAborted(signal)
    const error = toAppError(thrown)
    return result(error.message, error)
  }
}

/** Gives a sentence about what came back. */
async function tryModel(
  { id, kind }: Provider,
  use: ProviderUse,
  model: string,
  { connect, locateModel }: { connect: Connect; locateModel: LocateModel },
  signal?: AbortSignal,
): Promise<string> {
  const options = { provider: id, model }
  const dependencies = { connect, locateModel, threads: 1 }
  if (use === 'embeddings') {
    const definition = findDefinition('embedder', embedderDefinitions, kind)
    const embedder = await definition.create(definition.options.parse(options), dependencies)
    await embedder.embed(['A test.'], 'query', signal ? { signal } : {})
    return `It answers with vectors of ${embedder.dimensions} numbers.`
  }
  if (use === 'rerank') {
    const definition = findDefinition('reranker', rerankerDefinitions, kind)
    const reranker = await definition.create(definition.options.parse(options), dependencies)
    await reranker.score('A question?', ['A passage.'], signal ? { signal } : {})
    return 'It answers with a score.'
  }
  const definition = findDefinition('text generator', textGeneratorDefinitions, kind)
  const generator = await definition.create(definition.options.parse(options), dependencies)
  let tokens = 0
  const messages = [{ role: 'user' as const, content: 'Answer with the word: yes' }]
  for await (const part of generator.stream(messages, { maxTokens: 16 }, signal)) {
    if (part.type === 'end') tokens = part.outputTokens
  }
  return `It answers with text (${tokens} tokens).`
}

/** Sorted by id. Errors: input-invalid (the API has no such list), network-refused, provider-… */
export async function listRemoteModels(
  provider: Provider,
  connect: Connect,
  signal?: AbortSignal,
): Promise<ProviderModel[]> {
  const list = lists[provider.kind]
  if (!list) {
    const { label } = kindsOfProvider[provider.kind]
    throw new AppError(
      'input-invalid',
      `${label} has no list of its models to ask for. Their names are in its documentation.`,
    )
  }
  // A list has no purpose of its own: it is asked for one for which the host is allowed.
  const use = provider.reach.find(({ allowed }) => allowed)?.use ?? provider.uses[0] ?? 'chat'
  const connection = connect(provider.id, use)
  const response = await connection.fetch(`${provider.baseUrl}${list.path}`, signal ? { signal } : {})
  const text = await response.text()
  let models: ProviderModel[]
  try {
    models = list.read.parse(JSON.parse(text))
  } catch {
    throw answerWrong(connection.provider, 'what came is no list of models')
  }
  return models.sort((a, b) => (a.id < b.id ? -1 : 1))
}

interface ModelList {
  path: string
  read: z.ZodType<ProviderModel[]>
}

const tokens = z.int().positive().nullish().catch(null)
const plain = (id: string, contextTokens: number | null | undefined): ProviderModel => ({
  id,
  uses: null,
  contextTokens: contextTokens ?? null,
})

/** The one page that is asked for is long enough for what each of them has. */
const lists: Partial<Record<ProviderKind, ModelList>> = {
  'openai-compatible': {
    path: '/models',
    // vLLM says how much a model reads.
    read: z
      .object({ data: z.array(z.object({ id: z.string(), max_model_len: tokens })) })
      .transform(({ data }) => data.map(({ id, max_model_len }) => plain(id, max_model_len))),
  },
  ollama: {
    path: '/api/tags',
    read: z
      .object({ models: z.array(z.object({ name: z.string() })) })
      .transform(({ models }) => models.map(({ name }) => plain(name, null))),
  },
  anthropic: {
    path: '/models?limit=1000',
    read: z
      .object({ data: z.array(z.object({ id: z.string() })) })
      .transform(({ data }) => data.map(({ id }) => ({ ...plain(id, null), uses: ['chat'] satisfies ProviderUse[] }))),
  },
  google: {
    path: '/models?pageSize=1000',
    read: z
      .object({
        models: z.array(
          z.object({
            name: z.string(),
            inputTokenLimit: tokens,
            supportedGenerationMethods: z.array(z.string()).default([]),
          }),
        ),
      })
      .transform(({ models }) =>
        models.map(({ name, inputTokenLimit, supportedGenerationMethods: methods }) => ({
          ...plain(name.replace(/^models\//, ''), inputTokenLimit),
          uses: [
            ...(methods.includes('generateContent') ? ['chat' as const] : []),
            ...(methods.includes('embedContent') ? ['embeddings' as const] : []),
          ],
        })),
      ),
  },
}
