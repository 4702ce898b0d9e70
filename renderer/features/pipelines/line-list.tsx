import { useEffect, useState } from 'react'
import { Plus } from 'lucide-react'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { useReleaseChanges, useReleasing } from '../../state/releases.ts'
import { fromHere, hrefOf } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogForm, TextLine } from '../../ui/dialog.tsx'
import { NoteField } from '../../ui/draft-dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatWhen } from '../../ui/format.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import { cameIntoProduction } from '../../ui/release-words.ts'
import { RowTable, sortedBy, sortRows, type RowColumn, type RowSort } from '../../ui/row-table.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { readLines, type LineFacts } from './line-facts.ts'

const columns: RowColumn<LineFacts>[] = [
  column('name', 'Name', ({ line }) => line.name, 12),
  column('production', 'In production', productionWords, 9),
  { ...column('since', 'Since', sinceWords, 9), leaves: 1, compare: (a, b) => sinceOf(a) - sinceOf(b) },
  { ...column('who', 'By', (facts) => cameOf(facts)?.who ?? '–', 7), leaves: 3 },
  count('candidates', 'Candidates', ({ line }) => line.counts.candidate),
  count('drafts', 'Drafts', ({ line }) => line.counts.draft),
  {
    ...column('bots', 'Bots', ({ bots }) => botNames(bots), 12),
    leaves: 2,
    compare: (a, b) => botCount(a) - botCount(b),
  },
]

/** Every pipeline with what is in production of it. */
export function LineList() {
  const tick = useReleasing()
  const [sort, setSort] = useState<RowSort>({ column: 'name', descending: false })
  const [isMaking, setMaking] = useState(false)
  const { value, failure, retry } = useRead(readLines, tick)
  useEffect(() => {
    document.title = 'Pipelines · Quarry'
  }, [])
  return (
    <>
      <PageHeader
        title="Pipelines"
        scope={<span className="soft">What bots are answered by, in numbered releases</span>}
        actions={
          <Button look="primary" icon={<Plus size={15} aria-hidden />} onPress={() => setMaking(true)}>
            New pipeline …
          </Button>
        }
      />
      {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
      {value === null && !failure ? <p className="page-note soft">Reading the pipelines …</p> : null}
      {value ? (
        <RowTable
          label="Pipelines"
          columns={columns}
          rows={sortRows(value, columns, sort)}
          keyOf={({ line }) => line.id}
          href={({ line }) => hrefOf({ page: 'pipelines', lineId: line.id, releaseId: null })}
          sort={sort}
          onSort={(id) => setSort(sortedBy(sort, id))}
        />
      ) : null}
      {isMaking ? <NewLineDialog lines={value ?? []} onClose={() => setMaking(false)} /> : null}
    </>
  )
}

function NewLineDialog({ lines, onClose }: { lines: LineFacts[]; onClose(): void }) {
  const inProduction = lines.flatMap(({ line }) => (line.production ? [line.production] : []))
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const [from, setFrom] = useState<string | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const standard = lines.find(({ line }) => line.isStandard)?.line.production?.id ?? null
  const chosen = inProduction.find(({ id }) => id === (from ?? standard))
  const make = async (): Promise<void> => {
    const goThere = fromHere()
    try {
      const begun = chosen ? { from: chosen.id } : {}
      const { line, draft } = await core().lines.create({ name: name.trim(), description, ...begun })
      useReleaseChanges.getState().noteChange()
      onClose()
      goThere({ page: 'pipelines', lineId: line.id, releaseId: draft.id })
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
    }
  }
  return (
    <Dialog isOpen onClose={onClose} title="New pipeline">
      <DialogForm
        failure={failure}
        onSubmit={() => void make()}
        onClose={onClose}
        actions={
          <Button look="primary" type="submit" isDisabled={name.trim() === ''}>
            Make it
          </Button>
        }
      >
        <p>
          A pipeline of its own has its own releases, gate and history: for documents that are read and searched in
          another way than those of other bots. It begins with a draft.
        </p>
        <TextLine label="Name" value={name} onChange={setName} autoFocus />
        <NoteField
          label="What it is for (optional)"
          placeholder="Such as: contracts, with a language model"
          value={description}
          onChange={setDescription}
        />
        <SelectField
          label="Its draft begins as"
          value={chosen?.id ?? null}
          entries={inProduction.map(({ id, line, number }) => ({ id, label: `${line}, release ${number ?? ''}` }))}
          onChange={setFrom}
        />
      </DialogForm>
    </Dialog>
  )
}

function productionWords({ line, releases }: LineFacts): string {
  const coming = releases.find(({ promotion }) => promotion)
  const now = line.production ? `Release ${line.production.number ?? ''}` : 'nothing yet'
  return coming ? `${now}, ${coming.number ?? ''} on its way` : now
}

function cameOf({ line, events }: LineFacts) {
  return cameIntoProduction(line.production?.id, events)
}

function sinceOf(facts: LineFacts): number {
  return cameOf(facts)?.at ?? 0
}

function sinceWords(facts: LineFacts): string {
  const since = sinceOf(facts)
  return since === 0 ? '–' : formatWhen(since)
}

function botCount({ bots }: LineFacts): number {
  return bots.following.length + bots.pinned.length
}

function botNames({ following, pinned }: LineFacts['bots']): string {
  const names = [
    ...following.map(({ name }) => name),
    ...pinned.map(({ bot, release }) => `${bot.name} (stays on ${release.number ?? 'a draft'})`),
  ]
  return names.length === 0 ? '–' : names.join(', ')
}

function column(id: string, label: string, text: (facts: LineFacts) => string, leastRem: number): RowColumn<LineFacts> {
  return { id, label, text, numeric: false, leaves: 0, leastRem, compare: (a, b) => text(a).localeCompare(text(b)) }
}

function count(id: string, label: string, of: (facts: LineFacts) => number): RowColumn<LineFacts> {
  const text = (facts: LineFacts): string => (of(facts) === 0 ? '–' : formatCount(of(facts)))
  return { id, label, text, numeric: true, leastRem: 6, leaves: 0, compare: (a, b) => of(a) - of(b) }
}
