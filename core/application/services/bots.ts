import { type Bot, type BotSettings, type BotSettingsChange, botSettingsSchema } from '../../contract/bots.ts'
import type { MachineLearningClient } from '../../contract/client.ts'
import { AppError } from '../../contract/errors.ts'
import type { ReleaseChoice } from '../../contract/releases.ts'
import type { BotId } from '../../shared/ids.ts'
import type { BotLibrary, StoredBot } from '../library/bots.ts'
import { createProblemFinder } from './bot-problems.ts'
import { createStarters } from './starters.ts'
import { plainLine } from './plain-text.ts'
import { announceUse } from './release-uses.ts'
import { botTemplates } from './templates.ts'

export interface Bots {
  /** By name. */
  list(): Promise<Bot[]>
  /** Errors: item-missing. */
  get(id: BotId): Promise<Bot>
  /** Errors: those of the contract. */
  create(template: string, given: BotSettingsChange & { name: string }): Promise<Bot>
  /** Errors: those of the contract. */
  update(id: BotId, change: BotSettingsChange): Promise<Bot>
  /** Errors: item-missing. */
  duplicate(id: BotId): Promise<Bot>
  /** Its conversations keep its name, or go with it. Errors: item-missing. */
  remove(id: BotId, withConversations?: boolean): Promise<boolean>
  /** The name, or the next one like it that no bot has. */
  freeName(name: string): string
}

export function createBots(parts: { library: BotLibrary; machineLearning: MachineLearningClient }): Bots {
  const { library, machineLearning } = parts
  const starters = createStarters(parts)

  const bots: Bots = {
    async list() {
      const problems = createProblemFinder(machineLearning)
      const withStarters = await Promise.all(library.list().map(starters.give))
      return Promise.all(withStarters.map(async (bot) => toBot(bot, await problems(bot))))
    },
    async get(id) {
      const bot = await starters.give(library.get(id))
      return toBot(bot, await createProblemFinder(machineLearning)(bot))
    },
    async create(templateId, given) {
      const template = findTemplate(templateId)
      const settings = botSettingsSchema.parse({
        ...template?.settings,
        ...cleaned(given),
        release: given.release ?? (await standardRelease()),
      })
      await check(settings)
      const created = library.create(settings, { template: templateId, wantsStarters: given.starters === undefined })
      await announceUse(created.id, settings, machineLearning)
      return bots.get(created.id)
    },
    async update(id, change) {
      const { id: _id, template: _template, wantsStarters, ...before } = library.get(id)
      const settings = botSettingsSchema.parse({ ...before, ...cleaned(change) })
      await check(settings, before)
      library.update(id, settings, wantsStarters && change.starters === undefined)
      await announceUse(id, settings, machineLearning)
      return bots.get(id)
    },
    async duplicate(id) {
      const original = library.get(id)
      const settings = botSettingsSchema.parse({ ...original, name: bots.freeName(original.name) })
      const { template, wantsStarters } = original
      const { id: copyId } = library.create(settings, { template, wantsStarters })
      await announceUse(copyId, settings, machineLearning)
      return bots.get(copyId)
    },
    async remove(id, withConversations = false) {
      const { release } = library.get(id)
      const removed = library.remove(id, withConversations)
      await announceUse(id, { release, collectionIds: [] }, machineLearning)
      return removed
    },
    freeName(name) {
      for (let number = 1; ; number++) {
        const ending = number === 1 ? '' : ` (${number})`
        const candidate = `${name
          .slice(0, longestName - ending.length)
          .toWellFormed()
          .trim()}${ending}`
        if (!library.findByName(candidate)) return candidate
      }
    },
  }
  return bots

  /** What is named is there; what was there before may have gone since. Errors: item-missing, input-invalid. */
  async function check(settings: BotSettings, before?: BotSettings): Promise<void> {
    const { collections } = await machineLearning.collections.list()
    const known = new Set(collections.map(({ id }) => id))
    const missing = settings.collectionIds.find((id) => !known.has(id) && !before?.collectionIds.includes(id))
    if (missing) {
      throw new AppError('item-missing', 'A collection that was chosen is not there any more. Choose another.', {
        details: { collectionId: missing },
      })
    }
    if (!before || canonical(settings.release) !== canonical(before.release)) {
      await machineLearning.releases.resolve({ choice: settings.release })
    }
    const collectionId = settings.collectionIds.find((id) => known.has(id)) ?? collections[0]?.id
    // It is the ML layer that knows what a filter is.
    if (collectionId && settings.filter.trim() !== '') {
      await machineLearning.documents.list({ collectionId, filter: settings.filter, limit: 1 })
    }
  }

  /** Follows what new collections begin with, too. */
  async function standardRelease(): Promise<ReleaseChoice> {
    const { lines } = await machineLearning.lines.list()
    const standard = lines.find(({ isStandard }) => isStandard) ?? lines[0]
    if (!standard) throw new AppError('internal', 'There is no line of releases. Open the workspace again.')
    return { kind: 'production', lineId: standard.id }
  }
}

const canonical = (choice: ReleaseChoice): string =>
  choice.kind === 'pinned' ? `pinned ${choice.releaseId}` : `production ${choice.lineId}`

const longestName = 80

function findTemplate(id: string) {
  if (id === '') return undefined
  const template = botTemplates.find((candidate) => candidate.id === id)
  if (template) return template
  const known = botTemplates.map((candidate) => candidate.id).join(', ')
  throw new AppError('input-invalid', `There is no template "${id}". There are: ${known}.`)
}

/** What stands on one line, made so. */
function cleaned(change: BotSettingsChange): BotSettingsChange {
  const { name, icon, starters, ...others } = change
  // What a wire says is undefined was not given: it must not take the place of what the template or the bot has.
  const rest = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined)) as typeof others
  const plainName = name === undefined ? undefined : plainLine(name)
  if (plainName === '') throw new AppError('input-invalid', 'The name has no visible letter. Give the bot a name.')
  return {
    ...rest,
    ...(plainName === undefined ? {} : { name: plainName }),
    ...(icon === undefined ? {} : { icon: plainLine(icon) }),
    ...(starters === undefined ? {} : { starters: starters.map(plainLine).filter((starter) => starter !== '') }),
  }
}

function toBot({ wantsStarters: _wantsStarters, ...bot }: StoredBot, problems: Bot['problems']): Bot {
  return { ...bot, problems }
}
