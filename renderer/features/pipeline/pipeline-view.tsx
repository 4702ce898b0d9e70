import { useEffect, useState, type ReactNode } from 'react'
import type { Implementation } from '../../../core/contract/catalogue.ts'
import type { Collection } from '../../../core/contract/collections.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { Choice, Pipeline } from '../../../core/contract/pipeline.ts'
import type { CollectionId, DocumentId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { noteStart, useJobs } from '../../state/jobs.ts'
import { useNotices } from '../../state/notices.ts'
import { navigate } from '../../state/route.ts'
import { useCollection, useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { ModelLink } from '../../ui/model-link.tsx'
import { same } from '../../ui/schema-fields.ts'
import { effectOf, effectSentences, installedModelsOf, refusalOf, useDrafts } from './drafts.ts'
import {
  ChoiceSelect,
  ChunkerEditor,
  CleaningEditor,
  OptionalChoiceSelect,
  ParsersEditor,
  RulesEditor,
  type Families,
  type Refusals,
} from './editors.tsx'
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
  const { families, failure } = useFamilies()
  if (failure) return <FailureNote failure={failure} />
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
      else useNotices.getState().say('The settings are applied. No document is concerned.')
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
          <Section title="Cutting" help="How a document’s text becomes chunks.">
            <ChunkerEditor
              value={value.chunker}
              chunkers={families.chunker}
              onChange={(chunker) => set({ chunker })}
              refusals={refusals}
            />
          </Section>
          <Section title="Cleaning" help="Steps between reading and cutting, from top to bottom.">
            <CleaningEditor
              value={value.cleaning}
              cleaners={families.cleaner}
              onChange={(cleaning) => set({ cleaning })}
              refusals={refusals}
            />
          </Section>
          <Section
            title="Rules"
            help="Other settings for some documents. Of several rules the first that matches decides."
          >
            <RulesEditor
              value={value.rules}
              families={families}
              pipeline={value}
              onChange={(rules) => set({ rules })}
              refusals={refusals}
            />
          </Section>
          <Section title="Reading" help="Options of the parsers that have any; the file’s type chooses its parser.">
            <ParsersEditor
              value={value.parsers}
              parsers={families.parser}
              onChange={(parsers) => set({ parsers })}
              refusals={refusals}
            />
          </Section>
          <Section title="Embedding" help="What makes vectors of chunks.">
            <ChoiceSelect
              kind="embedder"
              label="Embed with"
              value={value.embedder}
              known={families.embedder}
              onChange={(embedder) => set({ embedder })}
              refusals={refusals}
            />
            <NamedModels choice={value.embedder} known={families.embedder} />
          </Section>
          <Section title="Reranking" help="Puts more passages than are needed into a better order, and keeps the best.">
            <OptionalChoiceSelect
              kind="reranker"
              label="Rerank with"
              none="Nothing: the order of the search stays"
              value={value.reranker}
              known={families.reranker}
              onChange={(reranker) => set({ reranker })}
              refusals={refusals}
            />
            {value.reranker ? <NamedModels choice={value.reranker} known={families.reranker} /> : null}
          </Section>
          <Section title="Answers" help="What words an answer from the passages that were found.">
            <ChoiceSelect
              kind="generator"
              label="Answer with"
              value={value.generator}
              known={families.generator}
              onChange={(generator) => set({ generator })}
              refusals={refusals}
            />
            <NamedModels choice={value.generator} known={families.generator} />
          </Section>
          <Section title="Indexes" help="What questions are answered from.">
            <IndexPanel collection={collection} families={families} />
          </Section>
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

/** The models on this machine that a choice names, each with the way to it; where one is missing, that is said. */
function NamedModels({ choice, known }: { choice: Choice; known: Implementation[] }) {
  const found = known.find(({ id }) => id === choice.id)
  return found ? installedModelsOf(choice, found).map((model) => <ModelLink key={model} id={model} />) : null
}

function Section({ title, help, children }: { title: string; help: string; children: ReactNode }) {
  return (
    <section className="pipeline-section" aria-label={title}>
      <h2>{title}</h2>
      <p className="soft">{help}</p>
      {children}
    </section>
  )
}

function useFamilies() {
  const [state, setState] = useState<{ families: Families | null; failure: ErrorData | null }>({
    families: null,
    failure: null,
  })
  useEffect(() => {
    const controller = new AbortController()
    core()
      .catalogue.list(undefined, { signal: controller.signal })
      .then(
        ({ families }) => setState({ families, failure: null }),
        (error: unknown) => setState({ families: null, failure: controller.signal.aborted ? null : toFailure(error) }),
      )
    return () => controller.abort()
  }, [])
  return state
}
