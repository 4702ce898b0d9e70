import type { Bot, BotSettings } from '../../contract/bots.ts'
import type { MachineLearningClient } from '../../contract/client.ts'
import { toAppError } from '../../contract/errors.ts'
import { indexProblems } from './release-uses.ts'

type Problem = Bot['problems'][number]

/** Says why a bot cannot answer, or not from everything. What the ML layer says is asked once for all bots. */
export function createProblemFinder(machineLearning: MachineLearningClient): (bot: BotSettings) => Promise<Problem[]> {
  const collections = once(async () => (await machineLearning.collections.list()).collections)
  return async (bot) => {
    const known = new Map((await collections()).map((collection) => [collection.id, collection]))
    return [...(await releaseProblems(bot, machineLearning)), ...collectionProblems(bot, known)]
  }
}

async function releaseProblems(
  { release, collectionIds }: BotSettings,
  machineLearning: MachineLearningClient,
): Promise<Problem[]> {
  try {
    await machineLearning.releases.resolve({ choice: release })
    return await indexProblems({ release, collectionIds }, machineLearning)
  } catch (error) {
    const known = toAppError(error)
    if (known.code !== 'item-missing') throw known
    const pinned = 'The release that this bot is pinned to is not there any more. Choose another in its settings.'
    const message = release.kind === 'pinned' ? pinned : known.message
    return [{ kind: 'release-missing', message }]
  }
}

function collectionProblems(
  { collectionIds }: BotSettings,
  known: ReadonlyMap<string, { name: string; documents: number; ready: number }>,
): Problem[] {
  if (collectionIds.length === 0) {
    return [{ kind: 'no-collection', message: 'This bot has no documents yet. Choose a collection in its settings.' }]
  }
  const missing = collectionIds.filter((id) => !known.has(id)).length
  const present = collectionIds.flatMap((id) => known.get(id) ?? [])
  const gone = missing === 1 ? 'A collection of this bot was' : `${missing} collections of this bot were`
  const what =
    present.length > 0
      ? 'It answers from the others. Take what is gone out of its settings, or choose another.'
      : 'It cannot answer until you choose another in its settings.'
  return [
    ...(missing > 0 ? [{ kind: 'collection-missing' as const, message: `${gone} removed. ${what}` }] : []),
    ...present
      .filter(({ ready }) => ready === 0)
      .map(({ name, documents }) => ({
        kind: 'collection-empty' as const,
        message:
          documents > 0
            ? `No document of "${name}" is ready yet. Wait until they have been read, or look at them under Documents.`
            : `"${name}" has no documents. Add some under Documents.`,
      })),
  ]
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined
  return () => (made ??= make())
}
