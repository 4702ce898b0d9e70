import type { ErrorData } from '../../../core/contract/errors.ts'
import { toFailure } from '../../state/failure.ts'

export interface Wanted<Input> {
  /** Which column it is for. */
  id: number
  /** Changes exactly when the answer may be another one. */
  key: string
  /** Answers of another scope (another text) are not shown while this one is made. */
  scope: string
  input: Input
}

export interface Shown<Value> {
  key: string
  scope: string
  value: Value | null
  failure: ErrorData | null
  /** What is wanted now is not shown yet. */
  busy: boolean
}

export interface LatestRunsParts<Input, Value> {
  run(input: Input, signal: AbortSignal): Promise<Value>
  /** How long what is wanted must stay as it is before it is asked for. 0: at once. */
  settleMs: number
  onChange(): void
}

/**
 * Answers for a few columns whose questions change faster than they can be answered, as under a slider. Each column has one
 * call on its way; what changed in the meantime is asked for when it is back, and everything between is never asked. An
 * answer that is not the latest is shown all the same: the hand sees that something moves.
 */
export class LatestRuns<Input, Value> {
  readonly #parts: LatestRunsParts<Input, Value>
  readonly #columns = new Map<number, Column<Input, Value>>()

  constructor(parts: LatestRunsParts<Input, Value>) {
    this.#parts = parts
  }

  /** What each column wants now; columns that are not among them are forgotten. */
  want(all: readonly Wanted<Input>[]): void {
    for (const id of [...this.#columns.keys()]) {
      if (!all.some((wanted) => wanted.id === id)) this.#drop(id)
    }
    for (const wanted of all) {
      let column = this.#columns.get(wanted.id)
      if (column && column.wanted.scope !== wanted.scope) {
        this.#drop(wanted.id)
        column = undefined
      }
      if (column?.wanted.key === wanted.key) continue
      if (!column) {
        column = { wanted, shown: null, view: null, running: null, timer: null }
        this.#columns.set(wanted.id, column)
      }
      column.wanted = wanted
      this.#settle(column)
    }
  }

  /** The same object until something of it changes. */
  shown(id: number): Shown<Value> | null {
    const column = this.#columns.get(id)
    if (!column) return null
    const { shown, wanted } = column
    const busy = shown?.key !== wanted.key
    const { key = '', value = null, failure = null } = shown ?? {}
    const before = column.view
    const isSame = before?.key === key && before.value === value && before.failure === failure && before.busy === busy
    if (isSame) return before
    return (column.view = { key, scope: wanted.scope, value, failure, busy })
  }

  /** Asks again what has failed, as after a lost connection. */
  retryFailed(): void {
    for (const column of this.#columns.values()) {
      if (!column.shown?.failure) continue
      column.shown = { ...column.shown, key: '' }
      this.#settle(column)
    }
  }

  dispose(): void {
    for (const id of [...this.#columns.keys()]) this.#drop(id)
  }

  #settle(column: Column<Input, Value>): void {
    if (column.timer !== null) clearTimeout(column.timer)
    column.timer = null
    if (this.#parts.settleMs === 0) return this.#start(column)
    // What waits for a pause is not worth finishing when it is not wanted any more.
    column.running?.abort()
    column.running = null
    column.timer = setTimeout(() => this.#start(column), this.#parts.settleMs)
  }

  #start(column: Column<Input, Value>): void {
    if (column.running) return
    const { key, input } = column.wanted
    const controller = new AbortController()
    column.running = controller
    const finish = (value: Value | null, failure: ErrorData | null): void => {
      if (column.running !== controller) return
      column.running = null
      column.shown = { key, value: value ?? (failure ? (column.shown?.value ?? null) : null), failure }
      this.#parts.onChange()
      if (column.wanted.key !== key && column.timer === null) this.#start(column)
    }
    this.#parts.run(input, controller.signal).then(
      (value) => finish(value, null),
      (error: unknown) => {
        const failure = toFailure(error)
        if (!controller.signal.aborted) finish(null, failure)
      },
    )
  }

  #drop(id: number): void {
    const column = this.#columns.get(id)
    if (!column) return
    if (column.timer !== null) clearTimeout(column.timer)
    column.running?.abort()
    column.running = null
    this.#columns.delete(id)
  }
}

interface Column<Input, Value> {
  wanted: Wanted<Input>
  shown: { key: string; value: Value | null; failure: ErrorData | null } | null
  /** What was last given of it. */
  view: Shown<Value> | null
  running: AbortController | null
  timer: ReturnType<typeof setTimeout> | null
}
