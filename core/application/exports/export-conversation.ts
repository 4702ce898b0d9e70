import type { Conversation, conversationExportFormatSchema, Message } from '../../contract/conversations.ts'
import type { z } from 'zod'
import { fileName } from '../services/plain-text.ts'
import { conversationAsHtml } from './html.ts'
import { conversationAsJson } from './json.ts'
import { conversationAsMarkdown } from './markdown.ts'

/** What a conversation is written from. */
export interface ExportedConversation {
  conversation: Conversation
  /** Of the branch that is shown. */
  messages: readonly Message[]
  /** Milliseconds since 1970. */
  exportedAt: number
}

interface Format {
  extension: string
  mediaType: string
  write(exported: ExportedConversation): Promise<string>
}

const formats: Record<z.infer<typeof conversationExportFormatSchema>, Format> = {
  markdown: { extension: 'md', mediaType: 'text/markdown', write: conversationAsMarkdown },
  html: { extension: 'html', mediaType: 'text/html', write: conversationAsHtml },
  json: { extension: 'json', mediaType: 'application/json', write: conversationAsJson },
}

/** A conversation as one file. */
export async function exportConversation(
  exported: ExportedConversation,
  format: keyof typeof formats,
): Promise<{ name: string; mediaType: string; text: string }> {
  const { extension, mediaType, write } = formats[format]
  const name = `${fileName(exported.conversation.title)}.${extension}`
  return { name, mediaType, text: await write(exported) }
}
