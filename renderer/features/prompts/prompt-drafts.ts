import { create } from 'zustand'
import type { RunId } from '../../../core/shared/ids.ts'
import type { PromptTexts } from './prompt-words.ts'

interface PromptDrafts {
  /** By prompt: what is being written, kept while other pages are looked at. */
  drafts: Record<string, PromptTexts>
  /** By prompt: the two runs that were started last. */
  tests: Record<string, { beforeRunId: RunId; afterRunId: RunId }>
  edit(promptId: string, present: PromptTexts, value: PromptTexts): void
  discard(promptId: string): void
  noteTest(promptId: string, test: { beforeRunId: RunId; afterRunId: RunId }): void
}

export const usePromptDrafts = create<PromptDrafts>((set) => ({
  drafts: {},
  tests: {},
  edit: (promptId, present, value) =>
    set(({ drafts }) => {
      const { [promptId]: _, ...rest } = drafts
      const isSame = value.system === present.system && value.user === present.user
      return { drafts: isSame ? rest : { ...rest, [promptId]: value } }
    }),
  discard: (promptId) =>
    set(({ drafts }) => {
      const { [promptId]: _, ...rest } = drafts
      return { drafts: rest }
    }),
  noteTest: (promptId, test) => set(({ tests }) => ({ tests: { ...tests, [promptId]: test } })),
}))
