import type { Choice } from '../../../core/contract/pipeline.ts'
import type { SearchMode } from '../../../core/contract/values.ts'
import type { CollectionId, DocumentId, UploadId } from '../../../core/shared/ids.ts'
import type { Span } from '../../ui/text-blocks.ts'

/** What is looked at. A text that is too long for an address is kept by this browser. */
export type LabSubject =
  | { kind: 'document'; documentId: DocumentId }
  | { kind: 'file'; path: string }
  | { kind: 'upload'; uploadId: UploadId; name: string }
  | { kind: 'text'; text: string }
  | { kind: 'kept-text' }

/** All that makes the lab look as it does: what an address says. */
export interface LabState {
  subject: LabSubject | null
  /** Whose settings and model count, for what is in no collection. */
  collectionId: CollectionId | null
  /** One to four. */
  columns: Choice[]
  question: string
  mode: SearchMode
  k: number
  /** The passage that the question should find. */
  expected: Span | null
}

/** What is the same for all columns. */
export type LabSettings = Omit<LabState, 'columns'>

export const mostColumns = 4
/** Characters of a text that an address still holds. */
export const longestInAddress = 1500
const usualK = 5
const mostK = 50

export function emptyState(): LabState {
  return { subject: null, collectionId: null, columns: [], question: '', mode: 'hybrid', k: usualK, expected: null }
}

/** The query of an address, such as 'document=doc_1&column=fixed+{"maxTokens":128}'; what is usual is left out. */
export function toQuery(state: LabState): string {
  const values = new URLSearchParams()
  const { subject, collectionId, columns, question, mode, k, expected } = state
  switch (subject?.kind) {
    case 'document':
      values.set('document', subject.documentId)
      break
    case 'file':
      values.set('path', subject.path)
      break
    case 'upload':
      values.set('upload', subject.uploadId)
      values.set('name', subject.name)
      break
    case 'text':
      if (subject.text.length <= longestInAddress) values.set('text', subject.text)
      else values.set('kept', 'text')
      break
    case 'kept-text':
      values.set('kept', 'text')
      break
    case undefined:
  }
  if (collectionId) values.set('collection', collectionId)
  for (const { id, options } of columns) {
    values.append('column', Object.keys(options).length === 0 ? id : `${id} ${JSON.stringify(options)}`)
  }
  if (question !== '') values.set('ask', question)
  if (mode !== 'hybrid') values.set('mode', mode)
  if (k !== usualK) values.set('k', String(k))
  if (expected) values.set('expect', `${expected.start}-${expected.end}`)
  return values.toString()
}

/** The inverse of `toQuery`. Never throws: what cannot be read is passed over. */
export function fromQuery(query: string): LabState {
  const values = new URLSearchParams(query)
  const mode = (['text', 'vector'] as const).find((known) => known === values.get('mode')) ?? 'hybrid'
  const k = Number(values.get('k') ?? usualK)
  return {
    subject: subjectOf(values),
    collectionId: (values.get('collection') as CollectionId | null) ?? null,
    columns: values.getAll('column').flatMap(choiceOf).slice(0, mostColumns),
    question: values.get('ask') ?? '',
    mode,
    k: Number.isInteger(k) && k >= 1 && k <= mostK ? k : usualK,
    expected: spanOf(values.get('expect') ?? ''),
  }
}

function subjectOf(values: URLSearchParams): LabSubject | null {
  const [documentId, path, uploadId, text] = ['document', 'path', 'upload', 'text'].map((name) => values.get(name))
  if (documentId) return { kind: 'document', documentId: documentId as DocumentId }
  if (path) return { kind: 'file', path }
  if (uploadId) return { kind: 'upload', uploadId: uploadId as UploadId, name: values.get('name') ?? 'a file' }
  if (text) return { kind: 'text', text }
  return values.get('kept') === 'text' ? { kind: 'kept-text' } : null
}

function choiceOf(value: string): Choice[] {
  const [, id, json] = /^([a-z0-9-]+)(?: (.*))?$/s.exec(value) ?? []
  if (id === undefined) return []
  try {
    const options: unknown = JSON.parse(json ?? '{}')
    const isRecord = typeof options === 'object' && options !== null && !Array.isArray(options)
    return [{ id, options: isRecord ? (options as Choice['options']) : {} }]
  } catch {
    return [{ id, options: {} }]
  }
}

function spanOf(value: string): Span | null {
  const [, start, end] = /^(\d{1,12})-(\d{1,12})$/.exec(value) ?? []
  const span = { start: Number(start), end: Number(end) }
  return span.end > span.start ? span : null
}
