import { useEffect, useMemo, useState } from 'react'
import { Plus, SlidersHorizontal } from 'lucide-react'
import type { Tune } from '../../../core/contract/tune.ts'
import { core } from '../../state/client.ts'
import { useMeasuring } from '../../state/measuring.ts'
import { hrefOf, navigate } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatWhen } from '../../ui/format.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import { RowTable, sortRows, type RowColumn, type RowSort } from '../../ui/row-table.tsx'
import { shortLabel } from '../../../core/contract/option-words.ts'
import { strategyOf } from './strategies.ts'

type Listed = Omit<Tune, 'result'>

/** Every search there was. */
export function TuneList() {
  const tick = useMeasuring()
  const { value, failure, retry } = useRead((signal) => core().tunes.list({ limit: 1000 }, { signal }), tick)
  const collections = useWorkspace((state) => state.collections)
  const [sort, setSort] = useState<RowSort>({ column: 'when', descending: true })
  const columns = useMemo(() => columnsFor(new Map(collections?.map(({ id, name }) => [id, name]))), [collections])
  const rows = useMemo(() => sortRows(value?.tunes ?? [], columns, sort), [value, columns, sort])
  useEffect(() => {
    document.title = 'Tune · Quarry'
  }, [])
  return (
    <>
      <PageHeader
        title="Tune"
        scope={<span className="soft">Many pipelines on one dataset; unseen questions decide</span>}
        actions={
          <Button
            look="primary"
            icon={<Plus size={15} aria-hidden />}
            onPress={() => navigate({ page: 'tune', tuneId: 'new' })}
          >
            New search
          </Button>
        }
      />
      <div className="page-scroll">
        {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
        {value && rows.length === 0 ? (
          <EmptyState
            icon={<SlidersHorizontal size={28} aria-hidden />}
            title="Let the questions choose the settings"
            actions={
              <Button look="primary" onPress={() => navigate({ page: 'tune', tuneId: 'new' })}>
                Set up a search
              </Button>
            }
          >
            Say which options may vary, such as the size of chunks. Every combination is measured on the questions of a
            dataset; questions that none of them saw then say whether the best one is better than what you have, or
            whether no difference was shown.
          </EmptyState>
        ) : null}
        {rows.length > 0 ? (
          <RowTable
            label="Searches"
            columns={columns}
            rows={rows}
            keyOf={(tune) => tune.id}
            href={(tune) => hrefOf({ page: 'tune', tuneId: tune.id })}
            sort={sort}
            onSort={(column) =>
              setSort((before) => ({ column, descending: before.column === column ? !before.descending : true }))
            }
          />
        ) : null}
      </div>
    </>
  )
}

export const statusWords: Record<Tune['status'], string> = {
  queued: 'waiting',
  running: 'searching',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
}

function columnsFor(names: ReadonlyMap<string, string>): RowColumn<Listed>[] {
  const words = (
    column: Pick<RowColumn<Listed>, 'id' | 'label' | 'leastRem' | 'leaves'>,
    text: (tune: Listed) => string,
  ): RowColumn<Listed> => ({
    ...column,
    numeric: false,
    text,
    compare: (a, b) => text(a).localeCompare(text(b)),
  })
  const varied = ({ spec }: Listed): string => spec.parameters.map(({ path }) => shortLabel(path)).join(', ')
  const collection = ({ collectionId }: Listed): string => names.get(collectionId ?? '') ?? '–'
  return [
    words({ id: 'name', label: 'Search', leastRem: 14, leaves: 0 }, (tune) => tune.name),
    {
      ...words({ id: 'state', label: 'State', leastRem: 6, leaves: 0 }, (tune) => statusWords[tune.status]),
      cell: (tune) => <span className={`run-state run-${tune.status}`}>{statusWords[tune.status]}</span>,
    },
    words({ id: 'collection', label: 'Collection', leastRem: 10, leaves: 3 }, collection),
    words({ id: 'varied', label: 'Varied', leastRem: 14, leaves: 2 }, varied),
    words({ id: 'metric', label: 'Metric', leastRem: 6, leaves: 4 }, (tune) => tune.spec.metric),
    words({ id: 'strategy', label: 'Strategy', leastRem: 8, leaves: 5 }, (tune) => strategyOf(tune.spec.strategy).name),
    {
      id: 'combinations',
      label: 'Combinations',
      numeric: true,
      leastRem: 7,
      leaves: 6,
      text: (tune) => formatCount(tune.combinations),
      compare: (a, b) => a.combinations - b.combinations,
    },
    {
      id: 'when',
      label: 'When',
      numeric: true,
      leastRem: 8,
      leaves: 1,
      text: (tune) => formatWhen(tune.createdAt),
      compare: (a, b) => a.createdAt - b.createdAt,
    },
  ]
}
