import { useEffect, useState, type ReactNode } from 'react'
import { FolderPlus, LibraryBig, MoreHorizontal, Pencil, Plus, Trash2 } from 'lucide-react'
import type { Collection } from '../../../core/contract/collections.ts'
import type { CollectionId, DocumentId } from '../../../core/shared/ids.ts'
import { hrefOf, navigate, type LibraryView } from '../../state/route.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { Menu } from '../../ui/menu.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { CollectionView } from './collection-view.tsx'
import { NameDialog, RemoveCollectionDialog } from './collection-dialogs.tsx'

/** Collections, or the documents of one, or another view of it that its room drew. */
export function LibraryPage({
  collectionId,
  documentId,
  view,
}: {
  collectionId: CollectionId | null
  documentId: DocumentId | null
  view: { name: LibraryView; content: ReactNode } | null
}) {
  const collections = useWorkspace((state) => state.collections)
  const collection = collections?.find((candidate) => candidate.id === collectionId)
  if (!collections) return <PageHeader title="Library" />
  if (collection)
    return <CollectionView key={collection.id} collection={collection} documentId={documentId} view={view} />
  if (collectionId) {
    return (
      <>
        <PageHeader title="Library" />
        <EmptyState
          title="This collection is not here"
          actions={<Button onPress={() => goTo(null)}>All collections</Button>}
        >
          It was removed, or the address belongs to another workspace.
        </EmptyState>
      </>
    )
  }
  return <Collections collections={collections} />
}

function Collections({ collections }: { collections: Collection[] }) {
  const [creating, setCreating] = useState(false)
  const [renaming, setRenaming] = useState<Collection | null>(null)
  const [removing, setRemoving] = useState<Collection | null>(null)
  useEffect(() => {
    document.title = 'Library · Quarry'
  }, [])
  return (
    <>
      <PageHeader
        title="Library"
        scope={<span className="soft number">{formatNumberOf(collections.length, 'collection')}</span>}
        actions={
          <Button look="primary" icon={<Plus size={15} aria-hidden />} onPress={() => setCreating(true)}>
            New collection
          </Button>
        }
      />
      <div className="page-scroll">
        {collections.length === 0 ? (
          <EmptyState
            icon={<LibraryBig size={28} aria-hidden />}
            title="No collections yet"
            actions={
              <Button look="primary" icon={<FolderPlus size={15} aria-hidden />} onPress={() => setCreating(true)}>
                New collection
              </Button>
            }
          >
            A collection is a set of documents that are searched together. Create one, or drop files and folders
            anywhere on this window.
          </EmptyState>
        ) : (
          <ul className="collections">
            {collections.map((collection) => (
              <li key={collection.id} className="collection-item">
                <a
                  className="collection-link"
                  href={hrefOf({ page: 'library', collectionId: collection.id, documentId: null, span: null })}
                >
                  <span className="collection-name">{collection.name}</span>
                  {collection.description ? <span className="soft">{collection.description}</span> : null}
                  <span className="collection-facts number">
                    {formatNumberOf(collection.documents, 'document')} · {formatNumberOf(collection.chunks, 'chunk')}
                    {collection.failed > 0 ? <span className="tone-danger"> · {collection.failed} failed</span> : null}
                  </span>
                </a>
                <Menu
                  label={`Actions for ${collection.name}`}
                  trigger={
                    <IconButton
                      label={`Actions for ${collection.name}`}
                      icon={<MoreHorizontal size={16} aria-hidden />}
                    />
                  }
                  entries={[
                    {
                      id: 'rename',
                      label: 'Rename …',
                      icon: <Pencil size={14} aria-hidden />,
                      onAction: () => setRenaming(collection),
                    },
                    null,
                    {
                      id: 'remove',
                      label: 'Remove …',
                      tone: 'danger',
                      icon: <Trash2 size={14} aria-hidden />,
                      onAction: () => setRemoving(collection),
                    },
                  ]}
                />
              </li>
            ))}
          </ul>
        )}
      </div>
      <NameDialog isOpen={creating} onClose={() => setCreating(false)} onDone={(made) => goTo(made.id)} />
      <NameDialog isOpen={renaming !== null} collection={renaming ?? undefined} onClose={() => setRenaming(null)} />
      <RemoveCollectionDialog collection={removing} onClose={() => setRemoving(null)} />
    </>
  )
}

function goTo(collectionId: CollectionId | null): void {
  navigate({ page: 'library', collectionId, documentId: null, span: null })
}
