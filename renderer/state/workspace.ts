import { create } from 'zustand'
import type { Collection } from '../../core/contract/collections.ts'
import type { ErrorData } from '../../core/contract/errors.ts'
import type { WorkspaceStatus } from '../../core/contract/workspace.ts'
import { requireSameContract } from '../../core/contract/versions.ts'
import { core } from './client.ts'
import { toFailure } from './failure.ts'

interface WorkspaceStore {
  status: WorkspaceStatus | null
  /** Sorted by name; null until first read. */
  collections: Collection[] | null
  failure: ErrorData | null
  /** Reads both again. Calls made while one is under way share one more. */
  refresh(): Promise<void>
}

let running: Promise<void> | null = null
let again = false

export const useWorkspace = create<WorkspaceStore>((set) => ({
  status: null,
  collections: null,
  failure: null,
  refresh: async () => {
    if (running) {
      again = true
      return running
    }
    running = (async () => {
      do {
        again = false
        try {
          // A page that was open while Quarry was updated, or one from another server.
          requireSameContract(await core().workspace.versions(), ['machineLearning', 'application'])
          const [status, { collections }] = await Promise.all([core().workspace.status(), core().collections.list()])
          set({ status, collections, failure: null })
        } catch (error) {
          set({ failure: toFailure(error) })
        }
      } while (again)
    })()
    try {
      await running
    } finally {
      running = null
    }
  },
}))

export function useCollection(collectionId: string | null): Collection | undefined {
  return useWorkspace((state) => state.collections?.find((collection) => collection.id === collectionId))
}
