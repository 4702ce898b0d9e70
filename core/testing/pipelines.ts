import type { Pipeline } from '../contract/pipeline.ts'

/** A pipeline value for tests that store one and never run it. */
export const defaultPipelineForTests: Pipeline = {
  parsers: {},
  chunker: { id: 'recursive', options: {} },
  embedder: { id: 'transformers', options: {} },
  index: { id: 'sqlite', options: {} },
  retriever: { id: 'hybrid', options: {} },
  generator: { id: 'extractive', options: {} },
  passages: 8,
}
