/**
 * The names of what a span says of itself, in one table: those of OpenTelemetry's conventions for generative AI and those
 * of OpenInference, which trace viewers read. Both still change; the versions are recorded with what is exported.
 */
export const conventions = {
  /** open-telemetry/semantic-conventions-genai */
  genAi: '0.1.0',
  /** Arize-ai/openinference, spec/semantic_conventions.md as of @arizeai/openinference-semantic-conventions */
  openInference: '2.12.0',
} as const

/** Ids, counts, times, scores, names of models and of kinds: what a redacted trace says, too. `{i}` is a place in a list. */
export const attributeNames = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  responseModel: 'gen_ai.response.model',
  temperature: 'gen_ai.request.temperature',
  maxTokens: 'gen_ai.request.max_tokens',
  finishReasons: 'gen_ai.response.finish_reasons',
  /** Seconds. */
  timeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  conversationId: 'gen_ai.conversation.id',
  agentId: 'gen_ai.agent.id',
  promptVersion: 'gen_ai.prompt.version',
  dataSourceId: 'gen_ai.data_source.id',
  retrievalTopK: 'gen_ai.retrieval.top_k',
  dimensions: 'gen_ai.embeddings.dimension.count',
  errorType: 'error.type',
  evaluationName: 'gen_ai.evaluation.name',
  evaluationLabel: 'gen_ai.evaluation.score.label',
  evaluationValue: 'gen_ai.evaluation.score.value',

  spanKind: 'openinference.span.kind',
  inputMimeType: 'input.mime_type',
  outputMimeType: 'output.mime_type',
  sessionId: 'session.id',
  retrievedId: 'retrieval.documents.{i}.document.id',
  retrievedScore: 'retrieval.documents.{i}.document.score',
  rerankerModel: 'reranker.model_name',
  rerankerTopK: 'reranker.top_k',
  rerankerInputId: 'reranker.input_documents.{i}.document.id',
  rerankerInputScore: 'reranker.input_documents.{i}.document.score',
  rerankerOutputId: 'reranker.output_documents.{i}.document.id',
  rerankerOutputScore: 'reranker.output_documents.{i}.document.score',
  embeddingModel: 'embedding.model_name',
  llmModel: 'llm.model_name',
  llmProvider: 'llm.provider',
  llmPromptTokens: 'llm.token_count.prompt',
  llmOutputTokens: 'llm.token_count.completion',
  llmTotalTokens: 'llm.token_count.total',

  traceId: 'quarry.trace.id',
  collectionIds: 'quarry.collection.ids',
  releaseId: 'quarry.release.id',
  releaseNumber: 'quarry.release.number',
  replayOf: 'quarry.replay_of',
  outcome: 'quarry.outcome',
  lowRelevance: 'quarry.low_relevance',
  passageMode: 'quarry.passage_mode',
  searchMode: 'quarry.search.mode',
  implementation: 'quarry.implementation',
  found: 'quarry.found',
  used: 'quarry.used',
  rejected: 'quarry.rejected',
  citations: 'quarry.citations',
  invented: 'quarry.citations.invented',
  unsupported: 'quarry.sentences.unsupported',
} as const

/** What people wrote and what documents say: never in a redacted trace. */
export const contentAttributeNames = {
  promptName: 'gen_ai.prompt.name',
  evaluationExplanation: 'gen_ai.evaluation.explanation',
  inputMessages: 'gen_ai.input.messages',
  outputMessages: 'gen_ai.output.messages',
  retrievalQuery: 'gen_ai.retrieval.query.text',
  inputValue: 'input.value',
  outputValue: 'output.value',
  retrievedContent: 'retrieval.documents.{i}.document.content',
  retrievedMetadata: 'retrieval.documents.{i}.document.metadata',
  rerankerQuery: 'reranker.query',
  llmInputRole: 'llm.input_messages.{i}.message.role',
  llmInputContent: 'llm.input_messages.{i}.message.content',
  llmOutputRole: 'llm.output_messages.{i}.message.role',
  llmOutputContent: 'llm.output_messages.{i}.message.content',
  promptTemplate: 'llm.prompt_template.template',
  releaseLine: 'quarry.release.line',
  /** That of the pipeline, within which was searched; what a question was narrowed to is in its request. */
  pipelineFilter: 'quarry.pipeline.filter',
} as const

/** The name for one place of a list, from 0. */
export function attributeAt(name: `${string}{i}${string}`, index: number): string {
  return name.replace('{i}', String(index))
}

/** `gen_ai.provider.name` of an implementation that has another name with us. */
const providers: Readonly<Record<string, string>> = {
  llama: 'llama.cpp',
  transformers: 'transformers.js',
  google: 'gcp.gemini',
}

export function providerOf(implementationId: string): string {
  return providers[implementationId] ?? implementationId
}

const redactedNames: ReadonlySet<string> = new Set(Object.values(attributeNames))

/** Whether a redacted trace may say this. What is not in the table is content until it is known not to be. */
export function isRedactable(name: string): boolean {
  return !redactedNames.has(name.replace(/\.\d+\./, '.{i}.'))
}
