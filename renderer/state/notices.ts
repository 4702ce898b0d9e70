import { create } from 'zustand'
import type { ErrorData } from '../../core/contract/errors.ts'
import { toFailure } from './failure.ts'

export interface Notice {
  id: number
  tone: 'info' | 'danger'
  text: string
  /** For the curious and for bug reports. */
  failure: ErrorData | null
}

interface NoticeStore {
  notices: Notice[]
  /** Says something in passing; it goes by itself unless it is an error. */
  say(text: string): void
  dismiss(id: number): void
}

let nextId = 1

export const useNotices = create<NoticeStore>((set) => ({
  notices: [],
  say: (text) => {
    const id = nextId++
    set((state) => ({ notices: [...state.notices, { id, tone: 'info' as const, text, failure: null }].slice(-4) }))
    setTimeout(() => useNotices.getState().dismiss(id), 6000)
  },
  dismiss: (id) => set((state) => ({ notices: state.notices.filter((notice) => notice.id !== id) })),
}))

/** Shows what went wrong, unless it was a cancellation. */
export function sayFailure(error: unknown): void {
  const failure = toFailure(error)
  if (!failure) return
  const notice: Notice = { id: nextId++, tone: 'danger', text: failure.message, failure }
  useNotices.setState((state) => ({ notices: [...state.notices, notice].slice(-4) }))
}
