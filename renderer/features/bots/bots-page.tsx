import { useEffect, useState, type ComponentType } from 'react'
import { Bot as BotGlyph, MessageSquareText, MoreHorizontal, Plus, Settings2, Upload } from 'lucide-react'
import type { Bot } from '../../../core/contract/bots.ts'
import type { Conversation } from '../../../core/contract/conversations.ts'
import type { BotId, ConversationId } from '../../../core/shared/ids.ts'
import { shell, type Picked } from '../../platform/shell.ts'
import { useAdding } from '../../state/adding.ts'
import { useBots } from '../../state/bots.ts'
import { useConnection } from '../../state/connection.ts'
import { sayFailure } from '../../state/notices.ts'
import { hrefOf, navigate } from '../../state/route.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { BotIcon } from '../../ui/bot-icon.tsx'
import { BotProblems } from '../../ui/bot-problems.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { Menu } from '../../ui/menu.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { ExportDialog, RemoveBotDialog } from './bot-dialogs.tsx'
import { BotEditor } from './bot-editor.tsx'
import { botEntries } from './bot-entries.tsx'
import { importBot, isBotFile } from './bot-files.ts'
import { NewBot, useNewBot } from './new-bot.tsx'

/** A conversation to try a bot in, as the chat draws it. */
export type TestChat = ComponentType<{
  bot: Bot | null
  conversationId: ConversationId | null
  isTrial?: boolean
  onConversation(conversation: Conversation): void
}>

/** The bots, a new one, or the settings of one beside a conversation with it. */
export function BotsPage({ botId, Chat }: { botId: BotId | 'new' | null; Chat: TestChat }) {
  const bots = useBots((state) => state.bots)
  const failure = useBots((state) => state.failure)
  const generation = useConnection((state) => state.generation)
  useEffect(() => void useBots.getState().refresh(), [generation])
  if (botId === 'new') return <NewBot />
  if (!bots) {
    return (
      <>
        <PageHeader title="Bots" />
        {failure ? <FailureNote failure={failure} onRetry={() => void useBots.getState().refresh()} /> : null}
      </>
    )
  }
  if (botId === null) return <BotList bots={bots} />
  const bot = bots.find(({ id }) => id === botId)
  if (bot) return <BotEditor key={bot.id} bot={bot} Chat={Chat} />
  return (
    <>
      <PageHeader title="Bots" />
      <EmptyState
        title="This bot is not here"
        actions={<Button onPress={() => navigate({ page: 'bots', botId: null })}>All bots</Button>}
      >
        It was removed, or the address belongs to another workspace.
      </EmptyState>
    </>
  )
}

function BotList({ bots }: { bots: Bot[] }) {
  const [exporting, setExporting] = useState<Bot | null>(null)
  const [removing, setRemoving] = useState<Bot | null>(null)
  const [isImporting, setImporting] = useState(false)
  const take = (picked: Picked | null): void => {
    if (!picked) return
    setImporting(true)
    void importBot(picked, new AbortController().signal)
      .catch(sayFailure)
      .finally(() => setImporting(false))
  }
  useEffect(() => {
    document.title = 'Bots · Quarry'
    // Conversations may have begun since.
    void useBots.getState().refresh()
    useAdding.getState().setTaker({
      title: 'Make a bot',
      text: 'Documents and folders become a new bot; a .quarrybot file is imported.',
      take: (picked) => {
        if (isBotFile(picked)) return take(picked)
        useNewBot.getState().add(picked)
        navigate({ page: 'bots', botId: 'new' })
      },
    })
    return () => useAdding.getState().setTaker(null)
  }, [])
  const importFile = (
    <Button
      icon={<Upload size={15} aria-hidden />}
      isDisabled={isImporting}
      onPress={() => void shell.pickFiles().then(take, sayFailure)}
    >
      {isImporting ? 'Importing …' : 'Import …'}
    </Button>
  )
  const make = (
    <Button
      look="primary"
      icon={<Plus size={15} aria-hidden />}
      onPress={() => navigate({ page: 'bots', botId: 'new' })}
    >
      New bot
    </Button>
  )
  return (
    <>
      <PageHeader
        title="Bots"
        scope={<span className="soft number">{formatNumberOf(bots.length, 'bot')}</span>}
        actions={
          <>
            {importFile}
            {make}
          </>
        }
      />
      <div className="page-scroll">
        {bots.length === 0 ? (
          <EmptyState icon={<BotGlyph size={28} aria-hidden />} title="No bots yet" actions={make}>
            A bot answers from documents that you choose, and every answer says where it comes from. Drop documents or a
            folder anywhere on this window, give it a name, and talk to it.
          </EmptyState>
        ) : (
          <ul className="collections bot-list">
            {bots.map((bot) => (
              <Item key={bot.id} bot={bot} onExport={setExporting} onRemove={setRemoving} />
            ))}
          </ul>
        )}
      </div>
      <ExportDialog bot={exporting} onClose={() => setExporting(null)} />
      <RemoveBotDialog bot={removing} onClose={() => setRemoving(null)} onDone={() => {}} />
    </>
  )
}

function Item({ bot, onExport, onRemove }: { bot: Bot; onExport(bot: Bot): void; onRemove(bot: Bot): void }) {
  const collections = useWorkspace((state) => state.collections) ?? []
  const names = bot.collectionIds.flatMap((id) => collections.find((each) => each.id === id)?.name ?? [])
  return (
    <li className="collection-item bot-item">
      <div className="bot-line">
        <a className="collection-link bot-link" href={hrefOf({ page: 'chat', botId: bot.id, conversationId: null })}>
          <BotIcon icon={bot.icon} name={bot.name} />
          <span className="bot-words">
            <span className="collection-name">{bot.name}</span>
            {bot.description ? <span className="soft">{bot.description}</span> : null}
            <span className="collection-facts number">
              {names.length > 0 ? `${names.join(', ')} · ` : ''}
              {formatNumberOf(bot.conversations, 'conversation')}
            </span>
          </span>
        </a>
        <Button look="quiet" onPress={() => navigate({ page: 'bots', botId: bot.id })}>
          Settings
        </Button>
        <Menu
          label={`Actions for ${bot.name}`}
          trigger={<IconButton label={`Actions for ${bot.name}`} icon={<MoreHorizontal size={16} aria-hidden />} />}
          entries={[
            {
              id: 'chat',
              label: 'New conversation',
              icon: <MessageSquareText size={14} aria-hidden />,
              onAction: () => navigate({ page: 'chat', botId: bot.id, conversationId: null }),
            },
            {
              id: 'settings',
              label: 'Settings',
              icon: <Settings2 size={14} aria-hidden />,
              onAction: () => navigate({ page: 'bots', botId: bot.id }),
            },
            ...botEntries(bot, { onExport, onRemove }),
          ]}
        />
      </div>
      <BotProblems bot={bot} />
    </li>
  )
}
