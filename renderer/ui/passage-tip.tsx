import { useMemo, useSyncExternalStore, type FocusEvent, type PointerEvent } from 'react'
import { Tooltip } from 'react-aria-components'

/** The words of a passage and where they stand. */
export interface TipWords {
  place: string
  text: string
}

interface Shown extends TipWords {
  anchor: HTMLElement
}

let shown: Shown | null = null
let timer: ReturnType<typeof setTimeout> | undefined
const listeners = new Set<() => void>()

function show(next: Shown | null): void {
  clearTimeout(timer)
  if (shown === next) return
  shown = next
  for (const listener of listeners) listener()
}

/** On hover, milliseconds. */
const delayMs = 150
const tipId = 'passage-tip'

/**
 * What a button needs so that its passage is shown on hover and focus. There is one tip for all of them: a conversation
 * has thousands of such buttons, and those in sight come and go while it is scrolled.
 */
export function passageTip(words: () => TipWords) {
  return {
    onPointerEnter: ({ currentTarget, pointerType }: PointerEvent<HTMLElement>): void => {
      if (pointerType === 'touch') return
      clearTimeout(timer)
      timer = setTimeout(() => show({ ...words(), anchor: currentTarget }), delayMs)
    },
    onPointerLeave: (): void => show(null),
    onFocus: ({ currentTarget }: FocusEvent<HTMLElement>): void => {
      if (currentTarget.matches(':focus-visible')) show({ ...words(), anchor: currentTarget })
    },
    onBlur: (): void => show(null),
    'aria-describedby': tipId,
  }
}

/** The one tip. It stands once in the page. Escape closes it. */
export function PassageTip() {
  const tip = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => shown,
  )
  const anchor = useMemo(() => ({ current: tip?.anchor ?? null }), [tip])
  if (!tip?.anchor.isConnected) return null
  return (
    <Tooltip
      key={`${tip.place} ${tip.text}`}
      className="tip tip-passage"
      triggerRef={anchor}
      isOpen
      offset={6}
      onOpenChange={(isOpen) => {
        if (!isOpen) show(null)
      }}
    >
      <span id={tipId}>
        <span className="tip-place">{tip.place}</span>
        <span className="tip-text">{tip.text}</span>
      </span>
    </Tooltip>
  )
}
