import { useEffect, useRef, useState } from 'react'
import type { ErrorData } from '../../core/contract/errors.ts'
import { toFailure } from './failure.ts'

const pageSize = 200

/** A list that may have a hundred thousand items, of which only those in sight are read. */
export interface Pages<Item> {
  /** Null until first read. */
  total: number | null
  failure: ErrorData | null
  retry(): void
  /** Undefined while it is not read. */
  at(index: number): Item | undefined
  /** Of those that were read; -1 where it is not among them. */
  indexOf(id: string): number
  /** Says which are in sight, so that they are read. */
  want(first: number, last: number): void
}

interface Known<Item> {
  key: string
  total: number | null
  pages: ReadonlyMap<number, readonly Item[]>
}

export type ReadPage<Item> = (
  part: { limit: number; offset: number },
  signal: AbortSignal,
) => Promise<{ items: readonly Item[]; total: number }>

/** `key` says when `read` would give other items; what was read before stays in view until the first page is there. */
export function usePages<Item extends { id: string }>(key: string, read: ReadPage<Item>): Pages<Item> {
  const [known, setKnown] = useState<Known<Item>>({ key: '', total: null, pages: new Map() })
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const [wanted, setWanted] = useState({ first: 0, last: 0 })
  const [attempt, setAttempt] = useState(0)
  const latest = useRef(known)
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    const readWanted = async (): Promise<void> => {
      for (let page = wanted.first; page <= wanted.last; page++) {
        if (latest.current.key === key && latest.current.pages.has(page)) continue
        const { items, total } = await read({ limit: pageSize, offset: page * pageSize }, signal)
        if (signal.aborted) return
        const pages = new Map(latest.current.key === key ? latest.current.pages : [])
        latest.current = { key, total, pages: pages.set(page, items) }
        setKnown(latest.current)
        setFailure(null)
      }
    }
    readWanted().catch((error: unknown) => setFailure(signal.aborted ? null : toFailure(error)))
    return () => controller.abort()
    // The key says what is read.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, wanted, attempt])
  return {
    total: known.total,
    failure,
    retry: () => setAttempt((count) => count + 1),
    at: (index) => known.pages.get(Math.floor(index / pageSize))?.[index % pageSize],
    indexOf: (id) => {
      for (const [page, items] of known.pages) {
        const index = items.findIndex((item) => item.id === id)
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
