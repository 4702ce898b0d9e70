import { useEffect, useRef, useState, type ComponentType } from 'react'
import { FolderOpen, X } from 'lucide-react'
import type { Preview } from '../../../core/contract/chunks.ts'
import type { Collection } from '../../../core/contract/collections.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { IngestSettings, Pipeline } from '../../../core/contract/pipeline.ts'
import type { DocumentId, UploadId } from '../../../core/shared/ids.ts'
import { shell } from '../../platform/shell.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { sayFailure } from '../../state/notices.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { DocumentBox, useDocumentNames } from '../../ui/document-box.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatDuration, formatNumberOf } from '../../ui/format.ts'
import type { Families } from '../../ui/pipeline-words.ts'

/** Shows the elements and chunks of a preview; a feature of its own, given by the app. */
export type PreviewViewer = ComponentType<{ preview: Preview; name: string }>

/** A document of the collection, or any file. */
type Tried =
  | { kind: 'document'; documentId: DocumentId; name: string }
  | { kind: 'file'; name: string; path?: string; uploadId?: UploadId }

/** What a document becomes under the settings that are being edited, beside what the present ones make of it. */
export function TryPanel({
  collection,
  draft,
  families,
  documentId,
  onDocument,
  Viewer,
}: {
  collection: Collection
  draft: Pipeline
  families: Families
  documentId: DocumentId | null
  onDocument(documentId: DocumentId): void
  Viewer: PreviewViewer
}) {
  const documents = useDocumentNames(collection.id, collection.documents)
  const [file, setFile] = useState<Extract<Tried, { kind: 'file' }> | null>(null)
  const first = documents?.[0]
  const chosen = documents?.find((document) => document.id === documentId) ?? first
  const tried: Tried | null = file ?? (chosen ? { kind: 'document', documentId: chosen.id, name: chosen.name } : null)
  const present = usePreview(collection, tried, null)
  const next = usePreview(collection, tried, draft === collection.pipeline ? null : draft)
  const changed = draft !== collection.pipeline
  const shown = changed ? next : present

  const pick = async (): Promise<void> => {
    const picked = await shell.pickFiles()
    const path = picked?.paths[0]
    const first = picked?.files[0]
    if (path !== undefined) setFile({ kind: 'file', path, name: path.split(/[\\/]/).at(-1) ?? path })
    else if (first) {
      const upload = { path: first.path, offset: 0, data: first.file, last: true }
      const { uploadId } = await core().ingest.upload(upload)
      setFile({ kind: 'file', uploadId, name: first.file.name })
    }
  }
  return (
    <section className="try" aria-label="Try on a document">
      <div className="try-bar">
        {file ? (
          <p className="try-file">
            <span className="field-label">Try on a file</span>
            <span className="mono">{file.name}</span>
            <IconButton label="Back to documents" icon={<X size={14} aria-hidden />} onPress={() => setFile(null)} />
          </p>
        ) : documents && documents.length > 0 ? (
          <DocumentBox label="Try on" documents={documents} value={chosen?.id ?? null} onChange={onDocument} />
        ) : (
          <p className="soft">{documents ? 'No documents yet: try it on any file.' : 'Reading the documents …'}</p>
        )}
        <Button small icon={<FolderOpen size={14} aria-hidden />} onPress={() => void pick().catch(sayFailure)}>
          Any file …
        </Button>
        <p className="try-facts number" role="status">
          {shown.preview ? <Facts preview={shown.preview} families={families} /> : null}
          {shown.busy ? <span className="soft"> Working …</span> : null}
        </p>
      </div>
      {changed && next.preview && present.preview ? (
        <p className="try-compare number">
          <strong>Now {totalsText(next.preview)}</strong>; the present settings make {totalsText(present.preview)}.
        </p>
      ) : null}
      {shown.failure ? (
        <FailureNote failure={shown.failure} title={tried ? `${tried.name}: no preview` : 'No preview'} />
      ) : null}
      {shown.preview && !shown.failure ? (
        <>
          {shown.preview.warnings.map((warning) => (
            <p key={warning} className="reader-warning">
              {warning}
            </p>
          ))}
          <Viewer
            key={tried?.kind === 'document' ? tried.documentId : tried?.name}
            preview={shown.preview}
            name={tried?.name ?? ''}
          />
        </>
      ) : null}
    </section>
  )
}

function Facts({ preview, families }: { preview: Preview; families: Families }) {
  const { parserId, chunkerId, cleaning, timesMs, type } = preview
  const label = (family: { id: string; label: string }[], id: string): string =>
    family.find((candidate) => candidate.id === id)?.label ?? id
  const parser = label(families.parser, parserId)
  return (
    <>
      {parser.toLowerCase() === type ? '' : `${type}, `}read as {parser} in {formatDuration(timesMs.parse)}
      {cleaning.length > 0 ? `, ${formatNumberOf(cleaning.length, 'cleaning step')}` : ''}, cut{' '}
      {label(families.chunker, chunkerId).toLowerCase()} in {formatDuration(timesMs.chunk)}
    </>
  )
}

/** '57 chunks of 9–128 tokens'. */
function totalsText({ totals }: Preview): string {
  const { chunks, leastTokens, mostTokens } = totals
  if (chunks === 0) return 'no chunks'
  const range =
    leastTokens === mostTokens
      ? formatNumberOf(mostTokens, 'token')
      : `${formatCount(leastTokens)}–${formatCount(mostTokens)} tokens`
  return `${formatNumberOf(chunks, 'chunk')} of ${range}`
}

interface PreviewState {
  key: string
  preview: Preview | null
  failure: ErrorData | null
}

/** Long enough to type a number, short enough to see what it does. */
const settleMs = 300

/** The preview under `settings` (null: those of the collection), made again a little after they change. */
function usePreview(collection: Collection, tried: Tried | null, settings: Pipeline | null) {
  const [state, setState] = useState<PreviewState>({ key: '', preview: null, failure: null })
  const used = settings ?? collection.pipeline
  const key = tried ? JSON.stringify([collection.id, tried, ingestHalf(used)]) : ''
  const begun = useRef('')
  useEffect(() => {
    if (key === '') return undefined
    const controller = new AbortController()
    const { signal } = controller
    const [collectionId, file, half] = JSON.parse(key) as [Collection['id'], Tried, IngestSettings]
    const make = async (): Promise<void> => {
      try {
        const which =
          file.kind === 'document'
            ? { documentId: file.documentId }
            : file.uploadId !== undefined
              ? { uploadId: file.uploadId }
              : { path: file.path ?? '' }
        const preview = await core().chunks.preview({ collectionId, ...which, settings: half }, { signal })
        if (!signal.aborted) setState({ key, preview, failure: null })
      } catch (error) {
        if (!signal.aborted) setState({ key, preview: null, failure: toFailure(error) })
      }
    }
    // The first one at once.
    const timer = setTimeout(() => void make(), begun.current === '' ? 0 : settleMs)
    begun.current = key
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [key])
  // While the next one is made the last one stays.
  return { preview: state.preview, failure: state.failure, busy: key !== '' && state.key !== key }
}

function ingestHalf({ parsers, cleaning, chunker, rules }: Pipeline): IngestSettings {
  return { parsers, cleaning, chunker, rules }
}
