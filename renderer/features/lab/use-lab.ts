import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'
import { AppError, toAppError, type ErrorData } from '../../../core/contract/errors.ts'
import type { CutText, LabHit, LabSource, LabText, LabVerdict } from '../../../core/contract/lab.ts'
import type { Choice } from '../../../core/contract/pipeline.ts'
import type { SearchMode } from '../../../core/contract/values.ts'
import type { CollectionId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { useConnection } from '../../state/connection.ts'
import { toFailure } from '../../state/failure.ts'
import type { Span, TextWindow } from '../../ui/text-blocks.ts'
import type { LabSubject } from './address.ts'
import { keptText } from './kept-text.ts'
import { LatestRuns, type Shown, type Wanted } from './latest-runs.ts'

/** A text that is open in the core, which may have forgotten it when it is asked next. */
export interface OpenedText {
  text: LabText
  /** Runs a call about the text, and once more where the text had to be opened again. */
  ask<Result>(call: (labId: string) => Promise<Result>): Promise<Result>
}

/** Opens what is looked at; the one before stays until the new one is there. */
export function useLabText(subject: LabSubject | null, collectionId: CollectionId | null) {
  const key = subject ? JSON.stringify([subject, collectionId]) : ''
  const [state, setState] = useState<{ key: string; opened: OpenedText | null; failure: ErrorData | null }>({
    key: '',
    opened: null,
    failure: null,
  })
  const [attempt, setAttempt] = useState(0)
  const generation = useConnection((connection) => connection.generation)
  useEffect(() => {
    if (key === '') return undefined
    const controller = new AbortController()
    const { signal } = controller
    const [wanted, wantedCollection] = JSON.parse(key) as [LabSubject, CollectionId | null]
    const open = async (): Promise<void> => {
      try {
        const opened = await openText(wanted, wantedCollection, signal)
        if (!signal.aborted) setState({ key, opened, failure: null })
      } catch (error) {
        if (!signal.aborted) setState({ key, opened: null, failure: toFailure(error) })
      }
    }
    void open()
    return () => controller.abort()
  }, [key, attempt, generation])
  const again = useCallback(() => setAttempt((count) => count + 1), [])
  const isOf = key !== '' && state.key === key
  return {
    opened: key === '' ? null : state.opened,
    failure: isOf ? state.failure : null,
    busy: key !== '' && !isOf,
    again,
  }
}

async function openText(
  subject: LabSubject,
  collectionId: CollectionId | null,
  signal: AbortSignal,
): Promise<OpenedText> {
  const source = sourceOf(subject)
  const open = (given?: AbortSignal): Promise<LabText> =>
    core().lab.open({ source, ...(collectionId ? { collectionId } : {}) }, given ? { signal: given } : {})
  let text = await open(signal)
  let opening: Promise<LabText> | null = null
  return {
    text,
    async ask(call) {
      try {
        return await call(text.labId)
      } catch (error) {
        if (toAppError(error).code !== 'item-missing') throw error
        // The host was started again, or other texts have taken its place.
        opening ??= open()
        text = await opening.finally(() => (opening = null))
        return call(text.labId)
      }
    },
  }
}

function sourceOf(subject: LabSubject): LabSource {
  switch (subject.kind) {
    case 'document':
      return { kind: 'document', documentId: subject.documentId }
    case 'file':
      return { kind: 'file', path: subject.path }
    case 'upload':
      return { kind: 'upload', uploadId: subject.uploadId }
    case 'text':
      return { kind: 'text', text: subject.text }
    case 'kept-text': {
      const text = keptText()
      if (text !== null) return { kind: 'text', text }
      throw new AppError(
        'item-missing',
        'The text of this address was pasted in another browser, which keeps it. Paste it here again.',
      )
    }
  }
}

export interface Column {
  /** Stays what it is when the column is moved or its chunker changes. */
  id: number
  chunker: Choice
}

let nextId = 1

export function newColumn(chunker: Choice): Column {
  return { id: nextId++, chunker }
}

/** The chunks of each column, as they change under its options. */
export function useCuts(opened: OpenedText | null, columns: readonly Column[]): (id: number) => Shown<CutText> | null {
  const wanted = !opened
    ? []
    : columns.map(({ id, chunker }) => ({
        id,
        key: cutKey(opened, chunker),
        scope: opened.text.labId,
        input: { opened, chunker },
      }))
  return useRuns(wanted, cut, 0)
}

interface CutInput {
  opened: OpenedText
  chunker: Choice
}

async function cut({ opened, chunker }: CutInput, signal: AbortSignal): Promise<CutText> {
  const { columns } = await opened.ask((labId) => core().lab.chunk({ labId, chunkers: [chunker] }, { signal }))
  return first(columns)
}

export interface Question {
  question: string
  mode: SearchMode
  k: number
  expected: Span | null
}

export interface Answer {
  /** Of the cut that it is about: `hits` are positions in that. */
  cutKey: string
  hits: LabHit[]
  verdict: LabVerdict | null
  indexMs: number
  searchMs: number
}

/** What the question finds in each column, a moment after anything has changed. */
export function useAnswers(
  opened: OpenedText | null,
  columns: readonly Column[],
  { question, mode, k, expected }: Question,
): (id: number) => Shown<Answer> | null {
  const asked = question.trim()
  const wanted =
    !opened || asked === ''
      ? []
      : columns.map(({ id, chunker }) => {
          const key = cutKey(opened, chunker)
          return {
            id,
            key: JSON.stringify([key, asked, mode, k, expected]),
            scope: opened.text.labId,
            input: { opened, chunker, cutKey: key, question: { question: asked, mode, k, expected } },
          }
        })
  return useRuns(wanted, answer, settleMs)
}

/** Long enough to type the next letter. */
const settleMs = 250

async function answer(
  { opened, chunker, cutKey: key, question }: CutInput & { cutKey: string; question: Question },
  signal: AbortSignal,
): Promise<Answer> {
  const { expected, ...rest } = question
  const { columns } = await opened.ask((labId) =>
    core().lab.retrieve({ labId, chunkers: [chunker], ...rest, expected: expected ? [expected] : [] }, { signal }),
  )
  return { cutKey: key, ...first(columns) }
}

export function cutKey({ text }: OpenedText, chunker: Choice): string {
  return JSON.stringify([text.labId, chunker.id, chunker.options])
}

function first<Item>(items: readonly Item[]): Item {
  const [item] = items
  if (item === undefined) throw new AppError('internal', 'The core has answered nothing.')
  return item
}

function useRuns<Input, Value>(
  wanted: readonly Wanted<Input>[],
  run: (input: Input, signal: AbortSignal) => Promise<Value>,
  waitMs: number,
): (id: number) => Shown<Value> | null {
  const [store] = useState(() => createStore(run, waitMs))
  useSyncExternalStore(store.subscribe, store.version)
  const keys = wanted.map(({ id, key }) => `${id} ${key}`).join('\n')
  const generation = useConnection((connection) => connection.generation)
  useEffect(() => {
    store.runs.want(wanted)
    store.notify()
    // What is wanted is made anew with each drawing; its keys say whether it is something else.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [store, keys])
  useEffect(() => {
    if (generation > 0) store.runs.retryFailed()
  }, [store, generation])
  useEffect(() => () => store.runs.dispose(), [store])
  return (id) => store.runs.shown(id)
}

function createStore<Input, Value>(run: (input: Input, signal: AbortSignal) => Promise<Value>, waitMs: number) {
  let version = 0
  const listeners = new Set<() => void>()
  const notify = (): void => {
    version++
    for (const listener of listeners) listener()
  }
  return {
    runs: new LatestRuns<Input, Value>({ run, settleMs: waitMs, onChange: notify }),
    notify,
    version: () => version,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** A window of the text, read when it comes near and kept as long as the text is open. */
export function useWindow(opened: OpenedText, { start, end }: Span, kept: Map<number, TextWindow>) {
  const [read, setRead] = useState<{ opened: OpenedText; start: number; window: TextWindow } | null>(null)
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const [attempt, setAttempt] = useState(0)
  const isRead = read?.opened === opened && read.start === start
  const window = isRead ? read.window : kept.get(start)
  const known = window !== undefined
  useEffect(() => {
    if (known) return undefined
    const controller = new AbortController()
    const { signal } = controller
    const load = async (): Promise<void> => {
      try {
        const answer = await opened.ask((labId) => core().lab.text({ labId, start, end }, { signal }))
        if (signal.aborted) return
        const made = { ...answer, type: opened.text.type, continues: start > 0 }
        if (kept.size > mostKept) kept.clear()
        kept.set(start, made)
        setRead({ opened, start, window: made })
        setFailure(null)
      } catch (error) {
        if (!signal.aborted) setFailure(toFailure(error))
      }
    }
    void load()
    return () => controller.abort()
  }, [opened, start, end, kept, attempt, known])
  return { window, failure, again: () => setAttempt((count) => count + 1) }
}

const mostKept = 400
