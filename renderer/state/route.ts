import { useSyncExternalStore } from 'react'
import type {
  BotId,
  CollectionId,
  ConversationId,
  DatasetId,
  DocumentId,
  LineId,
  MessageId,
  PromptId,
  ReleaseId,
  RunId,
  TraceId,
  TuneId,
} from '../../core/shared/ids.ts'

/**
 * Where the page is. It lives in the URL's hash, so that it works from a file, from app:// and over http alike, and
 * every object has an address that can be copied.
 */
export type Route =
  | { page: 'home' }
  /**
   * No conversation: a new one with the bot. A conversation without a bot: its bot was removed. `messageId`: the message
   * to go to in it; absent: the last.
   */
  | { page: 'chat'; botId: BotId | null; conversationId: ConversationId | null; messageId?: MessageId }
  | { page: 'bots'; botId: BotId | 'new' | null }
  | { page: 'ask'; collectionId: CollectionId | null }
  | {
      page: 'library'
      collectionId: CollectionId | null
      documentId: DocumentId | null
      /** The passage to show, offsets into the document's text. */
      span: { start: number; end: number } | null
      /** What is shown of the collection or the document; absent for what is usual. */
      view?: LibraryView
    }
  /** `modelId`: a model's name, which need not be that of one that is there. */
  | { page: 'models'; modelId: string | null }
  | { page: 'providers' }
  | { page: 'network' }
  /** `otherId`: the trace that `traceId` is compared with. */
  | { page: 'traces'; traceId: TraceId | null; otherId?: TraceId | null }
  /** The chunk lab; the query is its own business (`features/lab/address.ts`). */
  | { page: 'lab'; query: string }
  /** `view`: what is proposed, one question after the other, or the versions; `version`: the cases of an earlier one. */
  | {
      page: 'datasets'
      datasetId: DatasetId | null
      caseId: string | null
      view?: 'review' | 'versions'
      version?: number
    }
  /** `otherId`: the run that `runId` is compared with; `newOn`: a dataset on which a new one is set up. */
  | { page: 'runs'; runId: RunId | null; otherId: RunId | null; newOn?: DatasetId }
  | { page: 'tune'; tuneId: TuneId | 'new' | null }
  | { page: 'pipelines'; lineId: LineId | null; releaseId: ReleaseId | null }
  | { page: 'prompts'; promptId: PromptId | null }
  | { page: 'settings' }
  | { page: 'unknown'; path: string }

/**
 * Views besides the usual one: of a collection its documents, of a document its text in the inspector. The view
 * 'pipeline' of a document tries the collection's pipeline on it.
 */
const collectionViews = ['sources', 'pipeline'] as const
const documentViews = ['chunks', 'pipeline'] as const
export type LibraryView = (typeof collectionViews)[number] | (typeof documentViews)[number]

/** Stands in the place of the bot in the address of a conversation whose bot was removed. */
const withoutBot = '-'

/** Reads `#/library/COLLECTION/DOCUMENT?start=10&end=20` and its kind. Never throws: what it does not know is 'unknown'. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2)
  const parts = path.split('/').filter(Boolean).map(decode)
  const [page, first, second] = parts
  if (page === undefined) return { page: 'home' }
  if (page === 'chat' && parts.length <= 3) {
    const botId = first === undefined || first === withoutBot ? null : (first as BotId)
    const place = { page, botId, conversationId: (second as ConversationId) ?? null } as const
    const messageId = second === undefined ? null : new URLSearchParams(query).get('message')
    return messageId ? { ...place, messageId: messageId as MessageId } : place
  }
  if (page === 'bots' && parts.length <= 2) return { page, botId: (first as BotId) ?? null }
  if (page === 'ask' && parts.length <= 2) return { page, collectionId: (first as CollectionId) ?? null }
  if (page === 'library' && parts.length <= 3) {
    return {
      page,
      collectionId: (first as CollectionId) ?? null,
      documentId: (second as DocumentId) ?? null,
      span: second === undefined ? null : parseSpan(query),
      ...parseView(query, first === undefined ? [] : second === undefined ? collectionViews : documentViews),
    }
  }
  if (page === 'models' && parts.length <= 2) return { page, modelId: first ?? null }
  if (page === 'traces' && parts.length <= 3) {
    const place = { page, traceId: (first as TraceId) ?? null } as const
    return second === undefined ? place : { ...place, otherId: second as TraceId }
  }
  if (page === 'lab' && parts.length === 1) return { page, query }
  if (page === 'datasets' && parts.length <= 3) {
    const place = { page, datasetId: (first as DatasetId) ?? null, caseId: second ?? null } as const
    const values = new URLSearchParams(parts.length === 2 ? query : '')
    const view = values.get('view')
    if (view === 'review' || view === 'versions') return { ...place, view }
    const version = values.get('version') ?? ''
    return /^\d{1,9}$/.test(version) ? { ...place, version: Number(version) } : place
  }
  if (page === 'runs' && parts.length <= 3) {
    const newOn = first === undefined ? new URLSearchParams(query).get('new-on') : null
    const place = { page, runId: (first as RunId) ?? null, otherId: (second as RunId) ?? null } as const
    return newOn ? { ...place, newOn: newOn as DatasetId } : place
  }
  if (page === 'tune' && parts.length <= 2) return { page, tuneId: (first as TuneId) ?? null }
  if (page === 'pipelines' && parts.length <= 3) {
    return { page, lineId: (first as LineId) ?? null, releaseId: (second as ReleaseId) ?? null }
  }
  if (page === 'prompts' && parts.length <= 2) return { page, promptId: (first as PromptId) ?? null }
  if ((page === 'providers' || page === 'network' || page === 'settings') && parts.length === 1) return { page }
  return { page: 'unknown', path: `/${parts.join('/')}` }
}

/** The address of a place: the inverse of `parseRoute`. */
export function hrefOf(route: Route): string {
  if (route.page === 'home') return '#/'
  if (route.page === 'unknown') return `#${route.path}`
  if (route.page === 'providers' || route.page === 'network' || route.page === 'settings') return join(route.page)
  if (route.page === 'models') return join('models', route.modelId)
  if (route.page === 'datasets') {
    const { datasetId, caseId, view, version } = route
    const query = view ? `?view=${view}` : version === undefined ? '' : `?version=${version}`
    return join('datasets', datasetId, datasetId && caseId) + (datasetId && !caseId ? query : '')
  }
  if (route.page === 'runs') {
    const { runId, otherId, newOn } = route
    return join('runs', runId, runId && otherId) + (newOn && !runId ? `?new-on=${encodeURIComponent(newOn)}` : '')
  }
  if (route.page === 'tune') return join('tune', route.tuneId)
  if (route.page === 'pipelines') return join('pipelines', route.lineId, route.lineId && route.releaseId)
  if (route.page === 'prompts') return join('prompts', route.promptId)
  if (route.page === 'lab') return route.query === '' ? '#/lab' : `#/lab?${route.query}`
  if (route.page === 'traces') return join('traces', route.traceId, route.traceId && (route.otherId ?? null))
  if (route.page === 'ask') return join('ask', route.collectionId)
  if (route.page === 'bots') return join('bots', route.botId)
  if (route.page === 'chat') {
    const { botId, conversationId, messageId } = route
    const query = conversationId && messageId ? `?${new URLSearchParams({ message: messageId }).toString()}` : ''
    return join('chat', conversationId ? (botId ?? withoutBot) : botId, conversationId) + query
  }
  const { collectionId, documentId, span, view } = route
  const values = new URLSearchParams()
  if (collectionId && view) values.set('view', view)
  if (documentId && span) {
    values.set('start', String(span.start))
    values.set('end', String(span.end))
  }
  const query = values.size > 0 ? `?${values.toString()}` : ''
  return join('library', collectionId, collectionId && documentId) + query
}

/** Goes there, leaving an entry in the history; `replace` leaves none. */
export function navigate(route: Route, options: { replace?: boolean } = {}): void {
  const href = hrefOf(route)
  if (href === window.location.hash) return
  if (options.replace) {
    window.history.replaceState(null, '', href)
    window.dispatchEvent(new HashChangeEvent('hashchange'))
  } else {
    window.location.hash = href
  }
}

/**
 * Goes on from a place by itself, as an effect or a timer does. By then somebody may have gone elsewhere, even
 * where React does not know it yet (the event of a changed hash comes later): then nothing happens.
 */
export function goOn(isStillThere: (route: Route) => boolean, to: Route): void {
  if (isStillThere(currentRoute())) navigate(to, { replace: true })
}

/**
 * The way on from the present place for what takes a while, such as making something that is to be shown then: who has
 * gone elsewhere by then is not fetched back.
 */
export function fromHere(): typeof navigate {
  const isHere = placeOf(currentRoute())
  return (route, options) => {
    if (placeOf(currentRoute()) === isHere) navigate(route, options)
  }
}

/** Without what changes by itself while one stays. */
function placeOf(route: Route): string {
  return hrefOf(route).split('?')[0] ?? ''
}

let lastHash: string | null = null
let lastRoute: Route = { page: 'home' }

/** The present place; the same object until the hash changes. */
export function currentRoute(): Route {
  const { hash } = window.location
  if (hash !== lastHash) {
    lastHash = hash
    lastRoute = parseRoute(hash)
  }
  return lastRoute
}

export function useRoute(): Route {
  return useSyncExternalStore(subscribe, currentRoute)
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener)
  return () => window.removeEventListener('hashchange', listener)
}

function parseSpan(query: string): { start: number; end: number } | null {
  const values = new URLSearchParams(query)
  const start = Number(values.get('start') ?? Number.NaN)
  const end = Number(values.get('end') ?? Number.NaN)
  const valid = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end > start
  return valid ? { start, end } : null
}

/** Views that do not exist here are passed over: the address still leads to the collection or document. */
function parseView(query: string, known: readonly LibraryView[]): { view?: LibraryView } {
  const given = new URLSearchParams(query).get('view')
  const view = known.find((candidate) => candidate === given)
  return view ? { view } : {}
}

function join(...parts: (string | null)[]): string {
  return `#/${parts
    .filter((part) => part !== null)
    .map(encodeURIComponent)
    .join('/')}`
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
