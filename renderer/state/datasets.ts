import type { Collection } from '../../core/contract/collections.ts'
import type { Dataset } from '../../core/contract/datasets.ts'
import { core } from './client.ts'

/** The datasets of a collection, the one that was changed last first. */
export async function datasetsOf(collectionId: string | null): Promise<Dataset[]> {
  const { datasets } = await core().datasets.list()
  return datasets.filter((dataset) => dataset.collectionId === collectionId).sort((a, b) => b.changedAt - a.changedAt)
}

/** A new dataset for the documents of a collection, under a name that is free. */
export async function makeDatasetFor({ id, name }: Pick<Collection, 'id' | 'name'>): Promise<Dataset> {
  const { datasets } = await core().datasets.list()
  const taken = new Set(datasets.map((dataset) => dataset.name))
  for (let number = 1; ; number++) {
    const candidate = `Questions about ${name}${number === 1 ? '' : ` ${number}`}`
    if (!taken.has(candidate)) return core().datasets.create({ name: candidate, collectionId: id })
  }
}
