import { lazy, Suspense, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { BookmarkPlus, ExternalLink, Layers2, Link2, RotateCcw } from 'lucide-react'
import { ToggleButton, ToggleButtonGroup } from 'react-aria-components'
import type { Document } from '../../../core/contract/documents.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import { pageKindOf, type Element, type Page } from '../../../core/contract/parsed-document.ts'
import type { CollectionId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import type { PassageLink } from '../../state/inspector.ts'
import { noteStart } from '../../state/jobs.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { usePreferences } from '../../state/preferences.ts'
import { hrefOf } from '../../state/route.ts'
import { BlockView, isFlowing } from '../../ui/block-view.tsx'
import { Button } from '../../ui/button.tsx'
import { CaseDialog, type CasePassage } from '../../ui/case-dialog.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { DocumentDetails } from '../../ui/document-details.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatBytes, formatNumberOf, formatWhen } from '../../ui/format.ts'
import { selectedSpan } from '../../ui/selected-span.ts'
import { pageLabel, toBlocks, type Span } from '../../ui/text-blocks.ts'
import { OriginalActions } from './original-actions.tsx'
import type { CitedPart } from './pdf-page.tsx'
import type { PageSelection } from './pdf-view.tsx'
import { placeInText } from './words.ts'

/** With the library that draws: read when the first PDF is looked at. */
const PdfView = lazy(() => import('./pdf-view.tsx'))

interface Loaded {
  document: Document
  text: string
  textStart: number
  textLength: number
  elements: Element[]
  pages: Page[]
  headings: string[]
}

/** What a person has selected: of the text, or of a drawn page, whose place in the text is found when it is needed. */
type Selected = { span: Span } | { onPage: PageSelection }

/**
 * A document with a passage of it marked and in view: its pages as they look, or its text. The text is data: it only ever
 * becomes text nodes.
 */
export function Reader({ link }: { link: PassageLink }) {
  const { documentId, span } = link
  const key = `${documentId} ${span?.start ?? ''} ${span?.end ?? ''}`
  const [around, setAround] = useState({ key, characters: firstAround })
  const [state, setState] = useState<{
    key: string
    /** Of the passage that `loaded` is around. */
    span: Span | null
    loaded: Loaded | null
    failure: ErrorData | null
    facts: Document | null
  }>({ key: '', span: null, loaded: null, failure: null, facts: null })
  const characters = around.key === key ? around.characters : firstAround
  const [attempt, setAttempt] = useState(0)

  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    const load = async (): Promise<void> => {
      try {
        const input = { documentId, start: span?.start ?? 0, end: span?.end ?? 0, around: characters }
        const loaded = await core().documents.text(input, { signal })
        if (!signal.aborted) setState({ key, span, loaded, failure: null, facts: loaded.document })
      } catch (error) {
        if (signal.aborted) return
        // A document that could not be read has no text, but it has facts: its name and why it failed.
        const facts = await core()
          .documents.get({ documentId }, { signal })
          .catch(() => null)
        if (!signal.aborted) setState({ key, span: null, loaded: null, failure: toFailure(error), facts })
      }
    }
    void load()
    return () => controller.abort()
    // `key` says which passage it is.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, characters, attempt])

  // While the next passage of the same document is read, its facts stay; its text too, so that nothing flickers.
  const current = state.key === key ? state : null
  const facts = current?.facts ?? (state.facts?.id === documentId ? state.facts : null)
  const loaded = current?.loaded ?? (state.loaded?.document.id === documentId ? state.loaded : null)
  const view = usePreferences((preferences) => preferences.readerView)
  const [pageFailure, setPageFailure] = useState<{ id: string; failure: ErrorData } | null>(null)
  const [selected, setSelected] = useState<Selected | null>(null)
  const onPageFailure = useCallback((failure: ErrorData) => setPageFailure({ id: documentId, failure }), [documentId])
  const onSelectOnPage = useCallback((onPage: PageSelection | null) => setSelected(onPage && { onPage }), [])
  const onSelectText = useCallback((own: Span | null) => setSelected(own && { span: own }), [])
  const hasPages = facts?.type === 'pdf' && facts.version > 0
  const failedPages = pageFailure?.id === documentId ? pageFailure.failure : null
  const showsPages = hasPages && failedPages === null && view === 'page'
  // What was shown last stays until the next passage is there, so that the pages do not go to the beginning and back.
  const place = useMemo(() => (loaded ? placeOf(loaded, state.span) : null), [loaded, state.span])
  const missing = current?.failure && current.failure.code !== 'item-missing' ? current.failure : null

  return (
    <div className="reader">
      <ReaderHeader link={link} facts={facts} loaded={current?.loaded ?? null} selected={selected} />
      {hasPages && failedPages !== null ? (
        <p className="reader-warning" role="status">
          {failedPages.message} Below is the text that was read.
        </p>
      ) : null}
      {facts?.reason ? <FailedDocument document={facts} /> : null}
      {facts?.warnings.map((warning) => (
        <ReadingWarning key={warning} text={warning} />
      ))}
      {missing && !facts?.reason ? (
        <FailureNote failure={missing} onRetry={() => setAttempt((count) => count + 1)} />
      ) : null}
      {current?.failure?.code === 'item-missing' && !facts ? (
        <p className="page-note soft">This document is not in the workspace any more.</p>
      ) : null}
      {hasPages && failedPages === null ? (
        // Beside the tools of the pages, which are loaded with them: one row.
        <div className="view-switch-row" data-beside-tools={(showsPages && place !== null) || undefined}>
          <ViewSwitch view={view} />
        </div>
      ) : null}
      {showsPages && place ? (
        <Suspense fallback={<p className="page-note soft">Opening the pages …</p>}>
          <PdfView
            key={documentId}
            document={facts}
            placeKey={state.key}
            startPage={place.page}
            cited={place.cited}
            onFailure={onPageFailure}
            onSelect={onSelectOnPage}
          />
        </Suspense>
      ) : null}
      {!showsPages && loaded && loaded.textLength > 0 ? (
        <ReaderText
          key={documentId}
          loaded={loaded}
          span={current ? span : null}
          onMore={() => setAround({ key, characters: Math.min(characters * 4, mostAround) })}
          exhausted={characters >= mostAround}
          onSelect={onSelectText}
        />
      ) : null}
      {!current && !loaded ? <p className="page-note soft">Opening the document …</p> : null}
    </div>
  )
}

/** The parts of the passage with what is known of their places on the pages, and the page on which it begins. */
function placeOf(
  { text, textStart, elements, pages }: Loaded,
  span: Span | null,
): { page: number; cited: CitedPart[] } {
  if (!span) return { page: 1, cited: [] }
  const cited = elements
    .filter((element) => element.start < span.end && element.end > span.start && element.kind !== 'page-header')
    .map((element) => ({
      text: text.slice(Math.max(element.start, span.start) - textStart, Math.min(element.end, span.end) - textStart),
      boxes: element.boxes ?? [],
    }))
  const [first] = cited.flatMap((part) => part.boxes.map((box) => box.page)).sort((a, b) => a - b)
  return { page: first ?? pageAt(pages, span.start) ?? 1, cited }
}

/** What was told of reading the document: one line, and all of it where it is pressed. The page below is what people came for. */
function ReadingWarning({ text }: { text: string }) {
  const [isWhole, setWhole] = useState(false)
  return (
    <button
      type="button"
      className="reader-warning reader-warning-line"
      aria-expanded={isWhole}
      onClick={() => setWhole(!isWhole)}
    >
      {text}
    </button>
  )
}

/** Pages or text: what a person chose last. */
function ViewSwitch({ view }: { view: 'page' | 'text' }) {
  return (
    <ToggleButtonGroup
      className="view-switch"
      aria-label="Show the document as"
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[view]}
      onSelectionChange={(keys) => {
        const [chosen] = [...keys]
        if (chosen === 'page' || chosen === 'text') usePreferences.getState().set({ readerView: chosen })
      }}
    >
      <ToggleButton id="page">Page</ToggleButton>
      <ToggleButton id="text">Text</ToggleButton>
    </ToggleButtonGroup>
  )
}

/** Makes a test case of what is selected, else of the passage that is shown. */
function AddCase({
  facts,
  loaded,
  span,
  selected,
}: {
  facts: Document
  loaded: Loaded | null
  span: Span | null
  selected: Selected | null
}) {
  const [passage, setPassage] = useState<CasePassage | null>(null)
  const { id: documentId, collectionId, name } = facts
  const open = async (): Promise<void> => {
    try {
      const found = await passageOf(documentId, loaded, selected ?? (span && { span }))
      if (found) return setPassage({ collectionId, documentId, name, ...found })
      const words = 'Where this stands in the text cannot be told exactly from the page. Select it in the Text view.'
      useNotices.getState().say(words)
    } catch (error) {
      sayFailure(error)
    }
  }
  return (
    <>
      <Button
        look="quiet"
        small
        icon={<BookmarkPlus size={14} aria-hidden />}
        isDisabled={!selected && !span}
        onPress={() => void open()}
      >
        {selected ? 'Add selection to test cases' : 'Add to test cases'}
      </Button>
      <CaseDialog passage={passage} onClose={() => setPassage(null)} />
    </>
  )
}

/** Null where a selection on a page cannot be found in the text. */
async function passageOf(
  documentId: Document['id'],
  loaded: Loaded | null,
  selected: Selected | null,
): Promise<(Span & { text: string }) | null> {
  if (!selected) return null
  if ('onPage' in selected) {
    const { page, letters, start, end } = selected.onPage
    const { text, textStart } = await core().documents.text({ documentId, page, around: 0 })
    const found = placeInText(letters, { start, end }, text)
    return (
      found && { start: textStart + found.start, end: textStart + found.end, text: text.slice(found.start, found.end) }
    )
  }
  const { start, end } = selected.span
  if (loaded && start >= loaded.textStart && end <= loaded.textStart + loaded.text.length) {
    return { start, end, text: loaded.text.slice(start - loaded.textStart, end - loaded.textStart) }
  }
  const { text, textStart } = await core().documents.text({ documentId, start, end, around: 0 })
  return { start, end, text: text.slice(start - textStart, end - textStart) }
}

const firstAround = 8_000
const mostAround = 200_000

function ReaderHeader({
  link,
  facts,
  loaded,
  selected,
}: {
  link: PassageLink
  facts: Document | null
  loaded: Loaded | null
  selected: Selected | null
}) {
  const page = (link.span && loaded && pageOf(loaded.pages, link.span.start)) || null
  const collectionId = link.collectionId ?? facts?.collectionId ?? null
  const href = hrefOf({ page: 'library', collectionId, documentId: link.documentId, span: link.span })
  const passage =
    link.span && loaded ? loaded.text.slice(link.span.start - loaded.textStart, link.span.end - loaded.textStart) : ''
  const headings = (loaded?.headings ?? []).filter(
    (heading, index) => index > 0 || (heading !== facts?.title && heading !== page?.label),
  )
  const position = [page === null ? '' : pageLabel(page), ...headings].filter(Boolean)
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
        <DocumentDetails key={facts.id} document={facts}>
          <span className="reader-facts soft number">
            {[
              facts.type === 'unknown' ? '' : facts.type,
              formatBytes(facts.size),
              facts.pages === null ? '' : formatNumberOf(facts.pages, pageKindOf(facts.type)),
              facts.chunks === 0 ? '' : formatNumberOf(facts.chunks, 'chunk'),
              facts.indexedAt === null ? '' : `indexed ${formatWhen(facts.indexedAt)}`,
            ]
              .filter(Boolean)
              .join(' · ')}
          </span>
        </DocumentDetails>
      ) : null}
      <div className="reader-actions">
        {passage ? <CopyButton text={() => passage} label="Copy the passage" words="Copy passage" /> : null}
        <CopyLink href={href} />
        <a className="quiet-link" href={href}>
          <ExternalLink size={14} aria-hidden /> Open in library
        </a>
        {facts && facts.version > 0 ? (
          <AddCase key={facts.id} facts={facts} loaded={loaded} span={link.span} selected={selected} />
        ) : null}
        {facts ? <OriginalActions key={`${facts.id} original`} document={facts} /> : null}
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
  onSelect,
}: {
  loaded: Loaded
  span: { start: number; end: number } | null
  onMore(): void
  exhausted: boolean
  onSelect(span: Span | null): void
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const { text, textStart, elements, pages, document: shownDocument } = loaded
  const blocks = useMemo(
    () => toBlocks({ text, textStart, elements, pages, type: shownDocument.type }, span),
    [text, textStart, elements, pages, shownDocument.type, span],
  )
  const before = textStart > 0
  const after = textStart + text.length < loaded.textLength

  // A new passage is brought into view; more text around the same passage leaves the view where it was.
  const shown = useRef<{ span: typeof span; top: number; textStart: number } | null>(null)
  useLayoutEffect(() => {
    const box = scroller.current
    const mark = box?.querySelector<HTMLElement>('mark')
    if (!box) return
    // In a low window the panel scrolls, too.
    if (mark && shown.current?.span !== span) box.scrollIntoView({ block: 'nearest' })
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

  useEffect(() => {
    const follow = (): void => onSelect(scroller.current && selectedSpan(scroller.current))
    document.addEventListener('selectionchange', follow)
    return () => document.removeEventListener('selectionchange', follow)
  }, [onSelect])

  const preserve = !isFlowing(shownDocument.type)
  return (
    <div
      ref={scroller}
      className={`reader-text reading${preserve ? ' reader-preserve' : ''}`}
      role="region"
      aria-label={`Text of ${shownDocument.name}`}
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
  return pageOf(pages, offset)?.number ?? null
}

/** The page, sheet, slide … that a place is on, without how it was read. */
function pageOf(pages: Page[], offset: number): Page | null {
  const found = pages.findLast((page) => page.start <= offset)
  if (!found) return null
  const { ocr: _, ...page } = found
  return page
}
