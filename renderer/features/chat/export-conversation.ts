import type { Conversation } from '../../../core/contract/conversations.ts'
import { core } from '../../state/client.ts'
import { sayFailure } from '../../state/notices.ts'
import { printHtml } from '../../ui/print-html.ts'
import { saveFile } from '../../ui/save-file.ts'

export type ExportFormat = 'markdown' | 'html' | 'json' | 'pdf'

export const exportLabels: [ExportFormat, string][] = [
  ['markdown', 'Markdown'],
  ['html', 'HTML'],
  ['pdf', 'PDF (print …)'],
  ['json', 'JSON'],
]

/** The branch that is shown, as a file; PDF is what the print dialog makes of the HTML. */
export async function exportConversation({ id }: Conversation, format: ExportFormat): Promise<void> {
  try {
    const { name, mediaType, text } = await core().conversations.export({
      conversationId: id,
      format: format === 'pdf' ? 'html' : format,
    })
    if (format === 'pdf') await printHtml(text)
    else saveFile(name, new Blob([text], { type: mediaType }))
  } catch (error) {
    sayFailure(error)
  }
}
