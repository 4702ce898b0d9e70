import type { Pipeline } from '../contract/pipeline.ts'
import { bundledEmbedder } from '../model-files/bundled.ts'
import { defaultRules } from '../shared/ingest-settings.ts'

/** What a new collection starts with: everything on this machine, no language model, figures in docs/benchmarks.md. */
export const defaultPipeline: Pipeline = {
  parsers: {},
  cleaning: [],
  chunker: { id: 'recursive', options: {} },
  rules: defaultRules,
  embedder: { id: 'transformers', options: { model: bundledEmbedder } },
  index: { id: 'sqlite', options: {} },
  retriever: { id: 'hybrid', options: {} },
  reranker: null,
  generator: { id: 'extractive', options: {} },
  prompt: null,
  passages: 8,
}
