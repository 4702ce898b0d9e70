import { oc } from '@orpc/contract'
import { z } from 'zod'
import { id } from './values.ts'
import { contractVersionsSchema } from './versions.ts'

export const workspaceStatusSchema = z.object({
  /** Absolute path of the data folder. */
  folder: z.string(),
  version: z.string(),
  /** Whether connections to other machines are refused; `network.status` says more. */
  offline: z.boolean(),
  embedder: z.object({ model: z.string(), dimensions: z.int(), label: z.string() }),
  generator: z.object({ id: z.string(), label: z.string() }),
  collections: z.int(),
  documents: z.int(),
  chunks: z.int(),
  /** Bytes of the database on disk. */
  databaseBytes: z.number(),
  /** Whether the sample documents are in this installation and not in this workspace yet. */
  sampleOffered: z.boolean(),
})
export type WorkspaceStatus = z.infer<typeof workspaceStatusSchema>

export const workspaceContract = {
  /** Which versions of the contract this host speaks: asked before anything else. */
  versions: oc.route({ method: 'GET', path: '/versions' }).output(contractVersionsSchema),
  status: oc.route({ method: 'GET', path: '/workspace' }).output(workspaceStatusSchema),
  /** Creates the sample collection and starts reading the demo documents. */
  addSample: oc
    .route({ method: 'POST', path: '/workspace/sample' })
    .output(z.object({ collectionId: id<'collection'>(), jobId: id<'job'>() })),
  /** The sample's questions, for the Ask page; empty where the sample is not installed. */
  sampleQuestions: oc
    .route({ method: 'GET', path: '/workspace/sample/questions' })
    .output(z.object({ questions: z.array(z.object({ question: z.string(), answerable: z.boolean() })) })),
}
