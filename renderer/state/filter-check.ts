import { useEffect, useState } from 'react'
import type { CollectionId, ReleaseId } from '../../core/shared/ids.ts'
import { core } from './client.ts'
import { toFailure } from './failure.ts'

export interface FilterCheck {
  /** Why it cannot be read; null: it can, or that is not known yet. */
  failure: string | null
  /** Documents that it lets through; null while that is not known, and for no filter at all. */
  total: number | null
}

const typingPauseMs = 250
const notKnown: FilterCheck = { failure: null, total: null }

/** What the core says of a filter over these collections, a moment after the last change of it. */
export function useFilterCheck(
  collectionIds: readonly CollectionId[],
  filter: string,
  /** Counts within what the filter of its pipeline lets through: then no filter is one to be counted, too. */
  releaseId?: ReleaseId,
): FilterCheck {
  const wanted = filter.trim()
  const ids = collectionIds.join(' ')
  const key = JSON.stringify([ids, wanted, releaseId])
  const [checked, setChecked] = useState({ key: '', ...notKnown })
  useEffect(() => {
    if (ids === '' || (wanted === '' && releaseId === undefined)) return undefined
    const controller = new AbortController()
    const { signal } = controller
    const count = async (collectionId: CollectionId): Promise<number> => {
      const narrowed = { ...(wanted === '' ? {} : { filter: wanted }), ...(releaseId ? { releaseId } : {}) }
      return (await core().documents.list({ collectionId, ...narrowed, limit: 1 }, { signal })).total
    }
    const check = async (): Promise<void> => {
      try {
        const totals = await Promise.all((ids.split(' ') as CollectionId[]).map(count))
        if (!signal.aborted) setChecked({ key, failure: null, total: totals.reduce((sum, total) => sum + total, 0) })
      } catch (error) {
        const failure = toFailure(error)
        if (!signal.aborted && failure) setChecked({ key, failure: failure.message, total: null })
      }
    }
    const timer = setTimeout(() => void check(), typingPauseMs)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [key, ids, wanted, releaseId])
  return checked.key === key ? checked : notKnown
}
