import { AppError } from '../contract/errors.ts'
import type { Page } from '../contract/parsed-document.ts'
import type { Services } from '../services/services.ts'
import { headingsAt } from '../services/document-texts.ts'
import { os } from './base.ts'
import { bothFilters, pipelineFilter, sqlFilter } from '../library/document-filter.ts'

export function documentHandlers(services: Services) {
  const { documents, texts } = services
  return {
    list: os.documents.list.handler(({ input }) => {
      services.collections.getCore(input.collectionId)
      const { status, releaseId, limit, offset } = input
      const release = releaseId && services.releases.resolve({ kind: 'pinned', releaseId })
      const filter = bothFilters(sqlFilter(input.filter), release && pipelineFilter(release.pipeline))
      const byStatus = documents.countByStatus(input.collectionId, filter)
      const total = Object.values(byStatus).reduce((sum, count) => sum + count, 0)
      return {
        documents: documents.list(input.collectionId, {
          ...(status ? { status } : {}),
          ...(filter ? { filter } : {}),
          limit,
          offset,
        }),
        total: status ? (byStatus[status] ?? 0) : total,
        byStatus,
      }
    }),
    suggest: os.documents.suggest.handler(({ input }) =>
      documents.suggest(input.collectionIds, input.query.trim(), input.limit),
    ),
    get: os.documents.get.handler(({ input }) => documents.get(input.documentId)),
    text: os.documents.text.handler(({ input }) => {
      const { text, elements, pages } = texts.get(input.documentId)
      const place = input.page === undefined ? input : pageNumbered(pages, input.page)
      const start = Math.min(place.start, text.length)
      const end = Math.min(Math.max(place.end, start), text.length)
      const from = lineStart(text, Math.max(0, start - input.around), start)
      const to = Math.min(text.length, end + input.around)
      const touches = (span: { start: number; end: number }): boolean => span.end > from && span.start < to
      return {
        document: documents.get(input.documentId),
        text: text.slice(from, to),
        textStart: from,
        textLength: text.length,
        elements: elements.filter(touches),
        pages: pages.filter(touches),
        headings: headingsAt(text, elements, start),
      }
    }),
    file: os.documents.file.handler(({ input, signal }) => services.documentFiles.read(input.documentId, signal)),
    place: os.documents.place.handler(({ input }) => ({ path: services.documentFiles.place(input.documentId) })),
    retry: os.documents.retry.handler(({ input }) => {
      const ids = input.documentIds ?? documents.failedIn(input.collectionId)
      return { jobId: services.startIngest(input.collectionId, 'ingest', { documentIds: ids }) }
    }),
    review: os.documents.review.handler(({ input }) => {
      const { collectionId, approve } = input
      services.collections.getCore(collectionId)
      const ids = documents.review(input.documentIds ?? documents.waitingIn(collectionId), approve)
      const jobId =
        approve && ids.length > 0 ? services.startIngest(collectionId, 'ingest', { documentIds: ids }) : null
      return { reviewed: ids.length, jobId }
    }),
    tag: os.documents.tag.handler(({ input }) => ({
      changed: documents.addTags(input.documentIds, input.add, input.remove),
    })),
    remove: os.documents.remove.handler(async ({ input }) => ({
      removed: await services.removeDocuments(input.documentIds),
    })),
  }
}

function pageNumbered(pages: readonly Page[], number: number): Page {
  const page = pages.find((each) => each.number === number)
  if (page) return page
  throw new AppError('item-missing', `This document has no page ${number} with text. It may have changed; reload it.`)
}

/** The window begins at a line where one begins before `limit`, so that it does not open in mid-word. */
function lineStart(text: string, offset: number, limit: number): number {
  if (offset === 0) return 0
  const next = text.indexOf('\n', offset) + 1
  return next > 0 && next <= Math.min(limit, offset + 2000) ? next : offset
}
