import type { MachineLearningClient } from '../../contract/client.ts'
import type { BotLibrary } from '../library/bots.ts'
import type { ConversationLibrary } from '../library/conversations.ts'
import type { Bots } from './bots.ts'

/** What the handlers of the application layer are given. */
export interface ApplicationServices {
  /** All that is known here of the ML layer. */
  machineLearning: MachineLearningClient
  botLibrary: BotLibrary
  bots: Bots
  conversations: ConversationLibrary
}
