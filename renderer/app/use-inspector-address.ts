import { useEffect, useRef } from 'react'
import { useInspector } from '../state/inspector.ts'
import { currentRoute, navigate, type Route } from '../state/route.ts'

/**
 * Keeps the address and the inspector in step: an address that names a document opens it; a document opened in the
 * library becomes the address; closing takes it out again. Leaving for another page or view closes the inspector.
 */
export function useInspectorAddress(route: Route): void {
  const place = `${route.page} ${(route.page === 'library' && route.view) || ''}`
  const lastPlace = useRef(place)
  useEffect(() => {
    if (lastPlace.current !== place) {
      lastPlace.current = place
      useInspector.getState().close({ restoreFocus: false })
    }
    // A view shows the document in a way of its own.
    if (route.page !== 'library' || !route.documentId || route.view) return
    const { items, index, open } = useInspector.getState()
    const shown = items[index]
    if (shown?.documentId === route.documentId && sameSpan(shown.span, route.span)) return
    const { documentId, collectionId, span } = route
    open([{ label: span ? 'Passage' : 'Document', collectionId, documentId, name: 'Document', span }], 0)
  }, [route, place])
  useEffect(
    () =>
      useInspector.subscribe(({ items, index }) => {
        const now = currentRoute()
        if (now.page !== 'library' || !now.collectionId || now.view) return
        const item = items[index]
        const { collectionId } = now
        if (item && item.collectionId !== collectionId) return
        // Nothing was open and nothing is: another view of the collection stays where it is.
        if (!item && !now.documentId) return
        const [documentId, span] = item ? [item.documentId, item.span] : [null, null]
        // The first opening leaves an entry, so that "back" closes; stepping on does not fill the history.
        navigate({ page: 'library', collectionId, documentId, span }, { replace: now.documentId !== null })
      }),
    [],
  )
}

function sameSpan(a: { start: number; end: number } | null, b: { start: number; end: number } | null): boolean {
  return a?.start === b?.start && a?.end === b?.end
}
