import type { Database } from 'better-sqlite3'
import type { MachineLearningClient } from '../contract/client.ts'
import { requireSameContract } from '../contract/versions.ts'
import { botHandlers } from './handlers/bots.ts'
import { conversationHandlers } from './handlers/conversations.ts'
import { os } from './handlers/base.ts'
import { createBotLibrary } from './library/bots.ts'
import { createConversationLibrary } from './library/conversations.ts'
import { createBots } from './services/bots.ts'
import type { ApplicationServices } from './services/services.ts'

/** What the application layer is built on. */
export interface ApplicationParts {
  /** With the tables of bots and conversations, which nobody else reads or writes. */
  database: Database
  /** The only way to documents, pipelines and answers. */
  machineLearning: MachineLearningClient
}

/** Bots and conversations of an open workspace. Errors: contract-mismatch. */
export async function createApplication({ database, machineLearning }: ApplicationParts) {
  requireSameContract(await machineLearning.workspace.versions(), ['machineLearning'])
  const botLibrary = createBotLibrary(database)
  const conversations = createConversationLibrary(database)
  // Nobody answers any more what another process began to answer.
  conversations.stopUnfinished()
  const services: ApplicationServices = {
    machineLearning,
    botLibrary,
    bots: createBots({ library: botLibrary, machineLearning }),
    conversations,
  }
  return {
    router: os.router({ bots: botHandlers(services), conversations: conversationHandlers(services) }),
  }
}
