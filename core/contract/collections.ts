import { oc } from '@orpc/contract'
import { z } from 'zod'
import { pipelineSchema } from './pipeline.ts'
import { id } from './values.ts'

export const collectionSchema = z.object({
  id: id<'collection'>(),
  name: z.string(),
  description: z.string(),
  pipeline: pipelineSchema,
  documents: z.int(),
  ready: z.int(),
  failed: z.int(),
  chunks: z.int(),
  /** Milliseconds since 1970. */
  createdAt: z.number(),
})
export type Collection = z.infer<typeof collectionSchema>

export const indexSchema = z.object({
  id: z.int(),
  state: z.enum(['building', 'active', 'retired']),
  pipeline: pipelineSchema,
  documents: z.int(),
  chunks: z.int(),
  createdAt: z.number(),
  retiredAt: z.number().nullable(),
})
export type IndexInfo = z.infer<typeof indexSchema>

export const collectionsContract = {
  /** Sorted by name. */
  list: oc.route({ method: 'GET', path: '/collections' }).output(z.object({ collections: z.array(collectionSchema) })),
  /** Errors: name-taken. */
  create: oc
    .route({ method: 'POST', path: '/collections' })
    .input(z.object({ name: z.string().trim().min(1).max(120), description: z.string().max(2000).default('') }))
    .output(collectionSchema),
  /**
   * Sets the pipeline. Where the ingest half changes, a job builds a new index beside the present one and switches when
   * it is complete; until then questions are answered from the present one. Errors: item-missing, implementation-unknown,
   * input-invalid (options that an implementation refuses), model-missing.
   */
  setPipeline: oc
    .route({ method: 'POST', path: '/collections/{collectionId}/pipeline' })
    .input(z.object({ collectionId: id<'collection'>(), pipeline: pipelineSchema }))
    .output(z.object({ collection: collectionSchema, jobId: id<'job'>().nullable() })),
  /** The indexes of a collection: the active one, one being built, one that can be gone back to. Errors: item-missing. */
  indexes: oc
    .route({ method: 'GET', path: '/collections/{collectionId}/indexes' })
    .input(z.object({ collectionId: id<'collection'>() }))
    .output(z.object({ indexes: z.array(indexSchema) })),
  /** Goes back to the index and pipeline before the last change. Errors: item-missing (there is none any more). */
  rollBack: oc
    .route({ method: 'POST', path: '/collections/{collectionId}/roll-back' })
    .input(z.object({ collectionId: id<'collection'>() }))
    .output(z.object({ collection: collectionSchema, jobId: id<'job'>().nullable() })),
  /** Drops the index that could be gone back to, and gives its space back. */
  dropRetired: oc
    .route({ method: 'POST', path: '/collections/{collectionId}/drop-retired' })
    .input(z.object({ collectionId: id<'collection'>() }))
    .output(z.object({ dropped: z.int() })),
  /** Errors: item-missing, name-taken. */
  rename: oc
    .route({ method: 'POST', path: '/collections/{collectionId}/rename' })
    .input(z.object({ collectionId: id<'collection'>(), name: z.string().trim().min(1).max(120) }))
    .output(collectionSchema),
  /** Removes the collection, its documents and its indexes. Original files stay where they are. */
  remove: oc
    .route({ method: 'DELETE', path: '/collections/{collectionId}' })
    .input(z.object({ collectionId: id<'collection'>() }))
    .output(z.object({ removed: z.boolean() })),
}
