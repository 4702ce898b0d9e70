import { oc } from '@orpc/contract'
import { z } from 'zod'
import { errorDataSchema, id } from './values.ts'

export const sourceKinds = ['folder', 'zip', 'files', 'upload'] as const

/** When a source is looked at again. */
export const scheduleSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('manual') }),
  z.object({ kind: z.literal('every'), hours: z.number().min(0.1).max(8760) }),
  /**
   * At once when something changes. Watching rests on what the operating system reports, so the source is also looked
   * through every `pollMinutes`, which is what finds changes on network drives and after a sleep.
   */
  z.object({ kind: z.literal('live'), pollMinutes: z.number().min(0.1).max(1440).default(10) }),
])
export type Schedule = z.infer<typeof scheduleSchema>

const globs = z.array(z.string().trim().min(1).max(1000)).max(200)

export const sourceOptionsSchema = z.object({
  schedule: scheduleSchema.default({ kind: 'manual' }),
  /** Globs over the path within the source, such as `contracts/**`. Empty: everything. */
  include: globs.default([]),
  /** Globs of what is passed over; they win. */
  exclude: globs.default([]),
  /** Whether `.gitignore` files are obeyed. */
  gitignore: z.boolean().default(true),
  /** Whether new files wait until a person lets them in. */
  review: z.boolean().default(false),
})
export type SourceOptions = z.infer<typeof sourceOptionsSchema>

/** What a sync found. */
export const syncResultSchema = z.object({
  added: z.int(),
  changed: z.int(),
  removed: z.int(),
  unchanged: z.int(),
  failed: z.int(),
  /** Files that wait for approval. */
  waiting: z.int(),
  /** The job that did it, whose events are the list; absent for syncs from before results remembered. */
  jobId: id<'job'>().optional(),
})
export type SyncResult = z.infer<typeof syncResultSchema>

export const sourceSchema = z.object({
  id: id<'source'>(),
  collectionId: id<'collection'>(),
  kind: z.enum(sourceKinds),
  /** Absolute path of the folder or archive; '' for files named one by one and for uploads. */
  location: z.string(),
  options: sourceOptionsSchema,
  documents: z.int(),
  /** Milliseconds since 1970 at which the last sync ended well; null before. */
  syncedAt: z.number().nullable(),
  result: syncResultSchema.nullable(),
  /** Why the last sync could not be done; null after one that could. */
  error: errorDataSchema.nullable(),
  /** When it is due next by its schedule; null for 'manual' and 'live'. */
  dueAt: z.number().nullable(),
  createdAt: z.number(),
})
export type Source = z.infer<typeof sourceSchema>

export const sourcesContract = {
  /** Sorted by creation. */
  list: oc
    .route({ method: 'GET', path: '/sources' })
    .input(z.object({ collectionId: id<'collection'>().optional() }))
    .output(z.object({ sources: z.array(sourceSchema) })),
  /**
   * Adds a folder or a ZIP archive as a source and reads it. One that is there already keeps its documents and takes
   * the new options. Errors: item-missing, input-invalid (not an absolute path, or neither folder nor archive), file-missing.
   */
  add: oc
    .route({ method: 'POST', path: '/sources' })
    .input(
      z.object({
        collectionId: id<'collection'>(),
        location: z.string().min(1),
        options: sourceOptionsSchema.partial().default({}),
      }),
    )
    .output(z.object({ source: sourceSchema, jobId: id<'job'>() })),
  /** Changes options; what is not given stays. Documents change with the next sync only. Errors: item-missing. */
  update: oc
    .route({ method: 'POST', path: '/sources/{sourceId}' })
    .input(z.object({ sourceId: id<'source'>(), options: sourceOptionsSchema.partial() }))
    .output(sourceSchema),
  /** Removes the source and, if asked, the documents that came from it. Original files stay. Errors: item-missing. */
  remove: oc
    .route({ method: 'DELETE', path: '/sources/{sourceId}' })
    .input(z.object({ sourceId: id<'source'>(), keepDocuments: z.stringbool().or(z.boolean()).default(false) }))
    .output(z.object({ removed: z.int() })),
  /**
   * Looks at every file of the sources (all of a collection if none are named) and takes over what was added, changed
   * and removed. `verify` reads files again whose size and time have not changed. `allowEmpty` takes a folder that has
   * become empty for empty; without, it is taken for one that is not there. Errors: item-missing.
   */
  sync: oc
    .route({ method: 'POST', path: '/sources/sync' })
    .input(
      z.object({
        collectionId: id<'collection'>(),
        sourceIds: z.array(id<'source'>()).max(10_000).optional(),
        verify: z.boolean().default(false),
        allowEmpty: z.boolean().default(false),
      }),
    )
    .output(z.object({ jobId: id<'job'>() })),
}
