import { useDeferredValue, useEffect, useMemo, useState } from 'react'
import { Ban, Check, Download, Eraser } from 'lucide-react'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { NetworkAttempt, NetworkStatus } from '../../../core/contract/network.ts'
import { core } from '../../state/client.ts'
import { useConnection } from '../../state/connection.ts'
import { toFailure } from '../../state/failure.ts'
import { useNetwork } from '../../state/network.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { Button } from '../../ui/button.tsx'
import { saveCsv, toCsv } from '../../ui/csv.ts'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatNumberOf } from '../../ui/format.ts'
import { FilterChip, PageSearch } from '../../ui/list-filters.tsx'
import { purposeLabels } from '../../ui/network-words.ts'
import { RowTable, type RowColumn } from '../../ui/row-table.tsx'
import { attemptRows, filterAttempts, outcomeText, type AttemptFilter } from './network-facts.ts'

/** Every connection that was asked for, newest first. */
export function Attempts({ status }: { status: NetworkStatus }) {
  const { lock, offline, attempts: counts } = status
  const [filter, setFilter] = useState<AttemptFilter>({ outcome: null, query: '' })
  const { attempts, total, failure, reload, more } = useAttempts(filter.outcome)
  const [clearing, setClearing] = useState(false)
  const wanted = useDeferredValue(filter)
  const rows = useMemo(() => filterAttempts(attempts ?? [], wanted), [attempts, wanted])
  const clear = async (): Promise<void> => {
    const { removed } = await core().network.clearAttempts()
    useNotices.getState().say(`${formatNumberOf(removed, 'attempt')} taken from the list.`)
    reload()
    await useNetwork.getState().refresh()
  }
  const outcomes = [
    { outcome: null, label: 'All', count: counts.allowed + counts.refused },
    { outcome: 'refused', label: 'Refused', count: counts.refused },
    { outcome: 'allowed', label: 'Allowed', count: counts.allowed },
  ] as const
  const none = counts.allowed + counts.refused === 0
  return (
    <section className="network-section" aria-labelledby="network-attempts-title">
      <div className="network-head">
        <h2 id="network-attempts-title">Attempts</h2>
        <p className="soft">
          Every connection that was asked for, allowed or not. Paths, questions, documents and keys are not in it.
        </p>
        {none ? null : (
          <>
            <Button icon={<Download size={15} aria-hidden />} onPress={() => void exportAll().catch(sayFailure)}>
              Export CSV
            </Button>
            {lock ? null : (
              <Button icon={<Eraser size={15} aria-hidden />} onPress={() => setClearing(true)}>
                Clear …
              </Button>
            )}
          </>
        )}
      </div>
      {failure ? <FailureNote failure={failure} onRetry={reload} /> : null}
      {none ? (
        <p className="network-none">
          <strong>Nothing has been tried.</strong>{' '}
          {offline
            ? 'Quarry is offline, and nothing in it has asked for a connection: 0 attempts, 0 connections.'
            : 'Quarry may connect to the allowed hosts, and nothing in it has asked for a connection yet.'}
        </p>
      ) : (
        <>
          <div className="toolbar network-toolbar">
            <PageSearch
              label="Filter attempts"
              placeholder="Filter by host, purpose, reason"
              value={filter.query}
              onChange={(value) => setFilter({ ...filter, query: value })}
            />
            <div className="chips" role="group" aria-label="Outcome">
              {outcomes.map(({ outcome, label, count }) => (
                <FilterChip
                  key={label}
                  label={label}
                  count={count}
                  isOn={filter.outcome === outcome}
                  onPress={() => setFilter({ ...filter, outcome })}
                />
              ))}
            </div>
          </div>
          {attempts === null ? (
            <p className="network-none soft">Reading the list …</p>
          ) : rows.length === 0 ? (
            <p className="network-none">
              {filter.query.trim() === ''
                ? `Nothing was ${filter.outcome ?? 'tried'}.`
                : `None of ${formatNumberOf(attempts.length, 'attempt')} has these words.`}
            </p>
          ) : (
            <RowTable label="List of attempts" columns={columns} rows={rows} keyOf={({ number }) => String(number)} />
          )}
          {attempts && attempts.length < total ? (
            <div className="network-more">
              <Button small onPress={more}>
                Show more
              </Button>
              <span className="soft number">
                {formatCount(attempts.length)} of {formatCount(total)} shown
              </span>
            </div>
          ) : null}
        </>
      )}
      <ConfirmDialog
        isOpen={clearing}
        onClose={() => setClearing(false)}
        onConfirm={() => void clear().catch(sayFailure)}
        title="Clear the list of attempts?"
        action="Clear it"
      >
        <p>
          {formatNumberOf(counts.allowed + counts.refused, 'attempt')} are forgotten, and cannot be brought back. Export
          them first if you need them.
        </p>
      </ConfirmDialog>
    </section>
  )
}

const time = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })

const columns: readonly RowColumn<NetworkAttempt>[] = [
  {
    id: 'host',
    label: 'Host',
    leastRem: 12,
    leaves: 0,
    numeric: false,
    text: ({ host }) => host || '(none)',
    cell: ({ host }) => (host ? <span className="mono">{host}</span> : <span className="soft">(none)</span>),
  },
  {
    id: 'outcome',
    label: 'Outcome',
    leastRem: 15,
    leaves: 0,
    numeric: false,
    text: outcomeText,
    cell: (attempt) => (
      <span className={`attempt attempt-${attempt.outcome}`}>
        {attempt.outcome === 'allowed' ? <Check size={14} aria-hidden /> : <Ban size={14} aria-hidden />}
        {outcomeText(attempt)}
      </span>
    ),
  },
  {
    id: 'purpose',
    label: 'For',
    leastRem: 9,
    leaves: 2,
    numeric: false,
    text: ({ purpose }) => purposeLabels[purpose],
  },
  { id: 'method', label: 'Method', leastRem: 5, leaves: 3, numeric: false, text: ({ method }) => method },
  { id: 'time', label: 'Time', leastRem: 11.5, leaves: 1, numeric: true, text: ({ at }) => time.format(at) },
]

const pageSize = 200
const lookAgainMs = 4000

/** Read when the page opens, and every few seconds while it is in sight: attempts come from elsewhere. */
function useAttempts(outcome: AttemptFilter['outcome']) {
  const [state, setState] = useState<{ attempts: NetworkAttempt[] | null; total: number; failure: ErrorData | null }>({
    attempts: null,
    total: 0,
    failure: null,
  })
  const [shown, setShown] = useState(pageSize)
  const [reads, setReads] = useState(0)
  const generation = useConnection((connection) => connection.generation)
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    const read = async (): Promise<void> => {
      try {
        const found = await readAttempts(outcome, shown, signal)
        if (!signal.aborted) setState({ ...found, failure: null })
      } catch (error) {
        const failure = signal.aborted ? null : toFailure(error)
        if (failure) setState((before) => ({ ...before, failure }))
      }
    }
    void read()
    const timer = setInterval(() => {
      if (document.hidden) return
      void read()
      void useNetwork.getState().refresh()
    }, lookAgainMs)
    return () => {
      clearInterval(timer)
      controller.abort()
    }
  }, [outcome, shown, reads, generation])
  return {
    ...state,
    reload: () => setReads((count) => count + 1),
    more: () => setShown((count) => count + pageSize),
  }
}

async function readAttempts(
  outcome: AttemptFilter['outcome'],
  most: number,
  signal?: AbortSignal,
): Promise<{ attempts: NetworkAttempt[]; total: number }> {
  const attempts: NetworkAttempt[] = []
  for (;;) {
    const before = attempts.at(-1)?.number
    const page = await core().network.attempts(
      {
        limit: Math.min(1000, most - attempts.length),
        ...(outcome === null ? {} : { outcome }),
        ...(before === undefined ? {} : { before }),
      },
      signal ? { signal } : {},
    )
    attempts.push(...page.attempts)
    if (page.attempts.length === 0 || attempts.length >= Math.min(most, page.total)) {
      return { attempts, total: page.total }
    }
  }
}

async function exportAll(): Promise<void> {
  const { attempts } = await readAttempts(null, Number.MAX_SAFE_INTEGER)
  saveCsv('network attempts.csv', toCsv(attemptRows(attempts)))
}
