import { create } from 'zustand'
import type { ErrorData } from '../../core/contract/errors.ts'
import type { Model } from '../../core/contract/models.ts'
import { core } from './client.ts'
import { toFailure } from './failure.ts'

interface ModelsStore {
  /** On this machine and in the catalogue; null until first read. */
  models: Model[] | null
  failure: ErrorData | null
  refresh(): Promise<void>
}

export const useModels = create<ModelsStore>((set) => ({
  models: null,
  failure: null,
  refresh: async () => {
    try {
      set({ models: (await core().models.list()).models, failure: null })
    } catch (error) {
      set({ failure: toFailure(error) })
    }
  },
}))
