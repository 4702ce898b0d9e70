import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { ExternalLink, Layers2, Link2, RotateCcw } from 'lucide-react'
import type { Document } from '../../../core/contract/documents.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { Element, Page } from '../../../core/contract/parsed-document.ts'
import type { CollectionId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import type { PassageLink } from '../../state/inspector.ts'
import { noteStart } from '../../state/jobs.ts'
import { sayFailure } from '../../state/notices.ts'
import { hrefOf } from '../../state/route.ts'
import { BlockView, isFlowing } from '../../ui/block-view.tsx'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { DocumentDetails } from '../../ui/document-details.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatBytes, formatNumberOf, formatWhen } from '../../ui/format.ts'
import { toBlocks } from '../../ui/text-blocks.ts'

interface Loaded {
  document: Document
  text: string
  textStart: number
  textLength: number
  elements: Element[]
  pages: Page[]
  headings: string[]
}

/** A document's text with a passage of it marked and in view. The text is data: it only ever becomes text nodes. */
export function Reader({ link }: { link: PassageLink }) {
  const { documentId, span } = link
  const key = `${documentId} ${span?.start ?? ''} ${span?.end ?? ''}`
  const [around, setAround] = useState({ key, characters: firstAround })
  const [state, setState] = useState<{
    key: string
    loaded: Loaded | null
    failure: ErrorData | null
    facts: Document | null
  }>({ key: '', loaded: null, failure: null, facts: null })
  const characters = around.key === key ? around.characters : firstAround
  const [attempt, setAttempt] = useState(0)

  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    const load = async (): Promise<void> => {
      try {
        const input = { documentId, start: span?.start ?? 0, end: span?.end ?? 0, around: characters }
        const loaded = await core().documents.text(input, { signal })
        if (!signal.aborted) setState({ key, loaded, failure: null, facts: loaded.document })
      } catch (error) {
        if (signal.aborted) return
        // A document that could not be read has no text, but it has facts: its name and why it failed.
        const facts = await core()
          .documents.get({ documentId }, { signal })
          .catch(() => null)
        if (!signal.aborted) setState({ key, loaded: null, failure: toFailure(error), facts })
      }
    }
    void load()
    return () => controller.abort()
  }, [key, documentId, span?.start, span?.end, characters, attempt])

  // While the next passage of the same document is read, its facts stay; its text too, so that nothing flickers.
  const current = state.key === key ? state : null
  const facts = current?.facts ?? (state.facts?.id === documentId ? state.facts : null)
  const loaded = current?.loaded ?? (state.loaded?.document.id === documentId ? state.loaded : null)
  const missing = current?.failure && current.failure.code !== 'item-missing' ? current.failure : null

  return (
    <div className="reader">
      <ReaderHeader link={link} facts={facts} loaded={current?.loaded ?? null} />
      {facts?.reason ? <FailedDocument document={facts} /> : null}
      {facts?.warnings.map((warning) => (
        <p key={warning} className="reader-warning">
          {warning}
        </p>
      ))}
      {missing && !facts?.reason ? (
        <FailureNote failure={missing} onRetry={() => setAttempt((count) => count + 1)} />
      ) : null}
      {current?.failure?.code === 'item-missing' && !facts ? (
        <p className="page-note soft">This document is not in the workspace any more.</p>
      ) : null}
      {loaded && loaded.textLength > 0 ? (
        <ReaderText
          key={documentId}
          loaded={loaded}
          span={current ? span : null}
          onMore={() => setAround({ key, characters: Math.min(characters * 4, mostAround) })}
          exhausted={characters >= mostAround}
        />
      ) : null}
      {!current && !loaded ? <p className="page-note soft">Opening the document …</p> : null}
    </div>
  )
}

const firstAround = 8_000
const mostAround = 200_000

function ReaderHeader({ link, facts, loaded }: { link: PassageLink; facts: Document | null; loaded: Loaded | null }) {
  const page = link.span && loaded ? pageAt(loaded.pages, link.span.start) : null
  const collectionId = link.collectionId ?? facts?.collectionId ?? null
  const href = hrefOf({ page: 'library', collectionId, documentId: link.documentId, span: link.span })
  const passage =
    link.span && loaded ? loaded.text.slice(link.span.start - loaded.textStart, link.span.end - loaded.textStart) : ''
  const headings = (loaded?.headings ?? []).filter((heading, index) => index > 0 || heading !== facts?.title)
  const position = [page === null ? '' : `Page ${page}`, ...headings].filter(Boolean)
  return (
    <div className="reader-header">
      <h2 className="reader-title">{facts?.title ?? facts?.name ?? link.name}</h2>
      <p className="reader-path mono">{facts?.path ?? link.name}</p>
      {link.span && position.length > 0 ? (
        <p className="reader-place">
          {position.map((part, index) => (
            <span key={index} className={index === 0 && page !== null ? 'reader-page number' : undefined}>
              {part}
            </span>
          ))}
        </p>
      ) : null}
      {facts ? (
        <p className="reader-facts soft number">
          {[
            facts.type === 'unknown' ? '' : facts.type,
            formatBytes(facts.size),
            facts.pages === null ? '' : formatNumberOf(facts.pages, 'page'),
            facts.chunks === 0 ? '' : formatNumberOf(facts.chunks, 'chunk'),
            facts.indexedAt === null ? '' : `indexed ${formatWhen(facts.indexedAt)}`,
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
      ) : null}
      {facts ? <DocumentDetails key={facts.id} document={facts} /> : null}
      <div className="reader-actions">
        {passage ? <CopyButton text={() => passage} label="Copy the passage" words="Copy passage" /> : null}
        <CopyLink href={href} />
        <a className="quiet-link" href={href}>
          <ExternalLink size={14} aria-hidden /> Open in library
        </a>
        {facts && facts.chunks > 0 ? <ChunksLink link={link} collectionId={facts.collectionId} /> : null}
      </div>
    </div>
  )
}

/** Where the chunks of the document are shown beside its text; at the passage, if there is one. */
function ChunksLink({ link, collectionId }: { link: PassageLink; collectionId: CollectionId }) {
  const { documentId, span } = link
  return (
    <a className="quiet-link" href={hrefOf({ page: 'library', collectionId, documentId, span, view: 'chunks' })}>
      <Layers2 size={14} aria-hidden /> Chunks
    </a>
  )
}

function CopyLink({ href }: { href: string }) {
  // Without the query: it may hold the token of this start.
  const { origin, pathname } = window.location
  const address = origin === 'null' ? href : `${origin}${pathname}${href}`
  return (
    <span className="copy-link">
      <Link2 size={14} aria-hidden className="visually-hidden" />
      <CopyButton text={() => address} label="Copy a link to this place" words="Copy link" />
    </span>
  )
}

function FailedDocument({ document }: { document: Document }) {
  const retry = async (): Promise<void> => {
    try {
      const input = { collectionId: document.collectionId, documentIds: [document.id] }
      const { jobId } = await core().documents.retry(input)
      await noteStart(jobId)
    } catch (error) {
      sayFailure(error)
    }
  }
  if (!document.reason) return null
  return (
    <FailureNote
      failure={document.reason}
      title={
        document.version > 0
          ? 'The newest version could not be read; the earlier one is still searched'
          : 'Could not be read'
      }
      action={
        <Button small icon={<RotateCcw size={14} aria-hidden />} onPress={() => void retry()}>
          Read again
        </Button>
      }
    />
  )
}

function ReaderText({
  loaded,
  span,
  onMore,
  exhausted,
}: {
  loaded: Loaded
  span: { start: number; end: number } | null
  onMore(): void
  exhausted: boolean
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const { text, textStart, elements, pages, document } = loaded
  const blocks = useMemo(
    () => toBlocks({ text, textStart, elements, pages, type: document.type }, span),
    [text, textStart, elements, pages, document.type, span],
  )
  const before = textStart > 0
  const after = textStart + text.length < loaded.textLength

  // A new passage is brought into view; more text around the same passage leaves the view where it was.
  const shown = useRef<{ span: typeof span; top: number; textStart: number } | null>(null)
  useLayoutEffect(() => {
    const box = scroller.current
    const mark = box?.querySelector<HTMLElement>('mark')
    if (!box) return
    const top = mark ? mark.getBoundingClientRect().top - box.getBoundingClientRect().top : 0
    const previous = shown.current
    if (mark && previous && previous.span === span) box.scrollTop += top - previous.top
    else if (mark) box.scrollTop += top - Math.min(box.clientHeight * 0.3, 160)
    else if (!previous) box.scrollTop = 0
  }, [blocks, span])
  const remember = (): void => {
    const box = scroller.current
    const mark = box?.querySelector<HTMLElement>('mark')
    const top = box && mark ? mark.getBoundingClientRect().top - box.getBoundingClientRect().top : 0
    shown.current = { span, top, textStart }
    onMore()
  }

  const preserve = !isFlowing(document.type)
  return (
    <div
      ref={scroller}
      className={`reader-text reading${preserve ? ' reader-preserve' : ''}`}
      role="region"
      aria-label={`Text of ${document.name}`}
      tabIndex={0}
    >
      {before ? <Edge position="above" exhausted={exhausted} onMore={remember} /> : null}
      {blocks.map((block, index) => (
        <BlockView key={`${block.start}-${block.kind}-${index}`} block={block} />
      ))}
      {after ? <Edge position="below" exhausted={exhausted} onMore={remember} /> : null}
    </div>
  )
}

function Edge({ position, exhausted, onMore }: { position: 'above' | 'below'; exhausted: boolean; onMore(): void }) {
  return (
    <div className="reader-edge">
      {exhausted ? (
        <span className="soft">The text goes on {position}; this window shows as much as is comfortable.</span>
      ) : (
        <Button look="quiet" small onPress={onMore}>
          Show more text {position}
        </Button>
      )}
    </div>
  )
}

function pageAt(pages: Page[], offset: number): number | null {
  return pages.findLast((page) => page.start <= offset)?.number ?? null
}
