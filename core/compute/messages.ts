import type { ErrorData } from '../contract/errors.ts'
import type { Progress } from '../shared/progress.ts'
import type { TextPath, TextPiece } from './long-texts.ts'

/** From the pool to a worker. A worker does one task at a time. `longTexts` came before: see `detachTexts`. */
export type ToWorker =
  | TextPiece
  | { type: 'run'; id: number; name: string; input: unknown; longTexts: TextPath[] }
  | { type: 'cancel'; id: number }
  /** To a question of a task: its value or why there is none. */
  | { type: 'answer'; id: number; number: number; value?: unknown; error?: ErrorData }

/** From a worker to the pool. */
export type FromWorker =
  | TextPiece
  | { type: 'ready' }
  | { type: 'progress'; id: number; progress: Progress }
  /** A part of what the task makes, sent before the task is done. */
  | { type: 'part'; id: number; part: unknown }
  /** Something that a task needs of the host. Numbers are the worker's; the answer has the same one. */
  | { type: 'question'; id: number; number: number; question: unknown }
  | { type: 'log'; level: 'info' | 'warn' | 'error'; message: string; details?: Record<string, unknown> }
  /** `residentMb`: what the process holds of the system's memory, garbage included. */
  | { type: 'done'; id: number; result: unknown; longTexts: TextPath[]; residentMb: number }
  | { type: 'failed'; id: number; error: ErrorData; residentMb: number }
  /** Something was thrown where nobody waits for it; the process ends after this. */
  | { type: 'crashed'; error: ErrorData }
