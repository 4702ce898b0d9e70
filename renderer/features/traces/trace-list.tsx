import { useDeferredValue, useEffect, useState } from 'react'
import { Activity, ChartNoAxesColumn, ChevronDown, Send } from 'lucide-react'
import { type TraceFilter, type TraceOrder, traceOutcomes, type TraceSummary } from '../../../core/contract/traces.ts'
import type { BotId, CollectionId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { useConnection } from '../../state/connection.ts'
import { navigate } from '../../state/route.ts'
import { usePages } from '../../state/use-pages.ts'
import { useRead } from '../../state/use-read.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { FilterChip, PageSearch } from '../../ui/list-filters.tsx'
import { Menu } from '../../ui/menu.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { KeepDialog } from './keep-dialog.tsx'
import { TraceCharts } from './trace-charts.tsx'
import { TraceTable } from './trace-table.tsx'
import { outcomeLabels } from './trace-words.ts'

const dayMs = 24 * 60 * 60 * 1000
const times = [
  { id: '1', label: 'Last 24 hours' },
  { id: '7', label: 'Last 7 days' },
  { id: '30', label: 'Last 30 days' },
]
const ratings = [
  { id: 'up', label: 'Found good' },
  { id: 'down', label: 'Found bad' },
  { id: 'any', label: 'Rated or commented' },
]
const slownesses = [
  { id: '1000', label: 'Slower than 1 s' },
  { id: '5000', label: 'Slower than 5 s' },
  { id: '30000', label: 'Slower than 30 s' },
]

/** Every question that was asked: found, filtered, counted. */
export function TraceList() {
  const generation = useConnection((state) => state.generation)
  const [filter, setFilter] = useState<TraceFilter>({})
  const [order, setOrder] = useState<TraceOrder>('newest')
  const [charts, setCharts] = useState(true)
  const [keeping, setKeeping] = useState(false)
  const [changes, setChanges] = useState(0)
  const wanted = useDeferredValue(filter)
  const version = `${generation} ${changes}`
  const key = `${version} ${JSON.stringify(wanted)}`
  const pages = usePages<TraceSummary>(`${key} ${order}`, async (part, signal) => {
    const { traces, total } = await core().traces.list({ ...wanted, order, ...part }, { signal })
    return { items: traces, total }
  })
  const { outcome, ...others } = wanted
  // Counts of every outcome, whichever is chosen.
  const { value: counts } = useRead(
    (signal) => core().traces.stats(others, { signal }),
    `${version} ${JSON.stringify(others)}`,
  )
  const { value: chosen } = useRead((signal) => core().traces.stats(wanted, { signal }), key)
  const collections = useWorkspace((state) => state.collections) ?? []
  const { value: botList } = useRead((signal) => core().bots.list(undefined, { signal }), version)
  const bots = botList?.bots ?? []
  useEffect(() => {
    document.title = 'Traces · Quarry'
  }, [])
  const set = (change: { [Key in keyof TraceFilter]?: TraceFilter[Key] | undefined }): void =>
    setFilter(Object.fromEntries(Object.entries({ ...filter, ...change }).filter(([, value]) => value !== undefined)))
  const whereOf = ({ origin, collectionIds }: TraceSummary): string => {
    const bot = origin && bots.find(({ id }) => id === origin.botId)
    if (bot) return bot.name
    const [first, ...more] = collectionIds
    const name = collections.find(({ id }) => id === first)?.name ?? 'removed collection'
    return more.length === 0 ? name : `${name} and ${more.length} more`
  }
  const isFiltered = Object.keys(filter).length > 0
  const total = counts?.total
  return (
    <div className="page-main">
      <PageHeader
        title="Traces"
        scope={<span className="soft">What each question did, step by step</span>}
        actions={
          <>
            <Button
              look="quiet"
              icon={<ChartNoAxesColumn size={15} aria-hidden />}
              aria-pressed={charts}
              onPress={() => setCharts(!charts)}
            >
              {charts ? 'Hide charts' : 'Show charts'}
            </Button>
            <Button icon={<Send size={15} aria-hidden />} onPress={() => setKeeping(true)}>
              Keep and send …
            </Button>
          </>
        }
      />
      {total && (total.questions > 0 || isFiltered) ? (
        <div className="toolbar">
          <PageSearch
            label="Search traces"
            placeholder="Words of question or answer"
            value={filter.query ?? ''}
            onChange={(query) => set({ query: query === '' ? undefined : query })}
          />
          <div className="chips" role="group" aria-label="Outcome">
            <FilterChip
              label="all"
              count={total.questions}
              isOn={filter.outcome === undefined}
              onPress={() => set({ outcome: undefined })}
            />
            {traceOutcomes.map((each) => (
              <FilterChip
                key={each}
                label={outcomeLabels[each]}
                count={total[each]}
                isOn={filter.outcome === each}
                onPress={() => set({ outcome: filter.outcome === each ? undefined : each })}
              />
            ))}
          </div>
          <div className="chips" role="group" aria-label="More filters">
            <FilterChip
              label="weak"
              count={total.lowRelevance}
              isOn={filter.lowRelevance === true}
              onPress={() => set({ lowRelevance: filter.lowRelevance ? undefined : true })}
            />
            <button
              type="button"
              className="chip"
              aria-pressed={filter.isReplay === true}
              onClick={() => set({ isReplay: filter.isReplay ? undefined : true })}
            >
              replays
            </button>
            <OneOf
              label="Rating"
              entries={ratings}
              value={filter.rated}
              onChange={(id) => set({ rated: id as TraceFilter['rated'] })}
            />
            <OneOf
              label="Collection"
              entries={collections.map(({ id, name }) => ({ id, label: name }))}
              value={filter.collectionId}
              onChange={(id) => set({ collectionId: id as CollectionId | undefined })}
            />
            {bots.length > 0 ? (
              <OneOf
                label="Bot"
                entries={bots.map(({ id, name }) => ({ id, label: name }))}
                value={filter.botId}
                onChange={(id) => set({ botId: id as BotId | undefined })}
              />
            ) : null}
            <OneOf
              label="Time"
              entries={times}
              value={times.find(({ id }) => filter.from !== undefined && daysOf(filter.from) === Number(id))?.id}
              onChange={(id) => set({ from: id === undefined ? undefined : since(Number(id)) })}
            />
            <OneOf
              label="Slower than"
              entries={slownesses}
              value={filter.slowerThanMs === undefined ? undefined : String(filter.slowerThanMs)}
              onChange={(id) => set({ slowerThanMs: id === undefined ? undefined : Number(id) })}
            />
          </div>
        </div>
      ) : null}
      {pages.failure ? <FailureNote failure={pages.failure} onRetry={pages.retry} /> : null}
      {charts && chosen && chosen.total.questions > 0 ? <TraceCharts stats={chosen} /> : null}
      {pages.total === null && !pages.failure ? <p className="page-note soft">Reading the traces …</p> : null}
      {pages.total === 0 && !isFiltered ? (
        <EmptyState
          icon={<Activity size={28} aria-hidden />}
          title="No questions yet"
          actions={<Button onPress={() => navigate({ page: 'ask', collectionId: null })}>Ask a question</Button>}
        >
          Every question leaves a trace: its steps with inputs, outputs and timings, what was found and what was not
          used.
        </EmptyState>
      ) : null}
      {pages.total === 0 && isFiltered ? (
        <EmptyState
          icon={<Activity size={28} aria-hidden />}
          title="No question is like that"
          actions={<Button onPress={() => setFilter({})}>Show all questions</Button>}
        >
          None has these words and properties{outcome ? ` and ended as “${outcomeLabels[outcome]}”` : ''}.
        </EmptyState>
      ) : null}
      {pages.total !== null && pages.total > 0 ? (
        <>
          <p className="visually-hidden" role="status">
            {formatNumberOf(pages.total, 'question')}
          </p>
          <TraceTable
            pages={pages}
            order={order}
            onOrder={setOrder}
            whereOf={whereOf}
            onOpen={({ id }) => navigate({ page: 'traces', traceId: id })}
          />
        </>
      ) : null}
      <KeepDialog
        isOpen={keeping}
        onClose={() => setKeeping(false)}
        onChanged={() => setChanges((count) => count + 1)}
      />
    </div>
  )
}

/** Whole minutes, so that the same choice is the same question to the core for a while. */
function since(days: number): number {
  return Math.floor((Date.now() - days * dayMs) / 60_000) * 60_000
}

function daysOf(from: number): number {
  return Math.round((Date.now() - from) / dayMs)
}

/** Nothing where there is nothing to choose among. */
function OneOf({
  label,
  entries,
  value,
  onChange,
}: {
  label: string
  entries: readonly { id: string; label: string }[]
  value: string | undefined
  onChange(value: string | undefined): void
}) {
  if (entries.length === 0) return null
  const chosen = entries.find(({ id }) => id === value)
  return (
    <Menu
      label={label}
      trigger={
        <Button look="quiet" small icon={<ChevronDown size={13} aria-hidden />}>
          {chosen?.label ?? label}
        </Button>
      }
      entries={[
        { id: 'whichever', label: 'Any', onAction: () => onChange(undefined) },
        null,
        ...entries.map((entry) => ({ ...entry, onAction: () => onChange(entry.id) })),
      ]}
    />
  )
}
