import { describe, expect, it } from 'vitest'
import type { Document } from '../../../core/contract/documents.ts'
import type { DocumentId } from '../../../core/shared/ids.ts'
import { makeDocuments } from '../../testing/documents.ts'
import {
  countGroups,
  documentColumns,
  filterDocuments,
  fitColumns,
  leastWidthRem,
  folderOf,
  sortDocuments,
  staleReason,
  documentsCsv,
  widenStatus,
} from './document-columns.ts'
import { applyChanges, changeOf } from './documents-store.ts'

const documents = makeDocuments(200)

function withName(name: string, change: Partial<Document> = {}): Document {
  return { ...(documents[0] as Document), id: name as DocumentId, name, path: name, ...change }
}

describe('sorting', () => {
  it.each(documentColumns.map((column) => column.id))('by %s is the reverse of itself, whatever the rows', (id) => {
    const up = sortDocuments(documents, id, false)
    const down = sortDocuments(documents, id, true)
    const { compare } = documentColumns.find((column) => column.id === id) as (typeof documentColumns)[number]
    for (let index = 1; index < up.length; index++) {
      expect(compare(up[index - 1] as Document, up[index] as Document)).toBeLessThanOrEqual(0)
      expect(compare(down[index - 1] as Document, down[index] as Document)).toBeGreaterThanOrEqual(0)
    }
    expect(new Set(up)).toEqual(new Set(documents))
  })

  it('counts numbers in names as people do', () => {
    const rows = ['note 10.md', 'note 9.md', 'Note 1.md'].map((name) => withName(name))
    expect(sortDocuments(rows, 'name', false).map((row) => row.name)).toEqual(['Note 1.md', 'note 9.md', 'note 10.md'])
  })

  it('brings failures first when sorted by status', () => {
    const rows = [
      withName('a', { status: 'ready' }),
      withName('b', { status: 'failed' }),
      withName('c', { status: 'queued' }),
    ]
    expect(sortDocuments(rows, 'status', false).map((row) => row.status)).toEqual(['failed', 'queued', 'ready'])
  })
})

describe('filtering', () => {
  const rows = [
    withName('handbook/Boats.md', { status: 'ready' }),
    withName('handbook/power.pdf', { status: 'failed', title: 'Generators' }),
    withName('notes.txt', { status: 'embedding' }),
    withName('later.txt', { status: 'queued' }),
  ]
  it('asks for every word, in path or title, in any case', () => {
    expect(filterDocuments(rows, 'HAND boat', 'all').map((row) => row.name)).toEqual(['handbook/Boats.md'])
    expect(filterDocuments(rows, 'generators', 'all').map((row) => row.name)).toEqual(['handbook/power.pdf'])
    expect(filterDocuments(rows, ' ', 'all')).toHaveLength(4)
  })
  it('looks into further paths and tags, and takes only what the core lets through', () => {
    const more = [withName('a.md', { otherPaths: ['archive/copy.md'] }), withName('b.md', { tags: ['To read'] })]
    expect(filterDocuments(more, 'copy', 'all').map((row) => row.name)).toEqual(['a.md'])
    expect(filterDocuments(more, 'to read', 'all').map((row) => row.name)).toEqual(['b.md'])
    expect(filterDocuments(more, '', 'all', new Set(['b.md'])).map((row) => row.name)).toEqual(['b.md'])
  })
  it('says why answers are not from the file as it is', () => {
    expect(staleReason(withName('a', { status: 'ready', stale: false }))).toBeNull()
    expect(staleReason(withName('a', { status: 'failed', stale: true }))).toMatch(/could not be read/)
    expect(staleReason(withName('a', { status: 'ready', stale: true }))).toMatch(/next sync/)
    expect(filterDocuments([withName('a', { stale: true }), withName('b')], '', 'stale')).toHaveLength(1)
  })
  it('filters by status group and counts them', () => {
    expect(filterDocuments(rows, '', 'working').map((row) => row.name)).toEqual(['notes.txt'])
    expect(countGroups(rows)).toEqual({
      all: 4,
      ready: 1,
      waiting: 0,
      working: 1,
      queued: 1,
      failed: 1,
      stale: 0,
    })
  })
})

describe('columns', () => {
  const ids = (widthRem: number): string[] => fitColumns(documentColumns, widthRem).map((column) => column.id)
  it('all show where there is room, and leave one by one where there is not', () => {
    expect(ids(leastWidthRem(documentColumns))).toHaveLength(documentColumns.length)
    expect(ids(leastWidthRem(documentColumns) - 1)).not.toContain('changed')
    expect(ids(30)).toEqual(['name', 'status'])
    expect(ids(0)).toEqual(['name', 'status'])
  })
  it('give the status more room where documents wait', () => {
    const status = documentColumns.find((column) => column.id === 'status') as (typeof documentColumns)[number]
    expect(widenStatus(status, countGroups([]))).toBe(status)
    const waiting = countGroups([withName('a', { status: 'waiting' })])
    expect(widenStatus(status, waiting).leastRem).toBeGreaterThan(status.leastRem)
  })
})

describe('csv', () => {
  it('quotes what needs quoting and defuses formulas', () => {
    const [header, row] = documentsCsv([withName('=cmd|"x", y.md', { chunks: 12, pages: null })]).split('\r\n')
    expect(header).toContain('Name,Folder,Tags,Type')
    expect(row?.startsWith(`"'=cmd|""x"", y.md",`)).toBe(true)
    expect(row).toContain(',12,')
  })
})

describe('folders', () => {
  it.each([
    ['a.md', ''],
    ['x/y/a.md', 'x/y'],
  ])('of %s is "%s"', (path, folder) => expect(folderOf({ path })).toBe(folder))
})

describe('live rows', () => {
  it('change only where an event says so, and keep the array where nothing changed', () => {
    const [first, second] = documents as [Document, Document]
    const same = applyChanges(documents, new Map([[first.id, { status: first.status }]]))
    expect(same).toEqual({ documents, unknown: false })
    expect(same.documents).toBe(documents)
    const next = applyChanges(documents, new Map([[first.id, { status: 'reading' as const }]]))
    expect(next.documents[0]?.status).toBe('reading')
    expect(next.documents[1]).toBe(second)
  })

  it('say when an event is about a row that is not there yet', () => {
    expect(applyChanges(documents, new Map([['doc_new', { status: 'queued' as const }]])).unknown).toBe(true)
  })

  it('take pages, chunks and reasons from the end of a document', () => {
    const base = {
      type: 'document-end',
      number: 1,
      documentId: 'doc_1' as DocumentId,
      path: 'a',
      pages: 3,
      chunks: 7,
    } as const
    const reason = { code: 'file-corrupt', message: 'Broken.', retryable: false, details: {} } as const
    expect(changeOf({ ...base, outcome: 'ready', reason: null }, 5)).toEqual([
      ['doc_1', { status: 'ready', reason: null, stale: false, pages: 3, chunks: 7, indexedAt: 5 }],
    ])
    expect(changeOf({ ...base, outcome: 'failed', reason }, 5)).toEqual([['doc_1', { status: 'failed', reason }]])
    expect(changeOf({ ...base, outcome: 'failed', reason, documentId: null }, 5)).toEqual([])
  })
})
