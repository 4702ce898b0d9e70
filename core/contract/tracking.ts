import { oc } from '@orpc/contract'
import { z } from 'zod'
import { id } from './values.ts'

const path = z.string().trim().min(1, 'Name the folder.').max(4096)
const address = z.string().trim().min(1, 'Give the address of the server.').max(500)

/** MLflow: a tracking server by its address, or the folder that its file store keeps. */
export const trackerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('server'), address }),
  z.object({ kind: z.literal('folder'), path }),
])
export type Tracker = z.infer<typeof trackerSchema>

/**
 * Runs go to MLflow and come back from there. A server is asked through the network door, with the token of the
 * variable QUARRY_MLFLOW_TOKEN where it is set. What was sent once is not sent again; leaving a call ends it.
 */
export const trackingContract = {
  /**
   * Errors: item-missing, input-invalid (a run without results, no MLflow there), network-refused, connection-lost,
   * request-refused, file-unreadable, disk-full.
   */
  export: oc
    .route({ method: 'POST', path: '/tracking/export' })
    .input(z.object({ runIds: z.array(id<'run'>()).min(1).max(1000), to: trackerSchema }))
    .output(
      z.object({
        written: z.int(),
        /** Were there, whole, from before. */
        known: z.int(),
        /** Written to a server that does not take files: everything but those. */
        withoutFiles: z.int(),
      }),
    ),
  /**
   * Runs that Quarry wrote come back whole; those of other programs cannot be runs here and are counted. Errors: those of
   * `export`, file-missing, file-corrupt.
   */
  import: oc
    .route({ method: 'POST', path: '/tracking/import' })
    .input(
      z.object({
        from: trackerSchema,
        /** Of a server; every one of a folder. */ experiment: z.string().max(500).optional(),
      }),
    )
    .output(
      z.object({
        imported: z.array(id<'run'>()),
        /** Are here already. */
        known: z.int(),
        /** Not Quarry's, or of a form that this version does not read. */
        foreign: z.int(),
      }),
    ),
}
