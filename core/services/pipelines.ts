import type { z } from 'zod'
import { chooseSettings } from '../compute/choose-settings.ts'
import { cleanerDefinitions } from '../cleaners/list.ts'
import { chunkerDefinitions } from '../chunkers/list.ts'
import { AppError } from '../contract/errors.ts'
import type { Choice, IngestSettings, Pipeline } from '../contract/pipeline.ts'
import { embedderDefinitions } from '../embedders/list.ts'
import { generatorDefinitions } from '../generators/list.ts'
import { checkPrompt } from '../generators/model-answer/prompt-template.ts'
import type { TextGenerator } from '../generators/text-generator.ts'
import { textGeneratorDefinitions } from '../generators/text/list.ts'
import { indexDefinitions } from '../indexes/list.ts'
import type { CollectionLibrary } from '../library/collections.ts'
import { pipelineFilter } from '../library/document-filter.ts'
import type { IndexLibrary } from '../library/indexes.ts'
import { modelsNamed, takesModel } from '../model-files/model-option.ts'
import { parserDefinitions } from '../parsers/list.ts'
import { parserOfType } from '../parsers/choose-parser.ts'
import { rerankerDefinitions } from '../rerankers/list.ts'
import { retrieverDefinitions } from '../retrievers/list.ts'
import { findDefinition } from '../shared/family.ts'
import { issueWords } from '../shared/issue-words.ts'
import { canonicalJson, fingerprint } from '../shared/hash.ts'
import type { CollectionId, JobId } from '../shared/ids.ts'
import type { Reranking } from './reranking.ts'

/** Changes of a collection's pipeline, and the way back. */
export interface Pipelines {
  /** Gives the job that brings documents and index up to it; null where the ask half alone changed. Errors: see contract. */
  set(id: CollectionId, pipeline: Pipeline): Promise<JobId | null>
  /** Errors: item-missing. */
  rollBack(id: CollectionId): Promise<JobId | null>
}

export interface PipelinesParts {
  collections: CollectionLibrary
  indexLibrary: IndexLibrary
  /** Throws where the model cannot be had. */
  openEmbedding(owner: { pipeline: Pipeline }): Promise<unknown>
  /** Throws where the model cannot be had. */
  openReranking(choice: Choice): Promise<Reranking>
  /** Throws where the model cannot be had. */
  openTextGenerator(choice: Choice): Promise<Pick<TextGenerator, 'dispose'>>
  startReindex(id: CollectionId): JobId
  /** Runs `action` in one transaction. */
  together<Result>(action: () => Result): Result
}

export function createPipelines(parts: PipelinesParts): Pipelines {
  const { collections, indexLibrary } = parts
  const pipelines: Pipelines = {
    async set(id, pipeline) {
      const before = collections.getCore(id).pipeline
      checkPipeline(pipeline)
      await parts.openEmbedding({ pipeline })
      // A server is not asked before the first question: so it is asked one.
      if (pipeline.reranker) await (await parts.openReranking(pipeline.reranker)).score('A question?', ['A passage.'])
      const languageModel = languageModelOf(pipeline.generator)
      if (languageModel) await (await parts.openTextGenerator(languageModel)).dispose()
      for (const choice of chunkersOf(pipeline)) await requireModels(choice, parts)
      // The pipeline and the job that brings the index up to it: one without the other would never be noticed.
      return parts.together(() => {
        collections.setPipeline(id, pipeline)
        return canonicalJson(ingestHalf(before)) === canonicalJson(ingestHalf(pipeline)) ? null : parts.startReindex(id)
      })
    },
    async rollBack(id) {
      const { pipeline } = collections.getCore(id)
      const retired = indexLibrary.lastRetired(id)
      if (!retired?.pipeline) {
        throw new AppError('item-missing', 'There is no earlier index to go back to. Change the pipeline instead.')
      }
      return pipelines.set(id, withIngestHalf(pipeline, retired.pipeline))
    },
  }
  return pipelines
}

function chunkersOf({ chunker, rules }: IngestSettings): Choice[] {
  return [chunker, ...rules.flatMap((rule) => rule.chunker ?? [])]
}

/** A chunker may ask a language model. */
async function requireModels(
  { id, options }: Choice,
  { openTextGenerator }: Pick<PipelinesParts, 'openTextGenerator'>,
): Promise<void> {
  const definition = findDefinition('chunker', chunkerDefinitions, id)
  if (!takesModel(definition.options, { kind: 'generator', format: 'gguf' })) return
  const [model] = modelsNamed(definition.options, options)
  if (model === undefined) {
    throw new AppError(
      'model-missing',
      `The chunker "${definition.label}" asks a language model: choose one in its options.`,
    )
  }
  await (await openTextGenerator({ id: 'llama', options: { model } })).dispose()
}

/** The installed models that a pipeline names, in whichever family. What this version does not know names none. */
export function modelsOf(pipeline: Pipeline): string[] {
  const { embedder, reranker, generator } = pipeline
  const named = (definitions: readonly Checkable[], choice: Choice | null): string[] => {
    const definition = definitions.find(({ id }) => id === choice?.id)
    return definition && choice ? modelsNamed(definition.options, choice.options) : []
  }
  return [
    ...named(embedderDefinitions, embedder),
    ...named(rerankerDefinitions, reranker),
    ...named(generatorDefinitions, generator),
    ...chunkersOf(pipeline).flatMap((chunker) => named(chunkerDefinitions, chunker)),
  ]
}

/** The language model that a generator has word its answers; undefined where it needs none. */
export function languageModelOf({ id, options }: Choice): Choice | undefined {
  const definition = findDefinition('generator', generatorDefinitions, id)
  return definition.languageModel?.(definition.options.parse(options))
}

/** `pipeline` with what makes chunks and vectors taken from `other`. */
export function withIngestHalf(pipeline: Pipeline, other: Pipeline): Pipeline {
  return { ...pipeline, ...ingestHalf(other) }
}

function ingestHalf({ parsers, cleaning, chunker, rules, embedder, index }: Pipeline) {
  return { parsers, cleaning, chunker, rules, embedder, index }
}

/** Whether a document would come out of its file as it is: read by the same parser under the same settings. */
export function isCurrent(
  pipeline: Pipeline,
  { path, type, parser }: { path: string; type: string; parser: string | null },
): boolean {
  const parserId = parser === null ? null : parserOfType(type)
  return parserId !== null && chooseSettings(pipeline, { path, type }, parserId).key === parser
}

/** Whether both read these documents in the same way, so that the stored texts are those of either. */
export function readsAlike(a: Pipeline, b: Pipeline, documents: readonly { path: string; type: string }[]): boolean {
  return documents.every(({ path, type }) => {
    const parserId = parserOfType(type)
    if (parserId === null) return true
    return chooseSettings(a, { path, type }, parserId).key === chooseSettings(b, { path, type }, parserId).key
  })
}

/** The pipeline with every default written out: two that do the same look the same. */
export function withDefaults(pipeline: Pipeline): Pipeline {
  const complete = (kind: string, definitions: readonly Checkable[], choice: Choice): Choice => {
    const options = findDefinition(kind, definitions, choice.id).options.parse(choice.options)
    return { id: choice.id, options: options as Choice['options'] }
  }
  return {
    ...pipeline,
    chunker: complete('chunker', chunkerDefinitions, pipeline.chunker),
    cleaning: pipeline.cleaning.map((step) => complete('cleaner', cleanerDefinitions, step)),
    embedder: complete('embedder', embedderDefinitions, pipeline.embedder),
    index: complete('index', indexDefinitions, pipeline.index),
    retriever: complete('retriever', retrieverDefinitions, pipeline.retriever),
    reranker: pipeline.reranker && complete('reranker', rerankerDefinitions, pipeline.reranker),
    generator: complete('generator', generatorDefinitions, pipeline.generator),
  }
}

/** Changes whenever a parser is added or raised: what could not be read before is worth another look then. */
export function parsersFingerprint(): string {
  return fingerprint(parserDefinitions.map(({ id, version, types }) => ({ id, version, types })))
}

interface Checkable {
  id: string
  options: z.ZodType
}

/** Every implementation is known and takes its options; the filter can be read. Errors: implementation-unknown, input-invalid. */
export function checkPipeline(pipeline: Pipeline): void {
  checkSettings(pipeline)
  check('embedder', embedderDefinitions, pipeline.embedder)
  check('index', indexDefinitions, pipeline.index)
  pipelineFilter(pipeline)
  check('retriever', retrieverDefinitions, pipeline.retriever)
  if (pipeline.reranker) check('reranker', rerankerDefinitions, pipeline.reranker)
  check('generator', generatorDefinitions, pipeline.generator)
  if (pipeline.prompt) checkPrompt(pipeline.prompt)
}

/** The same of a language model by itself, such as a judge. Errors: implementation-unknown, input-invalid. */
export function checkTextGenerator(choice: Choice): void {
  check('text generator', textGeneratorDefinitions, choice)
}

/** The same of what makes chunks of documents. Errors: implementation-unknown, input-invalid. */
export function checkSettings(settings: IngestSettings): void {
  const checkParsers = (parsers: IngestSettings['parsers']): void => {
    for (const [id, options] of Object.entries(parsers)) check('parser', parserDefinitions, { id, options })
  }
  checkParsers(settings.parsers)
  check('chunker', chunkerDefinitions, settings.chunker)
  for (const step of settings.cleaning) check('cleaner', cleanerDefinitions, step)
  for (const rule of settings.rules) {
    checkParsers(rule.parsers ?? {})
    for (const step of rule.cleaning ?? []) check('cleaner', cleanerDefinitions, step)
    if (rule.chunker) check('chunker', chunkerDefinitions, rule.chunker)
  }
}

function check(kind: string, definitions: readonly Checkable[], choice: Choice): void {
  const definition = findDefinition(kind, definitions, choice.id)
  const result = definition.options.safeParse(choice.options)
  if (result.success) {
    // A schema passes over what it does not know; a person who mistyped a name would never learn it.
    const unknown = Object.keys(choice.options).find((name) => !Object.hasOwn(result.data as object, name))
    if (unknown === undefined) return
    throw new AppError('input-invalid', `The ${kind} "${choice.id}" has no option "${unknown}".`, {
      details: { kind, id: choice.id, known: Object.keys(definition.options.parse({}) as object) },
    })
  }
  const [issue] = result.error.issues
  const place = issue?.path.length ? ` "${issue.path.join('.')}"` : ''
  throw new AppError(
    'input-invalid',
    `Option${place} of the ${kind} "${choice.id}": ${issue ? issueWords(issue) : 'not valid'}.`,
    {
      details: { kind, id: choice.id },
    },
  )
}
