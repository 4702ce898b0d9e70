import { AppError } from '../contract/errors.ts'
import type { Choice, Pipeline, Prompt } from '../contract/pipeline.ts'
import { type RunSettings, runSettingsSchema } from '../contract/runs.ts'
import type { RetrievedPassage } from '../contract/search.ts'
import { modelAnswerOptions } from '../generators/model-answer/model-answer.ts'
import { buildPrompt } from '../generators/model-answer/prompt.ts'
import { checkPrompt, type PromptTexts, standardPrompt } from '../generators/model-answer/prompt-template.ts'
import type { ChatMessage, TextGenerator } from '../generators/text-generator.ts'
import type { PromptLibrary, PromptWords } from '../library/prompts.ts'
import type { ReleaseLibrary } from '../library/releases.ts'
import type { CollectionId, DatasetId, PromptId, ReleaseId, RunId } from '../shared/ids.ts'
import { askedOf, type AskedParts } from './asked.ts'
import { givenPassages } from './ask-steps.ts'
import type { Embedding } from './embedding.ts'
import { languageModelOf } from './pipelines.ts'
import { titleOf } from './releases.ts'
import type { Retrieval } from './retrieval.ts'
import type { Runs } from './runs.ts'

/** Prompts as documents: versions, what a model is really given, and two of them side by side. */
export interface Prompts {
  /** Makes the first one, where there is none. */
  ensureStandard(): void
  /** Errors: name-taken, input-invalid. */
  create(name: string, words: PromptWords): PromptId
  /** Errors: item-missing, input-invalid. */
  save(id: PromptId, words: PromptWords): void
  /** Errors: item-missing, input-invalid. */
  preview(request: PreviewRequest, signal?: AbortSignal): Promise<PromptPreview>
  /** Errors: see contract. */
  test(request: {
    releaseId: ReleaseId
    datasetId: DatasetId
    before: Prompt | null
    after: Prompt | null
    settings?: RunSettings | undefined
  }): Promise<{ beforeRunId: RunId; afterRunId: RunId }>
}

export interface PreviewRequest extends PromptTexts {
  collectionId: CollectionId
  question: string
  releaseId?: ReleaseId | undefined
}

export interface PromptPreview {
  messages: ChatMessage[]
  tokens: number
  countedBy: string
  contextTokens: number | null
  used: number
  passages: RetrievedPassage[]
}

export interface PromptParts extends AskedParts {
  library: PromptLibrary
  releaseLibrary: Pick<ReleaseLibrary, 'get'>
  runs: Pick<Runs, 'start'>
  retrieval: Retrieval
  openEmbedding(owner: { pipeline: Pipeline }): Promise<Embedding>
  openTextGenerator(choice: Choice): Promise<TextGenerator>
}

export function createPrompts(parts: PromptParts): Prompts {
  const { library } = parts
  return {
    ensureStandard() {
      if (library.list().length > 0) return
      library.create('Standard', { ...standardPrompt, note: 'What Quarry asks with by itself.' })
    },
    create(name, words) {
      checkPrompt(words)
      return library.create(name, words).id
    },
    save(id, words) {
      const [newest] = library.versions(id)
      checkPrompt(words)
      if (newest?.prompt.system === words.system && newest.prompt.user === words.user) return
      library.addVersion(id, words)
    },
    async preview({ collectionId, question, releaseId, ...texts }, signal) {
      checkPrompt(texts)
      const request = { collectionIds: [collectionId], mode: 'hybrid', documentIds: [], tags: [], history: [] } as const
      const release = releaseId === undefined ? undefined : ({ kind: 'pinned', releaseId } as const)
      const { searched } = await askedOf({ ...request, release }, parts)
      const passages = await foundFor(question, searched, parts.retrieval, signal)
      const { pipeline } = searched
      await using counter = await openCounter(pipeline, parts)
      const { answerTokens, instructions } = modelAnswerOptions.parse(counter.options)
      const contextTokens = counter.contextTokens ?? Number.MAX_SAFE_INTEGER
      const built = await buildPrompt(
        { question, passages: givenPassages(passages), instructions, prompt: texts },
        {
          contextTokens,
          answerTokens: Math.min(answerTokens, Math.floor(contextTokens / 4)),
          countTokens: counter.countTokens,
        },
      )
      const counts = await Promise.all(built.messages.map(({ content }) => counter.countTokens(content)))
      return {
        messages: built.messages,
        tokens: counts.reduce((sum, count) => sum + count, 0),
        countedBy: counter.name,
        contextTokens: counter.contextTokens,
        used: built.passages,
        passages,
      }
    },
    async test({ releaseId, datasetId, before, after, settings }) {
      const release = parts.releaseLibrary.get(releaseId)
      if (!languageModelOf(release.pipeline.generator)) {
        throw new AppError(
          'input-invalid',
          `${titleOf(release)} answers without a language model, so a prompt changes nothing. Choose one whose generator is a language model.`,
        )
      }
      for (const prompt of [before, after]) if (prompt) checkPrompt(prompt)
      if (before?.system === after?.system && before?.user === after?.user) {
        throw new AppError('input-invalid', 'Both prompts have the same words. Change one of them.')
      }
      const named = (prompt: Prompt | null): string => {
        if (!prompt) return 'built-in prompt'
        return prompt.name === '' ? 'own prompt' : `${prompt.name} ${prompt.version || ''}`.trim()
      }
      const [first, second] = await parts.runs.start({
        datasetId,
        pipelines: [before, after].map((prompt) => ({
          name: `${titleOf(release)}, ${named(prompt)}`,
          pipeline: { ...release.pipeline, prompt },
        })),
        settings: { ...(settings ?? runSettingsSchema.parse({})), answers: true },
        tags: ['prompt'],
      })
      return { beforeRunId: first!.run.id, afterRunId: second!.run.id }
    },
  }
}

/** What the ask flow would give the generator. */
async function foundFor(
  text: string,
  searched: Parameters<Retrieval['find']>[0],
  retrieval: Retrieval,
  signal: AbortSignal | undefined,
): Promise<RetrievedPassage[]> {
  const k = searched.pipeline.passages
  const found = await retrieval.find(searched, { text, k, mode: 'hybrid' }, signal)
  const rerank = retrieval.reranker(searched)
  return (rerank ? await rerank({ text, k }, found, signal) : found).slice(0, k)
}

interface Counter extends AsyncDisposable {
  name: string
  contextTokens: number | null
  options: Record<string, unknown>
  countTokens(text: string): Promise<number>
}

/** The pipeline's language model, or, where it has none that is installed, the vocabulary of its embedder. */
async function openCounter(pipeline: Pipeline, parts: PromptParts): Promise<Counter> {
  const choice = languageModelOf(pipeline.generator)
  try {
    if (choice) {
      const model = await parts.openTextGenerator(choice)
      return {
        name: model.modelId,
        contextTokens: model.contextTokens,
        options: pipeline.generator.options,
        countTokens: (text) => model.countTokens(text),
        [Symbol.asyncDispose]: () => model.dispose(),
      }
    }
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'model-missing') throw error
  }
  const { tokenizer, modelId } = await parts.openEmbedding({ pipeline })
  return {
    name: modelId,
    contextTokens: null,
    options: choice ? pipeline.generator.options : {},
    countTokens: (text) => Promise.resolve(tokenizer.count(text)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
