import { useEffect, useRef, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react'
import { ChevronDown, ChevronUp, X } from 'lucide-react'
import { usePreferences } from '../state/preferences.ts'
import { IconButton } from './button.tsx'

const leastPx = 320
const mostPx = 960

/** The panel on the right: one thing, mostly one of a list. It takes the focus when it opens. */
export function SidePanel({
  name,
  label,
  place,
  onStep,
  onClose,
  children,
}: {
  /** Of the landmark. */
  name: string
  label: ReactNode
  /** Which of a list is shown; null where it is none. */
  place: { index: number; count: number } | null
  onStep(by: 1 | -1): void
  onClose(): void
  children: ReactNode
}) {
  const width = usePreferences((state) => state.inspectorWidth)
  const panel = useRef<HTMLElement>(null)
  useEffect(() => {
    panel.current?.focus({ preventScroll: true })
  }, [])
  return (
    <aside
      ref={panel}
      className="inspector"
      aria-label={name}
      tabIndex={-1}
      style={{ '--inspector-width': `${width}px` } as React.CSSProperties}
    >
      <Splitter width={width} />
      <header className="inspector-header">
        <span className="inspector-label">{label}</span>
        {place && place.count > 1 ? (
          <>
            <span className="soft number" role="status">
              {place.index + 1} of {place.count}
            </span>
            <IconButton
              label="Previous (p)"
              icon={<ChevronUp size={16} aria-hidden />}
              onPress={() => onStep(-1)}
              isDisabled={place.index <= 0}
            />
            <IconButton
              label="Next (n)"
              icon={<ChevronDown size={16} aria-hidden />}
              onPress={() => onStep(1)}
              isDisabled={place.index === place.count - 1}
            />
          </>
        ) : null}
        <IconButton label="Close (Esc)" icon={<X size={16} aria-hidden />} onPress={onClose} />
      </header>
      {children}
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
