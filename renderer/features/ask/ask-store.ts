import { create } from 'zustand'
import type { AnswerSpan, Citation, PassageMode } from '../../../core/contract/ask.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { RetrievedPassage } from '../../../core/contract/search.ts'
import type { CollectionId, TraceId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'

/** One question of this session and what came of it. */
export interface Turn {
  id: number
  collectionId: CollectionId
  question: string
  /** Only documents that match were asked; '' for all. */
  filter: string
  /** The one document that is left is to be read as a whole. */
  isWhole: boolean
  state: 'asking' | 'done' | 'stopped' | 'failed'
  answer: string
  citations: Citation[]
  /** Sentences of the answer that the sources do not say. */
  unsupported: AnswerSpan[]
  /** Null until the search has ended. */
  passages: RetrievedPassage[] | null
  passageMode: PassageMode
  /** Why a document was not read as a whole. */
  note: string | null
  /** What was found has little to do with the question. */
  lowRelevance: boolean
  /** Citations that were taken out because no source has them. */
  invented: number
  refused: boolean
  traceId: TraceId | null
  durationMs: number | null
  failure: ErrorData | null
}

interface AskStore {
  turns: Turn[]
  /** What is typed and not yet sent, by collection. */
  drafts: Record<string, string>
  /** The filter that the next question is asked with, by collection. */
  filters: Record<string, string>
  /** Whether the next question is asked of the one document as a whole, by collection. */
  wholes: Record<string, boolean>
  setDraft(collectionId: CollectionId, text: string): void
  setFilter(collectionId: CollectionId, filter: string): void
  setWhole(collectionId: CollectionId, isWhole: boolean): void
  /** Asks; a question that is still being answered is stopped first. */
  ask(collectionId: CollectionId, question: string, filter?: string, isWhole?: boolean): Promise<void>
  stop(): void
  /** Asks the same again in place of a failed or stopped turn. */
  again(turnId: number): Promise<void>
  forget(collectionId: CollectionId): void
}

let nextId = 1
let running: AbortController | null = null

export const useAsk = create<AskStore>((set, get) => ({
  turns: [],
  drafts: {},
  filters: {},
  wholes: {},
  setDraft: (collectionId, text) => set((state) => ({ drafts: { ...state.drafts, [collectionId]: text } })),
  setFilter: (collectionId, filter) =>
    set((state) => ({
      filters: { ...state.filters, [collectionId]: filter },
      // Another filter, another document.
      wholes: { ...state.wholes, [collectionId]: false },
    })),
  setWhole: (collectionId, isWhole) => set((state) => ({ wholes: { ...state.wholes, [collectionId]: isWhole } })),
  ask: async (
    collectionId,
    question,
    filter = get().filters[collectionId] ?? '',
    isWhole = get().wholes[collectionId] ?? false,
  ) => {
    const id = nextId++
    const turn: Turn = {
      id,
      collectionId,
      question,
      filter: filter.trim(),
      isWhole,
      state: 'asking',
      answer: '',
      citations: [],
      unsupported: [],
      passages: null,
      passageMode: 'retrieved',
      note: null,
      lowRelevance: false,
      invented: 0,
      refused: false,
      traceId: null,
      durationMs: null,
      failure: null,
    }
    set((state) => ({ turns: [...state.turns, turn], drafts: { ...state.drafts, [collectionId]: '' } }))
    await answer(turn)
  },
  stop: () => running?.abort(),
  again: async (turnId) => {
    const turn = get().turns.find((candidate) => candidate.id === turnId)
    if (!turn) return
    set((state) => ({ turns: state.turns.filter((other) => other.id !== turnId) }))
    await get().ask(turn.collectionId, turn.question, turn.filter, turn.isWhole)
  },
  forget: (collectionId) =>
    set((state) => ({ turns: state.turns.filter((turn) => turn.collectionId !== collectionId) })),
}))

async function answer({ id, collectionId, question, filter, isWhole }: Turn): Promise<void> {
  running?.abort()
  const controller = new AbortController()
  running = controller
  const { signal } = controller
  const change = (make: (turn: Turn) => Partial<Turn>): void =>
    useAsk.setState((state) => ({
      turns: state.turns.map((turn) => (turn.id === id ? { ...turn, ...make(turn) } : turn)),
    }))
  try {
    const input = {
      collectionIds: [collectionId],
      question,
      ...(filter === '' ? {} : { filter }),
      ...(isWhole ? { scope: 'document' as const } : {}),
    }
    for await (const event of await core().ask.run(input, { signal })) {
      if (signal.aborted) break
      switch (event.type) {
        case 'ask-start':
          change(() => ({ traceId: event.traceId }))
          break
        // Each question here stands by itself.
        case 'rewrite-end':
          break
        case 'retrieval-end':
          change(() => ({
            passages: event.passages,
            passageMode: event.passageMode,
            note: event.note,
            lowRelevance: event.lowRelevance,
          }))
          break
        case 'citation':
          change((turn) => ({ citations: [...turn.citations, event.citation] }))
          break
        case 'unsupported':
          change((turn) => ({ unsupported: [...turn.unsupported, { start: event.start, end: event.end }] }))
          break
        case 'answer-delta':
          change((turn) => ({ answer: turn.answer + event.text }))
          break
        case 'ask-end': {
          const { type: _, answer: text, ...rest } = event
          change(() => ({ state: 'done', answer: text, ...rest }))
          break
        }
      }
    }
    change((turn) => (turn.state === 'asking' ? { state: 'stopped' } : {}))
  } catch (error) {
    const failure = signal.aborted ? null : toFailure(error)
    change(() => (failure ? { state: 'failed', failure } : { state: 'stopped' }))
  } finally {
    if (running === controller) running = null
  }
}
