import { Fragment, useEffect, useState } from 'react'
import { Ellipsis, History as HistoryGlyph, Pencil, Plus } from 'lucide-react'
import type { Bot } from '../../../core/contract/bots.ts'
import type { Pipeline } from '../../../core/contract/pipeline.ts'
import type { Release, ReleaseLine } from '../../../core/contract/releases.ts'
import type { LineId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { useFamilies } from '../../state/families.ts'
import { sayFailure } from '../../state/notices.ts'
import { usePreferences } from '../../state/preferences.ts'
import { useReleaseChanges, useReleasing } from '../../state/releases.ts'
import { fromHere, hrefOf } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogForm, TextLine } from '../../ui/dialog.tsx'
import { NoteField } from '../../ui/draft-dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatNumberOf, formatWhen } from '../../ui/format.ts'
import { Menu, type MenuEntry } from '../../ui/menu.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { differenceWords, pipelineDifferences, type Families } from '../../ui/pipeline-words.ts'
import { cameIntoProduction, releaseName, stageWords } from '../../ui/release-words.ts'
import { RowTable, type RowColumn } from '../../ui/row-table.tsx'
import { GateForm } from './gate-form.tsx'
import { History } from './history.tsx'
import { readLine, type LineFacts } from './line-facts.ts'
import { RollBackDialog } from './roll-back-dialog.tsx'
import { IndexProgress } from './index-progress.tsx'

/** One pipeline over time: what is in production, its releases, its gate, its history. */
export function LineView({ lineId }: { lineId: LineId }) {
  const [isWaiting, setWaiting] = useState(false)
  const tick = useReleasing(isWaiting)
  const { value: facts, failure, retry } = useRead((signal) => readLine(lineId, signal), tick)
  const { families } = useFamilies()
  const [dialog, setDialog] = useState<'rename' | 'roll-back' | null>(null)
  const coming = facts?.releases.find(({ promotion }) => promotion)
  const isComing = coming !== undefined
  if (isWaiting !== isComing) setWaiting(isComing)
  useEffect(() => {
    document.title = `${facts?.line.name ?? 'Pipeline'} · Quarry`
  }, [facts?.line.name])
  return (
    <>
      <PageHeader
        title={facts?.line.name ?? 'Pipeline'}
        scope={
          <span className="soft">
            <a href={hrefOf({ page: 'pipelines', lineId: null, releaseId: null })}>Pipelines</a>
            {facts?.line.description ? ` · ${facts.line.description}` : ''}
          </span>
        }
        actions={
          facts ? (
            <>
              <NewDraft facts={facts} />
              <Menu
                label="What can be done with this pipeline"
                trigger={<Button icon={<Ellipsis size={15} aria-hidden />}>More</Button>}
                entries={[
                  {
                    id: 'rename',
                    label: 'Name and purpose …',
                    icon: <Pencil size={14} />,
                    onAction: () => setDialog('rename'),
                  },
                  ...(canRollBack(facts)
                    ? [
                        {
                          id: 'roll-back',
                          label: 'Roll back …',
                          icon: <HistoryGlyph size={14} />,
                          onAction: () => setDialog('roll-back'),
                        },
                      ]
                    : []),
                ]}
              />
            </>
          ) : null
        }
      />
      <div className="page-scroll">
        {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
        {facts ? (
          <div className="run line">
            <Production facts={facts} onRollBack={() => setDialog('roll-back')} />
            {coming ? <IndexProgress release={coming} isWaiting /> : null}
            <section aria-labelledby="line-releases">
              <h2 id="line-releases">Releases</h2>
              <ReleaseTable facts={facts} families={families} />
            </section>
            <section aria-labelledby="line-gate">
              <h2 id="line-gate">Gate</h2>
              <GateForm key={facts.line.id} line={facts.line} />
            </section>
            <section aria-labelledby="line-history">
              <h2 id="line-history">History</h2>
              <History events={facts.events} />
            </section>
          </div>
        ) : failure ? null : (
          <p className="page-note soft">Reading its releases …</p>
        )}
      </div>
      {facts && dialog === 'rename' ? <RenameDialog line={facts.line} onClose={() => setDialog(null)} /> : null}
      {facts && dialog === 'roll-back' ? (
        <RollBackDialog line={facts.line} releases={facts.releases} onClose={() => setDialog(null)} />
      ) : null}
    </>
  )
}

export function canRollBack({ line, releases }: Pick<LineFacts, 'line' | 'releases'>): boolean {
  return line.production !== null && releases.some(({ stage }) => stage === 'retired')
}

function Production({ facts, onRollBack }: { facts: LineFacts; onRollBack(): void }) {
  const { line, events, bots } = facts
  const { production } = line
  const came = cameIntoProduction(production?.id, events)
  return (
    <section className="release-card" aria-labelledby="line-production">
      <h2 id="line-production">In production</h2>
      {production ? (
        <>
          <p className="release-now">
            <a href={hrefOf({ page: 'pipelines', lineId: line.id, releaseId: production.id })}>
              {releaseName(production)}
            </a>
            {production.note ? <span className="release-now-note">{production.note}</span> : null}
          </p>
          <p className="soft number">
            {came ? `since ${formatWhen(came.at)}, by ${came.who}` : null}
            {came?.isOverride ? ', by a signed override' : null}
            {came?.reason ? `: ${came.reason}` : null}
          </p>
        </>
      ) : (
        <p className="soft">
          Nothing yet. Measure a draft, make it a candidate, and promote it: bots can follow this pipeline from then on.
        </p>
      )}
      <Bots facts={bots} />
      {canRollBack(facts) ? (
        <div>
          <Button small icon={<HistoryGlyph size={14} aria-hidden />} onPress={onRollBack}>
            Roll back …
          </Button>
        </div>
      ) : null}
    </section>
  )
}

function Bots({ facts: { following, pinned } }: { facts: LineFacts['bots'] }) {
  if (following.length + pinned.length === 0) return <p className="soft">No bot is answered by this pipeline.</p>
  return (
    <p>
      {following.length > 0 ? (
        <>
          {formatNumberOf(following.length, 'bot')} {following.length === 1 ? 'follows' : 'follow'} it:{' '}
          {following.map((bot, index) => (
            <Fragment key={bot.id}>
              {index > 0 ? ', ' : ''}
              <BotLink bot={bot} />
            </Fragment>
          ))}
          .{' '}
        </>
      ) : null}
      {pinned.map(({ bot, release }) => (
        <Fragment key={bot.id}>
          <BotLink bot={bot} /> stays on {releaseName(release).toLowerCase()}.{' '}
        </Fragment>
      ))}
    </p>
  )
}

function BotLink({ bot }: { bot: Pick<Bot, 'id' | 'name'> }) {
  return <a href={hrefOf({ page: 'bots', botId: bot.id })}>{bot.name}</a>
}

function ReleaseTable({ facts, families }: { facts: LineFacts; families: Families | null }) {
  const { line, releases } = facts
  const runs = useRead(
    (signal) =>
      Promise.all(
        releases.flatMap(({ runId }) =>
          // A run that was removed is evidence no more, and no reason to show nothing.
          runId
            ? [
                core()
                  .runs.get({ runId }, { signal })
                  .catch(() => null),
              ]
            : [],
        ),
      ),
    releases.map(({ runId }) => runId).join(' '),
  ).value
  const columns: RowColumn<Release>[] = [
    { id: 'name', label: 'Release', leastRem: 11, leaves: 0, numeric: false, text: releaseName },
    {
      id: 'stage',
      label: 'Stage',
      leastRem: 9,
      leaves: 0,
      numeric: false,
      text: stageWords,
      cell: (release) => <Stage release={release} />,
    },
    {
      id: 'differs',
      label: 'Differs from what is in production',
      leastRem: 18,
      leaves: 2,
      numeric: false,
      text: (release) => differs(release, line.production, families),
      cell: (release) => <span className="release-differs">{differs(release, line.production, families)}</span>,
    },
    {
      id: 'evidence',
      label: 'Evidence',
      leastRem: 10,
      leaves: 1,
      numeric: false,
      text: ({ runId }) => (runId ? 'run' : '–'),
      cell: ({ runId }) =>
        runId ? (
          <a href={hrefOf({ page: 'runs', runId, otherId: null })}>
            {runs?.find((run) => run?.id === runId)?.name ?? 'the run'}
          </a>
        ) : (
          '–'
        ),
    },
    {
      id: 'note',
      label: 'Note',
      leastRem: 12,
      leaves: 3,
      numeric: false,
      text: ({ note }) => note || '–',
      cell: ({ note }) => (
        <span className="release-note" title={note}>
          {note || '–'}
        </span>
      ),
    },
    {
      id: 'changed',
      label: 'Changed',
      leastRem: 8,
      leaves: 4,
      numeric: true,
      text: ({ changedAt }) => formatWhen(changedAt),
    },
  ]
  if (releases.length === 0) return <p className="soft">None yet. A new draft begins one.</p>
  return (
    <RowTable
      label="Releases"
      columns={columns}
      rows={releases}
      keyOf={({ id }) => id}
      href={({ id }) => hrefOf({ page: 'pipelines', lineId: line.id, releaseId: id })}
    />
  )
}

export function Stage({ release }: { release: Release }) {
  const tone = { draft: 'none', candidate: 'candidate', production: 'success', retired: 'none' }[release.stage]
  return <span className={`verdict verdict-${release.promotion ? 'candidate' : tone}`}>{stageWords(release)}</span>
}

function differs(release: Release, production: Release | null, families: Families | null): string {
  if (!production || release.id === production.id || !families) return '–'
  return differenceWords(pipelineDifferences(production.pipeline, release.pipeline, families))
}

/** A draft of any release, or of how a collection is set up. */
function NewDraft({ facts: { line, releases } }: { facts: LineFacts }) {
  const collections = useWorkspace((state) => state.collections) ?? []
  const make = async (request: { from?: Release['id']; pipeline?: Pipeline; note?: string }): Promise<void> => {
    const who = usePreferences.getState().signature
    const goThere = fromHere()
    const draft = await core().releases.createDraft({ lineId: line.id, who, ...request })
    useReleaseChanges.getState().noteChange()
    goThere({ page: 'pipelines', lineId: line.id, releaseId: draft.id })
  }
  const ofReleases: MenuEntry[] = releases
    .filter(({ number }) => number !== null)
    .slice(0, 12)
    .map((release) => ({
      id: release.id,
      label: `As ${releaseName(release).toLowerCase()}`,
      hint: release.stage === 'production' ? 'in production' : '',
      onAction: () => void make({ from: release.id }).catch(sayFailure),
    }))
  const ofCollections: MenuEntry[] = collections.map(({ id, name, pipeline }) => ({
    id,
    label: `As the collection ${name}`,
    onAction: () => void make({ pipeline, note: `As the collection ${name} has it.` }).catch(sayFailure),
  }))
  const ofNothing: MenuEntry[] =
    ofReleases.length + ofCollections.length === 0
      ? [{ id: 'standard', label: 'As the standard', onAction: () => void make({}).catch(sayFailure) }]
      : []
  return (
    <Menu
      label="What the draft begins as"
      trigger={
        <Button look="primary" icon={<Plus size={15} aria-hidden />}>
          New draft
        </Button>
      }
      entries={[
        ...ofNothing,
        ...ofReleases,
        ...(ofReleases.length > 0 && ofCollections.length > 0 ? [null] : []),
        ...ofCollections,
      ]}
    />
  )
}

function RenameDialog({ line, onClose }: { line: ReleaseLine; onClose(): void }) {
  const [name, setName] = useState(line.name)
  const [description, setDescription] = useState(line.description)
  const [failure, setFailure] = useState<string | null>(null)
  const save = async (): Promise<void> => {
    try {
      await core().lines.update({ lineId: line.id, name: name.trim(), description })
      useReleaseChanges.getState().noteChange()
      onClose()
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
    }
  }
  return (
    <Dialog isOpen onClose={onClose} title="Name and purpose">
      <DialogForm
        failure={failure}
        onSubmit={() => void save()}
        onClose={onClose}
        actions={
          <Button look="primary" type="submit" isDisabled={name.trim() === ''}>
            Save
          </Button>
        }
      >
        <TextLine label="Name" value={name} onChange={setName} autoFocus />
        <NoteField
          label="What it is for"
          placeholder="Such as: contracts, with a language model"
          value={description}
          onChange={setDescription}
        />
      </DialogForm>
    </Dialog>
  )
}
