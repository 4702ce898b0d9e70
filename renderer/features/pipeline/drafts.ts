import { create } from 'zustand'
import type { Implementation } from '../../../core/contract/catalogue.ts'
import type { Choice, Pipeline, Rule } from '../../../core/contract/pipeline.ts'
import type { JobId } from '../../../core/shared/ids.ts'
import { same } from '../../ui/schema-fields.ts'

interface Draft {
  /** The pipeline that was being edited. */
  base: Pipeline
  value: Pipeline
}

interface DraftsStore {
  /** By collection; kept while other pages are looked at. */
  drafts: Record<string, Draft>
  /** What was applied last, to be taken up again where its job was cancelled. */
  applied: Record<string, { value: Pipeline; jobId: JobId }>
  edit(collectionId: string, base: Pipeline, value: Pipeline): void
  discard(collectionId: string): void
  noteApplied(collectionId: string, value: Pipeline, jobId: JobId | null): void
  forgetApplied(collectionId: string): void
}

/** Changes of pipelines that nobody applied yet. */
export const useDrafts = create<DraftsStore>((set) => ({
  drafts: {},
  applied: {},
  edit: (collectionId, base, value) =>
    set(({ drafts }) => {
      const begun = drafts[collectionId]?.base ?? base
      return {
        drafts: same(value, base)
          ? without(drafts, collectionId)
          : { ...drafts, [collectionId]: { base: begun, value } },
      }
    }),
  discard: (collectionId) => set(({ drafts }) => ({ drafts: without(drafts, collectionId) })),
  noteApplied: (collectionId, value, jobId) =>
    set(({ drafts, applied }) => ({
      drafts: without(drafts, collectionId),
      applied: jobId ? { ...applied, [collectionId]: { value, jobId } } : without(applied, collectionId),
    })),
  forgetApplied: (collectionId) => set(({ applied }) => ({ applied: without(applied, collectionId) })),
}))

function without<Item>(items: Record<string, Item>, id: string): Record<string, Item> {
  return Object.fromEntries(Object.entries(items).filter(([known]) => known !== id))
}

export interface Effect {
  /** Chunks are made anew, in an index beside the present one. */
  newIndex: boolean
  /** Files are read anew, in place. */
  rereads: boolean
}

/** What applying `next` in place of `present` sets going. */
export function effectOf(present: Pipeline, next: Pipeline): Effect {
  const cutting = ({ chunker, rules, embedder, index }: Pipeline): unknown => ({
    chunker,
    embedder,
    index,
    rules: rules.flatMap(({ paths, types, chunker: own }) => (own ? [{ paths, types, chunker: own }] : [])),
  })
  const reading = ({ parsers, cleaning, rules }: Pipeline): unknown => ({
    parsers,
    cleaning,
    rules: rules.flatMap(({ paths, types, parsers: own, cleaning: steps }) =>
      own || steps ? [{ paths, types, parsers: own, cleaning: steps }] : [],
    ),
  })
  return {
    newIndex: !same(cutting(present), cutting(next)),
    rereads: !same(reading(present), reading(next)),
  }
}

/** Says in sentences what will happen. */
export function effectSentences({ newIndex, rereads }: Effect, documents: string): string[] {
  const sentences: string[] = []
  if (newIndex) {
    sentences.push(
      `Builds a new index beside the present one, over ${documents}.`,
      'Questions are answered from the present one until the new one is complete. You can cancel until then and go back afterwards.',
    )
  }
  if (rereads) {
    sentences.push(
      `Reads the documents anew that this concerns, of ${documents}. Each one answers as it is now until it is done.`,
    )
    if (!newIndex) sentences.push('This makes no new index: to undo it, change the settings back.')
  }
  if (sentences.length === 0) sentences.push('Changes nothing about the chunks.')
  return sentences
}

/** 'contracts/** · pdf, docx', 'Every document'. */
export function ruleScope({ paths, types }: Pick<Rule, 'paths' | 'types'>): string {
  const parts = [paths.join(', '), types.join(', ')].filter(Boolean)
  return parts.length > 0 ? parts.join(' · ') : 'Every document'
}

/** Where in the form a refusal belongs, if the core said so: 'Option "maxTokens" of the chunker "fixed": …'. */
export function refusalOf(
  failure: { code: string; message: string; details: Record<string, unknown> } | null,
): { kind: string; id: string; failures: Record<string, string> } | null {
  if (failure?.code !== 'input-invalid') return null
  const { kind, id } = failure.details
  const path = /^Option "([^"]+)"/.exec(failure.message)?.[1]
  if (typeof kind !== 'string' || typeof id !== 'string' || path === undefined) return null
  return { kind, id, failures: { [path]: failure.message } }
}

/** The models on this machine that a choice names: options whose schema says that they do, defaults included. */
export function installedModelsOf(choice: Choice, { options }: Pick<Implementation, 'options'>): string[] {
  const properties = Object.entries((options.properties ?? {}) as Record<string, Record<string, unknown>>)
  return properties.flatMap(([name, schema]) => {
    const value = choice.options[name] ?? schema.default
    return schema.model !== undefined && typeof value === 'string' && value !== '' ? [value] : []
  })
}
