import type { Bot } from '../../../core/contract/bots.ts'
import { useBots } from '../../state/bots.ts'
import { core } from '../../state/client.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { navigate } from '../../state/route.ts'

/** Makes a second one with the same settings, and goes to it. */
export async function duplicateBot(bot: Bot): Promise<void> {
  try {
    const copy = await core().bots.duplicate({ botId: bot.id })
    useBots.getState().note(copy)
    useNotices.getState().say(`“${copy.name}” has the settings of “${bot.name}”.`)
    navigate({ page: 'bots', botId: copy.id })
  } catch (error) {
    sayFailure(error)
  }
}
