import { useEffect, useState } from 'react'
import { Filter, X } from 'lucide-react'
import type { CollectionId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { useFilterCheck } from '../../state/filter-check.ts'
import { Button } from '../../ui/button.tsx'
import { joinFilter, splitFilter } from '../../ui/filter-expression.ts'
import { facetsOf, FilterField, QuickFilters, type FilterFacets } from '../../ui/filter-field.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { useAsk } from './ask-store.ts'

/** Which documents the next question is asked of. Folded away until wanted; what is set stays in view as chips. */
export function AskFilter({ collectionId }: { collectionId: CollectionId }) {
  const filter = useAsk((state) => state.filters[collectionId] ?? '')
  const [open, setOpen] = useState(false)
  const set = (next: string): void => useAsk.getState().setFilter(collectionId, next)
  const conditions = splitFilter(filter)
  const isWhole = useAsk((state) => state.wholes[collectionId] ?? false)
  const { failure, total } = useFilterCheck([collectionId], filter)
  const note = total === null ? '' : total === 0 ? 'No document matches' : `${formatNumberOf(total, 'document')} to ask`
  const facets = useFacets(collectionId, open)
  return (
    <section className="ask-filter" aria-label="Filter of the question">
      <div className="ask-filter-head">
        <Button
          look="quiet"
          small
          icon={<Filter size={14} aria-hidden />}
          aria-expanded={open}
          onPress={() => setOpen(!open)}
        >
          Filter
        </Button>
        {open ? null : (
          <>
            {conditions.map((condition, index) => (
              <button
                key={condition}
                type="button"
                className="tag tag-button"
                aria-label={`Take out ${condition}`}
                onClick={() => set(joinFilter(conditions.filter((_, other) => other !== index)))}
              >
                <code>{condition}</code>
                <X size={12} aria-hidden />
              </button>
            ))}
            {conditions.length > 0 ? (
              <span className={failure ? 'tone-danger' : 'soft number'}>{failure ? 'cannot be read' : note}</span>
            ) : null}
          </>
        )}
        {total === 1 ? (
          <label className="ask-whole soft">
            <input
              type="checkbox"
              checked={isWhole}
              onChange={(event) => useAsk.getState().setWhole(collectionId, event.target.checked)}
            />
            Read it as a whole
          </label>
        ) : null}
      </div>
      {open ? (
        <>
          <FilterField value={filter} onChange={set} failure={failure} note={note} autoFocus />
          <QuickFilters value={filter} onChange={set} facets={facets} />
        </>
      ) : null}
    </section>
  )
}

const noFacets: FilterFacets = { types: [], tags: [] }

/** What can be chosen from; read when the filter is opened. Of a huge collection the first documents have to do. */
function useFacets(collectionId: CollectionId, wanted: boolean): FilterFacets {
  const [facets, setFacets] = useState(noFacets)
  useEffect(() => {
    if (!wanted) return undefined
    const controller = new AbortController()
    core()
      .documents.list({ collectionId, limit: 5000 }, { signal: controller.signal })
      .then(({ documents }) => {
        if (!controller.signal.aborted) setFacets(facetsOf(documents))
      })
      // Chips are a courtesy: the field works without them, and says what is wrong where something is.
      .catch(() => {})
    return () => controller.abort()
  }, [collectionId, wanted])
  return facets
}
