import { Copy, Download, Trash2 } from 'lucide-react'
import type { Bot } from '../../../core/contract/bots.ts'
import type { MenuEntry } from '../../ui/menu.tsx'
import { duplicateBot } from './bot-files.ts'

/** What can be done with a bot wherever it has a menu. */
export function botEntries(
  bot: Bot,
  { onExport, onRemove }: { onExport(bot: Bot): void; onRemove(bot: Bot): void },
): (MenuEntry | null)[] {
  return [
    {
      id: 'duplicate',
      label: 'Duplicate',
      icon: <Copy size={14} aria-hidden />,
      onAction: () => void duplicateBot(bot),
    },
    { id: 'export', label: 'Export …', icon: <Download size={14} aria-hidden />, onAction: () => onExport(bot) },
    null,
    {
      id: 'remove',
      label: 'Remove …',
      tone: 'danger',
      icon: <Trash2 size={14} aria-hidden />,
      onAction: () => onRemove(bot),
    },
  ]
}
