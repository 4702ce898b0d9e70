import { useState } from 'react'
import { BookmarkPlus, ListChecks } from 'lucide-react'
import type { Trace } from '../../../core/contract/traces.ts'
import type { Dataset, TestCase } from '../../../core/contract/datasets.ts'
import type { DatasetId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { datasetsOf, makeDatasetFor } from '../../state/datasets.ts'
import { sayFailure } from '../../state/notices.ts'
import { hrefOf } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { useCollection } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { Menu } from '../../ui/menu.tsx'

/**
 * What a question was answered from becomes what it should be answered from; a question that was refused becomes one to
 * be refused. In which dataset is asked: nothing is made of a press by mistake.
 */
export function MakeCase({ trace }: { trace: Trace }) {
  const collection = useCollection(trace.collectionId)
  // Read before the menu opens: it opens as the button goes down, and may take the rest of the press.
  const { value: datasets } = useRead(() => datasetsOf(trace.collectionId), trace.id)
  const [made, setMade] = useState<{ datasetId: DatasetId; case: TestCase } | null>(null)
  if (made) {
    return (
      <a
        className="quiet-link"
        href={hrefOf({ page: 'datasets', datasetId: made.datasetId, caseId: made.case.id })}
        autoFocus
      >
        <ListChecks size={15} aria-hidden /> Open the test case
      </a>
    )
  }
  const isPossible = collection !== undefined && trace.error === null && (trace.refused || trace.citations.length > 0)
  const make = async (known: Dataset | null): Promise<void> => {
    if (!collection) return
    try {
      const { id: datasetId } = known ?? (await makeDatasetFor(collection))
      setMade(await core().datasets.addTrace({ traceId: trace.id, datasetId }))
    } catch (error) {
      sayFailure(error)
    }
  }
  const icon = <BookmarkPlus size={14} aria-hidden />
  return (
    <Menu
      label="Dataset"
      trigger={
        <Button icon={<BookmarkPlus size={15} aria-hidden />} isDisabled={!isPossible}>
          Make a test case
        </Button>
      }
      entries={[
        ...(datasets ?? []).map((dataset) => ({
          id: dataset.id,
          label: dataset.name,
          hint: formatNumberOf(dataset.cases, 'case'),
          onAction: () => void make(dataset),
        })),
        ...(datasets?.length ? [null] : []),
        { id: 'new', label: 'A new dataset', icon, onAction: () => void make(null) },
      ]}
    />
  )
}
