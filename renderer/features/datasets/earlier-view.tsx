import { useEffect, useState } from 'react'
import { History } from 'lucide-react'
import type { TestCase } from '../../../core/contract/datasets.ts'
import type { DatasetId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { useConnection } from '../../state/connection.ts'
import { hrefOf, navigate } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { Button } from '../../ui/button.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import { SidePanel } from '../../ui/side-panel.tsx'
import { CaseTable } from './case-table.tsx'
import { PassageView } from './passage-view.tsx'
import { useCasePages } from './use-case-pages.ts'

/** The cases as they were in an earlier version: to be looked at. */
export function EarlierView({ datasetId, version }: { datasetId: DatasetId; version: number }) {
  const generation = useConnection((state) => state.generation)
  const { value: dataset } = useRead((signal) => core().datasets.get({ datasetId }, { signal }), String(generation))
  const pages = useCasePages(datasetId, {}, `${generation} of ${version}`, { version })
  const [open, setOpen] = useState<TestCase | null>(null)
  useEffect(() => {
    document.title = `${dataset?.name ?? 'Dataset'}, version ${version} · Quarry`
  }, [dataset?.name, version])
  return (
    <div className="page-split">
      <div className="page-main">
        <PageHeader
          title={dataset?.name ?? 'Dataset'}
          scope={
            <span className="dataset-scope soft number">
              <a href={hrefOf({ page: 'datasets', datasetId, caseId: null, view: 'versions' })}>Versions</a>
              {` · as it was in version ${version}`}
              {pages.total === null ? '' : ` · ${formatNumberOf(pages.total, 'case')}`}
            </span>
          }
          actions={
            <Button
              icon={<History size={15} aria-hidden />}
              onPress={() => navigate({ page: 'datasets', datasetId, caseId: null })}
            >
              The cases now
            </Button>
          }
        />
        {pages.failure ? <FailureNote failure={pages.failure} onRetry={pages.retry} /> : null}
        {pages.total === 0 ? <p className="page-note soft">There was no case in it.</p> : null}
        {pages.total !== null && pages.total > 0 ? (
          <CaseTable pages={pages} openId={open?.id ?? null} onOpen={setOpen} handle={noFocus} />
        ) : null}
      </div>
      {open ? (
        <SidePanel
          name="Test case"
          label={`Test case, as it was in version ${version}`}
          place={null}
          onStep={() => {}}
          onClose={() => setOpen(null)}
        >
          <EarlierCase testCase={open} />
        </SidePanel>
      ) : null}
    </div>
  )
}

const noFocus = (): void => {}

function EarlierCase({
  testCase: { question, answer, answerable, expected, tags, split, state, notes },
}: {
  testCase: TestCase
}) {
  return (
    <div className="case-form">
      <p className="reading">{question}</p>
      {answerable ? null : <p>The right answer is to refuse.</p>}
      {answer === null ? null : <p className="reading">{answer}</p>}
      {expected.map((passage) => (
        <div key={`${passage.path} ${passage.judgedStart}`} className="case-passage">
          <PassageView passage={passage} aroundCharacters={160} />
        </div>
      ))}
      <dl className="facts">
        <dt>State</dt>
        <dd>{state}</dd>
        <dt>Split</dt>
        <dd>{split}</dd>
        <dt>Tags</dt>
        <dd>{tags.join(', ') || '–'}</dd>
        <dt>Notes</dt>
        <dd>{notes || '–'}</dd>
      </dl>
    </div>
  )
}
