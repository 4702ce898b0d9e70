import { useEffect, useState } from 'react'
import { History, Trash2 } from 'lucide-react'
import type { Collection, IndexInfo } from '../../../core/contract/collections.ts'
import { core } from '../../state/client.ts'
import { noteStart, useJobs } from '../../state/jobs.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { formatNumberOf, formatWhen } from '../../ui/format.ts'
import type { Families } from '../../ui/pipeline-words.ts'

/** The index that answers, the one being built, and the one before, which can be gone back to. */
export function IndexPanel({ collection, families }: { collection: Collection; families: Families }) {
  const { indexes, reload } = useIndexes(collection)
  const [dropping, setDropping] = useState(false)
  const busy = useJobs((jobs) => jobs.active.some((job) => job.collectionId === collection.id))
  const retired = indexes.find((index) => index.state === 'retired')
  const goBack = async (): Promise<void> => {
    const { jobId } = await core().collections.rollBack({ collectionId: collection.id })
    if (jobId) await noteStart(jobId)
    useNotices.getState().say('The index and settings from before answer again.')
    await useWorkspace.getState().refresh()
    reload()
  }
  const drop = async (): Promise<void> => {
    await core().collections.dropRetired({ collectionId: collection.id })
    useNotices.getState().say('The old index was dropped.')
    reload()
  }
  if (indexes.length === 0) return <p className="soft">There is no index yet. The first document makes one.</p>
  return (
    <>
      <ul className="indexes">
        {indexes.map((index) => (
          <li key={index.id} className="index-line">
            <span className={`index-state index-${index.state}`}>{stateLabels[index.state]}</span>
            <span className="number">
              {cutText(index, families)} · {formatNumberOf(index.chunks, 'chunk')} of{' '}
              {formatNumberOf(index.documents, 'document')}
              <span className="soft">
                {' '}
                ·{' '}
                {index.retiredAt === null
                  ? `made ${formatWhen(index.createdAt)}`
                  : `replaced ${formatWhen(index.retiredAt)}`}
              </span>
            </span>
          </li>
        ))}
      </ul>
      {retired ? (
        <div className="index-actions">
          <Button
            small
            icon={<History size={14} aria-hidden />}
            isDisabled={busy}
            onPress={() => void goBack().catch(sayFailure)}
          >
            Go back
          </Button>
          <Button
            small
            look="quiet"
            icon={<Trash2 size={14} aria-hidden />}
            isDisabled={busy}
            onPress={() => setDropping(true)}
          >
            Drop the old index …
          </Button>
          <span className="soft">It is kept for a week.</span>
        </div>
      ) : null}
      <ConfirmDialog
        isOpen={dropping}
        onClose={() => setDropping(false)}
        onConfirm={() => void drop().catch(sayFailure)}
        title="Drop the old index?"
        action="Drop it"
      >
        <p>
          Its {formatNumberOf(retired?.chunks ?? 0, 'chunk')} and their vectors are removed, and their space is free
          again. After that there is no going back; building it again takes as long as it did before.
        </p>
      </ConfirmDialog>
    </>
  )
}

const stateLabels: Record<IndexInfo['state'], string> = {
  active: 'Answers',
  building: 'Being built',
  retired: 'Before',
}

/** 'By structure (128 max tokens)'. */
function cutText({ pipeline }: IndexInfo, families: Families): string {
  const { id, options } = pipeline.chunker
  const label = families.chunker.find((chunker) => chunker.id === id)?.label ?? id
  const { maxTokens } = options
  return typeof maxTokens === 'number' ? `${label}, ${maxTokens} tokens` : label
}

function useIndexes(collection: Collection) {
  const [indexes, setIndexes] = useState<IndexInfo[]>([])
  const [attempt, setAttempt] = useState(0)
  const { id } = collection
  // Jobs build and switch indexes: each of their steps is worth another look.
  const jobs = useJobs((state) =>
    [...state.active, ...state.ended.slice(0, 1)]
      .filter((job) => job.collectionId === id)
      .map((job) => `${job.id} ${job.status} ${job.progress.done}`)
      .join(' '),
  )
  useEffect(() => {
    const controller = new AbortController()
    core()
      .collections.indexes({ collectionId: id }, { signal: controller.signal })
      .then(
        (answer) => setIndexes(answer.indexes),
        (error: unknown) => void (controller.signal.aborted || sayFailure(error)),
      )
    return () => controller.abort()
  }, [id, jobs, attempt, collection.chunks])
  return { indexes, reload: () => setAttempt((count) => count + 1) }
}
