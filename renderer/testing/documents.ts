import type { Document, DocumentStatus } from '../../core/contract/documents.ts'
import type { ErrorData } from '../../core/contract/errors.ts'
import type { CollectionId, DocumentId } from '../../core/shared/ids.ts'

/** As many documents as wanted, the same ones each time: folders, types, sizes and failures as real ones have. */
export function makeDocuments(count: number, collectionId = 'col_large' as CollectionId): Document[] {
  let seed = 42
  const random = (): number => {
    // Mulberry32: small, seeded, good enough for test data.
    seed = (seed + 0x6d2b79f5) | 0
    let value = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
  const pick = <Item>(items: readonly [Item, ...Item[]]): Item => items[Math.floor(random() * items.length)] ?? items[0]
  return Array.from({ length: count }, (_, index) => {
    const [type, extension] = pick(types)
    const name = `${pick(subjects)} ${pick(kinds)} ${index + 1}.${extension}`
    const status: DocumentStatus = random() < 0.03 ? 'failed' : 'ready'
    const size = Math.round(10 ** (3 + random() * 3.6))
    return {
      id: `doc_${index.toString().padStart(6, '0')}` as DocumentId,
      collectionId,
      name,
      path: `${pick(folders)}/${2019 + Math.floor(random() * 7)}/${name}`,
      type,
      size,
      status,
      reason: status === 'failed' ? pick(reasons) : null,
      warnings: random() < 0.02 ? ['3 of 20 pages have no text: they may be scanned.'] : [],
      title: null,
      pages: type === 'pdf' && status === 'ready' ? 1 + Math.floor(size / 40_000) : null,
      chunks: status === 'ready' ? 1 + Math.floor(size / 9_000) : 0,
      indexedAt: status === 'ready' ? 1_747_000_000_000 + Math.floor(random() * 4e9) : null,
      version: status === 'ready' ? 1 : 0,
      sourceId: null,
      parentId: null,
      otherPaths: [],
      metadata: {},
      tags: [],
      modifiedAt: null,
      stale: false,
    }
  })
}

const types = [
  ['pdf', 'pdf'],
  ['pdf', 'pdf'],
  ['markdown', 'md'],
  ['docx', 'docx'],
  ['html', 'html'],
  ['csv', 'csv'],
  ['text', 'txt'],
] as const
const folders = [
  'handbook',
  'operations/boats',
  'operations/power',
  'science/tides',
  'partners',
  'admin/minutes',
] as const
const subjects = [
  'Tide gauge',
  'CTD',
  'Mooring',
  'Generator',
  'Dive',
  'Boat',
  'Calibration',
  'Seawater supply',
] as const
const kinds = ['log', 'report', 'procedure', 'minutes', 'summary', 'checklist'] as const
const reasons: readonly [ErrorData, ...ErrorData[]] = [
  {
    code: 'file-encrypted',
    message: 'This PDF asks for a password. Save a copy without one, then read it again.',
    retryable: false,
    details: { pages: 12 },
  },
  {
    code: 'file-scanned',
    message: 'This PDF holds pictures of pages and no text. Run it through text recognition, then read it again.',
    retryable: false,
    details: {},
  },
  {
    code: 'type-unsupported',
    message: 'Files of this type (.xlsx) are not supported yet. Export it as CSV, then add that.',
    retryable: false,
    details: {},
  },
]
