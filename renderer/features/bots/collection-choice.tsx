import { useId } from 'react'
import type { CollectionId } from '../../../core/shared/ids.ts'
import { hrefOf } from '../../state/route.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { formatCount, formatNumberOf } from '../../ui/format.ts'

/** Collections to answer from. One that is gone stays in view until it is taken out. */
export function CollectionChoice({
  label,
  value,
  onChange,
}: {
  label: string
  value: readonly CollectionId[]
  onChange(value: CollectionId[]): void
}) {
  const collections = useWorkspace((state) => state.collections) ?? []
  const id = useId()
  const gone = value.filter((each) => !collections.some((collection) => collection.id === each))
  const toggle = (collectionId: CollectionId, isOn: boolean): void =>
    onChange(isOn ? [...value, collectionId] : value.filter((other) => other !== collectionId))
  return (
    <div className="collection-choice" role="group" aria-labelledby={id}>
      <h3 id={id}>{label}</h3>
      {collections.map((collection) => (
        <div key={collection.id} className="collection-line">
          <label className="check-line">
            <input
              type="checkbox"
              checked={value.includes(collection.id)}
              onChange={(event) => toggle(collection.id, event.target.checked)}
            />
            <span>
              {collection.name} <span className="soft number">{formatNumberOf(collection.documents, 'document')}</span>
            </span>
          </label>
          {collection.failed > 0 ? (
            <a
              className="quiet-link tone-danger number"
              href={hrefOf({ page: 'library', collectionId: collection.id, documentId: null, span: null })}
            >
              {formatCount(collection.failed)} could not be read
            </a>
          ) : null}
        </div>
      ))}
      {gone.map((collectionId) => (
        <label key={collectionId} className="check-line">
          <input type="checkbox" checked onChange={() => toggle(collectionId, false)} />
          <span className="tone-danger">A collection that was removed</span>
        </label>
      ))}
      {collections.length + gone.length === 0 ? <p className="soft">There are no collections yet.</p> : null}
    </div>
  )
}
