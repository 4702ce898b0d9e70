import { useCallback, useEffect, useState } from 'react'
import {
  Bot as BotGlyph,
  ChevronDown,
  Download,
  MoreHorizontal,
  PanelLeft,
  Pencil,
  Settings2,
  Trash2,
} from 'lucide-react'
import { Button as AriaButton } from 'react-aria-components'
import type { Bot } from '../../../core/contract/bots.ts'
import type { Conversation } from '../../../core/contract/conversations.ts'
import type { BotId, ConversationId, MessageId } from '../../../core/shared/ids.ts'
import { useBots } from '../../state/bots.ts'
import { core } from '../../state/client.ts'
import { useConnection } from '../../state/connection.ts'
import { toFailure } from '../../state/failure.ts'
import { usePreferences } from '../../state/preferences.ts'
import { goOn, hrefOf, navigate } from '../../state/route.ts'
import { BotIcon } from '../../ui/bot-icon.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { Menu } from '../../ui/menu.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { RemoveDialog, RenameDialog } from './conversation-dialogs.tsx'
import { ConversationList, type ConversationPage } from './conversation-list.tsx'
import { exportConversation, exportLabels } from './export-conversation.ts'
import { ChatThread } from './thread.tsx'
import { titleOf, useThreads } from './threads.ts'

/** Conversations with bots: which there are, and one of them. */
export function ChatPage({
  botId,
  conversationId,
  messageId,
}: {
  botId: BotId | null
  conversationId: ConversationId | null
  messageId?: MessageId | undefined
}) {
  const bots = useBots((state) => state.bots)
  const failure = useBots((state) => state.failure)
  const generation = useConnection((state) => state.generation)
  const last = usePreferences((state) => state.lastBotId)
  useEffect(() => {
    document.title = 'Chat · Quarry'
  }, [])
  useEffect(() => void useBots.getState().refresh(), [generation])
  const bot = bots?.find(({ id }) => id === botId) ?? null
  const fallback =
    bots?.find(({ id }) => id === last) ?? bots?.find(({ problems }) => problems.length === 0) ?? bots?.[0]
  useEffect(() => {
    if (bot) usePreferences.getState().set({ lastBotId: bot.id })
  }, [bot])
  useEffect(() => {
    if (botId !== null || conversationId !== null || !fallback) return
    goOn((now) => now.page === 'chat' && now.botId === null && now.conversationId === null, {
      page: 'chat',
      botId: fallback.id,
      conversationId: null,
    })
  }, [botId, conversationId, fallback])

  if (!bots) return failure ? <Failed /> : <PageHeader title="Chat" />
  if (!bot && conversationId === null) {
    if (botId === null && fallback) return <PageHeader title="Chat" />
    return (
      <>
        <PageHeader title="Chat" />
        <EmptyState
          icon={<BotGlyph size={28} aria-hidden />}
          title={botId ? 'This bot is not here' : 'Make a bot, then talk to it'}
          actions={
            <>
              <Button look="primary" onPress={() => navigate({ page: 'bots', botId: 'new' })}>
                New bot
              </Button>
              {botId ? <Button onPress={() => navigate({ page: 'bots', botId: null })}>All bots</Button> : null}
            </>
          }
        >
          {botId
            ? 'It was removed, or the address belongs to another workspace.'
            : 'A bot answers from your documents, and every answer says where it comes from. Drop documents, name it, done.'}
        </EmptyState>
      </>
    )
  }
  return <Chat bots={bots} bot={bot} conversationId={conversationId} messageId={messageId} />
}

function Failed() {
  const failure = useBots((state) => state.failure)
  return (
    <>
      <PageHeader title="Chat" />
      {failure ? <FailureNote failure={failure} onRetry={() => void useBots.getState().refresh()} /> : null}
    </>
  )
}

function Chat({
  bots,
  bot: named,
  conversationId,
  messageId,
}: {
  bots: Bot[]
  bot: Bot | null
  conversationId: ConversationId | null
  messageId: MessageId | undefined
}) {
  const [page, setPage] = useState<ConversationPage | null>(null)
  const [renaming, setRenaming] = useState<Conversation | null>(null)
  const [removing, setRemoving] = useState<Conversation | null>(null)
  // Where there is little room the list is shown instead of the conversation, when it is asked for.
  const [listOpenAt, setListOpenAt] = useState<string | null>(null)
  const isListOpen = listOpenAt === (conversationId ?? '')
  const { conversation, isMissing } = useConversation(conversationId, page)
  // The conversation knows its bot better than the address does.
  const bot = conversation ? (bots.find(({ id }) => id === conversation.botId) ?? null) : named
  const onPage = useCallback((next: ConversationPage) => setPage(next), [])
  const newBot = bot ?? bots[0]
  const newHref = newBot
    ? hrefOf({ page: 'chat', botId: newBot.id, conversationId: null })
    : hrefOf({ page: 'bots', botId: 'new' })
  const leave = (): void =>
    navigate({ page: 'chat', botId: newBot?.id ?? null, conversationId: null }, { replace: true })
  return (
    <div className="chat-page">
      <PageHeader
        title={conversation ? titleOf(conversation) : 'New conversation'}
        scope={<BotChip bots={bots} bot={bot} removed={conversation && !bot ? conversation.bot : null} />}
        actions={
          <>
            <span className="chat-list-button">
              <Button
                look="quiet"
                icon={<PanelLeft size={15} aria-hidden />}
                aria-expanded={isListOpen}
                onPress={() => setListOpenAt(isListOpen ? null : (conversationId ?? ''))}
              >
                Conversations
              </Button>
            </span>
            {conversation ? (
              <>
                <Menu
                  label="Export"
                  trigger={
                    <Button look="quiet" icon={<Download size={15} aria-hidden />}>
                      Export
                    </Button>
                  }
                  entries={exportLabels.map(([format, label]) => ({
                    id: format,
                    label,
                    onAction: () => void exportConversation(conversation, format),
                  }))}
                />
                <Menu
                  label="Actions for this conversation"
                  trigger={
                    <IconButton label="Actions for this conversation" icon={<MoreHorizontal size={16} aria-hidden />} />
                  }
                  entries={[
                    {
                      id: 'rename',
                      label: 'Name and folder …',
                      icon: <Pencil size={14} aria-hidden />,
                      onAction: () => setRenaming(conversation),
                    },
                    null,
                    {
                      id: 'remove',
                      label: 'Remove …',
                      tone: 'danger',
                      icon: <Trash2 size={14} aria-hidden />,
                      onAction: () => setRemoving(conversation),
                    },
                  ]}
                />
              </>
            ) : null}
          </>
        }
      />
      <div className="chat" data-list={isListOpen || undefined}>
        <ConversationList
          openId={conversationId}
          newHref={newHref}
          onRename={setRenaming}
          onRemove={setRemoving}
          onPage={onPage}
        />
        {isMissing ? (
          <EmptyState title="This conversation is not here" actions={<Button onPress={leave}>New conversation</Button>}>
            It was removed, or the address belongs to another workspace.
          </EmptyState>
        ) : (
          <ChatThread
            bot={bot}
            conversationId={conversationId}
            messageId={messageId}
            onConversation={({ id, botId }) =>
              goOn((now) => now.page === 'chat' && now.conversationId === conversationId, {
                page: 'chat',
                botId,
                conversationId: id,
              })
            }
          />
        )}
      </div>
      <RenameDialog
        conversation={renaming}
        folders={page?.folders ?? []}
        onClose={() => setRenaming(null)}
        onDone={() => {}}
      />
      <RemoveDialog
        conversation={removing}
        onClose={() => setRemoving(null)}
        onDone={({ id }) => {
          if (id === conversationId) leave()
        }}
      />
    </div>
  )
}

/** Which bot is talked to; another one begins a new conversation. */
function BotChip({ bots, bot, removed }: { bots: Bot[]; bot: Bot | null; removed: string | null }) {
  if (!bot) return removed === null ? null : <span className="soft">{removed} (removed)</span>
  return (
    <Menu
      label="Bot"
      trigger={
        <AriaButton className="scope-chip">
          <BotIcon icon={bot.icon} name={bot.name} />
          <span className="visually-hidden">Bot: </span>
          {bot.name}
          <ChevronDown size={13} aria-hidden />
        </AriaButton>
      }
      entries={[
        ...bots.map((other) => ({
          id: other.id,
          label: other.name,
          icon: <BotIcon icon={other.icon} name={other.name} />,
          onAction: () => navigate({ page: 'chat', botId: other.id, conversationId: null }),
        })),
        null,
        {
          id: 'settings',
          label: 'Settings of this bot',
          icon: <Settings2 size={14} aria-hidden />,
          onAction: () => navigate({ page: 'bots', botId: bot.id }),
        },
      ]}
    />
  )
}

/** From the list where it is there, else asked for. */
function useConversation(
  conversationId: ConversationId | null,
  page: ConversationPage | null,
): { conversation: Conversation | null; isMissing: boolean } {
  const listed = page?.conversations.find(({ id }) => id === conversationId) ?? null
  const changes = useThreads((state) => state.changes)
  const [asked, setAsked] = useState<{ id: string; conversation: Conversation | null } | null>(null)
  const isListed = listed !== null
  useEffect(() => {
    if (!conversationId || isListed) return undefined
    const controller = new AbortController()
    core()
      .conversations.get({ conversationId }, { signal: controller.signal })
      .then(
        (conversation) => setAsked({ id: conversationId, conversation }),
        (error: unknown) => {
          if (toFailure(error)?.code === 'item-missing') setAsked({ id: conversationId, conversation: null })
        },
      )
    return () => controller.abort()
  }, [conversationId, isListed, changes])
  if (listed) return { conversation: listed, isMissing: false }
  const known = asked?.id === conversationId ? asked : null
  return { conversation: known?.conversation ?? null, isMissing: known !== null && known.conversation === null }
}
