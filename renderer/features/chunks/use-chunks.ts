import { useCallback, useEffect, useState } from 'react'
import type { ChunkEdit, ShownChunk } from '../../../core/contract/chunks.ts'
import type { Document } from '../../../core/contract/documents.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { DocumentId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { useConnection } from '../../state/connection.ts'
import { toFailure } from '../../state/failure.ts'
import { useJobs } from '../../state/jobs.ts'

export interface ChunksOfDocument {
  document: Document
  /** Length of the document's text. */
  length: number
  chunks: ShownChunk[]
  edits: ChunkEdit[]
  total: number
}

/** First a page that is there at once, then the rest in large ones. */
const firstPage = 200
const pageSize = 2_000
/** More than this nobody looks through; a page's memory has an end too. */
const mostChunks = 60_000

/** The chunks of a document, read page by page, and again when a job of the collection ends. */
export function useChunks(documentId: DocumentId) {
  const [loaded, setLoaded] = useState<ChunksOfDocument | null>(null)
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const [attempt, setAttempt] = useState(0)
  const generation = useConnection((connection) => connection.generation)
  const collectionId = loaded?.document.collectionId
  const lastEnded = useJobs((jobs) => jobs.ended.find((job) => job.collectionId === collectionId)?.id)

  const read = useCallback(
    async (signal: AbortSignal): Promise<void> => {
      try {
        const document = await core().documents.get({ documentId }, { signal })
        const length = await lengthOf(documentId, signal)
        const chunks: ShownChunk[] = []
        for (let limit = firstPage; ; limit = pageSize) {
          const page = await core().chunks.list({ documentId, limit, offset: chunks.length }, { signal })
          if (signal.aborted) return
          chunks.push(...page.chunks)
          const over = page.chunks.length === 0 || chunks.length >= Math.min(page.total, mostChunks)
          // What is shown stays until there is at least as much of what is new.
          setLoaded((before) =>
            over || !before || before.document.id !== documentId || before.chunks.length <= chunks.length
              ? { document, length, chunks: [...chunks], edits: page.edits, total: page.total }
              : before,
          )
          if (over) break
        }
        setFailure(null)
      } catch (error) {
        if (!signal.aborted) setFailure(toFailure(error))
      }
    },
    [documentId],
  )
  useEffect(() => {
    const controller = new AbortController()
    // State is set in there only after the core has answered.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    void read(controller.signal)
    return () => controller.abort()
  }, [read, generation, lastEnded, attempt])
  const mine = loaded?.document.id === documentId ? loaded : null
  const reload = useCallback(() => setAttempt((count) => count + 1), [])
  return { loaded: mine, failure, reload }
}

/** 0 where nothing could be read of it. */
async function lengthOf(documentId: DocumentId, signal: AbortSignal): Promise<number> {
  try {
    return (await core().documents.text({ documentId, start: 0, end: 0, around: 0 }, { signal })).textLength
  } catch (error) {
    if (toFailure(error)?.code === 'item-missing') return 0
    throw error
  }
}
