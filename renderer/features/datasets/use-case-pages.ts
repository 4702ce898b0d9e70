import type { CaseFilter, TestCase } from '../../../core/contract/datasets.ts'
import type { DatasetId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { type Pages, usePages } from '../../state/use-pages.ts'

export type CasePages = Pages<TestCase>

/** The cases of a dataset that pass a filter. */
export function useCasePages(datasetId: DatasetId, filter: CaseFilter, version: string): CasePages {
  return usePages(`${datasetId} ${version} ${JSON.stringify(filter)}`, async (part, signal) => {
    const { cases, total } = await core().datasets.cases({ datasetId, ...part, ...filter }, { signal })
    return { items: cases, total }
  })
}
