import { useEffect, useRef, useState } from 'react'
import type { CaseFilter, TestCase } from '../../../core/contract/datasets.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { DatasetId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'

const pageSize = 200

export interface CasePages {
  /** Null until first read. */
  total: number | null
  failure: ErrorData | null
  retry(): void
  /** Undefined while it is not read. */
  at(index: number): TestCase | undefined
  /** Of those that were read; -1 where it is not among them. */
  indexOf(caseId: string): number
  /** Says which are in sight, so that they are read. */
  want(first: number, last: number): void
}

interface Known {
  key: string
  total: number | null
  pages: ReadonlyMap<number, readonly TestCase[]>
}

/** The cases of a dataset that pass a filter: a set may have a hundred thousand, and only those in sight are read. */
export function useCasePages(datasetId: DatasetId, filter: CaseFilter, version: string): CasePages {
  const key = `${datasetId} ${version} ${JSON.stringify(filter)}`
  const [known, setKnown] = useState<Known>({ key: '', total: null, pages: new Map() })
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const [wanted, setWanted] = useState({ first: 0, last: 0 })
  const [attempt, setAttempt] = useState(0)
  const latest = useRef(known)
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    const read = async (): Promise<void> => {
      for (let page = wanted.first; page <= wanted.last; page++) {
        if (latest.current.key === key && latest.current.pages.has(page)) continue
        const input = { datasetId, limit: pageSize, offset: page * pageSize, ...filter }
        const { cases, total } = await core().datasets.cases(input, { signal })
        if (signal.aborted) return
        // What was read for another filter, or before a change, stays in view until the first page is there.
        const pages = new Map(latest.current.key === key ? latest.current.pages : [])
        latest.current = { key, total, pages: pages.set(page, cases) }
        setKnown(latest.current)
        setFailure(null)
      }
    }
    read().catch((error: unknown) => setFailure(signal.aborted ? null : toFailure(error)))
    return () => controller.abort()
    // The key holds the filter.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, wanted, attempt])
  return {
    total: known.total,
    failure,
    retry: () => setAttempt((count) => count + 1),
    at: (index) => known.pages.get(Math.floor(index / pageSize))?.[index % pageSize],
    indexOf: (caseId) => {
      for (const [page, cases] of known.pages) {
        const index = cases.findIndex(({ id }) => id === caseId)
        if (index >= 0) return page * pageSize + index
      }
      return -1
    },
    want: (first, last) => {
      const next = { first: Math.floor(first / pageSize), last: Math.floor(last / pageSize) }
      setWanted((now) => (now.first === next.first && now.last === next.last ? now : next))
    },
  }
}
