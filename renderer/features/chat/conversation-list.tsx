import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { ChevronDown, Folder, FolderOpen, MoreHorizontal, Pencil, Plus, Trash2 } from 'lucide-react'
import { Button as AriaButton } from 'react-aria-components'
import type { Conversation } from '../../../core/contract/conversations.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { useConnection } from '../../state/connection.ts'
import { hrefOf } from '../../state/route.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatAgo, formatNumberOf } from '../../ui/format.ts'
import { Menu } from '../../ui/menu.tsx'
import { titleOf, useThreads } from './threads.ts'

type Listed = Conversation & { excerpt: string | null }

export interface ConversationPage {
  conversations: Listed[]
  total: number
  folders: string[]
}

const pageSize = 100

/** Conversations, last used first, found by words, of one folder or all. */
export function ConversationList({
  openId,
  newHref,
  onRename,
  onRemove,
  onPage,
}: {
  openId: string | null
  newHref: string
  onRename(conversation: Conversation): void
  onRemove(conversation: Conversation): void
  /** What was read last. */
  onPage(page: ConversationPage): void
}) {
  const [query, setQuery] = useState('')
  const [folder, setFolder] = useState<string | null>(null)
  const [limit, setLimit] = useState(pageSize)
  const { page, failure, retry } = useConversations(query.trim(), folder, limit)
  const list = useRef<HTMLUListElement>(null)
  useEffect(() => {
    if (page) onPage(page)
  }, [page, onPage])
  const folders = page?.folders ?? []
  const onKeyDown = (event: KeyboardEvent): void => {
    const links = [...(list.current?.querySelectorAll<HTMLElement>('a[data-row-link]') ?? [])]
    const at = links.findIndex((link) => link === event.target)
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key]
    if (at < 0 || next === undefined) return
    event.preventDefault()
    links[Math.min(Math.max(next, 0), links.length - 1)]?.focus()
  }
  return (
    <nav className="conversations" aria-label="Conversations">
      <div className="conversations-head">
        <a className="button button-plain" href={newHref}>
          <Plus size={15} aria-hidden />
          <span>New conversation</span>
        </a>
        <input
          type="search"
          className="input"
          aria-label="Find in conversations"
          placeholder="Find in conversations"
          value={query}
          maxLength={400}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => {
            setQuery(event.target.value)
            setLimit(pageSize)
          }}
        />
        {folders.length > 0 ? (
          <Menu
            label="Folder"
            trigger={
              <AriaButton className="chip" data-chosen={folder !== null || undefined}>
                {folder === null ? <Folder size={13} aria-hidden /> : <FolderOpen size={13} aria-hidden />}
                {folder ?? 'All folders'}
                <ChevronDown size={13} aria-hidden />
              </AriaButton>
            }
            entries={[
              { id: 'all', label: 'All folders', onAction: () => setFolder(null) },
              null,
              ...folders.map((name) => ({
                id: `folder ${name}`,
                label: name,
                icon: <Folder size={14} aria-hidden />,
                onAction: () => setFolder(name),
              })),
            ]}
          />
        ) : null}
      </div>
      {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
      <ul ref={list} className="conversation-list" onKeyDown={onKeyDown}>
        {page?.conversations.map((conversation) => (
          <Item
            key={conversation.id}
            conversation={conversation}
            isOpen={conversation.id === openId}
            onRename={onRename}
            onRemove={onRemove}
          />
        ))}
      </ul>
      {page && page.conversations.length === 0 ? (
        <p className="conversations-none soft">
          {query.trim() !== ''
            ? 'Nothing was found.'
            : folder !== null
              ? 'This folder is empty.'
              : 'What you ask appears here.'}
        </p>
      ) : null}
      {page && page.conversations.length < page.total && limit < mostShown ? (
        <Button look="quiet" small onPress={() => setLimit(Math.min(mostShown, limit + pageSize))}>
          {`Show more of ${formatNumberOf(page.total, 'conversation')}`}
        </Button>
      ) : null}
    </nav>
  )
}

/** Further ones are found by words. */
const mostShown = 500

function Item({
  conversation,
  isOpen,
  onRename,
  onRemove,
}: {
  conversation: Listed
  isOpen: boolean
  onRename(conversation: Conversation): void
  onRemove(conversation: Conversation): void
}) {
  const { id, botId, bot, folder, usedAt, excerpt } = conversation
  const title = titleOf(conversation)
  return (
    <li className="conversation-item" data-open={isOpen || undefined}>
      <a
        data-row-link
        href={hrefOf({ page: 'chat', botId, conversationId: id })}
        aria-current={isOpen ? 'page' : undefined}
      >
        <span className="conversation-title">{title}</span>
        {excerpt ? <span className="conversation-excerpt">{excerpt}</span> : null}
        <span className="conversation-facts soft">
          <span className="conversation-bot">{botId ? bot : `${bot} (removed)`}</span>
          {folder ? (
            <span className="conversation-folder">
              <Folder size={11} aria-hidden />
              {folder}
            </span>
          ) : null}
          <span className="number">{formatAgo(usedAt)}</span>
        </span>
      </a>
      <Menu
        label={`Actions for ${title}`}
        trigger={<IconButton label={`Actions for ${title}`} icon={<MoreHorizontal size={15} aria-hidden />} />}
        entries={[
          {
            id: 'rename',
            label: 'Name and folder …',
            icon: <Pencil size={14} aria-hidden />,
            onAction: () => onRename(conversation),
          },
          null,
          {
            id: 'remove',
            label: 'Remove …',
            tone: 'danger',
            icon: <Trash2 size={14} aria-hidden />,
            onAction: () => onRemove(conversation),
          },
        ]}
      />
    </li>
  )
}

/** Reads again when something was asked, named or removed, and a moment after the last letter. */
function useConversations(query: string, folder: string | null, limit: number) {
  const changes = useThreads((state) => state.changes)
  const generation = useConnection((state) => state.generation)
  const [page, setPage] = useState<ConversationPage | null>(null)
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    const controller = new AbortController()
    const read = async (): Promise<void> => {
      try {
        const input = { limit, ...(query === '' ? {} : { query }), ...(folder === null ? {} : { folder }) }
        const answer = await core().conversations.list(input, { signal: controller.signal })
        if (controller.signal.aborted) return
        setPage(answer)
        setFailure(null)
      } catch (error) {
        if (!controller.signal.aborted) setFailure(toFailure(error))
      }
    }
    const timer = setTimeout(() => void read(), query === '' ? 0 : 200)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [query, folder, limit, changes, generation, attempt])
  return { page, failure, retry: () => setAttempt((count) => count + 1) }
}
