import { useEffect, useRef, useState, type ReactNode } from 'react'
import { ArrowLeft, CopyPlus, History as HistoryGlyph, Trash2 } from 'lucide-react'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { Pipeline } from '../../../core/contract/pipeline.ts'
import type { Release } from '../../../core/contract/releases.ts'
import type { LineId, ReleaseId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { useFamilies } from '../../state/families.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { useDrafts } from '../../state/pipeline-drafts.ts'
import { usePreferences } from '../../state/preferences.ts'
import { useReleaseChanges, useReleasing } from '../../state/releases.ts'
import { fromHere, hrefOf, navigate } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { NoteField } from '../../ui/draft-dialog.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatNumberOf, formatWhen } from '../../ui/format.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import type { Refusals } from '../../ui/pipeline-editors.tsx'
import { PipelineForm } from '../../ui/pipeline-form.tsx'
import { pipelineDifferences, pipelineFacts, readPipeline, refusalOf, type Families } from '../../ui/pipeline-words.ts'
import { releaseName } from '../../ui/release-words.ts'
import { same } from '../../ui/schema-fields.ts'
import { History } from './history.tsx'
import { IndexProgress } from './index-progress.tsx'
import { readLine, type LineFacts } from './line-facts.ts'
import { Stage } from './line-view.tsx'
import { CandidateSteps, DraftSteps } from './release-steps.tsx'
import { RollBackDialog } from './roll-back-dialog.tsx'
import { SignDialog } from './sign-dialog.tsx'

/** One release: a draft that is being edited and measured, or what a number stands for. */
export function ReleaseView({ lineId, releaseId }: { lineId: LineId; releaseId: ReleaseId }) {
  const [isWaiting, setWaiting] = useState(false)
  const tick = useReleasing(isWaiting)
  const { value: facts, failure, retry } = useRead((signal) => readLine(lineId, signal), tick)
  const { families, failure: noFamilies } = useFamilies()
  const release = facts?.releases.find(({ id }) => id === releaseId)
  const name = release ? releaseName(release) : 'Release'
  const isComing = Boolean(release?.promotion)
  if (isWaiting !== isComing) setWaiting(isComing)
  useEffect(() => {
    document.title = `${name} · Quarry`
  }, [name])
  const problem = failure ?? noFamilies
  return (
    <>
      <PageHeader
        title={name}
        scope={
          <span className="soft release-scope">
            <a href={hrefOf({ page: 'pipelines', lineId: null, releaseId: null })}>Pipelines</a> ·{' '}
            <a href={hrefOf({ page: 'pipelines', lineId, releaseId: null })}>{facts?.line.name ?? 'Pipeline'}</a>
            {release ? <Stage release={release} /> : null}
          </span>
        }
        actions={facts && release ? <Actions facts={facts} release={release} /> : null}
      />
      {problem ? <FailureNote failure={problem} onRetry={retry} /> : null}
      {facts && !release ? (
        <EmptyState
          title="This release is not here"
          actions={
            <Button onPress={() => navigate({ page: 'pipelines', lineId, releaseId: null })}>
              All releases of {facts.line.name}
            </Button>
          }
        >
          It was discarded, or the address belongs to another workspace. The history of the pipeline says what became of
          it.
        </EmptyState>
      ) : null}
      {facts && release && families ? (
        release.stage === 'draft' ? (
          <DraftView facts={facts} release={release} families={families} />
        ) : (
          <NumberedView facts={facts} release={release} families={families} />
        )
      ) : problem || (facts && !release) ? null : (
        <p className="page-note soft">Reading the release …</p>
      )}
    </>
  )
}

function Actions({ facts, release }: { facts: LineFacts; release: Release }) {
  const { line, releases } = facts
  const [dialog, setDialog] = useState<'discard' | 'roll-back' | null>(null)
  const isOpen = release.stage === 'draft' || (release.stage === 'candidate' && !release.promotion)
  const copy = async (): Promise<void> => {
    const who = usePreferences.getState().signature
    const goThere = fromHere()
    const draft = await core().releases.createDraft({ lineId: line.id, from: release.id, who })
    useReleaseChanges.getState().noteChange()
    goThere({ page: 'pipelines', lineId: line.id, releaseId: draft.id })
  }
  return (
    <>
      {release.stage === 'retired' ? (
        <Button icon={<HistoryGlyph size={15} aria-hidden />} onPress={() => setDialog('roll-back')}>
          Back into production …
        </Button>
      ) : null}
      <Button icon={<CopyPlus size={15} aria-hidden />} onPress={() => void copy().catch(sayFailure)}>
        New draft of it
      </Button>
      {isOpen ? (
        <Button icon={<Trash2 size={15} aria-hidden />} onPress={() => setDialog('discard')}>
          Discard …
        </Button>
      ) : null}
      <Button
        icon={<ArrowLeft size={15} aria-hidden />}
        onPress={() => navigate({ page: 'pipelines', lineId: line.id, releaseId: null })}
      >
        All releases
      </Button>
      {dialog === 'discard' ? (
        <SignDialog
          title={`Discard ${releaseName(release).toLowerCase()}?`}
          action="Discard it"
          look="danger"
          onClose={() => setDialog(null)}
          onSign={async ({ who, reason }) => {
            const goBack = fromHere()
            await core().releases.discard({ releaseId: release.id, who, reason })
            useDrafts.getState().discard(release.id)
            useNotices.getState().say(`${releaseName(release)} is discarded.`)
            goBack({ page: 'pipelines', lineId: line.id, releaseId: null })
          }}
        >
          <p>
            Its settings are lost; {release.number === null ? '' : 'its number is not given again, and '}the history
            keeps that it was there. Runs that measured it stay.
          </p>
        </SignDialog>
      ) : null}
      {dialog === 'roll-back' ? (
        <RollBackDialog line={line} releases={releases} to={release.id} onClose={() => setDialog(null)} />
      ) : null}
    </>
  )
}

function DraftView({ facts, release, families }: { facts: LineFacts; release: Release; families: Families }) {
  const { drafts, edit, discard } = useDrafts()
  const collections = useWorkspace((state) => state.collections) ?? []
  const draft = drafts[release.id]
  const value = draft?.value ?? release.pipeline
  const [json, setJson] = useState<string | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const saved = useRef<{ value: Pipeline; changedAt: number } | null>(null)
  // What is saved stays in view until it is read back; what was changed meanwhile stays a change.
  useEffect(() => {
    if (!saved.current || release.changedAt < saved.current.changedAt) return
    if (draft && same(draft.value, saved.current.value)) discard(release.id)
    saved.current = null
  }, [release, draft, discard])
  const set = (change: Partial<Pipeline>): void => {
    setFailure(null)
    edit(release.id, release.pipeline, { ...value, ...change })
  }
  const refusal = refusalOf(failure)
  const refusals: Refusals = (kind, id) =>
    refusal && refusal.kind === kind && refusal.id === id ? refusal.failures : undefined
  const save = async (): Promise<void> => {
    try {
      const { changedAt } = await core().releases.edit({ releaseId: release.id, pipeline: value })
      saved.current = { value, changedAt }
      useReleaseChanges.getState().noteChange()
    } catch (error) {
      setFailure(toFailure(error))
    }
  }
  const toggle = (): void => {
    setProblem(null)
    setJson(json === null ? JSON.stringify(value, null, 2) : null)
  }
  return (
    <div className="pipeline draft">
      <div className="pipeline-settings">
        <div className="pipeline-scroll">
          <div className="draft-head">
            <h2 className="visually-hidden">Settings</h2>
            <Button small look="quiet" aria-pressed={json !== null} isDisabled={problem !== null} onPress={toggle}>
              {json === null ? 'Edit as JSON' : 'Back to the form'}
            </Button>
          </div>
          {failure ? <FailureNote failure={failure} title="The draft was not saved" /> : null}
          {json === null ? (
            <PipelineForm
              value={value}
              families={families}
              onChange={set}
              refusals={refusals}
              collectionIds={collections.map(({ id }) => id)}
            />
          ) : (
            <JsonField
              value={json}
              problem={problem}
              onChange={(text) => {
                setJson(text)
                const read = readPipeline(text)
                setProblem(read.problem)
                if (read.pipeline) set(read.pipeline)
              }}
            />
          )}
        </div>
        {draft ? (
          <div className="pipeline-apply" role="group" aria-label="Unsaved changes">
            <p>
              <strong>Not saved yet.</strong>{' '}
              {same(draft.base, release.pipeline)
                ? 'These changes are kept while you look at other pages.'
                : 'The draft was changed elsewhere in the meantime: saving replaces that change.'}
            </p>
            <Button
              onPress={() => {
                discard(release.id)
                setFailure(null)
                setProblem(null)
                if (json !== null) setJson(JSON.stringify(release.pipeline, null, 2))
              }}
            >
              Take back
            </Button>
            <Button look="primary" isDisabled={problem !== null} onPress={() => void save()}>
              Save the draft
            </Button>
          </div>
        ) : null}
      </div>
      <div className="draft-side run">
        <DraftSteps facts={facts} release={release} isSaved={!draft} />
        <Differences facts={facts} pipeline={value} families={families} />
        <DraftNote key={release.id} release={release} />
      </div>
    </div>
  )
}

function JsonField({
  value,
  problem,
  onChange,
}: {
  value: string
  problem: string | null
  onChange(value: string): void
}) {
  return (
    <div className="field">
      <label htmlFor="draft-json">The pipeline as JSON</label>
      <textarea
        id="draft-json"
        className="input code tune-json"
        rows={Math.min(40, Math.max(16, value.split('\n').length))}
        spellCheck={false}
        value={value}
        aria-invalid={problem ? true : undefined}
        aria-describedby="draft-json-help"
        onChange={(event) => onChange(event.target.value)}
      />
      <p id="draft-json-help" className={problem ? 'field-failure' : 'field-help'} role={problem ? 'alert' : undefined}>
        {problem ?? 'Everything that the form shows, and what it does not. Options that are left out are as usual.'}
      </p>
    </div>
  )
}

function DraftNote({ release }: { release: Release }) {
  const [note, setNote] = useState(release.note)
  const save = async (): Promise<void> => {
    await core().releases.edit({ releaseId: release.id, note })
    useReleaseChanges.getState().noteChange()
  }
  return (
    <section className="draft-note" aria-label="Note">
      <NoteField value={note} onChange={setNote} />
      {note !== release.note ? (
        <div>
          <Button small onPress={() => void save().catch(sayFailure)}>
            Save the note
          </Button>
        </div>
      ) : null}
    </section>
  )
}

/** A numbered release never changes: what it is, what supports it, what comes next. */
function NumberedView({ facts, release, families }: { facts: LineFacts; release: Release; families: Families }) {
  const { line, events } = facts
  const own = events.filter(({ releaseId }) => releaseId === release.id)
  return (
    <div className="page-scroll">
      <div className="run line">
        {release.note ? <p className="tune-sentence">{release.note}</p> : null}
        {release.promotion ? <IndexProgress release={release} isWaiting /> : null}
        {release.stage === 'candidate' && !release.promotion ? (
          <CandidateSteps facts={facts} release={release} />
        ) : null}
        <Differences
          facts={facts}
          pipeline={release.pipeline}
          families={families}
          isProduction={release.id === line.production?.id}
        />
        <Facts facts={facts} release={release} />
        {release.promotion ? null : <IndexProgress release={release} />}
        <Settings pipeline={release.pipeline} families={families} />
        <section aria-labelledby="release-history">
          <h2 id="release-history">History of this release</h2>
          <History events={own} />
        </section>
      </div>
    </div>
  )
}

function Facts({ facts: { releases, bots }, release }: { facts: LineFacts; release: Release }) {
  const base = releases.find(({ id }) => id === release.basedOn)
  const answered = [
    ...(release.stage === 'production' ? bots.following.map(({ name }) => name) : []),
    ...bots.pinned
      .filter((pinned) => pinned.release.id === release.id)
      .map(({ bot }) => `${bot.name}, which stays on it`),
  ]
  return (
    <section aria-labelledby="release-facts">
      <h2 id="release-facts">What it is</h2>
      <dl className="facts">
        <Fact term="Evidence">
          {release.runId ? (
            <a href={hrefOf({ page: 'runs', runId: release.runId, otherId: null })}>The run that measured it</a>
          ) : (
            'None: what the product came with'
          )}
        </Fact>
        <Fact term="Began as">
          {base ? (
            <a href={hrefOf({ page: 'pipelines', lineId: base.lineId, releaseId: base.id })}>{releaseName(base)}</a>
          ) : (
            'A pipeline from elsewhere'
          )}
        </Fact>
        <Fact term="Made">{formatWhen(release.createdAt)}</Fact>
        <Fact term="Bots answered by it">{answered.length === 0 ? 'None' : answered.join('; ')}</Fact>
      </dl>
    </section>
  )
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </>
  )
}

function Differences({
  facts: { line },
  pipeline,
  families,
  isProduction = false,
}: {
  facts: LineFacts
  pipeline: Pipeline
  families: Families
  isProduction?: boolean
}) {
  const { production } = line
  if (!production || isProduction) return null
  const differences = pipelineDifferences(production.pipeline, pipeline, families)
  return (
    <section aria-labelledby="release-differences">
      <h2 id="release-differences">What differs from {releaseName(production).toLowerCase()}, in production</h2>
      {differences.length === 0 ? (
        <p className="soft">Nothing.</p>
      ) : (
        <div className="metric-scroll" role="region" aria-label="What differs" tabIndex={0}>
          <table className="plain-table release-table">
            <thead>
              <tr>
                <th scope="col">Setting</th>
                <th scope="col">In production</th>
                <th scope="col">Here</th>
              </tr>
            </thead>
            <tbody>
              {differences.map((each) => (
                <tr key={each.path}>
                  <th scope="row">{each.label}</th>
                  <td>{each.before}</td>
                  <td className="release-here">{each.after}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function Settings({ pipeline, families }: { pipeline: Pipeline; families: Families }) {
  const facts = pipelineFacts(pipeline, families)
  return (
    <section aria-labelledby="release-settings">
      <h2 id="release-settings">Settings</h2>
      <details className="run-parameters">
        <summary>All {formatNumberOf(facts.length, 'setting')}</summary>
        <table className="plain-table release-table">
          <tbody>
            {facts.map(({ path, label, value }) => (
              <tr key={path}>
                <th scope="row">{label}</th>
                <td>{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
      <CopyButton text={() => JSON.stringify(pipeline, null, 2)} label="Copy the pipeline" words="Copy as JSON" />
    </section>
  )
}
