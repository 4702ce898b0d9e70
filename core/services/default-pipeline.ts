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
  filter: '',
  // A cap on results from one document was found to cost more than it brings (docs/benchmarks.md, Tuning).
  retriever: { id: 'hybrid', options: { perDocument: 0 } },
  reranker: null,
  generator: { id: 'extractive', options: {} },
  prompt: null,
  passages: 8,
}
