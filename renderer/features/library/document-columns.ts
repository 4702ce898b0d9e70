import type { Document, DocumentStatus } from '../../../core/contract/documents.ts'
import { toCsv } from '../../ui/csv.ts'
import { formatBytes, formatCount, formatWhen } from '../../ui/format.ts'
import { fitColumns as fit, leastWidthRem as least } from '../../ui/table-columns.ts'

/** One column of the table of documents: what is shown, how it sorts, what an export writes. */
export interface DocumentColumn {
  id: string
  label: string
  /** The least width at which it can be read, in rem, and its share of what is left. */
  leastRem: number
  share: number
  numeric: boolean
  /** Where there is no room, columns of the highest number leave first; 0 never leaves. */
  leaves: number
  text(document: Document): string
  compare(a: Document, b: Document): number
  /** Raw and unrounded, for a spreadsheet. */
  exported(document: Document): string | number
}

export const documentColumns: readonly DocumentColumn[] = [
  {
    id: 'name',
    label: 'Name',
    leastRem: 13,
    share: 3,
    numeric: false,
    leaves: 0,
    text: (document) => document.name,
    compare: (a, b) => compareText(a.name, b.name) || compareText(a.path, b.path),
    exported: (document) => document.name,
  },
  {
    id: 'folder',
    label: 'Folder',
    leastRem: 7,
    share: 1.5,
    numeric: false,
    leaves: 2,
    text: folderOf,
    compare: (a, b) => compareText(folderOf(a), folderOf(b)) || compareText(a.name, b.name),
    exported: folderOf,
  },
  {
    id: 'tags',
    label: 'Tags',
    leastRem: 7,
    share: 0.8,
    numeric: false,
    leaves: 3,
    text: (document) => document.tags.join(', '),
    compare: (a, b) => Number(b.tags.length > 0) - Number(a.tags.length > 0) || compareText(tagText(a), tagText(b)),
    exported: (document) => document.tags.join(', '),
  },
  {
    id: 'type',
    label: 'Type',
    leastRem: 6.25,
    share: 0,
    numeric: false,
    leaves: 6,
    text: (document) => (document.type === 'unknown' ? '' : document.type),
    compare: (a, b) => compareText(a.type, b.type) || compareText(a.path, b.path),
    exported: (document) => document.type,
  },
  {
    id: 'size',
    label: 'Size',
    leastRem: 5.25,
    share: 0,
    numeric: true,
    leaves: 5,
    text: (document) => formatBytes(document.size),
    compare: (a, b) => a.size - b.size,
    exported: (document) => document.size,
  },
  {
    id: 'pages',
    label: 'Pages',
    leastRem: 4.75,
    share: 0,
    numeric: true,
    leaves: 7,
    text: (document) => (document.pages === null ? '' : formatCount(document.pages)),
    compare: (a, b) => (a.pages ?? -1) - (b.pages ?? -1),
    exported: (document) => document.pages ?? '',
  },
  {
    id: 'chunks',
    label: 'Chunks',
    leastRem: 5.25,
    share: 0,
    numeric: true,
    leaves: 1,
    text: (document) => (document.chunks === 0 ? '' : formatCount(document.chunks)),
    compare: (a, b) => a.chunks - b.chunks,
    exported: (document) => document.chunks,
  },
  {
    id: 'status',
    label: 'Status',
    leastRem: 9,
    share: 2.4,
    numeric: false,
    leaves: 0,
    text: (document) => statusLabels[document.status],
    compare: (a, b) => statusOrder[a.status] - statusOrder[b.status],
    exported: (document) =>
      (document.reason ? `failed: ${document.reason.message}` : document.status) +
      (document.stale ? ' (out of date)' : ''),
  },
  {
    id: 'changed',
    label: 'Changed',
    leastRem: 10,
    share: 0,
    numeric: true,
    leaves: 8,
    text: (document) => (document.modifiedAt === null ? '' : formatWhen(document.modifiedAt)),
    compare: (a, b) => (a.modifiedAt ?? 0) - (b.modifiedAt ?? 0),
    exported: (document) => (document.modifiedAt === null ? '' : new Date(document.modifiedAt).toISOString()),
  },
  {
    id: 'indexed',
    label: 'Last indexed',
    leastRem: 10,
    share: 0,
    numeric: true,
    leaves: 4,
    text: (document) => (document.indexedAt === null ? '' : formatWhen(document.indexedAt)),
    compare: (a, b) => (a.indexedAt ?? 0) - (b.indexedAt ?? 0),
    exported: (document) => (document.indexedAt === null ? '' : new Date(document.indexedAt).toISOString()),
  },
]

/** Room for the boxes at the left and the padding of a row. */
const aroundRem = 4.25

/** The status with room for what it says in this list: buttons where documents wait, a mark where they are out of date. */
export function widenStatus(column: DocumentColumn, counts: Record<StatusGroup, number>): DocumentColumn {
  if (column.id !== 'status' || counts.waiting + counts.stale === 0) return column
  return { ...column, leastRem: counts.waiting > 0 ? 14.5 : 12.5 }
}

/** The columns that fit into a width, in their order: those that matter least leave first. */
export function fitColumns(columns: readonly DocumentColumn[], widthRem: number): DocumentColumn[] {
  return fit(columns, widthRem - aroundRem)
}

export function leastWidthRem(columns: readonly DocumentColumn[]): number {
  return aroundRem + least(columns)
}

export const statusLabels: Record<DocumentStatus, string> = {
  waiting: 'Waits for approval',
  queued: 'Queued',
  reading: 'Reading',
  embedding: 'Embedding',
  ready: 'Ready',
  failed: 'Failed',
}

/** What the chips filter by. A document may be in several. */
export const statusGroups = {
  all: { label: 'All', holds: () => true },
  ready: { label: 'Ready', holds: ({ status }) => status === 'ready' },
  waiting: { label: 'Waiting', holds: ({ status }) => status === 'waiting' },
  working: {
    label: 'In progress',
    holds: ({ status }) => status === 'reading' || status === 'embedding',
  },
  queued: { label: 'Queued', holds: ({ status }) => status === 'queued' },
  failed: { label: 'Failed', holds: ({ status }) => status === 'failed' },
  stale: { label: 'Out of date', holds: ({ stale }) => stale },
} satisfies Record<string, { label: string; holds(document: Pick<Document, 'status' | 'stale'>): boolean }>
export type StatusGroup = keyof typeof statusGroups

export function countGroups(documents: readonly Document[]): Record<StatusGroup, number> {
  const counts = { all: 0, ready: 0, waiting: 0, working: 0, queued: 0, failed: 0, stale: 0 }
  const groups = Object.keys(counts) as StatusGroup[]
  for (const document of documents) {
    for (const group of groups) if (statusGroups[group].holds(document)) counts[group]++
  }
  return counts
}

/** Why answers do not come from the file as it is now, and what becomes of it; null where they do. */
export function staleReason(document: Document): string | null {
  if (!document.stale) return null
  const from = document.indexedAt === null ? 'an earlier version' : `the version of ${formatWhen(document.indexedAt)}`
  if (document.status === 'failed') {
    return `Answers come from ${from}: the file could not be read since. Mend it, then read it again.`
  }
  if (document.status === 'ready') {
    return `Answers come from ${from}: the file has changed since. The next sync takes it over.`
  }
  return `Answers come from ${from} until the file has been read anew.`
}

/** A new array, stable: equal rows keep the order in which they came (by path). */
export function sortDocuments(documents: readonly Document[], columnId: string, descending: boolean): Document[] {
  const column = documentColumns.find((candidate) => candidate.id === columnId) ?? documentColumns[0]
  const compare = column?.compare ?? (() => 0)
  return documents.toSorted(descending ? (a, b) => compare(b, a) : compare)
}

/**
 * Every word of the filter has to be in a path, the title or a tag, in any case; `only` are the ids that a filter of
 * the core lets through, null for all.
 */
export function filterDocuments(
  documents: readonly Document[],
  filter: string,
  group: StatusGroup,
  only: ReadonlySet<string> | null = null,
): Document[] {
  const words = filter.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  const { holds } = statusGroups[group]
  return documents.filter((document) => {
    if (!holds(document) || (only && !only.has(document.id))) return false
    if (words.length === 0) return true
    const { path, title, otherPaths, tags } = document
    const text = [path, title ?? '', ...otherPaths, ...tags].join(' ').toLocaleLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** The table for a spreadsheet. */
export function documentsCsv(documents: readonly Document[]): string {
  const header = [...documentColumns.map((column) => column.label), 'Path', 'Id']
  const rows = documents.map((document) => [
    ...documentColumns.map((column) => column.exported(document)),
    document.path,
    document.id,
  ])
  return toCsv([header, ...rows])
}

/** The folders above a document, without its name; '' at the top. */
export function folderOf(document: Pick<Document, 'path'>): string {
  const slash = document.path.lastIndexOf('/')
  return slash < 0 ? '' : document.path.slice(0, slash)
}

const tagText = ({ tags }: Document): string => tags.join(' ')

const statusOrder: Record<DocumentStatus, number> = {
  failed: 0,
  waiting: 1,
  reading: 2,
  embedding: 4,
  queued: 5,
  ready: 6,
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

function compareText(a: string, b: string): number {
  return collator.compare(a, b)
}
