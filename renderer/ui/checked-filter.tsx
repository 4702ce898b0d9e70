import type { CollectionId, ReleaseId } from '../../core/shared/ids.ts'
import { useFilterCheck } from '../state/filter-check.ts'
import { FilterField } from './filter-field.tsx'
import { formatNumberOf } from './format.ts'

/** A filter that is checked as it is typed: what is wrong with it, or how many documents of these collections it lets through. */
export function CheckedFilter({
  label,
  value,
  collectionIds,
  releaseId,
  none,
  what,
  onChange,
}: {
  label?: string
  value: string
  collectionIds: readonly CollectionId[]
  /** Its pipeline leaves documents out, too. */
  releaseId?: ReleaseId | undefined
  /** Said where there is no filter. */
  none: string
  /** Follows the number of documents: 'may be cited'. */
  what: string
  onChange(value: string): void
}) {
  const { failure, total } = useFilterCheck(collectionIds, value, releaseId)
  const counted =
    total === null ? '' : total === 0 ? 'No document matches' : `${formatNumberOf(total, 'document')} ${what}`
  return (
    <FilterField
      {...(label === undefined ? {} : { label })}
      value={value}
      onChange={onChange}
      failure={failure}
      note={value.trim() === '' && total === null ? none : counted}
    />
  )
}
