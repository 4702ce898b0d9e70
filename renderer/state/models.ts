import { create } from 'zustand'
import type { ErrorData } from '../../core/contract/errors.ts'
import type { Model } from '../../core/contract/models.ts'
import { core } from './client.ts'
import { toFailure } from './failure.ts'
import { createLatest } from './latest.ts'

interface ModelsStore {
  /** On this machine and in the catalogue; null until first read. */
  models: Model[] | null
  failure: ErrorData | null
  refresh(): Promise<void>
}

const latest = createLatest()

export const useModels = create<ModelsStore>((set) => ({
  models: null,
  failure: null,
  refresh: async () => {
    const isNews = latest.begin()
    try {
      const { models } = await core().models.list()
      if (isNews()) set({ models, failure: null })
    } catch (error) {
      if (isNews()) set({ failure: toFailure(error) })
    }
  },
}))
