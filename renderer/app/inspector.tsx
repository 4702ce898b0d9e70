import { useEffect, useRef, type KeyboardEvent, type PointerEvent } from 'react'
import { ChevronDown, ChevronUp, X } from 'lucide-react'
import { Reader } from '../features/reader/reader.tsx'
import { useInspector } from '../state/inspector.ts'
import { usePreferences } from '../state/preferences.ts'
import { IconButton } from '../ui/button.tsx'
import { ErrorBoundary } from './error-boundary.tsx'

const leastPx = 320
const mostPx = 960

/** The panel on the right: one passage or document of a list. Escape closes it and gives the focus back. */
export function Inspector() {
  const { items, index, step, close } = useInspector()
  const width = usePreferences((state) => state.inspectorWidth)
  const panel = useRef<HTMLElement>(null)
  const item = items[index]
  const isOpen = item !== undefined
  useEffect(() => {
    if (isOpen) panel.current?.focus({ preventScroll: true })
  }, [isOpen])
  if (!item) return null
  return (
    <aside
      ref={panel}
      className="inspector"
      aria-label="Inspector"
      tabIndex={-1}
      style={{ '--inspector-width': `${width}px` } as React.CSSProperties}
    >
      <Splitter width={width} />
      <header className="inspector-header">
        <span className="inspector-label">{item.label}</span>
        {items.length > 1 ? (
          <>
            <span className="soft number" role="status">
              {index + 1} of {items.length}
            </span>
            <IconButton
              label="Previous (p)"
              icon={<ChevronUp size={16} aria-hidden />}
              onPress={() => step(-1)}
              isDisabled={index === 0}
            />
            <IconButton
              label="Next (n)"
              icon={<ChevronDown size={16} aria-hidden />}
              onPress={() => step(1)}
              isDisabled={index === items.length - 1}
            />
          </>
        ) : null}
        <IconButton label="Close (Esc)" icon={<X size={16} aria-hidden />} onPress={() => close()} />
      </header>
      <ErrorBoundary key={`${item.documentId} ${item.span?.start ?? ''}`}>
        <Reader link={item} />
      </ErrorBoundary>
    </aside>
  )
}

/** Moves the panel's edge by pointer or arrow keys (APG: window splitter). */
function Splitter({ width }: { width: number }) {
  const set = (next: number): void =>
    usePreferences.getState().set({ inspectorWidth: Math.round(Math.min(Math.max(next, leastPx), mostPx)) })
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = event.shiftKey ? 96 : 24
    if (event.key === 'ArrowLeft') set(width + by)
    else if (event.key === 'ArrowRight') set(width - by)
    else if (event.key === 'Home') set(mostPx)
    else if (event.key === 'End') set(leastPx)
    else return
    event.preventDefault()
  }
  const onPointerDown = (event: PointerEvent<HTMLDivElement>): void => {
    event.preventDefault()
    event.currentTarget.setPointerCapture(event.pointerId)
  }
  const onPointerMove = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) set(window.innerWidth - event.clientX)
  }
  return (
    <div
      className="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the inspector"
      aria-valuenow={width}
      aria-valuemin={leastPx}
      aria-valuemax={mostPx}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
    />
  )
}
