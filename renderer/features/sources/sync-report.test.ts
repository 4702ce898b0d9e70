import { expect, it } from 'vitest'
import type { Document } from '../../../core/contract/documents.ts'
import type { JobEvent } from '../../../core/contract/jobs.ts'
import type { DocumentId, SourceId } from '../../../core/shared/ids.ts'
import { makeDocuments } from '../../testing/documents.ts'
import { addStanding, createSyncReport, noteInReport } from './sync-report.ts'

const mine = 'src_1' as SourceId
const other = 'src_2' as SourceId

function end(path: string, change: Partial<Extract<JobEvent, { type: 'document-end' }>>): JobEvent {
  const documentId = `doc_${path}` as DocumentId
  return {
    type: 'document-end',
    number: 1,
    sourceId: mine,
    path,
    documentId,
    outcome: 'ready',
    reason: null,
    pages: null,
    chunks: 1,
    ...change,
  }
}
const listed = { number: 1, location: '/a', found: 1, unchanged: 0, waiting: 0, failed: 0, error: null }

it('sorts the files of one source by what became of them', () => {
  const report = createSyncReport(mine)
  const reason = { code: 'file-corrupt', message: 'Broken.', retryable: false, details: {} } as const
  const events: JobEvent[] = [
    { type: 'source-listed', sourceId: other, ...listed },
    end('a', { change: 'added' }),
    end('b', { change: 'changed' }),
    end('c', { outcome: 'removed', documentId: null }),
    end('d', { outcome: 'failed', reason }),
    end('e', { outcome: 'moved' }),
    end('f', { outcome: 'unchanged' }),
    end('g', { change: 'added', sourceId: other }),
  ]
  for (const event of events) noteInReport(report, event)
  const paths = Object.entries(report.files).map(([outcome, files]) => [outcome, files.map(({ path }) => path)])
  expect(Object.fromEntries(paths)).toEqual({
    added: ['a'],
    changed: ['b'],
    removed: ['c'],
    failed: ['d'],
    waiting: [],
    moved: ['e'],
  })
  expect(report.files.failed[0]?.reason).toEqual(reason)
})

it('names what fails or waits and was passed over', () => {
  const report = createSyncReport(mine)
  const [base] = makeDocuments(1)
  const about = (path: string, change: Partial<Document>): Document => ({
    ...(base as Document),
    id: `doc_${path}` as DocumentId,
    path,
    sourceId: mine,
    ...change,
  })
  noteInReport(report, end('a', { outcome: 'failed' }))
  addStanding(report, [
    about('a', { status: 'failed' }),
    about('b', { status: 'failed' }),
    about('c', { status: 'waiting' }),
    about('d', { status: 'ready' }),
    about('e', { status: 'failed', sourceId: other }),
  ])
  expect(report.files.failed.map(({ path }) => path)).toEqual(['a', 'b'])
  expect(report.files.waiting.map(({ path }) => path)).toEqual(['c'])
})
