import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { ChevronLeft, ChevronRight, Link as LinkIcon, Minus, MoveHorizontal, Plus } from 'lucide-react'
import type { PDFDocumentProxy } from 'pdfjs-dist'
import type { Document } from '../../../core/contract/documents.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import { shell } from '../../platform/shell.ts'
import { toFailure } from '../../state/failure.ts'
import { sayFailure } from '../../state/notices.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { Menu } from '../../ui/menu.tsx'
import { takePdf } from './pdf-library.ts'
import { type CitedPart, PdfPage, type PageSize } from './pdf-page.tsx'
import { lettersOf, type Letters } from './words.ts'

/** Words that are selected on a page. */
export interface PageSelection {
  page: number
  letters: Letters
  start: number
  end: number
}

interface Props {
  document: Document
  /** Another one is brought into view. */
  placeKey: string
  /** On which page that is; 1-based. */
  startPage: number
  cited: CitedPart[]
  /** The pages cannot be shown. */
  onFailure(failure: ErrorData): void
  onSelect(selection: PageSelection | null): void
}

/** The pages of a PDF file as they look, the cited place marked and in view. Loaded only when it is needed. */
export default function PdfView(props: Props) {
  const { document: shown, onFailure } = props
  const [pdf, setPdf] = useState<PDFDocumentProxy | null>(null)
  const [share, setShare] = useState(0)
  const { id, version, size } = shown
  useEffect(() => {
    const taken = takePdf(id, version, setShare)
    let isLeft = false
    taken.pdf.then(
      (opened) => {
        if (!isLeft) setPdf(opened)
      },
      (error: unknown) => {
        const failure = pageFailure(error)
        if (!isLeft && failure) onFailure(failure)
      },
    )
    return () => {
      isLeft = true
      setPdf(null)
      taken.release()
    }
  }, [id, version, onFailure])
  if (pdf) return <Pages key={`${id} ${version}`} pdf={pdf} {...props} />
  return (
    <p className="page-note soft" role="status">
      Opening the pages …{size > 4_000_000 && share > 0 ? ` ${Math.round(share * 100)} %` : ''}
    </p>
  )
}

/** Null: it was given up. */
function pageFailure(error: unknown): ErrorData | null {
  const name = error instanceof Error ? error.name : ''
  const plain = { retryable: false, details: {} }
  if (name === 'PasswordException') {
    const message = 'This PDF is protected with a password, so its pages cannot be shown.'
    return { code: 'file-encrypted', message, ...plain }
  }
  if (['InvalidPDFException', 'FormatError', 'UnknownErrorException'].includes(name)) {
    return { code: 'file-corrupt', message: 'This PDF is damaged, so its pages cannot be shown.', ...plain }
  }
  return toFailure(error)
}

/** CSS pixels. */
const gap = 12
const margin = 12
const zooms = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4]
/** CSS pixels a point at 100 %: an inch is 96 pixels and 72 points. */
const pixelsPerPoint = 96 / 72

function Pages({ pdf, document: shown, placeKey, startPage, cited, onSelect }: Props & { pdf: PDFDocumentProxy }) {
  const scroller = useRef<HTMLDivElement>(null)
  const [sizes, setSizes] = useState<ReadonlyMap<number, PageSize>>(new Map())
  const [zoom, setZoom] = useState<number | 'fit'>('fit')
  const [view, setView] = useState({ top: 0, width: 0, height: 0 })
  const count = pdf.numPages
  const target = Math.min(Math.max(1, startPage), count)

  const onSize = useCallback((number: number, size: PageSize) => {
    setSizes((known) => {
      const before = known.get(number)
      return before?.width === size.width && before.height === size.height ? known : new Map(known).set(number, size)
    })
  }, [])
  useEffect(() => {
    let isLeft = false
    // Most documents have one size of page: that of the first one stands for all that were not looked at.
    for (const number of new Set([1, target])) {
      pdf.getPage(number).then(
        (page) => {
          const { width, height } = page.getViewport({ scale: 1 })
          if (!isLeft) onSize(number, { width, height })
        },
        () => {
          if (!isLeft) onSize(number, letter)
        },
      )
    }
    return () => {
      isLeft = true
    }
  }, [pdf, target, onSize])

  useLayoutEffect(() => {
    const box = scroller.current
    if (!box) return undefined
    const measure = (): void =>
      setView((before) => ({ ...before, width: box.clientWidth, height: box.clientHeight, top: box.scrollTop }))
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(box)
    return () => observer.disconnect()
  }, [])

  const usual = sizes.get(1) ?? letter
  const fitted = Math.max(0.1, (view.width - 2 * margin) / (sizes.get(target) ?? usual).width)
  const scale = zoom === 'fit' ? fitted : zoom * pixelsPerPoint
  const layout = useMemo(() => layOut(count, sizes, usual, scale), [count, sizes, usual, scale])
  const isReady = sizes.has(1) && sizes.has(target) && view.width > 0

  // What is in view stays there when pages turn out to be of another size, and while zooming.
  const anchor = useRef({ page: target, share: 0 })
  const scrolling = useRef('')
  const noteAnchor = useCallback((): void => {
    const top = scroller.current?.scrollTop ?? 0
    const page = pageAtHeight(layout, top)
    const placed = layout[page - 1]
    if (placed) anchor.current = { page, share: (top - placed.top) / placed.height }
  }, [layout])
  const goTo = useCallback(
    (page: number, pointsDown: number): void => {
      const box = scroller.current
      const placed = layout[page - 1]
      if (!box || !placed) return
      box.scrollTop = placed.top + pointsDown * scale - (pointsDown > 0 ? Math.min(box.clientHeight * 0.25, 140) : gap)
      noteAnchor()
    },
    [layout, scale, noteAnchor],
  )
  const boxes = useMemo(() => cited.flatMap((part) => part.boxes), [cited])
  useLayoutEffect(() => {
    const box = scroller.current
    if (!box || !isReady) return
    if (scrolling.current !== placeKey) {
      scrolling.current = placeKey
      const onPage = boxes.filter((each) => each.page === target)
      goTo(target, onPage.length > 0 ? Math.min(...onPage.map((each) => each.y)) : 0)
      const left = Math.min(...onPage.map((each) => each.x)) * scale
      // In a low window the panel scrolls, too.
      box.scrollIntoView({ block: 'nearest' })
      box.scrollLeft = Number.isFinite(left) && left > box.clientWidth * 0.8 ? left - margin : 0
    } else {
      const placed = layout[anchor.current.page - 1]
      if (placed) box.scrollTop = placed.top + anchor.current.share * placed.height
    }
  }, [isReady, placeKey, target, boxes, goTo, layout, scale])

  const onScroll = (): void => {
    const box = scroller.current
    if (!box) return
    noteAnchor()
    setView((before) => ({ ...before, top: box.scrollTop }))
  }

  // A page and a half above and below are drawn too; all the others are only room.
  const first = pageAtHeight(layout, view.top - view.height)
  const last = pageAtHeight(layout, view.top + 2 * view.height)
  const current = pageAtHeight(layout, view.top + view.height * 0.4)
  const numbers = isReady ? Array.from({ length: last - first + 1 }, (_, index) => first + index) : []
  const bottom = layout.at(-1)
  const widest = Math.max(...numbers.map((number) => (layout[number - 1]?.width ?? 0) + 2 * margin), view.width)

  useEffect(() => {
    const follow = (): void => onSelect(scroller.current ? selectionOn(scroller.current) : null)
    document.addEventListener('selectionchange', follow)
    return () => document.removeEventListener('selectionchange', follow)
  }, [onSelect])

  const step = (by: 1 | -1): void => {
    const now = scale / pixelsPerPoint
    const next = by > 0 ? zooms.find((each) => each > now + 0.01) : zooms.findLast((each) => each < now - 0.01)
    if (next !== undefined) setZoom(next)
  }
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const { scrollWidth, clientWidth } = event.currentTarget
    // Where a page is wider than the view these move over it.
    if (event.key.startsWith('Arrow') && scrollWidth > clientWidth + 1) return
    if (event.key === '+' || event.key === '=') step(1)
    else if (event.key === '-') step(-1)
    else if (event.key === '0') setZoom('fit')
    else if (event.key === 'ArrowRight') goTo(Math.min(count, current + 1), 0)
    else if (event.key === 'ArrowLeft') goTo(Math.max(1, current - 1), 0)
    else return
    event.preventDefault()
  }

  return (
    <>
      <div className="pdf-tools" role="toolbar" aria-label="Pages">
        <IconButton
          label="Previous page"
          icon={<ChevronLeft size={16} aria-hidden />}
          isDisabled={current <= 1}
          onPress={() => goTo(current - 1, 0)}
        />
        <PageField current={current} count={count} onGo={(page) => goTo(page, 0)} />
        <IconButton
          label="Next page"
          icon={<ChevronRight size={16} aria-hidden />}
          isDisabled={current >= count}
          onPress={() => goTo(current + 1, 0)}
        />
        <span className="pdf-tools-gap" />
        <IconButton
          label="Smaller (-)"
          icon={<Minus size={16} aria-hidden />}
          isDisabled={scale / pixelsPerPoint <= (zooms[0] ?? 0) + 0.01}
          onPress={() => step(-1)}
        />
        <span className="pdf-zoom number" role="status" aria-label="Size of the pages">
          {Math.round((scale / pixelsPerPoint) * 100)} %
        </span>
        <IconButton
          label="Larger (+)"
          icon={<Plus size={16} aria-hidden />}
          isDisabled={scale / pixelsPerPoint >= (zooms.at(-1) ?? 0) - 0.01}
          onPress={() => step(1)}
        />
        <IconButton
          label="Fit the width (0)"
          icon={<MoveHorizontal size={16} aria-hidden />}
          isDisabled={zoom === 'fit'}
          onPress={() => setZoom('fit')}
        />
        <PageLinks pdf={pdf} number={current} />
      </div>
      <div
        ref={scroller}
        className="pdf-scroller"
        role="region"
        aria-label={`Pages of ${shown.name}`}
        tabIndex={0}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
      >
        <div className="pdf-sheet" style={{ height: bottom ? bottom.top + bottom.height + gap : 0, width: widest }}>
          {numbers.map((number) => {
            const placed = layout[number - 1]
            if (!placed) return null
            return (
              <PdfPage
                key={number}
                pdf={pdf}
                number={number}
                size={sizes.get(number) ?? usual}
                scale={scale}
                left={Math.max(margin, (widest - placed.width) / 2)}
                top={placed.top}
                cited={cited}
                onSize={onSize}
              />
            )
          })}
        </div>
      </div>
    </>
  )
}

/** US Letter, in points: what stands for a page that cannot be opened. */
const letter: PageSize = { width: 612, height: 792 }

interface PlacedPage {
  top: number
  width: number
  height: number
}

function layOut(count: number, sizes: ReadonlyMap<number, PageSize>, usual: PageSize, scale: number): PlacedPage[] {
  let top = gap
  return Array.from({ length: count }, (_, index) => {
    const size = sizes.get(index + 1) ?? usual
    const placed = { top, width: size.width * scale, height: size.height * scale }
    top += placed.height + gap
    return placed
  })
}

/** The page at a height, or the nearest one; 1-based. */
function pageAtHeight(layout: readonly PlacedPage[], height: number): number {
  let low = 0
  let high = layout.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((layout[middle]?.top ?? 0) <= height) low = middle
    else high = middle - 1
  }
  return low + 1
}

function PageField({ current, count, onGo }: { current: number; count: number; onGo(page: number): void }) {
  const [value, setValue] = useState(String(current))
  const [known, setKnown] = useState(current)
  if (known !== current) {
    setKnown(current)
    setValue(String(current))
  }
  return (
    <form
      className="pdf-page-field"
      onSubmit={(event) => {
        event.preventDefault()
        const page = Number(value)
        if (Number.isInteger(page) && page >= 1 && page <= count) onGo(page)
        else setValue(String(current))
      }}
    >
      <input
        className="input number"
        aria-label={`Page, of ${count}`}
        inputMode="numeric"
        value={value}
        onChange={(event) => setValue(event.target.value)}
        onFocus={(event) => event.target.select()}
      />
      <span className="soft number">of {count.toLocaleString('en')}</span>
    </form>
  )
}

/** Addresses that the page links to: as text to be read, opened only outside and only where a person says so. */
function PageLinks({ pdf, number }: { pdf: PDFDocumentProxy; number: number }) {
  const [found, setFound] = useState<{ number: number; links: string[] }>({ number: 0, links: [] })
  useEffect(() => {
    let isLeft = false
    const look = async (): Promise<void> => {
      const page = await pdf.getPage(number)
      const annotations: unknown[] = await page.getAnnotations({ intent: 'display' })
      if (!isLeft) setFound({ number, links: [...new Set(annotations.flatMap(addressOf))].slice(0, 50) })
    }
    // Not for every page that only passes by.
    const timer = setTimeout(() => void look().catch(() => {}), 150)
    return () => {
      isLeft = true
      clearTimeout(timer)
    }
  }, [pdf, number])
  if (found.number !== number || found.links.length === 0) return null
  return (
    <Menu
      label="Links on this page"
      trigger={
        <Button look="quiet" small icon={<LinkIcon size={14} aria-hidden />}>
          {formatNumberOf(found.links.length, 'link')}
        </Button>
      }
      entries={found.links.map((link) => ({
        id: link,
        label: link,
        onAction: () => void shell.openExternal(link).catch(sayFailure),
      }))}
    />
  )
}

function addressOf(annotation: unknown): string[] {
  if (typeof annotation !== 'object' || annotation === null || !('url' in annotation)) return []
  const { url } = annotation
  return typeof url === 'string' && URL.parse(url)?.protocol === 'https:' ? [url.slice(0, 2000)] : []
}

/** What is selected on one page, as its letters. Selections over several pages are told by none of them. */
function selectionOn(scroller: HTMLElement): PageSelection | null {
  const selection = window.getSelection()
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null
  const range = selection.getRangeAt(0)
  if (!scroller.contains(range.commonAncestorContainer)) return null
  const pages = [...scroller.querySelectorAll<HTMLElement>('.pdf-page')].filter((page) => range.intersectsNode(page))
  const pieces = pages.flatMap((page) => [...page.querySelectorAll<HTMLElement>('.pdf-words span')])
  const touched = pieces.filter((piece) => range.intersectsNode(piece))
  const [start] = touched
  const end = touched.at(-1)
  const page = start?.closest<HTMLElement>('.pdf-page')
  if (!start || !end || !page || end.closest('.pdf-page') !== page) return null
  const own = [...page.querySelectorAll<HTMLElement>('.pdf-words span')]
  const letters = lettersOf(own.map((piece) => piece.textContent ?? ''))
  const from = start.contains(range.startContainer) ? range.startOffset : 0
  const to = end.contains(range.endContainer) ? range.endOffset : (end.textContent?.length ?? 0)
  const firstPiece = own.indexOf(start)
  const lastPiece = own.indexOf(end)
  const inside = letters.pieces.flatMap((piece, index) => {
    const offset = letters.offsets[index] ?? 0
    if (piece < firstPiece || piece > lastPiece) return []
    if (piece === firstPiece && offset < from) return []
    return piece === lastPiece && offset >= to ? [] : [index]
  })
  const [firstLetter] = inside
  const lastLetter = inside.at(-1)
  if (firstLetter === undefined || lastLetter === undefined) return null
  return { page: Number(page.dataset.page), letters, start: firstLetter, end: lastLetter + 1 }
}
