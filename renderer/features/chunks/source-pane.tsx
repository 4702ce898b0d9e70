import { useVirtualizer } from '@tanstack/react-virtual'
import {
  memo,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
  type RefObject,
} from 'react'
import type { ErrorData } from '../../../core/contract/errors.ts'
import { toFailure } from '../../state/failure.ts'
import { BlockView, isFlowing } from '../../ui/block-view.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { selectedSpan } from '../../ui/selected-span.ts'
import { spansIn, toBlocks, type Block, type NamedSpan, type Span, type TextWindow } from '../../ui/text-blocks.ts'
import { segmentAt } from './segments.ts'

/** A text that is read in windows: one of the workspace, or one that is only looked at. */
export interface SourceText {
  /** File name. */
  name: string
  type: string
  length: number
  read(span: Span, signal: AbortSignal): Promise<TextWindow>
  /** What is at hand without asking the core. */
  peek?(span: Span): TextWindow
}

/** A chunk to be brought into view; another object each time it is asked for. */
export interface Target {
  ordinal: number
  start: number
}

interface Props {
  source: SourceText
  segments: Span[]
  /** In order of their beginnings. */
  spans: NamedSpan[]
  /** Ordinals of the chunks to light up. */
  lit: number[]
  /** Ordinals of the chunks that are given to answer with where a lit one is found. */
  answering: number[]
  target: Target | null
  showElements: boolean
  pane: RefObject<HTMLDivElement | null>
  onPick(ordinal: number): void
  onSelect(span: Span | null): void
  /** Escape: back to the list of chunks. */
  onLeave(): void
}

/**
 * The document's text with the borders of its chunks. Only the stretches near the viewport exist; each is read when it
 * comes near. A region that scrolls and takes the focus (WCAG 2.1.1).
 */
export function SourcePane({
  source,
  segments,
  spans,
  lit,
  answering,
  target,
  showElements,
  pane,
  onPick,
  onSelect,
  onLeave,
}: Props) {
  const pending = useRef<Target | null>(null)
  const cache = useCache(source)
  // Its functions change with each scroll and are used here only, never handed to a memoised part.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtualizer = useVirtualizer({
    count: segments.length,
    getScrollElement: () => pane.current,
    estimateSize: (index) => {
      const segment = segments[index]
      return segment ? Math.max(60, (segment.end - segment.start) * 0.42) : 60
    },
    getItemKey: (index) => `${segments[index]?.start ?? ''}-${segments[index]?.end ?? ''}`,
    overscan: 1,
    useFlushSync: false,
  })

  const settle = (): void => {
    const wanted = pending.current
    const box = pane.current
    if (!wanted || !box) return
    const found = box.querySelector<HTMLElement>(`[data-spans~="${wanted.ordinal}"]`)
    if (found) {
      pending.current = null
      const { top, bottom } = found.getBoundingClientRect()
      const view = box.getBoundingClientRect()
      if (top < view.top + 8 || bottom > view.bottom - 8) {
        box.scrollTop += top - view.top - Math.min(box.clientHeight * 0.25, 140)
      }
    } else virtualizer.scrollToIndex(segmentAt(segments, wanted.start), { align: 'start' })
  }
  const latestSettle = useRef(settle)
  useEffect(() => {
    latestSettle.current = settle
  })
  useEffect(() => {
    pending.current = target
    latestSettle.current()
  }, [target])

  // Lighting a chunk up touches a few elements; drawing the text again for each hover would not keep up with the hand.
  const light = (): void => {
    const box = pane.current
    if (!box) return
    for (const element of box.querySelectorAll<HTMLElement>('[data-lit]')) delete element.dataset.lit
    for (const element of box.querySelectorAll<HTMLElement>('[data-answers]')) delete element.dataset.answers
    for (const ordinal of answering) {
      for (const element of box.querySelectorAll<HTMLElement>(`[data-spans~="${ordinal}"]`))
        element.dataset.answers = ''
    }
    for (const ordinal of lit) {
      for (const element of box.querySelectorAll<HTMLElement>(`[data-spans~="${ordinal}"]`)) element.dataset.lit = ''
    }
  }
  useLayoutEffect(light)
  const [stable] = useState(() => ({ light, drawn: () => {} }))
  useEffect(() => {
    stable.light = light
    stable.drawn = () => {
      stable.light()
      latestSettle.current()
    }
  })
  const onDrawn = useMemo(() => () => stable.drawn(), [stable])

  useEffect(() => {
    const follow = (): void => {
      if (pane.current) onSelect(selectedSpan(pane.current))
    }
    document.addEventListener('selectionchange', follow)
    return () => document.removeEventListener('selectionchange', follow)
  }, [pane, onSelect])

  const onClick = (event: MouseEvent): void => {
    if (window.getSelection()?.isCollapsed === false || !(event.target instanceof Element)) return
    const held = event.target.closest<HTMLElement>('[data-spans]')?.dataset.spans?.split(' ').map(Number) ?? []
    // Where chunks overlap, each click goes on to the next one.
    const next = held[(held.findIndex((ordinal) => lit.includes(ordinal)) + 1) % held.length]
    if (next !== undefined) onPick(next)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return
    event.stopPropagation()
    onLeave()
  }

  return (
    <div
      ref={pane}
      className={`origin reading${isFlowing(source.type) ? '' : ' reader-preserve'}${showElements ? ' origin-kinds' : ''}`}
      role="region"
      aria-label={`Text of ${source.name}`}
      tabIndex={0}
      onClick={onClick}
      onKeyDown={onKeyDown}
    >
      <div className="origin-length" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((item) => {
          const segment = segments[item.index]
          return segment ? (
            <div
              key={item.key}
              ref={virtualizer.measureElement}
              data-index={item.index}
              className="origin-segment"
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <Segment
                source={source}
                segment={segment}
                spans={spans}
                cache={cache}
                estimatePx={item.size}
                onDrawn={onDrawn}
              />
            </div>
          ) : null
        })}
      </div>
    </div>
  )
}

/** What was read of a source, to be there at once when it is scrolled back to. */
function useCache(source: SourceText): Map<string, TextWindow> {
  const [kept] = useState(() => new WeakMap<SourceText, Map<string, TextWindow>>())
  const known = kept.get(source) ?? new Map<string, TextWindow>()
  kept.set(source, known)
  return known
}

const Segment = memo(function Segment({
  source,
  segment,
  spans,
  cache,
  estimatePx,
  onDrawn,
}: {
  source: SourceText
  segment: Span
  spans: NamedSpan[]
  cache: Map<string, TextWindow>
  estimatePx: number
  onDrawn(): void
}) {
  const { start, end } = segment
  const key = `${start}-${end}`
  const [read, setRead] = useState<{ source: SourceText; window: TextWindow } | null>(null)
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const [attempt, setAttempt] = useState(0)
  const asked = read?.source === source ? read.window : cache.get(key)
  const window = useMemo(() => asked ?? source.peek?.({ start, end }), [asked, source, start, end])
  const known = window !== undefined
  useEffect(() => {
    if (known) return undefined
    const controller = new AbortController()
    const { signal } = controller
    const load = async (): Promise<void> => {
      try {
        const answer = await source.read({ start, end }, signal)
        if (signal.aborted) return
        if (cache.size > mostCached) cache.clear()
        cache.set(key, answer)
        setRead({ source, window: answer })
        setFailure(null)
      } catch (error) {
        if (!signal.aborted) setFailure(toFailure(error))
      }
    }
    void load()
    return () => controller.abort()
  }, [source, key, start, end, cache, attempt, known])
  const blocks = useMemo(
    () => (window ? toBlocks({ ...window, continues: start > 0 }, null, spansIn(spans, segment)) : []),
    [window, spans, segment, start],
  )
  useLayoutEffect(onDrawn, [blocks, onDrawn])
  if (failure) return <FailureNote failure={failure} onRetry={() => setAttempt((count) => count + 1)} />
  if (!window) return <div className="origin-waiting" style={{ height: estimatePx }} />
  return blocks.map((block, index) => (
    <div key={`${block.start}-${index}`} className="origin-block">
      {block.kind === 'page-break' ? null : <span className="origin-kind">{kindLabel(block)}</span>}
      <BlockView block={block} />
    </div>
  ))
})

/** A hundred stretches are more than anybody scrolls past in a minute. */
const mostCached = 100

function kindLabel(block: Exclude<Block, { kind: 'page-break' }>): string {
  if (block.kind === 'heading') return `heading ${block.level}`
  return block.kind.replace('-', ' ')
}
