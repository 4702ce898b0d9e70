import type { Pipeline } from '../contract/pipeline.ts'

/** What a new collection starts with: everything on this machine, no language model, figures in docs/benchmarks.md. */
export const defaultPipeline: Pipeline = {
  parsers: {},
  chunker: { id: 'recursive', options: {} },
  embedder: { id: 'transformers', options: { model: 'static-256' } },
  index: { id: 'sqlite', options: {} },
  retriever: { id: 'hybrid', options: {} },
  generator: { id: 'extractive', options: {} },
  passages: 8,
}
