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

export const collectionsContract = {
  /** Sorted by name. */
  list: oc.route({ method: 'GET', path: '/collections' }).output(z.object({ collections: z.array(collectionSchema) })),
  /** Errors: name-taken. */
  create: oc
    .route({ method: 'POST', path: '/collections' })
    .input(z.object({ name: z.string().trim().min(1).max(120), description: z.string().max(2000).default('') }))
    .output(collectionSchema),
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
