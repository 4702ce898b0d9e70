import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
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
import { fromHere, hrefOf, parseRoute, type Route } from './route.ts'

const collectionId = 'col_1' as CollectionId
const documentId = 'doc_1' as DocumentId

describe('routes', () => {
  const routes: Route[] = [
    { page: 'home' },
    { page: 'chat', botId: null, conversationId: null },
    { page: 'chat', botId: 'bot_1' as BotId, conversationId: null },
    { page: 'chat', botId: 'bot_1' as BotId, conversationId: 'cnv_1' as ConversationId },
    { page: 'chat', botId: null, conversationId: 'cnv_1' as ConversationId },
    {
      page: 'chat',
      botId: 'bot_1' as BotId,
      conversationId: 'cnv_1' as ConversationId,
      messageId: 'msg_1' as MessageId,
    },
    { page: 'bots', botId: null },
    { page: 'bots', botId: 'new' },
    { page: 'bots', botId: 'bot_1' as BotId },
    { page: 'ask', collectionId: null },
    { page: 'ask', collectionId },
    { page: 'library', collectionId: null, documentId: null, span: null },
    { page: 'library', collectionId, documentId: null, span: null },
    { page: 'library', collectionId, documentId, span: null },
    { page: 'library', collectionId, documentId, span: { start: 0, end: 12 } },
    { page: 'library', collectionId, documentId: null, span: null, view: 'sources' },
    { page: 'library', collectionId, documentId: null, span: null, view: 'pipeline' },
    { page: 'library', collectionId, documentId, span: null, view: 'chunks' },
    { page: 'library', collectionId, documentId, span: null, view: 'pipeline' },
    { page: 'library', collectionId, documentId, span: { start: 3, end: 12 }, view: 'chunks' },
    { page: 'models', modelId: null },
    { page: 'models', modelId: 'bge-small-en-v1.5' },
    { page: 'providers' },
    { page: 'network' },
    { page: 'runs', runId: null, otherId: null },
    { page: 'runs', runId: null, otherId: null, newOn: 'dat_1' as DatasetId },
    { page: 'runs', runId: 'run_1' as RunId, otherId: null },
    { page: 'runs', runId: 'run_1' as RunId, otherId: 'run_2' as RunId },
    { page: 'traces', traceId: null },
    { page: 'traces', traceId: 'trc_1' as TraceId },
    { page: 'traces', traceId: 'trc_1' as TraceId, otherId: 'trc_2' as TraceId },
    { page: 'datasets', datasetId: null, caseId: null },
    { page: 'datasets', datasetId: 'dts_1' as DatasetId, caseId: null },
    { page: 'datasets', datasetId: 'dts_1' as DatasetId, caseId: null, view: 'review' },
    { page: 'datasets', datasetId: 'dts_1' as DatasetId, caseId: null, view: 'versions' },
    { page: 'datasets', datasetId: 'dts_1' as DatasetId, caseId: null, version: 3 },
    { page: 'datasets', datasetId: 'dts_1' as DatasetId, caseId: 'a question/with ünusual id?' },
    { page: 'tune', tuneId: null },
    { page: 'tune', tuneId: 'new' },
    { page: 'tune', tuneId: 'tun_1' as TuneId },
    { page: 'pipelines', lineId: null, releaseId: null },
    { page: 'pipelines', lineId: 'lin_1' as LineId, releaseId: null },
    { page: 'pipelines', lineId: 'lin_1' as LineId, releaseId: 'rel_1' as ReleaseId },
    { page: 'prompts', promptId: null },
    { page: 'prompts', promptId: 'pmt_1' as PromptId },
    { page: 'settings' },
  ]
  it.each(routes.map((route) => [hrefOf(route), route] as const))(
    '%s is read back as it was written',
    (href, route) => {
      expect(parseRoute(href)).toEqual(route)
    },
  )

  it('carries ids with slashes, spaces and percent signs', () => {
    const strange = 'a/b c%zz?&' as CollectionId
    expect(parseRoute(hrefOf({ page: 'ask', collectionId: strange }))).toEqual({ page: 'ask', collectionId: strange })
  })

  it.each([
    '#/library/col_1/doc_1?start=9&end=3',
    '#/library/col_1/doc_1?start=x&end=3',
    '#/library/col_1/doc_1?start=-1&end=3',
  ])('ignores a span that cannot be: %s', (href) => {
    expect(parseRoute(href)).toMatchObject({ page: 'library', documentId, span: null })
  })

  it.each([
    '#/library?view=sources',
    '#/library/col_1?view=chunks',
    '#/library/col_1/doc_1?view=sources',
    '#/library/a?view=x',
  ])('passes over a view that is not there: %s', (href) => expect(parseRoute(href)).not.toHaveProperty('view'))

  it.each([
    '#/nowhere',
    '#/settings/more',
    '#/bots/a/b',
    '#/chat/a/b/c',
    '#/network/hosts',
    '#/models/a/b',
    '#/library/a/b/c',
    '#/pipelines/a/b/c',
    '#/prompts/a/b',
    '#/%E0%A4%A',
  ])('does not know %s', (href) => {
    expect(parseRoute(href).page).toBe('unknown')
  })
})

describe('the way on from a place', () => {
  const at = (hash: string): void => void (window.location.hash = hash)
  beforeEach(() => vi.stubGlobal('window', { location: { hash: '#/' }, dispatchEvent: () => true }))
  afterEach(() => vi.unstubAllGlobals())

  it('leads there, also where only what belongs to the place has changed', () => {
    at('#/lab?document=doc_1')
    const goThere = fromHere()
    at('#/lab?document=doc_2')
    goThere({ page: 'models', modelId: null })
    expect(window.location.hash).toBe('#/models')
  })

  it('fetches nobody back who has gone elsewhere', () => {
    at('#/datasets/dts_1')
    const goThere = fromHere()
    at('#/settings')
    goThere({ page: 'datasets', datasetId: null, caseId: null })
    expect(window.location.hash).toBe('#/settings')
  })
})
