import type { Pipeline } from '../../contract/pipeline.ts'

/** What is interrupted: the first ingest of a folder, the new index of another pipeline, the sync of a changed folder. */
export const phases = ['ingest', 'reindex', 'sync'] as const
export type Phase = (typeof phases)[number]

export const collectionName = 'faults'

/** Other chunks of every document, and another text of some: they are read again. */
export function changedPipeline(pipeline: Pipeline): Pipeline {
  return {
    ...pipeline,
    cleaning: [{ id: 'urls', options: {} }],
    chunker: { id: 'recursive', options: { maxTokens: 90, minTokens: 20 } },
  }
}
