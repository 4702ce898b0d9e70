import type { Bot, BotSettings } from '../../contract/bots.ts'
import type { MachineLearningClient } from '../../contract/client.ts'
import { toAppError } from '../../contract/errors.ts'
import type { Pipeline } from '../../contract/pipeline.ts'
import { indexProblems } from './release-uses.ts'

type Problem = Bot['problems'][number]

/** Says why a bot cannot answer, or not from everything. What the ML layer says is asked once for all bots. */
export function createProblemFinder(machineLearning: MachineLearningClient): (bot: BotSettings) => Promise<Problem[]> {
  const collections = once(async () => (await machineLearning.collections.list()).collections)
  const installed = once(async () => {
    const { models } = await machineLearning.models.list()
    return new Set(models.filter(({ state }) => state === 'installed').map(({ manifest }) => manifest.id))
  })
  return async (bot) => {
    const known = new Map((await collections()).map((collection) => [collection.id, collection]))
    return [...(await releaseProblems(bot, installed, machineLearning)), ...collectionProblems(bot, known)]
  }
}

async function releaseProblems(
  { release, collectionIds }: BotSettings,
  installed: () => Promise<ReadonlySet<string>>,
  machineLearning: MachineLearningClient,
): Promise<Problem[]> {
  try {
    const { pipeline } = await machineLearning.releases.resolve({ choice: release })
    return [
      ...modelProblems(pipeline, await installed()),
      ...(await indexProblems({ release, collectionIds }, machineLearning)),
    ]
  } catch (error) {
    const known = toAppError(error)
    if (known.code !== 'item-missing') throw known
    const pinned = 'The release that this bot is pinned to is not there any more. Choose another in its settings.'
    const message = release.kind === 'pinned' ? pinned : known.message
    return [{ kind: 'release-missing', message }]
  }
}

/** Models on this machine that a pipeline names; those of a provider are elsewhere. */
function modelProblems({ embedder, reranker, generator }: Pipeline, installed: ReadonlySet<string>): Problem[] {
  const wanted = [
    { choice: embedder, what: 'The embedding model' },
    { choice: reranker, what: 'The reranking model' },
    { choice: generator, what: 'The language model' },
  ]
  return wanted.flatMap(({ choice, what }): Problem[] => {
    const model = choice?.options.model
    if (typeof model !== 'string' || choice?.options.provider !== undefined || installed.has(model)) return []
    const where = `is not on this machine. Add it under Models, or choose another release.`
    return [{ kind: 'model-missing', message: `${what} "${model}" of this bot's release ${where}` }]
  })
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
