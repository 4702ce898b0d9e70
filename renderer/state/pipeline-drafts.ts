import { create } from 'zustand'
import type { Pipeline } from '../../core/contract/pipeline.ts'
import type { JobId } from '../../core/shared/ids.ts'
import { same } from '../ui/schema-fields.ts'

interface Draft {
  /** The pipeline that was being edited. */
  base: Pipeline
  value: Pipeline
}

interface DraftsStore {
  /** By collection, or by release that is a draft; kept while other pages are looked at. */
  drafts: Record<string, Draft>
  /** By collection: what was applied last, to be taken up again where its job was cancelled. */
  applied: Record<string, { value: Pipeline; jobId: JobId }>
  edit(id: string, base: Pipeline, value: Pipeline): void
  discard(id: string): void
  noteApplied(id: string, value: Pipeline, jobId: JobId | null): void
  forgetApplied(id: string): void
}

/** Changes of pipelines that nobody applied yet. */
export const useDrafts = create<DraftsStore>((set) => ({
  drafts: {},
  applied: {},
  edit: (id, base, value) =>
    set(({ drafts }) => {
      const begun = drafts[id]?.base ?? base
      return {
        drafts: same(value, base) ? without(drafts, id) : { ...drafts, [id]: { base: begun, value } },
      }
    }),
  discard: (id) => set(({ drafts }) => ({ drafts: without(drafts, id) })),
  noteApplied: (id, value, jobId) =>
    set(({ drafts, applied }) => ({
      // What was changed while it was being applied stays a change.
      drafts:
        drafts[id] && !same(drafts[id].value, value)
          ? { ...drafts, [id]: { base: value, value: drafts[id].value } }
          : without(drafts, id),
      applied: jobId ? { ...applied, [id]: { value, jobId } } : without(applied, id),
    })),
  forgetApplied: (id) => set(({ applied }) => ({ applied: without(applied, id) })),
}))

function without<Item>(items: Record<string, Item>, id: string): Record<string, Item> {
  return Object.fromEntries(Object.entries(items).filter(([known]) => known !== id))
}
