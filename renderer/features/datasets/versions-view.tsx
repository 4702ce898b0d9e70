import { useEffect, useMemo, useState } from 'react'
import { ArrowLeft } from 'lucide-react'
import type { CaseDifference, DatasetVersion } from '../../../core/contract/datasets.ts'
import type { DatasetId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { useConnection } from '../../state/connection.ts'
import { hrefOf, navigate } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatNumberOf, formatWhen } from '../../ui/format.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import { RowTable, type RowColumn } from '../../ui/row-table.tsx'
import { SelectField } from '../../ui/select-field.tsx'

/** What was done to a dataset, and what differs between two of its versions. */
export function VersionsView({ datasetId }: { datasetId: DatasetId }) {
  const generation = useConnection((state) => state.generation)
  const { value, failure, retry } = useRead(async (signal) => {
    const [dataset, { versions }] = await Promise.all([
      core().datasets.get({ datasetId }, { signal }),
      core().datasets.versions({ datasetId, limit: 1000 }, { signal }),
    ])
    return { dataset, versions }
  }, `${datasetId} ${generation}`)
  useEffect(() => {
    document.title = `Versions of ${value?.dataset.name ?? 'a dataset'} · Quarry`
  }, [value?.dataset.name])
  const columns = useMemo((): RowColumn<DatasetVersion>[] => {
    const plain = { numeric: false, leaves: 0 }
    return [
      { ...plain, id: 'note', label: 'What was done', leastRem: 16, text: ({ note }) => note || 'Made' },
      { ...plain, id: 'number', label: 'Version', numeric: true, leastRem: 5, text: ({ number }) => String(number) },
      {
        ...plain,
        id: 'changed',
        label: 'Cases changed',
        numeric: true,
        leastRem: 8,
        leaves: 2,
        text: ({ changed }) => formatCount(changed),
      },
      {
        ...plain,
        id: 'when',
        label: 'When',
        numeric: true,
        leastRem: 9,
        leaves: 1,
        text: ({ createdAt }) => formatWhen(createdAt),
      },
      {
        ...plain,
        id: 'hash',
        label: 'Hash',
        leastRem: 7,
        leaves: 3,
        text: ({ hash }) => hash.slice(0, 8),
        cell: ({ hash }) => (
          <code title={hash} className="soft">
            {hash.slice(0, 8)}
          </code>
        ),
      },
    ]
  }, [])
  return (
    <>
      <PageHeader
        title={value ? `Versions of ${value.dataset.name}` : 'Versions'}
        scope={<span className="soft">Every change makes one; nothing is lost</span>}
        actions={
          <Button
            icon={<ArrowLeft size={15} aria-hidden />}
            onPress={() => navigate({ page: 'datasets', datasetId, caseId: null })}
          >
            All cases
          </Button>
        }
      />
      <div className="page-scroll">
        {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
        {value?.versions.length === 0 ? (
          <EmptyState title="No versions yet">The first change of this dataset makes the first one.</EmptyState>
        ) : null}
        {value && value.versions.length > 0 ? (
          <div className="versions">
            <Differences datasetId={datasetId} versions={value.versions} />
            <RowTable
              label="Versions"
              columns={columns}
              rows={value.versions}
              keyOf={({ number }) => String(number)}
              href={({ number }) => hrefOf({ page: 'datasets', datasetId, caseId: null, version: number })}
            />
          </div>
        ) : null}
      </div>
    </>
  )
}

function Differences({ datasetId, versions }: { datasetId: DatasetId; versions: readonly DatasetVersion[] }) {
  const newest = versions[0]?.number ?? 0
  const [from, setFrom] = useState(String(Math.max(0, newest - 1)))
  const [to, setTo] = useState(String(newest))
  const { value, failure, retry } = useRead(
    (signal) =>
      core().datasets.differences({ datasetId, from: Number(from), to: Number(to), limit: shown }, { signal }),
    `${datasetId} ${from} ${to}`,
  )
  const entries = [
    ...versions.map(({ number, note }) => ({ id: String(number), label: `Version ${number}`, hint: note })),
    { id: '0', label: 'Version 0', hint: 'nothing' },
  ]
  const total = value ? value.added + value.removed + value.changed : 0
  return (
    <section aria-labelledby="versions-differences">
      <h2 id="versions-differences">What differs</h2>
      <div className="versions-pair">
        <SelectField label="From" value={from} entries={entries} onChange={setFrom} />
        <SelectField label="To" value={to} entries={entries} onChange={setTo} />
      </div>
      {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
      <p role="status">
        {value
          ? total === 0
            ? 'Nothing: they hold the same cases.'
            : `${formatNumberOf(value.added, 'case')} added, ${value.removed} removed, ${value.changed} changed.`
          : 'Comparing …'}
      </p>
      {value && total > 0 ? (
        <ul className="versions-list" aria-label="Cases that differ">
          {value.differences.map((difference) => (
            <li key={difference.caseId}>
              <span className="version-kind" data-kind={difference.kind}>
                {difference.kind}
              </span>
              <CaseLink datasetId={datasetId} difference={difference} isPresent={Number(to) === newest} />
              <span className="soft">{difference.fields.join(', ')}</span>
            </li>
          ))}
        </ul>
      ) : null}
      {value && total > value.differences.length ? (
        <p className="soft">
          The first {formatCount(value.differences.length)} of {formatCount(total)} are shown.
        </p>
      ) : null}
    </section>
  )
}

const shown = 200

function CaseLink({
  datasetId,
  difference: { caseId, question, kind },
  isPresent,
}: {
  datasetId: DatasetId
  difference: CaseDifference
  isPresent: boolean
}) {
  return isPresent && kind !== 'removed' ? (
    <a href={hrefOf({ page: 'datasets', datasetId, caseId })}>{question}</a>
  ) : (
    <span>{question}</span>
  )
}
