import { useState } from 'react'
import { GitBranch } from 'lucide-react'
import type { Collection } from '../../../core/contract/collections.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { Pipeline } from '../../../core/contract/pipeline.ts'
import type { CollectionId, DocumentId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { useFamilies } from '../../state/families.ts'
import { noteStart, useJobs } from '../../state/jobs.ts'
import { useNotices } from '../../state/notices.ts'
import { useDrafts } from '../../state/pipeline-drafts.ts'
import { navigate } from '../../state/route.ts'
import { useCollection, useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { DraftDialog } from '../../ui/draft-dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import type { Refusals } from '../../ui/pipeline-editors.tsx'
import { PipelineForm, PipelineSection } from '../../ui/pipeline-form.tsx'
import { refusalOf, type Families } from '../../ui/pipeline-words.ts'
import { same } from '../../ui/schema-fields.ts'
import { effectOf, effectSentences } from './effects.ts'
import { IndexPanel } from './index-panel.tsx'
import { TryPanel, type PreviewViewer } from './try-panel.tsx'

/** How a collection's documents are read, cut and searched, and answers worded: its settings, tried before they are applied. */
export function PipelineView({
  collectionId,
  documentId,
  Viewer,
}: {
  collectionId: CollectionId
  /** To be tried on; null: the first one. */
  documentId: DocumentId | null
  Viewer: PreviewViewer
}) {
  const collection = useCollection(collectionId)
  const { families, failure, retry } = useFamilies()
  if (failure) return <FailureNote failure={failure} onRetry={retry} />
  if (!families || !collection) return <p className="page-note soft">Reading the settings …</p>
  return <Editor collection={collection} families={families} documentId={documentId} Viewer={Viewer} />
}

function Editor({
  collection,
  families,
  documentId,
  Viewer,
}: {
  collection: Collection
  families: Families
  documentId: DocumentId | null
  Viewer: PreviewViewer
}) {
  const { id: collectionId, pipeline: present } = collection
  const { drafts, edit, discard } = useDrafts()
  const draft = drafts[collectionId]
  const value = draft?.value ?? present
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const [asking, setAsking] = useState(false)
  const [releasing, setReleasing] = useState(false)
  const set = (change: Partial<Pipeline>): void => {
    setFailure(null)
    // What a later version may have put into a pipeline stays in it.
    edit(collectionId, present, { ...value, ...change })
  }
  const refusal = refusalOf(failure)
  const refusals: Refusals = (kind, id) =>
    refusal && refusal.kind === kind && refusal.id === id ? refusal.failures : undefined
  const documents = formatNumberOf(collection.documents, 'document')

  const apply = async (): Promise<void> => {
    setAsking(false)
    setFailure(null)
    try {
      const { jobId } = await core().collections.setPipeline({ collectionId, pipeline: value })
      useDrafts.getState().noteApplied(collectionId, value, jobId)
      if (jobId) await noteStart(jobId)
      else useNotices.getState().say('The settings are applied. No document had to be read or cut again.')
      await useWorkspace.getState().refresh()
    } catch (error) {
      setFailure(toFailure(error))
    }
  }
  return (
    <div className="pipeline">
      <div className="pipeline-settings">
        <div className="pipeline-scroll">
          {failure ? <FailureNote failure={failure} title="The settings were not applied" /> : null}
          <Cancelled collection={collection} />
          <PipelineForm
            value={value}
            families={families}
            onChange={set}
            refusals={refusals}
            collectionIds={[collectionId]}
          />
          <PipelineSection title="Indexes" help="What questions are answered from.">
            <IndexPanel collection={collection} families={families} />
          </PipelineSection>
          <PipelineSection
            title="Release"
            help="Bots are answered by numbered releases, which these settings do not change."
          >
            <Button small icon={<GitBranch size={14} aria-hidden />} onPress={() => setReleasing(true)}>
              Release this pipeline …
            </Button>
          </PipelineSection>
        </div>
        {draft ? (
          <div className="pipeline-apply" role="group" aria-label="Unsaved changes">
            <p>
              <strong>Not applied yet.</strong>{' '}
              {same(draft.base, present)
                ? 'These changes are kept while you look at other pages.'
                : 'The pipeline was changed elsewhere in the meantime: applying replaces that change.'}
            </p>
            <Button
              onPress={() => {
                discard(collectionId)
                setFailure(null)
              }}
            >
              Discard
            </Button>
            <Button look="primary" onPress={() => setAsking(true)}>
              Apply …
            </Button>
          </div>
        ) : null}
      </div>
      <TryPanel
        collection={collection}
        draft={value}
        families={families}
        documentId={documentId}
        onDocument={(next) =>
          navigate({ page: 'library', collectionId, documentId: next, span: null, view: 'pipeline' }, { replace: true })
        }
        Viewer={Viewer}
      />
      <DraftDialog
        isOpen={releasing}
        pipeline={present}
        from={`the collection ${collection.name}`}
        onClose={() => setReleasing(false)}
      />
      <Dialog isOpen={asking} onClose={() => setAsking(false)} title="Apply these settings?">
        <div className="dialog-body">
          {effectSentences(effectOf(present, value), documents).map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
          <p className="soft">What people changed of chunks is applied again where its text is still found.</p>
        </div>
        <footer className="dialog-footer">
          <Button onPress={() => setAsking(false)}>Cancel</Button>
          <Button look="primary" onPress={() => void apply()} autoFocus>
            Apply
          </Button>
        </footer>
      </Dialog>
    </div>
  )
}

/** After a cancelled job the pipeline is the one from before: what was wanted is not lost. */
function Cancelled({ collection }: { collection: Collection }) {
  const applied = useDrafts((state) => state.applied[collection.id])
  const status = useJobs((jobs) => jobs.ended.find((job) => job.id === applied?.jobId)?.status)
  if (!applied || (status !== 'cancelled' && status !== 'failed') || same(applied.value, collection.pipeline))
    return null
  const { edit, forgetApplied } = useDrafts.getState()
  return (
    <div className="pipeline-note">
      <p>The last change was not completed: the settings from before count.</p>
      <Button
        small
        onPress={() => {
          edit(collection.id, collection.pipeline, applied.value)
          forgetApplied(collection.id)
        }}
      >
        Take it up again
      </Button>
      <Button small look="quiet" onPress={() => forgetApplied(collection.id)}>
        Dismiss
      </Button>
    </div>
  )
}
