import { create } from 'zustand'
import type { CollectionId, DocumentId } from '../../core/shared/ids.ts'

/** A place in a document, with what a person calls it ("[2]", "Passage 3"). */
export interface PassageLink {
  label: string
  collectionId: CollectionId | null
  documentId: DocumentId
  /** File name, shown while the document is being read. */
  name: string
  /** Null: the document as a whole, from its beginning. */
  span: { start: number; end: number } | null
}

interface InspectorStore {
  items: PassageLink[]
  index: number
  /** Where the focus was, to go back to on closing. */
  opener: HTMLElement | null
  open(items: PassageLink[], index: number): void
  step(by: 1 | -1): void
  close(options?: { restoreFocus?: boolean }): void
}

/** The right-hand panel: a list of passages and which of them is shown. */
export const useInspector = create<InspectorStore>((set, get) => ({
  items: [],
  index: 0,
  opener: null,
  open: (items, index) =>
    set((state) => ({
      items,
      index,
      opener: document.activeElement instanceof HTMLElement ? document.activeElement : state.opener,
    })),
  step: (by) => set((state) => ({ index: Math.min(Math.max(state.index + by, 0), state.items.length - 1) })),
  close: ({ restoreFocus = true } = {}) => {
    const { opener } = get()
    set({ items: [], index: 0, opener: null })
    if (restoreFocus && opener?.isConnected) opener.focus()
  },
}))

interface PagePanelStore {
  /** What the keys of the inspector do while a page shows a panel of its own in its place. */
  panel: { step(by: 1 | -1): void; close(): void } | null
}

export const usePagePanel = create<PagePanelStore>(() => ({ panel: null }))
