import type { ExportedConversation } from './export-conversation.ts'

/** Everything that is kept of it, as it is in the contract. */
export async function conversationAsJson({
  conversation,
  messages,
  exportedAt,
}: ExportedConversation): Promise<string> {
  const value = { format: 'quarry-conversation', version: 1, exportedAt, conversation, messages }
  return `${JSON.stringify(value, undefined, 2)}\n`
}
