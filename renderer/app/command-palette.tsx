import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import {
  Activity,
  Bot as BotGlyph,
  Box,
  ChartScatter,
  FileText,
  FlaskConical,
  GitBranch,
  Keyboard,
  LibraryBig,
  ListChecks,
  MessageCircleQuestion,
  MessageSquareText,
  MoonStar,
  Network,
  Search,
  Settings,
  SlidersHorizontal,
  TextQuote,
  Waypoints,
} from 'lucide-react'
import { Dialog as AriaDialog, Modal, ModalOverlay } from 'react-aria-components'
import type { Bot } from '../../core/contract/bots.ts'
import type { Conversation } from '../../core/contract/conversations.ts'
import type { Document } from '../../core/contract/documents.ts'
import type { Model } from '../../core/contract/models.ts'
import type { PromptRecord } from '../../core/contract/prompts.ts'
import type { ReleaseLine } from '../../core/contract/releases.ts'
import { useBots } from '../state/bots.ts'
import { core } from '../state/client.ts'
import { useModels } from '../state/models.ts'
import { usePreferences } from '../state/preferences.ts'
import { navigate } from '../state/route.ts'
import { useWorkspace } from '../state/workspace.ts'
import { rank } from './rank.ts'

interface Command {
  id: string
  label: string
  hint: string
  icon: ReactNode
  run(): void
}

/** Finds pages, bots, conversations, collections, documents and models by a few letters (APG: combobox with a listbox, focus stays in the field). */
export function CommandPalette({ isOpen, onClose, onKeys }: { isOpen: boolean; onClose(): void; onKeys(): void }) {
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      isDismissable
      className="scrim scrim-top"
    >
      <Modal className="modal palette">
        <AriaDialog aria-label="Find" className="dialog">
          <Palette onClose={onClose} onKeys={onKeys} />
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}

const mostShown = 40
const noModels: Model[] = []
const noBots: Bot[] = []

function Palette({ onClose, onKeys }: { onClose(): void; onKeys(): void }) {
  const [query, setQuery] = useState('')
  const [active, setActive] = useState(0)
  const documents = useAllDocuments()
  const models = useModels((state) => state.models)
  const bots = useBots((state) => state.bots)
  const conversations = useConversations()
  useEffect(() => {
    void useModels.getState().refresh()
    void useBots.getState().refresh()
  }, [])
  const { lines, prompts } = useLinesAndPrompts()
  const commands = useCommands(documents, models ?? noModels, bots ?? noBots, conversations, lines, prompts, onKeys)
  const listId = useId()
  const list = useRef<HTMLUListElement>(null)
  const found = useMemo(
    () => rank(commands, query, (command) => `${command.label} ${command.hint}`).slice(0, mostShown),
    [commands, query],
  )
  const index = Math.min(active, Math.max(0, found.length - 1))
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' })
  }, [index, found])

  const run = (command: Command | undefined): void => {
    if (!command) return
    onClose()
    command.run()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setActive(Math.min(index + 1, found.length - 1))
    else if (event.key === 'ArrowUp') setActive(Math.max(index - 1, 0))
    else if (event.key === 'Enter' && !event.nativeEvent.isComposing) run(found[index])
    else return
    event.preventDefault()
  }
  return (
    <>
      <div className="palette-field">
        <Search size={16} aria-hidden />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={found.length > 0 ? `${listId}-${index}` : undefined}
          aria-autocomplete="list"
          aria-label="Find a page, bot, conversation, collection, document or model"
          placeholder="Find a page, bot, conversation, collection, document or model"
          value={query}
          autoFocus
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => {
            setQuery(event.target.value)
            setActive(0)
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <ul ref={list} id={listId} role="listbox" aria-label="Found" className="palette-list">
        {found.map((command, position) => (
          <li
            key={command.id}
            id={`${listId}-${position}`}
            role="option"
            aria-selected={position === index}
            className="palette-item"
            onPointerMove={() => setActive(position)}
            onClick={() => run(command)}
          >
            {command.icon}
            <span className="palette-label">{command.label}</span>
            <span className="palette-hint">{command.hint}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 ? <p className="palette-none soft">Nothing is called that.</p> : null}
    </>
  )
}

function useCommands(
  documents: Document[],
  models: Model[],
  bots: Bot[],
  conversations: Conversation[],
  lines: ReleaseLine[],
  prompts: PromptRecord[],
  onKeys: () => void,
): Command[] {
  const collections = useWorkspace((state) => state.collections)
  return useMemo(() => {
    const page = <FileText size={15} aria-hidden />
    const nameOf = new Map<string, string>(collections?.map((collection) => [collection.id, collection.name]))
    const library = { page: 'library', collectionId: null, documentId: null, span: null } as const
    const commands: Command[] = [
      command('Chat', 'page', <MessageSquareText size={15} aria-hidden />, () =>
        navigate({ page: 'chat', botId: null, conversationId: null }),
      ),
      command('Bots', 'page', <BotGlyph size={15} aria-hidden />, () => navigate({ page: 'bots', botId: null })),
      command('New bot', 'page', <BotGlyph size={15} aria-hidden />, () => navigate({ page: 'bots', botId: 'new' })),
      command('Ask', 'page', <MessageCircleQuestion size={15} aria-hidden />, () =>
        navigate({ page: 'ask', collectionId: null }),
      ),
      command('Library', 'page', <LibraryBig size={15} aria-hidden />, () => navigate(library)),
      command('Models', 'page', <Box size={15} aria-hidden />, () => navigate({ page: 'models', modelId: null })),
      command('Providers', 'page', <Waypoints size={15} aria-hidden />, () => navigate({ page: 'providers' })),
      command('Network', 'page', <Network size={15} aria-hidden />, () => navigate({ page: 'network' })),
      command('Datasets', 'page', <ListChecks size={15} aria-hidden />, () =>
        navigate({ page: 'datasets', datasetId: null, caseId: null }),
      ),
      command('Runs', 'page', <ChartScatter size={15} aria-hidden />, () =>
        navigate({ page: 'runs', runId: null, otherId: null }),
      ),
      command('Tune', 'page', <SlidersHorizontal size={15} aria-hidden />, () =>
        navigate({ page: 'tune', tuneId: null }),
      ),
      command('Pipelines', 'page', <GitBranch size={15} aria-hidden />, () =>
        navigate({ page: 'pipelines', lineId: null, releaseId: null }),
      ),
      command('Prompts', 'page', <TextQuote size={15} aria-hidden />, () =>
        navigate({ page: 'prompts', promptId: null }),
      ),
      command('Chunk lab', 'page', <FlaskConical size={15} aria-hidden />, () => navigate({ page: 'lab', query: '' })),
      command('Traces', 'page', <Activity size={15} aria-hidden />, () => navigate({ page: 'traces', traceId: null })),
      command('Settings', 'page', <Settings size={15} aria-hidden />, () => navigate({ page: 'settings' })),
      command('Keys', 'help', <Keyboard size={15} aria-hidden />, onKeys),
      command('Light theme', 'appearance', <MoonStar size={15} aria-hidden />, () => setTheme('light')),
      command('Dark theme', 'appearance', <MoonStar size={15} aria-hidden />, () => setTheme('dark')),
    ]
    for (const { id, name } of bots) {
      commands.push({
        id: `chat-${id}`,
        label: `Chat with ${name}`,
        hint: 'bot',
        icon: <MessageSquareText size={15} aria-hidden />,
        run: () => navigate({ page: 'chat', botId: id, conversationId: null }),
      })
      commands.push({
        id: `bot-${id}`,
        label: `Settings of ${name}`,
        hint: 'bot',
        icon: <BotGlyph size={15} aria-hidden />,
        run: () => navigate({ page: 'bots', botId: id }),
      })
    }
    for (const { id, botId, bot, title } of conversations) {
      commands.push({
        id: `conversation-${id}`,
        label: title,
        hint: `conversation, ${bot}`,
        icon: <MessageSquareText size={15} aria-hidden />,
        run: () => navigate({ page: 'chat', botId, conversationId: id }),
      })
    }
    for (const { id, name } of collections ?? []) {
      commands.push({
        id: `ask-${id}`,
        label: `Ask ${name}`,
        hint: 'collection',
        icon: <MessageCircleQuestion size={15} aria-hidden />,
        run: () => navigate({ page: 'ask', collectionId: id }),
      })
      commands.push({
        id: `open-${id}`,
        label: name,
        hint: 'collection',
        icon: <LibraryBig size={15} aria-hidden />,
        run: () => navigate({ ...library, collectionId: id }),
      })
    }
    for (const { id, name } of lines) {
      commands.push({
        id,
        label: name,
        hint: 'pipeline',
        icon: <GitBranch size={15} aria-hidden />,
        run: () => navigate({ page: 'pipelines', lineId: id, releaseId: null }),
      })
    }
    for (const { id, name } of prompts) {
      commands.push({
        id,
        label: name,
        hint: 'prompt',
        icon: <TextQuote size={15} aria-hidden />,
        run: () => navigate({ page: 'prompts', promptId: id }),
      })
    }
    for (const { manifest } of models) {
      commands.push({
        id: `model-${manifest.id}`,
        label: manifest.label,
        hint: `model, ${manifest.kind}`,
        icon: <Box size={15} aria-hidden />,
        run: () => navigate({ page: 'models', modelId: manifest.id }),
      })
    }
    for (const { id, collectionId, path } of documents) {
      commands.push({
        id,
        label: path,
        hint: nameOf.get(collectionId) ?? '',
        icon: page,
        run: () => navigate({ page: 'library', collectionId, documentId: id, span: null }),
      })
    }
    return commands
  }, [collections, documents, models, bots, conversations, lines, prompts, onKeys])
}

function command(label: string, hint: string, icon: ReactNode, run: () => void): Command {
  return { id: `${hint}-${label}`, label, hint, icon, run }
}

function setTheme(theme: 'light' | 'dark'): void {
  usePreferences.getState().set({ theme })
}

/** The conversations used last, read when the palette opens. Others are found by their words in Chat. */
function useConversations(): Conversation[] {
  const [conversations, setConversations] = useState<Conversation[]>([])
  useEffect(() => {
    const controller = new AbortController()
    core()
      .conversations.list({ limit: 200 }, { signal: controller.signal })
      .then(
        (page) => setConversations(page.conversations),
        // As for documents, below.
        () => {},
      )
    return () => controller.abort()
  }, [])
  return conversations
}

/** Pipelines over time and prompts, read when the palette opens. */
function useLinesAndPrompts(): { lines: ReleaseLine[]; prompts: PromptRecord[] } {
  const [found, setFound] = useState<{ lines: ReleaseLine[]; prompts: PromptRecord[] }>({ lines: [], prompts: [] })
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    Promise.all([core().lines.list(undefined, { signal }), core().prompts.list(undefined, { signal })]).then(
      ([{ lines }, { prompts }]) => setFound({ lines, prompts }),
      // As for documents, below.
      () => {},
    )
    return () => controller.abort()
  }, [])
  return found
}

/** The documents of all collections, read when the palette opens. */
function useAllDocuments(): Document[] {
  const [documents, setDocuments] = useState<Document[]>([])
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    const load = async (): Promise<void> => {
      for (const { id } of useWorkspace.getState().collections ?? []) {
        const page = await core().documents.list({ collectionId: id }, { signal })
        setDocuments((known) => [...known, ...page.documents])
      }
    }
    // Without the documents the palette still finds pages and collections.
    load().catch(() => {})
    return () => controller.abort()
  }, [])
  return documents
}
