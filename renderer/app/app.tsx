import { useEffect } from 'react'
import { Adding } from '../features/adding/adding.tsx'
import { AskPage } from '../features/ask/ask-page.tsx'
import { BotsPage } from '../features/bots/bots-page.tsx'
import { ChatPage } from '../features/chat/chat-page.tsx'
import { ChatThread } from '../features/chat/thread.tsx'
import { ChunksPage } from '../features/chunks/chunks-page.tsx'
import { PreviewChunks } from '../features/chunks/preview-chunks.tsx'
import { DatasetsPage } from '../features/datasets/datasets-page.tsx'
import { LabPage } from '../features/lab/lab-page.tsx'
import { LibraryPage } from '../features/library/library-page.tsx'
import { ModelsPage } from '../features/models/models-page.tsx'
import { NetworkPage } from '../features/network/network-page.tsx'
import { PipelineView } from '../features/pipeline/pipeline-view.tsx'
import { PipelinesPage } from '../features/pipelines/pipelines-page.tsx'
import { PromptsPage } from '../features/prompts/prompts-page.tsx'
import { ProvidersPage } from '../features/providers/providers-page.tsx'
import { RunsPage } from '../features/runs/runs-page.tsx'
import { SettingsPage } from '../features/settings/settings-page.tsx'
import { SourcesView } from '../features/sources/sources-view.tsx'
import { TracesPage } from '../features/traces/traces-page.tsx'
import { TunePage } from '../features/tune/tune-page.tsx'
import { WelcomePage } from '../features/welcome/welcome-page.tsx'
import { useBots } from '../state/bots.ts'
import { useConnection } from '../state/connection.ts'
import { goOn, navigate, useRoute, type Route } from '../state/route.ts'
import { useWorkspace } from '../state/workspace.ts'
import { Button } from '../ui/button.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { PassageTip } from '../ui/passage-tip.tsx'
import { CommandPalette } from './command-palette.tsx'
import { ConnectionBanner, StartingPage } from './connection.tsx'
import { ErrorBoundary } from './error-boundary.tsx'
import { Inspector } from './inspector.tsx'
import { KeysDialog } from './keys-dialog.tsx'
import { Notices } from './notices.tsx'
import { Rail } from './rail.tsx'
import { StatusBar } from './status-bar.tsx'
import { useInspectorAddress } from './use-inspector-address.ts'
import { useFollowing } from './use-following.ts'
import { useKeys } from './use-keys.ts'

/** The whole page: rail, page, inspector, status bar. */
export function App() {
  return (
    <ErrorBoundary>
      <Shell />
    </ErrorBoundary>
  )
}

function Shell() {
  const route = useRoute()
  const connection = useConnection((state) => state.status)
  const known = useWorkspace((state) => state.collections !== null)
  const workspaceFailure = useWorkspace((state) => state.failure)
  useFollowing()
  useInspectorAddress(route)
  const { paletteOpen, setPaletteOpen, keysOpen, setKeysOpen } = useKeys()

  // Until the core has answered once there is nothing to show but how the start is going.
  if (!known) return <StartingPage connection={connection} failure={workspaceFailure} />
  return (
    <div className="shell">
      <a
        className="skip-link"
        href="#page"
        onClick={(event) => {
          // The hash is the route: the link moves the focus itself.
          event.preventDefault()
          document.getElementById('page')?.focus()
        }}
      >
        Skip to the page
      </a>
      <ConnectionBanner connection={connection} />
      <div className="shell-columns">
        <Rail route={route} onFind={() => setPaletteOpen(true)} onKeys={() => setKeysOpen(true)} />
        <main id="page" className="page" tabIndex={-1}>
          <ErrorBoundary key={route.page}>
            <Page route={route} />
          </ErrorBoundary>
        </main>
        <Inspector />
      </div>
      <StatusBar />
      <Adding />
      <CommandPalette isOpen={paletteOpen} onClose={() => setPaletteOpen(false)} onKeys={() => setKeysOpen(true)} />
      <KeysDialog isOpen={keysOpen} onClose={() => setKeysOpen(false)} />
      <Notices />
      <PassageTip />
    </div>
  )
}

function Page({ route }: { route: Route }) {
  const empty = useWorkspace((state) => state.collections?.length === 0)
  // Who has bots talks to them; who has none yet asks the documents.
  const bots = useBots((state) => state.bots?.length ?? (state.failure ? 0 : null))
  const isHome = route.page === 'home'
  useEffect(() => {
    if (isHome) void useBots.getState().refresh()
  }, [isHome])
  useEffect(() => {
    if (!isHome || empty || bots === null) return
    const to: Route =
      bots > 0 ? { page: 'chat', botId: null, conversationId: null } : { page: 'ask', collectionId: null }
    goOn(({ page }) => page === 'home', to)
  }, [isHome, empty, bots])
  switch (route.page) {
    case 'home':
      return empty ? <WelcomePage /> : null
    case 'chat':
      return <ChatPage botId={route.botId} conversationId={route.conversationId} messageId={route.messageId} />
    case 'bots':
      return <BotsPage botId={route.botId} Chat={ChatThread} />
    case 'ask':
      return empty ? <WelcomePage /> : <AskPage collectionId={route.collectionId} />
    case 'library':
      if (route.view === 'chunks' && route.collectionId && route.documentId) {
        const { collectionId, documentId, span } = route
        return <ChunksPage collectionId={collectionId} documentId={documentId} span={span} />
      }
      return (
        <LibraryPage collectionId={route.collectionId} documentId={route.documentId} view={collectionViewOf(route)} />
      )
    case 'models':
      return <ModelsPage modelId={route.modelId} />
    case 'providers':
      return <ProvidersPage />
    case 'network':
      return <NetworkPage />
    case 'datasets':
      return (
        <DatasetsPage datasetId={route.datasetId} caseId={route.caseId} view={route.view} version={route.version} />
      )
    case 'runs':
      return <RunsPage runId={route.runId} otherId={route.otherId} newOn={route.newOn ?? null} />
    case 'tune':
      return <TunePage tuneId={route.tuneId} />
    case 'pipelines':
      return <PipelinesPage lineId={route.lineId} releaseId={route.releaseId} />
    case 'prompts':
      return <PromptsPage promptId={route.promptId} />
    case 'lab':
      return <LabPage query={route.query} />
    case 'traces':
      return <TracesPage traceId={route.traceId} otherId={route.otherId ?? null} />
    case 'settings':
      return <SettingsPage />
    case 'unknown':
      return (
        <EmptyState
          title="There is no such page"
          actions={<Button onPress={() => navigate({ page: 'home' })}>Go to the beginning</Button>}
        >
          The address <code>{route.path}</code> leads nowhere.
        </EmptyState>
      )
  }
}

/** The view of a collection that stands in the place of its documents, as its own feature draws it. */
function collectionViewOf(route: Extract<Route, { page: 'library' }>) {
  const { collectionId, view } = route
  if (collectionId && view === 'sources') {
    return { name: view, content: <SourcesView key={collectionId} collectionId={collectionId} /> }
  }
  if (collectionId && view === 'pipeline') {
    const content = (
      <PipelineView
        key={collectionId}
        collectionId={collectionId}
        documentId={route.documentId}
        Viewer={PreviewChunks}
      />
    )
    return { name: view, content }
  }
  return null
}
