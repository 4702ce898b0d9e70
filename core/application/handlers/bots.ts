import { exportBot } from '../services/bot-export.ts'
import { importBot } from '../services/bot-import.ts'
import type { ApplicationServices } from '../services/services.ts'
import { botTemplates } from '../services/templates.ts'
import { os } from './base.ts'

export function botHandlers({ bots, botLibrary, machineLearning }: ApplicationServices) {
  return {
    list: os.bots.list.handler(async () => ({ bots: await bots.list() })),
    templates: os.bots.templates.handler(() => ({ templates: [...botTemplates] })),
    get: os.bots.get.handler(({ input }) => bots.get(input.botId)),
    create: os.bots.create.handler(({ input }) => bots.create(input.template, input.settings)),
    update: os.bots.update.handler(({ input }) => bots.update(input.botId, input.settings)),
    duplicate: os.bots.duplicate.handler(({ input }) => bots.duplicate(input.botId)),
    remove: os.bots.remove.handler(async ({ input }) => ({
      removed: await bots.remove(input.botId, input.withConversations),
    })),
    export: os.bots.export.handler(({ input, signal }) => {
      const { withDocuments } = input
      return exportBot(botLibrary.get(input.botId), { withDocuments, machineLearning }, signal)
    }),
    import: os.bots.import.handler(({ input, signal }) => importBot(input, { bots, machineLearning }, signal)),
    proposeStarters: os.bots.proposeStarters.handler(async ({ input, signal }) => {
      const { questions } = await machineLearning.ask.propose(input, signal ? { signal } : {})
      return { questions: questions.map(({ question }) => question) }
    }),
  }
}
