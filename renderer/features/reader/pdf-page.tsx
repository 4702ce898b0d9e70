import { useEffect, useRef, useState } from 'react'
import { AnnotationMode, type PDFDocumentProxy, type PDFPageProxy, type RenderTask, TextLayer } from 'pdfjs-dist'
import type { Box } from '../../../core/contract/parsed-document.ts'
import { lettersOf, matchLetters, type Stretch, stretchesOf } from './words.ts'

/** A part of the cited passage: its words, and where their element stands. */
export interface CitedPart {
  text: string
  boxes: Box[]
}

export interface PageSize {
  /** PDF points, as the page is looked at: turned, and cut to its crop box. */
  width: number
  height: number
}

/** Points from the top left corner of the page. */
type Place = Pick<Box, 'x' | 'y' | 'width' | 'height'>

/** Larger than this a page is drawn more coarsely than the screen could show: 16 million pixels are 64 MB. */
const mostPixels = 16_000_000

/** One page: drawn, with its words over it to be selected, and what is cited marked. */
export function PdfPage({
  pdf,
  number,
  size,
  scale,
  left,
  top,
  cited,
  onSize,
}: {
  pdf: PDFDocumentProxy
  number: number
  size: PageSize
  /** CSS pixels a point. */
  scale: number
  left: number
  top: number
  cited: CitedPart[]
  onSize(number: number, size: PageSize): void
}) {
  const frame = useRef<HTMLDivElement>(null)
  const drawing = useRef<HTMLDivElement>(null)
  const words = useRef<HTMLDivElement>(null)
  const [page, setPage] = useState<PDFPageProxy | null>(null)
  const [textDivs, setTextDivs] = useState<HTMLElement[] | null>(null)
  const [marks, setMarks] = useState<Place[]>([])
  const [isDrawn, setDrawn] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)

  useEffect(() => {
    let isLeft = false
    let opened: PDFPageProxy | undefined
    pdf.getPage(number).then(
      (got) => {
        opened = got
        if (isLeft) return void got.cleanup()
        const { width, height } = got.getViewport({ scale: 1 })
        onSize(number, { width, height })
        setPage(got)
      },
      () => {
        if (!isLeft) setProblem('This page is damaged and cannot be shown. The Text view has what could be read.')
      },
    )
    return () => {
      isLeft = true
      opened?.cleanup()
    }
  }, [pdf, number, onSize])

  useEffect(() => {
    if (!page || !drawing.current) return undefined
    const holder = drawing.current
    const viewport = page.getViewport({ scale })
    const wanted = window.devicePixelRatio || 1
    const ratio = Math.min(wanted, Math.sqrt(mostPixels / (viewport.width * viewport.height)))
    // Each drawing has a canvas of its own: the one before stays, stretched, until the new one is ready.
    const canvas = document.createElement('canvas')
    canvas.width = Math.max(1, Math.floor(viewport.width * ratio))
    canvas.height = Math.max(1, Math.floor(viewport.height * ratio))
    const task: RenderTask = page.render({
      canvas,
      viewport,
      transform: [ratio, 0, 0, ratio, 0, 0],
      // What forms and notes show is drawn; nothing of them can be pressed.
      annotationMode: AnnotationMode.ENABLE,
    })
    task.promise.then(
      () => {
        for (const old of holder.querySelectorAll('canvas')) old.width = old.height = 0
        holder.replaceChildren(canvas)
        setDrawn(true)
      },
      (error: unknown) => {
        if (error instanceof Error && error.name === 'RenderingCancelledException') return
        setProblem('This page cannot be drawn. The Text view has what could be read.')
      },
    )
    return () => task.cancel()
  }, [page, scale])
  useEffect(() => {
    const holder = drawing.current
    // Browsers give the memory of canvases back late otherwise.
    return () => {
      for (const canvas of holder?.querySelectorAll('canvas') ?? []) canvas.width = canvas.height = 0
    }
  }, [])

  useEffect(() => {
    if (!page || !words.current) return undefined
    const container = words.current
    const layer = new TextLayer({
      textContentSource: page.streamTextContent({ includeMarkedContent: false }),
      container,
      viewport: page.getViewport({ scale: 1 }),
    })
    let isLeft = false
    layer.render().then(
      () => {
        if (isLeft) return
        // One a piece of text, empty ones too: they are not in the page, and hold nothing.
        setTextDivs(layer.textDivs.filter((div) => div.isConnected))
      },
      () => {},
    )
    return () => {
      isLeft = true
      layer.cancel()
      container.replaceChildren()
    }
  }, [page])

  useEffect(() => {
    if (textDivs && frame.current) setMarks(placesOf(textDivs, frame.current, cited, number))
  }, [textDivs, cited, number])

  const boxes = cited.flatMap((part) => part.boxes.filter((box) => box.page === number))
  const placed = ({ x, y, width, height }: Place) => ({
    left: x * scale,
    top: y * scale,
    width: width * scale,
    height: height * scale,
  })
  return (
    <div
      ref={frame}
      className="pdf-page"
      role="group"
      aria-label={`Page ${number}`}
      data-page={number}
      data-drawn={isDrawn || undefined}
      data-cited={boxes.length > 0 || undefined}
      style={
        {
          left,
          top,
          width: size.width * scale,
          height: size.height * scale,
          '--total-scale-factor': scale,
        } as React.CSSProperties
      }
    >
      <div ref={drawing} className="pdf-drawing" aria-hidden />
      {boxes.map((box, index) => (
        <div key={`box-${index}`} className="pdf-box" aria-hidden style={placed(box)} />
      ))}
      {marks.map((mark, index) => (
        <div key={`word-${index}`} className="pdf-mark" aria-hidden style={placed(mark)} />
      ))}
      <div ref={words} className="pdf-words" />
      {boxes.length > 0 ? <p className="visually-hidden">What is cited is on this page.</p> : null}
      {problem ? <p className="pdf-problem">{problem}</p> : null}
    </div>
  )
}

/** Where the cited words stand on the page; none where they cannot be told, as in scans: the boxes are marked anyway. */
function placesOf(divs: HTMLElement[], frame: HTMLElement, cited: CitedPart[], number: number): Place[] {
  const own = frame.getBoundingClientRect()
  const scale = Number(frame.style.getPropertyValue('--total-scale-factor')) || 1
  const toPlace = (rect: DOMRect): Place => ({
    x: (rect.left - own.left) / scale,
    y: (rect.top - own.top) / scale,
    width: rect.width / scale,
    height: rect.height / scale,
  })
  const standing = divs.map((div) => ({ div, place: toPlace(div.getBoundingClientRect()) }))
  const places: Place[] = []
  for (const { text, boxes } of cited) {
    const here = boxes.filter((box) => box.page === number)
    if (here.length === 0) continue
    const inside = standing.filter(({ place }) => here.some((box) => holdsMiddle(box, place))).map(({ div }) => div)
    const letters = lettersOf(inside.map((div) => div.textContent ?? ''))
    for (const { start, end } of matchLetters(letters.text, lettersOf([text]).text)) {
      for (const stretch of stretchesOf(letters, start, end)) places.push(...rectsOf(inside, stretch).map(toPlace))
    }
  }
  return places.filter((place) => place.width > 0 && place.height > 0)
}

function rectsOf(divs: HTMLElement[], { piece, start, end }: Stretch): DOMRect[] {
  const text = divs[piece]?.firstChild
  if (!text) return []
  const range = document.createRange()
  range.setStart(text, start)
  range.setEnd(text, Math.min(end, text.textContent?.length ?? end))
  return [...range.getClientRects()]
}

/** A little more than the box: letters reach over it. */
const reach = 3

function holdsMiddle(box: Box, { x, y, width, height }: Place): boolean {
  const [middleX, middleY] = [x + width / 2, y + height / 2]
  const [right, bottom] = [box.x + box.width, box.y + box.height]
  // A line may go on beside the box; how high it stands tells more.
  const overlaps = x < right + reach && x + width > box.x - reach
  return overlaps && middleY > box.y - reach && middleY < bottom + reach && middleX < right + width
}
