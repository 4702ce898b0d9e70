import type { Bot, BotSettings } from '../../contract/bots.ts'
import type { MachineLearningClient } from '../../contract/client.ts'
import { toAppError } from '../../contract/errors.ts'
import type { BotId, CollectionId } from '../../shared/ids.ts'

/**
 * Tells the ML layer which collections a bot asks with which release, so that the indexes for that are built and kept up.
 * What stands in the way of it is no reason not to save a bot: its problems say it.
 */
export async function announceUse(
  id: BotId,
  { release, collectionIds }: Pick<BotSettings, 'release' | 'collectionIds'>,
  machineLearning: MachineLearningClient,
): Promise<void> {
  const present = await presentOf(collectionIds, machineLearning)
  try {
    await machineLearning.releases.prepare({ owner: id, choice: release, collectionIds: present })
  } catch (error) {
    if (!tolerated.includes(toAppError(error).code)) throw error
  }
}

/** What is not there yet of the indexes that a bot is answered from, as sentences. */
export async function indexProblems(
  { release, collectionIds }: Pick<BotSettings, 'release' | 'collectionIds'>,
  machineLearning: MachineLearningClient,
): Promise<Bot['problems']> {
  const present = await presentOf(collectionIds, machineLearning)
  if (present.length === 0) return []
  const { id: releaseId } = await machineLearning.releases.resolve({ choice: release })
  const { indexes } = await machineLearning.releases.indexes({ releaseId, collectionIds: present })
  return indexes.flatMap(({ state, collection, jobId, waiting }) => {
    if (state === 'ready') return []
    const message = {
      'reads-otherwise': `The release of this bot reads or cleans the documents of "${collection}" in another way than the collection does. Give the collection that pipeline, or choose another release.`,
      missing:
        jobId === null
          ? `"${collection}" has no index of this bot’s release, and is answered from its own. Save the bot again to have it built.`
          : `The index of this bot’s release is being built for "${collection}", which is answered from its own until then.`,
      behind: `${waiting} documents of "${collection}" are not in the index of this bot’s release yet.`,
    }[state]
    return [{ kind: 'index', message }]
  })
}

const tolerated = ['pipeline-mismatch', 'model-missing', 'item-missing', 'input-invalid']

/** Those that are still there. */
async function presentOf(
  collectionIds: readonly CollectionId[],
  machineLearning: MachineLearningClient,
): Promise<CollectionId[]> {
  if (collectionIds.length === 0) return []
  const { collections } = await machineLearning.collections.list()
  const known = new Set(collections.map(({ id }) => id))
  return collectionIds.filter((id) => known.has(id))
}
