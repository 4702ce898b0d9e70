import type { MachineLearningClient } from '../../contract/client.ts'
import { toAppError } from '../../contract/errors.ts'
import type { BotId, CollectionId } from '../../shared/ids.ts'
import type { BotLibrary, StoredBot } from '../library/bots.ts'

export interface Starters {
  /** The bot with starter questions, where it wants some and there are documents by now. They are kept. */
  give(bot: StoredBot): Promise<StoredBot>
}

const proposed = 4

/** Questions to begin with, proposed from a bot's documents once, as soon as all of them have been read. */
export function createStarters(parts: { library: BotLibrary; machineLearning: MachineLearningClient }): Starters {
  const { library, machineLearning } = parts
  const making = new Map<BotId, Promise<void>>()

  async function make({ id, collectionIds }: StoredBot): Promise<void> {
    const { collections } = await machineLearning.collections.list()
    const asked = collections.filter((collection) => collectionIds.includes(collection.id) && collection.ready > 0)
    if (
      asked.length === 0 ||
      !(await areRead(
        asked.map((one) => one.id),
        machineLearning,
      ))
    )
      return
    const { questions } = await machineLearning.ask.propose({
      collectionIds: asked.map((one) => one.id),
      count: proposed,
    })
    library.giveStarters(
      id,
      questions.map(({ question }) => question),
    )
  }

  return {
    async give(bot) {
      if (!bot.wantsStarters || bot.collectionIds.length === 0) return bot
      let made = making.get(bot.id)
      if (!made) {
        made = make(bot).finally(() => making.delete(bot.id))
        making.set(bot.id, made)
      }
      try {
        await made
      } catch (error) {
        // A bot without them is as good; the next look tries again.
        if (toAppError(error).code === 'internal') throw error
        return bot
      }
      return library.find(bot.id) ?? bot
    },
  }
}

/** Whether no document of these is still on its way. */
async function areRead(ids: readonly CollectionId[], machineLearning: MachineLearningClient): Promise<boolean> {
  const counts = await Promise.all(
    ids.map(async (collectionId) => (await machineLearning.documents.list({ collectionId, limit: 1 })).byStatus),
  )
  return counts.every(({ queued = 0, reading = 0, embedding = 0 }) => queued + reading + embedding === 0)
}
