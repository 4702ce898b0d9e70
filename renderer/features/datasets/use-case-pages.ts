import type { CaseFilter, caseSorts, TestCase } from '../../../core/contract/datasets.ts'
import type { DatasetId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { type Pages, usePages } from '../../state/use-pages.ts'

export type CasePages = Pages<TestCase>

/** The cases of a dataset that pass a filter. */
export function useCasePages(
  datasetId: DatasetId,
  filter: CaseFilter,
  version: string,
  /** How they are sorted, or of which earlier version they are. */
  selection: { sort?: (typeof caseSorts)[number]; descending?: boolean; version?: number } = {},
): CasePages {
  return usePages(
    `${datasetId} ${version} ${JSON.stringify(filter)} ${JSON.stringify(selection)}`,
    async (part, signal) => {
      const { cases, total } = await core().datasets.cases({ datasetId, ...part, ...selection, ...filter }, { signal })
      return { items: cases, total }
    },
  )
}
