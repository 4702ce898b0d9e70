import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Columns3, FlaskConical, Plus, SquareDashedMousePointer } from 'lucide-react'
import type { ChunkEdit, ShownChunk } from '../../../core/contract/chunks.ts'
import type { CollectionId, DocumentId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { goOn, hrefOf, navigate, type Route } from '../../state/route.ts'
import { useCollection } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatNumberOf } from '../../ui/format.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import type { Span } from '../../ui/text-blocks.ts'
import { EditChunkDialog, NewChunkDialog, type NewChunk } from './chunk-dialogs.tsx'
import type { ChunkActions } from './chunk-list.tsx'
import { ChunkViewer } from './chunk-viewer.tsx'
import { chunkAt } from './segments.ts'
import type { SourceText } from './source-pane.tsx'
import { useChunks } from './use-chunks.ts'

/** A document's chunks beside its text, and what can be done with single ones. */
export function ChunksPage({
  collectionId,
  documentId,
  span,
}: {
  collectionId: CollectionId
  documentId: DocumentId
  span: Span | null
}) {
  const { loaded, failure, reload } = useChunks(documentId)
  const collection = useCollection(collectionId)
  const document_ = loaded?.document
  const name = document_?.title ?? document_?.name ?? 'Document'
  useEffect(() => {
    document.title = `Chunks of ${name} · Quarry`
  }, [name])
  return (
    <>
      <PageHeader
        title={name}
        scope={
          <nav aria-label="Where this is" className="trail soft">
            <a href={hrefOf({ page: 'library', collectionId, documentId: null, span: null })}>
              {collection?.name ?? 'Collection'}
            </a>
            {' / '}
            <a href={hrefOf({ page: 'library', collectionId, documentId, span: null })}>{document_?.path ?? '…'}</a>
            {' / Chunks'}
          </nav>
        }
        actions={
          <>
            <Button
              icon={<Columns3 size={15} aria-hidden />}
              onPress={() => navigate({ page: 'lab', query: new URLSearchParams({ document: documentId }).toString() })}
            >
              Open in the chunk lab
            </Button>
            <Button
              icon={<FlaskConical size={15} aria-hidden />}
              onPress={() => navigate({ page: 'library', collectionId, documentId, span: null, view: 'pipeline' })}
            >
              Try other settings
            </Button>
          </>
        }
      />
      {failure && failure.code !== 'item-missing' ? <FailureNote failure={failure} onRetry={reload} /> : null}
      {failure?.code === 'item-missing' && !loaded ? (
        <EmptyState
          title="This document is not here"
          actions={
            <Button onPress={() => navigate({ page: 'library', collectionId, documentId: null, span: null })}>
              Back to the collection
            </Button>
          }
        >
          It was removed, or the address belongs to another workspace.
        </EmptyState>
      ) : null}
      {!loaded && !failure ? <p className="page-note soft">Reading the chunks …</p> : null}
      {loaded && loaded.total === 0 ? (
        <EmptyState title="No chunks yet">
          {loaded.document.status === 'failed'
            ? `This document could not be read. ${loaded.document.reason?.message ?? ''}`
            : 'Chunks are there as soon as the document has been read. This page follows by itself.'}
        </EmptyState>
      ) : null}
      {loaded ? <LostEdits edits={loaded.edits} onRemoved={reload} /> : null}
      {loaded && loaded.total > 0 ? (
        <Loaded key={documentId} loaded={loaded} collectionId={collectionId} span={span} reload={reload} />
      ) : null}
    </>
  )
}

function Loaded({
  loaded,
  collectionId,
  span,
  reload,
}: {
  loaded: NonNullable<ReturnType<typeof useChunks>['loaded']>
  collectionId: CollectionId
  span: Span | null
  reload(): void
}) {
  const { document, length, chunks, edits, total } = loaded
  const documentId = document.id
  const [start, setStart] = useState(() => span?.start ?? chunks[0]?.start ?? 0)
  const [ordinal, setOrdinal] = useState<number | null>(null)
  const [editing, setEditing] = useState<ShownChunk | null>(null)
  const [adding, setAdding] = useState<NewChunk | null>(null)
  const [selected, setSelected] = useState<Span | null>(null)

  // A choice is a place in the document: it outlives another cutting of it. Where chunks overlap the position decides.
  const byOrdinal = ordinal === null ? undefined : chunks[ordinal]
  const chosen = byOrdinal?.start === start ? byOrdinal : chunkAt(chunks, start)
  const active = chosen ? chunks.indexOf(chosen) : 0
  const choose = useCallback((chunk: ShownChunk | undefined): void => {
    if (!chunk) return
    setStart(chunk.start)
    setOrdinal(chunk.ordinal)
  }, [])
  // The address names the chosen chunk, so that it can be copied; not at each step of a held key.
  const end = chosen?.end
  useEffect(() => {
    if (end === undefined) return undefined
    const here = { page: 'library', collectionId, documentId, span: { start, end }, view: 'chunks' } as const
    const isHere = (now: Route): boolean =>
      now.page === 'library' && now.view === 'chunks' && now.documentId === documentId
    const timer = setTimeout(() => goOn(isHere, here), 300)
    return () => clearTimeout(timer)
  }, [collectionId, documentId, start, end])
  // An address that was typed, or "back".
  const lastSpan = useRef(span)
  useEffect(() => {
    if (span && span.start !== lastSpan.current?.start && span.start !== start) {
      setStart(span.start)
      setOrdinal(null)
    }
    lastSpan.current = span
  }, [span, start])

  const { version, name, type } = document
  const source = useMemo<SourceText>(
    () => ({
      name,
      type,
      length,
      read: async (window, signal) => {
        const answer = await core().documents.text(
          { documentId, start: window.start, end: window.end, around: 0 },
          { signal },
        )
        // It was read anew in the meantime: its chunks are others too.
        if (answer.document.version !== version) reload()
        const { text, textStart, elements, pages } = answer
        return { text, textStart, elements, pages, type }
      },
    }),
    [documentId, version, name, type, length, reload],
  )

  const change = async (run: () => Promise<ShownChunk>, said: string): Promise<void> => {
    choose(await run())
    reload()
    useNotices.getState().say(said)
  }
  const numberOf = (chunk: ShownChunk): string => `Chunk ${formatCount(chunk.ordinal + 1)}`
  const actions: ChunkActions = {
    setDisabled: (chunk, disabled) =>
      void change(
        () => core().chunks.setDisabled({ documentId, ordinal: chunk.ordinal, disabled }),
        disabled
          ? `${numberOf(chunk)} is switched off: it is not found any more.`
          : `${numberOf(chunk)} is found again.`,
      ).catch(sayFailure),
    edit: setEditing,
    takeBack: (chunk) =>
      void (async () => {
        if (!chunk.editId) return
        await core().chunks.removeEdit({ editId: chunk.editId })
        reload()
        useNotices.getState().say('The change was taken back.')
      })().catch(sayFailure),
  }
  const add = async (): Promise<void> => {
    const around = selected ?? spanAround(chunks, active)
    if (!around) return
    const { text, textStart } = await core().documents.text({ documentId, ...around, around: 0 })
    setAdding({ span: selected, text, textStart })
  }
  const changed = [
    countOf(chunks, (chunk) => chunk.disabled, 'switched off'),
    countOf(chunks, (chunk) => chunk.edited !== null, 'edited'),
  ].filter(Boolean)
  return (
    <>
      <ChunkViewer
        source={source}
        chunks={chunks}
        edits={edits}
        active={active}
        onActive={(index) => choose(chunks[index])}
        actions={actions}
        onSelect={setSelected}
        note={
          <>
            {changed.length > 0 ? <span> · {changed.join(' · ')}</span> : null}
            {chunks.length < total ? (
              <span>
                {' '}
                · the first {formatCount(chunks.length)} of {formatCount(total)} are here
              </span>
            ) : null}
          </>
        }
        tools={
          <Button
            small
            icon={selected ? <SquareDashedMousePointer size={14} aria-hidden /> : <Plus size={14} aria-hidden />}
            // Pressing must not take the selection away.
            preventFocusOnPress
            onPress={() => void add().catch(sayFailure)}
          >
            {selected ? 'New chunk from selection' : 'New chunk …'}
          </Button>
        }
      />
      <EditChunkDialog
        chunk={editing}
        onClose={() => setEditing(null)}
        onSave={(chunk, text) =>
          change(
            () =>
              core().chunks.setText({
                documentId,
                ordinal: chunk.ordinal,
                text: text.trim() === chunk.text.trim() ? null : text,
              }),
            `${numberOf(chunk)} has its new text.`,
          )
        }
      />
      <NewChunkDialog
        draft={adding}
        onClose={() => setAdding(null)}
        onSave={(where, text) =>
          change(
            () => core().chunks.add({ documentId, ...where, ...(text === null ? {} : { text }) }),
            'The new chunk is searched from now on.',
          )
        }
      />
    </>
  )
}

/** Changes whose text is not in the document any more: nothing is lost silently. */
function LostEdits({ edits, onRemoved }: { edits: ChunkEdit[]; onRemoved(): void }) {
  const lost = edits.filter((edit) => edit.lost)
  if (lost.length === 0) return null
  const remove = async (edit: ChunkEdit): Promise<void> => {
    await core().chunks.removeEdit({ editId: edit.id })
    onRemoved()
  }
  return (
    <section className="lost-edits" aria-label="Changes that wait for their text">
      <h2>{formatNumberOf(lost.length, 'change')} without a place</h2>
      <p>
        The text that {lost.length === 1 ? 'it was' : 'they were'} made for is not in the document any more.{' '}
        {lost.length === 1 ? 'It waits' : 'They wait'} for it to come back and {lost.length === 1 ? 'is' : 'are'}{' '}
        applied again then. Remove what you do not need.
      </p>
      <ul>
        {lost.map((edit) => (
          <li key={edit.id} className="lost-edit">
            <span className="chunk-state">{lostLabels[edit.kind]}</span>
            <span className="lost-text">
              <q>{edit.anchor}</q>
              {edit.text === null ? null : (
                <>
                  <span className="chunk-label"> replaced by </span>
                  <q>{edit.text}</q>
                </>
              )}
            </span>
            <Button look="quiet" small onPress={() => void remove(edit).catch(sayFailure)}>
              Remove
            </Button>
          </li>
        ))}
      </ul>
    </section>
  )
}

const lostLabels: Record<ChunkEdit['kind'], string> = { disable: 'Switched off', edit: 'Edited', add: 'Added by hand' }

/** The chosen chunk with its neighbours, for selecting in a dialog. */
function spanAround(chunks: ShownChunk[], active: number): Span | null {
  const near = chunks.slice(Math.max(0, active - 1), active + 2)
  const [first] = near
  if (!first) return null
  return { start: Math.min(...near.map((chunk) => chunk.start)), end: Math.max(...near.map((chunk) => chunk.end)) }
}

function countOf(chunks: ShownChunk[], test: (chunk: ShownChunk) => boolean, words: string): string {
  const count = chunks.filter(test).length
  return count === 0 ? '' : `${formatCount(count)} ${words}`
}
