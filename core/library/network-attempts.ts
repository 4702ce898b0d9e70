import type { Database } from 'better-sqlite3'
import type { NetworkAttempt, NetworkPurpose, NetworkStatus, RefusalReason } from '../contract/network.ts'
import type { Log } from '../shared/log.ts'

/** The list of every connection that was asked for. */
export interface NetworkAttempts {
  /** Never throws: what the disk does not take now is written with a later one. */
  record(attempt: Omit<NetworkAttempt, 'number'>): void
  /** Newest first. `before`: only those with a smaller number. */
  list(query: AttemptQuery): NetworkAttempt[]
  count(outcome?: NetworkAttempt['outcome']): number
  summary(): NetworkStatus['attempts']
  /** Gives how many there were. */
  clear(): number
}

export interface AttemptQuery {
  outcome?: NetworkAttempt['outcome'] | undefined
  limit: number
  before?: number | undefined
}

/** The newest that are kept. */
export const attemptsKept = 10_000
/** Those that wait for a disk that was full. */
const maximumWaiting = 1000

export function createNetworkAttempts(database: Database, log: Log): NetworkAttempts {
  const insert = database.prepare(
    'INSERT INTO network_attempts (at, purpose, host, method, reason) VALUES (?, ?, ?, ?, ?)',
  )
  const trim = database.prepare('DELETE FROM network_attempts WHERE number <= ?')
  const ofOutcome = `($outcome IS NULL OR (reason IS NULL) = ($outcome = 'allowed'))`
  const select = database.prepare<[{ outcome: string | null; before: number | null; limit: number }], Row>(
    `SELECT * FROM network_attempts WHERE ($before IS NULL OR number < $before) AND ${ofOutcome}
     ORDER BY number DESC LIMIT $limit`,
  )
  const selectCounts = database.prepare<[], { allowed: number; refused: number; lastAt: number | null }>(
    `SELECT count(*) FILTER (WHERE reason IS NULL) AS allowed, count(reason) AS refused, max(at) AS lastAt
     FROM network_attempts`,
  )
  const removeAll = database.prepare('DELETE FROM network_attempts')

  let waiting: Omit<NetworkAttempt, 'number'>[] = []
  const write = database.transaction(() => {
    let last = 0
    for (const { at, purpose, host, method, reason } of waiting) {
      last = Number(insert.run(at, purpose, host, method, reason).lastInsertRowid)
    }
    trim.run(last - attemptsKept)
  })
  const summary = (): NetworkStatus['attempts'] => selectCounts.get() ?? { allowed: 0, refused: 0, lastAt: null }

  return {
    record(attempt) {
      waiting = [...waiting, attempt].slice(-maximumWaiting)
      try {
        write()
        waiting = []
      } catch (error) {
        log.warn('An attempt to connect could not be written down yet', {
          text: String(error),
          waiting: waiting.length,
        })
      }
    },
    list: ({ outcome = null, before = null, limit }) => select.all({ outcome, before, limit }).map(toAttempt),
    count(outcome) {
      const { allowed, refused } = summary()
      return outcome === 'allowed' ? allowed : outcome === 'refused' ? refused : allowed + refused
    },
    summary,
    clear() {
      waiting = []
      return removeAll.run().changes
    },
  }
}

interface Row {
  number: number
  at: number
  purpose: string
  host: string
  method: string
  reason: string | null
}

function toAttempt({ number, at, purpose, host, method, reason }: Row): NetworkAttempt {
  return {
    number,
    at,
    purpose: purpose as NetworkPurpose,
    host,
    method,
    outcome: reason === null ? 'allowed' : 'refused',
    reason: reason as RefusalReason | null,
  }
}
