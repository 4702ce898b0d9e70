import type { CollectionId } from '../../core/shared/ids.ts'
import { hrefOf, type LibraryView } from '../state/route.ts'

/** The views of a collection, each with its own address: links, so that they can be opened and copied like others. */
export function CollectionTabs({ collectionId, view }: { collectionId: CollectionId; view: LibraryView | undefined }) {
  return (
    <nav className="view-tabs" aria-label="Views of the collection">
      {tabs.map((tab) => (
        <a
          key={tab.label}
          className="view-tab"
          href={hrefOf({
            page: 'library',
            collectionId,
            documentId: null,
            span: null,
            ...(tab.view ? { view: tab.view } : {}),
          })}
          aria-current={tab.view === view ? 'page' : undefined}
        >
          {tab.label}
        </a>
      ))}
    </nav>
  )
}

const tabs: { label: string; view?: LibraryView }[] = [
  { label: 'Documents' },
  { label: 'Sources', view: 'sources' },
  { label: 'Pipeline', view: 'pipeline' },
]
