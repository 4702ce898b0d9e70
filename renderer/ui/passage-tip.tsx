import { useEffect, useLayoutEffect, useRef, useSyncExternalStore, type FocusEvent, type PointerEvent } from 'react'

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
    // What is pressed opens the passage itself.
    onPointerDown: (): void => show(null),
    onFocus: ({ currentTarget }: FocusEvent<HTMLElement>): void => {
      if (currentTarget.matches(':focus-visible')) show({ ...words(), anchor: currentTarget })
    },
    onBlur: (): void => show(null),
    'aria-describedby': tipId,
  }
}

/** The one tip. It stands once in the page. Escape and scrolling close it. */
export function PassageTip() {
  const tip = useSyncExternalStore(subscribe, () => shown)
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    if (tip && box.current) place(box.current, tip.anchor)
  }, [tip])
  useEffect(() => {
    if (!tip) return undefined
    const controller = new AbortController()
    const options = { capture: true, signal: controller.signal }
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return
      event.preventDefault()
      event.stopPropagation()
      show(null)
    }
    window.addEventListener('keydown', onKey, options)
    window.addEventListener('scroll', () => show(null), options)
    // The button may go while the tip is there: with its page, or with its message.
    const timer = setInterval(() => {
      if (!tip.anchor.isConnected) show(null)
    }, 100)
    return () => {
      controller.abort()
      clearInterval(timer)
    }
  }, [tip])
  if (!tip) return null
  return (
    <div ref={box} id={tipId} role="tooltip" className="tip tip-passage passage-tip">
      <span className="tip-place">{tip.place}</span>
      <span className="tip-text">{tip.text}</span>
    </div>
  )
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Pixels between the button and the tip, and between the tip and the window's edge. */
const gap = 6

/** Above the button, or below it where there is no room. */
function place(box: HTMLElement, anchor: HTMLElement): void {
  const button = anchor.getBoundingClientRect()
  const { width, height } = box.getBoundingClientRect()
  const left = button.left + button.width / 2 - width / 2
  const above = button.top - gap - height
  box.style.left = `${Math.max(gap, Math.min(left, window.innerWidth - width - gap))}px`
  box.style.top = `${above >= gap ? above : button.bottom + gap}px`
}
