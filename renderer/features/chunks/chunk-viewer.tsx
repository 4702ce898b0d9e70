import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { Switch } from 'react-aria-components'
import type { ChunkEdit, ShownChunk } from '../../../core/contract/chunks.ts'
import { formatCount } from '../../ui/format.ts'
import { Histogram } from '../../ui/histogram.tsx'
import type { Span } from '../../ui/text-blocks.ts'
import { figuresOf, figuresText, sizesOf } from './chunk-figures.ts'
import { ChunkList, type ChunkActions } from './chunk-list.tsx'
import { answerSpanOf, ordinalsIn, toSegments, toSpans } from './segments.ts'
import { SourcePane, type SourceText, type Target } from './source-pane.tsx'

interface Props {
  source: SourceText
  chunks: ShownChunk[]
  edits?: ChunkEdit[]
  /** Position in `chunks` of the one that is chosen. */
  active: number
  onActive(index: number): void
  actions?: ChunkActions | null
  /** Beside the figures. */
  note?: ReactNode
  /** Buttons at the end of the bar. */
  tools?: ReactNode
  onSelect?(span: Span | null): void
}

/** A text and its chunks side by side, linked both ways. */
export function ChunkViewer({
  source,
  chunks,
  edits = none,
  active,
  onActive,
  actions = null,
  note,
  tools,
  onSelect = ignore,
}: Props) {
  const pane = useRef<HTMLDivElement>(null)
  const focusList = useRef(() => {})
  const [showElements, setShowElements] = useState(false)
  const [hovered, setHovered] = useState<number | null>(null)
  const [target, setTarget] = useState<Target | null>(null)
  const spans = useMemo(() => toSpans(chunks), [chunks])
  const segments = useMemo(
    () =>
      toSegments(
        source.length,
        spans.map((span) => span.start),
      ),
    [source.length, spans],
  )
  const figures = useMemo(() => figuresOf(chunks), [chunks])
  const index = Math.min(active, Math.max(0, chunks.length - 1))
  const chosen = chunks[index]
  const pointed = hovered === null ? undefined : chunks[hovered]
  const answering = useMemo(() => {
    const found = pointed ?? chosen
    return ordinalsIn(chunks, found ? answerSpanOf(found) : null)
  }, [chunks, pointed, chosen])
  const lit = useMemo(
    () => [...new Set([pointed, chosen].flatMap((chunk) => (chunk ? [chunk.ordinal] : [])))],
    [pointed, chosen],
  )

  const show = useCallback((chunk: ShownChunk | undefined): void => {
    if (chunk) setTarget({ ordinal: chunk.ordinal, start: chunk.start })
  }, [])
  // Where it is chosen from outside (the address, another document), the source follows.
  const shownStart = useRef<number | null>(null)
  useEffect(() => {
    if (!chosen || shownStart.current === chosen.start) return
    shownStart.current = chosen.start
    show(chosen)
  }, [chosen, show])
  // The hand passes over many chunks on its way to one.
  useEffect(() => {
    if (!pointed) return undefined
    const timer = setTimeout(() => show(pointed), 160)
    return () => clearTimeout(timer)
  }, [pointed, show])

  const pick = (ordinal: number): void => {
    const found = chunks.findIndex((chunk) => chunk.ordinal === ordinal)
    if (found < 0) return
    // It is in view already: clicking must not move the text under the hand.
    shownStart.current = chunks[found]?.start ?? null
    onActive(found)
  }
  return (
    <div className="chunk-viewer">
      <div className="chunk-bar">
        <Histogram sizes={sizesOf(chunks)} unit={figures.unit} />
        <p className="chunk-figures number">
          {figuresText(figures)}
          {chunks.length > 1 ? (
            <span className="soft">
              {' '}
              · median {formatCount(figures.median)} · {formatCount(figures.tokens)} in all
            </span>
          ) : null}
          {note}
        </p>
        <div className="chunk-tools">
          <Switch className="switch" isSelected={showElements} onChange={setShowElements}>
            <span className="switch-track" aria-hidden>
              <span className="switch-knob" />
            </span>
            Elements
          </Switch>
          {tools}
        </div>
      </div>
      <div className="chunk-panes">
        <SourcePane
          source={source}
          segments={segments}
          spans={spans}
          lit={lit}
          answering={answering}
          target={target}
          showElements={showElements}
          pane={pane}
          onPick={pick}
          onSelect={onSelect}
          onLeave={() => focusList.current()}
        />
        <ChunkList
          chunks={chunks}
          edits={edits}
          active={index}
          onActive={(next, by) => {
            onActive(next)
            if (by === 'pointer') show(chunks[next])
          }}
          onHover={setHovered}
          onJump={(next) => {
            show(chunks[next])
            pane.current?.focus({ preventScroll: true })
          }}
          actions={actions}
          handle={(focus) => (focusList.current = focus)}
        />
      </div>
    </div>
  )
}

const none: ChunkEdit[] = []
const ignore = (): void => {}
